//! Who somebody on a chat platform is.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::ids::PersonId;

/// An account on a chat platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatAccount {
    /// The platform's name in the configuration.
    pub platform: String,
    /// The platform's id of the user.
    pub user_id: String,
    /// Whose it is.
    pub person_id: PersonId,
}

/// Says that an account is a person's. One that was somebody else's is theirs from now on.
///
/// # Errors
/// If the database does not answer.
pub async fn link(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    platform: &str,
    user_id: &str,
    person: PersonId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO chat_account (platform, user_id, person_id, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (platform, user_id) DO UPDATE
         SET person_id = excluded.person_id, created_at = excluded.created_at",
        platform,
        user_id,
        person.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Says that an account is nobody's. Returns false if it was nobody's before.
///
/// # Errors
/// If the database does not answer.
pub async fn unlink(
    conn: &mut PgConnection,
    platform: &str,
    user_id: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM chat_account WHERE platform = $1 AND user_id = $2",
        platform,
        user_id
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whose account it is.
///
/// # Errors
/// If the database does not answer.
pub async fn person_of(
    conn: &mut PgConnection,
    platform: &str,
    user_id: &str,
) -> Result<Option<PersonId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT person_id AS "id: PersonId" FROM chat_account WHERE platform = $1 AND user_id = $2"#,
        platform,
        user_id
    )
    .fetch_optional(conn)
    .await
}

/// A person's accounts.
///
/// # Errors
/// If the database does not answer.
pub async fn of(
    conn: &mut PgConnection,
    person: PersonId,
) -> Result<Vec<ChatAccount>, sqlx::Error> {
    sqlx::query_as!(
        ChatAccount,
        r#"SELECT platform, user_id, person_id AS "person_id: PersonId" FROM chat_account
           WHERE person_id = $1 ORDER BY platform, user_id"#,
        person.0
    )
    .fetch_all(conn)
    .await
}
