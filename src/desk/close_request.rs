//! Asking the customer whether the matter is settled, and taking the answer.

use chrono::TimeDelta;
use sqlx::PgConnection;

use super::comment::{self, Moving};
use super::finish::target;
use super::{AGREED, Context, DeskError, Said, announce, append, status};
use crate::config::desk::StatusKind;
use crate::notify::Happening;
use crate::people::Person;
use crate::ticket::timeline::NewEvent;
use crate::ticket::workflow::{self, StatusChange};
use crate::ticket::{Comment, Ticket, close_request, revision, store};

/// Asks the customers of a ticket that the caller holds by [`store::lock`] whether it is settled. The ticket waits for them
/// from now on, and closes after the desk's hours if nobody answers. A closing word goes with the question.
///
/// # Errors
/// If the ticket is done already, the desk has no waiting status or its workflow refuses it, or the closing word does; or
/// the database does not answer.
pub async fn ask_to_close(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    closing: Option<&Said<'_>>,
) -> Result<(Option<StatusChange>, Option<Comment>), DeskError> {
    let desk = &ctx.settings.desk;
    if workflow::is_done(ticket.kind) {
        return Err(DeskError::Invalid(format!(
            "{} is `{}` already; there is nothing to ask",
            ticket.number, ticket.status
        )));
    }
    let change = match ticket.kind {
        StatusKind::Waiting => None,
        _ => {
            let to = target(ctx, ticket, StatusKind::Waiting)?;
            Some(workflow::change(desk, ticket, &to, None, ctx.now)?)
        }
    };
    let closes_at = ctx.now + TimeDelta::hours(i64::from(desk.close_request_hours));
    close_request::ask(conn, ctx.now, ticket.id, ctx.actor.person(), closes_at).await?;
    let event = NewEvent {
        kind: "close_asked",
        ..NewEvent::default()
    };
    append(conn, ctx, ticket.id, &[event]).await?;
    let Some(said) = closing else {
        match &change {
            Some(change) => status::record(conn, ctx, ticket, change, None).await?,
            None => {
                let from = ticket.status.clone();
                let again = Happening::StatusChanged {
                    ticket,
                    from: &from,
                    reason: None,
                    actor: ctx.actor,
                };
                announce(conn, ctx, ticket.id, &again).await?;
            }
        }
        return Ok((change, None));
    };
    let moving = change.as_ref().map(|change| Moving {
        change,
        reason: None,
    });
    let mut word = comment::say(conn, ctx, ticket, said, moving).await?;
    revision::mark_resolution(conn, ticket.id, word.id).await?;
    word.is_resolution = true;
    Ok((change, Some(word)))
}

/// A customer says that the matter of a ticket, which the caller holds by [`store::lock`], is settled: it is resolved.
/// `asked` says whether the question stood ([`close_request::standing`]) when they said so.
///
/// # Errors
/// If nobody asked, the ticket has moved on since, or the person does not take part in it; or the database does not answer.
pub async fn accept_close(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    person: &Person,
    asked: bool,
) -> Result<StatusChange, DeskError> {
    let desk = &ctx.settings.desk;
    let refuse = |why: String| Err(DeskError::Invalid(why));
    if !store::parties(conn, ticket.id).await?.contains(&person.id) {
        return refuse(format!(
            "only those who take part in {} answer that",
            ticket.number
        ));
    }
    if !asked {
        return refuse(format!(
            "{} has moved on since that was asked; it is `{}` now",
            ticket.number, ticket.status
        ));
    }
    let done = [StatusKind::Resolved, StatusKind::Closed];
    let to = done
        .into_iter()
        .find_map(|kind| desk.first_status_of_kind(kind));
    let change = match to {
        Some(to) => workflow::change_by_rule(desk, ticket, &to.key, ctx.now)?,
        None => None,
    };
    let change = change.ok_or_else(|| {
        DeskError::Invalid("this desk has no status of the kind `resolved`".to_owned())
    })?;
    close_request::answer(conn, ctx.now, ticket.id, "accepted").await?;
    status::record(conn, ctx, ticket, &change, Some(AGREED)).await?;
    Ok(change)
}

/// Closes a ticket whose customers were asked and said nothing. The caller holds it by [`store::lock`].
///
/// # Errors
/// If the desk has no closed status, or the database does not answer.
pub async fn close_unanswered_request(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
) -> Result<(), DeskError> {
    close_request::answer(conn, ctx.now, ticket.id, "expired").await?;
    super::close_unanswered(conn, ctx, ticket).await
}
