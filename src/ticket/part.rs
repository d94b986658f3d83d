//! The parts that people have in a ticket beside requester and assignee.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::ids::{PersonId, TicketId};

/// A part in a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Part {
    /// Gets public answers and may write.
    Participant,
    /// Is staff and hears of everything.
    Watcher,
}

/// Gives a person a part. Returns false if they had it.
///
/// # Errors
/// If the database does not answer.
pub async fn add(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    ticket: TicketId,
    person: PersonId,
    part: Part,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO ticket_person (ticket_id, person_id, part, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        ticket.0,
        person.0,
        part as Part,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a part away. Returns false if they did not have it.
///
/// # Errors
/// If the database does not answer.
pub async fn remove(
    conn: &mut PgConnection,
    ticket: TicketId,
    person: PersonId,
    part: Part,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM ticket_person WHERE ticket_id = $1 AND person_id = $2 AND part = $3",
        ticket.0,
        person.0,
        part as Part
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Those who have a part, in the order of their ids.
///
/// # Errors
/// If the database does not answer.
pub async fn having(
    conn: &mut PgConnection,
    ticket: TicketId,
    part: Part,
) -> Result<Vec<PersonId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT person_id AS "id: PersonId" FROM ticket_person
           WHERE ticket_id = $1 AND part = $2 ORDER BY person_id"#,
        ticket.0,
        part as Part
    )
    .fetch_all(conn)
    .await
}

/// Whether a person wrote to the ticket in public.
///
/// # Errors
/// If the database does not answer.
pub async fn has_written(
    conn: &mut PgConnection,
    ticket: TicketId,
    person: PersonId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM comment WHERE ticket_id = $1 AND author_id = $2 AND visibility = 'public')
           AS "written!""#,
        ticket.0,
        person.0
    )
    .fetch_one(conn)
    .await
}

/// Makes one person's tickets, words and threads another's, who turned out to be the same. Their organization stays the
/// ticket's.
///
/// # Errors
/// If the database does not answer.
pub async fn take_over(
    conn: &mut PgConnection,
    from: PersonId,
    to: PersonId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE ticket SET requester_id = $2 WHERE requester_id = $1",
        from.0,
        to.0
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE comment SET author_id = $2 WHERE author_id = $1",
        from.0,
        to.0
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "INSERT INTO ticket_person (ticket_id, person_id, part, created_at)
         SELECT ticket_id, $2, part, created_at FROM ticket_person WHERE person_id = $1 ON CONFLICT DO NOTHING",
        from.0,
        to.0
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("DELETE FROM ticket_person WHERE person_id = $1", from.0)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "DELETE FROM ticket_person USING ticket WHERE ticket.id = ticket_id AND part = 'participant'
           AND person_id = $1 AND requester_id = $1",
        to.0
    )
    .execute(&mut *conn)
    .await?;
    // Of two threads on one ticket the one that the person has stays.
    sqlx::query!(
        "UPDATE customer_thread SET person_id = $2 WHERE person_id = $1
           AND NOT EXISTS (SELECT FROM customer_thread AS held WHERE held.ticket_id = customer_thread.ticket_id
                           AND held.person_id = $2 AND held.gone_at IS NULL AND customer_thread.gone_at IS NULL)",
        from.0,
        to.0
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE rating SET person_id = $2 WHERE person_id = $1",
        from.0,
        to.0
    )
    .execute(conn)
    .await?;
    Ok(())
}
