//! Thread references: which Message-IDs lead to which ticket.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::ids::TicketId;

/// Notes that these Message-IDs belong to the ticket.
///
/// # Errors
/// If the database does not answer.
pub async fn remember(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    ticket: TicketId,
    message_ids: &[String],
) -> Result<(), sqlx::Error> {
    if message_ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO thread_reference (message_id, ticket_id, created_at)
         SELECT id, $2, $3 FROM unnest($1::text[]) AS id WHERE length(id) <= 998
         ON CONFLICT DO NOTHING",
        message_ids,
        ticket.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The tickets that any of these Message-IDs lead to, those of the later ids first: a mail client appends
/// the message that is answered last.
///
/// # Errors
/// If the database does not answer.
pub async fn tickets_of(
    conn: &mut PgConnection,
    message_ids: &[String],
) -> Result<Vec<TicketId>, sqlx::Error> {
    if message_ids.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_scalar!(
        r#"SELECT thread_reference.ticket_id AS "id: TicketId"
           FROM unnest($1::text[]) WITH ORDINALITY AS asked (message_id, place)
           JOIN thread_reference USING (message_id)
           GROUP BY thread_reference.ticket_id
           ORDER BY max(asked.place) DESC
           LIMIT 10"#,
        message_ids
    )
    .fetch_all(conn)
    .await
}
