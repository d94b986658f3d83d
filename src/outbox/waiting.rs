//! What a comment is about to do: the customers that it will reach.

use chrono::{DateTime, Utc};
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
