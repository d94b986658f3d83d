//! Who works here: agents with their roles, and who is in which team. The teams themselves are configuration.

use chrono_tz::Tz;
use sqlx::PgConnection;

use super::{Context, DeskError};
use crate::notify;
use crate::people::store::{self, NewPerson};
use crate::people::{Person, Role, zone};

/// Somebody who is to work here.
#[derive(Debug, Clone, Copy)]
pub struct NewAgent<'a> {
    /// The word by which they are assigned and mentioned.
    pub handle: &'a str,
    /// Where they are notified and answer from.
    pub address: &'a str,
    /// Their name; the handle where none is given.
    pub name: Option<&'a str>,
    /// What they may do.
    pub role: Role,
    /// The teams they belong to, by key.
    pub teams: &'a [String],
    /// The zone they live in; nothing leaves it as it is.
    pub zone: Option<Tz>,
}

/// Makes somebody an agent, or changes the role and the handle of one. Who was known by the address keeps their name.
///
/// # Errors
/// If the handle, the address or a team will not do, or the handle is somebody else's; or the database does not answer.
pub async fn add_agent(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    new: &NewAgent<'_>,
) -> Result<Person, DeskError> {
    let (handle, address) = (new.handle.trim().to_lowercase(), new.address.trim());
    check(ctx, &handle, address)?;
    for team in new.teams {
        known_team(ctx, team)?;
    }
    let known = store::by_address(conn, address).await?;
    if let Some(other) = store::by_handle(conn, &handle).await?
        && known.as_ref().is_none_or(|known| known.id != other.id)
    {
        let address = other.address.as_deref().unwrap_or("no address");
        return Err(DeskError::Invalid(format!(
            "the handle {} belongs to {} ({address}) already",
            new.handle.trim(),
            other.name
        )));
    }
    let person = match known {
        Some(known) => {
            store::set_role(conn, known.id, new.role, Some(&handle), None).await?;
            store::get(conn, known.id).await?
        }
        None => {
            let person = NewPerson {
                name: new.name.unwrap_or(&handle),
                address,
                role: new.role,
                handle: Some(&handle),
            };
            store::find_or_create(conn, ctx.now, person).await?
        }
    };
    for team in new.teams {
        store::join_team(conn, person.id, team, false).await?;
    }
    if new.zone.is_some() {
        zone::choose(conn, person.id, new.zone).await?;
    }
    Ok(person)
}

fn check(ctx: &Context<'_>, handle: &str, address: &str) -> Result<(), DeskError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    // `me` stands for whoever says it, `none` for nobody.
    if handle.is_empty() || !handle.chars().all(plain) || ["me", "none"].contains(&handle) {
        return Err(DeskError::Invalid(format!(
            "`{}` is no handle: it takes letters, digits, dots, hyphens and underscores, such as `ann`",
            crate::config::problem::shown(handle)
        )));
    }
    let parts = address.split_once('@');
    let whole = parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if !whole || address.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(DeskError::Invalid(format!(
            "`{}` is no address; give one such as ann@example.com",
            crate::config::problem::shown(address)
        )));
    }
    if notify::is_own(ctx.settings, address) {
        return Err(DeskError::Invalid(format!(
            "{address} is an address of the desk itself, which cannot be an agent"
        )));
    }
    Ok(())
}

/// Takes the rights of somebody on the staff away, or gives them back. What they wrote and have stays as it is.
///
/// # Errors
/// If the database does not answer.
pub async fn bar_agent(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    person: &Person,
    disabled: bool,
) -> Result<(), DeskError> {
    let disabled_at = disabled.then_some(ctx.now);
    store::set_role(conn, person.id, person.role, None, disabled_at).await?;
    Ok(())
}

/// Puts somebody on the staff into a team, or changes whether they lead it.
///
/// # Errors
/// If the desk has no such team, or the database does not answer.
pub async fn join_team(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    person: &Person,
    team: &str,
    leads: bool,
) -> Result<(), DeskError> {
    known_team(ctx, team)?;
    store::join_team(conn, person.id, team, leads).await?;
    Ok(())
}

/// Takes somebody out of a team. Returns false if they were not in it. A team that the configuration has no more can be
/// left as well.
///
/// # Errors
/// If the database does not answer.
pub async fn leave_team(
    conn: &mut PgConnection,
    person: &Person,
    team: &str,
) -> Result<bool, DeskError> {
    Ok(store::leave_team(conn, person.id, team).await?)
}

fn known_team(ctx: &Context<'_>, team: &str) -> Result<(), DeskError> {
    let desk = &ctx.settings.desk;
    if desk.team(team).is_some() {
        return Ok(());
    }
    let known: Vec<&str> = desk.team.iter().map(|team| team.key.as_str()).collect();
    Err(DeskError::Invalid(format!(
        "there is no team `{team}`; this desk has {}",
        known.join(", ")
    )))
}
