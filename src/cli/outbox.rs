//! `frontdesk outbox`: what leaves, what does not and why, and what an operator can do about it.

use std::fmt::Write as _;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};

use super::exit::Exit;
use super::open::DeskArgument;
use super::page;
use crate::app::App;
use crate::desk::{self, Context};
use crate::ids::OutboxId;
use crate::mail;
use crate::notify::render::Templates;
use crate::notify::{letter, posts};
use crate::outbox::store::{self, Row};
use crate::ticket::Actor;
use crate::wake::{self, Topic};

/// Arguments of `frontdesk outbox`.
#[derive(Debug, Args)]
pub struct OutboxArguments {
    #[command(flatten)]
    desk: DeskArgument,
    #[command(subcommand)]
    command: OutboxCommand,
}

#[derive(Debug, Subcommand)]
enum OutboxCommand {
    /// List outgoing mail, newest first.
    List(ListArguments),
    /// Show one: its fate, and the mail as its reader gets it.
    Show(ShowArguments),
    /// Send waiting or dead ones now.
    Retry(RetryArguments),
    /// Give waiting ones up before they leave.
    Cancel(CancelArguments),
}

#[derive(Debug, Args)]
struct ListArguments {
    /// Only those in this state.
    #[arg(long)]
    state: Option<State>,
    /// At most so many.
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: u32,
}

#[derive(Debug, Args)]
struct ShowArguments {
    /// Its id, as `frontdesk outbox list` shows it.
    id: i64,
    /// Write the whole message as it would leave, and nothing else.
    #[arg(long)]
    raw: bool,
}

#[derive(Debug, Args)]
struct RetryArguments {
    /// Their ids.
    #[arg(required_unless_present = "dead")]
    ids: Vec<i64>,
    /// All that were given up; those that somebody cancelled stay as they are.
    #[arg(long, conflicts_with = "ids")]
    dead: bool,
}

#[derive(Debug, Args)]
struct CancelArguments {
    /// Their ids.
    #[arg(required = true)]
    ids: Vec<i64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    /// Waits for its time or its next attempt.
    Pending,
    /// A worker has it.
    Sending,
    /// The next server took it.
    Sent,
    /// Given up or cancelled.
    Dead,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Dead => "dead",
        }
    }
}

/// Runs an outbox command.
pub(super) async fn run(arguments: &OutboxArguments) -> anyhow::Result<()> {
    let work = async |app: &App| match &arguments.command {
        OutboxCommand::List(arguments) => {
            let state = arguments.state.map(State::word);
            page::print(&list(app, state, arguments.limit).await?)
        }
        OutboxCommand::Show(arguments) => show(app, arguments).await,
        OutboxCommand::Retry(arguments) => retry(app, arguments).await,
        OutboxCommand::Cancel(arguments) => cancel(app, &arguments.ids).await,
    };
    arguments.desk.work(work).await
}

/// The list as text.
pub(super) async fn list(app: &App, state: Option<&str>, limit: u32) -> anyhow::Result<String> {
    let mut conn = app.pool.acquire().await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let ask = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
    let mut rows = store::list(&mut conn, state, None, ask).await?;
    if rows.is_empty() {
        return Ok("No such mail.\n".to_owned());
    }
    let more = rows.len() > limit;
    rows.truncate(limit);
    let mut table = page::Table::new(&[
        "ID",
        "WRITTEN",
        "STATE",
        "TICKET",
        "TO",
        "MAIL",
        "TRIES",
        "LAST ERROR",
    ]);
    for row in &rows {
        table.row([
            &row.id.to_string(),
            &page::moment(row.created_at, app.settings.desk.zone),
            &row.state,
            row.number.as_deref().unwrap_or(""),
            &row.address,
            &row.template,
            &row.attempt.to_string(),
            row.last_error.as_deref().unwrap_or(""),
        ]);
    }
    let mut text = table.text();
    if more {
        text.push_str("There are more; --limit NUMBER shows them.\n");
    }
    Ok(text)
}

fn unknown(id: OutboxId) -> String {
    format!("there is no outgoing mail {id}; `frontdesk outbox list` shows those there are")
}

async fn row(app: &App, id: OutboxId) -> anyhow::Result<Row> {
    let mut conn = app.pool.acquire().await?;
    let row = store::list(&mut conn, None, Some(id), 1).await?.pop();
    row.with_context(|| unknown(id))
}

async fn show(app: &App, arguments: &ShowArguments) -> anyhow::Result<()> {
    let id = OutboxId(arguments.id);
    let row = row(app, id).await?;
    if posts::is_post(&row.template) {
        // What it says is made when it leaves, of the ticket as it stands then.
        return page::print(&fate(app, &row));
    }
    let bytes = preview(app, id).await?;
    if arguments.raw {
        return page::print_bytes(&bytes);
    }
    let mut text = fate(app, &row);
    let shown = mail::understand(&bytes, &app.settings.limits).mail;
    let people = |mailboxes: &[mail::message::Mailbox]| {
        let shown: Vec<String> = mailboxes
            .iter()
            .map(|one| format!("{} <{}>", one.name, one.address))
            .collect();
        shown.join(", ")
    };
    text.push('\n');
    let mut line = |name: &str, words: &str| {
        if !words.is_empty() {
            let _ = writeln!(text, "{name:<12} {}", page::one_line(words));
        }
    };
    line("From", &people(shown.from.as_slice()));
    line("To", &people(&shown.to));
    line("Cc", &people(&shown.cc));
    line("Reply-To", &people(&shown.reply_to));
    line("Subject", &shown.subject);
    for file in &shown.attachments {
        line(
            "File",
            &format!("{} ({} bytes)", file.name, file.content.len()),
        );
    }
    let _ = write!(text, "\n{}", page::indented(&page::lines(&shown.text), 2));
    page::print(&text)
}

/// The mail as it would leave now.
async fn preview(app: &App, id: OutboxId) -> anyhow::Result<Vec<u8>> {
    let templates = Templates::load(app.settings.notify.templates.as_deref())?;
    let mut conn = app.pool.acquire().await?;
    let row = store::peek(&mut conn, id)
        .await?
        .with_context(|| unknown(id))?;
    let enclosed = letter::enclose(&mut conn, &row).await?;
    let letter = letter::write(&app.settings, &templates, app.clock.now(), &row, enclosed);
    let letter = letter.with_context(|| format!("the outgoing mail {id} cannot be written"))?;
    Ok(letter.bytes)
}

fn fate(app: &App, row: &Row) -> String {
    let moment = |at| page::moment(at, app.settings.desk.zone);
    let mut text = format!("Outgoing mail {}: {}\n\n", row.id, row.state);
    let mut line = |name: &str, words: &str| {
        let _ = writeln!(text, "{name:<12} {}", page::one_line(words));
    };
    if let Some(number) = &row.number {
        line("Ticket", number);
    }
    line("For", &row.address);
    line("Message-ID", &row.message_id);
    line("Tries", &row.attempt.to_string());
    if let Some(error) = &row.last_error {
        line("Last error", error);
    }
    line("Written", &moment(row.created_at));
    match (row.state.as_str(), row.settled_at) {
        ("pending", _) => line("Due", &moment(row.due_at)),
        ("sent", Some(at)) => line("Sent", &moment(at)),
        (_, Some(at)) => line("Given up", &moment(at)),
        _ => {}
    }
    text
}

async fn retry(app: &App, arguments: &RetryArguments) -> anyhow::Result<()> {
    let mut conn = app.pool.acquire().await?;
    let ids = if arguments.dead {
        store::given_up(&mut conn).await?
    } else {
        arguments.ids.iter().copied().map(OutboxId).collect()
    };
    let mut retried = 0;
    let mut refused = Vec::new();
    for id in ids {
        if store::retry(&mut conn, id, app.clock.now()).await? {
            retried += 1;
        } else {
            refused.push(refusal(app, id, "only what waits or is dead can be sent now").await);
        }
    }
    drop(conn);
    wake::tell(&app.pool, Topic::Outbox).await.ok(); // it costs a poll interval at most
    let mails = page::count(retried, "mail is", "mails are");
    page::print(&format!(
        "{mails} due now; a running `frontdesk run` sends them.\n"
    ))?;
    end(&refused)
}

async fn cancel(app: &App, ids: &[i64]) -> anyhow::Result<()> {
    let mut cancelled = 0;
    let mut refused = Vec::new();
    for id in ids.iter().copied().map(OutboxId) {
        let ctx = Context {
            settings: &app.settings,
            now: app.clock.now(),
            actor: Actor::System,
            answering: true,
        };
        let mut tx = app.pool.begin().await?;
        if desk::cancel_delivery(&mut tx, &ctx, id).await? {
            tx.commit().await?;
            cancelled += 1;
        } else {
            tx.rollback().await?;
            refused.push(refusal(app, id, "only what waits can be cancelled").await);
        }
    }
    let mails = page::count(cancelled, "mail was", "mails were");
    page::print(&format!(
        "{mails} cancelled; `frontdesk outbox retry` sends them after all.\n"
    ))?;
    end(&refused)
}

async fn refusal(app: &App, id: OutboxId, rule: &str) -> String {
    match row(app, id).await {
        Ok(row) => format!("outgoing mail {id} is {}; {rule}", row.state),
        Err(error) => format!("{error:#}"),
    }
}

fn end(refused: &[String]) -> anyhow::Result<()> {
    if refused.is_empty() {
        Ok(())
    } else {
        Err(Exit::new(1, refused.join("; ")).into())
    }
}
