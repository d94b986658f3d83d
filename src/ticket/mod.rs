//! The ticket: its shape, its workflow, its number, its timeline and the threads that lead to it.

pub mod bulk;
pub mod canned;
pub mod chat_thread;
pub mod close_request;
pub mod customer_thread;
pub mod find;
pub mod link;
pub mod listed;
pub mod merge;
pub mod news;
pub mod number;
pub mod opening;
pub mod part;
pub mod query;
pub mod rating;
pub mod revision;
pub mod search;
pub mod store;
pub mod thread;
pub mod timeline;
pub mod token;
pub mod transcript;
pub mod undo;
pub mod workflow;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::config::desk::StatusKind;
use crate::ids::{CommentId, OrganizationId, PersonId, TicketId};

/// A ticket as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    /// The row.
    pub id: TicketId,
    /// What people call it; it never changes.
    pub number: String,
    /// The subject.
    pub subject: String,
    /// The type's key.
    pub ticket_type: Option<String>,
    /// The category's key.
    pub category: Option<String>,
    /// The priority's key.
    pub priority: String,
    /// The status's key.
    pub status: String,
    /// What the status means to the machinery.
    pub kind: StatusKind,
    /// Who asked.
    pub requester_id: PersonId,
    /// The requester's organization when it was opened.
    pub organization_id: Option<OrganizationId>,
    /// The team that has it.
    pub team: Option<String>,
    /// The team it came from.
    pub source_team: Option<String>,
    /// The agent who has it.
    pub assignee_id: Option<PersonId>,
    /// The mailbox that answers for it.
    pub mailbox: Option<String>,
    /// When it is due.
    pub due_at: Option<DateTime<Utc>>,
    /// Until when it is out of sight, unless its customer writes before.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// Custom fields.
    pub fields: BTreeMap<String, String>,
    /// How it came.
    pub source: Source,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When anything last happened to it.
    pub updated_at: DateTime<Utc>,
    /// When a person of the team first answered in public.
    pub first_responded_at: Option<DateTime<Utc>>,
    /// When it was last resolved; empty while it is not.
    pub resolved_at: Option<DateTime<Utc>>,
    /// When it was last closed; empty while it is not.
    pub closed_at: Option<DateTime<Utc>>,
    /// How often it came back after it was resolved or closed.
    pub reopened_count: i32,
    /// The ticket that took it in.
    pub merged_into_id: Option<TicketId>,
}

/// How something came to the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Source {
    /// A mail.
    Mail,
    /// A chat platform.
    Chat,
    /// A command on the machine itself.
    Command,
    /// An archive.
    Import,
}

/// Who may read a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody who takes part in the ticket.
    Public,
    /// Staff only, by every path.
    Internal,
}

/// A comment as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Comment {
    /// The row.
    pub id: CommentId,
    /// Its ticket.
    pub ticket_id: TicketId,
    /// Who wrote it.
    pub author_id: PersonId,
    /// The author's name.
    pub author_name: String,
    /// Who may read it.
    pub visibility: Visibility,
    /// Whether the author wrote as staff.
    pub by_staff: bool,
    /// Whether it marks the resolution.
    pub is_resolution: bool,
    /// The new words.
    pub body: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was last edited.
    pub edited_at: Option<DateTime<Utc>>,
    /// When it was deleted.
    pub deleted_at: Option<DateTime<Utc>>,
    /// Names and sizes of its files.
    pub attachments: Vec<AttachmentInfo>,
}

/// A file of a comment, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentInfo {
    /// Its name.
    pub name: String,
    /// `type/subtype`.
    pub content_type: String,
    /// Its size in bytes.
    pub bytes: i64,
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    Person(PersonId),
    /// The machinery itself; the event's reason says why.
    System,
}

impl Actor {
    /// The person, if it was one.
    #[must_use]
    pub fn person(self) -> Option<PersonId> {
        match self {
            Self::Person(id) => Some(id),
            Self::System => None,
        }
    }
}
