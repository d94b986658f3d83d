//! After the story: the service runs, and the visitor drops mail in and looks around.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use super::place::Place;
use super::stage::Outgoing;
use super::voice::{Tone, Voice};
use crate::app::App;
use crate::chat::terminal::{Screen, Terminal};
use crate::cli::{chat, page};
use crate::clock::Clock;
use crate::config::Settings;
use crate::ids::InboundId;
use crate::inbound::ledger::{self, Entry};
use crate::mail;
use crate::people;
use crate::supervise::{Signals, Supervisor};

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
    voice.chapter(12, "Your turn")?;
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
            "#1             into the thread of that ticket; there, plain text is an internal note"
                .to_owned(),
            "/reply Hello   answers the customer; /take, /resolve and /back do what they say"
                .to_owned(),
            "remind in 10 seconds Look again    and the reminder comes".to_owned(),
            "stats          how the desk stands".to_owned(),
            "help           everything else that can be typed; the tabulator completes it"
                .to_owned(),
            "quit           end the demo".to_owned(),
        ],
    )
}

async fn serve(app: &App, place: &Place, voice: &Voice, signals: Signals) -> anyhow::Result<()> {
    let ann = app.pool.acquire().await;
    let ann = people::store::by_handle(&mut *ann?, "ann").await?;
    let ann = ann.context("the agent of the story is missing")?;
    let screen = Screen::new(chat::on_stdout(), voice.has_colours());
    let source = chat::typed_here(None);
    let mut session = chat::Session::open(app, &ann, source, screen, false).await?;
    let news = News::begin(app, place).await?;
    greet(voice, place)?;
    let terminal = session.terminal();
    let stop = CancellationToken::new();
    let watching = watch(app, voice, news, terminal, signals);
    let done = tokio::select! {
        done = session.run(&stop) => done,
        watched = watching => watched,
    };
    session.close().await;
    done
}

/// Tells what comes and leaves by mail, until a signal ends it.
async fn watch(
    app: &App,
    voice: &Voice,
    mut news: News,
    terminal: Arc<Terminal>,
    mut signals: Signals,
) -> anyhow::Result<()> {
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            _ = signals.next() => return Ok(()),
            _ = look.tick() => {
                let told = news.told(app, voice).await?;
                if !told.is_empty() {
                    terminal.show(&told);
                }
            }
        }
    }
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
            text.push_str(&format!("   {word} {}: {subject}\n", sent.to));
        }
        Ok(text)
    }
}

fn came(app: &App, voice: &Voice, entry: &Entry) -> String {
    let mail = mail::understand(&entry.head, &app.settings.limits).mail;
    let from = mail.from.map_or_else(String::new, |from| from.address);
    let what = match (&entry.number, &entry.reason) {
        (Some(number), None) => format!("ticket {number}; type `#{number}`"),
        (Some(number), Some(reason)) => format!("an entry on {number}: {reason}"),
        (None, reason) => format!("{}: {}", entry.state, reason.as_deref().unwrap_or_default()),
    };
    let word = voice.tone(Tone::Green, "Came");
    let line = page::one_line(&format!("{from}, “{}”, became {what}", mail.subject));
    format!("   {word} {line}\n")
}
