//! Senders whose mail is held back, since a ticket of theirs was spam.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::ids::{PersonId, TicketId};

/// Holds back what comes from a person's addresses from now on.
///
/// # Errors
/// If the database does not answer.
pub async fn block(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    person: PersonId,
    because_of: TicketId,
    by: Option<PersonId>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO blocked_sender (address, ticket_id, blocked_by, created_at)
         SELECT address, $2, $3, $4 FROM person_address WHERE person_id = $1
         ON CONFLICT (address) DO NOTHING",
        person.0,
        because_of.0,
        by.map(|id| id.0),
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Hears a person again.
///
/// # Errors
/// If the database does not answer.
pub async fn unblock(conn: &mut PgConnection, person: PersonId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM blocked_sender WHERE address IN (SELECT address FROM person_address WHERE person_id = $1)",
        person.0
    )
    .execute(conn)
    .await?;
    Ok(())
}
