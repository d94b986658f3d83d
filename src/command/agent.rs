//! `agent`: who works here.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::problem::UserError;
use super::work::{Work, known};
use super::{Failure, Reply, zone};
use crate::desk::{self, NewAgent};
use crate::people::{self, Person, Role};

/// What `agent` does.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Agent {
    /// Make somebody an agent, or change their role.
    Add(Add),
    /// List those who work here.
    List,
    /// Take an agent's rights away; what they wrote stays.
    Disable(Who),
    /// Give an agent's rights back.
    Enable(Who),
}

/// Arguments of `agent add`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Add {
    /// The word by which they are assigned and mentioned, such as `ann`.
    #[arg(id = "handle", value_name = "HANDLE", required = true)]
    handle: String,
    /// The address they are notified at and answer from.
    #[arg(required = true)]
    address: String,
    /// Their name; the handle where none is given.
    #[arg(long)]
    name: Option<String>,
    /// What they may do.
    #[arg(long, value_enum, default_value_t = StaffRole::Agent)]
    role: StaffRole,
    /// A team they belong to; may be given several times.
    #[arg(long)]
    team: Vec<String>,
    /// The zone they live in, such as Europe/Berlin; the desk's, or the one they chose, where none is given.
    #[arg(long)]
    zone: Option<String>,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Who {
    /// The agent's handle.
    #[arg(required = true)]
    handle: String,
}

/// What somebody on the staff may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StaffRole {
    /// Works tickets.
    Agent,
    /// An agent who also reads reports and manages teams.
    Manager,
    /// May do everything.
    Admin,
}

impl From<StaffRole> for Role {
    fn from(role: StaffRole) -> Self {
        match role {
            StaffRole::Agent => Self::Agent,
            StaffRole::Manager => Self::Manager,
            StaffRole::Admin => Self::Admin,
        }
    }
}

impl Agent {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        match self {
            Self::Add(add) => add.run(work).await,
            Self::List => list(work).await,
            Self::Disable(who) => who.bar(work, true).await,
            Self::Enable(who) => who.bar(work, false).await,
        }
    }
}

impl Add {
    async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let role = Role::from(self.role);
        within_reach(work, role).map_err(|error| error.about("role"))?;
        if let Some(person) = people::store::by_address(work.conn, self.address.trim()).await? {
            within_reach(work, person.role).map_err(|error| error.about("address"))?;
        }
        let all = work.desk().team.iter();
        let all = all.map(|team| (team.key.as_str(), team.name.as_str()));
        let teams: Vec<String> = self
            .team
            .iter()
            .map(|given| known("team", "team", given, all.clone()).map(str::to_owned))
            .collect::<Result<_, _>>()?;
        let zone = self.zone.as_deref();
        let zone = zone.map(|name| zone::of_name("zone", name)).transpose()?;
        let new = NewAgent {
            handle: &self.handle,
            address: &self.address,
            name: self.name.as_deref(),
            role,
            teams: &teams,
            zone,
        };
        let ctx = work.context();
        let person = desk::add_agent(work.conn, &ctx, &new)
            .await
            .map_err(|error| {
                let of_handle = error.to_string().contains("handle");
                Failure::from(error).about(if of_handle { "handle" } else { "address" })
            })?;
        let data = json!({
            "deed": "added",
            "handle": person.handle,
            "address": person.address,
            "role": role.key(),
            "what": role.with_article(),
            "teams": teams,
        });
        work.reply("agents", &data)
    }
}

impl Who {
    async fn bar(&self, work: &mut Work<'_>, disabled: bool) -> Result<Reply, Failure> {
        let person = staff(work, "handle", &self.handle).await?;
        within_reach(work, person.role).map_err(|error| error.about("handle"))?;
        if disabled && work.caller.person.is_some_and(|me| me.id == person.id) {
            return Err(UserError::refused("Nobody takes their own rights away.")
                .then("Another manager or admin does it.")
                .about("handle")
                .into());
        }
        let changed = person.disabled != disabled;
        if changed {
            let ctx = work.context();
            desk::bar_agent(work.conn, &ctx, &person, disabled).await?;
        }
        let deed = if disabled { "disabled" } else { "enabled" };
        let data = json!({"deed": deed, "handle": person.handle, "changed": changed});
        work.reply("agents", &data)
    }
}

async fn list(work: &mut Work<'_>) -> Result<Reply, Failure> {
    let memberships = people::store::memberships(work.conn).await?;
    let all: Vec<Value> = people::store::staff(work.conn)
        .await?
        .iter()
        .map(|person| {
            let teams: Vec<&str> = memberships
                .iter()
                .filter(|membership| membership.person_id == person.id)
                .map(|membership| membership.team.as_str())
                .collect();
            json!({
                "handle": person.handle,
                "name": person.name,
                "address": person.address,
                "role": person.role.key(),
                "teams": teams,
                "disabled": person.disabled,
            })
        })
        .collect();
    work.reply("agents", &json!({"deed": "listed", "all": all}))
}

/// Somebody on the staff by their handle, whether their rights were taken away or not.
pub(super) async fn staff(
    work: &mut Work<'_>,
    argument: &'static str,
    given: &str,
) -> Result<Person, Failure> {
    let handle = given.trim().trim_start_matches('@');
    let found = people::store::by_handle(work.conn, handle).await?;
    if let Some(person) = found.filter(|person| person.role.is_staff()) {
        return Ok(person);
    }
    let handles: Vec<String> = people::store::staff(work.conn)
        .await?
        .into_iter()
        .filter_map(|person| person.handle)
        .collect();
    Err(UserError::unknown(argument, "agent", given, &handles).into())
}

/// A refusal where a role is not the caller's to give or to take: managers deal with agents, admins with everybody.
fn within_reach(work: &Work<'_>, role: Role) -> Result<(), UserError> {
    let own = work.caller.role();
    if own == Role::Admin || role < own {
        return Ok(());
    }
    let who = role.with_article();
    Err(UserError::forbidden(format!(
        "Who is or becomes {who} is for admins to say."
    )))
}
