//! The SQL of an opening: a ticket and what stands in it from the first moment on.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::{Actor, Source, Ticket, Visibility};
use crate::config::desk::StatusKind;
use crate::ids::{CommentId, InboundId, OrganizationId, PersonId, TicketId};

/// A ticket to be written down.
#[derive(Debug, Clone)]
pub struct NewTicket<'a> {
    /// Its reserved number.
    pub number: &'a str,
    /// Its subject.
    pub subject: &'a str,
    /// Its type.
    pub ticket_type: Option<&'a str>,
    /// Its category.
    pub category: Option<&'a str>,
    /// Its priority.
    pub priority: &'a str,
    /// Its status.
    pub status: &'a str,
    /// What the status means.
    pub kind: StatusKind,
    /// Who asks.
    pub requester_id: PersonId,
    /// The requester's organization.
    pub organization_id: Option<OrganizationId>,
    /// The team that gets it.
    pub team: Option<&'a str>,
    /// The mailbox that answers for it.
    pub mailbox: Option<&'a str>,
    /// When it is due.
    pub due_at: Option<DateTime<Utc>>,
    /// Its tags.
    pub tags: &'a [String],
    /// Custom fields.
    pub fields: &'a BTreeMap<String, String>,
    /// How it came.
    pub source: Source,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
}

impl NewTicket<'_> {
    /// The ticket as it stands once it is written down.
    #[must_use]
    pub fn into_ticket(self, id: TicketId) -> Ticket {
        Ticket {
            id,
            number: self.number.to_owned(),
            subject: self.subject.to_owned(),
            ticket_type: self.ticket_type.map(str::to_owned),
            category: self.category.map(str::to_owned),
            priority: self.priority.to_owned(),
            status: self.status.to_owned(),
            kind: self.kind,
            requester_id: self.requester_id,
            organization_id: self.organization_id,
            team: self.team.map(str::to_owned),
            source_team: None,
            assignee_id: None,
            mailbox: self.mailbox.map(str::to_owned),
            due_at: self.due_at,
            snoozed_until: None,
            tags: self.tags.to_vec(),
            fields: self.fields.clone(),
            source: self.source,
            opened_at: self.opened_at,
            updated_at: self.opened_at,
            first_responded_at: None,
            resolved_at: None,
            closed_at: None,
            reopened_count: 0,
            merged_into_id: None,
        }
    }
}

/// The first comment of a ticket: what its requester wrote.
#[derive(Debug, Clone, Copy, Default)]
pub struct FirstComment<'a> {
    /// The new words.
    pub body: &'a str,
    /// The whole text, where it differs.
    pub full_text: Option<&'a str>,
    /// Sanitised HTML.
    pub html: Option<&'a str>,
    /// The Message-IDs that lead to the ticket from now on.
    pub message_ids: &'a [String],
    /// The mail it came in.
    pub inbound_id: Option<InboundId>,
}

/// Writes a ticket down with its first comment, which is public and not of staff, the ids that lead to it, and the
/// first event of its timeline: `actor` opened it. One statement, since mail is taken in at the pace of its round trips.
///
/// # Errors
/// If the database does not answer.
pub async fn write(
    conn: &mut PgConnection,
    new: &NewTicket<'_>,
    comment: &FirstComment<'_>,
    actor: Actor,
) -> Result<(TicketId, CommentId), sqlx::Error> {
    let row = sqlx::query!(
        r#"WITH opened AS (
               INSERT INTO ticket (number, subject, ticket_type, category, priority, status, status_kind, requester_id,
                                   organization_id, team, mailbox, fields, source, opened_at, updated_at, due_at, tags)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $22, $23)
               RETURNING id
           ), said AS (
               INSERT INTO comment (ticket_id, author_id, visibility, by_staff, body, full_text, html, source, created_at)
               SELECT opened.id, $8, $15, false, $16, $17, $18, $13, $14 FROM opened
               RETURNING id, ticket_id
           ), remembered AS (
               INSERT INTO thread_reference (message_id, ticket_id, created_at)
               SELECT message_id, opened.id, $14
               FROM opened, unnest($19::text[]) AS message_id WHERE length(message_id) <= 998
               ON CONFLICT DO NOTHING
           ), told AS (
               INSERT INTO event (ticket_id, at, actor_id, kind, new, comment_id, inbound_id)
               SELECT said.ticket_id, $14, $20, 'opened', $1, said.id, $21 FROM said
           )
           SELECT ticket_id AS "ticket: TicketId", id AS "comment: CommentId" FROM said"#,
        new.number,
        new.subject,
        new.ticket_type,
        new.category,
        new.priority,
        new.status,
        new.kind as StatusKind,
        new.requester_id.0,
        new.organization_id.map(|id| id.0),
        new.team,
        new.mailbox,
        Json(new.fields) as _,
        new.source as Source,
        new.opened_at,
        Visibility::Public as Visibility,
        comment.body,
        comment.full_text,
        comment.html,
        comment.message_ids,
        actor.person().map(|id| id.0),
        comment.inbound_id.map(|id| id.0),
        new.due_at,
        new.tags,
    )
    .fetch_one(conn)
    .await?;
    Ok((row.ticket, row.comment))
}
