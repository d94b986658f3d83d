//! The SQL of what becomes of a comment after it was written.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::ids::{CommentId, PersonId, TicketId};

/// Gives a comment other words and keeps those it had. The text as it came and its HTML are dropped: they hold
/// what it no longer says.
///
/// # Errors
/// If the database does not answer.
pub async fn edit(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    comment: CommentId,
    by: PersonId,
    body: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO comment_edit (comment_id, revision, body, edited_by, edited_at)
         SELECT id, 1 + (SELECT count(*) FROM comment_edit WHERE comment_id = $1), body, $2, $3
         FROM comment WHERE id = $1",
        comment.0,
        by.0,
        now
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE comment SET body = $2, full_text = NULL, html = NULL, edited_at = $3 WHERE id = $1",
        comment.0,
        body,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Marks a comment as deleted. Its row stays.
///
/// # Errors
/// If the database does not answer.
pub async fn delete(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    comment: CommentId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE comment SET deleted_at = $2, is_resolution = false WHERE id = $1",
        comment.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Marks one comment of a ticket as its resolution, and no other.
///
/// # Errors
/// If the database does not answer.
pub async fn mark_resolution(
    conn: &mut PgConnection,
    ticket: TicketId,
    comment: CommentId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE comment SET is_resolution = (id = $2) WHERE ticket_id = $1 AND (is_resolution OR id = $2)",
        ticket.0,
        comment.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What a comment said before each edit, oldest first.
///
/// # Errors
/// If the database does not answer.
pub async fn earlier(
    conn: &mut PgConnection,
    comment: CommentId,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT body FROM comment_edit WHERE comment_id = $1 ORDER BY revision",
        comment.0
    )
    .fetch_all(conn)
    .await
}
