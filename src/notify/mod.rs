//! Who hears what: something that happened becomes rows of the outbox, within the caller's transaction.
//!
//! `publish` asks the database once who is concerned, decides in memory, and writes all rows in one
//! statement. Nothing is rendered here: a row holds the values, and the mail is rendered when it is sent.
//!
//! Who hears:
//!
//! | what happened                     | requester, participants     | staff                                        |
//! |-----------------------------------|-----------------------------|----------------------------------------------|
//! | a ticket was opened               | the requester, acknowledged | assignee and watchers; the team when unassigned |
//! | a customer wrote                  | nobody                      | assignee and watchers; the team when unassigned |
//! | staff wrote in public             | all of them                 | assignee and watchers                        |
//! | staff wrote an internal note      | nobody, ever                | assignee and watchers                        |
//! | the status changed                | all of them                 | assignee and watchers; the team when a customer did it on an unassigned ticket |
//! | it waits, and nobody wrote         | the requester               | nobody                                       |
//! | assigned, mentioned               | nobody                      | the one it is about                          |
//! | a target is near                  | nobody                      | the assignee; the team when unassigned       |
//! | a target was missed               | nobody                      | the team's lead, then whom the desk's settings name |
//! | handed over to another team       | nobody                      | watchers and the team                        |
//! | a reply could not be delivered    | nobody                      | its author; assignee or team where there is none |
//!
//! Nobody hears of a ticket's fields, people, links and merges: they stand on its timeline.
//!
//! Nobody hears of their own act, save for the acknowledgement, where an agent asked to be told, and where a customer agreed
//! that the matter is settled. Where
//! an unassigned ticket has no team that can be reached, all active staff hear of it, so that no mail of a
//! customer stands unseen.

mod address;
mod audience;
mod breaker;
mod by;
mod closing;
mod code;
mod customer;
pub mod digest;
mod draft;
mod facts;
mod given;
pub mod letter;
mod notices;
mod outcome;
pub mod posts;
mod question;
mod reach;
mod readdress;
mod reminder;
pub mod render;
mod rows;
mod target;
mod tell;
pub mod withdraw;

pub use address::{is_of, is_own, unwritable};
pub use breaker::{OpenBreaker, open_now as open_breakers};
pub use by::{By, Reach, mail_instead, reach};
pub use code::{CodeAsked, mail_code};
pub use draft::one_line;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::config::Settings;
use crate::ids::{CommentId, OutboxId, PersonId};
use crate::outbox;
use crate::ticket::{Actor, Comment, Ticket};

pub use draft::span;
pub use given::{CommandsGiven, GivenFile, Outcome};
pub use notices::Rejection;
pub use outcome::{Published, Told, Why, Withheld};
pub use readdress::readdress;
pub use reminder::{Reminded, ReminderLine, ReminderNotice, remind};
pub use target::{Circle, TargetNotice, tell_of_targets};

/// A change of status that came with a comment. The ticket that goes with it has the new status already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusMove<'a> {
    /// The key of the status before.
    pub from: &'a str,
    /// Why; it is for staff only.
    pub reason: Option<&'a str>,
}

/// Something that people may have to hear of. Tickets are given as they stand after it.
#[derive(Debug, Clone, Copy)]
pub enum Happening<'a> {
    /// A ticket was opened.
    Opened {
        /// The ticket.
        ticket: &'a Ticket,
        /// Its first comment.
        comment: &'a Comment,
        /// Who opened it.
        actor: Actor,
        /// Whether the mail may be answered: not for automatic mail and imports. `notify.acknowledge` holds beside it.
        acknowledge: bool,
        /// Whether the actor hears too: an agent who forwarded a mail is told what became of it.
        tell_actor: bool,
    },
    /// A comment was added, and with it perhaps the status changed: one mail tells both.
    Commented {
        /// The ticket.
        ticket: &'a Ticket,
        /// The comment.
        comment: &'a Comment,
        /// Who wrote it.
        actor: Actor,
        /// The change of status that came with it.
        moved: Option<StatusMove<'a>>,
    },
    /// The status changed without a word to the customer.
    StatusChanged {
        /// The ticket.
        ticket: &'a Ticket,
        /// The key of the status before.
        from: &'a str,
        /// Why; it is for staff only.
        reason: Option<&'a str>,
        /// Who changed it.
        actor: Actor,
    },
    /// The ticket has a new assignee.
    Assigned {
        /// The ticket.
        ticket: &'a Ticket,
        /// Who assigned it.
        actor: Actor,
    },
    /// The ticket came to another team, and to nobody in it yet.
    HandedOver {
        /// The ticket.
        ticket: &'a Ticket,
        /// Who handed it over.
        actor: Actor,
    },
    /// Something else about the ticket changed: nobody hears of it, and its card shows it.
    Changed {
        /// The ticket.
        ticket: &'a Ticket,
    },
    /// A comment was edited or deleted: nobody hears of it, and its posts show it.
    Edited {
        /// The ticket.
        ticket: &'a Ticket,
        /// The comment as it stands.
        comment: &'a Comment,
    },
    /// An agent was named in a comment.
    Mentioned {
        /// The ticket.
        ticket: &'a Ticket,
        /// The comment.
        comment: &'a Comment,
        /// Who was named.
        person: PersonId,
        /// Who named them.
        actor: Actor,
    },
    /// A ticket waits for its customer, who is asked whether anything is left.
    Nudged {
        /// The ticket.
        ticket: &'a Ticket,
        /// When it closes if nobody answers, where it does.
        closes_at: Option<DateTime<Utc>>,
    },
    /// A person's reply to a customer was given up by the outbox, or came back. Failed notifications to
    /// staff and failed automatic answers are told to nobody: they would fail again.
    DeliveryFailed {
        /// The ticket.
        ticket: &'a Ticket,
        /// The comment it carried.
        comment_id: Option<CommentId>,
        /// The row.
        outbox_id: OutboxId,
        /// The address that could not be reached.
        address: &'a str,
        /// What the server said.
        error: &'a str,
    },
    /// A mail was refused, and its sender may be told.
    MailRejected(Rejection<'a>),
    /// An agent's mail held commands, and the agent is told what became of them.
    CommandsGiven(CommandsGiven<'a>),
    /// The operators are needed.
    Alarm {
        /// The same key is told once: name the matter and the day or hour, such as `credential:support:2026-11-20`.
        key: &'a str,
        /// What is wrong and what to do, in plain sentences.
        text: &'a str,
    },
}

/// Writes the rows that the happening calls for. Two statements in the usual case: one asks who is
/// concerned, one writes.
///
/// # Errors
/// Whatever PostgreSQL says; the transaction is then lost.
pub async fn publish(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    happening: &Happening<'_>,
) -> Result<Published, sqlx::Error> {
    let published = tell::tell(conn, settings, now, happening).await?;
    let mut posts = posts::rows(settings, now, happening);
    posts.extend(posts::edits_for_customers(conn, settings, now, happening).await?);
    outbox::enqueue::enqueue(conn, now, posts).await?;
    Ok(published)
}

/// As [`publish`], for several happenings on tickets of which none is a matter of others, such as openings: in no more
/// statements than for one.
///
/// # Errors
/// As [`publish`].
pub async fn publish_all(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    happenings: &[Happening<'_>],
) -> Result<Vec<Published>, sqlx::Error> {
    let published = tell::of_tickets(conn, settings, now, happenings).await?;
    let mut posts = Vec::new();
    for happening in happenings {
        posts.extend(posts::rows(settings, now, happening));
        posts.extend(posts::edits_for_customers(conn, settings, now, happening).await?);
    }
    outbox::enqueue::enqueue(conn, now, posts).await?;
    Ok(published)
}
