//! The lines that the reader of replies and forwards looks at, from plain text or from HTML.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::fields::{self, Label};
use crate::mail::effort;
use crate::mail::html::marks::Mark;
use crate::mail::html::render;

/// A line and what is known of it before its words are read.
#[derive(Debug, Clone)]
pub(crate) struct Line<'a> {
    /// The text without trailing blanks.
    pub text: Cow<'a, str>,
    /// What the markup says; plain text says nothing.
    pub mark: Option<Mark>,
    /// How many blockquotes it stands in.
    pub depth: u32,
    /// The label of a field that it begins with, looked for once.
    label: OnceCell<Option<Label>>,
}

impl<'a> Line<'a> {
    fn new(text: Cow<'a, str>, mark: Option<Mark>, depth: u32) -> Self {
        Self {
            text,
            mark,
            depth,
            label: OnceCell::new(),
        }
    }

    /// The line read as a field of a header: its kind and its value.
    pub fn field(&self) -> Option<(fields::Kind, &str)> {
        let label = self
            .label
            .get_or_init(|| fields::label(&self.text))
            .as_ref()?;
        let value = self.text.get(label.value..).unwrap_or_default();
        let value = bare(value);
        let value = match value.strip_suffix('|') {
            Some(cell) if fields::is_row(&self.text) => bare(cell),
            _ => value,
        };
        Some((label.kind, value))
    }

    /// Whether nothing can be seen on it.
    pub fn is_blank(&self) -> bool {
        self.text.chars().all(is_blank_char)
    }

    /// Whether it is quoted, by `>` or by markup.
    pub fn is_quoted(&self) -> bool {
        self.mark == Some(Mark::Quote)
            || self.text.trim_start_matches(is_blank_char).starts_with('>')
    }
}

/// Blanks, and characters that only steer the display: byte order marks, bidirectional marks.
pub(crate) fn is_blank_char(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{ad}')
}

/// The text without blanks and display marks around it.
pub(crate) fn bare(text: &str) -> &str {
    let bare = text.trim_matches(is_blank_char);
    effort::spend(1 + text.len() - bare.len());
    bare
}

/// The lines of plain text.
pub(crate) fn of_text(text: &str) -> Vec<Line<'_>> {
    text.split('\n')
        .map(|line| Line::new(Cow::Borrowed(line.trim_end()), None, 0))
        .collect()
}

/// The lines of HTML.
pub(crate) fn of_html(html: &str) -> Vec<Line<'static>> {
    render::lines(html)
        .into_iter()
        .map(|line| Line::new(Cow::Owned(line.text), line.mark, line.depth))
        .collect()
}

/// The index of the first line at or after `from` that is not blank.
pub(crate) fn next_filled(lines: &[Line<'_>], from: usize) -> Option<usize> {
    lines
        .iter()
        .enumerate()
        .skip(from)
        .find(|(_, line)| !line.is_blank())
        .map(|(index, _)| index)
}
