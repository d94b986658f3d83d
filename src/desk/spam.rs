//! Spam: a ticket that is put away without a word, and whose sender is heard no more.
//!
//! The sender's addresses are not suppressed, since nothing is written to them anyway: their later mail is
//! quarantined, where a person may still let it pass.

use sqlx::PgConnection;

use super::{Context, DeskError, append, fields, status};
use crate::config::desk::StatusKind;
use crate::notify::withdraw;
use crate::people;
use crate::ticket::timeline::NewEvent;
use crate::ticket::{Ticket, store, workflow};

/// The tag of such tickets.
const SPAM: &str = "spam";

/// Marks a ticket that the caller holds by [`store::lock`] as spam: it is closed, the customer is told nothing,
/// what waits to be told to them never leaves, and later mail of the requester is quarantined. Returns false if
/// it was marked already.
///
/// # Errors
/// If the requester is of the team, or the database does not answer.
pub async fn mark_spam(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    reason: Option<&str>,
) -> Result<bool, DeskError> {
    let requester = people::store::get(conn, ticket.requester_id).await?;
    if requester.role.is_staff() {
        return Err(DeskError::Invalid(format!(
            "the requester of {} is {}, who is of the team; close it instead",
            ticket.number, requester.name
        )));
    }
    let before = ticket.status.clone();
    if !fields::change_tags(conn, ctx, ticket, &[SPAM], &[], None).await? {
        return Ok(false);
    }
    people::blocked::block(conn, ctx.now, requester.id, ticket.id, ctx.actor.person()).await?;
    withdraw::all_to_customers(conn, ctx.now, ticket.id).await?;
    let event = NewEvent {
        kind: "marked_spam",
        old: Some(&before),
        reason,
        ..NewEvent::default()
    };
    append(conn, ctx, ticket.id, &[event]).await?;
    let desk = &ctx.settings.desk;
    if let Some(closed) = desk.first_status_of_kind(StatusKind::Closed) {
        let to = closed.key.clone();
        if let Some(change) = workflow::change_by_rule(desk, ticket, &to, ctx.now)? {
            status::record_silently(conn, ctx, ticket, &change, Some(SPAM)).await?;
        }
    }
    Ok(true)
}

/// Says that a ticket that the caller holds by [`store::lock`] was no spam after all: it comes back, and its
/// requester is heard again. Mail that was quarantined in between stays there until a person lets it pass.
/// Returns false if it was not marked.
///
/// # Errors
/// If the database does not answer.
pub async fn unmark_spam(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
) -> Result<bool, DeskError> {
    if !fields::change_tags(conn, ctx, ticket, &[], &[SPAM], None).await? {
        return Ok(false);
    }
    people::blocked::unblock(conn, ticket.requester_id).await?;
    let event = NewEvent {
        kind: "unmarked_spam",
        ..NewEvent::default()
    };
    ticket.updated_at = ctx.now;
    store::update(conn, ticket).await?;
    append(conn, ctx, ticket.id, &[event]).await?;
    let desk = &ctx.settings.desk;
    if workflow::is_done(ticket.kind) {
        let change = workflow::change_by_rule(desk, ticket, &desk.reopened_status, ctx.now)?;
        if let Some(change) = change {
            status::record_silently(conn, ctx, ticket, &change, None).await?;
        }
    }
    Ok(true)
}
