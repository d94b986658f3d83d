//! What of a happening goes into chat: the ticket's thread, its card, and what was said, for staff alone; and what a customer
//! is told in their own thread (`customer`), in which no note ever stands.
//!
//! A row names what is to be posted, and the post is made when it leaves ([`write`](self::write)): a card always shows
//! the ticket as it stands, and however many changes wait, one edit shows them all.
//!
//! | what happened                        | in the ticket's thread                           |
//! |--------------------------------------|--------------------------------------------------|
//! | anything at all, and there is none   | it is opened, with the card                      |
//! | a comment was written                | it is posted, unless it was written right there  |
//! | a comment was edited or deleted      | its post is edited                               |
//! | the ticket changed                   | the card is edited, and nothing is posted        |
//! | the ticket goes on in another place  | a thread opens there, and the old one says so    |
//! | a reply could not be delivered       | it says so                                       |
//!
//! A ticket that merely comes back to a place goes on in the thread that it has there.
//!
//! What is for one person alone, and digests for a place, are rows as well ([`personal`](self::personal)).

mod card;
mod closing;
mod customer;
mod facts;
mod files;
mod in_thread;
mod live;
mod lost;
mod panel;
mod personal;
mod settle;
mod write;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Happening;
use super::draft::{clean, one_line};
use super::rows::value;
use crate::config::Settings;
use crate::config::chat::ChatSettings;
use crate::ids::{CommentId, TicketId};
use crate::outbox::{Audience, Channel, NewRow};
use crate::ticket::Ticket;
use crate::ticket::token::unique;

pub(super) use customer::edits as edits_for_customers;
pub(super) use in_thread::InThread;
pub use in_thread::{address, open_thread};
pub use live::{card_now, comment_now};
pub use lost::lost;
pub use panel::show as show_panel;
pub use personal::by_mail_instead;
pub(super) use personal::{to_person, to_place};
pub use settle::settle;
use write::Written;
pub use write::{Post, PostError, write};

/// The row that opens a thread.
const THREAD: &str = "chat_thread";
/// The row that edits the card.
const CARD: &str = "chat_card";
/// The row that posts a comment.
const COMMENT: &str = "chat_comment";
/// The row that edits the posts of a comment.
const EDIT: &str = "chat_edit";
/// The row that says that the ticket is worked elsewhere.
const MOVED: &str = "chat_moved";
/// The row that says that a reply did not arrive.
const FAILED: &str = "chat_failed";

/// The row that opens a customer's own thread.
const CUSTOMER_THREAD: &str = "chat_customer_thread";
/// The row that tells a customer something in their thread.
const CUSTOMER: &str = "chat_customer";
/// The row that edits the posts of a comment in a customer's thread.
const CUSTOMER_EDIT: &str = "chat_customer_edit";
/// The row that posts the panel, or brings it up to date.
const PANEL: &str = "chat_panel";

/// What a chat row holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Draft {
    /// The platform's name in the configuration.
    platform: String,
    /// The channel.
    place: String,
    /// The person whom it goes to alone, by the platform's id.
    user: String,
    /// What the edit of a card shows: one key, so that a second change joins the edit that waits.
    events: Vec<Key>,
    /// The address that could not be reached.
    address: String,
    /// What its server said.
    error: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    key: String,
}

/// Whether a row of this template is a post for chat rather than a mail.
#[must_use]
pub fn is_post(template: &str) -> bool {
    personal::is_personal(template)
        || [
            THREAD,
            CARD,
            COMMENT,
            EDIT,
            MOVED,
            FAILED,
            CUSTOMER_THREAD,
            CUSTOMER,
            CUSTOMER_EDIT,
            PANEL,
        ]
        .contains(&template)
}

/// The platform that a row is for, by its name in the configuration.
#[must_use]
pub fn platform_of(draft: &serde_json::Value) -> &str {
    let name = draft.get("platform").and_then(serde_json::Value::as_str);
    name.unwrap_or_default()
}

/// The rows for a happening on all platforms.
pub(super) fn rows(
    settings: &Settings,
    now: DateTime<Utc>,
    happening: &Happening<'_>,
) -> Vec<NewRow> {
    let Some(ticket) = ticket_of(happening) else {
        return Vec::new();
    };
    let chats = settings.chats.iter();
    chats
        .filter_map(|chat| {
            let place = chat.place_for(ticket.team.as_deref(), ticket.category.as_deref())?;
            let writer = Writer {
                chat,
                now,
                ticket,
                place,
            };
            Some(writer.rows(happening))
        })
        .flatten()
        .collect()
}

/// The rows that bring a ticket's card up to date on all platforms: time alone changes what it says, too.
pub(super) fn cards(settings: &Settings, now: DateTime<Utc>, ticket: &Ticket) -> Vec<NewRow> {
    rows(settings, now, &Happening::Changed { ticket })
}

fn ticket_of<'a>(happening: &Happening<'a>) -> Option<&'a Ticket> {
    match *happening {
        Happening::Opened { ticket, .. }
        | Happening::Commented { ticket, .. }
        | Happening::Edited { ticket, .. }
        | Happening::StatusChanged { ticket, .. }
        | Happening::Assigned { ticket, .. }
        | Happening::HandedOver { ticket, .. }
        | Happening::Changed { ticket }
        | Happening::DeliveryFailed { ticket, .. } => Some(ticket),
        _ => None,
    }
}

/// Everything that the rows of one happening on one platform share.
struct Writer<'a> {
    chat: &'a ChatSettings,
    now: DateTime<Utc>,
    ticket: &'a Ticket,
    place: &'a str,
}

impl Writer<'_> {
    fn rows(&self, happening: &Happening<'_>) -> Vec<NewRow> {
        let mut rows = vec![self.thread()];
        match happening {
            Happening::Opened { comment, .. } => {
                rows.push(self.comment(COMMENT, comment.id));
                return rows;
            }
            Happening::Commented { comment, .. } => rows.push(self.comment(COMMENT, comment.id)),
            Happening::Edited { comment, .. } => {
                rows.push(self.comment(EDIT, comment.id));
                return rows;
            }
            Happening::DeliveryFailed {
                outbox_id,
                address,
                error,
                ..
            } => {
                let draft = Draft {
                    address: one_line(address),
                    error: clean(error),
                    ..self.draft()
                };
                rows.push(self.row(FAILED, &format!("failed:{outbox_id}"), &draft));
            }
            _ => {}
        }
        rows.push(self.card());
        rows
    }

    fn thread(&self) -> NewRow {
        let key = format!("thread:{}:{}", self.place, self.ticket.id);
        self.row(THREAD, &key, &self.draft())
    }

    fn card(&self) -> NewRow {
        let draft = Draft {
            events: vec![Key {
                key: CARD.to_owned(),
            }],
            ..self.draft()
        };
        let mut row = self.row(CARD, &format!("card:{}", unique()), &draft);
        row.bundle = Some(CARD);
        row
    }

    fn comment(&self, template: &'static str, comment: CommentId) -> NewRow {
        let key = match template {
            EDIT => format!("edit:{comment}:{}", unique()),
            _ => format!("comment:{comment}"),
        };
        let mut row = self.row(template, &key, &self.draft());
        row.comment_id = Some(comment);
        row
    }

    fn draft(&self) -> Draft {
        Draft {
            platform: self.chat.name.clone(),
            place: self.place.to_owned(),
            ..Draft::default()
        }
    }

    fn row(&self, template: &'static str, key: &str, draft: &Draft) -> NewRow {
        row(template, key, draft, self.ticket.id, self.now)
    }
}

/// What the places hear that a ticket left when its thread opened in another one.
fn moved(platform: &str, from: &str, to: &str, ticket: TicketId, now: DateTime<Utc>) -> NewRow {
    let draft = Draft {
        platform: platform.to_owned(),
        place: from.to_owned(),
        ..Draft::default()
    };
    let key = format!("moved:{ticket}:{from}:{to}");
    row(MOVED, &key, &draft, ticket, now)
}

/// A row due at once, in the order of the ticket's other rows on this platform.
fn row(
    template: &'static str,
    key: &str,
    draft: &Draft,
    ticket: TicketId,
    now: DateTime<Utc>,
) -> NewRow {
    let platform = &draft.platform;
    NewRow {
        channel: Channel::Chat,
        dedupe_key: format!("chat:{platform}:{key}"),
        conversation: format!("chat:{platform}:{ticket}"),
        audience: Audience::Staff,
        template,
        draft: value(draft),
        ticket_id: Some(ticket),
        comment_id: None,
        recipient_id: None,
        address: format!("{platform}:{}", draft.place),
        mailbox: None,
        message_id: format!("chat.{}", unique()),
        automatic: false,
        bundle: None,
        due_at: now,
    }
}
