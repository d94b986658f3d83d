//! Who somebody on a chat platform is.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Person, store};
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

/// Takes note that the account's person wrote from it.
///
/// # Errors
/// If the database does not answer.
pub async fn wrote(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    platform: &str,
    user_id: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE chat_account SET wrote_at = $3 WHERE platform = $1 AND user_id = $2",
        platform,
        user_id,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
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

/// The person to whom an account belongs.
///
/// # Errors
/// If the database does not answer.
pub async fn person(
    conn: &mut PgConnection,
    platform: &str,
    user: &str,
) -> Result<Option<Person>, sqlx::Error> {
    match person_of(conn, platform, user).await? {
        Some(id) => Ok(Some(store::get(conn, id).await?)),
        None => Ok(None),
    }
}

/// Writes down somebody who is known by their account alone: without rights, without an address, and with a handle made
/// from the name, so that they can be named. Returns the account's person where somebody else was faster.
///
/// # Errors
/// If the database does not answer.
pub async fn adopt(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    platform: &str,
    user: &str,
    name: &str,
) -> Result<Person, sqlx::Error> {
    // Two events of one account at once: the second waits here and finds the first one's person.
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('frontdesk.account.' || $1 || ':' || $2, 0))",
        platform,
        user
    )
    .execute(&mut *conn)
    .await?;
    if let Some(person) = person(conn, platform, user).await? {
        return Ok(person);
    }
    let name = match name.trim() {
        "" => user,
        name => name,
    };
    let id = sqlx::query_scalar!(
        r#"INSERT INTO person (name, role, handle, created_at)
           SELECT $1, 'customer',
                  CASE WHEN EXISTS (SELECT FROM person WHERE handle = $2) THEN NULL ELSE $2 END, $3
           RETURNING id AS "id: PersonId""#,
        name,
        handle(name),
        now
    )
    .fetch_one(&mut *conn)
    .await?;
    link(conn, now, platform, user, id).await?;
    store::get(conn, id).await
}

/// A handle for a name: its ASCII letters and digits in lower case; nothing where it has none.
fn handle(name: &str) -> Option<String> {
    let handle: String = name
        .to_lowercase()
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
        .take(30)
        .collect();
    let begins = handle.starts_with(|c: char| c.is_ascii_lowercase());
    begins.then_some(handle)
}

#[cfg(test)]
mod tests {
    use super::handle;

    #[test]
    fn a_handle_is_made_of_a_name() {
        assert_eq!(handle("Ada Löwe 3").as_deref(), Some("adalwe3"));
        assert_eq!(handle("请求"), None);
        assert_eq!(handle("7of9"), None);
    }
}
