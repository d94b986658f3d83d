//! `frontdesk fetch --once`: everything that waits is taken in and worked, and the program ends.

use clap::Args;

use super::exit::Exit;
use super::open::DeskArgument;
use super::page;
use crate::app::App;
use crate::inbound::ledger;
use crate::wake::{self, Topic};

/// Arguments of `frontdesk fetch`.
#[derive(Debug, Args)]
pub struct FetchArguments {
    #[command(flatten)]
    desk: DeskArgument,
    /// Read each mailbox once and end. `frontdesk run` is what reads them for good.
    #[arg(long, required = true)]
    once: bool,
}

/// Reads every mailbox, works what came, and says what happened. A mailbox that fails does not stop the
/// others.
pub(super) async fn run(arguments: &FetchArguments) -> anyhow::Result<()> {
    let failed = arguments.desk.work(fetch).await?;
    if failed.is_empty() {
        return Ok(());
    }
    let words = format!("not everything went well: {}", failed.join("; "));
    Err(Exit::new(1, words).into())
}

/// Gives what went wrong.
async fn fetch(app: &App) -> anyhow::Result<Vec<String>> {
    let mut failed = Vec::new();
    for mailbox in &app.settings.mailboxes {
        let name = &mailbox.name;
        let Some(mut poller) = app.poller(mailbox) else {
            page::print(&format!(
                "{name}: nothing to read; `frontdesk deliver` hands its mail in.\n"
            ))?;
            continue;
        };
        let line = match poller.fetch_once().await {
            Ok(true) => format!("{name}: read to its end.\n"),
            Ok(false) => format!("{name}: another copy of Frontdesk reads it right now.\n"),
            Err(error) => {
                failed.push(format!("the mailbox {name} could not be read: {error:#}"));
                format!("{name}: {}.\n", page::one_line(&format!("{error:#}")))
            }
        };
        page::print(&line)?;
    }
    let worked = work_off(app).await?;
    page::print(&format!(
        "{} worked.\n",
        page::count(worked, "mail", "mails")
    ))?;
    failed.extend(waiting(app).await?);
    wake::tell(&app.pool, Topic::Outbox).await.ok(); // it costs a poll interval at most
    Ok(failed)
}

/// Processes everything that is due.
pub(super) async fn work_off(app: &App) -> anyhow::Result<usize> {
    let processor = app.processor();
    let mut worked = 0;
    loop {
        match processor.step().await? {
            0 => return Ok(worked),
            more => worked += more,
        }
    }
}

/// What is still to be tried again, since its first try failed.
async fn waiting(app: &App) -> anyhow::Result<Option<String>> {
    let mut conn = app.pool.acquire().await?;
    let rows = ledger::list(&mut conn, Some("received"), None, 1_000).await?;
    let waiting = rows.iter().filter(|row| row.error.is_some()).count();
    Ok((waiting > 0).then(|| {
        let mails = page::count(waiting, "mail", "mails");
        format!("{mails} could not be worked and will be tried again; see `frontdesk inbound list --state received`")
    }))
}
