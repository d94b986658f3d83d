//! The outbox: everything that goes out is a row here before it is sent.
//!
//! States: `pending` (waits for its time or its next attempt), `sending` (a worker holds a lease on it),
//! `sent`, `dead` (given up, with the reason). The promise is at least once with the same Message-ID: a
//! worker that dies after the server's 250 and before the row is settled sends the same message again
//! once its lease has run out.

pub mod backoff;
pub mod enqueue;
pub mod store;
pub mod waiting;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{CommentId, PersonId, TicketId};

/// For whose eyes a row is. An internal note may only stand in a draft for staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Audience {
    /// A requester or participant.
    Customer,
    /// An agent.
    Staff,
    /// Whoever looks after the machinery.
    Operator,
}

/// How a row leaves.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Channel {
    /// By SMTP.
    Mail,
    /// By a chat platform.
    Chat,
}

/// A row to be written: one recipient, with everything fixed that a second attempt must not change.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRow {
    /// How it leaves.
    pub channel: Channel,
    /// The key that makes writing it twice the same as once.
    pub dedupe_key: String,
    /// Rows of one conversation leave in order.
    pub conversation: String,
    /// For whose eyes it is.
    pub audience: Audience,
    /// The template's folder name.
    pub template: &'static str,
    /// The values that the template is rendered from.
    pub draft: serde_json::Value,
    /// The ticket it is about.
    pub ticket_id: Option<TicketId>,
    /// The comment it carries.
    pub comment_id: Option<CommentId>,
    /// The person it is for.
    pub recipient_id: Option<PersonId>,
    /// The address it goes to, lower-cased.
    pub address: String,
    /// The mailbox whose address it comes from.
    pub mailbox: Option<String>,
    /// The Message-ID it will have, without angle brackets.
    pub message_id: String,
    /// Whether nobody wrote it: null envelope sender and `Auto-Submitted` (RFC 3834).
    pub automatic: bool,
    /// For a row that gathers later events of its conversation until it is first claimed: the template it
    /// takes once it holds more than one. Its draft has a list `events`, each with a `key`.
    pub bundle: Option<&'static str>,
    /// When it may leave.
    pub due_at: DateTime<Utc>,
}
