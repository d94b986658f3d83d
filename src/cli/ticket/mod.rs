//! `frontdesk ticket`: look at tickets and work them without mail.

pub(super) mod act;
pub(super) mod show;

use clap::{Args, Subcommand};

use super::open::{DeskArgument, words_from_stdin};
use super::page;
use crate::app::App;
use crate::ticket::Visibility;
use crate::ticket::query::{Sort, TicketFilter};

/// Arguments of `frontdesk ticket`.
#[derive(Debug, Args)]
pub struct TicketArguments {
    #[command(flatten)]
    desk: DeskArgument,
    #[command(subcommand)]
    command: TicketCommand,
}

#[derive(Debug, Subcommand)]
enum TicketCommand {
    /// List tickets, those first that changed last.
    List(ListArguments),
    /// Show a ticket with its comments and its timeline.
    Show(NumberArgument),
    /// Change a ticket's status.
    Status(StatusArguments),
    /// Give a ticket to an agent.
    Assign(AssignArguments),
    /// Hand a ticket to another team.
    Team(TeamArguments),
    /// Answer the customer with the text on standard input.
    Reply(WordsArguments),
    /// Write an internal note with the text on standard input. No customer sees it.
    Note(WordsArguments),
}

#[derive(Debug, Args)]
struct ListArguments {
    /// Also those that are resolved or closed.
    #[arg(long)]
    all: bool,
    /// Which page; a page has 20 tickets.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    page: u32,
}

#[derive(Debug, Args)]
struct NumberArgument {
    /// The ticket's number.
    number: String,
}

#[derive(Debug, Args)]
struct StatusArguments {
    /// The ticket's number.
    number: String,
    /// The status's key, such as `resolved`.
    status: String,
    /// Why; for staff only.
    #[arg(long)]
    reason: Option<String>,
    /// The agent who does it.
    #[arg(long = "as", value_name = "HANDLE")]
    agent: String,
}

#[derive(Debug, Args)]
struct AssignArguments {
    /// The ticket's number.
    number: String,
    /// The agent who gets it; `nobody` takes it from whoever has it.
    handle: String,
    /// The agent who does it; the machinery where none is named.
    #[arg(long = "as", value_name = "HANDLE")]
    agent: Option<String>,
}

#[derive(Debug, Args)]
struct TeamArguments {
    /// The ticket's number.
    number: String,
    /// The team's key.
    team: String,
    /// The agent who does it; the machinery where none is named.
    #[arg(long = "as", value_name = "HANDLE")]
    agent: Option<String>,
}

#[derive(Debug, Args)]
struct WordsArguments {
    /// The ticket's number.
    number: String,
    /// The agent who writes.
    #[arg(long = "as", value_name = "HANDLE")]
    agent: String,
}

/// Runs a ticket command.
pub(super) async fn run(arguments: &TicketArguments) -> anyhow::Result<()> {
    arguments
        .desk
        .work(async |app| carry_out(app, &arguments.command).await)
        .await
}

async fn carry_out(app: &App, command: &TicketCommand) -> anyhow::Result<()> {
    let done = match command {
        TicketCommand::List(arguments) => {
            let filter = if arguments.all {
                TicketFilter::default()
            } else {
                TicketFilter::active()
            };
            show::list(app, &filter, Sort::Updated, arguments.page).await?
        }
        TicketCommand::Show(arguments) => show::one(app, &arguments.number).await?,
        TicketCommand::Status(arguments) => {
            let StatusArguments {
                number,
                status,
                reason,
                agent,
            } = arguments;
            act::status(app, number, status, reason.as_deref(), agent).await?
        }
        TicketCommand::Assign(arguments) => {
            let AssignArguments {
                number,
                handle,
                agent,
            } = arguments;
            act::assign(app, number, handle, agent.as_deref()).await?
        }
        TicketCommand::Team(arguments) => {
            let TeamArguments {
                number,
                team,
                agent,
            } = arguments;
            act::team(app, number, team, agent.as_deref()).await?
        }
        TicketCommand::Reply(arguments) => say(app, arguments, Visibility::Public).await?,
        TicketCommand::Note(arguments) => say(app, arguments, Visibility::Internal).await?,
    };
    page::print(&done)
}

async fn say(app: &App, arguments: &WordsArguments, sight: Visibility) -> anyhow::Result<String> {
    let words = words_from_stdin()?;
    act::say(app, &arguments.number, &arguments.agent, sight, &words).await
}
