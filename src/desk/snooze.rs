//! Putting a ticket off: it is out of sight until a time, or until its customer writes. Its clocks stand meanwhile.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Context, DeskError, append};
use crate::config::Settings;
use crate::ticket::timeline::NewEvent;
use crate::ticket::{Actor, Ticket, store, workflow};

/// Why a ticket is back in sight.
pub(super) const ITS_TIME: &str = "it was put off until now";

/// Puts a ticket off that the caller holds by [`store::lock`]. One that is put off already goes by the new time.
///
/// # Errors
/// If it is done, or the time is past; or the database does not answer.
pub async fn snooze(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    until: DateTime<Utc>,
) -> Result<(), DeskError> {
    if workflow::is_done(ticket.kind) {
        return Err(DeskError::Invalid(format!(
            "{} is `{}`, and nobody waits for it; `remind` brings it back to your mind",
            ticket.number, ticket.status
        )));
    }
    if until <= ctx.now {
        return Err(DeskError::Invalid("that time is past".to_owned()));
    }
    let old = ticket
        .snoozed_until
        .replace(until)
        .map(|at| at.to_rfc3339());
    ticket.updated_at = ctx.now;
    store::update(conn, ticket).await?;
    let new = until.to_rfc3339();
    let event = NewEvent {
        kind: "snoozed",
        field: Some("snoozed"),
        old: old.as_deref(),
        new: Some(&new),
        ..NewEvent::default()
    };
    append(conn, ctx, ticket.id, &[event]).await?;
    Ok(())
}

/// Brings a ticket back that was put off, and that the caller holds by [`store::lock`].
///
/// # Errors
/// If it is not put off; or the database does not answer.
pub async fn wake(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    reason: Option<&str>,
) -> Result<(), DeskError> {
    let old = ticket
        .snoozed_until
        .take()
        .ok_or_else(|| DeskError::Invalid(format!("{} is not put off", ticket.number)))?;
    ticket.updated_at = ctx.now;
    store::update(conn, ticket).await?;
    let old = old.to_rfc3339();
    append(conn, ctx, ticket.id, &[woke(&old, reason)]).await?;
    Ok(())
}

/// The event of a ticket that comes back.
pub(super) fn woke<'a>(old: &'a str, reason: Option<&'a str>) -> NewEvent<'a> {
    NewEvent {
        kind: "woke",
        field: Some("snoozed"),
        old: Some(old),
        reason,
        ..NewEvent::default()
    }
}

/// Brings back the tickets whose time has come, at most `limit` of them in a transaction of the caller's. Returns how many
/// there were. Those that another transaction has in hand are left for the next look.
///
/// # Errors
/// If the database does not answer.
pub async fn wake_due(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<usize, DeskError> {
    let ctx = Context {
        settings,
        now,
        actor: Actor::System,
        answering: true,
    };
    let due = store::lock_snoozed(conn, now, limit).await?;
    for id in &due {
        let mut ticket = store::get(conn, *id).await?;
        wake(conn, &ctx, &mut ticket, Some(ITS_TIME)).await?;
    }
    Ok(due.len())
}
