//! `frontdesk import`: an archive becomes tickets, oldest first, and nobody is written to.

mod archive;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use sqlx::PgConnection;

use super::exit::{self, Exit};
use super::open::DeskArgument;
use super::{fetch, page};
use crate::app::App;
use crate::inbound::accept::{self, Handed};
use crate::inbound::arrival::Recorded;
use crate::inbound::ledger;
use archive::Archive;

/// How many mails are written in one transaction.
const BATCH: usize = 100;

/// How many bytes are in one transaction, and in memory; one mail may be larger.
const BATCH_BYTES: usize = 16 << 20;

/// Arguments of `frontdesk import`.
#[derive(Debug, Args)]
pub struct ImportArguments {
    #[command(flatten)]
    desk: DeskArgument,
    #[command(subcommand)]
    from: From,
}

#[derive(Debug, Subcommand)]
enum From {
    /// An mbox file (RFC 4155, mboxrd).
    Mbox(Place),
    /// A Maildir: everything in its new/ and cur/.
    Maildir(Place),
}

#[derive(Debug, Args)]
struct Place {
    /// The archive.
    path: PathBuf,
    /// The mailbox that its tickets belong to.
    #[arg(long, value_name = "NAME")]
    mailbox: String,
}

/// Takes an archive in and works it. What is known already stays as it is, so that an import that broke off
/// is simply run again.
pub(super) async fn run(arguments: &ImportArguments) -> anyhow::Result<()> {
    arguments
        .desk
        .work(async |app| import(app, &arguments.from).await)
        .await
}

async fn import(app: &App, from: &From) -> anyhow::Result<()> {
    let (From::Mbox(place) | From::Maildir(place)) = from;
    if !app
        .settings
        .mailboxes
        .iter()
        .any(|mailbox| mailbox.name == place.mailbox)
    {
        let words = format!(
            "there is no mailbox `{}` in the configuration",
            place.mailbox
        );
        return Err(Exit::new(exit::NO_USER, words).into());
    }
    let limits = &app.settings.limits;
    eprintln!("Looking through {} …", place.path.display());
    let archive = match from {
        From::Mbox(place) => Archive::mbox(&place.path, limits),
        From::Maildir(place) => Archive::maildir(&place.path, limits),
    };
    let archive = archive.with_context(|| format!("cannot read {}", place.path.display()))?;
    let failed_before = failed(app).await?;
    let recorded = take_in(app, &archive, &place.mailbox).await?;
    eprintln!("Working …");
    fetch::work_off(app).await?;
    let failed = failed(app).await?.saturating_sub(failed_before);
    page::print(&format!(
        "{} taken in, {} known already. Nobody was written to. `frontdesk inbound list` says what became of each.\n",
        page::count(
            usize::try_from(recorded.new).unwrap_or(usize::MAX),
            "mail",
            "mails"
        ),
        recorded.known,
    ))?;
    if failed > 0 {
        let mails = page::count(failed, "mail", "mails");
        let words = format!("{mails} could not be worked yet; see `frontdesk inbound list`");
        return Err(Exit::new(1, words).into());
    }
    Ok(())
}

/// How many mails failed, or will be tried again.
async fn failed(app: &App) -> anyhow::Result<usize> {
    let mut conn = app.pool.acquire().await?;
    let failed = ledger::ids_in(&mut conn, "failed").await?.len();
    Ok(failed + ledger::ids_in(&mut conn, "received").await?.len())
}

/// The first transaction of every mail, many mails at a time.
async fn take_in(app: &App, archive: &Archive, mailbox: &str) -> anyhow::Result<Recorded> {
    let limit = app.settings.limits.message_bytes;
    let now = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    let mut reader = archive.open()?;
    let mut all = Recorded::default();
    let mut batch: Vec<Handed> = Vec::new();
    let mut bytes = 0;
    for (at, entry) in archive.entries.iter().enumerate() {
        let (raw, size) = reader.read(entry, limit)?;
        bytes += raw.len();
        batch.push(Handed {
            raw,
            size,
            received_at: entry.date.map_or(now, |date| date.min(now)),
        });
        let last = at + 1 == archive.entries.len();
        if batch.len() >= BATCH || bytes >= BATCH_BYTES || last {
            let recorded = write(&mut conn, app, mailbox, std::mem::take(&mut batch)).await?;
            all.new += recorded.new;
            all.known += recorded.known;
            bytes = 0;
            eprintln!("{} of {}", at + 1, archive.entries.len());
        }
    }
    Ok(all)
}

async fn write(
    conn: &mut PgConnection,
    app: &App,
    mailbox: &str,
    batch: Vec<Handed>,
) -> anyhow::Result<Recorded> {
    use sqlx::Connection as _;
    let handed = u64::try_from(batch.len()).unwrap_or(u64::MAX);
    let mut tx = conn.begin().await?;
    let recorded = accept::all_handed_in(&mut tx, app.clock.now(), mailbox, batch, false).await?;
    tx.commit().await?;
    Ok(Recorded {
        new: recorded.new,
        known: handed.saturating_sub(recorded.new),
    })
}
