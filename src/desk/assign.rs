//! Giving a ticket to an agent or to another team.

use sqlx::PgConnection;

use super::{ASSIGNED, Context, DeskError, OTHER_TEAM, announce, append, status};
use crate::config::desk::StatusKind;
use crate::ids::PersonId;
use crate::notify::Happening;
use crate::people::{self, Person};
use crate::ticket::timeline::NewEvent;
use crate::ticket::{Ticket, store, workflow};

/// Gives a ticket that the caller holds by [`store::lock`] to an agent, or to nobody. A ticket that nobody
/// has worked on yet moves to the desk's `assigned_status`.
///
/// # Errors
/// If the person is no active agent, or the database does not answer.
pub async fn assign(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    assignee: Option<&Person>,
) -> Result<(), DeskError> {
    if let Some(person) = assignee.filter(|person| !person.is_active_staff()) {
        return Err(DeskError::Invalid(format!(
            "{} is no agent of this desk; name one of `frontdesk agent list`",
            person.name
        )));
    }
    let old = ticket.assignee_id;
    ticket.assignee_id = assignee.map(|person| person.id);
    if old == ticket.assignee_id {
        return Ok(());
    }
    ticket.updated_at = ctx.now;
    store::update(conn, ticket).await?;
    let had_it = handle_of(conn, old).await?;
    let name = assignee.map(|person| person.handle.as_deref().unwrap_or(&person.name));
    let event = NewEvent {
        kind: "assigned",
        field: Some("assignee"),
        old: had_it.as_deref(),
        new: name,
        ..NewEvent::default()
    };
    append(conn, ctx, ticket.id, &[event]).await?;
    if assignee.is_some() {
        follow_assignment(conn, ctx, ticket).await?;
    }
    let happening = Happening::Assigned {
        ticket,
        actor: ctx.actor,
    };
    announce(conn, ctx, ticket.id, &happening).await
}

/// The word by which an agent is assigned.
pub(super) async fn handle_of(
    conn: &mut PgConnection,
    id: Option<PersonId>,
) -> Result<Option<String>, sqlx::Error> {
    let Some(id) = id else {
        return Ok(None);
    };
    let person = people::store::get(conn, id).await?;
    Ok(Some(person.handle.unwrap_or(person.name)))
}

/// The status follows an assignment while nobody has worked on the ticket yet.
async fn follow_assignment(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
) -> Result<(), DeskError> {
    let desk = &ctx.settings.desk;
    let Some(to) = desk.assigned_status.as_deref() else {
        return Ok(());
    };
    let untouched = ticket.kind == StatusKind::New || ticket.status == desk.initial_status;
    if !untouched {
        return Ok(());
    }
    if let Some(change) = workflow::change_by_rule(desk, ticket, to, ctx.now)? {
        status::record(conn, ctx, ticket, &change, Some(ASSIGNED)).await?;
    }
    Ok(())
}

/// Hands a ticket that the caller holds by [`store::lock`] to another team. The team it came from is kept, and
/// it belongs to nobody in the new team yet.
///
/// # Errors
/// If there is no such team, or the database does not answer.
pub async fn route_to_team(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    team: &str,
) -> Result<(), DeskError> {
    let desk = &ctx.settings.desk;
    if desk.team(team).is_none() {
        let known: Vec<&str> = desk.team.iter().map(|team| team.key.as_str()).collect();
        return Err(DeskError::Invalid(format!(
            "there is no team `{team}`; this desk has {}",
            known.join(", ")
        )));
    }
    hand_over(conn, ctx, ticket, team, None).await
}

/// Hands a ticket to a team that exists.
pub(super) async fn hand_over(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    team: &str,
    reason: Option<&str>,
) -> Result<(), DeskError> {
    if ticket.team.as_deref() == Some(team) {
        return Ok(());
    }
    ticket.source_team = ticket.team.replace(team.to_owned());
    let had_it = handle_of(conn, ticket.assignee_id.take()).await?;
    ticket.updated_at = ctx.now;
    store::update(conn, ticket).await?;
    let mut events = vec![NewEvent {
        kind: "team_changed",
        field: Some("team"),
        old: ticket.source_team.as_deref(),
        new: Some(team),
        reason,
        ..NewEvent::default()
    }];
    if let Some(handle) = &had_it {
        events.push(NewEvent {
            kind: "assigned",
            field: Some("assignee"),
            old: Some(handle),
            reason: Some(OTHER_TEAM),
            ..NewEvent::default()
        });
    }
    append(conn, ctx, ticket.id, &events).await?;
    let happening = Happening::HandedOver {
        ticket,
        actor: ctx.actor,
    };
    announce(conn, ctx, ticket.id, &happening).await
}
