//! The forms and menus that platforms must know in advance, and the words that come back from buttons.

use std::sync::Arc;

use crate::chat::{CommandSpec, Form, FormField, Surface};
use crate::ids::{CommentId, ReminderId, TicketId};

use super::{OPEN_TICKET, TICKETS, panel};
use crate::config::Settings;

/// The most characters of a form's text: what every platform takes.
pub(super) const MOST: u16 = 3_000;

/// What a button or a form asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// A command on a ticket that needs no more words.
    Plain(&'static str, TicketId),
    /// A command on a ticket with the words of a form.
    Words(&'static str, TicketId),
    /// A reminder that comes at another time, which a form asks for.
    Later(ReminderId),
    /// What else can be done with a ticket.
    More(TicketId),
    /// The whole mail behind a comment.
    Whole(CommentId),
    /// A ticket of the customer's own, in a category where one is named.
    Panel(Option<String>),
    /// How the customer liked it.
    Rate(TicketId, u8),
    /// A word about it.
    Word(TicketId, u8),
    /// The matter is settled.
    Accept(TicketId),
    /// Something is missing.
    Missing(TicketId),
    /// A line to run as it is.
    Line(String),
    /// A line about a ticket.
    On(TicketId, String),
}

/// Reads an action; nothing where it is none of ours.
pub(super) fn read(action: &str) -> Option<Action> {
    let (word, rest) = action.split_once(':')?;
    if word == "run" {
        return Some(Action::Line(rest.to_owned()));
    }
    if word == "on" {
        let (id, line) = rest.split_once(':')?;
        return Some(Action::On(TicketId(id.parse().ok()?), line.to_owned()));
    }
    if word == "panel" {
        return Some(Action::Panel((!rest.is_empty()).then(|| rest.to_owned())));
    }
    if matches!(word, "rate" | "word") {
        let (id, score) = rest.split_once(':')?;
        let (id, score) = (TicketId(id.parse().ok()?), score.parse().ok()?);
        return Some(match word {
            "rate" => Action::Rate(id, score),
            _ => Action::Word(id, score),
        });
    }
    let id: i64 = rest.parse().ok()?;
    match word {
        "accept" => Some(Action::Accept(TicketId(id))),
        "missing" => Some(Action::Missing(TicketId(id))),
        "take" => Some(Action::Plain("take", TicketId(id))),
        "resolve" => Some(Action::Plain("resolve", TicketId(id))),
        "reopen" => Some(Action::Plain("reopen", TicketId(id))),
        "reply" => Some(Action::Words("reply", TicketId(id))),
        "note" => Some(Action::Words("note", TicketId(id))),
        "later" => Some(Action::Later(ReminderId(id))),
        "more" => Some(Action::More(TicketId(id))),
        "whole" => Some(Action::Whole(CommentId(id))),
        _ => None,
    }
}

/// What the platforms must know in advance.
#[must_use]
pub fn surface(commands: Vec<CommandSpec>, settings: &Settings, chat: &str) -> Surface {
    let panel = panel::forms(settings, chat);
    Surface {
        commands,
        shortcuts: vec![OPEN_TICKET.to_owned()],
        on_people: vec![TICKETS.to_owned()],
        form: Arc::new(move |action| panel.get(action).cloned().or_else(|| form(action))),
    }
}

/// The form that an action opens. It waits for nothing: platforms want it at once.
fn form(action: &str) -> Option<Form> {
    let (title, label, long) = match read(action)? {
        Action::Words("reply", _) => ("Reply", "What the customer reads", true),
        Action::Words(..) => ("Internal note", "What the team reads", true),
        Action::Later(_) => (
            "Remind me later",
            "When: in 2 hours, tomorrow 9am, friday",
            false,
        ),
        Action::Word(..) => ("A word about it", "What was good, or could be better", true),
        Action::Missing(_) => ("What is missing?", "What is left to do", true),
        _ => return None,
    };
    Some(Form {
        action: action.to_owned(),
        title: title.to_owned(),
        fields: vec![FormField {
            key: "text".to_owned(),
            label: label.to_owned(),
            long,
            required: true,
            value: String::new(),
            most: MOST,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_read_and_others_are_not() {
        assert_eq!(read("take:7"), Some(Action::Plain("take", TicketId(7))));
        assert_eq!(read("whole:9"), Some(Action::Whole(CommentId(9))));
        assert_eq!(
            read("run:show T-1"),
            Some(Action::Line("show T-1".to_owned()))
        );
        let line = Action::On(TicketId(7), "status open".to_owned());
        assert_eq!(read("on:7:status open"), Some(line));
        assert_eq!(read("panel:"), Some(Action::Panel(None)));
        let category = Action::Panel(Some("billing".to_owned()));
        assert_eq!(read("panel:billing"), Some(category));
        assert_eq!(read("rate:7:4"), Some(Action::Rate(TicketId(7), 4)));
        for wrong in [
            "take", "take:x", "drop:7", "rate:7", "rate:7:x", "word:x:1", "",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_what_needs_words_opens_a_form() {
        assert_eq!(
            form("reply:7").map(|form| form.action),
            Some("reply:7".to_owned())
        );
        for opens in ["note:7", "later:7", "word:7:4", "missing:7"] {
            assert!(form(opens).is_some(), "{opens}");
        }
        for other in [
            "take:7",
            "more:7",
            "whole:7",
            "run:note hi",
            "rate:7:4",
            "accept:7",
        ] {
            assert!(form(other).is_none(), "{other}");
        }
    }
}
