//! What a comment is about to do: the customers that it will reach, and those whom it will not.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use crate::ids::{CommentId, TicketId};

/// The customers to whom a comment was sent, or will be, in order: by their addresses, or by name where it is told in chat.
///
/// # Errors
/// If the database does not answer.
pub async fn customers(
    conn: &mut PgConnection,
    ticket: TicketId,
    comment: CommentId,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT DISTINCT CASE channel WHEN 'chat' THEN coalesce(person.name, address) || ' in chat' ELSE address END AS "who!"
           FROM outbox LEFT JOIN person ON person.id = recipient_id
           WHERE ticket_id = $1 AND comment_id = $2 AND audience = 'customer' AND state <> 'dead' ORDER BY 1"#,
        ticket.0,
        comment.0
    )
    .fetch_all(conn)
    .await
}

/// Says of a comment that somebody has it already, since it was written before their eyes. What waited to tell them never
/// leaves.
///
/// # Errors
/// If the database does not answer.
pub async fn seen_by(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    comment: CommentId,
    address: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE outbox SET state = 'sent', settled_at = $2
         WHERE comment_id = $1 AND channel = 'chat' AND audience = 'customer' AND address = $3 AND state = 'pending'",
        comment.0,
        now,
        address
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Somebody whom the news of a moment does not reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unreached {
    /// The address.
    pub address: String,
    /// Why not.
    pub reason: String,
}

/// To whom what happened to a ticket at this moment was not sent, though they are concerned.
///
/// # Errors
/// If the database does not answer.
pub async fn unreached(
    conn: &mut PgConnection,
    ticket: TicketId,
    at: DateTime<Utc>,
) -> Result<Vec<Unreached>, sqlx::Error> {
    sqlx::query_as!(
        Unreached,
        r#"SELECT new AS "address!", reason AS "reason!" FROM event
           WHERE ticket_id = $1 AND at = $2 AND kind = 'withheld' AND new IS NOT NULL ORDER BY id"#,
        ticket.0,
        at
    )
    .fetch_all(conn)
    .await
}
