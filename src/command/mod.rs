//! Commands: a line of text → [`Command`] → the desk → [`Reply`], the same on every surface.
//!
//! [`run`] does it all: it understands the line, finds the ticket, looks at the rights, has the desk do it and says what
//! was done. It writes within the caller's transaction, at a savepoint: of a command that fails nothing stays, and the
//! caller's transaction goes on. After the commit the caller wakes the outbox ([`crate::wake::tell`]).
//!
//! A [`UserError`] is the user's to mend and is told to them alone; any other failure goes to the log under a reference,
//! of which the user is told ([`Reported`]).
//!
//! Surfaces render: [`Reply::text`] and [`UserError::markdown`] are Markdown, [`Reply::plain`] and `Display` are plain
//! text; [`Offer`]s are buttons whose action is their line, or lines to type.

mod agent;
mod assign;
mod attach;
mod authorize;
mod bulk;
mod canned;
mod comment;
mod connect;
mod digest;
pub mod docs;
mod due;
mod fields;
mod filter;
mod find;
mod grammar;
mod help;
mod list;
mod markdown;
mod open;
mod parse;
mod party;
mod presence;
mod problem;
mod reading;
mod record;
mod remind;
mod reply;
mod show;
mod sla;
mod snooze;
mod specs;
mod split;
mod stats;
mod status;
mod team;
mod ties;
mod whoami;
mod words;
mod work;
mod zone;

use chrono::{DateTime, Utc};
use sqlx::{Acquire as _, PgConnection, PgPool};

pub use agent::StaffRole;
pub use attach::{taker_of_files, takes_files_away};
pub use bulk::carry_on as carry_on_bulk;
pub use grammar::Command;
pub use parse::{Parsed, parse};
pub use problem::{Failure, Fault, Mark, UserError};
pub use reply::{Offer, Reply, ReplyFile};
pub use specs::{complete, specs};
pub use stats::Stats;
pub use words::edited;

use crate::config::Settings;
use crate::db;
use crate::ids::TicketId;
use crate::people::{Person, Role};
use crate::ticket::Source;
use crate::ticket::timeline::NewFile;
use work::Work;

/// What every command needs besides its line.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The configuration.
    pub settings: &'a Settings,
    /// The pool on which ticket numbers are reserved.
    pub numbers: &'a PgPool,
    /// The moment at which it happens.
    pub now: DateTime<Utc>,
}

/// Who gives a command, and where. The surface has proof of it.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// The person; nobody where the surface does not know who it is, or where the machine's own operator acts.
    pub person: Option<&'a Person>,
    /// What they may do here. A person whose rights were taken away has a customer's at most, whatever stands here.
    pub role: Role,
    /// How the command came.
    pub source: Source,
    /// The ticket in whose thread it was given: meant where the line names none.
    pub ticket: Option<TicketId>,
    /// The chat account it came from.
    pub account: Option<Account<'a>>,
    /// The files that came with it.
    pub files: &'a [NewFile<'a>],
}

/// An account on a chat platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account<'a> {
    /// The platform's name in the configuration.
    pub platform: &'a str,
    /// The account's id there.
    pub user: &'a str,
}

impl Caller<'_> {
    /// The role that counts.
    #[must_use]
    pub fn role(&self) -> Role {
        match self.person {
            Some(person) if person.disabled => Role::Customer,
            _ => self.role,
        }
    }
}

/// Does what a line says.
///
/// # Errors
/// What the user can mend, or that it failed. Nothing of it stays in the database then.
pub async fn run(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    caller: &Caller<'_>,
    line: &str,
) -> Result<Reply, Failure> {
    let parsed = parse(line, caller.ticket.is_some())?;
    let mut savepoint = conn.begin().await?;
    let done = carry_out(&mut savepoint, scene, caller, &parsed).await;
    match done {
        Ok(reply) => {
            savepoint.commit().await?;
            Ok(reply)
        }
        Err(failure) => {
            savepoint.rollback().await?;
            Err(match failure {
                Failure::User(error) => parsed.located(error).into(),
                other => other,
            })
        }
    }
}

async fn carry_out(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    caller: &Caller<'_>,
    parsed: &Parsed<'_>,
) -> Result<Reply, Failure> {
    let ticket = find::permitted(conn, caller, parsed).await?;
    match &parsed.command {
        Command::List(_) | Command::Search(_) | Command::Bulk(_) => {
            db::plan_for_values(conn).await?;
        }
        Command::Stats(_) | Command::Digest(_) => db::plan_for_figures(conn).await?,
        _ => {}
    }
    let mut work = Work {
        conn,
        scene,
        caller,
        ticket,
    };
    match &parsed.command {
        Command::Open(open) => open.run(&mut work).await,
        Command::Show(show) => show.run(&mut work).await,
        Command::Sla(_) => sla::run(&mut work).await,
        Command::Take(_) => assign::take(&mut work).await,
        Command::Assign(assign) => assign.run(&mut work).await,
        Command::Unassign(_) => assign::unassign(&mut work).await,
        Command::Team(team) => team.run(&mut work).await,
        Command::Status(status) => status.run(&mut work).await,
        Command::Resolve(resolve) => resolve.run(&mut work).await,
        Command::Close(close) => close.run(&mut work).await,
        Command::Reopen(reopen) => reopen.run(&mut work).await,
        Command::Snooze(snooze) => snooze.run(&mut work).await,
        Command::Unsnooze(_) => snooze::unsnooze(&mut work).await,
        Command::Priority(priority) => priority.run(&mut work).await,
        Command::Category(category) => category.run(&mut work).await,
        Command::Type(kind) => kind.run(&mut work).await,
        Command::Tag(tag) => tag.run(&mut work).await,
        Command::Field(field) => field.run(&mut work).await,
        Command::Subject(subject) => subject.run(&mut work).await,
        Command::Watch(watch) => watch.watch(&mut work).await,
        Command::Unwatch(watch) => watch.unwatch(&mut work).await,
        Command::Cc(cc) => cc.run(&mut work).await,
        Command::Requester(address) => address.ask(&mut work).await,
        Command::Reply(reply) => reply.run(&mut work).await,
        Command::Note(note) => note.run(&mut work).await,
        Command::Comment(comment) => comment.run(&mut work).await,
        Command::List(list) => list.run(&mut work).await,
        Command::Search(search) => search.run(&mut work).await,
        Command::History(history) => history.run(&mut work).await,
        Command::Transcript(transcript) => transcript.run(&mut work).await,
        Command::Edit(edit) => edit.run(&mut work).await,
        Command::Delete(delete) => delete.run(&mut work).await,
        Command::Undo(undo) => undo.run(&mut work).await,
        Command::Canned(canned) => canned.run(&mut work).await,
        Command::Link(link) => link.add(&mut work).await,
        Command::Unlink(link) => link.remove(&mut work).await,
        Command::Merge(merge) => merge.run(&mut work).await,
        Command::Unmerge(_) => ties::unmerge(&mut work).await,
        Command::Split(split) => split.run(&mut work).await,
        Command::Spam(spam) => spam.run(&mut work).await,
        Command::Unspam(_) => ties::unspam(&mut work).await,
        Command::Due(due) => due.run(&mut work).await,
        Command::Attach(attach) => attach.run(&mut work).await,
        Command::Bulk(bulk) => bulk.run(&mut work, parsed.line).await,
        Command::Stats(stats) => stats.run(&mut work).await,
        Command::Digest(digest) => digest.run(&mut work).await,
        Command::Agent(agent) => agent.run(&mut work).await,
        Command::Rate(rate) => rate.run(&mut work).await,
        Command::Connect(connect) => connect.run(&mut work).await,
        Command::Remind(remind) => remind.run(&mut work).await,
        Command::Reminders => remind::list(&mut work).await,
        Command::Reminder(reminder) => reminder.run(&mut work).await,
        Command::Away(away) => away.run(&mut work).await,
        Command::Back => presence::back(&mut work).await,
        Command::Zone(zone) => zone.run(&mut work).await,
        Command::Whoami => whoami::run(&mut work).await,
        Command::Help(help) => help.run(&work),
    }
}

/// A failure that is not the user's, as the user is told of it. The log has the rest under its reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// The reference, six letters and digits.
    pub reference: String,
}

impl Reported {
    /// Writes the failure to the log under a new reference.
    #[must_use]
    pub fn new(error: &anyhow::Error) -> Self {
        let reference: String = uuid::Uuid::new_v4()
            .simple()
            .to_string()
            .chars()
            .take(6)
            .collect();
        tracing::error!(reference, error = format!("{error:#}"), "A command failed.");
        Self { reference }
    }
}

impl std::fmt::Display for Reported {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "That failed, and nothing was changed. Try it again; if it fails again, tell your operator the reference {}.",
            self.reference
        )
    }
}
