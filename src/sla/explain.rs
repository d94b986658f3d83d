//! What there is to know of a ticket's clocks: which promise, which pauses, what is left.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use super::clock::{Clock, Pause, clocks};
use super::follow::life;
use super::policy::{Kind, Measure, Target, target};
use crate::config::DeskSettings;
use crate::config::sla::SlaTarget;
use crate::ids::TicketId;
use crate::notify::span;

/// A ticket's clocks, step by step, ready for a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The ticket's number; that of the ticket that took it in where it was merged.
    pub number: String,
    /// The clocks, in the order in which a ticket meets them.
    pub clocks: Vec<Explained>,
    /// The promises for which this ticket has no target.
    pub without: Vec<&'static str>,
}

/// One clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// What was promised: `first response`.
    pub promise: &'static str,
    /// The time that was promised.
    pub target: String,
    /// The tickets for which it was: `priority high, organization Kanal 9`; `all tickets` where none is named.
    pub of: String,
    /// Whose hours count; nothing where every hour does.
    pub calendar: Option<String>,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// What it shows.
    pub used: String,
    /// When it was met.
    pub met_at: Option<DateTime<Utc>>,
    /// When it is due, or was.
    pub due_at: Option<DateTime<Utc>>,
    /// Whether it was missed.
    pub missed: bool,
    /// What is left of the time; nothing once it was met or missed.
    pub left: Option<String>,
    /// How much too late it is, or was; nothing where it is not.
    pub late: Option<String>,
    /// When it stood still.
    pub pauses: Vec<ExplainedPause>,
}

/// A time in which a clock stood still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedPause {
    /// Why.
    pub why: Pause,
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when; nothing where that is not known.
    pub to: Option<DateTime<Utc>>,
}

/// Explains the clocks of a ticket as they stand; nothing where there is no such ticket.
///
/// # Errors
/// If the database does not answer.
pub async fn explain(
    conn: &mut PgConnection,
    desk: &DeskSettings,
    now: DateTime<Utc>,
    ticket: TicketId,
) -> Result<Option<Explanation>, sqlx::Error> {
    let Some(life) = life(conn, desk, ticket).await? else {
        return Ok(None);
    };
    let number = crate::ticket::store::get(conn, life.root).await?.number;
    let mut explained = Vec::new();
    let mut without = Vec::new();
    let started = clocks(&life.history);
    for kind in Kind::ALL {
        let Some(target) = target(desk, &life.attributes, kind) else {
            without.push(kind.name());
            continue;
        };
        let words = Words { desk, now, target };
        let of_kind = started.iter().filter(|clock| clock.kind == kind);
        explained.extend(of_kind.map(|clock| words.of(clock)));
    }
    Ok(Some(Explanation {
        number,
        clocks: explained,
        without,
    }))
}

/// What is needed to put a clock into words.
struct Words<'d> {
    desk: &'d DeskSettings,
    now: DateTime<Utc>,
    target: Target<'d>,
}

impl Words<'_> {
    fn of(&self, clock: &Clock) -> Explained {
        let measure = Measure::of(self.desk, self.target.entry.calendar.as_deref());
        let target = chrono::TimeDelta::minutes(i64::from(self.target.minutes));
        let due = clock.reaches(&measure, target);
        let end = clock.met_at.unwrap_or(self.now);
        let missed = due.is_some_and(|due| due <= end);
        let used = clock.shows(&measure, end);
        let running = clock.met_at.is_none();
        Explained {
            promise: clock.kind.name(),
            target: span(target),
            of: tickets(self.target.entry),
            calendar: self.target.entry.calendar.clone(),
            started_at: clock.started_at,
            used: span(used),
            met_at: clock.met_at,
            due_at: due,
            missed,
            left: (running && !missed).then(|| span(target - used)),
            late: missed.then(|| span(used - target)),
            pauses: self.pauses(clock),
        }
    }

    fn pauses(&self, clock: &Clock) -> Vec<ExplainedPause> {
        let begun = clock
            .legs
            .iter()
            .filter(|leg| leg.from <= self.now && leg.to != Some(leg.from));
        begun
            .filter_map(|leg| {
                Some(ExplainedPause {
                    why: leg.pause?,
                    from: leg.from,
                    to: leg.to,
                })
            })
            .collect()
    }
}

/// For which tickets an entry is.
fn tickets(entry: &SlaTarget) -> String {
    let named = [
        ("priority", &entry.priority),
        ("team", &entry.team),
        ("type", &entry.ticket_type),
        ("category", &entry.category),
        ("organization", &entry.organization),
    ];
    let named: Vec<String> = named
        .into_iter()
        .filter_map(|(name, word)| Some(format!("{name} {}", word.as_ref()?)))
        .collect();
    if named.is_empty() {
        return "all tickets".to_owned();
    }
    named.join(", ")
}
