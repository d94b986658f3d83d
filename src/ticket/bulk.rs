//! The SQL of changes to many tickets at once.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::Source;
use crate::ids::{PersonId, TicketId};

/// How long a change that was shown can be confirmed.
pub const GOOD_FOR: TimeDelta = TimeDelta::hours(1);
/// How long what became of one is kept.
const KEPT: TimeDelta = TimeDelta::days(30);

/// A change that was asked for.
#[derive(Debug, Clone, Copy)]
pub struct NewBulk<'a> {
    /// By which it is confirmed.
    pub code: &'a str,
    /// Who asked; nobody, where the machine's operator did.
    pub person: Option<PersonId>,
    /// What they may do there.
    pub role: &'a str,
    /// How it came.
    pub source: Source,
    /// The whole command.
    pub line: &'a str,
    /// What is done to each ticket.
    pub change: &'a str,
}

/// A change to many tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulk {
    /// The row.
    pub id: i64,
    /// By which it is confirmed.
    pub code: String,
    /// Who asked; nobody, where the machine's operator did.
    pub person_id: Option<PersonId>,
    /// What they may do there.
    pub role: String,
    /// How it came.
    pub source: Source,
    /// The whole command.
    pub line: String,
    /// What is done to each ticket.
    pub change: String,
    /// When it was shown.
    pub created_at: DateTime<Utc>,
    /// When it was confirmed.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// When the last ticket was done.
    pub finished_at: Option<DateTime<Utc>>,
}

/// What became of one ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// Its number.
    pub number: String,
    /// `waiting`, `done`, `unchanged`, `left_out`, `failed` or `undone`.
    pub state: String,
    /// Why it was left out, or failed.
    pub reason: Option<String>,
}

/// Writes a change down with the tickets that it is about, and forgets those of long ago.
///
/// # Errors
/// If the database does not answer.
pub async fn write(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    new: &NewBulk<'_>,
    tickets: &[TicketId],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM bulk_change WHERE created_at < CASE WHEN confirmed_at IS NULL THEN $1::timestamptz ELSE $2::timestamptz END
                                    AND created_at < $1",
        now - GOOD_FOR,
        now - KEPT
    )
    .execute(&mut *conn)
    .await?;
    let tickets: Vec<i64> = tickets.iter().map(|ticket| ticket.0).collect();
    sqlx::query!(
        "WITH asked AS (
             INSERT INTO bulk_change (code, person_id, role, source, line, change, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id)
         INSERT INTO bulk_ticket (bulk_id, ticket_id) SELECT asked.id, ticket FROM asked, unnest($8::bigint[]) AS ticket",
        new.code,
        new.person.map(|id| id.0),
        new.role,
        new.source as Source,
        new.line,
        new.change,
        now,
        &tickets
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The change of this code, held until the end of the transaction.
///
/// # Errors
/// If the database does not answer.
pub async fn by_code(conn: &mut PgConnection, code: &str) -> Result<Option<Bulk>, sqlx::Error> {
    sqlx::query_as!(
        Bulk,
        r#"SELECT id, code, person_id AS "person_id: PersonId", role, source AS "source: Source", line, change, created_at,
                  confirmed_at, finished_at
           FROM bulk_change WHERE code = $1 FOR UPDATE"#,
        code
    )
    .fetch_optional(conn)
    .await
}

/// The oldest change that was confirmed and is not done, held until the end of the transaction; one that somebody else
/// holds is passed over.
///
/// # Errors
/// If the database does not answer.
pub async fn unfinished(conn: &mut PgConnection) -> Result<Option<Bulk>, sqlx::Error> {
    sqlx::query_as!(
        Bulk,
        r#"SELECT id, code, person_id AS "person_id: PersonId", role, source AS "source: Source", line, change, created_at,
                  confirmed_at, finished_at
           FROM bulk_change WHERE confirmed_at IS NOT NULL AND finished_at IS NULL
           ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"#
    )
    .fetch_optional(conn)
    .await
}

/// Marks a change as confirmed, or as done.
///
/// # Errors
/// If the database does not answer.
pub async fn mark(conn: &mut PgConnection, bulk: &Bulk) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE bulk_change SET confirmed_at = $2, finished_at = $3 WHERE id = $1",
        bulk.id,
        bulk.confirmed_at,
        bulk.finished_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The tickets of a change, by id.
///
/// # Errors
/// If the database does not answer.
pub async fn tickets(conn: &mut PgConnection, bulk: &Bulk) -> Result<Vec<TicketId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT ticket_id AS "id: TicketId" FROM bulk_ticket WHERE bulk_id = $1 ORDER BY ticket_id"#,
        bulk.id
    )
    .fetch_all(conn)
    .await
}

/// Some of the tickets that wait for a change, by id.
///
/// # Errors
/// If the database does not answer.
pub async fn waiting(
    conn: &mut PgConnection,
    bulk: &Bulk,
    most: i64,
) -> Result<Vec<TicketId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT ticket_id AS "id: TicketId" FROM bulk_ticket WHERE bulk_id = $1 AND state = 'waiting'
           ORDER BY ticket_id LIMIT $2"#,
        bulk.id,
        most
    )
    .fetch_all(conn)
    .await
}

/// The tickets that a change did since that moment, and when.
///
/// # Errors
/// If the database does not answer.
pub async fn done_since(
    conn: &mut PgConnection,
    bulk: &Bulk,
    since: DateTime<Utc>,
) -> Result<Vec<(TicketId, DateTime<Utc>)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT ticket_id AS "id: TicketId", done_at AS "at!" FROM bulk_ticket
           WHERE bulk_id = $1 AND state = 'done' AND done_at >= $2 ORDER BY ticket_id"#,
        bulk.id,
        since
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.at)).collect())
}

/// Writes down what became of a ticket.
///
/// # Errors
/// If the database does not answer.
pub async fn settle(
    conn: &mut PgConnection,
    bulk: &Bulk,
    ticket: TicketId,
    state: &str,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE bulk_ticket SET state = $3, reason = $4, done_at = $5 WHERE bulk_id = $1 AND ticket_id = $2",
        bulk.id,
        ticket.0,
        state,
        reason,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Leaves tickets out that wait for a change: those that are not among `kept`, or all, where nothing is given.
///
/// # Errors
/// If the database does not answer.
pub async fn leave_out(
    conn: &mut PgConnection,
    bulk: &Bulk,
    kept: Option<&[TicketId]>,
    reason: &str,
) -> Result<(), sqlx::Error> {
    let kept: Vec<i64> = kept.unwrap_or_default().iter().map(|id| id.0).collect();
    sqlx::query!(
        "UPDATE bulk_ticket SET state = 'left_out', reason = $3
         WHERE bulk_id = $1 AND state = 'waiting' AND ticket_id <> ALL($2)",
        bulk.id,
        &kept,
        reason
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What became of each ticket of a change, by number.
///
/// # Errors
/// If the database does not answer.
pub async fn fates(conn: &mut PgConnection, bulk: &Bulk) -> Result<Vec<Fate>, sqlx::Error> {
    sqlx::query_as!(
        Fate,
        "SELECT number, state, reason FROM bulk_ticket JOIN ticket ON id = ticket_id WHERE bulk_id = $1 ORDER BY ticket_id",
        bulk.id
    )
    .fetch_all(conn)
    .await
}
