//! Pieces of an answer's text, in the Markdown of [`crate::chat::Message`], and the way from it to plain text.

use crate::chat::text::{escape, unescape};

/// A word to be typed.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", one_line(text).replace('`', "'"))
}

/// What somebody wrote, as a quotation.
pub(super) fn quoted(text: &str) -> String {
    let lines: Vec<String> = text
        .trim()
        .lines()
        .map(|line| format!("> {}", escape(line)).trim_end().to_owned())
        .collect();
    lines.join("\n")
}

/// Text on one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text without the empty lines that left-out blocks leave behind.
pub(super) fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut empty = true;
    for line in text.lines().map(str::trim_end) {
        if !(empty && line.is_empty()) {
            tidy.push_str(line);
            tidy.push('\n');
        }
        empty = line.is_empty();
    }
    tidy.trim_end().to_owned()
}

/// The text without marks, for a terminal or a mail. Code keeps its backticks: it is what to type.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for (at, piece) in text.split('`').enumerate() {
        if at > 0 {
            plain.push('`');
        }
        // Every other piece stands in backticks, where nothing is escaped.
        if at % 2 == 0 {
            plain.push_str(&unescape(&piece.replace("**", "")));
        } else {
            plain.push_str(piece);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_strangers_mark_nothing() {
        assert_eq!(quoted("# a\n\n```b"), "> \\# a\n>\n> \\`\\`\\`b");
        assert_eq!(code("a`b\nc"), "`a'b c`");
    }

    #[test]
    fn plain_text_keeps_what_is_to_be_typed() {
        assert_eq!(plain("**Ann** has `TKT_1` now\\_"), "Ann has `TKT_1` now_");
    }
}
