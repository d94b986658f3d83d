//! Canned replies: saved once, filled in for a ticket.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::{Context, DeskError};
use crate::notify::render;
use crate::people::{self, Person};
use crate::ticket::{Ticket, canned};

/// The variables that a canned reply may have. None of them is for staff's eyes only.
pub const VARIABLES: [&str; 6] = ["requester", "number", "subject", "status", "agent", "desk"];

/// The longest canned reply, in characters.
const BODY_CHARS: usize = 10_000;

/// Saves a canned reply, in place of one of the same name. Its text may have `{{ requester }}` and the other
/// [`VARIABLES`].
///
/// # Errors
/// If the name is no word, or the text is empty, too long, or asks for something that is no variable; or the
/// database does not answer.
pub async fn save_canned(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    name: &str,
    body: &str,
) -> Result<(), DeskError> {
    let name = name.trim().to_lowercase();
    let is_word = (1..=40).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if !is_word {
        return Err(DeskError::Invalid(format!(
            "`{name}` is no name for a canned reply; take letters, digits and -_., 40 at the most"
        )));
    }
    let body = body.trim();
    if !(1..=BODY_CHARS).contains(&body.chars().count()) {
        return Err(DeskError::Invalid(format!(
            "a canned reply has 1 to {BODY_CHARS} characters"
        )));
    }
    let anything = VARIABLES.map(|variable| (variable, variable.to_owned()));
    fill(body, &anything.into())?;
    canned::save(conn, ctx.now, &name, body, ctx.actor.person()).await?;
    Ok(())
}

/// A canned reply, filled in for a ticket and the agent who is about to send it.
///
/// # Errors
/// If there is none of that name, or it cannot be filled in; or the database does not answer.
pub async fn fill_canned(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &Ticket,
    name: &str,
    agent: &Person,
) -> Result<String, DeskError> {
    let Some(held) = canned::get(conn, name.trim()).await? else {
        let known: Vec<String> = canned::list(conn)
            .await?
            .into_iter()
            .map(|canned| canned.name)
            .take(20)
            .collect();
        let known = if known.is_empty() {
            "there is none yet".to_owned()
        } else {
            format!("there are {}", known.join(", "))
        };
        return Err(DeskError::Invalid(format!(
            "there is no canned reply `{}`; {known}",
            name.trim()
        )));
    };
    let desk = &ctx.settings.desk;
    let requester = people::store::get(conn, ticket.requester_id).await?;
    let status = desk
        .status(&ticket.status)
        .map_or(&ticket.status, |status| &status.name);
    let values = [
        ("requester", requester.name),
        ("number", ticket.number.clone()),
        ("subject", ticket.subject.clone()),
        ("status", status.clone()),
        ("agent", agent.name.clone()),
        ("desk", desk.name.clone()),
    ];
    fill(&held.body, &values.into())
}

fn fill(body: &str, values: &BTreeMap<&str, String>) -> Result<String, DeskError> {
    render::fill(body, values).map_err(|what| {
        DeskError::Invalid(format!(
            "{what}; a canned reply may have {}",
            VARIABLES.map(|name| format!("{{{{ {name} }}}}")).join(", ")
        ))
    })
}
