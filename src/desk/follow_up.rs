//! What becomes of tickets on which nobody writes any more.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Context, DeskError, SETTLED, UNANSWERED, announce, status};
use crate::config::desk::StatusKind;
use crate::notify::Happening;
use crate::ticket::timeline::{self, NewEvent};
use crate::ticket::{Actor, Ticket, workflow};

/// Closes a resolved ticket that the caller holds by [`crate::ticket::store::lock`]; its customer is told how to take
/// it up again.
///
/// # Errors
/// If the desk has no closed status, or the database does not answer.
pub async fn close_resolved(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
) -> Result<(), DeskError> {
    close(conn, ctx, ticket, SETTLED).await
}

/// Closes a ticket that waited for the customer in vain; the customer is told how to take it up again. The caller holds
/// it by [`crate::ticket::store::lock`].
///
/// # Errors
/// If the desk has no closed status, or the database does not answer.
pub async fn close_unanswered(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
) -> Result<(), DeskError> {
    close(conn, ctx, ticket, UNANSWERED).await
}

async fn close(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    reason: &str,
) -> Result<(), DeskError> {
    let desk = &ctx.settings.desk;
    let closed = desk.first_status_of_kind(StatusKind::Closed);
    let closed = closed.ok_or_else(|| {
        DeskError::Invalid("this desk has no status of the kind `closed`".to_owned())
    })?;
    if let Some(change) = workflow::change_by_rule(desk, ticket, &closed.key, ctx.now)? {
        status::record(conn, ctx, ticket, &change, Some(reason)).await?;
    }
    Ok(())
}

/// Asks the customer whether they still need help, and says when the ticket closes if nobody answers, where it does.
///
/// # Errors
/// If the database does not answer.
pub async fn nudge(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &Ticket,
    closes_at: Option<DateTime<Utc>>,
) -> Result<(), DeskError> {
    let event = NewEvent {
        kind: "nudged",
        ..NewEvent::default()
    };
    timeline::add_events(conn, ticket.id, Actor::System, ctx.now, &[event]).await?;
    let happening = Happening::Nudged { ticket, closes_at };
    announce(conn, ctx, ticket.id, &happening).await
}
