//! What a user is told when a command does not happen: the line, a mark under what is wrong, what is wrong, and what to
//! type next.

use std::fmt;
use std::ops::Range;

use unicode_width::UnicodeWidthChar as _;

use crate::config::problem::{listed, nearest, shown};
use crate::desk::DeskError;

/// The most columns of a line that are shown around its mark.
const WIDEST: usize = 100;

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The line cannot be understood.
    Usage,
    /// Whoever asks has no right to it.
    Forbidden,
    /// It was understood, and the desk does not do it.
    Refused,
}

/// A fault that is the user's to mend. It is told in private and changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct UserError {
    /// What kind it is.
    pub fault: Fault,
    /// What is wrong, in a sentence.
    pub what: String,
    /// The word that was probably meant.
    pub nearest: Option<String>,
    /// What to type next, or who may do it, in a sentence.
    pub next: Option<String>,
    /// Where in the line.
    pub mark: Option<Box<Mark>>,
    /// The argument it is about, by its name in the grammar, until its place is known.
    pub(super) argument: Option<&'static str>,
}

/// A place in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The line, or what stands around the place.
    pub line: String,
    /// How many columns stand before the place.
    pub column: usize,
    /// How many columns it is wide.
    pub width: usize,
}

/// Why a command did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The user can mend it.
    #[error(transparent)]
    User(#[from] UserError),
    /// The user cannot: they are told that it failed, with a reference, and the log has the rest under it.
    #[error("that failed")]
    Other(#[from] anyhow::Error),
}

impl Failure {
    /// Says which argument it is about.
    pub(super) fn about(self, argument: &'static str) -> Self {
        match self {
            Self::User(error) => Self::User(error.about(argument)),
            other => other,
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Other(anyhow::Error::new(error).context("the database did not answer"))
    }
}

impl From<DeskError> for Failure {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Refused(refused) => {
                UserError::refused(sentence(&refused.to_string())).into()
            }
            DeskError::Invalid(words) => UserError::refused(sentence(&words)).into(),
            other => Self::Other(other.into()),
        }
    }
}

impl UserError {
    fn new(fault: Fault, what: impl Into<String>) -> Self {
        Self {
            fault,
            what: what.into(),
            nearest: None,
            next: None,
            mark: None,
            argument: None,
        }
    }

    /// A line that cannot be understood.
    pub(super) fn usage(what: impl Into<String>) -> Self {
        Self::new(Fault::Usage, what)
    }

    /// Something that one may not do.
    pub(super) fn forbidden(what: impl Into<String>) -> Self {
        Self::new(Fault::Forbidden, what)
    }

    /// Something that the desk does not do.
    pub(super) fn refused(what: impl Into<String>) -> Self {
        Self::new(Fault::Refused, what)
    }

    /// A word that the desk does not know: `thing` is what it should have been, such as `status`.
    pub(super) fn unknown(
        argument: &'static str,
        thing: &str,
        given: &str,
        known: &[impl AsRef<str>],
    ) -> Self {
        let next = if known.is_empty() {
            format!("This desk has no {thing}.")
        } else {
            format!("There are {}.", listed(known))
        };
        Self {
            nearest: nearest(given, known).map(str::to_owned),
            ..Self::refused(format!("There is no {thing} `{}`.", shown(given)))
        }
        .about(argument)
        .then(next)
    }

    /// Says what to type next.
    pub(super) fn then(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// Says which argument it is about.
    pub(super) fn about(mut self, argument: &'static str) -> Self {
        self.argument = Some(argument);
        self
    }

    /// Marks the place in the line.
    pub(super) fn at(mut self, line: &str, span: Range<usize>) -> Self {
        self.mark = Some(Box::new(Mark::of(line, span)));
        self
    }

    /// The same as Markdown, for chat: the line stands in a code block, so that the mark stands under its place.
    #[must_use]
    pub fn markdown(&self) -> String {
        match &self.mark {
            Some(mark) => {
                let mark = mark.to_string().replace('`', "'");
                format!("```\n{mark}\n```\n{}", self.words())
            }
            None => self.words(),
        }
    }

    fn words(&self) -> String {
        let mut words = self.what.clone();
        if let Some(nearest) = &self.nearest {
            words.push_str(&format!(" Did you mean `{nearest}`?"));
        }
        if let Some(next) = &self.next {
            words.push('\n');
            words.push_str(next);
        }
        words
    }
}

impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(mark) = &self.mark {
            writeln!(f, "{mark}")?;
        }
        f.write_str(&self.words())
    }
}

impl Mark {
    /// The mark under a place of a text, which is given in bytes. Of several lines only that of the place is kept, of a
    /// long one only what stands around it.
    fn of(text: &str, span: Range<usize>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let within = text.get(span).unwrap_or("");
        let after = text
            .get(before.len() + within.len()..)
            .and_then(|after| after.lines().next())
            .unwrap_or("");
        let before = harmless(before.rsplit('\n').next().unwrap_or(""));
        let within = harmless(within.lines().next().unwrap_or(""));
        let before = last_columns(&before, WIDEST / 2);
        let within = first_columns(&within, WIDEST / 4);
        let after = first_columns(&harmless(after), WIDEST / 4);
        Self {
            column: width(&before),
            width: width(&within).max(1),
            line: format!("{before}{within}{after}").trim_end().to_owned(),
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blanks = " ".repeat(self.column);
        write!(f, "{}\n{blanks}{}", self.line, "^".repeat(self.width))
    }
}

/// Text that cannot steer a terminal.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                '\u{fffd}'
            }
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

fn first_columns(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut columns = 0;
    let mut kept: String = text
        .chars()
        .take_while(|c| {
            columns += c.width().unwrap_or(0);
            columns < most
        })
        .collect();
    kept.push('…');
    kept
}

fn last_columns(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let turned: String = text.chars().rev().collect();
    first_columns(&turned, most).chars().rev().collect()
}

/// Words of the desk, which stand within a sentence elsewhere, as a sentence.
fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    let first: String = chars
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let end = if words.ends_with(['.', '?', '!']) {
        ""
    } else {
        "."
    };
    format!("{first}{}{end}", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_under_its_token() {
        let error = UserError::unknown("status", "status", "resolvd", &["open", "resolved"])
            .at("status TKT-1 resolvd", 13..20);
        assert_eq!(
            error.to_string(),
            "status TKT-1 resolvd\n             ^^^^^^^\n\
             There is no status `resolvd`. Did you mean `resolved`?\nThere are `open` and `resolved`."
        );
    }

    #[test]
    fn wide_letters_count_twice_and_other_lines_are_left_out() {
        let text = "open 请求\nnote x `y` z";
        let mark = Mark::of(text, 5..11);
        assert_eq!(mark.to_string(), "open 请求\n     ^^^^");
        let error = UserError::usage("No.").at(text, 19..22);
        assert_eq!(error.markdown(), "```\nnote x 'y' z\n       ^^^\n```\nNo.");
    }

    #[test]
    fn a_long_line_is_shown_around_its_mark() {
        let text = format!("note {} bad {}", "x".repeat(300), "y".repeat(300));
        let mark = Mark::of(&text, 306..309);
        assert!(width(&mark.line) <= WIDEST);
        assert_eq!(
            mark.line
                .chars()
                .skip(mark.column)
                .take(3)
                .collect::<String>(),
            "bad"
        );
        assert_eq!(mark.width, 3);
    }

    #[test]
    fn a_place_past_the_end_is_marked_there() {
        assert_eq!(Mark::of("assign", 6..6).to_string(), "assign\n      ^");
    }
}
