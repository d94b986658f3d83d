//! What has happened on the whole desk lately, in the order in which it was written down.

use sqlx::PgConnection;

use crate::ids::{CommentId, TicketId};

/// An event, for somebody who looks on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The event's row.
    pub id: i64,
    /// The ticket it happened to.
    pub ticket_id: TicketId,
    /// What happened.
    pub kind: String,
    /// Its reason, where it has one.
    pub reason: Option<String>,
    /// The comment it is about.
    pub comment_id: Option<CommentId>,
}

/// The events behind this row, oldest first. Transactions end in any order: an event may show up behind others with
/// higher ids.
///
/// # Errors
/// If the database does not answer.
pub async fn since(conn: &mut PgConnection, id: i64, most: i64) -> Result<Vec<News>, sqlx::Error> {
    sqlx::query_as!(
        News,
        r#"SELECT id, ticket_id AS "ticket_id: TicketId", kind, reason, comment_id AS "comment_id: CommentId"
           FROM event WHERE id > $1 ORDER BY id LIMIT $2"#,
        id,
        most
    )
    .fetch_all(conn)
    .await
}

/// The newest event's row.
///
/// # Errors
/// If the database does not answer.
pub async fn newest(conn: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT coalesce(max(id), 0) AS "id!" FROM event"#)
        .fetch_one(conn)
        .await
}
