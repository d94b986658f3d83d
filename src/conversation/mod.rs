//! Chat in: what people do on a platform becomes a row, and the row becomes a command, a comment, or nothing, with the
//! reason.
//!
//! [`Listener`] holds the connection to one platform, one copy at a time, and writes down what it hears; [`Handler`] takes
//! the rows, one conversation in order and others beside it, and settles each in one transaction with what came of it. The
//! same event told again is the same row. What was written while nobody listened is read after the newest post that is
//! known of each thread.
//!
//! | in a ticket's thread, or as a reply to one of its posts | comes to                                             |
//! |----------------------------------------------------------|------------------------------------------------------|
//! | plain text                                                | an internal note                                     |
//! | text after the reply prefix                               | a public reply; who gets it is said before it leaves |
//! | `/…`, or text that mentions us                            | a command                                            |
//! | a button, a form, an emoji                                | the command that it stands for                       |
//!
//! A customer's own thread, which they share with the team, is another matter (`customer`): everybody reads everything there,
//! so that what staff writes in it is public, and what the customer writes is theirs. What a customer writes beside such
//! threads, in the conversation that was opened for them, is a comment on the newest of these tickets that is open.
//!
//! Elsewhere, slash commands and text that mentions us are commands too, and the rest is nobody's business: it is not even
//! written down. Only staff is heard in a ticket's thread. Whoever is unknown has no rights; their text is kept in its row
//! and nowhere else.
//!
//! An answer goes by the interaction that it answers, for its author alone. A plain message has no such thing: it is
//! answered in the team's own thread if it was written there, else to its author directly. A public reply from a plain
//! message is therefore announced where the team sees it.

mod amend;
mod complete;
mod customer;
mod fetch;
mod follow;
mod forms;
mod handle;
mod listen;
mod menu;
mod panel;
mod react;
mod say;
mod seat;
mod store;
mod who;
mod words;

pub use follow::Follower;
pub use forms::surface;
pub use handle::Handler;
pub use listen::Listener;
pub use seat::Seat;
pub use store::{Standing, note_check, standings};

use crate::chat::{ChatEvent, EventKind};
use crate::config::chat::ChatSettings;

/// How the entry of a message's own menu is called that opens a ticket from it.
const OPEN_TICKET: &str = "Open a ticket";

/// How the entry of a person's own menu is called that lists their tickets.
const TICKETS: &str = "Tickets";

/// Whether a message was written, changed or taken away where a customer's own thread may be: outside the places of staff, since
/// some platforms open it in a conversation of its own. It is looked then whether the thread is one of theirs.
fn is_among_customers(chat: &ChatSettings, event: &ChatEvent) -> bool {
    let a_message = matches!(
        event.kind,
        EventKind::Posted { .. } | EventKind::Edited { .. } | EventKind::Deleted { .. }
    );
    a_message && chat.customers.is_some() && !chat.has_place(&event.place.place)
}

/// Whether an event is anybody's business here. What people say to one another elsewhere is not written down.
fn concerns_us(chat: &ChatSettings, event: &ChatEvent) -> bool {
    let ours = chat.has_place(&event.place.place);
    match &event.kind {
        EventKind::Posted {
            reply_to, to_us, ..
        } => {
            let answers_ours = reply_to
                .as_ref()
                .is_some_and(|post| chat.has_place(&post.place.place));
            *to_us || (ours && event.place.thread.is_some()) || answers_ours
        }
        EventKind::Edited { .. } | EventKind::Deleted { .. } => ours,
        EventKind::Reacted { emoji, .. } => {
            *emoji == chat.emoji.open
                || (ours && [&chat.emoji.take, &chat.emoji.resolve].contains(&emoji))
        }
        // Answered at once by the listener: nothing comes of it.
        EventKind::Completing { .. } => false,
        EventKind::Command { .. }
        | EventKind::Pressed { .. }
        | EventKind::Submitted { .. }
        | EventKind::OnPerson { .. }
        | EventKind::Shortcut { .. } => true,
    }
}
