//! What may become of a comment after it was written: edited, deleted, marked as the resolution.

use chrono::TimeDelta;
use sqlx::PgConnection;

use super::comment::check_length;
use super::{Context, DeskError, append, mention};
use crate::ids::CommentId;
use crate::notify::withdraw::{self, Reach};
use crate::people::Person;
use crate::ticket::timeline::{self, NewEvent};
use crate::ticket::{Comment, Ticket, close_request, revision, store};

/// Puts other words in place of one's own comment on a ticket that the caller holds by [`store::lock`]. What it
/// said before is kept. Mails that have not left yet take the new words and wait for their undo time anew; the outcome
/// says whether some had left, which nobody can unsend. Whoever is named in the new words and was not before is told.
///
/// # Errors
/// If the comment is somebody else's or deleted, or the new words are empty or too long; or the database does not
/// answer.
pub async fn edit_comment(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    comment: CommentId,
    author: &Person,
    body: &str,
) -> Result<Reach, DeskError> {
    let mut held = own(conn, ticket, comment, author).await?;
    if body.trim().is_empty() {
        return Err(DeskError::Invalid(
            "the new words are empty; delete the comment to take it away".to_owned(),
        ));
    }
    check_length(ctx, body)?;
    if held.body == body {
        return withdraw::reach(conn, comment)
            .await
            .map_err(DeskError::from);
    }
    revision::edit(conn, ctx.now, comment, author.id, body).await?;
    let undo = TimeDelta::seconds(i64::from(ctx.settings.notify.undo_seconds));
    let leaves_at = ctx.now + undo;
    let reach = withdraw::reword(conn, held.ticket_id, comment, body, leaves_at).await?;
    let before = std::mem::replace(&mut held.body, body.to_owned());
    record(conn, ctx, ticket, "comment_edited", comment).await?;
    mention::tell(conn, ctx, ticket, &held, &before).await?;
    Ok(reach)
}

/// Deletes one's own comment on a ticket that the caller holds by [`store::lock`]. The row stays, marked as
/// deleted; its words are shown to nobody any more. Mails that have not left yet never do; the outcome says
/// whether some had left. A closing word takes the question back that went with it.
///
/// # Errors
/// If the comment is somebody else's or deleted already, or the database does not answer.
pub async fn delete_comment(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    comment: CommentId,
    author: &Person,
) -> Result<Reach, DeskError> {
    let held = own(conn, ticket, comment, author).await?;
    revision::delete(conn, ctx.now, comment).await?;
    let reach = withdraw::comment(conn, ctx.now, held.ticket_id, comment).await?;
    if held.is_resolution {
        close_request::take_back(conn, held.ticket_id, held.created_at).await?;
    }
    record(conn, ctx, ticket, "comment_deleted", comment).await?;
    Ok(reach)
}

/// Marks a comment of a ticket that the caller holds by [`store::lock`] as the one that solved it, in place of any
/// other.
///
/// # Errors
/// If it is no comment of this ticket or deleted, or the database does not answer.
pub async fn mark_resolution(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    comment: CommentId,
) -> Result<(), DeskError> {
    let held = of_ticket(conn, ticket, comment).await?;
    if held.is_resolution {
        return Ok(());
    }
    revision::mark_resolution(conn, held.ticket_id, comment).await?;
    record(conn, ctx, ticket, "resolution_marked", comment).await
}

/// A comment that stands on the ticket, or on one that was merged into it.
pub(super) async fn of_ticket(
    conn: &mut PgConnection,
    ticket: &Ticket,
    comment: CommentId,
) -> Result<Comment, DeskError> {
    let held = match timeline::comment(conn, comment).await? {
        Some(held) => store::root(conn, held.ticket_id)
            .await?
            .filter(|root| root.id == ticket.id)
            .map(|_| held),
        None => None,
    };
    let Some(held) = held else {
        return Err(DeskError::Invalid(format!(
            "{} has no such comment; `show` lists those it has",
            ticket.number
        )));
    };
    if held.deleted_at.is_some() {
        return Err(DeskError::Invalid(format!(
            "that comment on {} is deleted already",
            ticket.number
        )));
    }
    Ok(held)
}

async fn own(
    conn: &mut PgConnection,
    ticket: &Ticket,
    comment: CommentId,
    author: &Person,
) -> Result<Comment, DeskError> {
    let held = of_ticket(conn, ticket, comment).await?;
    if held.author_id != author.id {
        return Err(DeskError::Invalid(format!(
            "that comment is {}'s; only its author may change it",
            held.author_name
        )));
    }
    Ok(held)
}

async fn record(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    kind: &'static str,
    comment: CommentId,
) -> Result<(), DeskError> {
    let event = NewEvent {
        kind,
        comment_id: Some(comment),
        ..NewEvent::default()
    };
    ticket.updated_at = ctx.now;
    store::update(conn, ticket).await?;
    append(conn, ctx, ticket.id, &[event]).await?;
    Ok(())
}
