//! The SQL of the watch and of the refresh.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::PgConnection;

use crate::ids::TicketId;
use crate::notify::Withheld;
use crate::sla::{Kind, NextDue};

/// A clock of which somebody is to be told.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sla) struct DueClock {
    pub(in crate::sla) ticket_id: TicketId,
    pub(in crate::sla) kind: Kind,
    pub(in crate::sla) started_at: DateTime<Utc>,
    pub(in crate::sla) target_minutes: i32,
    pub(in crate::sla) calendar: Option<String>,
    pub(in crate::sla) due_at: Option<DateTime<Utc>>,
    pub(in crate::sla) marks: Vec<String>,
    pub(in crate::sla) marks_at: Vec<DateTime<Utc>>,
    pub(in crate::sla) told: Vec<String>,
}

/// Holds clocks of which somebody is to be told by now, and their tickets. Those that somebody else holds are
/// passed over.
pub(in crate::sla) async fn claim_due(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<DueClock>, sqlx::Error> {
    sqlx::query_as!(
        DueClock,
        r#"SELECT held.ticket_id AS "ticket_id: TicketId", kind AS "kind: Kind", started_at, target_minutes, calendar,
                  held.due_at, marks, marks_at, told
           FROM ticket_clock AS held JOIN ticket ON ticket.id = held.ticket_id
           WHERE next_mark_at <= $1
           ORDER BY next_mark_at LIMIT $2
           FOR UPDATE OF held, ticket SKIP LOCKED"#,
        now,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Writes down that the marks of these clocks were told as far as their time has come.
pub(in crate::sla) async fn told(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    clocks: &[DueClock],
) -> Result<(), sqlx::Error> {
    let tickets: Vec<i64> = clocks.iter().map(|clock| clock.ticket_id.0).collect();
    let kinds: Vec<Kind> = clocks.iter().map(|clock| clock.kind).collect();
    let started: Vec<DateTime<Utc>> = clocks.iter().map(|clock| clock.started_at).collect();
    sqlx::query!(
        "UPDATE ticket_clock AS held SET
             told = ARRAY(SELECT unnest(held.told)
                          UNION SELECT name FROM unnest(held.marks, held.marks_at) AS mark (name, at) WHERE at <= $1),
             next_mark_at = (SELECT min(at) FROM unnest(held.marks, held.marks_at) AS mark (name, at)
                             WHERE at > $1 AND name <> ALL (held.told))
         FROM unnest($2::bigint[], $3::text[], $4::timestamptz[]) AS given (ticket_id, kind, started_at)
         WHERE held.ticket_id = given.ticket_id AND held.kind = given.kind AND held.started_at = given.started_at",
        now,
        &tickets,
        &kinds as &[Kind],
        &started,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What the timeline says of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sla) struct Noticed {
    pub(in crate::sla) ticket_id: TicketId,
    pub(in crate::sla) what: &'static str,
    pub(in crate::sla) kind: Kind,
    pub(in crate::sla) due_at: DateTime<Utc>,
}

/// Appends to the timelines of many tickets, in one statement.
pub(in crate::sla) async fn add_events(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    noticed: &[Noticed],
    withheld: &[(TicketId, Withheld)],
) -> Result<(), sqlx::Error> {
    let mut tickets: Vec<i64> = noticed.iter().map(|notice| notice.ticket_id.0).collect();
    let mut kinds: Vec<&str> = noticed.iter().map(|notice| notice.what).collect();
    let mut fields: Vec<Option<&str>> = noticed
        .iter()
        .map(|notice| Some(notice.kind.key()))
        .collect();
    let due = |notice: &Noticed| notice.due_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut news: Vec<Option<String>> = noticed.iter().map(|notice| Some(due(notice))).collect();
    let mut reasons: Vec<Option<&str>> = vec![None; noticed.len()];
    for (ticket, withheld) in withheld {
        tickets.push(ticket.0);
        kinds.push("withheld");
        fields.push(None);
        news.push(withheld.address.clone());
        reasons.push(Some(withheld.reason.sentence()));
    }
    sqlx::query!(
        "INSERT INTO event (ticket_id, at, kind, field, new, reason)
         SELECT ticket_id, $2, kind, field, new, reason
         FROM unnest($1::bigint[], $3::text[], $4::text[], $5::text[], $6::text[])
              AS given (ticket_id, kind, field, new, reason)",
        &tickets,
        now,
        &kinds as &[&str],
        &fields as &[Option<&str>],
        &news as &[Option<String>],
        &reasons as &[Option<&str>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The ticket through which the clocks were computed by these settings; nothing where all of them were, and where
/// somebody else is at it. Other settings than the last ones begin anew.
pub(in crate::sla) async fn refreshed_through(
    conn: &mut PgConnection,
    fingerprint: &str,
) -> Result<Option<TicketId>, sqlx::Error> {
    let known = sqlx::query!("SELECT fingerprint, done_through FROM ticket_clock_settings")
        .fetch_optional(&mut *conn)
        .await?;
    match known {
        Some(known) if known.fingerprint == fingerprint && known.done_through == i64::MAX => {
            return Ok(None);
        }
        Some(known) if known.fingerprint == fingerprint => {}
        _ => {
            sqlx::query!(
                "INSERT INTO ticket_clock_settings AS held (fingerprint, done_through) VALUES ($1, 0)
                 ON CONFLICT (only_one) DO UPDATE SET fingerprint = excluded.fingerprint, done_through = 0
                 WHERE held.fingerprint <> excluded.fingerprint",
                fingerprint
            )
            .execute(&mut *conn)
            .await?;
        }
    }
    sqlx::query_scalar!(
        r#"SELECT done_through AS "through: TicketId" FROM ticket_clock_settings
           WHERE fingerprint = $1 AND done_through < $2 FOR UPDATE SKIP LOCKED"#,
        fingerprint,
        i64::MAX
    )
    .fetch_optional(conn)
    .await
}

/// Holds the next tickets after one that are not done and not merged away, in the order of their ids.
pub(in crate::sla) async fn lock_open_after(
    conn: &mut PgConnection,
    through: TicketId,
    limit: i64,
) -> Result<Vec<TicketId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: TicketId" FROM ticket
           WHERE id > $1 AND merged_into_id IS NULL AND status_kind IN ('new', 'open', 'waiting')
           ORDER BY id LIMIT $2 FOR UPDATE"#,
        through.0,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Writes down how far the clocks were computed; to the end where no ticket is named.
pub(in crate::sla) async fn set_refreshed_through(
    conn: &mut PgConnection,
    ticket: Option<TicketId>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE ticket_clock_settings SET done_through = $1",
        ticket.map_or(i64::MAX, |ticket| ticket.0)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What is due next of each of these tickets.
pub(in crate::sla) async fn next_due(
    conn: &mut PgConnection,
    tickets: &[TicketId],
) -> Result<BTreeMap<TicketId, NextDue>, sqlx::Error> {
    let ids: Vec<i64> = tickets.iter().map(|id| id.0).collect();
    // OFFSET 0 has the tickets' own clocks read: planned for any tickets, the index of all that is due looks as short.
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (ticket_id) ticket_id AS "ticket_id: TicketId", kind AS "kind: Kind", due_at AS "due_at!"
           FROM (SELECT ticket_id, kind, due_at, met_at FROM ticket_clock WHERE ticket_id = ANY($1) OFFSET 0) AS clock
           WHERE met_at IS NULL AND due_at IS NOT NULL
           ORDER BY ticket_id, due_at"#,
        &ids
    )
    .fetch_all(conn)
    .await?;
    let due = rows.into_iter().map(|row| {
        let next = NextDue {
            kind: row.kind,
            due_at: row.due_at,
        };
        (row.ticket_id, next)
    });
    Ok(due.collect())
}
