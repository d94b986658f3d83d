//! HTML as mail has it, cut into tags and text in one linear pass. No tree is built, so nothing nests.

use std::borrow::Cow;

use crate::mail::effort;

/// A piece of HTML.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// Text, entities still encoded.
    Text(&'a str),
    /// An opening tag: its name in lower case and its attributes as written.
    Open(Cow<'a, str>, &'a str),
    /// A closing tag.
    Close(Cow<'a, str>),
}

/// The tokens of a document. Comments, doctypes, scripts and styles are left out.
pub(crate) struct Tokens<'a> {
    rest: &'a str,
    /// Set once a quote was found open to the end of the document: from then on `>` ends every tag.
    quotes_broken: bool,
    /// Set once no `-->` was found ahead: there is none further on either.
    comments_broken: bool,
}

impl<'a> Tokens<'a> {
    /// The tokens of `html`.
    pub fn new(html: &'a str) -> Self {
        Self {
            rest: html,
            quotes_broken: false,
            comments_broken: false,
        }
    }

    fn split(&mut self, at: usize) -> &'a str {
        effort::spend(at.min(self.rest.len()));
        let (head, tail) = self.rest.split_at_checked(at).unwrap_or((self.rest, ""));
        self.rest = tail;
        head
    }

    /// Passes over `<!-- … -->`. A comment without an end ends at the next `>`, as clients see it.
    fn skip_comment(&mut self) {
        let end = self
            .comment_end()
            .unwrap_or_else(|| self.rest.find('>').map_or(self.rest.len(), |end| end + 1));
        self.split(end);
    }

    fn comment_end(&mut self) -> Option<usize> {
        if self.comments_broken || !self.rest.starts_with("<!--") {
            return None;
        }
        let end = self.rest.find("-->");
        effort::spend(end.unwrap_or(self.rest.len()));
        self.comments_broken = end.is_none();
        Some(end? + 3)
    }

    /// Takes a tag, `<` and `>` included.
    fn take_tag(&mut self) -> &'a str {
        let quoted = if self.quotes_broken {
            None
        } else {
            tag_end(self.rest)
        };
        if quoted.is_none() {
            self.quotes_broken = true;
        }
        let end = quoted
            .or_else(|| self.rest.find('>').map(|end| end + 1))
            .unwrap_or(self.rest.len());
        self.split(end)
    }

    /// Passes over the content of a raw-text element up to its closing tag.
    fn skip_raw(&mut self, name: &str) {
        let mut from = 0;
        while let Some(found) = self.rest.get(from..).and_then(|rest| rest.find("</")) {
            let at = from + found;
            let named = self.rest.get(at + 2..at + 2 + name.len());
            if named.is_some_and(|named| named.eq_ignore_ascii_case(name)) {
                self.split(at);
                return;
            }
            from = at + 2;
        }
        effort::spend(self.rest.len());
        // Never closed: clients show what follows the opening tag of a style as text of no use.
        self.rest = "";
    }
}

/// The offset after the `>` that ends the tag at the start of `text`, quotes respected.
fn tag_end(text: &str) -> Option<usize> {
    effort::spend(1);
    let mut quote = None;
    let mut after_equals = false;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') if after_equals => quote = Some(byte),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
        after_equals = match byte {
            b'=' => true,
            b' ' | b'\t' | b'\n' | b'\r' => after_equals,
            _ => false,
        };
    }
    effort::spend(text.len());
    None
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let Some(inside) = self.rest.strip_prefix('<') else {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                return Some(Token::Text(self.split(end)));
            };
            let first = inside.bytes().next().unwrap_or(b' ');
            if first == b'!' || first == b'?' {
                self.skip_comment();
                continue;
            }
            if !(first == b'/' || first.is_ascii_alphabetic()) {
                // A lone `<` is text.
                let end = inside.find('<').map_or(self.rest.len(), |end| end + 1);
                return Some(Token::Text(self.split(end)));
            }
            let tag = self.take_tag();
            let inner = tag.strip_prefix('<').unwrap_or(tag);
            let inner = inner.strip_suffix('>').unwrap_or(inner);
            let (closing, inner) = match inner.strip_prefix('/') {
                Some(inner) => (true, inner),
                None => (false, inner),
            };
            let end = inner
                .find(|c: char| c.is_ascii_whitespace() || c == '/')
                .unwrap_or(inner.len());
            let (name, attributes) = inner.split_at_checked(end).unwrap_or((inner, ""));
            let name = lower(name);
            if closing {
                return Some(Token::Close(name));
            }
            if matches!(
                &*name,
                "script" | "style" | "title" | "template" | "noscript"
            ) {
                self.skip_raw(&name);
                continue;
            }
            return Some(Token::Open(name, attributes));
        }
    }
}

/// The value of an attribute, entities still encoded; `""` for one without a value.
pub(crate) fn attribute<'a>(attributes: &'a str, wanted: &str) -> Option<&'a str> {
    effort::spend(attributes.len());
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .find(|c: char| c.is_ascii_whitespace() || c == '=')
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(end.max(1))?;
        let after_name = after.trim_start();
        let (value, after_value) = match after_name.strip_prefix('=') {
            Some(value) => attribute_value(value.trim_start()),
            None => ("", after),
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = after_value;
    }
}

fn attribute_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inside) = text.strip_prefix(quote) {
            return inside.split_once(quote).unwrap_or((inside, ""));
        }
    }
    let end = text
        .find(|c: char| c.is_ascii_whitespace())
        .unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Text with its entities decoded. What is no entity stays as written.
pub(crate) fn decode_entities(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, entity) = rest.split_at_checked(at).unwrap_or((rest, ""));
        decoded.push_str(before);
        let length = entity
            .bytes()
            .skip(1)
            .take(32)
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#')
            .count()
            + 1;
        let (name, after) = entity.split_at_checked(length).unwrap_or((entity, ""));
        let (closed, after) = match after.strip_prefix(';') {
            Some(after) => (true, after),
            None => (false, after),
        };
        push_entity(&mut decoded, name, closed);
        rest = after;
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

fn push_entity(decoded: &mut String, name: &str, closed: bool) {
    let known = matches!(
        name,
        "&nbsp" | "&lt" | "&gt" | "&amp" | "&quot" | "&copy" | "&reg"
    );
    if name.len() > 1 && (closed || known || name.starts_with("&#")) {
        let mut token = String::with_capacity(name.len() + 1);
        token.push_str(name);
        token.push(';');
        let before = decoded.len();
        if let Some(c) = windows_reference(name) {
            decoded.push(c);
        } else {
            mail_parser::decoders::html::add_html_token(decoded, token.as_bytes(), false);
        }
        if decoded.get(before..) != Some(token.as_str()) {
            return;
        }
        decoded.truncate(before);
    }
    decoded.push_str(name);
    if closed {
        decoded.push(';');
    }
}

/// Numeric references 128–159 mean windows-1252 (HTML Standard, 13.2.5.80); 0 is none.
fn windows_reference(name: &str) -> Option<char> {
    let code: u8 = name.strip_prefix("&#")?.parse().ok()?;
    match code {
        0 => Some('\u{fffd}'),
        128..=159 => encoding_rs::WINDOWS_1252.decode(&[code]).0.chars().next(),
        _ => None,
    }
}
