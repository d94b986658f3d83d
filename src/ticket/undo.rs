//! The SQL of taking one's own last change back.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Actor;
use crate::ids::{CommentId, PersonId, TicketId};

/// A change that may be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// The event's row.
    pub event: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: String,
    /// The field that changed.
    pub field: Option<String>,
    /// Its value before.
    pub old: Option<String>,
    /// Its value since.
    pub new: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The comment it is about.
    pub comment_id: Option<CommentId>,
    /// Whether that comment closed the ticket.
    pub closing: bool,
}

/// What a person did to a ticket since then and has not taken back, newest first; with it their replies that have not
/// left, and what was done by them, however long ago it is: an edit keeps a reply here for longer.
///
/// # Errors
/// If the database does not answer.
pub async fn deeds(
    conn: &mut PgConnection,
    ticket: TicketId,
    person: PersonId,
    since: DateTime<Utc>,
) -> Result<Vec<Deed>, sqlx::Error> {
    sqlx::query_as!(
        Deed,
        r#"SELECT event.id AS event, at, kind, field, old, new, reason, comment_id AS "comment_id: CommentId",
                  coalesce(comment.is_resolution, false) AS "closing!"
           FROM event LEFT JOIN comment ON comment.id = comment_id
           WHERE event.ticket_id = $1 AND actor_id = $2 AND undoes IS NULL
             AND (at >= $3 OR at IN (
                 SELECT word.at FROM outbox JOIN event AS word USING (comment_id)
                 WHERE outbox.ticket_id = $1 AND audience = 'customer' AND state = 'pending' AND attempt = 0
                   AND word.ticket_id = $1 AND word.actor_id = $2 AND word.kind = 'replied'))
             AND NOT EXISTS (SELECT FROM event AS later WHERE later.ticket_id = $1 AND later.undoes = event.id)
           ORDER BY event.id DESC"#,
        ticket.0,
        person.0,
        since
    )
    .fetch_all(conn)
    .await
}

/// When a ticket last entered a status before that event.
///
/// # Errors
/// If the database does not answer.
pub async fn entered_at(
    conn: &mut PgConnection,
    ticket: TicketId,
    status: &str,
    before: i64,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT max(at) FROM event WHERE ticket_id = $1 AND kind = 'status_changed' AND new = $2 AND id < $3",
        ticket.0,
        status,
        before
    )
    .fetch_one(conn)
    .await
}

/// Appends to the timeline that a change was taken back.
///
/// # Errors
/// If the database does not answer.
pub async fn record(
    conn: &mut PgConnection,
    ticket: TicketId,
    actor: Actor,
    at: DateTime<Utc>,
    deed: &Deed,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO event (ticket_id, at, actor_id, kind, field, old, new, comment_id, undoes)
         VALUES ($1, $2, $3, 'undone', $4, $5, $6, $7, $8)",
        ticket.0,
        at,
        actor.person().map(|id| id.0),
        deed.field,
        deed.new,
        deed.old,
        deed.comment_id.map(|id| id.0),
        deed.event
    )
    .execute(conn)
    .await?;
    Ok(())
}
