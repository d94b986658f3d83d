//! After the story: the service runs, and the visitor drops mail in and looks around.

use std::io::{BufRead as _, IsTerminal as _, stdin, stdout};
use std::time::Duration;

use tokio::sync::mpsc;

use super::place::Place;
use super::stage::Outgoing;
use super::voice::{Tone, Voice};
use crate::app::App;
use crate::cli::ticket::show;
use crate::cli::{outbox, page};
use crate::clock::Clock;
use crate::config::Settings;
use crate::ids::InboundId;
use crate::inbound::ledger::{self, Entry};
use crate::mail;
use crate::supervise::{Signals, Supervisor};
use crate::ticket::query::{Sort, TicketFilter};

/// How often the demo looks for news.
const LOOK: Duration = Duration::from_millis(300);

/// How many mails are looked at for news.
const NEWEST: i64 = 20;

/// Runs the service until the visitor has seen enough.
pub(super) async fn stay(settings: Settings, place: &Place, voice: &Voice) -> anyhow::Result<()> {
    let signals = Signals::listen()?;
    let drain = Duration::from_secs(settings.drain_seconds.into());
    let app = App::open(settings, Clock::default()).await?;
    let supervisor = Supervisor::new();
    let stayed = match app.start(&supervisor) {
        Ok(()) => serve(&app, place, voice, signals).await,
        Err(error) => Err(error),
    };
    supervisor.drain(drain).await;
    app.close().await?;
    stayed
}

fn greet(voice: &Voice, place: &Place) -> anyhow::Result<()> {
    voice.chapter(11, "Your turn")?;
    let root = place.root().display();
    voice.say(
        "The service runs now. Drop a mail into the Maildir, from another terminal, and watch:",
    )?;
    let copy = format!("cp {root}/data/mail-to-try.eml {root}/data/maildir/new/");
    page::print(&format!("   {}\n", voice.tone(Tone::Cyan, &copy)))?;
    help(voice)
}

fn help(voice: &Voice) -> anyhow::Result<()> {
    voice.fact(
        "Type",
        Tone::Cyan,
        &[
            "list           all tickets".to_owned(),
            "show NUMBER    a ticket with its comments and its timeline".to_owned(),
            "outbox         what left and what waits".to_owned(),
            "quit           end the demo".to_owned(),
        ],
    )
}

async fn serve(
    app: &App,
    place: &Place,
    voice: &Voice,
    mut signals: Signals,
) -> anyhow::Result<()> {
    let mut typed = typed();
    let mut news = News::begin(app, place).await?;
    let mut look = tokio::time::interval(LOOK);
    greet(voice, place)?;
    prompt()?;
    loop {
        tokio::select! {
            line = typed.recv() => match line {
                Some(line) if answer(app, voice, line.trim()).await? => prompt()?,
                _ => return Ok(()),
            },
            _ = signals.next() => return Ok(()),
            _ = look.tick() => {
                let told = news.told(app, voice).await?;
                if !told.is_empty() {
                    page::print(&told)?;
                    prompt()?;
                }
            }
        }
    }
}

fn prompt() -> anyhow::Result<()> {
    if stdout().is_terminal() {
        page::print("> ")
    } else {
        Ok(())
    }
}

/// The lines that the visitor types. A thread of its own, since nothing can break a read off.
fn typed() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Answers a command. Gives false at the end.
async fn answer(app: &App, voice: &Voice, line: &str) -> anyhow::Result<bool> {
    let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let text = match command {
        "quit" | "exit" | "q" => return Ok(false),
        "" => return Ok(true),
        "list" => show::list(app, &TicketFilter::default(), Sort::Updated, 1).await,
        "show" => show::one(app, rest.trim()).await,
        "outbox" => outbox::list(app, None, 50).await,
        _ => {
            help(voice)?;
            return Ok(true);
        }
    };
    page::print(&text.unwrap_or_else(|error| format!("{error:#}\n")))?;
    Ok(true)
}

/// What happened since the last look.
struct News {
    last: InboundId,
    outgoing: Outgoing,
}

impl News {
    async fn begin(app: &App, place: &Place) -> anyhow::Result<Self> {
        let mut outgoing = Outgoing::of(place);
        outgoing.fresh()?;
        let mut conn = app.pool.acquire().await?;
        let newest = ledger::list(&mut conn, None, None, 1).await?.pop();
        Ok(Self {
            last: newest.map_or(InboundId(0), |entry| entry.id),
            outgoing,
        })
    }

    async fn told(&mut self, app: &App, voice: &Voice) -> anyhow::Result<String> {
        // Looked at before the mails, so that what left is never told before why.
        let sent = self.outgoing.fresh()?;
        let mut conn = app.pool.acquire().await?;
        let mut entries = ledger::list(&mut conn, None, None, NEWEST).await?;
        entries.retain(|entry| entry.id > self.last);
        entries.reverse();
        let mut text = String::new();
        for entry in &entries {
            if matches!(entry.state.as_str(), "received" | "processing") {
                break;
            }
            self.last = entry.id;
            text.push_str(&came(app, voice, entry));
        }
        for sent in sent {
            let subject = page::one_line(&sent.mail.mail.subject);
            let word = voice.tone(Tone::Yellow, "Told");
            text.push_str(&format!("\n   {word} {}: {subject}\n", sent.to));
        }
        Ok(text)
    }
}

fn came(app: &App, voice: &Voice, entry: &Entry) -> String {
    let mail = mail::understand(&entry.head, &app.settings.limits).mail;
    let from = mail.from.map_or_else(String::new, |from| from.address);
    let what = match (&entry.number, &entry.reason) {
        (Some(number), None) => format!("ticket {number}; type `show {number}`"),
        (Some(number), Some(reason)) => format!("an entry on {number}: {reason}"),
        (None, reason) => format!("{}: {}", entry.state, reason.as_deref().unwrap_or_default()),
    };
    let word = voice.tone(Tone::Green, "Came");
    let line = page::one_line(&format!("{from}, “{}”, became {what}", mail.subject));
    format!("\n   {word} {line}\n")
}
