//! Text on a terminal: tables, times, and words of strangers made harmless.

use std::io::{self, Write as _};

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The widest cell of a table; what is longer ends in `…`.
const WIDEST: usize = 60;

/// Writes to standard output. A reader who has seen enough, such as `head`, is no error.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    print_bytes(text.as_bytes())
}

/// Writes bytes as they are to standard output.
pub(super) fn print_bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done.context("cannot write to standard output"),
    }
}

/// A stranger's text for one line of a terminal: nothing in it can move the cursor, colour what follows, or
/// turn the reading direction.
pub(super) fn one_line(text: &str) -> String {
    let safe: String = text
        .chars()
        .map(|c| if is_unsafe(c) { ' ' } else { c })
        .collect();
    safe.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same for several lines.
pub(super) fn lines(text: &str) -> String {
    text.lines()
        .map(|line| {
            line.chars()
                .map(|c| if is_unsafe(c) { ' ' } else { c })
                .collect::<String>()
                .trim_end()
                .to_owned()
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Control characters (escape sequences begin with one) and marks that turn the reading direction.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text indented by so many blanks.
pub(super) fn indented(text: &str, blanks: usize) -> String {
    let margin = " ".repeat(blanks);
    let mut page = String::new();
    for line in text.lines() {
        if !line.is_empty() {
            page.push_str(&margin);
            page.push_str(line);
        }
        page.push('\n');
    }
    page
}

/// A moment in the desk's zone.
pub(super) fn moment(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}

/// A span in the largest unit that fits: `just now`, `5 minutes`, `3 hours`, `2 days`.
pub(super) fn span(span: TimeDelta) -> String {
    let counted =
        |count: i64, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    if span.num_days() >= 2 {
        counted(span.num_days(), "day")
    } else if span.num_hours() >= 2 {
        counted(span.num_hours(), "hour")
    } else if span.num_minutes() >= 1 {
        counted(span.num_minutes(), "minute")
    } else {
        counted(span.num_seconds().max(0), "second")
    }
}

/// So many of something, in words: `1 mail`, `3 mails`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A table in plain columns.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub(super) fn new(headings: &[&str]) -> Self {
        Self {
            rows: vec![headings.iter().map(|text| (*text).to_owned()).collect()],
        }
    }

    /// Adds a row. Cells are made one line each, and harmless.
    pub(super) fn row<const N: usize>(&mut self, cells: [&str; N]) {
        let cell = |text: &&str| match one_line(text) {
            text if text.is_empty() => "-".to_owned(),
            text => shortened(&text),
        };
        self.rows.push(cells.iter().map(cell).collect());
    }

    /// The table as text.
    pub(super) fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.width()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                let rest = width.saturating_sub(cell.width());
                line.push_str(&" ".repeat(rest + 2));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

fn shortened(text: &str) -> String {
    if text.width() <= WIDEST {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut width = 0;
    for c in text.chars() {
        width += c.width().unwrap_or(0);
        if width >= WIDEST {
            break;
        }
        kept.push(c);
    }
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    #[test]
    fn a_strangers_subject_cannot_steer_the_terminal() {
        let subject = "\u{1b}[2J\u{1b}]0;owned\u{7}Hi\r\nState: \u{202e}dne";
        let shown = one_line(subject);
        assert_eq!(shown, "[2J ]0;owned Hi State: dne");
        assert_eq!(lines("a\u{1b}[31m\nb\tc"), "a [31m\nb c");
    }

    #[test]
    fn columns_line_up_whatever_is_in_them() {
        let mut table = Table::new(&["ID", "SUBJECT", "STATE"]);
        table.row(["7", "请求帮助", "open"]);
        table.row(["12", "", "closed"]);
        assert_eq!(
            table.text(),
            "ID  SUBJECT   STATE\n7   请求帮助  open\n12  -         closed\n"
        );
    }

    #[test]
    fn a_long_cell_ends_in_an_ellipsis() {
        let mut table = Table::new(&["SUBJECT"]);
        table.row([&"x".repeat(100)]);
        assert_eq!(table.text().lines().last().unwrap().width(), WIDEST);
        assert!(table.text().ends_with("…\n"));
    }

    #[test]
    fn spans_are_told_in_their_largest_unit() {
        for (seconds, told) in [
            (-5, "0 seconds"),
            (1, "1 second"),
            (60, "1 minute"),
            (7_199, "119 minutes"),
            (7_200, "2 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(span(TimeDelta::seconds(seconds)), told);
        }
    }
}
