//! `frontdesk agent`: who works here.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use sqlx::PgConnection;

use super::open::DeskArgument;
use super::page;
use crate::app::App;
use crate::people::store::{self, NewPerson};
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
}

#[derive(Debug, Args)]
struct HandleArgument {
    /// The agent's handle.
    handle: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum StaffRole {
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
    let (handle, address) = (arguments.handle.trim(), arguments.address.trim());
    check(app, handle, address)?;
    for team in &arguments.teams {
        super::team::known(app, team)?;
    }
    let mut tx = app.pool.begin().await?;
    let person = write(&mut tx, app.clock.now(), arguments, handle, address).await?;
    for team in &arguments.teams {
        store::join_team(&mut tx, person.id, team, false).await?;
    }
    tx.commit().await?;
    page::print(&format!(
        "{handle} is {} now and is notified at {}.\n",
        with_article(arguments.role.into()),
        page::one_line(person.address.as_deref().unwrap_or(address))
    ))
}

fn with_article(role: Role) -> String {
    let article = if role == Role::Manager { "a" } else { "an" };
    format!("{article} {}", role.key())
}

fn check(app: &App, handle: &str, address: &str) -> anyhow::Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if handle.is_empty() || !handle.chars().all(plain) {
        anyhow::bail!(
            "`{handle}` is no handle: it takes letters, digits, dots, hyphens and underscores, such as `ann`"
        );
    }
    let parts = address.split_once('@');
    let whole = parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if !whole || address.contains(|c: char| c.is_whitespace() || c.is_control()) {
        anyhow::bail!(
            "`{}` is no address; give one such as ann@example.com",
            page::one_line(address)
        );
    }
    if crate::notify::is_own(&app.settings, address) {
        anyhow::bail!("{address} is an address of the desk itself, which cannot be an agent");
    }
    Ok(())
}

async fn write(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    arguments: &AddArguments,
    handle: &str,
    address: &str,
) -> anyhow::Result<Person> {
    let role = Role::from(arguments.role);
    let known = store::by_address(conn, address).await?;
    if let Some(other) = store::by_handle(conn, handle).await?
        && known.as_ref().is_none_or(|known| known.id != other.id)
    {
        let address = other.address.as_deref().unwrap_or("no address");
        anyhow::bail!(
            "the handle {handle} belongs to {} ({address}) already",
            other.name
        );
    }
    if let Some(known) = known {
        store::set_role(conn, known.id, role, Some(handle), None).await?;
        return Ok(known);
    }
    let new = NewPerson {
        name: arguments.name.as_deref().unwrap_or(handle),
        address,
        role,
        handle: Some(handle),
    };
    Ok(store::find_or_create(conn, now, new).await?)
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
    let disabled_at = disabled.then(|| app.clock.now());
    store::set_role(&mut tx, person.id, person.role, None, disabled_at).await?;
    tx.commit().await?;
    page::print(&if disabled {
        format!(
            "{handle} has no rights any more. Tickets that {handle} has stay assigned; `frontdesk ticket assign NUMBER HANDLE` moves them.\n"
        )
    } else {
        format!("{handle} is back.\n")
    })
}
