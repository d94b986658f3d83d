//! Keeping the written clocks of a ticket in step with what happens to it.

use sqlx::PgConnection;

use super::calendar::Calendar;
use super::clock::{Clock, History, Turn, What, answered_at, clocks};
use super::marks;
use super::policy::{Attributes, Kind, Measure, Target, target};
use super::store::{self, Member, Row, Step, StepKind};
use crate::config::DeskSettings;
use crate::config::desk::{self, StatusKind};
use crate::config::sla::SlaWatch;
use crate::ids::TicketId;
use crate::ticket::{Source, Ticket};

/// Starts the clocks of tickets that were opened just now.
///
/// # Errors
/// If the database does not answer.
pub async fn start<'t>(
    conn: &mut PgConnection,
    desk: &DeskSettings,
    tickets: impl Iterator<Item = &'t Ticket>,
) -> Result<(), sqlx::Error> {
    if desk.sla.is_empty() {
        return Ok(());
    }
    let asks = desk.sla.iter().any(|entry| entry.organization.is_some());
    let mut started = Vec::new();
    for ticket in tickets {
        let organization = match ticket.organization_id.filter(|_| asks) {
            Some(id) => store::organization(conn, id).await?,
            None => None,
        };
        let attributes = Attributes {
            priority: ticket.priority.clone(),
            team: ticket.team.clone(),
            ticket_type: ticket.ticket_type.clone(),
            category: ticket.category.clone(),
            organization,
        };
        let history = History {
            opened_at: ticket.opened_at,
            opened_as: ticket.kind,
            owed: ticket.source != Source::Import,
            turns: Vec::new(),
        };
        let rows = rows(desk, &attributes, &history);
        started.extend(rows.into_iter().map(|row| (ticket.id, row)));
    }
    store::start(conn, &started).await
}

/// Computes the clocks of a ticket anew from what happened to it so far. For one that was merged into another it
/// is the other one's clocks.
///
/// # Errors
/// If the database does not answer.
pub async fn follow(
    conn: &mut PgConnection,
    desk: &DeskSettings,
    ticket: TicketId,
) -> Result<(), sqlx::Error> {
    if desk.sla.is_empty() {
        return Ok(());
    }
    recompute(conn, desk, ticket).await
}

/// As [`follow`], also for a desk that has no targets any more.
pub(super) async fn recompute(
    conn: &mut PgConnection,
    desk: &DeskSettings,
    ticket: TicketId,
) -> Result<(), sqlx::Error> {
    let Some(life) = life(conn, desk, ticket).await? else {
        return Ok(());
    };
    let rows = rows(desk, &life.attributes, &life.history);
    store::replace(conn, life.root, &life.merged, &rows).await
}

/// What decides the clocks of a ticket.
#[derive(Debug)]
pub(super) struct Life {
    /// The ticket itself, or the one that took it in.
    pub(super) root: TicketId,
    /// The tickets that were merged into that one.
    pub(super) merged: Vec<TicketId>,
    pub(super) attributes: Attributes,
    pub(super) history: History,
}

/// Asks for what decides the clocks of a ticket; nothing where there is none.
pub(super) async fn life(
    conn: &mut PgConnection,
    desk: &DeskSettings,
    ticket: TicketId,
) -> Result<Option<Life>, sqlx::Error> {
    let family = store::family(conn, ticket).await?;
    let ids: Vec<TicketId> = family.iter().map(|member| member.id).collect();
    let steps = store::steps(conn, desk, &ids).await?;
    let (Some(first), Some(root)) = (family.first(), family.iter().find(|member| member.is_root))
    else {
        return Ok(None);
    };
    Ok(Some(Life {
        root: root.id,
        merged: ids.into_iter().filter(|id| *id != root.id).collect(),
        attributes: root.attributes.clone(),
        history: history(first, root, &steps),
    }))
}

/// One history of tickets that were merged: it begins with the one that was opened first and has everybody's words.
/// What stopped that one's clocks counts until it was merged, what stops the others' from then on.
fn history(first: &Member, root: &Member, steps: &[Step]) -> History {
    let merged = |step: &&Step| step.ticket == first.id && matches!(step.what, StepKind::Merged(_));
    let merged_at = steps.iter().rev().find(merged).map(|step| step.at);
    let mut turns: Vec<Turn> = Vec::with_capacity(steps.len());
    for step in steps {
        let Some(turn) = step.turn() else {
            if first.id != root.id && merged_at == Some(step.at) && step.ticket == first.id {
                let what = What::Became(kind_at(root, steps, step));
                turns.push(Turn { at: step.at, what });
            }
            continue;
        };
        let spoken = matches!(turn.what, What::CustomerWrote | What::StaffAnswered);
        let before = merged_at.is_some_and(|at| turn.at < at);
        let leading = if first.id == root.id || !before {
            root.id
        } else {
            first.id
        };
        // The word that opened a ticket is no answer and no question of its own.
        let opening = turn.at == first.opened_at && turn.what == What::CustomerWrote;
        if (spoken || step.ticket == leading) && !opening {
            turns.push(turn);
        }
    }
    History {
        opened_at: first.opened_at,
        opened_as: opened_as(first, steps),
        owed: first.source != Source::Import,
        turns,
    }
}

/// What the first status of a ticket meant: what it was before it first changed. A merge closes a ticket, too.
fn opened_as(ticket: &Member, steps: &[Step]) -> StatusKind {
    let own = steps.iter().filter(|step| step.ticket == ticket.id);
    let mut before = own.filter_map(|step| match step.what {
        StepKind::Turn(What::Became(_), before) | StepKind::Merged(before) => before,
        StepKind::Turn(..) => None,
    });
    before.next().unwrap_or(ticket.kind)
}

/// What a ticket's status meant when another was merged into it.
fn kind_at(ticket: &Member, steps: &[Step], merged: &Step) -> StatusKind {
    let own = steps
        .iter()
        .filter(|step| step.ticket == ticket.id && step.at <= merged.at);
    let mut became = own.rev().filter_map(|step| match step.what {
        StepKind::Turn(What::Became(kind), _) => Some(kind),
        _ => None,
    });
    became.next().unwrap_or_else(|| opened_as(ticket, steps))
}

/// The clocks of a history for which there are targets, as they are written down.
fn rows(desk: &DeskSettings, attributes: &Attributes, history: &History) -> Vec<Row> {
    let answered_at = answered_at(history);
    let clocks = clocks(history);
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        let Some(target) = target(desk, attributes, kind) else {
            continue;
        };
        let calendar = target.entry.calendar.as_deref();
        let measure = Measure::of(desk, calendar);
        let office = told_in(desk, &measure);
        let of_kind = clocks.iter().filter(|clock| clock.kind == kind);
        rows.extend(of_kind.map(|clock| {
            let watch = &desk.sla_watch;
            let marks =
                marks::moments(clock, &measure, &office, watch, target.minutes, answered_at);
            row(clock, &target, &measure, marks)
        }));
    }
    rows
}

/// The hours in which staff is told of a target: those that the desk names, else the target's own, and where every hour
/// counts for that one, by day.
fn told_in(desk: &DeskSettings, measure: &Measure) -> Measure {
    match (desk.sla_watch.calendar.as_deref(), measure) {
        (Some(SlaWatch::ALWAYS), _) => Measure::Wall,
        (Some(named), _) => Measure::of(desk, Some(named)),
        (None, Measure::Wall) => Measure::Business(Calendar::of(&desk::Calendar {
            key: String::new(),
            zone: desk.zone,
            hours: vec![SlaWatch::DAYTIME.to_owned()],
            holidays: Vec::new(),
        })),
        (None, own) => own.clone(),
    }
}

fn row(
    clock: &Clock,
    target: &Target<'_>,
    measure: &Measure,
    marks: Vec<(marks::Mark, chrono::DateTime<chrono::Utc>)>,
) -> Row {
    let minutes = chrono::TimeDelta::minutes(i64::from(target.minutes));
    Row {
        kind: clock.kind,
        started_at: clock.started_at,
        target_minutes: i32::try_from(target.minutes).unwrap_or(i32::MAX),
        calendar: target.entry.calendar.clone(),
        met_at: clock.met_at,
        due_at: clock.reaches(measure, minutes),
        marks: marks
            .into_iter()
            .map(|(mark, at)| (mark.name(), at))
            .collect(),
    }
}
