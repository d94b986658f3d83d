//! Follow-ups: tickets that were resolved for long enough close, those that wait for the customer are asked after and close in
//! the end, and so do those whose customers were asked whether the matter is settled and said nothing.

mod store;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use self::store::{Due, Terms};
use super::job::Done;
use crate::config::{DeskSettings, Settings, desk};
use crate::desk::{self as tickets, Context};
use crate::sla::calendar::Calendar;
use crate::ticket::{self, Actor, close_request};

/// When customers may get such mail where the desk names no calendar.
const DAYTIME: &str = "mon-sun 08:00-20:00";

/// Works what is due, as far as automatic mail may go out in a minute; the rest is left for the next ticks.
pub(super) async fn run(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
) -> anyhow::Result<Done> {
    let mut done = Done::default();
    let terms = Terms::of(&settings.desk);
    if !is_daytime(&settings.desk, now) {
        return Ok(done);
    }
    // The breaker is there for loops: half of what it allows is left to the acknowledgements of the same minute.
    let room = i64::from(settings.caps.answers_per_minute / 2).max(1);
    let ctx = Context {
        settings,
        now,
        actor: Actor::System,
        answering: true,
    };
    for ticket in close_request::due(conn, now, room).await? {
        let mut ticket = ticket::store::lock(conn, ticket).await?;
        tickets::close_unanswered_request(conn, &ctx, &mut ticket).await?;
        done.deeds
            .push(format!("closed, not answered, {}", ticket.number));
    }
    let room = room - i64::try_from(done.deeds.len()).unwrap_or(room);
    let due = match terms.are_none() {
        true => Vec::new(),
        false => store::due_follow_ups(conn, &terms, now, room + 1).await?,
    };
    done.more = i64::try_from(due.len()).unwrap_or(i64::MAX) > room || room == 0;
    for due in due.into_iter().take(usize::try_from(room).unwrap_or(0)) {
        done.deeds.push(follow_up(conn, &ctx, &due).await?);
    }
    Ok(done)
}

async fn follow_up(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    due: &Due,
) -> anyhow::Result<String> {
    let mut ticket = ticket::store::lock(conn, due.ticket).await?;
    let deed = match (due.nudge, due.waiting_since) {
        (true, Some(since)) => {
            store::record_nudge(conn, ticket.id, since, ctx.now).await?;
            tickets::nudge(conn, ctx, &ticket, due.closes_at).await?;
            "asked after"
        }
        (_, Some(_)) => {
            tickets::close_unanswered(conn, ctx, &mut ticket).await?;
            "closed, unanswered,"
        }
        (_, None) => {
            tickets::close_resolved(conn, ctx, &mut ticket).await?;
            "closed"
        }
    };
    Ok(format!("{deed} {}", ticket.number))
}

/// Whether customers may get mail now that nobody wrote.
fn is_daytime(settings: &DeskSettings, now: DateTime<Utc>) -> bool {
    let named = settings.follow_up_calendar.as_ref();
    let named = named.and_then(|key| settings.calendar.iter().find(|one| one.key == *key));
    match named {
        Some(calendar) => Calendar::of(calendar).is_open(now),
        None => Calendar::of(&desk::Calendar {
            key: String::new(),
            zone: settings.zone,
            hours: vec![DAYTIME.to_owned()],
            holidays: Vec::new(),
        })
        .is_open(now),
    }
}
