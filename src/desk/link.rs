//! Linking tickets with one another.

use sqlx::PgConnection;

use super::{Context, DeskError, append};
use crate::ticket::link::{self, Link};
use crate::ticket::timeline::NewEvent;
use crate::ticket::{Ticket, store};

/// Links a ticket that the caller holds by [`store::lock`] with another one. It stands on both timelines. Gives
/// whether they were not linked so before.
///
/// # Errors
/// If both are the same ticket, or the database does not answer.
pub async fn link(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    other: &Ticket,
    kind: Link,
) -> Result<bool, DeskError> {
    if ticket.id == other.id {
        return Err(DeskError::Invalid(format!(
            "{} can't be linked with itself; name another ticket",
            ticket.number
        )));
    }
    let added = link::add(conn, ctx.now, ticket.id, other.id, kind).await?;
    if added {
        record(conn, ctx, ticket, other, kind, true).await?;
    }
    Ok(added)
}

/// Takes a link of a ticket that the caller holds by [`store::lock`] away. Gives whether there was one.
///
/// # Errors
/// If the database does not answer.
pub async fn unlink(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    other: &Ticket,
    kind: Link,
) -> Result<bool, DeskError> {
    let removed = link::remove(conn, ticket.id, other.id, kind).await?;
    if removed {
        record(conn, ctx, ticket, other, kind, false).await?;
    }
    Ok(removed)
}

async fn record(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    other: &Ticket,
    kind: Link,
    linked: bool,
) -> Result<(), DeskError> {
    ticket.updated_at = ctx.now;
    store::update(conn, ticket).await?;
    for (of, word, number) in [
        (ticket.id, kind.word(), other.number.as_str()),
        (other.id, kind.inverse(), ticket.number.as_str()),
    ] {
        let event = NewEvent {
            kind: if linked { "linked" } else { "unlinked" },
            field: Some(word),
            old: (!linked).then_some(number),
            new: linked.then_some(number),
            ..NewEvent::default()
        };
        append(conn, ctx, of, &[event]).await?;
    }
    Ok(())
}
