//! Reminders: promises that people make to themselves or to one another, on a ticket or on none.

mod due;
pub mod store;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::{Context, DeskError};
use crate::ids::{PersonId, ReminderId, TicketId};
use crate::notify::{self, By};
use crate::people::{Person, zone};
use crate::ticket::Ticket;
use crate::ticket::timeline::{self, NewEvent};
use crate::when::Recurrence;
use crate::when::phrase::When;
pub use due::send_due;
pub use store::Reminder;

/// The longest text of a reminder, in characters.
const LONGEST: usize = 1_000;

/// The zone by whose clocks a person lives: their own, else the desk's.
///
/// # Errors
/// If the database does not answer.
pub async fn zone_of(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    person: PersonId,
) -> Result<Tz, DeskError> {
    let own = zone::chosen(conn, person).await?;
    Ok(own.unwrap_or(ctx.settings.desk.zone))
}

/// A reminder to be set.
#[derive(Debug, Clone, Copy)]
pub struct NewReminder<'a> {
    /// The ticket it is about, where it is about one.
    pub ticket: Option<&'a Ticket>,
    /// Who is reminded.
    pub person: &'a Person,
    /// Who sets it.
    pub set_by: PersonId,
    /// What to be reminded of; it may be empty where there is a ticket.
    pub text: &'a str,
    /// When.
    pub when: &'a When,
    /// By whose clocks a recurrence goes.
    pub zone: Tz,
    /// By what it comes.
    pub by: By,
}

/// Sets a reminder. On its ticket's timeline stands that it was set, and not what it says: that is its reader's.
///
/// # Errors
/// If the person is no active agent, there is nothing to be reminded of, or the text is too long; or the database does
/// not answer.
pub async fn set(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    new: &NewReminder<'_>,
) -> Result<Reminder, DeskError> {
    let text = new.text.trim();
    if !new.person.is_active_staff() {
        return Err(DeskError::Invalid(format!(
            "{} is no agent of this desk, and only agents are reminded",
            new.person.name
        )));
    }
    if new.by.chat() {
        let reached = notify::reach(conn, ctx.settings, &[new.person.id]).await?;
        if !reached.values().any(notify::Reach::has_chat) {
            return Err(DeskError::Invalid(format!(
                "no chat account of {} is known here; `connect ADDRESS`, typed in chat, makes one known, and `--by mail` \
                 needs none",
                new.person.name
            )));
        }
    }
    if text.is_empty() && new.ticket.is_none() {
        return Err(DeskError::Invalid(
            "there is nothing to be reminded of; name a ticket or add a text after the time"
                .to_owned(),
        ));
    }
    if text.chars().count() > LONGEST {
        return Err(DeskError::Invalid(format!(
            "the text is longer than {LONGEST} characters; shorten it, or write a note on the ticket and remind of that"
        )));
    }
    let (due_at, recurrence) = match new.when {
        When::Once(at) => (Some(*at), None),
        When::Repeated(every) => (
            every.slots(new.zone, ctx.now).next(),
            Some(every.to_string()),
        ),
    };
    let due_at = due_at
        .ok_or_else(|| DeskError::Invalid("that time never comes; choose another".to_owned()))?;
    let id = store::insert(conn, ctx.now, new, text, due_at, recurrence.as_deref()).await?;
    if let Some(ticket) = new.ticket {
        let at = due_at.to_rfc3339();
        let event = NewEvent {
            kind: "reminder_set",
            field: new.person.handle.as_deref(),
            new: Some(&at),
            ..NewEvent::default()
        };
        timeline::add_events(conn, ticket.id, ctx.actor, ctx.now, &[event]).await?;
    }
    Ok(store::get(conn, id).await?)
}

/// What a person does with a reminder of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed<'a> {
    /// What it was about is done. One that recurs comes again at its next time.
    Done,
    /// It is not wanted any more.
    Cancel,
    /// It comes at this time instead.
    Postpone(DateTime<Utc>),
    /// It says this from now on.
    Reword(&'a str),
}

/// Does something with a reminder of a person's, or one that they set for somebody.
///
/// # Errors
/// If the person has no such reminder, or it is done or cancelled already; or the database does not answer.
pub async fn change(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    person: PersonId,
    id: ReminderId,
    deed: Deed<'_>,
) -> Result<Reminder, DeskError> {
    let held = store::lock(conn, id).await?;
    let held = held.filter(|one| one.person_id == person || one.set_by == person);
    let mut reminder = held.ok_or_else(|| {
        DeskError::Invalid(format!(
            "you have no reminder {id}; `reminders` lists those you have"
        ))
    })?;
    if !reminder.is_open() {
        return Err(DeskError::Invalid(format!(
            "reminder {id} is {} already; `remind` sets a new one",
            reminder.state
        )));
    }
    match deed {
        Deed::Done => settle(&mut reminder, "done", ctx.now),
        Deed::Cancel => {
            reminder.recurrence = None;
            settle(&mut reminder, "cancelled", ctx.now);
        }
        Deed::Postpone(at) => {
            "set".clone_into(&mut reminder.state);
            reminder.due_at = Some(at);
        }
        Deed::Reword(text) if text.trim().is_empty() && reminder.ticket_id.is_none() => {
            return Err(DeskError::Invalid(
                "a reminder without a ticket needs a text".to_owned(),
            ));
        }
        Deed::Reword(text) if text.chars().count() > LONGEST => {
            return Err(DeskError::Invalid(format!(
                "the text is longer than {LONGEST} characters; shorten it"
            )));
        }
        Deed::Reword(text) => text.trim().clone_into(&mut reminder.text),
    }
    store::update(conn, &reminder).await?;
    if let Some(ticket) = reminder.ticket_id {
        record(conn, ctx, ticket, deed).await?;
    }
    Ok(reminder)
}

/// One that recurs goes on; another ends.
fn settle(reminder: &mut Reminder, state: &str, now: DateTime<Utc>) {
    let next = next_slot(reminder, now);
    match next {
        Some(_) => "set".clone_into(&mut reminder.state),
        None => {
            state.clone_into(&mut reminder.state);
            reminder.settled_at = Some(now);
        }
    }
    reminder.due_at = next;
}

/// The next time of a reminder that recurs.
fn next_slot(reminder: &Reminder, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let every = Recurrence::parse(reminder.recurrence.as_deref()?).ok()?;
    let zone = reminder.zone.parse().unwrap_or(Tz::UTC);
    every.slots(zone, now).next()
}

async fn record(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: TicketId,
    deed: Deed<'_>,
) -> Result<(), DeskError> {
    let (kind, at) = match deed {
        Deed::Done => ("reminder_done", None),
        Deed::Cancel => ("reminder_cancelled", None),
        Deed::Postpone(at) => ("reminder_postponed", Some(at.to_rfc3339())),
        Deed::Reword(_) => return Ok(()),
    };
    let event = NewEvent {
        kind,
        new: at.as_deref(),
        ..NewEvent::default()
    };
    timeline::add_events(conn, ticket, ctx.actor, ctx.now, &[event]).await?;
    Ok(())
}
