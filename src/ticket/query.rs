//! Listing tickets: filters, orders, pages. Every filter has an index, so that a page costs the same on a
//! thousand tickets and on a million.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::listed::{self, Listed};
use super::search;
use crate::config::DeskSettings;
use crate::config::desk::StatusKind;
use crate::ids::{OrganizationId, PersonId, TicketId};

/// How many tickets a page has.
pub const PAGE: u32 = 20;
/// Counting ends here: what is beyond is told as "more".
const COUNTED: i64 = 1_000;
/// The same where each ticket's comments have to be looked at.
const COUNTED_BY_COMMENTS: i64 = 500;

/// For whose eyes a list is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sight {
    /// Everything.
    #[default]
    Staff,
    /// The tickets in which this customer takes part, and of them what is public.
    Customer(PersonId),
}

/// Which tickets to list. What is left empty does not matter; of several values of one field any fits; different
/// fields must all fit. Tickets that were merged into others are never listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TicketFilter {
    /// For whose eyes.
    pub sight: Sight,
    /// Keys of statuses.
    pub statuses: Vec<String>,
    /// What the status means.
    pub kinds: Vec<StatusKind>,
    /// Keys of priorities.
    pub priorities: Vec<String>,
    /// Keys of categories.
    pub categories: Vec<String>,
    /// Keys of types.
    pub types: Vec<String>,
    /// Keys of teams.
    pub teams: Vec<String>,
    /// Who has it.
    pub assignee: Option<PersonId>,
    /// Nobody has it.
    pub unassigned: bool,
    /// Who asked.
    pub requester: Option<PersonId>,
    /// The requester's organization.
    pub organization: Option<OrganizationId>,
    /// Tags, all of which it has; in lower case.
    pub tags: Vec<String>,
    /// Custom fields, all of which have these values.
    pub fields: BTreeMap<String, String>,
    /// Due at this moment or later.
    pub due_from: Option<DateTime<Utc>>,
    /// Due before this moment.
    pub due_before: Option<DateTime<Utc>>,
    /// Due at no time.
    pub never_due: bool,
    /// Past its due time or a promise of a service level at this moment, which is the present one, and not done.
    pub overdue_at: Option<DateTime<Utc>>,
    /// Put off, or not; either where it is left open.
    pub snoozed: Option<bool>,
    /// Who watches it.
    pub watcher: Option<PersonId>,
    /// Who takes part in it, as requester or participant.
    pub participant: Option<PersonId>,
    /// Words that stand in the subject, in a comment, in the requester's name or address, or in the number. See
    /// [`search`].
    pub text: Option<String>,
}

impl TicketFilter {
    /// Tickets that are not done.
    #[must_use]
    pub fn active() -> Self {
        Self {
            kinds: vec![StatusKind::New, StatusKind::Open, StatusKind::Waiting],
            ..Self::default()
        }
    }
}

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// What changed last first.
    #[default]
    Updated,
    /// What was opened last first.
    Opened,
    /// What is due first first; what is never due last.
    Due,
    /// By priority, most urgent first, and within it what changed last first.
    Priority,
    /// What was opened first first.
    Oldest,
}

/// A page of a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The tickets, in order.
    pub tickets: Vec<Listed>,
    /// Whether there is a page after this one.
    pub more: bool,
    /// How many tickets fit, where finding the page has told it.
    pub count: Option<i64>,
}

/// How many tickets there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exactly(i64),
    /// More than so many.
    MoreThan(i64),
}

/// A page of the tickets that fit, counted from 1.
///
/// # Errors
/// If the database does not answer.
pub async fn list(
    conn: &mut PgConnection,
    desk: &DeskSettings,
    filter: &TicketFilter,
    sort: Sort,
    page: u32,
) -> Result<Page, sqlx::Error> {
    let offset = i64::from(page.max(1).saturating_sub(1)) * i64::from(PAGE);
    let found: Vec<(TicketId, Option<i64>)> =
        statement("", desk, filter, sort, i64::from(PAGE) + 1, offset)
            .build_query_as()
            .persistent(false)
            .fetch_all(&mut *conn)
            .await?;
    let full = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let ids: Vec<TicketId> = found.iter().take(full).map(|(id, _)| *id).collect();
    Ok(Page {
        tickets: listed::with_names(conn, &ids).await?,
        more: found.len() > full,
        count: found.first().and_then(|(_, count)| *count),
    })
}

/// The ids of all tickets that fit, in the order of the ids, up to `limit`: for a change to all of them.
///
/// # Errors
/// If the database does not answer.
pub async fn ids(
    conn: &mut PgConnection,
    desk: &DeskSettings,
    filter: &TicketFilter,
    limit: i64,
) -> Result<Vec<TicketId>, sqlx::Error> {
    let found: Vec<(TicketId, Option<i64>)> = statement("", desk, filter, Sort::Updated, limit, 0)
        .build_query_as()
        .persistent(false)
        .fetch_all(conn)
        .await?;
    let mut ids: Vec<TicketId> = found.into_iter().map(|(id, _)| id).collect();
    ids.sort_unstable();
    Ok(ids)
}

/// How many tickets fit.
///
/// # Errors
/// If the database does not answer.
pub async fn count(conn: &mut PgConnection, filter: &TicketFilter) -> Result<Count, sqlx::Error> {
    let mut query = QueryBuilder::new("");
    search::push_hits(&mut query, filter);
    query.push("SELECT count(*) FROM (SELECT FROM ticket WHERE ");
    push(&mut query, filter);
    search::push_found(&mut query, filter);
    let text = filter.text.as_deref();
    let most = match text.is_some_and(search::only_excludes) {
        true => COUNTED_BY_COMMENTS,
        false => COUNTED,
    };
    query.push(" LIMIT ").push_bind(most + 1).push(") AS few");
    let count: i64 = query
        .build_query_scalar()
        .persistent(false)
        .fetch_one(conn)
        .await?;
    Ok(if count > most {
        Count::MoreThan(most)
    } else {
        Count::Exactly(count)
    })
}

/// How PostgreSQL goes about a list: the lines of `EXPLAIN`.
///
/// # Errors
/// If the database does not answer.
pub async fn plan(
    conn: &mut PgConnection,
    desk: &DeskSettings,
    filter: &TicketFilter,
    sort: Sort,
) -> Result<Vec<String>, sqlx::Error> {
    statement("EXPLAIN ", desk, filter, sort, i64::from(PAGE) + 1, 0)
        .build_query_scalar()
        .persistent(false)
        .fetch_all(conn)
        .await
}

/// The statement of a list. It is planned anew each time (`persistent(false)`): a plan for any value would not know
/// which values are rare.
fn statement(
    before: &str,
    desk: &DeskSettings,
    filter: &TicketFilter,
    sort: Sort,
    limit: i64,
    offset: i64,
) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(before);
    search::push_hits(&mut query, filter);
    match sort {
        Sort::Priority => push_by_priority(&mut query, desk, filter, limit + offset),
        Sort::Updated | Sort::Opened | Sort::Due | Sort::Oldest => {
            // All that was found by its words is at hand: it can be counted on the way.
            let count = match search::has_hits(filter) {
                true => "count(*) OVER ()",
                false => "NULL::bigint",
            };
            query.push(format!("SELECT id, {count} FROM ticket WHERE "));
            push(&mut query, filter);
            search::push_found(&mut query, filter);
            query.push(match sort {
                Sort::Opened => " ORDER BY opened_at DESC, id DESC",
                Sort::Due => " ORDER BY due_at, id",
                Sort::Oldest => " ORDER BY opened_at, id",
                Sort::Updated | Sort::Priority => " ORDER BY updated_at DESC, id DESC",
            });
        }
    }
    query.push(" LIMIT ").push_bind(limit);
    query.push(" OFFSET ").push_bind(offset);
    query
}

/// One look into the index for each priority: a sort of all tickets would read all of them.
fn push_by_priority(
    query: &mut QueryBuilder<Postgres>,
    desk: &DeskSettings,
    filter: &TicketFilter,
    enough: i64,
) {
    query.push("SELECT id, NULL::bigint FROM (");
    for (rank, priority) in (0_i64..).zip(&desk.priority) {
        if rank > 0 {
            query.push(" UNION ALL ");
        }
        query.push("(SELECT id, ").push(rank);
        query.push(" AS rank, updated_at FROM ticket WHERE priority = ");
        query.push_bind(&priority.key).push(" AND ");
        push(query, filter);
        search::push_found(query, filter);
        query
            .push(" ORDER BY updated_at DESC LIMIT ")
            .push_bind(enough)
            .push(")");
    }
    query.push(") AS ranked ORDER BY rank, updated_at DESC, id DESC");
}

/// The conditions of all filters but the text.
pub(super) fn push(query: &mut QueryBuilder<Postgres>, filter: &TicketFilter) {
    query.push("ticket.merged_into_id IS NULL");
    push_kinds(query, &filter.kinds);
    for (column, values) in [
        ("status", &filter.statuses),
        ("priority", &filter.priorities),
        ("category", &filter.categories),
        ("ticket_type", &filter.types),
        ("team", &filter.teams),
    ] {
        if !values.is_empty() {
            query.push(" AND ticket.").push(column).push(" = ANY(");
            query.push_bind(values).push(")");
        }
    }
    if filter.unassigned {
        query.push(" AND ticket.assignee_id IS NULL");
    }
    for (column, person) in [
        ("assignee_id", filter.assignee),
        ("requester_id", filter.requester),
    ] {
        if let Some(person) = person {
            query
                .push(" AND ticket.")
                .push(column)
                .push(" = ")
                .push_bind(person.0);
        }
    }
    if let Some(organization) = filter.organization {
        query
            .push(" AND ticket.organization_id = ")
            .push_bind(organization.0);
    }
    if !filter.tags.is_empty() {
        query.push(" AND ticket.tags @> ").push_bind(&filter.tags);
    }
    if !filter.fields.is_empty() {
        query
            .push(" AND ticket.fields @> ")
            .push_bind(Json(&filter.fields));
    }
    match filter.snoozed {
        Some(true) => _ = query.push(" AND ticket.snoozed_until IS NOT NULL"),
        Some(false) => _ = query.push(" AND ticket.snoozed_until IS NULL"),
        None => {}
    }
    push_due(query, filter);
    push_people(query, filter);
}

/// The three kinds of active tickets are written out, since they have an index of their own.
fn push_kinds(query: &mut QueryBuilder<Postgres>, kinds: &[StatusKind]) {
    const ACTIVE: &str = " AND ticket.status_kind IN ('new', 'open', 'waiting')";
    let active = [StatusKind::New, StatusKind::Open, StatusKind::Waiting];
    if kinds.is_empty() {
        return;
    }
    if kinds.iter().all(|kind| active.contains(kind)) {
        query.push(ACTIVE);
    }
    if active.iter().all(|kind| kinds.contains(kind)) && kinds.len() == active.len() {
        return;
    }
    let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
    query
        .push(" AND ticket.status_kind = ANY(")
        .push_bind(words)
        .push(")");
}

fn push_due(query: &mut QueryBuilder<Postgres>, filter: &TicketFilter) {
    if let Some(at) = filter.due_from {
        query.push(" AND ticket.due_at >= ").push_bind(at);
    }
    if let Some(at) = filter.due_before {
        query.push(" AND ticket.due_at < ").push_bind(at);
    }
    if filter.never_due {
        query.push(" AND ticket.due_at IS NULL");
    }
    if let Some(at) = filter.overdue_at {
        query.push(
            " AND ticket.status_kind IN ('new', 'open', 'waiting') AND ticket.id IN (
                  SELECT late.id FROM ticket AS late
                  WHERE late.merged_into_id IS NULL AND late.status_kind IN ('new', 'open', 'waiting') AND late.due_at < ",
        );
        query.push_bind(at);
        query.push(" UNION SELECT ticket_id FROM ticket_clock WHERE met_at IS NULL AND due_at < ");
        query.push_bind(at).push(")");
    }
}

fn push_people(query: &mut QueryBuilder<Postgres>, filter: &TicketFilter) {
    if let Some(person) = filter.watcher {
        query.push(" AND ticket.id IN (SELECT ticket_id FROM ticket_person WHERE part = 'watcher' AND person_id = ");
        query.push_bind(person.0).push(")");
    }
    let seen_by = match filter.sight {
        Sight::Staff => None,
        Sight::Customer(person) => Some(person),
    };
    for person in [filter.participant, seen_by].into_iter().flatten() {
        query.push(
            " AND ticket.id IN (SELECT asked.id FROM ticket AS asked WHERE asked.requester_id = ",
        );
        query.push_bind(person.0);
        query.push(" UNION ALL SELECT ticket_id FROM ticket_person WHERE part = 'participant' AND person_id = ");
        query.push_bind(person.0).push(")");
    }
}
