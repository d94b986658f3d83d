//! The SQL of what an operator sees of inbound mail, and does to it by hand.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::ids::{InboundId, OutboxId};

/// How much of a message is read for a list: enough for the header of nearly every mail.
const HEAD_BYTES: i32 = 16_384;

/// An inbound mail as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The row.
    pub id: InboundId,
    /// The mailbox it was first found in.
    pub mailbox: String,
    /// Its state.
    pub state: String,
    /// Why it is in that state.
    pub reason: Option<String>,
    /// What went wrong with it.
    pub error: Option<String>,
    /// How often it was tried.
    pub attempt: i32,
    /// When it reached the mailbox.
    pub received_at: DateTime<Utc>,
    /// When it is tried next, while it waits.
    pub due_at: DateTime<Utc>,
    /// When it was settled.
    pub settled_at: Option<DateTime<Utc>>,
    /// Its size in bytes, as the source tells it.
    pub size: i64,
    /// Whether only its beginning was kept.
    pub truncated: bool,
    /// Whether anybody may be written to because of it.
    pub answering: bool,
    /// Whether a person let it pass.
    pub accepted: bool,
    /// The number of the ticket it became or joined.
    pub number: Option<String>,
    /// The message of ours that it returns, or the notice that answers it.
    pub outbox_id: Option<OutboxId>,
    /// The first 16 KiB of the message.
    pub head: Vec<u8>,
}

/// Mails for an operator, newest first: those in `state`, or in any, or only the one with this id.
///
/// # Errors
/// If the database does not answer.
pub async fn list(
    conn: &mut PgConnection,
    state: Option<&str>,
    id: Option<InboundId>,
    limit: i64,
) -> Result<Vec<Entry>, sqlx::Error> {
    sqlx::query_as!(
        Entry,
        r#"SELECT mail.id AS "id: InboundId", mail.mailbox, state, reason, error, attempt, received_at, mail.due_at, settled_at,
                  size, truncated, answering, accepted, ticket.number AS "number?", outbox_id AS "outbox_id: OutboxId",
                  substring(raw FROM 1 FOR $4) AS "head!"
           FROM inbound_mail AS mail LEFT JOIN ticket ON ticket.id = ticket_id
           WHERE ($1::text IS NULL OR state = $1) AND ($2::bigint IS NULL OR mail.id = $2)
           ORDER BY mail.id DESC LIMIT $3"#,
        state,
        id.map(|id| id.0),
        limit,
        HEAD_BYTES
    )
    .fetch_all(conn)
    .await
}

/// The whole message as it came; nothing where there is no such row.
///
/// # Errors
/// If the database does not answer.
pub async fn raw(conn: &mut PgConnection, id: InboundId) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!("SELECT raw FROM inbound_mail WHERE id = $1", id.0)
        .fetch_optional(conn)
        .await
}

/// The row of a message that came before, by what makes it this message and no other.
///
/// # Errors
/// If the database does not answer.
pub async fn known(
    conn: &mut PgConnection,
    message_id: Option<&str>,
    content_hash: &[u8],
) -> Result<Option<(InboundId, String)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT id AS "id: InboundId", state FROM inbound_mail
           WHERE coalesce(message_id, '') = coalesce($1, '') AND content_hash = $2"#,
        message_id,
        content_hash
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.id, row.state)))
}

/// Where a message was found: mailbox, position, and whether the server knows that it is safe here.
///
/// # Errors
/// If the database does not answer.
pub async fn places(
    conn: &mut PgConnection,
    id: InboundId,
) -> Result<Vec<(String, String, bool)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT mailbox, position, acknowledged_at IS NOT NULL AS "acknowledged!"
           FROM inbound_delivery WHERE inbound_id = $1 ORDER BY fetched_at, mailbox"#,
        id.0
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.mailbox, row.position, row.acknowledged))
        .collect())
}

/// Has a mail processed again that became nothing: one that failed, or was quarantined, ignored or rejected.
/// With `accept`, no cap and no spam mark holds it back this time. Returns false if it is in another state, or
/// if its bytes never came.
///
/// # Errors
/// If the database does not answer.
pub async fn replay(
    conn: &mut PgConnection,
    id: InboundId,
    now: DateTime<Utc>,
    accept: bool,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE inbound_mail
         SET state = 'received', attempt = 0, due_at = $2, accepted = accepted OR $3, reason = NULL, error = NULL,
             sender = NULL, settled_at = NULL, ticket_id = NULL, outbox_id = NULL
         WHERE id = $1 AND state IN ('failed', 'quarantined', 'ignored', 'rejected') AND raw <> ''",
        id.0,
        now,
        accept
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The mails in a state, oldest first.
///
/// # Errors
/// If the database does not answer.
pub async fn ids_in(conn: &mut PgConnection, state: &str) -> Result<Vec<InboundId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: InboundId" FROM inbound_mail WHERE state = $1 ORDER BY id"#,
        state
    )
    .fetch_all(conn)
    .await
}

/// How many mails stand in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The state.
    pub state: String,
    /// How many there are.
    pub rows: i64,
    /// How many of them were settled since the moment that was asked for.
    pub lately: i64,
    /// Since when the longest-waiting of them is due.
    pub oldest_due_at: Option<DateTime<Utc>>,
}

/// How many mails stand in each state, and how many of them were settled after `since`.
///
/// # Errors
/// If the database does not answer.
pub async fn census(
    conn: &mut PgConnection,
    since: DateTime<Utc>,
) -> Result<Vec<Count>, sqlx::Error> {
    sqlx::query_as!(
        Count,
        r#"SELECT state, count(*) AS "rows!", count(*) FILTER (WHERE settled_at > $1) AS "lately!",
                  min(due_at) AS oldest_due_at
           FROM inbound_mail GROUP BY state ORDER BY state"#,
        since
    )
    .fetch_all(conn)
    .await
}
