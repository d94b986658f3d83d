//! Who is there to work.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::ids::PersonId;

/// Since when and until when somebody is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Away {
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when; nothing: until they say that they are back.
    pub until: Option<DateTime<Utc>>,
}

/// Says that a person is away.
///
/// # Errors
/// If the database does not answer.
pub async fn leave(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    person: PersonId,
    until: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE person SET away_since = $2, away_until = $3 WHERE id = $1",
        person.0,
        now,
        until
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Says that a person is back. Returns whether they were away.
///
/// # Errors
/// If the database does not answer.
pub async fn come_back(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    person: PersonId,
) -> Result<bool, sqlx::Error> {
    let was = away(&mut *conn, now, person).await?.is_some();
    sqlx::query!(
        "UPDATE person SET away_since = NULL, away_until = NULL WHERE id = $1",
        person.0
    )
    .execute(conn)
    .await?;
    Ok(was)
}

/// Whether a person is away.
///
/// # Errors
/// If the database does not answer.
pub async fn away(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    person: PersonId,
) -> Result<Option<Away>, sqlx::Error> {
    sqlx::query_as!(
        Away,
        r#"SELECT away_since AS "since!", away_until AS until FROM person
           WHERE id = $1 AND away_since IS NOT NULL AND (away_until IS NULL OR away_until > $2)"#,
        person.0,
        now
    )
    .fetch_optional(conn)
    .await
}

/// An agent of a team who is there, and how much they have to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Present {
    /// The agent.
    pub person: PersonId,
    /// Their unfinished tickets that are not put off.
    pub tickets: i64,
}

/// The agents of a team who are not away, in the order of their ids.
///
/// # Errors
/// If the database does not answer.
pub async fn present(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    team: &str,
) -> Result<Vec<Present>, sqlx::Error> {
    sqlx::query_as!(
        Present,
        r#"SELECT person.id AS "person: PersonId",
                  (SELECT count(*) FROM ticket
                   WHERE assignee_id = person.id AND merged_into_id IS NULL AND snoozed_until IS NULL
                     AND status_kind IN ('new', 'open', 'waiting')) AS "tickets!"
           FROM team_member JOIN person ON person.id = person_id
           WHERE team = $1 AND role <> 'customer' AND disabled_at IS NULL
             AND (away_since IS NULL OR away_until <= $2)
           ORDER BY person.id"#,
        team,
        now
    )
    .fetch_all(conn)
    .await
}

/// Holds a team's turn until the transaction ends, and says who got a ticket last.
///
/// # Errors
/// If the database does not answer.
pub async fn hold_turn(
    conn: &mut PgConnection,
    team: &str,
) -> Result<Option<PersonId>, sqlx::Error> {
    sqlx::query!(
        "INSERT INTO team_turn (team) VALUES ($1) ON CONFLICT DO NOTHING",
        team
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query_scalar!(
        r#"SELECT person_id AS "person: PersonId" FROM team_turn WHERE team = $1 FOR UPDATE"#,
        team
    )
    .fetch_one(conn)
    .await
}

/// Remembers who got a ticket last.
///
/// # Errors
/// If the database does not answer.
pub async fn took_turn(
    conn: &mut PgConnection,
    team: &str,
    person: PersonId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE team_turn SET person_id = $2 WHERE team = $1",
        team,
        person.0
    )
    .execute(conn)
    .await?;
    Ok(())
}
