//! What an agent says by mail, and to whom: an internal note, a public reply, or nothing that may leave.
//!
//! A reply to a notification quotes it, and a notification holds internal notes. Which words are new is an
//! estimate that no client's habits keep from being wrong, so what would leave is compared with what must not.

use super::orders::Orders;
use super::route::Rejection;
use crate::ids::TicketId;
use crate::mail::message::UnderstoodMail;

/// The shortest internal text that is looked for anywhere within a reply, in letters and digits. Shorter ones stand in
/// many innocent sentences, and are looked for as quoted lines.
const TELLING: usize = 12;

/// What an agent said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoken<'a> {
    /// For staff only.
    Note(&'a str),
    /// For the customer.
    Reply(&'a str),
    /// Not to be sent, and the agent is told.
    Refused(Rejection),
}

/// Tells what the agent said behind the commands that the mail began with. `internal` are the texts of the ticket that staff alone may read.
pub(super) fn spoken<'a>(
    mail: &UnderstoodMail,
    orders: &Orders<'a>,
    ticket: TicketId,
    internal: &[String],
) -> Spoken<'a> {
    let words = orders.words;
    if let Some(note) = note(words) {
        return Spoken::Note(note);
    }
    if !orders.commands.is_empty() || crate::mail::has_new_words(mail) {
        if quotes(words, internal) {
            Spoken::Refused(Rejection::QuotesInternal(ticket))
        } else {
            Spoken::Reply(words)
        }
    } else if mail.mail.attachments.iter().any(|file| !file.inline) {
        Spoken::Reply("")
    } else {
        Spoken::Refused(Rejection::NothingNew(ticket))
    }
}

/// The text of an internal note: what follows `note:` at the beginning, in bold or after the invisible marks
/// that some clients put there.
fn note(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| is_space(c) || is_mark(c));
    let (word, rest) = rest.split_at_checked("note".len())?;
    let rest = rest.trim_start_matches(|c: char| is_space(c) || is_mark(c));
    let rest = rest.strip_prefix([':', '：'])?;
    let rest = rest
        .trim_start_matches(is_mark)
        .trim_start_matches(is_space);
    word.eq_ignore_ascii_case("note").then_some(rest)
}

fn is_mark(c: char) -> bool {
    matches!(c, '*' | '_')
}

fn is_space(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{202a}'..='\u{202e}')
}

/// Whether a text holds an internal one, or a line of it, however it is wrapped and marked. A text that is
/// exactly the internal one was written on purpose: a draft that the others have seen.
fn quotes(text: &str, internal: &[String]) -> bool {
    let said = bare(text);
    internal.iter().any(|held| {
        let whole = bare(held);
        if whole == said {
            return false;
        }
        let stands = |part: &str| match part.chars().count() {
            0 => false,
            1..TELLING => quoted(text).any(|line| bare(line) == part),
            _ => said.contains(part),
        };
        stands(&whole) || held.lines().any(|line| stands(&bare(line)))
    })
}

/// The lines that are marked as quoted, as our notifications and the clients that answer them write them.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim_start);
    lines.filter(|line| line.starts_with(['>', '|']))
}

/// Letters and digits alone, in lower case.
fn bare(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_marked_at_the_beginning() {
        assert_eq!(
            note("Note: he is angry\nbe kind"),
            Some("he is angry\nbe kind")
        );
        assert_eq!(note("\nnote:\ncall him"), Some("call him"));
        assert_eq!(note("\u{feff}*Note*:\u{a0}x"), Some("x"));
        assert_eq!(note("note:\n* one\n* two"), Some("* one\n* two"));
        assert_eq!(note("Please note: we are closed"), None);
        assert_eq!(note("nöte: x"), None);
        assert_eq!(note("Notes: x"), None);
        assert_eq!(note("not"), None);
    }

    #[test]
    fn an_internal_text_is_found_however_it_is_wrapped() {
        let internal = ["This customer has\nnot paid since March, ok".to_owned()];
        assert!(quotes(
            "Fixed.\n> this customer has not paid\n> since March, ok",
            &internal
        ));
        assert!(quotes("Fixed. Not paid since March; OK?", &internal));
        assert!(!quotes(
            "This customer has not paid since March, ok",
            &internal
        ));
        assert!(!quotes("You have paid in March.", &internal));
        assert!(!quotes("ok", &["ok".to_owned()]));
    }

    #[test]
    fn a_short_internal_text_is_found_as_a_quoted_line() {
        let internal = ["He lies.\n\nFraudster!".to_owned()];
        assert!(quotes("It is on its way.\n> > Fraudster!", &internal));
        assert!(quotes("It is on its way.\n | he lies", &internal));
        assert!(!quotes(
            "Fraudster! is a game.\nHe lies. So what?",
            &internal
        ));
        assert!(!quotes("Yes.\n> Is he a fraudster!?", &internal));
    }
}
