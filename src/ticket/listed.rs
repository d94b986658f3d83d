//! A ticket as a list shows it: with the names of its people, asked for all at once.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::{Ticket, store};
use crate::ids::{PersonId, TicketId};

/// A ticket in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The ticket.
    pub ticket: Ticket,
    /// The requester's address; the name where there is none.
    pub requester: String,
    /// The assignee's handle.
    pub assignee: Option<String>,
}

/// The tickets with their people's names, in the order of the ids given.
///
/// # Errors
/// If the database does not answer.
pub async fn with_names(
    conn: &mut PgConnection,
    ids: &[TicketId],
) -> Result<Vec<Listed>, sqlx::Error> {
    let tickets = store::get_many(conn, ids).await?;
    let mut people: Vec<i64> = tickets
        .iter()
        .flat_map(|ticket| [Some(ticket.requester_id), ticket.assignee_id])
        .flatten()
        .map(|id| id.0)
        .collect();
    people.sort_unstable();
    people.dedup();
    let names: BTreeMap<PersonId, String> = sqlx::query!(
        r#"SELECT id AS "id!: PersonId", coalesce(handle, address, name) AS "name!"
           FROM person_card WHERE id = ANY($1)"#,
        &people
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| (row.id, row.name))
    .collect();
    let name = |id: PersonId| names.get(&id).cloned();
    let mut listed: Vec<Listed> = tickets
        .into_iter()
        .map(|ticket| Listed {
            requester: name(ticket.requester_id).unwrap_or_default(),
            assignee: ticket.assignee_id.and_then(name),
            ticket,
        })
        .collect();
    listed.sort_by_key(|listed| ids.iter().position(|id| *id == listed.ticket.id));
    Ok(listed)
}

/// How many tickets are looked at for their tags.
const TAGGED: i64 = 1_000;

/// The tags of the tickets that changed last, by name.
///
/// # Errors
/// If the database does not answer.
pub async fn tags(conn: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT DISTINCT unnest(newest.tags) AS "tag!" FROM (
               SELECT tags FROM ticket WHERE merged_into_id IS NULL ORDER BY updated_at DESC LIMIT $1) AS newest
           ORDER BY 1"#,
        TAGGED
    )
    .fetch_all(conn)
    .await
}
