//! Resolving, closing and reopening, with or without a last word to the customer.

use sqlx::PgConnection;

use super::comment::{self, Moving};
use super::{CUSTOMER_WROTE, Context, DeskError, Said, status};
use crate::config::desk::StatusKind;
use crate::ticket::workflow::{self, Reaction, StatusChange};
use crate::ticket::{Comment, Ticket, Visibility, revision};

/// Resolves a ticket that the caller holds by [`crate::ticket::store::lock`]: it takes the first resolved status
/// that the desk allows from where it stands. A closing word goes to the customer with the news of it, in one
/// mail, and is marked as the resolution; an internal one is only marked.
///
/// # Errors
/// If the workflow refuses, or the closing word does; or the database does not answer.
pub async fn resolve(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    closing: Option<&Said<'_>>,
    reason: Option<&str>,
) -> Result<(StatusChange, Option<Comment>), DeskError> {
    let to = target(ctx, ticket, StatusKind::Resolved)?;
    finish(conn, ctx, ticket, &to, closing, reason).await
}

/// Closes a ticket that the caller holds by [`crate::ticket::store::lock`]. See [`resolve`].
///
/// # Errors
/// As in [`resolve`].
pub async fn close(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    closing: Option<&Said<'_>>,
    reason: Option<&str>,
) -> Result<(StatusChange, Option<Comment>), DeskError> {
    let to = target(ctx, ticket, StatusKind::Closed)?;
    finish(conn, ctx, ticket, &to, closing, reason).await
}

/// Takes up a resolved or closed ticket again, which the caller holds by [`crate::ticket::store::lock`]. Staff is
/// bound by the workflow; a customer by the days within which a closed ticket comes back.
///
/// # Errors
/// If it is not done, the workflow refuses, or it has been closed for too long; or the database does not answer.
pub async fn reopen(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    by_staff: bool,
    reason: Option<&str>,
) -> Result<StatusChange, DeskError> {
    let desk = &ctx.settings.desk;
    if !workflow::is_done(ticket.kind) {
        return Err(DeskError::Invalid(format!(
            "{} is `{}` and need not be reopened",
            ticket.number, ticket.status
        )));
    }
    if by_staff {
        return status::change_status(conn, ctx, ticket, &desk.reopened_status, reason).await;
    }
    match workflow::reaction(desk, ticket, ctx.now) {
        Reaction::Become(to) => {
            let change = workflow::change_by_rule(desk, ticket, to, ctx.now)?;
            let change = change.ok_or_else(|| {
                DeskError::Invalid(format!("{} is `{to}` already", ticket.number))
            })?;
            let reason = reason.unwrap_or(CUSTOMER_WROTE);
            status::record(conn, ctx, ticket, &change, Some(reason)).await?;
            Ok(change)
        }
        Reaction::Stay | Reaction::OpenAnother => Err(DeskError::Invalid(format!(
            "{} has been closed for more than {} days; open a new ticket and name it there",
            ticket.number, desk.reopen_days
        ))),
    }
}

/// The first status of the kind that may follow; where none may, the first of all, so that the refusal says what
/// may.
pub(super) fn target(
    ctx: &Context<'_>,
    ticket: &Ticket,
    kind: StatusKind,
) -> Result<String, DeskError> {
    let desk = &ctx.settings.desk;
    let of_kind = || desk.status.iter().filter(|status| status.kind == kind);
    of_kind()
        .find(|status| desk.may_follow(&ticket.status, &status.key))
        .or(of_kind().next())
        .map(|status| status.key.clone())
        .ok_or_else(|| {
            DeskError::Invalid(format!(
                "this desk has no status of the kind `{}`",
                kind.word()
            ))
        })
}

async fn finish(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    to: &str,
    closing: Option<&Said<'_>>,
    reason: Option<&str>,
) -> Result<(StatusChange, Option<Comment>), DeskError> {
    let Some(said) = closing else {
        let change = status::change_status(conn, ctx, ticket, to, reason).await?;
        return Ok((change, None));
    };
    if said.visibility == Visibility::Internal {
        let mut note = comment::comment(conn, ctx, ticket, said).await?;
        revision::mark_resolution(conn, ticket.id, note.id).await?;
        note.is_resolution = true;
        let change = status::change_status(conn, ctx, ticket, to, reason).await?;
        return Ok((change, Some(note)));
    }
    let change = workflow::change(&ctx.settings.desk, ticket, to, reason, ctx.now)?;
    let moving = Moving {
        change: &change,
        reason,
    };
    let mut word = comment::say(conn, ctx, ticket, said, Some(moving)).await?;
    revision::mark_resolution(conn, ticket.id, word.id).await?;
    word.is_resolution = true;
    Ok((change, Some(word)))
}
