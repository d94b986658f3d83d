//! Close requests: the customer is asked whether the matter is settled.
//!
//! A request stands for as long as the ticket waits as it did when it was made: whatever changes its status, the customer's
//! own word above all, ends it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::ids::{PersonId, TicketId};

/// Asks. An earlier request that nobody answered is replaced.
///
/// # Errors
/// If the database does not answer.
pub async fn ask(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    ticket: TicketId,
    asked_by: Option<PersonId>,
    closes_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    answer(conn, now, ticket, "replaced").await?;
    sqlx::query!(
        "INSERT INTO close_request (ticket_id, asked_by, asked_at, closes_at) VALUES ($1, $2, $3, $4)",
        ticket.0,
        asked_by.map(|id| id.0),
        now,
        closes_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// When the ticket closes, if a request stands; where `asked_at` is given, one that was made at that very moment.
///
/// # Errors
/// If the database does not answer.
pub async fn standing(
    conn: &mut PgConnection,
    ticket: TicketId,
    asked_at: Option<DateTime<Utc>>,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT closes_at FROM close_request JOIN ticket ON ticket.id = ticket_id
         WHERE ticket_id = $1 AND answered_at IS NULL AND status_kind = 'waiting'
           AND ($2::timestamptz IS NULL OR asked_at = $2)
           AND NOT EXISTS (SELECT FROM event WHERE event.ticket_id = $1 AND kind = 'status_changed' AND at > asked_at)",
        ticket.0,
        asked_at
    )
    .fetch_optional(conn)
    .await
}

/// Tickets whose customers were asked and said nothing until now, the longest due first; no more than `limit`. They are
/// locked; those that another transaction works on are left for the next time.
///
/// # Errors
/// If the database does not answer.
pub async fn due(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<TicketId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT ticket.id AS "id: TicketId" FROM close_request JOIN ticket ON ticket.id = ticket_id
           WHERE answered_at IS NULL AND closes_at <= $1 AND status_kind = 'waiting' AND merged_into_id IS NULL
             AND NOT EXISTS (SELECT FROM event
                             WHERE event.ticket_id = ticket.id AND kind = 'status_changed' AND at > asked_at)
           ORDER BY closes_at, ticket.id LIMIT $2 FOR UPDATE OF ticket SKIP LOCKED"#,
        now,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Takes a request back that was made at this moment and that nobody answered yet: it was never made.
///
/// # Errors
/// If the database does not answer.
pub async fn take_back(
    conn: &mut PgConnection,
    ticket: TicketId,
    asked_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM close_request WHERE ticket_id = $1 AND asked_at = $2 AND answered_at IS NULL",
        ticket.0,
        asked_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes down what became of a request that nobody answered yet: `accepted`, `expired` or `replaced`.
///
/// # Errors
/// If the database does not answer.
pub async fn answer(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    ticket: TicketId,
    answer: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE close_request SET answered_at = $2, answer = $3 WHERE ticket_id = $1 AND answered_at IS NULL",
        ticket.0,
        now,
        answer
    )
    .execute(conn)
    .await?;
    Ok(())
}
