//! The composition root: builds the parts from the configuration, runs them as tasks, and drains them.

pub mod platforms;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use sqlx::{PgConnection, PgPool};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::chat::{ChatPlatform, Platforms};
use crate::clock::Clock;
use crate::command::Scene;
use crate::config::chat::ChatSettings;
use crate::config::service::{Database, MailboxSettings};
use crate::config::{self, Settings};
use crate::conversation::{Handler, Listener};
use crate::db;
use crate::db::embedded::Cluster;
use crate::delivery::{Deliverer, Poster};
use crate::desk;
use crate::inbound::poll::Poller;
use crate::inbound::process::Processor;
use crate::mail::smtp::Mailer;
use crate::mail::source;
use crate::notify::render::Templates;
use crate::people;
use crate::schedule::Ticker;
use crate::supervise::{Signals, Supervisor};
use crate::ticket::Actor;
use crate::wake::Wake;

/// How many connections the service takes at most for all but its workers, those of the mailboxes' leases aside.
const CONNECTIONS: u32 = 10;

/// How many connections the workers take at most.
const WORKERS: u32 = 20;

/// How long a task that watches a mailbox or the clock may give no sign of life. A round is bounded by the deadline of
/// each command or statement, the longest wait between rounds of a mailbox by `poll_seconds`.
const PATIENCE: Duration = Duration::from_secs(600);

/// Everything that is built once and shared by all tasks.
#[derive(Debug)]
pub struct App {
    /// The configuration.
    pub settings: Arc<Settings>,
    /// The time.
    pub clock: Clock,
    /// The bell.
    pub wake: Wake,
    /// The database.
    pub pool: PgPool,
    /// The workers' connections to it, with their own way of planning.
    pub workers: PgPool,
    claims: PgPool,
    numbers: PgPool,
    cluster: Option<Cluster>,
}

/// Loads a configuration with the process's own environment.
///
/// # Errors
/// Every problem of the configuration.
pub fn load(path: &Path) -> anyhow::Result<Settings> {
    let path =
        std::path::absolute(path).context("the configuration's path cannot be made absolute")?;
    Ok(config::load(&path, &|name| std::env::var(name).ok())?)
}

/// Looks into the database of these settings, in a transaction that can change nothing.
///
/// # Errors
/// If the database cannot be started or reached, or what `work` reports.
pub async fn look<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&mut PgConnection) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (url, cluster) = reach(settings).await?;
    let pool = db::connect(&url, 1).await?;
    let mut tx = pool.begin().await?;
    sqlx::query("SET TRANSACTION READ ONLY")
        .execute(&mut *tx)
        .await?;
    let found = work(&mut tx).await;
    tx.rollback().await?;
    pool.close().await;
    if let Some(cluster) = cluster {
        cluster.stop().await?;
    }
    found
}

/// Where the database is; one that belongs to the desk is started.
async fn reach(settings: &Settings) -> anyhow::Result<(String, Option<Cluster>)> {
    match &settings.database {
        Database::Url(url) => Ok((url.expose_secret().to_owned(), None)),
        Database::Embedded(folder) => {
            let cluster = Cluster::start(folder).await?;
            Ok((cluster.url.clone(), Some(cluster)))
        }
    }
}

impl App {
    /// Opens the database, brings its schema up to date, and writes down what the configuration says of
    /// organizations.
    ///
    /// # Errors
    /// If the database cannot be started, reached or brought up to date.
    pub async fn open(settings: Settings, clock: Clock) -> anyhow::Result<Self> {
        let (url, cluster) = reach(&settings).await?;
        let pool = db::connect(&url, CONNECTIONS).await?;
        db::migrate(&pool).await?;
        let app = Self {
            workers: db::connect_workers(&url, WORKERS).await?,
            claims: db::connect_claims(&url).await?,
            numbers: db::connect_numbers(&url).await?,
            settings: Arc::new(settings),
            wake: Wake::default(),
            pool,
            clock,
            cluster,
        };
        app.write_down_organizations().await?;
        Ok(app)
    }

    async fn write_down_organizations(&self) -> anyhow::Result<()> {
        let mut conn = self.pool.acquire().await?;
        let now = self.clock.now();
        for organization in &self.settings.desk.organization {
            let (name, domains) = (&organization.name, &organization.domains);
            people::store::ensure_organization(&mut conn, now, name, domains).await?;
        }
        Ok(())
    }

    /// What every command needs besides its line, at this moment.
    #[must_use]
    pub fn scene(&self) -> Scene<'_> {
        Scene {
            settings: &self.settings,
            numbers: &self.numbers,
            now: self.clock.now(),
        }
    }

    /// The context in which the machine's operator acts.
    #[must_use]
    pub fn operator(&self) -> desk::Context<'_> {
        desk::Context {
            settings: &self.settings,
            now: self.clock.now(),
            actor: Actor::System,
            answering: true,
        }
    }

    /// The worker that settles stored mail.
    #[must_use]
    pub fn processor(&self) -> Processor {
        Processor::new(
            self.workers.clone(),
            self.claims.clone(),
            self.numbers.clone(),
            self.settings.clone(),
            self.clock.clone(),
            self.wake.clone(),
        )
    }

    /// The worker that empties the outbox.
    ///
    /// # Errors
    /// If a template does not parse, or a mail server's settings cannot be used.
    pub fn deliverer(&self) -> anyhow::Result<Deliverer> {
        let templates = Templates::load(self.settings.notify.templates.as_deref())?;
        let mailer = Mailer::new(&self.settings.outgoing, self.clock.clone())?;
        Ok(Deliverer::new(
            self.workers.clone(),
            self.claims.clone(),
            self.settings.clone(),
            Arc::new(templates),
            Arc::new(mailer),
            self.clock.clone(),
            self.wake.clone(),
        ))
    }

    /// The ticker that runs what is due by the clock.
    #[must_use]
    pub fn ticker(&self) -> Ticker {
        Ticker::new(
            self.pool.clone(),
            self.settings.clone(),
            self.clock.clone(),
            self.wake.clone(),
        )
    }

    /// The chat platforms of the configuration, not connected yet.
    ///
    /// # Errors
    /// If a platform's settings cannot be used.
    pub fn platforms(&self) -> anyhow::Result<Platforms> {
        platforms::unconnected(&self.settings, &self.clock)
    }

    /// The listener to one chat.
    #[must_use]
    pub fn listener(&self, chat: &ChatSettings, platform: Arc<dyn ChatPlatform>) -> Listener {
        Listener::new(
            self.pool.clone(),
            self.settings.clone(),
            chat.clone(),
            platform,
            self.clock.clone(),
            self.wake.clone(),
        )
    }

    /// The worker that settles what people do in chat.
    #[must_use]
    pub fn handler(&self, platforms: Arc<Platforms>) -> Handler {
        Handler::new(
            self.workers.clone(),
            self.claims.clone(),
            self.numbers.clone(),
            self.settings.clone(),
            platforms,
            self.clock.clone(),
            self.wake.clone(),
        )
    }

    /// The worker that empties the chat half of the outbox.
    ///
    /// # Errors
    /// If a template does not parse.
    pub fn poster(&self, platforms: Arc<Platforms>) -> anyhow::Result<Poster> {
        let templates = Templates::load(self.settings.notify.templates.as_deref())?;
        Ok(Poster::new(
            self.workers.clone(),
            self.claims.clone(),
            self.settings.clone(),
            Arc::new(templates),
            platforms,
            self.clock.clone(),
            self.wake.clone(),
        ))
    }

    /// The poller of a mailbox; none for one that mail is only handed in to.
    #[must_use]
    pub fn poller(&self, mailbox: &MailboxSettings) -> Option<Poller> {
        let source = source::open(mailbox, &self.settings.limits)?;
        Some(Poller::new(
            self.pool.clone(),
            self.settings.clone(),
            mailbox.clone(),
            source,
            self.clock.clone(),
            self.wake.clone(),
        ))
    }

    /// Starts every task of the service under `supervisor`.
    ///
    /// # Errors
    /// If a template does not parse, or a mail server's settings cannot be used.
    pub fn start(&self, supervisor: &Supervisor) -> anyhow::Result<()> {
        let deliverer = self.deliverer()?;
        supervisor.spawn("delivery", move |life| {
            let deliverer = deliverer.clone();
            async move { deliverer.run(life.shutdown()).await }
        });
        let processor = self.processor();
        supervisor.spawn("inbound", move |life| {
            let processor = processor.clone();
            async move { processor.run(life.shutdown()).await }
        });
        let ticker = self.ticker();
        supervisor.spawn_watched("schedule", PATIENCE, move |life| {
            let ticker = ticker.clone();
            async move { ticker.run(life.shutdown(), || life.sign()).await }
        });
        let (wake, pool) = (self.wake.clone(), self.pool.clone());
        supervisor.spawn("wake", move |life| {
            let (wake, pool) = (wake.clone(), pool.clone());
            async move { Ok(wake.run(&pool, life.shutdown()).await?) }
        });
        for mailbox in &self.settings.mailboxes {
            self.start_poller(supervisor, mailbox);
        }
        if !self.settings.chats.is_empty() {
            self.start_chats(supervisor)?;
        }
        Ok(())
    }

    fn start_chats(&self, supervisor: &Supervisor) -> anyhow::Result<()> {
        let platforms = Arc::new(self.platforms()?);
        let poster = self.poster(platforms.clone())?;
        supervisor.spawn("posts", move |life| {
            let poster = poster.clone();
            async move { poster.run(life.shutdown()).await }
        });
        let handler = self.handler(platforms.clone());
        supervisor.spawn("chat events", move |life| {
            let handler = handler.clone();
            async move { handler.run(life.shutdown()).await }
        });
        for chat in &self.settings.chats {
            let Some(platform) = platforms.get(&chat.name) else {
                continue;
            };
            let listener = self.listener(chat, platform.clone());
            supervisor.spawn_watched(format!("chat {}", chat.name), PATIENCE, move |life| {
                let listener = listener.clone();
                async move { listener.run(life.shutdown(), || life.sign()).await }
            });
        }
        Ok(())
    }

    fn start_poller(&self, supervisor: &Supervisor, mailbox: &MailboxSettings) {
        let Some(poller) = self.poller(mailbox) else {
            return;
        };
        let poller = Arc::new(Mutex::new(poller));
        let patience = PATIENCE + Duration::from_secs(mailbox.poll_seconds.into());
        supervisor.spawn_watched(format!("mailbox {}", mailbox.name), patience, move |life| {
            let poller = poller.clone();
            async move {
                let mut poller = poller.lock().await;
                poller.run(life.shutdown(), || life.sign()).await
            }
        });
    }

    /// Serves until a signal comes, then drains within `drain_seconds`. Gives the tasks that were cut off.
    ///
    /// # Errors
    /// If a part cannot be built.
    pub async fn serve(&mut self, signals: Signals) -> anyhow::Result<Vec<String>> {
        let supervisor = Supervisor::new();
        self.start(&supervisor)?;
        let deadline = Duration::from_secs(self.settings.drain_seconds.into());
        let end = CancellationToken::new();
        let serving = async {
            let late = supervisor.run(signals, deadline).await;
            end.cancel();
            late
        };
        let database = async {
            if let Some(cluster) = self.cluster.as_mut() {
                cluster.keep_running(&end).await;
            }
        };
        Ok(tokio::join!(serving, database).0)
    }

    /// Lets go of the database, and stops it if it is our own.
    ///
    /// # Errors
    /// If our own server does not end in time.
    pub async fn close(self) -> anyhow::Result<()> {
        self.workers.close().await;
        self.claims.close().await;
        self.numbers.close().await;
        self.pool.close().await;
        match self.cluster {
            Some(cluster) => cluster.stop().await,
            None => Ok(()),
        }
    }
}
