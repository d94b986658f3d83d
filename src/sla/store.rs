//! The SQL of clocks.

mod due;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::clock::{Turn, What};
use super::policy::{Attributes, Kind};
use crate::config::DeskSettings;
use crate::config::desk::StatusKind;
use crate::ids::{OrganizationId, TicketId};
use crate::ticket::Source;

pub(super) use due::{
    DueClock, Noticed, add_events, claim_due, lock_open_after, next_due, refreshed_through,
    set_refreshed_through, told,
};

/// One ticket of those that were merged into one.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) id: TicketId,
    /// Whether it took the others in.
    pub(super) is_root: bool,
    pub(super) opened_at: DateTime<Utc>,
    pub(super) kind: StatusKind,
    pub(super) source: Source,
    pub(super) attributes: Attributes,
}

/// The ticket that took this one in, or itself, and all that were merged into it, the one opened first first.
pub(super) async fn family(
    conn: &mut PgConnection,
    ticket: TicketId,
) -> Result<Vec<Member>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE up (id, merged_into_id) AS (
               SELECT id, merged_into_id FROM ticket WHERE id = $1
               UNION SELECT ticket.id, ticket.merged_into_id FROM up JOIN ticket ON ticket.id = up.merged_into_id
           ), family (id) AS (
               SELECT id FROM up WHERE merged_into_id IS NULL
               UNION SELECT ticket.id FROM family JOIN ticket ON ticket.merged_into_id = family.id
           )
           SELECT ticket.id AS "id!: TicketId", ticket.merged_into_id IS NULL AS "is_root!", opened_at,
                  status_kind AS "kind: StatusKind", source AS "source: Source", priority, team, ticket_type, category,
                  organization.name AS "organization?"
           FROM family JOIN ticket ON ticket.id = family.id
           LEFT JOIN organization ON organization.id = ticket.organization_id
           ORDER BY opened_at, ticket.id"#,
        ticket.0
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Member {
            id: row.id,
            is_root: row.is_root,
            opened_at: row.opened_at,
            kind: row.kind,
            source: row.source,
            attributes: Attributes {
                priority: row.priority,
                team: row.team,
                ticket_type: row.ticket_type,
                category: row.category,
                organization: row.organization,
            },
        })
        .collect())
}

/// The name of an organization.
pub(super) async fn organization(
    conn: &mut PgConnection,
    id: OrganizationId,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("SELECT name FROM organization WHERE id = $1", id.0)
        .fetch_optional(conn)
        .await
}

/// Something that happened to one of several tickets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) ticket: TicketId,
    pub(super) at: DateTime<Utc>,
    pub(super) what: StepKind,
}

/// What happened, as far as clocks are concerned.
#[derive(Debug, Clone, Copy)]
pub(super) enum StepKind {
    /// Something that moves clocks; for a change of status also what it was before.
    Turn(What, Option<StatusKind>),
    /// The ticket was merged into another, with what its status meant before that.
    Merged(Option<StatusKind>),
}

impl Step {
    pub(super) fn turn(&self) -> Option<Turn> {
        match self.what {
            StepKind::Turn(what, _) => Some(Turn { at: self.at, what }),
            StepKind::Merged(_) => None,
        }
    }
}

/// What happened to these tickets, in order; at one moment words come before what follows from them.
///
/// Words that were deleted, and so answers that were taken back, do not count.
pub(super) async fn steps(
    conn: &mut PgConnection,
    desk: &DeskSettings,
    tickets: &[TicketId],
) -> Result<Vec<Step>, sqlx::Error> {
    let ids: Vec<i64> = tickets.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT ticket_id AS "ticket_id!: TicketId", at AS "at!", kind AS "kind!", old, new FROM (
               SELECT ticket_id, created_at AS at, 0 AS rank, id,
                      CASE WHEN by_staff THEN 'answered' ELSE 'wrote' END AS kind, NULL AS old, NULL AS new
               FROM comment
               WHERE ticket_id = ANY($1) AND visibility = 'public' AND deleted_at IS NULL AND source <> 'import'
               UNION ALL
               SELECT ticket_id, at, 1, id, kind, old, new FROM event
               WHERE ticket_id = ANY($1) AND kind IN ('status_changed', 'snoozed', 'woke', 'merged')
                 AND NOT EXISTS (SELECT FROM event AS undone
                                 WHERE undone.ticket_id = event.ticket_id AND undone.undoes = event.id)
           ) AS step ORDER BY at, rank, id"#,
        &ids
    )
    .fetch_all(conn)
    .await?;
    // A status that the desk no longer has was one in which somebody worked on the ticket, as far as is known.
    let kind_of = |key: Option<&str>| key.map(|key| desk.kind_of(key).unwrap_or(StatusKind::Open));
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let turn = |what| Some(StepKind::Turn(what, None));
            let what = match row.kind.as_str() {
                "answered" => turn(What::StaffAnswered),
                "wrote" => turn(What::CustomerWrote),
                "woke" => turn(What::Woke),
                "snoozed" => turn(What::SnoozedUntil(row.new.as_deref()?.parse().ok()?)),
                "merged" => Some(StepKind::Merged(kind_of(row.old.as_deref()))),
                _ => {
                    let became = What::Became(kind_of(row.new.as_deref())?);
                    Some(StepKind::Turn(became, kind_of(row.old.as_deref())))
                }
            };
            Some(Step {
                ticket: row.ticket_id,
                at: row.at,
                what: what?,
            })
        })
        .collect())
}

/// A clock as it is written down.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) kind: Kind,
    pub(super) started_at: DateTime<Utc>,
    pub(super) target_minutes: i32,
    pub(super) calendar: Option<String>,
    pub(super) met_at: Option<DateTime<Utc>>,
    pub(super) due_at: Option<DateTime<Utc>>,
    pub(super) marks: Vec<(String, DateTime<Utc>)>,
}

/// Writes the clocks of a ticket in place of those it had; the tickets that were merged into it have none. What
/// was told of a clock stays told while its target is the same.
pub(super) async fn replace(
    conn: &mut PgConnection,
    ticket: TicketId,
    merged: &[TicketId],
    rows: &[Row],
) -> Result<(), sqlx::Error> {
    let columns = Columns::of(rows.iter().map(|row| (ticket, row)));
    let merged: Vec<i64> = merged.iter().map(|id| id.0).collect();
    sqlx::query!(
        "WITH given AS (
             SELECT kind, started_at, target_minutes, calendar, met_at, due_at,
                    coalesce(mark.names, '{}') AS marks, coalesce(mark.moments, '{}') AS marks_at
             FROM unnest($2::text[], $3::timestamptz[], $4::integer[], $5::text[], $6::timestamptz[], $7::timestamptz[])
                  WITH ORDINALITY AS one (kind, started_at, target_minutes, calendar, met_at, due_at, position)
             LEFT JOIN (SELECT owner, array_agg(name ORDER BY at) AS names, array_agg(at ORDER BY at) AS moments
                        FROM unnest($8::integer[], $9::text[], $10::timestamptz[]) AS mark (owner, name, at)
                        GROUP BY owner) AS mark ON mark.owner = position
         ), gone AS (
             DELETE FROM ticket_clock AS held
             WHERE ticket_id = ANY($11)
                OR ticket_id = $1
                   AND NOT EXISTS (SELECT FROM given WHERE given.kind = held.kind AND given.started_at = held.started_at)
         )
         INSERT INTO ticket_clock AS held (ticket_id, kind, started_at, target_minutes, calendar, met_at, due_at, marks,
                                           marks_at, next_mark_at)
         SELECT $1, given.*, given.marks_at[1] FROM given
         ON CONFLICT (ticket_id, kind, started_at) DO UPDATE SET
             target_minutes = excluded.target_minutes, calendar = excluded.calendar, met_at = excluded.met_at,
             due_at = excluded.due_at, marks = excluded.marks, marks_at = excluded.marks_at,
             told = CASE WHEN held.target_minutes = excluded.target_minutes THEN held.told ELSE '{}' END,
             next_mark_at = CASE WHEN held.target_minutes = excluded.target_minutes THEN
                 (SELECT min(at) FROM unnest(excluded.marks, excluded.marks_at) AS mark (name, at)
                  WHERE name <> ALL (held.told))
             ELSE excluded.next_mark_at END",
        ticket.0,
        &columns.kinds as &[Kind],
        &columns.started,
        &columns.targets,
        &columns.calendars as &[Option<&str>],
        &columns.met as &[Option<DateTime<Utc>>],
        &columns.due as &[Option<DateTime<Utc>>],
        &columns.owners,
        &columns.names as &[&str],
        &columns.moments,
        &merged,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes the first clocks of new tickets.
pub(super) async fn start(
    conn: &mut PgConnection,
    rows: &[(TicketId, Row)],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(rows.iter().map(|(ticket, row)| (*ticket, row)));
    sqlx::query!(
        "INSERT INTO ticket_clock (ticket_id, kind, started_at, target_minutes, calendar, met_at, due_at, marks, marks_at,
                                   next_mark_at)
         SELECT ticket_id, kind, started_at, target_minutes, calendar, met_at, due_at, coalesce(mark.names, '{}'),
                coalesce(mark.moments, '{}'), mark.moments[1]
         FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::integer[], $5::text[], $6::timestamptz[],
                     $7::timestamptz[])
              WITH ORDINALITY AS one (ticket_id, kind, started_at, target_minutes, calendar, met_at, due_at, position)
         CROSS JOIN LATERAL (SELECT array_agg(name ORDER BY at) AS names, array_agg(at ORDER BY at) AS moments
                             FROM unnest($8::integer[], $9::text[], $10::timestamptz[]) AS mark (owner, name, at)
                             WHERE owner = position) AS mark",
        &columns.tickets as &[TicketId],
        &columns.kinds as &[Kind],
        &columns.started,
        &columns.targets,
        &columns.calendars as &[Option<&str>],
        &columns.met as &[Option<DateTime<Utc>>],
        &columns.due as &[Option<DateTime<Utc>>],
        &columns.owners,
        &columns.names as &[&str],
        &columns.moments,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Clocks turned on their side, as `unnest` wants them. PostgreSQL's arrays of arrays want one length for all: the
/// marks of all clocks stand in one row.
#[derive(Default)]
struct Columns<'a> {
    tickets: Vec<TicketId>,
    kinds: Vec<Kind>,
    started: Vec<DateTime<Utc>>,
    targets: Vec<i32>,
    calendars: Vec<Option<&'a str>>,
    met: Vec<Option<DateTime<Utc>>>,
    due: Vec<Option<DateTime<Utc>>>,
    /// To which clock each mark belongs, counted from one.
    owners: Vec<i32>,
    names: Vec<&'a str>,
    moments: Vec<DateTime<Utc>>,
}

impl<'a> Columns<'a> {
    fn of(rows: impl Iterator<Item = (TicketId, &'a Row)>) -> Self {
        // Of two clocks that started at one moment the first was over in that moment.
        let rows: BTreeMap<(TicketId, Kind, DateTime<Utc>), &Row> = rows
            .map(|(ticket, row)| ((ticket, row.kind, row.started_at), row))
            .collect();
        let mut columns = Self::default();
        for (owner, ((ticket, ..), row)) in (1_i32..).zip(rows) {
            columns.tickets.push(ticket);
            columns.kinds.push(row.kind);
            columns.started.push(row.started_at);
            columns.targets.push(row.target_minutes);
            columns.calendars.push(row.calendar.as_deref());
            columns.met.push(row.met_at);
            columns.due.push(row.due_at);
            for (name, at) in &row.marks {
                columns.owners.push(owner);
                columns.names.push(name);
                columns.moments.push(*at);
            }
        }
        columns
    }
}
