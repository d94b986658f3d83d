//! Ratings: what customers say of how a ticket was worked.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::ids::{PersonId, TicketId};

/// A rating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// From 1 to 5.
    pub score: i16,
    /// The words with it.
    pub words: Option<String>,
    /// When it was given.
    pub created_at: DateTime<Utc>,
}

/// Writes a rating down; a second one for the same closing takes the place of the first. `round` is how often the
/// ticket had come back by then.
///
/// # Errors
/// If the database does not answer.
pub async fn rate(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    ticket: TicketId,
    round: i32,
    person: PersonId,
    score: i16,
    words: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO rating (ticket_id, round, person_id, score, words, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (ticket_id, round) DO UPDATE
         SET person_id = excluded.person_id, score = excluded.score, words = excluded.words,
             created_at = excluded.created_at",
        ticket.0,
        round,
        person.0,
        score,
        words,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Who rated a ticket in a round, if anybody has.
///
/// # Errors
/// If the database does not answer.
pub async fn in_round(
    conn: &mut PgConnection,
    ticket: TicketId,
    round: i32,
) -> Result<Option<PersonId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT person_id AS "id: PersonId" FROM rating WHERE ticket_id = $1 AND round = $2"#,
        ticket.0,
        round
    )
    .fetch_optional(conn)
    .await
}

/// Whether anybody wrote in public since then; never where there is no such moment.
///
/// # Errors
/// If the database does not answer.
pub async fn said_since(
    conn: &mut PgConnection,
    ticket: TicketId,
    since: Option<DateTime<Utc>>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM comment WHERE ticket_id = $1 AND visibility = 'public' AND created_at > $2) AS "said!""#,
        ticket.0,
        since
    )
    .fetch_one(conn)
    .await
}

/// A ticket's ratings, oldest first.
///
/// # Errors
/// If the database does not answer.
pub async fn of(conn: &mut PgConnection, ticket: TicketId) -> Result<Vec<Rating>, sqlx::Error> {
    sqlx::query_as!(
        Rating,
        "SELECT score, words, created_at FROM rating WHERE ticket_id = $1 ORDER BY round",
        ticket.0
    )
    .fetch_all(conn)
    .await
}
