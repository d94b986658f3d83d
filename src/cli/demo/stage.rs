//! The machinery of the demo: mail is dropped in, the real parts work it, and what they did is gathered.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::place::Place;
use crate::app::App;
use crate::chat::terminal::{Screen, Source, Typed};
use crate::cli::chat::Session;
use crate::cli::{fetch, page};
use crate::clock::Clock;
use crate::config::service::MailLimits;
use crate::delivery::Deliverer;
use crate::inbound::ledger::{self, Entry};
use crate::inbound::poll::Poller;
use crate::mail::message::UnderstoodMail;
use crate::mail::{self, message};
use crate::people::store::{self as people, NewPerson};
use crate::people::{Person, Role};
use crate::ticket::{self, Ticket};

/// The agent of the story.
const AGENT: NewPerson<'_> = NewPerson {
    name: "Ann Lee",
    address: "ann@agents.example",
    role: Role::Agent,
    handle: Some("ann"),
};

/// The manager, who reads one mail a morning.
const MANAGER: NewPerson<'_> = NewPerson {
    name: "Mara Vogt",
    address: "mara@agents.example",
    role: Role::Manager,
    handle: Some("mara"),
};

/// The stage.
pub(super) struct Stage<'a> {
    /// The desk.
    pub(super) app: &'a App,
    /// The agent.
    pub(super) agent: Person,
    clock: Clock,
    poller: Poller,
    deliverer: Deliverer,
    maildir: PathBuf,
    outgoing: Outgoing,
    known: BTreeSet<String>,
}

/// A mail that left.
#[derive(Debug)]
pub(super) struct Sent {
    /// Its file's name.
    pub(super) file: String,
    /// The address it went to.
    pub(super) to: String,
    /// The address that a bounce of it goes to.
    pub(super) envelope_from: Option<String>,
    /// The whole of it.
    pub(super) raw: Vec<u8>,
    /// What it says.
    pub(super) mail: UnderstoodMail,
}

impl Sent {
    /// The address that an answer goes to.
    pub(super) fn reply_to(&self) -> &str {
        let first = self.mail.mail.reply_to.first();
        first.map_or("", |mailbox| mailbox.address.as_str())
    }

    /// Its Message-ID.
    pub(super) fn id(&self) -> &str {
        self.mail.mail.message_id.as_deref().unwrap_or_default()
    }

    /// Its text as a mail program quotes it.
    pub(super) fn quoted(&self) -> String {
        let lines = self.mail.mail.text.lines();
        let quoted: Vec<String> = lines
            .map(|line| format!("> {line}").trim_end().to_owned())
            .collect();
        quoted.join("\n")
    }

    /// Its header, as a bounce returns it.
    pub(super) fn header(&self) -> String {
        let text = String::from_utf8_lossy(&self.raw).replace("\r\n", "\n");
        let head = text.split("\n\n").next().unwrap_or_default().to_owned();
        // The envelope stands on top of the file, and was no part of what left.
        let lines = head.lines().skip_while(|line| {
            line.starts_with("Return-Path:") || line.starts_with("Delivered-To:")
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// What came of a mail.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The mail.
    pub(super) mail: UnderstoodMail,
    /// Its row.
    pub(super) entry: Entry,
    /// The ticket it became or joined.
    pub(super) ticket: Option<Ticket>,
    /// Whether the ticket is new.
    pub(super) is_new: bool,
    /// What left because of it.
    pub(super) sent: Vec<Sent>,
}

impl<'a> Stage<'a> {
    /// Sets the stage: an agent in the team that gets the mail.
    pub(super) async fn set(app: &'a App, clock: Clock, place: &Place) -> anyhow::Result<Self> {
        let mut tx = app.pool.begin().await?;
        let agent = people::find_or_create(&mut tx, clock.now(), AGENT).await?;
        people::join_team(&mut tx, agent.id, "support", true).await?;
        people::find_or_create(&mut tx, clock.now(), MANAGER).await?;
        tx.commit().await?;
        let mailbox = app.settings.mailboxes.first();
        let poller = mailbox.and_then(|mailbox| app.poller(mailbox));
        Ok(Self {
            app,
            agent,
            clock,
            poller: poller.context("the demo's mailbox is missing")?,
            deliverer: app.deliverer()?,
            maildir: place.maildir(),
            outgoing: Outgoing::of(place),
            known: BTreeSet::new(),
        })
    }

    /// The time in the story.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A mail arrives `minutes` later, is worked, and what is due leaves.
    pub(super) async fn receive(&mut self, minutes: i64, eml: &str) -> anyhow::Result<Outcome> {
        self.clock.advance(TimeDelta::minutes(minutes));
        self.drop_in(eml)?;
        self.poller.fetch_once().await?;
        fetch::work_off(self.app).await?;
        let sent = self.send().await?;
        let mut conn = self.app.pool.acquire().await?;
        let entry = ledger::list(&mut conn, None, None, 1).await?.pop();
        let entry = entry.context("the mail was not taken in")?;
        let ticket = match &entry.number {
            Some(number) => ticket::store::by_number(&mut conn, number).await?,
            None => None,
        };
        let ticket = match ticket {
            Some(id) => Some(ticket::store::get(&mut conn, id).await?),
            None => None,
        };
        let is_new = ticket
            .as_ref()
            .is_some_and(|ticket| self.known.insert(ticket.number.clone()));
        Ok(Outcome {
            mail: mail::understand(eml.as_bytes(), &self.app.settings.limits),
            entry,
            ticket,
            is_new,
            sent,
        })
    }

    /// The agent sits down at the terminal and types these lines, each in the moment after the other.
    pub(super) async fn type_in(&self, lines: &[&str], colours: bool) -> anyhow::Result<()> {
        let (typing, typed) = mpsc::channel(lines.len().max(1));
        for line in lines {
            typing.send(Typed::Line((*line).to_owned())).await?;
        }
        drop(typing);
        let margin = |text: &str| {
            // A reader who has seen enough is no error of the story's.
            let _ = page::print(&page::indented(text, 3));
        };
        let screen = Screen::new(Box::new(margin), colours);
        let source = Source::Played(typed);
        let mut session = Session::open(self.app, &self.agent, source, screen, true).await?;
        let done = session.run(&CancellationToken::new()).await;
        session.close().await;
        done
    }

    /// The clock moves on to this moment, and what is due by it is done and leaves.
    pub(super) async fn wait_until(&mut self, at: DateTime<Utc>) -> anyhow::Result<Vec<Sent>> {
        let span = at - self.clock.now();
        self.clock.advance(span.max(TimeDelta::zero()));
        let ticker = self.app.ticker();
        while ticker.step().await? > 0 {}
        self.send().await
    }

    /// What is due leaves, once the time is over in which it can be undone.
    pub(super) async fn send(&mut self) -> anyhow::Result<Vec<Sent>> {
        let notify = &self.app.settings.notify;
        let wait = notify
            .undo_seconds
            .max(notify.burst_seconds)
            .saturating_add(1);
        self.clock.advance(TimeDelta::seconds(wait.into()));
        self.deliverer.step().await?;
        self.outgoing.fresh()
    }

    /// Puts a file into the Maildir as a mail server does: written in `tmp`, then moved to `new`.
    fn drop_in(&self, eml: &str) -> anyhow::Result<()> {
        let now = self.clock.now();
        let name = format!(
            "{}.M{}.demo",
            now.timestamp(),
            now.timestamp_subsec_micros()
        );
        let draft = self.maildir.join("tmp").join(&name);
        fs::write(&draft, eml).with_context(|| format!("cannot write {}", draft.display()))?;
        fs::rename(&draft, self.maildir.join("new").join(&name))?;
        Ok(())
    }
}

/// The folder of outgoing mail, and what of it was seen already.
#[derive(Debug)]
pub(super) struct Outgoing {
    folder: PathBuf,
    seen: BTreeSet<String>,
}

impl Outgoing {
    /// The folder of the demo; all in it counts as new.
    pub(super) fn of(place: &Place) -> Self {
        Self {
            folder: place.outgoing(),
            seen: BTreeSet::new(),
        }
    }

    /// What has come since the last look, in the order in which it left.
    pub(super) fn fresh(&mut self) -> anyhow::Result<Vec<Sent>> {
        let mut names = BTreeSet::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".eml") && !self.seen.contains(&name) {
                names.insert(name);
            }
        }
        let fresh: anyhow::Result<Vec<Sent>> =
            names.iter().map(|name| read(&self.folder, name)).collect();
        self.seen.extend(names);
        fresh
    }
}

fn read(folder: &Path, name: &str) -> anyhow::Result<Sent> {
    let raw = fs::read(folder.join(name))?;
    let mail = mail::understand(&raw, &MailLimits::default());
    let envelope_from = match &mail.mail.envelope_sender {
        Some(message::EnvelopeSender::Address(address)) => Some(address.clone()),
        _ => None,
    };
    Ok(Sent {
        file: name.to_owned(),
        to: mail.mail.delivered_to.first().cloned().unwrap_or_default(),
        envelope_from,
        raw,
        mail,
    })
}
