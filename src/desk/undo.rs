//! Taking one's own last change to a ticket back, within the undo time.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::assign::handle_of;
use super::{ASSIGNED, BY_CATEGORY, Context, DeskError, OTHER_TEAM};
use crate::ids::CommentId;
use crate::notify::withdraw;
use crate::people::{self, Person};
use crate::sla;
use crate::ticket::undo::{self as store, Deed};
use crate::ticket::{Ticket, close_request, revision, workflow};

/// Takes back the person's own last change to a ticket that the caller holds by [`crate::ticket::store::lock`],
/// with what followed from it: a status that followed an assignment, a team that followed a category, the closing
/// word of a resolution, the question whether the matter is settled. A reply that has not left never does, and its
/// comment is marked as deleted; that it was edited meanwhile changes nothing of that. What had to be told of the
/// change and was not yet is told to nobody. Gives what was taken back, newest first.
///
/// After a refusal the caller rolls the transaction back.
///
/// # Errors
/// If there is nothing to take back, the last change is of a kind that has its own way back, it reached the
/// customer, or somebody changed the same since; or the database does not answer.
pub async fn undo(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    person: &Person,
) -> Result<Vec<Deed>, DeskError> {
    let seconds = ctx.settings.notify.undo_seconds;
    let since = ctx.now - TimeDelta::seconds(i64::from(seconds));
    let mut deeds = Vec::new();
    for deed in store::deeds(conn, ticket.id, person.id, since).await? {
        if !is_edit_of_held(conn, &deed).await? {
            deeds.push(deed);
        }
    }
    let last = last_with_consequences(deeds);
    if last.is_empty() {
        return Err(DeskError::Invalid(format!(
            "you changed nothing on {} within the last {seconds} seconds that could be taken back",
            ticket.number
        )));
    }
    take_all_back(conn, ctx, ticket, last).await
}

/// Takes back one comment of the person's own, as [`undo`] does, whatever they did after it. With a closing word goes
/// what was asked or changed by it, unless the status has moved on since.
///
/// After a refusal the caller rolls the transaction back.
///
/// # Errors
/// If there is no such comment of theirs, or it has reached the customer; or the database does not answer.
pub async fn undo_comment(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    person: &Person,
    comment: CommentId,
) -> Result<Vec<Deed>, DeskError> {
    let seconds = ctx.settings.notify.undo_seconds;
    let since = ctx.now - TimeDelta::seconds(i64::from(seconds));
    let deeds = store::deeds(conn, ticket.id, person.id, since).await?;
    let is_it = |deed: &&Deed| is_words(deed) && deed.comment_id == Some(comment);
    let Some(word) = deeds.iter().find(is_it).cloned() else {
        return Err(DeskError::Invalid(format!(
            "comment {comment} on {} is none of yours that could still be taken back: it has left, or is taken back already",
            ticket.number
        )));
    };
    let status = ticket.status.clone();
    let belongs = |deed: &Deed| match deed.kind.as_str() {
        "close_asked" => true,
        "status_changed" => deed.new.as_deref() == Some(&status),
        _ => false,
    };
    let with_it = deeds.into_iter().filter(|deed| {
        deed.event == word.event || word.closing && deed.at == word.at && belongs(deed)
    });
    let with_it = with_it.collect();
    take_all_back(conn, ctx, ticket, with_it).await
}

async fn take_all_back(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    last: Vec<Deed>,
) -> Result<Vec<Deed>, DeskError> {
    for deed in &last {
        take_back(conn, ctx, ticket, deed).await?;
    }
    ticket.updated_at = ctx.now;
    crate::ticket::store::update(conn, ticket).await?;
    for deed in &last {
        store::record(conn, ticket.id, ctx.actor, ctx.now, deed).await?;
    }
    sla::follow(conn, &ctx.settings.desk, ticket.id).await?;
    super::show(
        conn,
        ctx,
        ticket.id,
        last.iter().filter_map(|deed| deed.comment_id),
    )
    .await?;
    Ok(last)
}

fn is_words(deed: &Deed) -> bool {
    matches!(deed.kind.as_str(), "replied" | "noted")
}

/// Whether it put other words in place of those of a reply that has not left: the reply itself is what goes back.
async fn is_edit_of_held(conn: &mut PgConnection, deed: &Deed) -> Result<bool, sqlx::Error> {
    match deed.comment_id {
        Some(comment) if deed.kind == "comment_edited" => {
            Ok(withdraw::reach(conn, comment).await?.held > 0)
        }
        _ => Ok(false),
    }
}

/// The newest change, and those before it that it followed from.
fn last_with_consequences(deeds: Vec<Deed>) -> Vec<Deed> {
    let mut last: Vec<Deed> = Vec::new();
    for deed in deeds.into_iter().filter(|deed| deed.kind != "mentioned") {
        let belongs = last.last().is_none_or(|later| follows(later, &deed));
        if !belongs {
            break;
        }
        last.push(deed);
    }
    last
}

/// Whether the later change came about by the earlier one.
fn follows(later: &Deed, earlier: &Deed) -> bool {
    let by_itself = [ASSIGNED, BY_CATEGORY, OTHER_TEAM];
    let consequence = later
        .reason
        .as_deref()
        .is_some_and(|reason| by_itself.contains(&reason));
    let at_once = later.at == earlier.at;
    let closing_word = later.kind == "status_changed" && is_words(earlier) && earlier.closing;
    // It is asked first, then comes the closing word, then the status.
    let asked = earlier.kind == "close_asked"
        && (later.kind == "status_changed" || is_words(later) && later.closing);
    consequence || at_once && (closing_word || asked)
}

async fn take_back(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    deed: &Deed,
) -> Result<(), DeskError> {
    match deed.kind.as_str() {
        "replied" | "noted" => words(conn, ctx, ticket, deed).await,
        "status_changed" => status(conn, ctx, ticket, deed).await,
        "assigned" => assignee(conn, ctx, ticket, deed).await,
        "team_changed" => {
            unchanged_since(ticket, deed, ticket.team.as_deref())?;
            withdraw::hand_over(conn, ctx.now, ticket.id, deed.at).await?;
            ticket.team = deed.old.clone();
            ticket.source_team = None;
            Ok(())
        }
        "priority_changed" => {
            unchanged_since(ticket, deed, Some(&ticket.priority))?;
            ticket.priority = deed.old.clone().unwrap_or_default();
            Ok(())
        }
        "category_changed" => {
            unchanged_since(ticket, deed, ticket.category.as_deref())?;
            ticket.category = deed.old.clone();
            Ok(())
        }
        "type_changed" => {
            unchanged_since(ticket, deed, ticket.ticket_type.as_deref())?;
            ticket.ticket_type = deed.old.clone();
            Ok(())
        }
        "subject_changed" => {
            unchanged_since(ticket, deed, Some(&ticket.subject))?;
            ticket.subject = deed.old.clone().unwrap_or_default();
            Ok(())
        }
        "tags_changed" => {
            unchanged_since(ticket, deed, Some(&ticket.tags.join(",")))?;
            let old = deed.old.as_deref().unwrap_or_default();
            ticket.tags = old
                .split(',')
                .filter(|tag| !tag.is_empty())
                .map(str::to_owned)
                .collect();
            Ok(())
        }
        "due_changed" => due(ticket, deed),
        "close_asked" => question(conn, ctx, ticket, deed).await,
        "snoozed" | "woke" => snoozed(ticket, deed),
        "field_changed" => field(ticket, deed),
        kind => Err(DeskError::Invalid(format!(
            "your last change to {} ({}) can't be taken back by `undo`; its own command does it",
            ticket.number,
            kind.replace('_', " ")
        ))),
    }
}

/// A refusal, if the value is not the one that the change gave it.
fn unchanged_since(ticket: &Ticket, deed: &Deed, now: Option<&str>) -> Result<(), DeskError> {
    if deed.new.as_deref() == now {
        return Ok(());
    }
    Err(DeskError::Invalid(format!(
        "the {} of {} has been changed again since; look at it by `show` first",
        deed.field.as_deref().unwrap_or("value"),
        ticket.number
    )))
}

fn due(ticket: &mut Ticket, deed: &Deed) -> Result<(), DeskError> {
    let read = |text: &Option<String>| -> Option<DateTime<Utc>> { text.as_deref()?.parse().ok() };
    if read(&deed.new) != ticket.due_at {
        return unchanged_since(ticket, deed, None);
    }
    ticket.due_at = read(&deed.old);
    Ok(())
}

/// It is put off as it was before; one that was done since is not.
fn snoozed(ticket: &mut Ticket, deed: &Deed) -> Result<(), DeskError> {
    let read = |text: &Option<String>| -> Option<DateTime<Utc>> { text.as_deref()?.parse().ok() };
    if read(&deed.new) != ticket.snoozed_until {
        return unchanged_since(ticket, deed, Some(""));
    }
    ticket.snoozed_until = read(&deed.old);
    Ok(())
}

fn field(ticket: &mut Ticket, deed: &Deed) -> Result<(), DeskError> {
    let key = deed.field.clone().unwrap_or_default();
    unchanged_since(ticket, deed, ticket.fields.get(&key).map(String::as_str))?;
    match &deed.old {
        Some(old) => ticket.fields.insert(key, old.clone()),
        None => ticket.fields.remove(&key),
    };
    Ok(())
}

/// A comment that nobody outside has seen is marked as deleted.
async fn words(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    deed: &Deed,
) -> Result<(), DeskError> {
    let Some(comment) = deed.comment_id else {
        return Ok(());
    };
    let reach = withdraw::comment(conn, ctx.now, ticket.id, comment).await?;
    if reach.left > 0 {
        return Err(DeskError::Invalid(format!(
            "your answer on {} has left already, and nobody can unsend it; `reply` sets it right",
            ticket.number
        )));
    }
    revision::delete(conn, ctx.now, comment).await?;
    if ticket.first_responded_at == Some(deed.at) {
        ticket.first_responded_at = None;
    }
    Ok(())
}

/// Nobody is asked any more whether the matter is settled, and the ticket does not close by itself.
async fn question(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &Ticket,
    deed: &Deed,
) -> Result<(), DeskError> {
    let reach = withdraw::status(conn, ctx.now, ticket.id, &ticket.status, deed.at).await?;
    if reach.left > 0 {
        return Err(DeskError::Invalid(format!(
            "the customer of {} has been asked already; `status` says where it stands instead",
            ticket.number
        )));
    }
    close_request::take_back(conn, ticket.id, deed.at).await?;
    Ok(())
}

/// The status as it was, with its moments; that it was left for a while counts as no return of the ticket.
async fn status(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    deed: &Deed,
) -> Result<(), DeskError> {
    unchanged_since(ticket, deed, Some(&ticket.status))?;
    let desk = &ctx.settings.desk;
    let (Some(old), Some(new)) = (deed.old.as_deref(), deed.new.as_deref()) else {
        return Ok(());
    };
    let reach = withdraw::status(conn, ctx.now, ticket.id, new, deed.at).await?;
    if reach.left > 0 {
        return Err(DeskError::Invalid(format!(
            "the customer of {} has been told that it is `{new}`; `status` changes it again",
            ticket.number
        )));
    }
    let entered = store::entered_at(conn, ticket.id, old, deed.event).await?;
    let came_back =
        desk.kind_of(old).is_some_and(workflow::is_done) && !workflow::is_done(ticket.kind);
    let returns = ticket.reopened_count - i32::from(came_back);
    workflow::change_by_rule(desk, ticket, old, entered.unwrap_or(ctx.now))?;
    ticket.reopened_count = returns.max(0);
    Ok(())
}

async fn assignee(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    deed: &Deed,
) -> Result<(), DeskError> {
    let has_it = handle_of(conn, ticket.assignee_id).await?;
    unchanged_since(ticket, deed, has_it.as_deref())?;
    if let Some(id) = ticket.assignee_id {
        withdraw::assignment(conn, ctx.now, ticket.id, id, deed.at).await?;
    }
    ticket.assignee_id = match &deed.old {
        Some(handle) => people::store::by_handle(conn, handle)
            .await?
            .map(|person| person.id),
        None => None,
    };
    Ok(())
}
