//! The people around a ticket: watchers, participants (`cc`), the requester.
//!
//! Nobody is told that they were added or left out: a participant gets the next public answer, with all who
//! get it in its head. An answer that waits to leave goes to those who take part by then.

use sqlx::PgConnection;

use super::{Context, DeskError, append};
use crate::mail::address::{bare, sendable};
use crate::notify;
use crate::people::{self, Person, Role};
use crate::ticket::part::{self, Part};
use crate::ticket::timeline::NewEvent;
use crate::ticket::{Ticket, store};

/// Lets an agent watch a ticket that the caller holds by [`store::lock`]: they hear of all that staff hears.
/// Gives whether they did not watch it before.
///
/// # Errors
/// If the person is no active agent, or the database does not answer.
pub async fn watch(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    person: &Person,
) -> Result<bool, DeskError> {
    if !person.is_active_staff() {
        return Err(DeskError::Invalid(format!(
            "{} is no agent of this desk and can't watch {}; `cc add` lets a customer take part",
            person.name, ticket.number
        )));
    }
    let added = part::add(conn, ctx.now, ticket.id, person.id, Part::Watcher).await?;
    if added {
        record(conn, ctx, ticket, "watching", None, Some(called(person))).await?;
    }
    Ok(added)
}

/// Ends an agent's watch over a ticket that the caller holds by [`store::lock`]. Gives whether they watched it.
///
/// # Errors
/// If the database does not answer.
pub async fn unwatch(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    person: &Person,
) -> Result<bool, DeskError> {
    let removed = part::remove(conn, ticket.id, person.id, Part::Watcher).await?;
    if removed {
        record(conn, ctx, ticket, "unwatched", Some(called(person)), None).await?;
    }
    Ok(removed)
}

/// Lets whoever has the address take part in a ticket that the caller holds by [`store::lock`]: they get every
/// public answer from now on, and may write. Gives the person, who is made where nobody has the address yet,
/// and whether they did not take part before.
///
/// # Errors
/// If it is no address of somebody outside the team, or the database does not answer.
pub async fn add_cc(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    address: &str,
) -> Result<(Person, bool), DeskError> {
    let person = outsider(conn, ctx, address).await?;
    let added = store::add_participants(conn, ctx.now, ticket.id, &[person.id]).await?;
    let added = !added.is_empty();
    if added {
        record(
            conn,
            ctx,
            ticket,
            "participant_added",
            None,
            Some(called(&person)),
        )
        .await?;
        readdress(conn, ctx, ticket).await?;
    }
    Ok((person, added))
}

/// Lets somebody take part in a ticket that the caller holds by [`store::lock`] no longer: they get no answers
/// any more, and see it no more. Gives whether they took part.
///
/// # Errors
/// If the person is the requester, or the database does not answer.
pub async fn remove_cc(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    person: &Person,
) -> Result<bool, DeskError> {
    if person.id == ticket.requester_id {
        return Err(DeskError::Invalid(format!(
            "{} is the requester of {}; `requester` names another one",
            called(person),
            ticket.number
        )));
    }
    let removed = part::remove(conn, ticket.id, person.id, Part::Participant).await?;
    if removed {
        record(
            conn,
            ctx,
            ticket,
            "participant_removed",
            Some(called(person)),
            None,
        )
        .await?;
        readdress(conn, ctx, ticket).await?;
    }
    Ok(removed)
}

/// Makes whoever has the address the requester of a ticket that the caller holds by [`store::lock`], with
/// their organization. The one before goes on taking part if they wrote to the ticket in public; else they
/// are out of it. Gives the new requester.
///
/// # Errors
/// If it is no address of somebody outside the team, or the database does not answer.
pub async fn change_requester(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    address: &str,
) -> Result<Person, DeskError> {
    let person = outsider(conn, ctx, address).await?;
    if person.id == ticket.requester_id {
        return Ok(person);
    }
    let before = people::store::get(conn, ticket.requester_id).await?;
    ticket.requester_id = person.id;
    ticket.organization_id = person.organization_id;
    part::remove(conn, ticket.id, person.id, Part::Participant).await?;
    store::update(conn, ticket).await?;
    let stays = !before.role.is_staff() && part::has_written(conn, ticket.id, before.id).await?;
    if stays {
        store::add_participants(conn, ctx.now, ticket.id, &[before.id]).await?;
    }
    let (old, new) = (Some(called(&before)), Some(called(&person)));
    record(conn, ctx, ticket, "requester_changed", old, new).await?;
    readdress(conn, ctx, ticket).await?;
    Ok(person)
}

async fn readdress(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &Ticket,
) -> Result<(), DeskError> {
    if ctx.answering {
        notify::readdress(conn, ctx.settings, ctx.now, ticket).await?;
    }
    Ok(())
}

/// The person of an address, who must not be of the team; a new one where nobody has it.
async fn outsider(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    address: &str,
) -> Result<Person, DeskError> {
    let address = bare(&address.trim().to_lowercase());
    let written_well = address.len() <= 254 && sendable(&address).is_ok();
    if !written_well {
        return Err(DeskError::Invalid(format!(
            "`{address}` is no mail address; write one such as carla@example.com"
        )));
    }
    if notify::is_own(ctx.settings, &address) {
        return Err(DeskError::Invalid(format!(
            "{address} is this desk's own address; name somebody else's"
        )));
    }
    let new = people::store::NewPerson {
        name: address.split('@').next().unwrap_or_default(),
        address: &address,
        role: Role::Customer,
        handle: None,
    };
    let person = match people::store::by_address(conn, &address).await? {
        Some(person) => person,
        None => people::store::find_or_create(conn, ctx.now, new).await?,
    };
    if person.role.is_staff() {
        return Err(DeskError::Invalid(format!(
            "{address} belongs to {}, who is of the team; `watch` lets an agent follow a ticket",
            called(&person)
        )));
    }
    Ok(person)
}

/// An agent by handle, anybody else by address.
fn called(person: &Person) -> &str {
    person
        .handle
        .as_deref()
        .or(person.address.as_deref())
        .unwrap_or(&person.name)
}

async fn record(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    kind: &'static str,
    old: Option<&str>,
    new: Option<&str>,
) -> Result<(), DeskError> {
    let event = NewEvent {
        kind,
        old,
        new,
        ..NewEvent::default()
    };
    ticket.updated_at = ctx.now;
    store::update(conn, ticket).await?;
    append(conn, ctx, ticket.id, &[event]).await?;
    Ok(())
}
