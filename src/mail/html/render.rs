//! HTML as lines of text, each knowing what its markup says it is.

use super::marks::{self, Mark};
use super::tokens::{Token, Tokens, attribute, decode_entities};

/// A line of text out of HTML.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HtmlLine {
    /// The text, blanks collapsed.
    pub text: String,
    /// How many blockquotes it stands in.
    pub depth: u32,
    /// What the markup around it says.
    pub mark: Option<Mark>,
}

/// Elements that are open at most; what nests deeper is flattened.
const DEEPEST: usize = 400;

struct Open {
    name: String,
    mark: Option<Mark>,
    quote: bool,
    hidden: bool,
    pre: bool,
}

#[derive(Default)]
struct Renderer {
    lines: Vec<HtmlLine>,
    line: String,
    /// Whether blanks came since the last word of the line.
    pending_blank: bool,
    /// Whether an empty line is due before the next text.
    pending_gap: bool,
    /// The mark and depth that the first word of the line had.
    line_state: Option<(Option<Mark>, u32)>,
    open: Vec<Open>,
    depth: u32,
    hidden: u32,
    pre: u32,
    /// A mark that holds from here to the end of the document.
    to_the_end: Option<Mark>,
    alternatives: Vec<String>,
}

/// Renders a document.
pub(crate) fn lines(html: &str) -> Vec<HtmlLine> {
    let mut renderer = Renderer::default();
    for token in Tokens::new(html) {
        match token {
            Token::Text(text) => renderer.text(text),
            Token::Open(name, attributes) => renderer.open(&name, attributes),
            Token::Close(name) => renderer.close(&name),
        }
    }
    renderer.end_line();
    if renderer.lines.iter().all(|line| line.text.is_empty()) {
        let texts = std::mem::take(&mut renderer.alternatives);
        return texts
            .into_iter()
            .map(|text| HtmlLine {
                text,
                ..HtmlLine::default()
            })
            .collect();
    }
    renderer.lines
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "br" | "img"
            | "hr"
            | "meta"
            | "link"
            | "input"
            | "area"
            | "base"
            | "col"
            | "embed"
            | "source"
            | "wbr"
            | "param"
            | "track"
            | "basefont"
            | "bgsound"
            | "frame"
    )
}

/// Block elements: whether an empty line belongs around them.
fn block(name: &str) -> Option<bool> {
    match name {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "ul" | "ol" | "dl"
        | "pre" | "table" | "fieldset" => Some(true),
        "div" | "tr" | "li" | "dt" | "dd" | "section" | "article" | "header" | "footer"
        | "center" | "address" | "form" | "body" | "html" | "tbody" | "thead" | "tfoot"
        | "main" | "aside" | "nav" | "figure" | "figcaption" | "caption" | "summary"
        | "details" | "option" => Some(false),
        _ => None,
    }
}

impl Renderer {
    fn mark(&self) -> Option<Mark> {
        self.to_the_end
            .or_else(|| self.open.iter().find_map(|open| open.mark))
    }

    fn begin_word(&mut self) {
        if self.line_state.is_none() {
            self.line_state = Some((self.mark(), self.depth));
            if self.pending_gap && self.lines.last().is_some_and(|line| !line.text.is_empty()) {
                self.lines.push(HtmlLine {
                    depth: self.depth,
                    mark: self.mark(),
                    ..HtmlLine::default()
                });
            }
            self.pending_gap = false;
        } else if self.pending_blank && !self.line.is_empty() {
            self.line.push(' ');
        }
        self.pending_blank = false;
    }

    fn text(&mut self, raw: &str) {
        if self.hidden > 0 {
            return;
        }
        let text = decode_entities(raw);
        if self.pre > 0 {
            return self.preformatted(&text);
        }
        let mut first = true;
        for word in text.split([' ', '\t', '\n', '\r', '\u{c}']) {
            if !first {
                self.pending_blank = true;
            }
            first = false;
            if !word.is_empty() {
                self.begin_word();
                self.line.push_str(word);
            }
        }
    }

    fn preformatted(&mut self, text: &str) {
        let mut first = true;
        for line in text.split('\n') {
            if !first {
                self.break_line();
            }
            first = false;
            let line = line.trim_end_matches('\r');
            if !line.is_empty() {
                self.begin_word();
                self.line.push_str(line);
            }
        }
    }

    fn end_line(&mut self) {
        if let Some((mark, depth)) = self.line_state.take() {
            let text = std::mem::take(&mut self.line);
            let text = text.trim_end_matches([' ', '\u{a0}']).to_owned();
            self.lines.push(HtmlLine { text, depth, mark });
        }
        self.pending_blank = false;
    }

    /// `<br>`: a line end even where the line is empty.
    fn break_line(&mut self) {
        if self.line_state.is_none() {
            self.lines.push(HtmlLine {
                depth: self.depth,
                mark: self.mark(),
                ..HtmlLine::default()
            });
            self.pending_gap = false;
        } else {
            self.end_line();
        }
    }

    fn open(&mut self, name: &str, attributes: &str) {
        match name {
            "br" => return self.break_line(),
            "hr" => {
                self.end_line();
                if let Some(mark) = marks::of(name, attributes)
                    && marks::holds_to_the_end(mark)
                {
                    self.to_the_end.get_or_insert(mark);
                }
                return;
            }
            "img" => return self.image(attributes),
            "td" | "th" => self.pending_blank = true,
            _ => {}
        }
        if let Some(gap) = block(name) {
            self.end_line();
            self.pending_gap |= gap;
        }
        if is_void(name) || attributes.ends_with('/') && block(name).is_none() {
            return;
        }
        if matches!(name, "p" | "li" | "td" | "th" | "tr")
            && self.open.last().is_some_and(|open| open.name == name)
        {
            self.close(name);
            if block(name).is_none() {
                self.pending_blank = true;
            }
        }
        let mark = marks::of(name, attributes);
        if let Some(mark) = mark
            && marks::holds_to_the_end(mark)
        {
            self.to_the_end.get_or_insert(mark);
        }
        if self.open.len() >= DEEPEST {
            return;
        }
        let hidden = matches!(name, "object" | "svg" | "math") || marks::is_hidden(attributes);
        let quote = name == "blockquote";
        let pre = name == "pre" || attribute(attributes, "style").is_some_and(is_pre_style);
        self.depth += u32::from(quote);
        self.hidden += u32::from(hidden);
        self.pre += u32::from(pre);
        self.open.push(Open {
            name: name.to_owned(),
            mark,
            quote,
            hidden,
            pre,
        });
    }

    fn image(&mut self, attributes: &str) {
        if let Some(text) = attribute(attributes, "alt").map(decode_entities)
            && !text.trim().is_empty()
            && self.alternatives.len() < 100
        {
            self.alternatives.push(text.trim().to_owned());
        }
        self.pending_blank = true;
    }

    fn close(&mut self, name: &str) {
        if let Some(gap) = block(name) {
            self.end_line();
            self.pending_gap |= gap;
        }
        let Some(back) = self
            .open
            .iter()
            .rev()
            .take(64)
            .position(|open| open.name == name)
        else {
            return;
        };
        // A stray closing tag of text formatting must not close the blocks around it.
        if block(name).is_none()
            && self
                .open
                .iter()
                .rev()
                .take(back)
                .any(|open| block(&open.name).is_some())
        {
            return;
        }
        for _ in 0..=back {
            if let Some(open) = self.open.pop() {
                self.depth -= u32::from(open.quote);
                self.hidden -= u32::from(open.hidden);
                self.pre -= u32::from(open.pre);
            }
        }
    }
}

fn is_pre_style(style: &str) -> bool {
    style
        .split(';')
        .filter_map(|rule| rule.split_once(':'))
        .any(|(name, value)| {
            name.trim().eq_ignore_ascii_case("white-space")
                && matches!(
                    value.trim().to_ascii_lowercase().as_str(),
                    "pre" | "pre-wrap"
                )
        })
}
