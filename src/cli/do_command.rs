//! `frontdesk do`: one command of the grammar, from the machine itself.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::json;

use super::exit::{self, Exit};
use super::open::{DeskArgument, words_from_stdin};
use super::{agent, page};
use crate::app::App;
use crate::command::{self, Caller, Failure, Fault, Reply, ReplyFile, UserError};
use crate::people::Role;
use crate::ticket::find::Found;
use crate::ticket::query::Sight;
use crate::ticket::timeline::NewFile;
use crate::ticket::{self, Source};
use crate::wake::{self, Topic};

/// Arguments of `frontdesk do`.
#[derive(Debug, Args)]
pub struct DoArguments {
    #[command(flatten)]
    desk: DeskArgument,
    /// The command, such as `take TKT-20261120-0042`; `help` lists them all.
    command: String,
    /// The agent who gives it; without one the machine's operator does, and nobody can be named as an author.
    #[arg(long = "as", value_name = "HANDLE")]
    agent: Option<String>,
    /// The ticket that is meant where the command names none.
    #[arg(long, value_name = "NUMBER")]
    ticket: Option<String>,
    /// Put the text on standard input behind the command: the words of a reply or a note.
    #[arg(long)]
    stdin: bool,
    /// A file that goes with the command; may be given several times.
    #[arg(long = "file", value_name = "PATH")]
    files: Vec<PathBuf>,
    /// Print what was done as JSON.
    #[arg(long)]
    json: bool,
}

/// Gives the command. Ends with 0 if it was done, 64 if it was not understood, 77 if it may not be given, and 1 if the
/// desk refuses it or something failed.
pub(super) async fn run(arguments: &DoArguments) -> anyhow::Result<()> {
    match work(arguments).await {
        Ok(Ok((reply, number))) => page::print(&done(arguments, &reply, number.as_deref())?),
        Ok(Err(error)) => Err(refused(arguments, &error)?),
        Err(error) => {
            tell(arguments, "failed", &format!("{error:#}"), None, None)?;
            Err(error)
        }
    }
}

/// The answer and the number of its ticket, or the refusal.
type Given = Result<(Reply, Option<String>), UserError>;

async fn work(arguments: &DoArguments) -> anyhow::Result<Given> {
    let line = match arguments.stdin {
        // What stands behind two hyphens is no option.
        true => format!("{} --\n{}", arguments.command, words_from_stdin()?),
        false => arguments.command.clone(),
    };
    let work = async |app: &App| give(app, arguments, &line).await;
    arguments.desk.work(work).await
}

/// Runs the command in a transaction of its own. Gives the answer and the number of its ticket.
async fn give(app: &App, arguments: &DoArguments, line: &str) -> anyhow::Result<Given> {
    let contents = arguments.files.iter().map(|path| read(path));
    let contents: Vec<(String, Vec<u8>)> = contents.collect::<anyhow::Result<_>>()?;
    let files: Vec<NewFile<'_>> = contents
        .iter()
        .map(|(name, content)| NewFile {
            name,
            content_type: "application/octet-stream",
            content_id: None,
            inline: false,
            content,
        })
        .collect();
    let mut tx = app.pool.begin().await?;
    let person = match &arguments.agent {
        Some(handle) => Some(agent::find(&mut tx, handle).await?),
        None => None,
    };
    let mut implied = None;
    if let Some(number) = &arguments.ticket {
        let found = match ticket::find::by_number(&mut tx, Sight::Staff, number).await? {
            Found::One(id) => Some(id),
            Found::Several(_) | Found::Nothing => None,
        };
        let unknown = || format!("there is no one ticket {}", page::one_line(number));
        implied = Some(found.with_context(unknown)?);
    }
    let caller = Caller {
        person: person.as_ref(),
        role: person.as_ref().map_or(Role::Admin, |person| person.role),
        source: Source::Command,
        ticket: implied,
        account: None,
        files: &files,
    };
    let reply = match command::run(&mut tx, &app.scene(), &caller, line).await {
        Ok(reply) => reply,
        Err(Failure::User(error)) => return Ok(Err(error)),
        Err(Failure::Other(error)) => return Err(error),
    };
    let number = match reply.ticket {
        Some(id) => Some(ticket::store::get(&mut tx, id).await?.number),
        None => None,
    };
    tx.commit().await?;
    // A word that is lost costs a poll interval.
    wake::tell(&app.pool, Topic::Outbox).await.ok();
    Ok(Ok((reply, number)))
}

/// A file's name and content.
fn read(path: &Path) -> anyhow::Result<(String, Vec<u8>)> {
    let content =
        std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok((name.to_string_lossy().into_owned(), content))
}

fn done(arguments: &DoArguments, reply: &Reply, number: Option<&str>) -> anyhow::Result<String> {
    if arguments.json {
        let offers: Vec<&str> = reply
            .offers
            .iter()
            .map(|offer| offer.line.as_str())
            .collect();
        let file = reply.file.as_ref().map(as_json);
        let done = json!({
            "done": true,
            "ticket": number,
            "text": reply.plain(),
            "data": reply.data,
            "offers": offers,
            "file": file,
        });
        return Ok(format!("{}\n", serde_json::to_string_pretty(&done)?));
    }
    if let Some(file) = &reply.file {
        // Its reader is a file or a program, as with `> transcript.md`.
        return Ok(String::from_utf8_lossy(&file.content).into_owned());
    }
    let mut text = page::lines(&reply.plain());
    for offer in &reply.offers {
        text.push_str(&format!("\n{}: {}", offer.label, offer.line));
    }
    text.push('\n');
    Ok(text)
}

/// What was refused, as the end of the program.
fn refused(arguments: &DoArguments, error: &UserError) -> anyhow::Result<anyhow::Error> {
    let (status, word, about) = match error.fault {
        Fault::Usage => (exit::USAGE, "usage", "this is not understood"),
        Fault::Forbidden => (exit::NO_PERMISSION, "forbidden", "this is not allowed"),
        Fault::Refused => (1, "refused", "this cannot be done"),
    };
    let (nearest, next) = (error.nearest.as_deref(), error.next.as_deref());
    tell(arguments, word, &error.what, nearest, next)?;
    let words = page::lines(&error.to_string());
    // A mark stands under its place only where the line begins at the margin.
    Ok(match error.mark {
        Some(_) => Exit::new(status, format!("{about}:\n{words}")),
        None => Exit::new(status, words),
    }
    .into())
}

/// Tells a program why the command was not done, where one asks.
fn tell(
    arguments: &DoArguments,
    fault: &str,
    error: &str,
    nearest: Option<&str>,
    next: Option<&str>,
) -> anyhow::Result<()> {
    if !arguments.json {
        return Ok(());
    }
    let told = json!({
        "done": false,
        "fault": fault,
        "error": error,
        "nearest": nearest,
        "next": next,
    });
    page::print(&format!("{}\n", serde_json::to_string_pretty(&told)?))
}

/// A file as JSON holds it: text as it is, anything else as base64.
fn as_json(file: &ReplyFile) -> serde_json::Value {
    let (name, kind) = (&file.name, file.content_type);
    match std::str::from_utf8(&file.content) {
        Ok(text) => json!({"name": name, "content_type": kind, "content": text}),
        Err(_) => {
            let bytes = STANDARD.encode(&file.content);
            json!({"name": name, "content_type": kind, "base64": bytes})
        }
    }
}
