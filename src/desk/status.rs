//! Changing a ticket's status.

use sqlx::PgConnection;

use super::{Context, DeskError, announce, append};
use crate::notify::Happening;
use crate::ticket::timeline::NewEvent;
use crate::ticket::workflow::{self, StatusChange};
use crate::ticket::{Ticket, store};

/// Changes the status of a ticket that the caller holds by [`store::lock`], as a person asks for it.
///
/// # Errors
/// If the workflow refuses, with what it would allow; or the database does not answer.
pub async fn change_status(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    to: &str,
    reason: Option<&str>,
) -> Result<StatusChange, DeskError> {
    let change = workflow::change(&ctx.settings.desk, ticket, to, reason, ctx.now)?;
    record(conn, ctx, ticket, &change, reason).await?;
    Ok(change)
}

/// Writes a change that was made, and tells those who should hear of it.
pub(super) async fn record(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &Ticket,
    change: &StatusChange,
    reason: Option<&str>,
) -> Result<(), DeskError> {
    record_silently(conn, ctx, ticket, change, reason).await?;
    let happening = Happening::StatusChanged {
        ticket,
        from: &change.from,
        reason,
        actor: ctx.actor,
    };
    announce(conn, ctx, ticket.id, &happening).await
}

/// Writes a change that was made, where its occasion is told already.
pub(super) async fn record_silently(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &Ticket,
    change: &StatusChange,
    reason: Option<&str>,
) -> Result<(), DeskError> {
    store::update(conn, ticket).await?;
    let event = NewEvent {
        kind: "status_changed",
        field: Some("status"),
        old: Some(&change.from),
        new: Some(&change.to),
        reason,
        ..NewEvent::default()
    };
    append(conn, ctx, ticket.id, &[event]).await?;
    Ok(())
}
