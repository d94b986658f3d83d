//! `frontdesk team`: who is in which team. The teams themselves are configuration.

use clap::{Args, Subcommand};

use super::open::DeskArgument;
use super::{agent, page};
use crate::app::App;
use crate::desk;
use crate::people::store;

/// Arguments of `frontdesk team`.
#[derive(Debug, Args)]
pub struct TeamArguments {
    #[command(flatten)]
    desk: DeskArgument,
    #[command(subcommand)]
    command: TeamCommand,
}

#[derive(Debug, Subcommand)]
enum TeamCommand {
    /// Put an agent into a team.
    Add(AddArguments),
    /// Take an agent out of a team.
    Remove(RemoveArguments),
    /// List the teams and who is in them.
    List,
}

#[derive(Debug, Args)]
struct AddArguments {
    /// The team's key.
    team: String,
    /// The agent's handle.
    handle: String,
    /// They lead it.
    #[arg(long)]
    lead: bool,
}

#[derive(Debug, Args)]
struct RemoveArguments {
    /// The team's key.
    team: String,
    /// The agent's handle.
    handle: String,
}

/// Runs a team command.
pub(super) async fn run(arguments: &TeamArguments) -> anyhow::Result<()> {
    let work = async |app: &App| match &arguments.command {
        TeamCommand::Add(arguments) => add(app, arguments).await,
        TeamCommand::Remove(arguments) => remove(app, arguments).await,
        TeamCommand::List => list(app).await,
    };
    arguments.desk.work(work).await
}

async fn add(app: &App, arguments: &AddArguments) -> anyhow::Result<()> {
    let AddArguments { team, handle, lead } = arguments;
    let mut tx = app.pool.begin().await?;
    let person = agent::find(&mut tx, handle).await?;
    desk::join_team(&mut tx, &app.operator(), &person, team, *lead).await?;
    tx.commit().await?;
    let part = if *lead { "leads" } else { "is in" };
    page::print(&format!("{handle} {part} {team} now.\n"))
}

async fn remove(app: &App, arguments: &RemoveArguments) -> anyhow::Result<()> {
    let RemoveArguments { team, handle } = arguments;
    let mut tx = app.pool.begin().await?;
    let person = agent::find(&mut tx, handle).await?;
    if !desk::leave_team(&mut tx, &person, team).await? {
        anyhow::bail!("{handle} is not in {team}; `frontdesk team list` shows who is");
    }
    tx.commit().await?;
    page::print(&format!("{handle} is no longer in {team}.\n"))
}

async fn list(app: &App) -> anyhow::Result<()> {
    let mut conn = app.pool.acquire().await?;
    let memberships = store::memberships(&mut conn).await?;
    let mut table = page::Table::new(&["TEAM", "NAME", "MEMBERS"]);
    for team in &app.settings.desk.team {
        let members: Vec<String> = memberships
            .iter()
            .filter(|membership| membership.team == team.key)
            .map(|membership| {
                let mark = if membership.is_lead { " (leads)" } else { "" };
                format!("{}{mark}", membership.handle)
            })
            .collect();
        table.row([&team.key, &team.name, &members.join(", ")]);
    }
    page::print(&table.text())
}
