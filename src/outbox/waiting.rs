//! What a comment is about to do: the customers that it will reach.

use sqlx::PgConnection;

use crate::ids::{CommentId, TicketId};

/// The addresses of the customers to whom a comment was sent, or will be, in order.
///
/// # Errors
/// If the database does not answer.
pub async fn customers(
    conn: &mut PgConnection,
    ticket: TicketId,
    comment: CommentId,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT DISTINCT address FROM outbox
         WHERE ticket_id = $1 AND comment_id = $2 AND audience = 'customer' AND state <> 'dead' ORDER BY address",
        ticket.0,
        comment.0
    )
    .fetch_all(conn)
    .await
}
