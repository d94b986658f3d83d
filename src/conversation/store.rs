//! The SQL of chat events: written down, claimed, settled; and how each platform stands.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::chat::{ChatEvent, PostPlace};
use crate::ids::{CommentId, PersonId, TicketId};

/// An event that a handler holds a lease on.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub(super) id: i64,
    pub(super) event: serde_json::Value,
    pub(super) attempt: i32,
}

/// What became of an event.
#[derive(Debug, Clone, Default)]
pub(super) struct Settlement {
    /// `done`, `ignored` or `refused`.
    pub(super) state: &'static str,
    pub(super) reason: Option<String>,
    pub(super) person: Option<PersonId>,
    pub(super) ticket: Option<TicketId>,
    pub(super) comment: Option<CommentId>,
}

/// Writes an event down. Returns false if it is there already.
pub(super) async fn insert(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    event: &ChatEvent,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO chat_event (platform, place, key, conversation, event, received_at, state, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'received', $6) ON CONFLICT (platform, place, key) DO NOTHING",
        event.platform,
        event.place.place,
        event.key,
        conversation(&event.platform, &event.place),
        Json(event) as _,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

fn conversation(platform: &str, place: &PostPlace) -> String {
    let thread = place.thread.as_deref().unwrap_or_default();
    format!("{platform}:{}:{thread}", place.place)
}

/// Takes up to `limit` events that are due under `lease`, of each conversation only the oldest: those of the platform
/// `only`, or those of all platforms but the terminals, which are worked where they stand.
///
/// It is a transaction of its own, on a connection of [`crate::db::connect_claims`].
pub(super) async fn claim(
    conn: &mut PgConnection,
    lease: Uuid,
    now: DateTime<Utc>,
    leased_until: DateTime<Utc>,
    limit: i64,
    only: Option<&str>,
) -> Result<Vec<Claimed>, sqlx::Error> {
    // OFFSET 0 keeps the subquery a look-up by key: a plan made on an empty queue would read all of it for each row.
    let mut rows = sqlx::query_as!(
        Claimed,
        "UPDATE chat_event SET state = 'processing', attempt = attempt + 1, lease = $1, leased_until = $3
         WHERE id = ANY (ARRAY(
             SELECT id FROM chat_event AS candidate
             WHERE state IN ('received', 'processing') AND due_at <= $2
               AND (state = 'received' OR leased_until < $2)
               AND coalesce(platform = $5, NOT starts_with(platform, 'terminal:'))
               AND NOT EXISTS (
                   SELECT FROM chat_event AS earlier
                   WHERE earlier.conversation = candidate.conversation AND earlier.id < candidate.id
                     AND earlier.state IN ('received', 'processing') OFFSET 0)
             ORDER BY id LIMIT $4
             FOR UPDATE SKIP LOCKED))
         RETURNING id, event, attempt",
        lease,
        now,
        leased_until,
        limit,
        only
    )
    .fetch_all(conn)
    .await?;
    rows.sort_by_key(|row| row.id);
    Ok(rows)
}

/// Settles an event. Returns false if the lease was lost; whoever holds it now decides.
pub(super) async fn settle(
    conn: &mut PgConnection,
    id: i64,
    lease: Uuid,
    now: DateTime<Utc>,
    settlement: &Settlement,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE chat_event SET state = $4, reason = $5, person_id = $6, ticket_id = $7, comment_id = $8, settled_at = $3,
                lease = NULL, leased_until = NULL
         WHERE id = $1 AND lease = $2",
        id,
        lease,
        now,
        settlement.state,
        settlement.reason,
        settlement.person.map(|id| id.0),
        settlement.ticket.map(|id| id.0),
        settlement.comment.map(|id| id.0)
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts an event back until `due_at`, or gives it up. Returns false if the lease was lost.
pub(super) async fn settle_failure(
    conn: &mut PgConnection,
    id: i64,
    lease: Uuid,
    now: DateTime<Utc>,
    due_at: Option<DateTime<Utc>>,
    error: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE chat_event SET state = CASE WHEN $4::timestamptz IS NULL THEN 'failed' ELSE 'received' END,
                due_at = coalesce($4, due_at), error = $5, lease = NULL, leased_until = NULL,
                settled_at = CASE WHEN $4::timestamptz IS NULL THEN $3::timestamptz END
         WHERE id = $1 AND lease = $2",
        id,
        lease,
        now,
        due_at,
        error
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How much a person did since then.
pub(super) async fn done_by(
    conn: &mut PgConnection,
    person: PersonId,
    since: DateTime<Utc>,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "all!" FROM chat_event WHERE person_id = $1 AND received_at > $2"#,
        person.0,
        since
    )
    .fetch_one(conn)
    .await
}

/// Tries to become the one copy that listens to a platform. The lease lives and dies with the connection.
pub(super) async fn try_lease(
    conn: &mut PgConnection,
    platform: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_lock(hashtextextended('frontdesk.chat.' || $1, 0)) AS "held!""#,
        platform
    )
    .fetch_one(conn)
    .await
}

/// Settles what was still to be done when a terminal was left: whoever sits down at it again would be surprised by it.
/// Returns how much there was.
pub(super) async fn abandon(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    platform: &str,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE chat_event SET state = 'ignored', reason = 'the terminal was left before it was done', settled_at = $2,
                lease = NULL, leased_until = NULL
         WHERE platform = $1 AND state IN ('received', 'processing')",
        platform,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// How a platform fares, for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its name.
    pub platform: String,
    /// When it was last looked at what it lets Frontdesk do.
    pub checked_at: Option<DateTime<Utc>>,
    /// What it does not, in sentences.
    pub missing: Vec<String>,
    /// When the last event came.
    pub last_event_at: Option<DateTime<Utc>>,
    /// The last trouble since the last look without any.
    pub last_error: Option<String>,
    /// Whether it refuses the login.
    pub credential_bad: bool,
}

/// How all platforms fare.
///
/// # Errors
/// If the database does not answer.
pub async fn standings(conn: &mut PgConnection) -> Result<Vec<Standing>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT platform, checked_at, missing AS "missing: Json<Vec<String>>", last_event_at, last_error, credential_bad
           FROM chat_standing ORDER BY platform"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Standing {
            platform: row.platform,
            checked_at: row.checked_at,
            missing: row.missing.0,
            last_event_at: row.last_event_at,
            last_error: row.last_error,
            credential_bad: row.credential_bad,
        })
        .collect())
}

/// Takes note of a look at what a platform lets Frontdesk do; earlier trouble is over with it.
///
/// # Errors
/// If the database does not answer.
pub async fn note_check(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    platform: &str,
    missing: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO chat_standing (platform, checked_at, missing) VALUES ($1, $2, $3)
         ON CONFLICT (platform) DO UPDATE SET checked_at = excluded.checked_at, missing = excluded.missing,
             last_error = NULL, credential_bad = false",
        platform,
        now,
        Json(missing) as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes note of trouble with a platform.
pub(super) async fn note_trouble(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    platform: &str,
    error: &str,
    credential: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO chat_standing (platform, last_error, last_error_at, credential_bad) VALUES ($1, $2, $3, $4)
         ON CONFLICT (platform) DO UPDATE SET last_error = excluded.last_error,
             last_error_at = excluded.last_error_at, credential_bad = excluded.credential_bad",
        platform,
        error,
        now,
        credential
    )
    .execute(conn)
    .await?;
    Ok(())
}
