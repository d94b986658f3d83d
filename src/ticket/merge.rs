//! The SQL of merging tickets.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Ticket, store};
use crate::ids::{PersonId, TicketId};

/// Two tickets, held against changes by others until the transaction ends, in the order in which they are asked
/// for. They are locked in the order of their ids, so that two who merge the same tickets crosswise do not wait
/// for each other. Merged tickets are not followed.
///
/// # Errors
/// If the database does not answer, or there is no such ticket.
pub async fn lock_both(
    conn: &mut PgConnection,
    one: TicketId,
    two: TicketId,
) -> Result<(Ticket, Ticket), sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT id FROM ticket WHERE id = ANY($1) ORDER BY id FOR UPDATE",
        &[one.0, two.0][..]
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok((store::get(conn, one).await?, store::get(conn, two).await?))
}

/// Lets everybody around one ticket take the same part in another: its requester and participants as participants,
/// its watchers as watchers. Those who have their part already keep it.
///
/// # Errors
/// If the database does not answer.
pub async fn join_parties(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    from: &Ticket,
    into: &Ticket,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO ticket_person (ticket_id, person_id, part, created_at)
         SELECT $2, person_id, part, $4
         FROM (SELECT person_id, part FROM ticket_person WHERE ticket_id = $1
               UNION SELECT $3, 'participant') AS party
         WHERE NOT (part = 'participant' AND person_id = $5)
         ON CONFLICT DO NOTHING",
        from.id.0,
        into.id.0,
        from.requester_id.0,
        now,
        into.requester_id.0,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes those out again who joined at that moment and have not written to the ticket since.
///
/// # Errors
/// If the database does not answer.
pub async fn part_again(
    conn: &mut PgConnection,
    ticket: TicketId,
    joined_at: DateTime<Utc>,
) -> Result<Vec<PersonId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"DELETE FROM ticket_person
           WHERE ticket_id = $1 AND created_at = $2
             AND NOT EXISTS (SELECT FROM comment WHERE comment.ticket_id = $1 AND author_id = person_id)
           RETURNING person_id AS "id: PersonId""#,
        ticket.0,
        joined_at
    )
    .fetch_all(conn)
    .await
}

/// How a merge is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The status that the ticket had.
    pub status: Option<String>,
}

/// The last merge of a ticket into another one.
///
/// # Errors
/// If the database does not answer.
pub async fn last_merge(
    conn: &mut PgConnection,
    ticket: TicketId,
) -> Result<Option<Merged>, sqlx::Error> {
    sqlx::query_as!(
        Merged,
        "SELECT at, old AS status FROM event WHERE ticket_id = $1 AND kind = 'merged' ORDER BY id DESC LIMIT 1",
        ticket.0
    )
    .fetch_optional(conn)
    .await
}

/// Writes the moments that a ticket's clock counts from.
///
/// # Errors
/// If the database does not answer.
pub async fn set_clock(conn: &mut PgConnection, ticket: &Ticket) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE ticket SET opened_at = $2, first_responded_at = $3 WHERE id = $1",
        ticket.id.0,
        ticket.opened_at,
        ticket.first_responded_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What the clock of a ticket said before a merge at that moment moved it: the field and its value.
///
/// # Errors
/// If the database does not answer.
pub async fn clock_before(
    conn: &mut PgConnection,
    ticket: TicketId,
    at: DateTime<Utc>,
) -> Result<Vec<(String, Option<String>)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT field AS "field!", old FROM event
           WHERE ticket_id = $1 AND kind = 'clock_changed' AND at = $2 AND field IS NOT NULL"#,
        ticket.0,
        at
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.field, row.old)).collect())
}
