//! The SQL of a mailbox: its cursor, the lease of the copy that polls it, and how it fares.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::mail::source::Cursor;

/// A login that ends within this span needs a person.
pub const ENDS_SOON: TimeDelta = TimeDelta::days(14);

/// Tries to become the copy that polls this mailbox. It stays so for as long as the connection lives: the
/// lease is a session lock, which PostgreSQL lets go of the moment its holder dies. What is written on this
/// very connection is therefore written by the holder.
///
/// # Errors
/// If the database does not answer.
pub async fn try_lease(conn: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_lock(hashtextextended('frontdesk.mailbox.' || $1, 0)) AS "held!""#,
        name
    )
    .fetch_one(conn)
    .await
}

/// The mailbox's cursor; a new mailbox starts at the beginning.
///
/// # Errors
/// If the database does not answer.
pub async fn cursor(conn: &mut PgConnection, name: &str) -> Result<Cursor, sqlx::Error> {
    let row = sqlx::query!(
        "INSERT INTO mailbox (name) VALUES ($1)
         ON CONFLICT (name) DO UPDATE SET name = excluded.name
         RETURNING uid_validity, last_uid",
        name
    )
    .fetch_one(conn)
    .await?;
    Ok(Cursor {
        uid_validity: row.uid_validity.and_then(|value| u32::try_from(value).ok()),
        last_uid: u32::try_from(row.last_uid).unwrap_or(0),
    })
}

/// Moves the cursor, in the transaction that writes the mails it passes.
///
/// # Errors
/// If the database does not answer.
pub async fn advance(
    conn: &mut PgConnection,
    name: &str,
    cursor: &Cursor,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE mailbox SET uid_validity = $2, last_uid = $3 WHERE name = $1",
        name,
        cursor.uid_validity.map(i64::from),
        i64::from(cursor.last_uid)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that the mailbox was read without trouble, and when its login ends, where that is known.
///
/// # Errors
/// If the database does not answer.
pub async fn succeeded(
    conn: &mut PgConnection,
    name: &str,
    now: DateTime<Utc>,
    login_ends_at: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE mailbox SET last_success_at = $2, credential_bad = false, login_ends_at = $3 WHERE name = $1",
        name,
        now,
        login_ends_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes what went wrong with the mailbox. Returns when it was last read without trouble.
///
/// # Errors
/// If the database does not answer.
pub async fn failed(
    conn: &mut PgConnection,
    name: &str,
    now: DateTime<Utc>,
    error: &str,
    credential: bool,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    let last_success_at = sqlx::query_scalar!(
        "UPDATE mailbox SET last_error = $3, last_error_at = $2, credential_bad = credential_bad OR $4
         WHERE name = $1 RETURNING last_success_at",
        name,
        now,
        error,
        credential
    )
    .fetch_optional(conn)
    .await?;
    Ok(last_success_at.flatten())
}

/// A mail that is safe in the database while the server has not been told so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unacknowledged {
    /// Where it lies.
    pub position: String,
    /// Whether only its beginning is in the database.
    pub truncated: bool,
}

/// The mails that are safe in the database while the server has not been told so.
///
/// # Errors
/// If the database does not answer.
pub async fn unacknowledged(
    conn: &mut PgConnection,
    name: &str,
    limit: i64,
) -> Result<Vec<Unacknowledged>, sqlx::Error> {
    sqlx::query_as!(
        Unacknowledged,
        "SELECT delivery.position, mail.truncated
         FROM inbound_delivery AS delivery JOIN inbound_mail AS mail ON mail.id = delivery.inbound_id
         WHERE delivery.mailbox = $1 AND delivery.acknowledged_at IS NULL LIMIT $2",
        name,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Notes that the server has been told.
///
/// # Errors
/// If the database does not answer.
pub async fn acknowledged(
    conn: &mut PgConnection,
    name: &str,
    now: DateTime<Utc>,
    positions: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE inbound_delivery SET acknowledged_at = $3 WHERE mailbox = $1 AND position = ANY($2)",
        name,
        positions,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How a mailbox fares, for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its name.
    pub name: String,
    /// When it was last read without trouble.
    pub last_success_at: Option<DateTime<Utc>>,
    /// The last trouble.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<DateTime<Utc>>,
    /// Whether the server rejects the login.
    pub credential_bad: bool,
    /// When its login must be authorized again, where that is known.
    pub login_ends_at: Option<DateTime<Utc>>,
}

/// How all mailboxes fare.
///
/// # Errors
/// If the database does not answer.
pub async fn standings(conn: &mut PgConnection) -> Result<Vec<Standing>, sqlx::Error> {
    sqlx::query_as!(
        Standing,
        "SELECT name, last_success_at, last_error, last_error_at, credential_bad, login_ends_at FROM mailbox ORDER BY name"
    )
    .fetch_all(conn)
    .await
}
