//! `frontdesk agent`: who works here.

use anyhow::Context as _;
use chrono_tz::Tz;
use clap::{Args, Subcommand};
use sqlx::PgConnection;

use super::open::DeskArgument;
use super::page;
use crate::app::App;
use crate::command::StaffRole;
use crate::desk::{self, NewAgent};
use crate::people::store;
use crate::people::{Person, Role};

/// Arguments of `frontdesk agent`.
#[derive(Debug, Args)]
pub struct AgentArguments {
    #[command(flatten)]
    desk: DeskArgument,
    #[command(subcommand)]
    command: AgentCommand,
}

#[derive(Debug, Subcommand)]
enum AgentCommand {
    /// Make somebody an agent, or change their role.
    Add(AddArguments),
    /// List the agents.
    List,
    /// Take an agent's rights away; what they wrote stays.
    Disable(HandleArgument),
    /// Give an agent's rights back.
    Enable(HandleArgument),
}

#[derive(Debug, Args)]
struct AddArguments {
    /// The word by which they are assigned and mentioned, such as `ann`.
    handle: String,
    /// The address they are notified at and answer from.
    address: String,
    /// Their name; the handle where none is given.
    #[arg(long)]
    name: Option<String>,
    /// What they may do.
    #[arg(long, value_enum, default_value_t = StaffRole::Agent)]
    role: StaffRole,
    /// A team they belong to; may be given several times.
    #[arg(long = "team", value_name = "TEAM")]
    teams: Vec<String>,
    /// The zone they live in, such as Europe/Berlin; the desk's, or the one they chose, where none is given.
    #[arg(long)]
    zone: Option<Tz>,
}

#[derive(Debug, Args)]
struct HandleArgument {
    /// The agent's handle.
    handle: String,
}

/// Runs an agent command.
pub(super) async fn run(arguments: &AgentArguments) -> anyhow::Result<()> {
    let work = async |app: &App| match &arguments.command {
        AgentCommand::Add(arguments) => add(app, arguments).await,
        AgentCommand::List => list(app).await,
        AgentCommand::Disable(arguments) => bar(app, &arguments.handle, true).await,
        AgentCommand::Enable(arguments) => bar(app, &arguments.handle, false).await,
    };
    arguments.desk.work(work).await
}

async fn add(app: &App, arguments: &AddArguments) -> anyhow::Result<()> {
    let role = Role::from(arguments.role);
    let new = NewAgent {
        handle: &arguments.handle,
        address: &arguments.address,
        name: arguments.name.as_deref(),
        role,
        teams: &arguments.teams,
        zone: arguments.zone,
    };
    let mut tx = app.pool.begin().await?;
    let person = desk::add_agent(&mut tx, &app.operator(), &new).await?;
    tx.commit().await?;
    let handle = person.handle.as_deref().unwrap_or(&person.name);
    page::print(&format!(
        "{handle} is {} now and is notified at {}.\n",
        role.with_article(),
        page::one_line(person.address.as_deref().unwrap_or_default())
    ))
}

async fn list(app: &App) -> anyhow::Result<()> {
    let mut conn = app.pool.acquire().await?;
    let staff = store::staff(&mut conn).await?;
    if staff.is_empty() {
        return page::print(
            "Nobody works here yet: `frontdesk agent add HANDLE ADDRESS --team TEAM`.\n",
        );
    }
    let memberships = store::memberships(&mut conn).await?;
    let mut table = page::Table::new(&["HANDLE", "NAME", "ADDRESS", "ROLE", "TEAMS", "RIGHTS"]);
    for person in &staff {
        let teams: Vec<&str> = memberships
            .iter()
            .filter(|membership| membership.person_id == person.id)
            .map(|membership| membership.team.as_str())
            .collect();
        table.row([
            person.handle.as_deref().unwrap_or(""),
            &person.name,
            person.address.as_deref().unwrap_or(""),
            person.role.key(),
            &teams.join(", "),
            if person.disabled {
                "disabled"
            } else {
                "active"
            },
        ]);
    }
    page::print(&table.text())
}

/// The agent with this handle.
pub(super) async fn find(conn: &mut PgConnection, handle: &str) -> anyhow::Result<Person> {
    let person = store::by_handle(conn, handle).await?;
    person
        .filter(|person| person.role.is_staff())
        .with_context(|| {
            format!("there is no agent `{handle}`; `frontdesk agent list` shows who there is")
        })
}

async fn bar(app: &App, handle: &str, disabled: bool) -> anyhow::Result<()> {
    let mut tx = app.pool.begin().await?;
    let person = find(&mut tx, handle).await?;
    desk::bar_agent(&mut tx, &app.operator(), &person, disabled).await?;
    tx.commit().await?;
    page::print(&if disabled {
        format!(
            "{handle} has no rights any more. Tickets that {handle} has stay assigned; `frontdesk ticket assign NUMBER HANDLE` moves them.\n"
        )
    } else {
        format!("{handle} is back.\n")
    })
}
