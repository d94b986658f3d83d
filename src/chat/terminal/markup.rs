//! The common Markdown as lines of a terminal: bold and italic by escape sequences where there are colours, by nothing
//! where there are none. What somebody wrote cannot steer the terminal: every character that could is a blank.

use unicode_width::UnicodeWidthChar as _;

/// How a character looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Look {
    /// As it is.
    #[default]
    Plain,
    /// Strong.
    Bold,
    /// Emphasised.
    Italic,
    /// Code, keys, numbers.
    Code,
    /// Less important.
    Dim,
    /// Well.
    Good,
    /// Look at this.
    Warning,
    /// Late, or lost.
    Danger,
}

impl Look {
    fn code(self) -> Option<&'static str> {
        Some(match self {
            Self::Plain => return None,
            Self::Bold => "1",
            Self::Italic => "3",
            Self::Code => "36",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Warning => "33",
            Self::Danger => "31",
        })
    }
}

/// A text in one look, if there are colours.
pub(super) fn paint(text: &str, look: Look, colours: bool) -> String {
    match look.code() {
        Some(code) if colours && !text.is_empty() => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        _ => text.to_owned(),
    }
}

/// One line of somebody's words: nothing in it moves the cursor, colours what follows, or turns the reading direction.
pub(super) fn harmless(text: &str) -> String {
    let safe = |c: char| if is_unsafe(c) { ' ' } else { c };
    text.chars().map(safe).collect()
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

type Glyph = (char, Look);

/// Markdown as lines of at most `width` columns; lines of code are never broken.
pub(super) fn lines(markdown: &str, width: usize, colours: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut in_code = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            continue;
        }
        if in_code {
            let code = format!("  {}", harmless(line).trim_end());
            lines.push(paint(&code, Look::Code, colours));
            continue;
        }
        let (quote, text) = match line.strip_prefix('>') {
            Some(text) => ("▏ ", text.trim_start()),
            None => ("", line),
        };
        let base = if quote.is_empty() {
            Look::Plain
        } else {
            Look::Dim
        };
        for part in wrapped(&glyphs(text, base), width.saturating_sub(2).max(20)) {
            let quote = paint(quote, Look::Dim, colours);
            lines.push(format!("{quote}{}", written(&part, colours)));
        }
    }
    lines
}

/// The characters of a line with the look that its marks give them.
fn glyphs(line: &str, base: Look) -> Vec<Glyph> {
    let mut glyphs = Vec::new();
    let (mut bold, mut italic, mut code) = (false, false, false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let look = match (code, bold, italic) {
            (true, ..) => Look::Code,
            (_, true, _) => Look::Bold,
            (_, _, true) => Look::Italic,
            _ => base,
        };
        match c {
            '`' => code = !code,
            _ if code => glyphs.push((c, look)),
            '\\' if chars.peek().is_some_and(char::is_ascii_punctuation) => {
                glyphs.extend(chars.next().map(|c| (c, look)));
            }
            '*' if chars.peek() == Some(&'*') => {
                chars.next();
                bold = !bold;
            }
            '*' => italic = !italic,
            _ => glyphs.push((c, look)),
        }
    }
    let safe = |(c, look)| (if is_unsafe(c) { ' ' } else { c }, look);
    glyphs.into_iter().map(safe).collect()
}

/// Breaks between words; a word that is longer than a line stays whole, as addresses must.
fn wrapped(glyphs: &[Glyph], width: usize) -> Vec<Vec<Glyph>> {
    let columns =
        |word: &[Glyph]| -> usize { word.iter().map(|(c, _)| c.width().unwrap_or(0)).sum() };
    let mut lines: Vec<Vec<Glyph>> = vec![Vec::new()];
    let mut used = 0;
    for word in glyphs.split_inclusive(|(c, _)| *c == ' ') {
        let wide = columns(word);
        let shown = wide - usize::from(word.last().is_some_and(|(c, _)| *c == ' '));
        if used > 0 && used + shown > width {
            lines.push(Vec::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            line.extend_from_slice(word);
        }
        used += wide;
    }
    for line in &mut lines {
        while line.last().is_some_and(|(c, _)| *c == ' ') {
            line.pop();
        }
    }
    lines
}

fn written(line: &[Glyph], colours: bool) -> String {
    line.chunk_by(|(_, one), (_, other)| one == other)
        .map(|run| {
            let text: String = run.iter().map(|(c, _)| c).collect();
            let look = run.first().map(|(_, look)| *look).unwrap_or_default();
            paint(&text, look, colours)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_looks_and_escaped_ones_characters() {
        assert_eq!(
            lines(r"**TKT-1** is *new*: 2 \* 3 `undo`", 80, false),
            ["TKT-1 is new: 2 * 3 undo"]
        );
        assert_eq!(lines("**a** b", 80, true), ["\u{1b}[1ma\u{1b}[0m b"]);
        assert_eq!(
            lines("```\nlet a = *b;\n```\n> said", 80, false),
            ["  let a = *b;", "▏ said"]
        );
    }

    #[test]
    fn a_strangers_words_cannot_steer_the_terminal() {
        for text in [
            "\u{1b}[2J",
            "`\u{1b}]0;owned\u{7}`",
            "```\n\u{1b}[31m\n```",
            "> \u{202e}dne",
            "**\u{9b}1m**",
        ] {
            for line in lines(text, 80, false) {
                assert!(!line.chars().any(is_unsafe), "{line:?}");
            }
        }
    }

    #[test]
    fn lines_break_between_words_and_addresses_stay_whole() {
        let text = "one two three four https://example.org/a/very/long/address/indeed";
        assert_eq!(
            lines(text, 22, false),
            [
                "one two three four",
                "https://example.org/a/very/long/address/indeed"
            ]
        );
    }
}
