//! `frontdesk inbound`: what became of each mail, the mail itself, and another try.

use std::fmt::Write as _;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};

use super::exit::Exit;
use super::open::DeskArgument;
use super::{fetch, page};
use crate::app::App;
use crate::ids::InboundId;
use crate::inbound::ledger::{self, Entry};
use crate::mail::{self, inspect};
use crate::wake::{self, Topic};

/// Arguments of `frontdesk inbound`.
#[derive(Debug, Args)]
pub struct InboundArguments {
    #[command(flatten)]
    desk: DeskArgument,
    #[command(subcommand)]
    command: InboundCommand,
}

#[derive(Debug, Subcommand)]
enum InboundCommand {
    /// List the mails that came in, newest first.
    List(ListArguments),
    /// Show a mail: what became of it, why, and what it says.
    Show(ShowArguments),
    /// Work mails again that became nothing: failed, quarantined, ignored or rejected ones.
    Replay(ReplayArguments),
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
    /// The mail's id, as `frontdesk inbound list` shows it.
    id: i64,
    /// Write the message exactly as it came, and nothing else.
    #[arg(long)]
    raw: bool,
}

#[derive(Debug, Args)]
struct ReplayArguments {
    /// The mails' ids.
    #[arg(required_unless_present = "failed")]
    ids: Vec<i64>,
    /// All mails that failed.
    #[arg(long, conflicts_with = "ids")]
    failed: bool,
    /// You looked at them: neither a cap nor a spam mark holds them back this time, and automatic mail opens a
    /// ticket.
    #[arg(long)]
    accept: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    /// Written down, not worked yet.
    Received,
    /// In work.
    Processing,
    /// Became a ticket, a comment or an entry on a timeline.
    Processed,
    /// Kept, and nothing was done.
    Ignored,
    /// Refused; its sender was told.
    Rejected,
    /// A person should look at it.
    Quarantined,
    /// Something went wrong with it five times.
    Failed,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Processing => "processing",
            Self::Processed => "processed",
            Self::Ignored => "ignored",
            Self::Rejected => "rejected",
            Self::Quarantined => "quarantined",
            Self::Failed => "failed",
        }
    }
}

/// Runs an inbound command.
pub(super) async fn run(arguments: &InboundArguments) -> anyhow::Result<()> {
    let work = async |app: &App| match &arguments.command {
        InboundCommand::List(arguments) => list(app, arguments).await,
        InboundCommand::Show(arguments) => show(app, arguments).await,
        InboundCommand::Replay(arguments) => replay(app, arguments).await,
    };
    arguments.desk.work(work).await
}

async fn list(app: &App, arguments: &ListArguments) -> anyhow::Result<()> {
    let mut conn = app.pool.acquire().await?;
    let state = arguments.state.map(State::word);
    let limit = i64::from(arguments.limit);
    let mut entries = ledger::list(&mut conn, state, None, limit.saturating_add(1)).await?;
    let more = entries.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    if entries.is_empty() {
        return page::print("No such mail.\n");
    }
    let mut table = page::Table::new(&[
        "ID", "RECEIVED", "STATE", "TICKET", "FROM", "SUBJECT", "WHY",
    ]);
    for entry in &entries {
        let (from, subject) = from_and_subject(app, entry);
        table.row([
            &entry.id.to_string(),
            &page::moment(entry.received_at, app.settings.desk.zone),
            &entry.state,
            entry.number.as_deref().unwrap_or(""),
            &from,
            &subject,
            why(entry).unwrap_or(""),
        ]);
    }
    let mut text = table.text();
    if more {
        let _ = writeln!(text, "There are more; --limit NUMBER shows them.");
    }
    page::print(&text)
}

fn why(entry: &Entry) -> Option<&str> {
    entry.error.as_deref().or(entry.reason.as_deref())
}

fn from_and_subject(app: &App, entry: &Entry) -> (String, String) {
    let mail = mail::understand(&entry.head, &app.settings.limits).mail;
    let from = mail.from.map_or_else(String::new, |from| from.address);
    (from, mail.subject)
}

async fn show(app: &App, arguments: &ShowArguments) -> anyhow::Result<()> {
    let id = InboundId(arguments.id);
    let mut conn = app.pool.acquire().await?;
    let raw = ledger::raw(&mut conn, id).await?;
    let raw = raw.with_context(|| unknown(id))?;
    if arguments.raw {
        return page::print_bytes(&raw);
    }
    let entry = ledger::list(&mut conn, None, Some(id), 1).await?.pop();
    let entry = entry.with_context(|| unknown(id))?;
    let places = ledger::places(&mut conn, id).await?;
    let mut text = fate(app, &entry);
    for (mailbox, position, acknowledged) in places {
        let known = if acknowledged || position.starts_with("pipe") {
            ""
        } else {
            ", which the server does not know yet"
        };
        let _ = writeln!(
            text,
            "Found in     {mailbox} at {}{known}",
            page::one_line(&position)
        );
    }
    let understood = mail::understand(&raw, &app.settings.limits);
    let _ = write!(text, "\n{}", inspect::to_page(&understood));
    page::print(&text)
}

fn fate(app: &App, entry: &Entry) -> String {
    let moment = |at| page::moment(at, app.settings.desk.zone);
    let mut text = format!("Mail {}: {}\n\n", entry.id, entry.state);
    let mut line = |name: &str, words: &str| {
        let _ = writeln!(text, "{name:<12} {}", page::one_line(words));
    };
    if let Some(number) = &entry.number {
        line("Ticket", number);
    }
    if let Some(reason) = &entry.reason {
        line("Why", reason);
    }
    if let Some(error) = &entry.error {
        line("Error", error);
        line("Tries", &entry.attempt.to_string());
    }
    if entry.state == "received" && entry.error.is_some() {
        line("Next try", &moment(entry.due_at));
    }
    if let Some(outbox) = entry.outbox_id {
        line(
            "Outbox",
            &format!("row {outbox}; see `frontdesk outbox show {outbox}`"),
        );
    }
    line("Received", &moment(entry.received_at));
    if let Some(settled) = entry.settled_at {
        line("Settled", &moment(settled));
    }
    let kept = if entry.truncated {
        ", of which only the beginning was kept"
    } else {
        ""
    };
    line("Size", &format!("{} bytes{kept}", entry.size));
    if !entry.answering {
        line("Archive", "imported; nobody is written to because of it");
    }
    if entry.accepted {
        line(
            "Accepted",
            "somebody let it pass by `frontdesk inbound replay --accept`",
        );
    }
    if matches!(entry.state.as_str(), "failed" | "quarantined") {
        line(
            "To do",
            &format!(
                "`frontdesk inbound replay {0}`, or `… replay --accept {0}` to let it pass",
                entry.id
            ),
        );
    }
    text
}

fn unknown(id: InboundId) -> String {
    format!("there is no mail {id}; `frontdesk inbound list` shows those there are")
}

async fn replay(app: &App, arguments: &ReplayArguments) -> anyhow::Result<()> {
    let mut conn = app.pool.acquire().await?;
    let ids = if arguments.failed {
        ledger::ids_in(&mut conn, "failed").await?
    } else {
        arguments.ids.iter().copied().map(InboundId).collect()
    };
    if ids.is_empty() {
        return page::print("No mail failed.\n");
    }
    let mut replayed = Vec::new();
    let mut refused = Vec::new();
    for id in ids {
        if ledger::replay(&mut conn, id, app.clock.now(), arguments.accept).await? {
            replayed.push(id);
        } else {
            let entry = ledger::list(&mut conn, None, Some(id), 1).await?.pop();
            refused.push(entry.map_or_else(|| unknown(id), |entry| refusal(&entry)));
        }
    }
    wake::tell(&app.pool, Topic::Inbound).await.ok(); // it costs a poll interval at most
    drop(conn);
    fetch::work_off(app).await?;
    wake::tell(&app.pool, Topic::Outbox).await.ok();
    tell(app, &replayed).await?;
    if refused.is_empty() {
        Ok(())
    } else {
        Err(Exit::new(1, refused.join("; ")).into())
    }
}

fn refusal(entry: &Entry) -> String {
    if entry.head.is_empty() {
        return format!(
            "mail {} cannot be worked: its bytes never came from the server",
            entry.id
        );
    }
    format!(
        "mail {} is {}; only what failed, or was quarantined, ignored or rejected can be worked again",
        entry.id, entry.state
    )
}

/// Says what became of the mails now.
async fn tell(app: &App, ids: &[InboundId]) -> anyhow::Result<()> {
    let mut conn = app.pool.acquire().await?;
    let mut text = String::new();
    for id in ids {
        let Some(entry) = ledger::list(&mut conn, None, Some(*id), 1).await?.pop() else {
            continue;
        };
        let _ = write!(text, "Mail {id}: {}", entry.state);
        if let Some(number) = &entry.number {
            let _ = write!(text, ", ticket {number}");
        }
        if let Some(why) = why(&entry) {
            let _ = write!(text, " ({})", page::one_line(why));
        }
        text.push_str(".\n");
    }
    page::print(&text)
}
