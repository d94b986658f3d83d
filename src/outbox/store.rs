//! The SQL of the outbox's reading half: claim, settle, and what an operator does by hand.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Audience, Channel};
use crate::ids::{CommentId, OutboxId, PersonId, TicketId};

/// After this many attempts a row no longer holds up the later ones of its conversation.
const ATTEMPTS_IN_ORDER: i32 = 4;

/// A row that a worker holds a lease on.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The row.
    pub id: OutboxId,
    /// For whose eyes it is.
    pub audience: Audience,
    /// The template's folder name.
    pub template: String,
    /// The values that the template is rendered from.
    pub draft: serde_json::Value,
    /// The ticket it is about.
    pub ticket_id: Option<TicketId>,
    /// The comment it carries.
    pub comment_id: Option<CommentId>,
    /// The person it is for.
    pub recipient_id: Option<PersonId>,
    /// The address it goes to.
    pub address: String,
    /// The mailbox it comes from.
    pub mailbox: Option<String>,
    /// Its Message-ID.
    pub message_id: String,
    /// Whether nobody wrote it.
    pub automatic: bool,
    /// How often it has been tried, this time included.
    pub attempt: i32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// Takes up to `limit` rows that are due, oldest first, under `lease` until `leased_until`. Rows whose
/// lease has run out are taken again: their worker died, before or after it sent them.
///
/// A row waits while an earlier one of its conversation has not left, unless that one has failed several
/// times: a bad row delays its conversation for minutes, never for days, and no other conversation at all.
///
/// It is a transaction of its own, on a connection of [`crate::db::connect_claims`].
///
/// # Errors
/// If the database does not answer.
pub async fn claim(
    conn: &mut PgConnection,
    channel: Channel,
    lease: Uuid,
    now: DateTime<Utc>,
    leased_until: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Claimed>, sqlx::Error> {
    // OFFSET 0 keeps the subquery a look-up by key: a plan made on an empty queue would read all of it for each row.
    let mut rows = sqlx::query_as!(
        Claimed,
        r#"UPDATE outbox SET state = 'sending', attempt = attempt + 1, lease = $2, leased_until = $4
           WHERE id = ANY (ARRAY(
               SELECT id FROM outbox AS candidate
               WHERE state IN ('pending', 'sending') AND channel = $1 AND due_at <= $3
                 AND (state = 'pending' OR leased_until < $3)
                 AND NOT EXISTS (
                     SELECT FROM outbox AS earlier
                     WHERE earlier.conversation = candidate.conversation AND earlier.id < candidate.id
                       AND earlier.state IN ('pending', 'sending') AND earlier.attempt < $6 OFFSET 0)
               ORDER BY due_at, id LIMIT $5
               FOR UPDATE SKIP LOCKED))
           RETURNING id AS "id: OutboxId", audience AS "audience: Audience", template, draft,
                     ticket_id AS "ticket_id: TicketId", comment_id AS "comment_id: CommentId",
                     recipient_id AS "recipient_id: PersonId", address, mailbox, message_id, automatic, attempt, created_at"#,
        channel as Channel,
        lease,
        now,
        leased_until,
        limit,
        ATTEMPTS_IN_ORDER,
    )
    .fetch_all(conn)
    .await?;
    rows.sort_by_key(|row| row.id);
    Ok(rows)
}

/// Settles a row as sent. Returns false if the lease was lost in the meantime; whoever holds it now decides.
///
/// # Errors
/// If the database does not answer.
pub async fn settle_sent(
    conn: &mut PgConnection,
    id: OutboxId,
    lease: Uuid,
    now: DateTime<Utc>,
    provider_id: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE outbox SET state = 'sent', settled_at = $3, provider_id = $4, lease = NULL, leased_until = NULL
         WHERE id = $1 AND lease = $2",
        id.0,
        lease,
        now,
        provider_id
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts a row that could not be sent back until `due_at`, or settles it as dead where that is `None`. Returns false if
/// the lease was lost.
///
/// # Errors
/// If the database does not answer.
pub async fn settle_failure(
    conn: &mut PgConnection,
    id: OutboxId,
    lease: Uuid,
    now: DateTime<Utc>,
    due_at: Option<DateTime<Utc>>,
    error: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE outbox
         SET state = CASE WHEN $4::timestamptz IS NULL THEN 'dead' ELSE 'pending' END, due_at = coalesce($4, due_at),
             settled_at = CASE WHEN $4::timestamptz IS NULL THEN $3::timestamptz END, lease = NULL, leased_until = NULL,
             last_error = $5,
             errors = errors || jsonb_build_array(jsonb_build_object('at', $3::timestamptz, 'error', $5::text))
         WHERE id = $1 AND lease = $2",
        id.0,
        lease,
        now,
        due_at,
        error
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A row as an operator sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The row.
    pub id: OutboxId,
    /// `pending`, `sending`, `sent` or `dead`.
    pub state: String,
    /// For whose eyes it is.
    pub audience: Audience,
    /// The template's folder name.
    pub template: String,
    /// The values that the template is rendered from.
    pub draft: serde_json::Value,
    /// The ticket's number.
    pub number: Option<String>,
    /// The ticket.
    pub ticket_id: Option<TicketId>,
    /// The comment it carries.
    pub comment_id: Option<CommentId>,
    /// The person it is for.
    pub recipient_id: Option<PersonId>,
    /// The address it goes to.
    pub address: String,
    /// Its Message-ID.
    pub message_id: String,
    /// Whether nobody wrote it.
    pub automatic: bool,
    /// How often it has been tried.
    pub attempt: i32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it may leave.
    pub due_at: DateTime<Utc>,
    /// When it was sent or given up.
    pub settled_at: Option<DateTime<Utc>>,
    /// The last failure.
    pub last_error: Option<String>,
}

/// Rows for an operator, newest first: those in `state`, or in any, or only the one with this id.
///
/// # Errors
/// If the database does not answer.
pub async fn list(
    conn: &mut PgConnection,
    state: Option<&str>,
    id: Option<OutboxId>,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT outbox.id AS "id: OutboxId", state, audience AS "audience: Audience", template, draft, ticket.number AS "number?",
                  ticket_id AS "ticket_id: TicketId", comment_id AS "comment_id: CommentId",
                  recipient_id AS "recipient_id: PersonId", address, message_id, automatic, attempt, created_at,
                  outbox.due_at, settled_at, last_error
           FROM outbox LEFT JOIN ticket ON ticket.id = outbox.ticket_id
           WHERE ($1::text IS NULL OR state = $1) AND ($2::bigint IS NULL OR outbox.id = $2)
           ORDER BY outbox.id DESC LIMIT $3"#,
        state,
        id.map(|id| id.0),
        limit
    )
    .fetch_all(conn)
    .await
}

/// One row as an operator sees it.
///
/// # Errors
/// If the database does not answer.
pub async fn get(conn: &mut PgConnection, id: OutboxId) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT outbox.id AS "id: OutboxId", state, audience AS "audience: Audience", template, draft, ticket.number AS "number?",
                  ticket_id AS "ticket_id: TicketId", comment_id AS "comment_id: CommentId",
                  recipient_id AS "recipient_id: PersonId", address, message_id, automatic, attempt, created_at,
                  outbox.due_at, settled_at, last_error
           FROM outbox LEFT JOIN ticket ON ticket.id = outbox.ticket_id
           WHERE outbox.id = $1"#,
        id.0
    )
    .fetch_optional(conn)
    .await
}

/// The row whose message had this Message-ID.
///
/// # Errors
/// If the database does not answer.
pub async fn by_message_id(
    conn: &mut PgConnection,
    message_ids: &[String],
) -> Result<Option<OutboxId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: OutboxId" FROM outbox WHERE message_id = ANY($1) ORDER BY id DESC LIMIT 1"#,
        message_ids
    )
    .fetch_optional(conn)
    .await
}

/// Makes a waiting or dead row due at once. Returns false if it is being sent or was sent.
///
/// # Errors
/// If the database does not answer.
pub async fn retry(
    conn: &mut PgConnection,
    id: OutboxId,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    // `created_at` moves too: it is what the days of retrying are counted from. `attempt` is at least one, since
    // a row that was never tried gathers later events, and there may be another such row by now.
    let done = sqlx::query!(
        "UPDATE outbox SET state = 'pending', attempt = greatest(attempt, 1), due_at = $2, created_at = $2, settled_at = NULL
         WHERE id = $1 AND state IN ('pending', 'dead')",
        id.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a waiting row up before it leaves. Returns false if it is being sent or was sent.
///
/// # Errors
/// If the database does not answer.
pub async fn cancel(
    conn: &mut PgConnection,
    id: OutboxId,
    now: DateTime<Utc>,
    reason: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE outbox SET state = 'dead', settled_at = $2, last_error = $3 WHERE id = $1 AND state = 'pending'",
        id.0,
        now,
        reason
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The dead rows that were given up by the machinery, oldest first; not those that somebody cancelled.
///
/// # Errors
/// If the database does not answer.
pub async fn given_up(conn: &mut PgConnection) -> Result<Vec<OutboxId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: OutboxId" FROM outbox
           WHERE state = 'dead' AND errors -> -1 ->> 'error' = last_error ORDER BY id"#
    )
    .fetch_all(conn)
    .await
}

/// Whether any of the mails with these Message-IDs asked its reader how it was; nothing where none of them is known.
///
/// # Errors
/// If the database does not answer.
pub async fn asked_for_rating(
    conn: &mut PgConnection,
    message_ids: &[String],
) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT bool_or(draft -> 'rates' = 'true') FROM outbox WHERE message_id = ANY($1)",
        message_ids
    )
    .fetch_one(conn)
    .await
}

/// A row as a worker would get it, without a lease: for showing what would be sent.
///
/// # Errors
/// If the database does not answer.
pub async fn peek(conn: &mut PgConnection, id: OutboxId) -> Result<Option<Claimed>, sqlx::Error> {
    sqlx::query_as!(
        Claimed,
        r#"SELECT id AS "id: OutboxId", audience AS "audience: Audience", template, draft,
                  ticket_id AS "ticket_id: TicketId", comment_id AS "comment_id: CommentId",
                  recipient_id AS "recipient_id: PersonId", address, mailbox, message_id, automatic, attempt, created_at
           FROM outbox WHERE id = $1"#,
        id.0
    )
    .fetch_optional(conn)
    .await
}

/// How the outbox stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Rows that wait for their time or their next attempt.
    pub pending: i64,
    /// Those of them that failed before.
    pub retrying: i64,
    /// Rows that a worker has.
    pub sending: i64,
    /// Rows that left.
    pub sent: i64,
    /// Rows that were given up or cancelled.
    pub dead: i64,
    /// Those of them that were given up by the machinery since the moment that was asked for.
    pub given_up_lately: i64,
    /// When the oldest row that has not left was written.
    pub oldest_waiting_at: Option<DateTime<Utc>>,
    /// Since when the most overdue row that waits is due.
    pub oldest_due_at: Option<DateTime<Utc>>,
    /// What the last failure of a row that waits was.
    pub last_error: Option<String>,
}

/// How the outbox stands; what was given up is counted from `since` on.
///
/// # Errors
/// If the database does not answer.
pub async fn standing(
    conn: &mut PgConnection,
    since: DateTime<Utc>,
) -> Result<Standing, sqlx::Error> {
    sqlx::query_as!(
        Standing,
        r#"SELECT count(*) FILTER (WHERE state = 'pending') AS "pending!",
                  count(*) FILTER (WHERE state = 'pending' AND last_error IS NOT NULL) AS "retrying!",
                  count(*) FILTER (WHERE state = 'sending') AS "sending!",
                  count(*) FILTER (WHERE state = 'sent') AS "sent!",
                  count(*) FILTER (WHERE state = 'dead') AS "dead!",
                  count(*) FILTER (WHERE state = 'dead' AND settled_at > $1
                                     AND errors -> -1 ->> 'error' = last_error) AS "given_up_lately!",
                  min(created_at) FILTER (WHERE state IN ('pending', 'sending')) AS oldest_waiting_at,
                  min(due_at) FILTER (WHERE state = 'pending') AS oldest_due_at,
                  (SELECT last_error FROM outbox WHERE state = 'pending' AND last_error IS NOT NULL
                   ORDER BY due_at DESC LIMIT 1) AS last_error
           FROM outbox"#,
        since
    )
    .fetch_one(conn)
    .await
}

/// The key under which a row was written.
///
/// # Errors
/// If the database does not answer, or there is no such row.
pub async fn dedupe_key(conn: &mut PgConnection, id: OutboxId) -> Result<String, sqlx::Error> {
    sqlx::query_scalar!("SELECT dedupe_key FROM outbox WHERE id = $1", id.0)
        .fetch_one(conn)
        .await
}
