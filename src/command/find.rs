//! Which ticket a command is about, and whether it may be given there.

use sqlx::PgConnection;

use super::authorize::{self, Denied, Relation};
use super::grammar::TICKET;
use super::problem::UserError;
use super::work::Work;
use super::{Caller, Failure, Parsed};
use crate::config::problem::{listed, shown};
use crate::ids::TicketId;
use crate::ticket;
use crate::ticket::find::Found;
use crate::ticket::query::Sight;

/// Finds the ticket of a command, if it is about one, and checks the right to it.
pub(super) async fn permitted(
    conn: &mut PgConnection,
    caller: &Caller<'_>,
    parsed: &Parsed<'_>,
) -> Result<Option<TicketId>, Failure> {
    let right = authorize::right(&parsed.path);
    authorize::check(caller.role(), right, None).map_err(|denied| refusal(parsed, denied))?;
    if !parsed.about_ticket {
        return Ok(None);
    }
    let (id, relation) = match &parsed.ticket {
        Some(given) => match by_number(conn, caller, given).await? {
            Some(id) => (id, relation(conn, caller, id).await?),
            None => {
                return Err(misplaced(parsed, given)
                    .unwrap_or_else(|| unknown(given))
                    .into());
            }
        },
        None => match caller.ticket {
            Some(id) => (id, relation(conn, caller, id).await?),
            None => {
                return Err(UserError::usage("Which ticket?")
                    .then(format!(
                        "Type `{} NUMBER …`; `list` shows the numbers.",
                        parsed.path
                    ))
                    .into());
            }
        },
    };
    authorize::check(caller.role(), right, Some(relation))
        .map_err(|denied| refusal(parsed, denied))?;
    Ok(Some(id))
}

/// Another ticket that a command names, which the caller may see.
pub(super) async fn other(
    work: &mut Work<'_>,
    argument: &'static str,
    given: &str,
) -> Result<TicketId, Failure> {
    match by_number(work.conn, work.caller, given).await {
        Ok(Some(id)) => Ok(id),
        Ok(None) => Err(unknown(given).about(argument).into()),
        Err(failure) => Err(failure.about(argument)),
    }
}

/// The ticket of a number, which may be shortened where that leaves no doubt.
async fn by_number(
    conn: &mut PgConnection,
    caller: &Caller<'_>,
    given: &str,
) -> Result<Option<TicketId>, Failure> {
    let sight = match caller.person {
        _ if caller.role().is_staff() => Sight::Staff,
        Some(person) => Sight::Customer(person.id),
        None => return Ok(None),
    };
    match ticket::find::by_number(conn, sight, given).await? {
        Found::One(id) => Ok(Some(id)),
        Found::Nothing => Ok(None),
        Found::Several(numbers) => {
            let what = format!("`{}` could be several tickets.", shown(given));
            let next = format!(
                "The newest are {}; write more of the number.",
                listed(&numbers)
            );
            Err(UserError::refused(what).then(next).about(TICKET).into())
        }
    }
}

async fn relation(
    conn: &mut PgConnection,
    caller: &Caller<'_>,
    id: TicketId,
) -> Result<Relation, Failure> {
    let Some(person) = caller.person else {
        return Ok(Relation::Foreign);
    };
    let root = ticket::store::root(conn, id)
        .await?
        .map_or(id, |root| root.id);
    let mut parties = ticket::store::parties(conn, id).await?;
    if root != id {
        parties.extend(ticket::store::parties(conn, root).await?);
    }
    Ok(if parties.contains(&person.id) {
        Relation::Own
    } else {
        Relation::Foreign
    })
}

/// A word without a digit is no number: something else stands where the ticket's number should.
fn misplaced(parsed: &Parsed<'_>, given: &str) -> Option<UserError> {
    if given.contains(|c: char| c.is_ascii_digit() || c == '-') {
        return None;
    }
    let what = format!(
        "`{}` is no ticket's number, which comes first.",
        shown(given)
    );
    let error = UserError::refused(what).then(format!("`help {}` says how it goes.", parsed.path));
    Some(error.about(TICKET))
}

fn unknown(given: &str) -> UserError {
    UserError::refused(format!("There is no ticket `{}`.", shown(given)))
        .then("`list` shows the tickets there are for you.")
        .about(TICKET)
}

fn refusal(parsed: &Parsed<'_>, denied: Denied) -> UserError {
    match denied {
        Denied::Role(right) => {
            UserError::forbidden(format!("`{}` is for {}.", parsed.path, right.who()))
        }
        Denied::NotTheirs => match &parsed.ticket {
            Some(given) => unknown(given),
            None => UserError::forbidden(
                "This ticket is not one of yours; its requester, those in copy and staff may.",
            ),
        },
        Denied::NotAParty => UserError::forbidden(
            "This is for those who take part in the ticket: its requester and those in copy.",
        )
        .then("`reply` answers the customer, `note` is for staff only."),
    }
}
