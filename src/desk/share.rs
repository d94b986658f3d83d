//! Sharing a team's tickets among those who are present: one after the other, or by load.
//!
//! A ticket is given away when it is opened, or by a tick: when it came to the team by another way, or nobody was present
//! before. Whoever gives one away holds the team's turn, so that any number of copies do it as one would. Nobody is said to
//! work on a ticket by that: its status stays.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Context, DeskError, announce, append};
use crate::config::desk::{Assign, Team};
use crate::config::{DeskSettings, Settings};
use crate::ids::{PersonId, TicketId};
use crate::notify::Happening;
use crate::people::presence::{self, Present};
use crate::people::{self, Person};
use crate::sla::calendar::Calendar;
use crate::ticket::timeline::NewEvent;
use crate::ticket::{Actor, Ticket, store};

/// Why somebody has a ticket whom nobody chose.
pub(super) const THEIR_TURN: &str = "it was their turn";
/// The same, by load.
pub(super) const FEWEST: &str = "of those who are present they had the fewest";

/// Whose turn it is; nobody's, where nobody is present. `last` is who got one last.
fn next(by: Assign, present: &[Present], last: Option<PersonId>) -> Option<PersonId> {
    let fewest = present.iter().map(|one| one.tickets).min()?;
    let may = |one: &&Present| by == Assign::RoundRobin || one.tickets == fewest;
    let after = |one: &&Present| last.is_none_or(|last| one.person > last);
    let mut candidates = present.iter().filter(may);
    let first = candidates.clone().next();
    candidates.find(after).or(first).map(|one| one.person)
}

/// Whether a team's people are present by the clock.
fn is_open(desk: &DeskSettings, team: &Team, now: DateTime<Utc>) -> bool {
    let Some(key) = &team.assign_calendar else {
        return true;
    };
    let calendar = desk.calendar.iter().find(|calendar| calendar.key == *key);
    calendar.is_none_or(|calendar| Calendar::of(calendar).is_open(now))
}

/// Chooses who gets a ticket of the team, and remembers it; the turn is held until the transaction ends.
async fn choose(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    team: &str,
) -> Result<Option<(Person, &'static str)>, DeskError> {
    let desk = &ctx.settings.desk;
    let Some((team, by)) = desk.team(team).and_then(|team| Some((team, team.assign?))) else {
        return Ok(None);
    };
    if !is_open(desk, team, ctx.now) {
        return Ok(None);
    }
    let last = presence::hold_turn(conn, &team.key).await?;
    let present = presence::present(conn, ctx.now, &team.key).await?;
    let Some(person) = next(by, &present, last) else {
        return Ok(None);
    };
    presence::took_turn(conn, &team.key, person).await?;
    let reason = match by {
        Assign::RoundRobin => THEIR_TURN,
        Assign::LeastLoaded => FEWEST,
    };
    Ok(Some((people::store::get(conn, person).await?, reason)))
}

/// Gives a ticket that nobody has to somebody of its team who is present; the caller tells of it. A ticket that nobody can
/// get stays as it is.
pub(super) async fn give(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
) -> Result<bool, DeskError> {
    let Some(team) = ticket.team.clone().filter(|_| ticket.assignee_id.is_none()) else {
        return Ok(false);
    };
    let Some((person, reason)) = choose(conn, ctx, &team).await? else {
        return Ok(false);
    };
    hand_to(conn, ctx, ticket, &person, reason).await?;
    Ok(true)
}

/// Writes down that a ticket is somebody's, and why.
pub(super) async fn hand_to(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    person: &Person,
    reason: &str,
) -> Result<(), DeskError> {
    ticket.assignee_id = Some(person.id);
    store::update(conn, ticket).await?;
    let event = NewEvent {
        kind: "assigned",
        field: Some("assignee"),
        new: Some(person.handle.as_deref().unwrap_or(&person.name)),
        reason: Some(reason),
        ..NewEvent::default()
    };
    let by_itself = Context {
        actor: Actor::System,
        ..*ctx
    };
    append(conn, &by_itself, ticket.id, &[event]).await?;
    Ok(())
}

/// Shares the tickets of one team that nobody has, oldest first, at most `limit` of them in a transaction of the caller's.
/// Returns how many were given away. One that somebody was taken off by hand stays with nobody.
///
/// # Errors
/// If the database does not answer.
pub async fn share(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    team: &Team,
    limit: i64,
) -> Result<usize, DeskError> {
    let ctx = Context {
        settings,
        now,
        actor: Actor::System,
        answering: true,
    };
    if !is_open(&settings.desk, team, now)
        || presence::present(conn, now, &team.key).await?.is_empty()
    {
        return Ok(0);
    }
    let waiting = waiting(conn, &team.key, limit).await?;
    if waiting.is_empty() {
        return Ok(0);
    }
    presence::hold_turn(conn, &team.key).await?;
    let mut given = 0;
    for id in waiting {
        let Some(id) = store::lock_unassigned(conn, id).await? else {
            continue;
        };
        let mut ticket = store::get(conn, id).await?;
        if !give(conn, &ctx, &mut ticket).await? {
            break;
        }
        given += 1;
        let happening = Happening::Assigned {
            ticket: &ticket,
            actor: Actor::System,
        };
        announce(conn, &ctx, ticket.id, &happening).await?;
    }
    Ok(given)
}

async fn waiting(
    conn: &mut PgConnection,
    team: &str,
    limit: i64,
) -> Result<Vec<TicketId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: TicketId" FROM ticket
           WHERE team = $1 AND assignee_id IS NULL AND merged_into_id IS NULL AND snoozed_until IS NULL
             AND status_kind IN ('new', 'open')
             AND NOT EXISTS (SELECT FROM event WHERE ticket_id = ticket.id AND kind = 'assigned' AND new IS NULL
                             AND reason IS NULL)
           ORDER BY opened_at, id LIMIT $2"#,
        team,
        limit
    )
    .fetch_all(conn)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn present(all: &[(i64, i64)]) -> Vec<Present> {
        let one = |&(person, tickets): &(i64, i64)| Present {
            person: PersonId(person),
            tickets,
        };
        all.iter().map(one).collect()
    }

    #[test]
    fn turns_go_round_past_those_who_left() {
        let here = present(&[(2, 9), (5, 0), (7, 0)]);
        let after = |last: Option<i64>| next(Assign::RoundRobin, &here, last.map(PersonId));
        assert_eq!(after(None), Some(PersonId(2)));
        assert_eq!(after(Some(2)), Some(PersonId(5)));
        // Whoever was last is not here any more.
        assert_eq!(after(Some(6)), Some(PersonId(7)));
        assert_eq!(after(Some(7)), Some(PersonId(2)));
        assert_eq!(next(Assign::RoundRobin, &[], None), None);
    }

    #[test]
    fn the_fewest_come_first_and_among_equals_the_turn() {
        let here = present(&[(2, 3), (5, 1), (7, 1)]);
        let after = |last: Option<i64>| next(Assign::LeastLoaded, &here, last.map(PersonId));
        assert_eq!(after(None), Some(PersonId(5)));
        assert_eq!(after(Some(5)), Some(PersonId(7)));
        assert_eq!(after(Some(7)), Some(PersonId(5)));
    }
}
