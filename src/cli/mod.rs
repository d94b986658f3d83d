//! The command line. One file a subcommand; the doc comments of the arguments are the help.

use clap::{Parser, Subcommand};

use crate::config::Problems;

mod agent;
mod chat;
mod check_config;
mod deliver;
mod demo;
mod digest;
mod do_command;
mod docs;
mod exit;
mod fetch;
mod import;
mod inbound;
mod line_settings;
mod mail;
mod open;
mod outbox;
mod page;
mod rules;
mod run;
mod schedule;
mod stats;
mod status;
mod suppression;
mod team;
mod template;
mod ticket;

use exit::Exit;

/// An email- and chat-driven ticket desk.
#[derive(Debug, Parser)]
#[command(name = "frontdesk", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show Frontdesk at work on sample mails. It needs no account, no server and no configuration.
    Demo(demo::DemoArguments),
    /// Run the service: take mail in, work it, send what is due. SIGTERM ends it gently, a second one at once.
    Run(run::RunArguments),
    /// Work tickets at this terminal: a chat with the desk, in which each ticket has a thread.
    ///
    /// Lines from standard input are worked one after the other where it is no terminal; it ends with them.
    Chat(chat::ChatArguments),
    /// Say how everything stands, and what needs a person. Ends with status 1 if something does.
    Status(status::StatusArguments),
    /// Take in one mail from standard input, as a mail server hands it over.
    ///
    /// Ends with 0 once the mail is safe in the database, with 75 if the mail server should try again later, and
    /// with another status of sysexits.h if trying again is no use.
    Deliver(deliver::DeliverArguments),
    /// Read every mailbox once, work what came, and end.
    Fetch(fetch::FetchArguments),
    /// See what became of the mails that came in, and work them again.
    Inbound(inbound::InboundArguments),
    /// See what leaves and what does not, send it now, or cancel it.
    Outbox(outbox::OutboxArguments),
    /// See what runs by the clock, and run it by hand.
    Schedule(schedule::ScheduleArguments),
    /// Give one command of the desk's own grammar, as in chat: `frontdesk do "take TKT-1" --as ann`.
    ///
    /// Ends with 0 if it was done, 64 if it was not understood, 77 if it may not be given, and 1 if the desk refuses it
    /// or something failed.
    Do(do_command::DoArguments),
    /// Look at tickets, and work them without mail.
    Ticket(ticket::TicketArguments),
    /// Say who works here.
    Agent(agent::AgentArguments),
    /// Say who is in which team.
    Team(team::TeamArguments),
    /// See which addresses are written to no more, and lift that.
    Suppression(suppression::SuppressionArguments),
    /// See, change and preview who is sent which digest.
    Digest(digest::DigestArguments),
    /// Show how the desk stood over a period, as text, chart, CSV or JSON.
    Stats(stats::StatsArguments),
    /// Take an archive in, oldest mail first. Nobody is written to.
    Import(import::ImportArguments),
    /// See what the desk's rules make of a mail.
    Rules(rules::RulesArguments),
    /// Look into mail without touching anything.
    Mail(mail::MailArguments),
    /// Name everything that is wrong with a configuration, or say what it sets up.
    CheckConfig(check_config::CheckConfigArguments),
    /// Show what the mails look like.
    Template(template::TemplateArguments),
    /// Print a page of the documentation that is made from the program.
    #[command(hide = true)]
    Docs(docs::DocsArguments),
}

/// Runs the command.
///
/// # Errors
/// Whatever the command reports; it is shown to the user as it is.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Run(arguments) => wait_for(run::run(&arguments)),
        Command::Demo(arguments) => wait_for(demo::run(&arguments)),
        Command::Chat(arguments) => wait_for(chat::run(&arguments)),
        Command::Status(arguments) => wait_for(status::run(&arguments)),
        Command::Deliver(arguments) => wait_for(deliver::run(&arguments)),
        Command::Fetch(arguments) => wait_for(fetch::run(&arguments)),
        Command::Inbound(arguments) => wait_for(inbound::run(&arguments)),
        Command::Outbox(arguments) => wait_for(outbox::run(&arguments)),
        Command::Schedule(arguments) => wait_for(schedule::run(&arguments)),
        Command::Do(arguments) => wait_for(do_command::run(&arguments)),
        Command::Ticket(arguments) => wait_for(ticket::run(&arguments)),
        Command::Agent(arguments) => wait_for(agent::run(&arguments)),
        Command::Team(arguments) => wait_for(team::run(&arguments)),
        Command::Suppression(arguments) => wait_for(suppression::run(&arguments)),
        Command::Digest(arguments) => wait_for(digest::run(&arguments)),
        Command::Stats(arguments) => wait_for(stats::run(&arguments)),
        Command::Import(arguments) => wait_for(import::run(&arguments)),
        Command::Rules(arguments) => rules::run(&arguments),
        Command::Mail(arguments) => wait_for(mail::run(arguments)),
        Command::CheckConfig(arguments) => wait_for(check_config::run(&arguments)),
        Command::Template(arguments) => template::run(&arguments),
        Command::Docs(arguments) => docs::run(&arguments),
    }
}

/// Runs a command that waits for things on a runtime of its own.
fn wait_for<T>(command: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(command)
}

/// Tells the user why a command failed. Gives the status that the program ends with.
#[must_use]
pub fn report(error: &anyhow::Error) -> u8 {
    let Some(problems) = error.downcast_ref::<Problems>() else {
        eprintln!("frontdesk: {error:#}");
        return error.downcast_ref::<Exit>().map_or(1, |exit| exit.status);
    };
    let count = problems.as_slice().len();
    let noun = if count == 1 { "problem" } else { "problems" };
    eprintln!("{problems}\n\n{count} {noun}.");
    exit::CONFIG
}
