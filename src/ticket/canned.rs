//! The SQL of canned replies.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::ids::PersonId;

/// A canned reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canned {
    /// The word by which it is used.
    pub name: String,
    /// Its text, with variables in it.
    pub body: String,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Writes a canned reply down, in place of one of the same name.
///
/// # Errors
/// If the database does not answer.
pub async fn save(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    name: &str,
    body: &str,
    by: Option<PersonId>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO canned_reply (name, body, author_id, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE
         SET body = excluded.body, author_id = excluded.author_id, updated_at = excluded.updated_at",
        name,
        body,
        by.map(|id| id.0),
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a canned reply away. Returns false if there is none of that name.
///
/// # Errors
/// If the database does not answer.
pub async fn delete(conn: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!("DELETE FROM canned_reply WHERE name = lower($1)", name)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The canned reply of that name.
///
/// # Errors
/// If the database does not answer.
pub async fn get(conn: &mut PgConnection, name: &str) -> Result<Option<Canned>, sqlx::Error> {
    sqlx::query_as!(
        Canned,
        "SELECT name, body, updated_at FROM canned_reply WHERE name = lower($1)",
        name
    )
    .fetch_optional(conn)
    .await
}

/// All canned replies, by name.
///
/// # Errors
/// If the database does not answer.
pub async fn list(conn: &mut PgConnection) -> Result<Vec<Canned>, sqlx::Error> {
    sqlx::query_as!(
        Canned,
        "SELECT name, body, updated_at FROM canned_reply ORDER BY name"
    )
    .fetch_all(conn)
    .await
}
