//! What becomes of a ticket when a mail about it does not arrive.
//!
//! A notification to staff that fails touches no ticket: the ticket's news would be notified again, and fail
//! again.

use sqlx::PgConnection;

use super::{Context, DeskError, NOT_DELIVERED, announce, append, status};
use crate::ids::{InboundId, OutboxId};
use crate::mail::message::BouncedRecipient;
use crate::notify::Happening;
use crate::outbox::store::Row;
use crate::outbox::{self, Audience};
use crate::people;
use crate::ticket::timeline::NewEvent;
use crate::ticket::{Ticket, store, workflow};

/// A row of the outbox was given up. If it was for a customer, that stands on the ticket's timeline; if it
/// carried somebody's words, the ticket comes back and their author is told.
///
/// # Errors
/// If the database does not answer.
pub async fn given_up(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    row: &Row,
    error: &str,
) -> Result<(), DeskError> {
    failed(conn, ctx, row, error, None).await
}

/// The server of the recipient returned a message of ours. After a hard bounce the address is written to no
/// more until an agent lifts the suppression; a delay only stands on the timeline.
///
/// # Errors
/// If the database does not answer.
pub async fn bounced(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    row: &Row,
    report: &BouncedRecipient,
    inbound_id: InboundId,
) -> Result<(), DeskError> {
    let said = report.diagnostic.as_deref().unwrap_or(&report.status);
    if report.is_final() {
        if report.is_hard() {
            people::store::suppress(conn, ctx.now, &row.address, said, Some(row.id)).await?;
        }
        return failed(conn, ctx, row, said, Some(inbound_id)).await;
    }
    if let (Audience::Customer, Some(ticket)) = (row.audience, row.ticket_id) {
        let event = NewEvent {
            kind: "delivery_delayed",
            inbound_id: Some(inbound_id),
            ..about(row, said)
        };
        append(conn, ctx, ticket, &[event]).await?;
    }
    Ok(())
}

/// Somebody gives a waiting row of the outbox up; that stands on its ticket's timeline. Returns false if the row
/// does not wait.
///
/// # Errors
/// If the database does not answer.
pub async fn cancel_delivery(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    id: OutboxId,
) -> Result<bool, DeskError> {
    let reason = "cancelled by hand";
    if !outbox::store::cancel(conn, id, ctx.now, reason).await? {
        return Ok(false);
    }
    let row = outbox::store::get(conn, id).await?;
    if let Some((row, ticket)) = row.as_ref().and_then(|row| Some((row, row.ticket_id?))) {
        let event = NewEvent {
            kind: "delivery_cancelled",
            ..about(row, reason)
        };
        append(conn, ctx, ticket, &[event]).await?;
    }
    Ok(true)
}

async fn failed(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    row: &Row,
    error: &str,
    inbound_id: Option<InboundId>,
) -> Result<(), DeskError> {
    let (Audience::Customer, Some(ticket_id)) = (row.audience, row.ticket_id) else {
        return Ok(());
    };
    let mut ticket = store::lock(conn, ticket_id).await?;
    let event = NewEvent {
        inbound_id,
        ..about(row, error)
    };
    append(conn, ctx, ticket.id, &[event]).await?;
    if row.automatic {
        return Ok(());
    }
    bring_back(conn, ctx, &mut ticket).await?;
    let happening = Happening::DeliveryFailed {
        ticket: &ticket,
        comment_id: row.comment_id,
        outbox_id: row.id,
        address: &row.address,
        error,
    };
    announce(conn, ctx, ticket.id, &happening).await
}

/// A ticket that counts as answered is not, if the answer did not arrive.
async fn bring_back(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
) -> Result<(), DeskError> {
    if !workflow::is_done(ticket.kind) {
        return Ok(());
    }
    let desk = &ctx.settings.desk;
    let to = &desk.reopened_status;
    if let Some(change) = workflow::change_by_rule(desk, ticket, to, ctx.now)? {
        status::record_silently(conn, ctx, ticket, &change, Some(NOT_DELIVERED)).await?;
    }
    Ok(())
}

fn about<'a>(row: &'a Row, error: &'a str) -> NewEvent<'a> {
    NewEvent {
        kind: "delivery_failed",
        new: Some(&row.address),
        reason: Some(error),
        comment_id: row.comment_id,
        outbox_id: Some(row.id),
        ..NewEvent::default()
    }
}
