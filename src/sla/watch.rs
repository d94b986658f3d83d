//! The watch: telling those concerned of targets that are near or missed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::marks::{Mark, of_target};
use super::policy::Measure;
use super::store::{self, DueClock, Noticed};
use crate::config::sla::EscalateTo;
use crate::config::{DeskSettings, Settings};
use crate::ids::TicketId;
use crate::notify::{self, Circle, TargetNotice};
use crate::ticket::Ticket;

/// Tells of the targets whose time has come, of at most `limit` clocks, those first that wait longest. Returns
/// how many clocks were looked at: fewer than `limit` means that nothing is left.
///
/// Each mark of a clock is told once: the clock's row says what was told, and the rows of the outbox have keys
/// of their own. Where several marks of a clock have passed at once, as after a pause of the service, everybody
/// concerned by any of them hears once, of the last. A ticket that somebody is working on at this very moment is
/// left for the next time, so that nobody is told of what is being answered.
///
/// # Errors
/// If the database does not answer.
pub async fn due(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<usize, sqlx::Error> {
    let clocks = store::claim_due(conn, now, limit).await?;
    if clocks.is_empty() {
        return Ok(0);
    }
    let tickets = tickets(conn, &clocks).await?;
    let mut measures = Measures::of(&settings.desk);
    let mut notices = Vec::new();
    let mut noticed = Vec::new();
    for clock in &clocks {
        let Some(ticket) = tickets.get(&clock.ticket_id) else {
            continue;
        };
        let Some((last, circles)) = passed(settings, clock, now) else {
            continue;
        };
        let due_at = clock.due_at.unwrap_or(now);
        let missed = due_at <= now;
        let measure = measures.get(clock.calendar.as_deref());
        let (from, to) = if missed { (due_at, now) } else { (now, due_at) };
        notices.push(TargetNotice {
            ticket,
            key: key(clock, last),
            promise: clock.kind.name(),
            due_at,
            missed,
            span: measure.between(from, to),
            circles,
        });
        noticed.push(Noticed {
            ticket_id: clock.ticket_id,
            what: event(last),
            kind: clock.kind,
            due_at,
        });
    }
    store::told(conn, now, &clocks).await?;
    let withheld = notify::tell_of_targets(conn, settings, now, &notices).await?;
    store::add_events(conn, now, &noticed, &withheld).await?;
    Ok(clocks.len())
}

async fn tickets(
    conn: &mut PgConnection,
    clocks: &[DueClock],
) -> Result<BTreeMap<TicketId, Ticket>, sqlx::Error> {
    let ids: Vec<TicketId> = clocks.iter().map(|clock| clock.ticket_id).collect();
    let tickets = crate::ticket::store::get_many(conn, &ids).await?;
    Ok(tickets
        .into_iter()
        .map(|ticket| (ticket.id, ticket))
        .collect())
}

/// The last of the marks that have passed and were not told yet, and everybody whom one of them concerns.
fn passed(
    settings: &Settings,
    clock: &DueClock,
    now: DateTime<Utc>,
) -> Option<(Mark, Vec<Circle>)> {
    let due = |(name, at): (&String, &DateTime<Utc>)| {
        (*at <= now && !clock.told.contains(name))
            .then(|| Mark::from_name(name))
            .flatten()
    };
    let marks: Vec<Mark> = clock
        .marks
        .iter()
        .zip(&clock.marks_at)
        .filter_map(due)
        .collect();
    let minutes = u32::try_from(clock.target_minutes).unwrap_or(0);
    let order = of_target(&settings.desk.sla_watch, minutes);
    let place = |mark: &Mark| order.iter().position(|(other, _)| other == mark);
    let last = marks.iter().copied().max_by_key(place)?;
    let mut circles: Vec<Circle> = marks.into_iter().map(circle).collect();
    circles.sort_unstable();
    circles.dedup();
    Some((last, circles))
}

fn circle(mark: Mark) -> Circle {
    match mark {
        Mark::Share | Mark::Minutes => Circle::Responsible,
        Mark::Breach => Circle::Lead,
        Mark::Escalation(step) => match step.to {
            EscalateTo::Team => Circle::Team,
            EscalateTo::Lead => Circle::Lead,
            EscalateTo::Managers => Circle::Managers,
            EscalateTo::Admins => Circle::Admins,
        },
    }
}

/// What stands on the timeline.
fn event(mark: Mark) -> &'static str {
    match mark {
        Mark::Share | Mark::Minutes => "target_near",
        Mark::Breach => "target_missed",
        Mark::Escalation(_) => "target_escalated",
    }
}

/// What a notice is told apart by: the promise, its target and the mark.
fn key(clock: &DueClock, mark: Mark) -> String {
    format!(
        "target:{}:{}:{}:{}:{}",
        clock.ticket_id,
        clock.kind.key(),
        clock.started_at.timestamp_micros(),
        clock.target_minutes,
        mark.name()
    )
}

/// The calendars of a desk, each built once.
struct Measures<'d> {
    desk: &'d DeskSettings,
    built: BTreeMap<Option<String>, Measure>,
}

impl<'d> Measures<'d> {
    fn of(desk: &'d DeskSettings) -> Self {
        Self {
            desk,
            built: BTreeMap::new(),
        }
    }

    fn get(&mut self, calendar: Option<&str>) -> &Measure {
        self.built
            .entry(calendar.map(str::to_owned))
            .or_insert_with(|| Measure::of(self.desk, calendar))
    }
}
