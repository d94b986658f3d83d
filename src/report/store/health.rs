//! The desk's own health.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A mailbox that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailingMailbox {
    /// Its name.
    pub name: String,
    /// What went wrong last.
    pub error: String,
}

/// The mailboxes whose last reading failed.
///
/// # Errors
/// If the database does not answer.
pub async fn failing_mailboxes(
    conn: &mut PgConnection,
) -> Result<Vec<FailingMailbox>, sqlx::Error> {
    sqlx::query_as!(
        FailingMailbox,
        r#"SELECT name, coalesce(last_error, 'its login is refused') AS "error!" FROM mailbox
           WHERE credential_bad OR last_error_at > coalesce(last_success_at, '-infinity') ORDER BY name"#
    )
    .fetch_all(conn)
    .await
}

/// What went wrong within a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trouble {
    /// Rows of the outbox that the machinery gave up within it; not those that somebody cancelled.
    pub dead_deliveries: i64,
    /// Addresses that were suppressed within it and are still.
    pub suppressed: i64,
    /// Mails that wait for a person now: held back, or not understood.
    pub mails_to_look_at: i64,
}

/// What went wrong from `from` until before `to`.
///
/// # Errors
/// If the database does not answer.
pub async fn trouble(
    conn: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Trouble, sqlx::Error> {
    sqlx::query_as!(
        Trouble,
        r#"SELECT (SELECT count(*) FROM outbox WHERE state = 'dead' AND settled_at >= $1 AND settled_at < $2
                     AND errors -> -1 ->> 'error' = last_error) AS "dead_deliveries!",
                  (SELECT count(*) FROM suppression
                   WHERE lifted_at IS NULL AND created_at >= $1 AND created_at < $2) AS "suppressed!",
                  (SELECT count(*) FROM inbound_mail WHERE state IN ('quarantined', 'failed')) AS "mails_to_look_at!""#,
        from,
        to
    )
    .fetch_one(conn)
    .await
}
