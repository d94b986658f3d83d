//! Merging two tickets that are about the same, and taking that back.
//!
//! The ticket that is taken in becomes a husk: it is closed, its comments stay where they are, and whatever is
//! said to it goes to the ticket that took it in, whose timeline shows both. No customer is told: the next answer
//! goes to all who take part by then.

use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::PgConnection;

use super::{Context, DeskError, append};
use crate::config::desk::StatusKind;
use crate::ids::TicketId;
use crate::sla;
use crate::ticket::timeline::NewEvent;
use crate::ticket::{Ticket, merge as store, workflow};

/// Merges a ticket into another one. Its requester, participants and watchers join the other; of the two clocks
/// the earlier one counts. Gives both tickets as they stand: the husk, and the one that took it in.
///
/// # Errors
/// If both are the same, or one of them is merged into a third; or the database does not answer.
pub async fn merge(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    husk: TicketId,
    into: TicketId,
) -> Result<(Ticket, Ticket), DeskError> {
    let (mut husk, mut root) = store::lock_both(conn, husk, into).await?;
    if husk.id == root.id {
        return Err(DeskError::Invalid(format!(
            "{} can't be merged into itself; name another ticket",
            husk.number
        )));
    }
    for ticket in [&husk, &root] {
        if ticket.merged_into_id.is_some() {
            return Err(DeskError::Invalid(format!(
                "{} is merged into another ticket already; `unmerge` takes that back",
                ticket.number
            )));
        }
    }
    let status = close_silently(ctx, &mut husk)?;
    husk.merged_into_id = Some(root.id);
    husk.updated_at = ctx.now;
    crate::ticket::store::update(conn, &husk).await?;
    let event = NewEvent {
        kind: "merged",
        old: Some(&status),
        new: Some(&root.number),
        ..NewEvent::default()
    };
    append(conn, ctx, husk.id, &[event]).await?;
    store::join_parties(conn, ctx.now, &husk, &root).await?;
    root.updated_at = ctx.now;
    crate::ticket::store::update(conn, &root).await?;
    let event = NewEvent {
        kind: "took_in",
        new: Some(&husk.number),
        ..NewEvent::default()
    };
    append(conn, ctx, root.id, &[event]).await?;
    keep_earlier_clock(conn, ctx, &husk, &mut root).await?;
    Ok((husk, root))
}

/// Gives the status that the ticket had.
fn close_silently(ctx: &Context<'_>, husk: &mut Ticket) -> Result<String, DeskError> {
    let desk = &ctx.settings.desk;
    let before = husk.status.clone();
    if let Some(closed) = desk.first_status_of_kind(StatusKind::Closed) {
        workflow::change_by_rule(desk, husk, &closed.key, ctx.now)?;
    }
    Ok(before)
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

async fn keep_earlier_clock(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    husk: &Ticket,
    root: &mut Ticket,
) -> Result<(), DeskError> {
    let answered = [husk.first_responded_at, root.first_responded_at]
        .into_iter()
        .flatten()
        .min();
    let moves = [
        (
            "opened_at",
            Some(root.opened_at),
            Some(root.opened_at.min(husk.opened_at)),
        ),
        ("first_responded_at", root.first_responded_at, answered),
    ];
    for (field, old, new) in moves {
        if old == new {
            continue;
        }
        let (old, new) = (old.map(text), new.map(text));
        let event = NewEvent {
            kind: "clock_changed",
            field: Some(field),
            old: old.as_deref(),
            new: new.as_deref(),
            ..NewEvent::default()
        };
        append(conn, ctx, root.id, &[event]).await?;
    }
    root.opened_at = root.opened_at.min(husk.opened_at);
    root.first_responded_at = answered;
    store::set_clock(conn, root).await?;
    sla::follow(conn, &ctx.settings.desk, root.id).await?;
    Ok(())
}

/// Takes a merge back: the ticket stands by itself again, in the status it had. Those who joined the other one by
/// the merge leave it unless they have written to it since; what was written since the merge stays where it was
/// written. Gives the ticket as it stands.
///
/// # Errors
/// If it is not merged, or the database does not answer.
pub async fn unmerge(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    husk: TicketId,
) -> Result<Ticket, DeskError> {
    let seen = crate::ticket::store::get(conn, husk).await?;
    let not_merged =
        || DeskError::Invalid(format!("{} is not merged into another ticket", seen.number));
    let into = seen.merged_into_id.ok_or_else(not_merged)?;
    let (mut husk, mut root) = store::lock_both(conn, husk, into).await?;
    if husk.merged_into_id != Some(root.id) {
        return Err(not_merged());
    }
    let merged = store::last_merge(conn, husk.id).await?;
    husk.merged_into_id = None;
    husk.updated_at = ctx.now;
    if let Some(merged) = &merged {
        stand_again(ctx, &mut husk, merged.status.as_deref())?;
        store::part_again(conn, root.id, merged.at).await?;
        turn_clock_back(conn, &mut root, merged.at).await?;
    }
    crate::ticket::store::update(conn, &husk).await?;
    root.updated_at = ctx.now;
    crate::ticket::store::update(conn, &root).await?;
    for (ticket, kind, other) in [
        (husk.id, "unmerged", &root.number),
        (root.id, "let_go", &husk.number),
    ] {
        let event = NewEvent {
            kind,
            old: Some(other),
            ..NewEvent::default()
        };
        append(conn, ctx, ticket, &[event]).await?;
    }
    Ok(husk)
}

/// The status as it was; that it had been closed counts as no return of the ticket.
fn stand_again(
    ctx: &Context<'_>,
    husk: &mut Ticket,
    status: Option<&str>,
) -> Result<(), DeskError> {
    let desk = &ctx.settings.desk;
    let Some(status) = status.filter(|key| desk.status(key).is_some()) else {
        return Ok(());
    };
    let returns = husk.reopened_count;
    workflow::change_by_rule(desk, husk, status, ctx.now)?;
    husk.reopened_count = returns;
    Ok(())
}

async fn turn_clock_back(
    conn: &mut PgConnection,
    root: &mut Ticket,
    at: DateTime<Utc>,
) -> Result<(), DeskError> {
    for (field, old) in store::clock_before(conn, root.id, at).await? {
        let old = old.and_then(|old| old.parse().ok());
        match (field.as_str(), old) {
            ("opened_at", Some(old)) => root.opened_at = old,
            ("first_responded_at", old) => root.first_responded_at = old,
            _ => {}
        }
    }
    store::set_clock(conn, root).await?;
    Ok(())
}
