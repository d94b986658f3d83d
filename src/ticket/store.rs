//! The SQL of tickets.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::{Source, Ticket};
use crate::config::desk::StatusKind;
use crate::ids::{OrganizationId, PersonId, TicketId};

struct Row {
    id: TicketId,
    number: String,
    subject: String,
    ticket_type: Option<String>,
    category: Option<String>,
    priority: String,
    status: String,
    status_kind: StatusKind,
    requester_id: PersonId,
    organization_id: Option<OrganizationId>,
    team: Option<String>,
    source_team: Option<String>,
    assignee_id: Option<PersonId>,
    mailbox: Option<String>,
    due_at: Option<DateTime<Utc>>,
    snoozed_until: Option<DateTime<Utc>>,
    tags: Vec<String>,
    fields: Json<BTreeMap<String, String>>,
    source: Source,
    opened_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    first_responded_at: Option<DateTime<Utc>>,
    resolved_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    reopened_count: i32,
    merged_into_id: Option<TicketId>,
}

impl From<Row> for Ticket {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            number: row.number,
            subject: row.subject,
            ticket_type: row.ticket_type,
            category: row.category,
            priority: row.priority,
            status: row.status,
            kind: row.status_kind,
            requester_id: row.requester_id,
            organization_id: row.organization_id,
            team: row.team,
            source_team: row.source_team,
            assignee_id: row.assignee_id,
            mailbox: row.mailbox,
            due_at: row.due_at,
            snoozed_until: row.snoozed_until,
            tags: row.tags,
            fields: row.fields.0,
            source: row.source,
            opened_at: row.opened_at,
            updated_at: row.updated_at,
            first_responded_at: row.first_responded_at,
            resolved_at: row.resolved_at,
            closed_at: row.closed_at,
            reopened_count: row.reopened_count,
            merged_into_id: row.merged_into_id,
        }
    }
}

/// Several tickets as they stand, in the order of their ids. Ids without a ticket are passed over.
///
/// # Errors
/// If the database does not answer.
pub async fn get_many(
    conn: &mut PgConnection,
    ids: &[TicketId],
) -> Result<Vec<Ticket>, sqlx::Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id: TicketId", number, subject, ticket_type, category, priority, status,
                  status_kind AS "status_kind: StatusKind", requester_id AS "requester_id: PersonId",
                  organization_id AS "organization_id: OrganizationId", team, source_team,
                  assignee_id AS "assignee_id: PersonId", mailbox, due_at, snoozed_until, tags,
                  fields AS "fields: Json<BTreeMap<String, String>>", source AS "source: Source",
                  opened_at, updated_at, first_responded_at, resolved_at, closed_at, reopened_count,
                  merged_into_id AS "merged_into_id: TicketId"
           FROM ticket WHERE id = ANY($1) ORDER BY id"#,
        &ids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Ticket::from).collect())
}

/// A ticket as it stands.
///
/// # Errors
/// If the database does not answer, or there is no such ticket.
pub async fn get(conn: &mut PgConnection, id: TicketId) -> Result<Ticket, sqlx::Error> {
    get_many(conn, &[id])
        .await?
        .pop()
        .ok_or(sqlx::Error::RowNotFound)
}

/// How many merges are followed. A longer chain, or a circle that a hand in the database made, ends at the last one.
const MERGES: usize = 50;

/// A ticket, held against changes by others until the transaction ends. A merged ticket leads to the one
/// that took it in.
///
/// # Errors
/// If the database does not answer, or there is no such ticket.
pub async fn lock(conn: &mut PgConnection, id: TicketId) -> Result<Ticket, sqlx::Error> {
    let mut id = id;
    for _ in 0..MERGES {
        sqlx::query_scalar!("SELECT id FROM ticket WHERE id = $1 FOR UPDATE", id.0)
            .fetch_one(&mut *conn)
            .await?;
        let ticket = get(conn, id).await?;
        match ticket.merged_into_id {
            Some(root) => id = root,
            None => return Ok(ticket),
        }
    }
    get(conn, id).await
}

/// The ticket that a ticket was merged into in the end; itself where it was not.
///
/// # Errors
/// If the database does not answer.
pub async fn root(conn: &mut PgConnection, id: TicketId) -> Result<Option<Ticket>, sqlx::Error> {
    let mut id = id;
    for _ in 0..MERGES {
        let Some(ticket) = get_many(conn, &[id]).await?.pop() else {
            return Ok(None);
        };
        match ticket.merged_into_id {
            Some(root) => id = root,
            None => return Ok(Some(ticket)),
        }
    }
    get(conn, id).await.map(Some)
}

/// The requester and the participants of a ticket.
///
/// # Errors
/// If the database does not answer.
pub async fn parties(conn: &mut PgConnection, id: TicketId) -> Result<Vec<PersonId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT requester_id AS "id!: PersonId" FROM ticket WHERE id = $1
           UNION SELECT person_id FROM ticket_person WHERE ticket_id = $1 AND part = 'participant'"#,
        id.0
    )
    .fetch_all(conn)
    .await
}

/// The ticket with this number, compared without regard to case.
///
/// # Errors
/// If the database does not answer.
pub async fn by_number(
    conn: &mut PgConnection,
    number: &str,
) -> Result<Option<TicketId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: TicketId" FROM ticket WHERE upper(number) = upper($1)"#,
        number
    )
    .fetch_optional(conn)
    .await
}

/// Writes back everything about a ticket that may change. The caller holds it by [`lock`].
///
/// # Errors
/// If the database does not answer.
pub async fn update(conn: &mut PgConnection, ticket: &Ticket) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE ticket SET subject = $2, ticket_type = $3, category = $4, priority = $5, status = $6, status_kind = $7,
                requester_id = $8, organization_id = $9, team = $10, source_team = $11, assignee_id = $12, due_at = $13,
                tags = $14, fields = $15, updated_at = $16, first_responded_at = $17, resolved_at = $18, closed_at = $19,
                reopened_count = $20, merged_into_id = $21, snoozed_until = $22
         WHERE id = $1",
        ticket.id.0,
        ticket.subject,
        ticket.ticket_type,
        ticket.category,
        ticket.priority,
        ticket.status,
        ticket.kind as StatusKind,
        ticket.requester_id.0,
        ticket.organization_id.map(|id| id.0),
        ticket.team,
        ticket.source_team,
        ticket.assignee_id.map(|id| id.0),
        ticket.due_at,
        &ticket.tags,
        Json(&ticket.fields) as _,
        ticket.updated_at,
        ticket.first_responded_at,
        ticket.resolved_at,
        ticket.closed_at,
        ticket.reopened_count,
        ticket.merged_into_id.map(|id| id.0),
        ticket.snoozed_until,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds people to a ticket as participants. Those who take part already are passed over; returns the new ones.
///
/// # Errors
/// If the database does not answer.
pub async fn add_participants(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    ticket: TicketId,
    people: &[PersonId],
) -> Result<Vec<PersonId>, sqlx::Error> {
    let people: Vec<i64> = people.iter().map(|id| id.0).collect();
    sqlx::query_scalar!(
        r#"INSERT INTO ticket_person (ticket_id, person_id, part, created_at)
           SELECT $1, person, 'participant', $3 FROM unnest($2::bigint[]) AS person
           WHERE person <> (SELECT requester_id FROM ticket WHERE id = $1)
           ON CONFLICT DO NOTHING
           RETURNING person_id AS "person_id: PersonId""#,
        ticket.0,
        &people,
        now
    )
    .fetch_all(conn)
    .await
}

/// Links two tickets.
///
/// # Errors
/// If the database does not answer.
pub async fn link(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    ticket: TicketId,
    other: TicketId,
    kind: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO ticket_link (ticket_id, other_id, kind, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        ticket.0,
        other.0,
        kind,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The newest tickets that are not merged away, open ones before done ones.
///
/// # Errors
/// If the database does not answer.
pub async fn newest(
    conn: &mut PgConnection,
    with_done: bool,
    limit: i64,
) -> Result<Vec<Ticket>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        r#"SELECT id AS "id: TicketId" FROM ticket
           WHERE merged_into_id IS NULL AND ($1 OR status_kind IN ('new', 'open', 'waiting'))
           ORDER BY updated_at DESC LIMIT $2"#,
        with_done,
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut tickets = get_many(conn, &ids).await?;
    tickets.sort_by_key(|ticket| std::cmp::Reverse(ticket.updated_at));
    Ok(tickets)
}

/// The tickets that were put off until now, held as by [`lock`]; those that others hold are left out.
///
/// # Errors
/// If the database does not answer.
pub async fn lock_snoozed(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<TicketId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: TicketId" FROM ticket WHERE snoozed_until <= $1
           ORDER BY snoozed_until LIMIT $2 FOR UPDATE SKIP LOCKED"#,
        now,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Holds a ticket as [`lock`] does, if nobody has it and nobody else holds it.
///
/// # Errors
/// If the database does not answer.
pub async fn lock_unassigned(
    conn: &mut PgConnection,
    id: TicketId,
) -> Result<Option<TicketId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: TicketId" FROM ticket WHERE id = $1 AND assignee_id IS NULL FOR UPDATE SKIP LOCKED"#,
        id.0
    )
    .fetch_optional(conn)
    .await
}
