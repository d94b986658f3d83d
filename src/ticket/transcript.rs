//! What a transcript of a ticket holds: its comments in order, and for staff its events.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use super::query::Sight;
use super::timeline;
use super::{AttachmentInfo, Comment, Ticket, Visibility};
use crate::people;

/// A ticket from its first word to its last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Transcript {
    /// Its number.
    pub number: String,
    /// Its subject.
    pub subject: String,
    /// Its status's key.
    pub status: String,
    /// The requester's name.
    pub requester: String,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// What happened, in order.
    pub entries: Vec<Entry>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// Somebody wrote.
    Comment {
        /// When.
        at: DateTime<Utc>,
        /// Who.
        author: String,
        /// Whether only staff may read it.
        internal: bool,
        /// Whether it solved the matter.
        resolution: bool,
        /// Whether it was edited.
        edited: bool,
        /// The words.
        text: String,
        /// The names and sizes of its files.
        files: Vec<AttachmentInfo>,
    },
    /// Something else happened; for staff only.
    Event {
        /// When.
        at: DateTime<Utc>,
        /// Who did it; nobody where the machinery did.
        actor: Option<String>,
        /// What.
        what: String,
        /// The field that changed.
        field: Option<String>,
        /// Its value before.
        old: Option<String>,
        /// Its value since.
        new: Option<String>,
        /// Why.
        reason: Option<String>,
        /// How the message it tells of stands: `pending`, `sending`, `sent` or `dead`.
        #[serde(skip_serializing_if = "Option::is_none")]
        delivery: Option<String>,
    },
}

impl Entry {
    fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Comment { at, .. } | Self::Event { at, .. } => *at,
        }
    }
}

/// A ticket's transcript for these eyes. Comments that were deleted are in none. A customer's has the public
/// comments and nothing else: events say what staff does among itself.
///
/// # Errors
/// If the database does not answer.
pub async fn of(
    conn: &mut PgConnection,
    ticket: &Ticket,
    sight: Sight,
) -> Result<Transcript, sqlx::Error> {
    let requester = people::store::get(conn, ticket.requester_id).await?;
    let comments = timeline::comments(conn, ticket.id).await?;
    let mut entries: Vec<Entry> = comments
        .into_iter()
        .filter(|comment| comment.deleted_at.is_none())
        .filter(|comment| sight == Sight::Staff || comment.visibility == Visibility::Public)
        .map(of_comment)
        .collect();
    if sight == Sight::Staff {
        entries.extend(events(conn, ticket).await?);
        entries.sort_by_key(Entry::at);
    }
    Ok(Transcript {
        number: ticket.number.clone(),
        subject: ticket.subject.clone(),
        status: ticket.status.clone(),
        requester: requester.name,
        opened_at: ticket.opened_at,
        entries,
    })
}

fn of_comment(comment: Comment) -> Entry {
    Entry::Comment {
        at: comment.created_at,
        author: comment.author_name,
        internal: comment.visibility == Visibility::Internal,
        resolution: comment.is_resolution,
        edited: comment.edited_at.is_some(),
        text: comment.body,
        files: comment.attachments,
    }
}

/// The events, without those that a comment stands for.
async fn events(conn: &mut PgConnection, ticket: &Ticket) -> Result<Vec<Entry>, sqlx::Error> {
    let events = timeline::events(conn, ticket.id).await?;
    Ok(events
        .into_iter()
        .filter(|event| !matches!(event.kind.as_str(), "replied" | "noted"))
        .map(|event| Entry::Event {
            at: event.at,
            actor: event.actor_name,
            what: event.kind.replace('_', " "),
            field: event.field,
            old: event.old,
            new: event.new,
            reason: event.reason,
            delivery: event.delivery.filter(|_| event.kind == "reminded"),
        })
        .collect())
}
