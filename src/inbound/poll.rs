//! The task that polls one mailbox: fetch, write down, acknowledge, wait.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use super::{accept, arrival, mailbox};
use crate::clock::Clock;
use crate::config::Settings;
use crate::config::service::{AfterFetch, MailboxSettings};
use crate::mail::source::{MailSource, Position, SourceError};
use crate::notify::{self, Happening};
use crate::wake::{Topic, Wake};

/// How many mails are fetched, written and acknowledged at a time. Dovecot's cost of a MOVE grows with the folder,
/// so that few large ones beat many small ones; the source bounds a batch by its bytes as well.
const BATCH: usize = 500;

/// How long to wait before trying for a mailbox that another copy polls.
const STAND_BY: Duration = Duration::from_secs(5);

/// The longest pause after trouble with the server.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// After so long without a reading the operators are told.
const SILENCE: TimeDelta = TimeDelta::hours(1);

/// Polls one mailbox.
pub struct Poller {
    pool: PgPool,
    settings: Arc<Settings>,
    mailbox: MailboxSettings,
    source: Box<dyn MailSource>,
    clock: Clock,
    wake: Wake,
}

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("the database did not answer: {0}")]
    Database(#[from] sqlx::Error),
}

impl Poller {
    /// A poller of `mailbox` through `source`.
    #[must_use]
    pub fn new(
        pool: PgPool,
        settings: Arc<Settings>,
        mailbox: MailboxSettings,
        source: Box<dyn MailSource>,
        clock: Clock,
        wake: Wake,
    ) -> Self {
        Self {
            pool,
            settings,
            mailbox,
            source,
            clock,
            wake,
        }
    }

    /// Polls until `stop`. `sign` is called at each sign of life. Trouble with the mail server is waited
    /// out here; only the database's ends the task.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn run(
        &mut self,
        stop: &CancellationToken,
        sign: impl Fn() + Send + Sync,
    ) -> anyhow::Result<()> {
        let mut pause = Duration::from_secs(1);
        let mut conn = self.connection().await?;
        while !stop.is_cancelled() {
            sign();
            if !mailbox::try_lease(&mut conn, &self.mailbox.name).await? {
                rest(STAND_BY, stop).await;
                continue;
            }
            match self.watch(&mut conn, stop, &sign).await {
                Ok(()) => pause = Duration::from_secs(1),
                Err(Trouble::Database(error)) => return Err(error.into()),
                Err(Trouble::Source(error)) => {
                    self.note(&mut conn, &error).await?;
                    rest(pause.mul_f64(0.75 + 0.5 * rand::random::<f64>()), stop).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
        let _ = conn.close().await; // the lease goes with the connection either way
        Ok(())
    }

    /// Fetches everything that waits, once. Returns false if another copy polls this mailbox.
    ///
    /// # Errors
    /// If the mail server or the database does not answer.
    pub async fn fetch_once(&mut self) -> anyhow::Result<bool> {
        let mut conn = self.connection().await?;
        if !mailbox::try_lease(&mut conn, &self.mailbox.name).await? {
            return Ok(false);
        }
        let drained = self.drain(&mut conn, &|| {}).await;
        if let Err(Trouble::Source(error)) = &drained {
            self.note(&mut conn, error).await?;
        }
        conn.close().await?;
        drained?;
        Ok(true)
    }

    /// A connection of the poller's own: the lease lives and dies with it.
    async fn connection(&mut self) -> anyhow::Result<PgConnection> {
        let pooled = self.pool.acquire().await;
        Ok(pooled.context("no connection for the mailbox")?.detach())
    }

    async fn watch(
        &mut self,
        conn: &mut PgConnection,
        stop: &CancellationToken,
        sign: &(impl Fn() + Sync),
    ) -> Result<(), Trouble> {
        self.drain(conn, sign).await?;
        let at_most = Duration::from_secs(self.mailbox.poll_seconds.into());
        self.source.wait(at_most, stop).await?;
        Ok(())
    }

    async fn drain(
        &mut self,
        conn: &mut PgConnection,
        sign: &(impl Fn() + Sync),
    ) -> Result<(), Trouble> {
        self.acknowledge(conn).await?;
        let mut cursor = mailbox::cursor(conn, &self.mailbox.name).await?;
        loop {
            sign();
            let batch = self.source.fetch(&cursor, BATCH).await?;
            let fetched = batch.mails.len();
            let now = self.clock.now();
            let name = &self.mailbox.name.clone();
            let mut tx = conn.begin().await?;
            let recorded = accept::fetched(&mut tx, now, name, batch.mails).await?;
            for (position, error) in &batch.unreadable {
                arrival::record_unreadable(&mut tx, now, name, &position.key(), error).await?;
            }
            mailbox::advance(&mut tx, name, &batch.cursor).await?;
            self.note_success(&mut tx, now).await?;
            tx.commit().await?;
            cursor = batch.cursor;
            if fetched > 0 {
                tracing::info!(
                    mailbox = name,
                    new = recorded.new,
                    known = recorded.known,
                    "Mail was taken in"
                );
                self.wake.ring(Topic::Inbound);
                self.acknowledge(conn).await?;
            }
            if !batch.more {
                return Ok(());
            }
        }
    }

    /// Tells the server of what is safe in the database and was not told yet: now, or before a crash. A server that will not
    /// do it (a full folder, one that may not be written to) does not keep new mail from being taken in.
    async fn acknowledge(&mut self, conn: &mut PgConnection) -> Result<(), Trouble> {
        match self.acknowledge_all(conn).await {
            Err(Trouble::Source(error @ (SourceError::Protocol(_) | SourceError::Storage(_)))) => {
                self.note_refusal(conn, &error).await?;
                Ok(())
            }
            other => other,
        }
    }

    async fn acknowledge_all(&mut self, conn: &mut PgConnection) -> Result<(), Trouble> {
        let deletes = self.mailbox.after == AfterFetch::Delete;
        loop {
            let mails = mailbox::unacknowledged(conn, &self.mailbox.name, BATCH as i64).await?;
            if mails.is_empty() {
                return Ok(());
            }
            let (kept, taken): (Vec<_>, Vec<_>) =
                mails.iter().partition(|mail| deletes && mail.truncated);
            let positions = |mails: &[&mailbox::Unacknowledged]| -> Vec<Position> {
                let keys = mails.iter();
                keys.filter_map(|mail| Position::from_key(&mail.position))
                    .collect()
            };
            self.source.keep(&positions(&kept)).await?;
            self.source.acknowledge(&positions(&taken)).await?;
            let now = self.clock.now();
            let keys: Vec<String> = mails.into_iter().map(|mail| mail.position).collect();
            mailbox::acknowledged(conn, &self.mailbox.name, now, &keys).await?;
        }
    }

    /// Writes down that the mailbox was read, and reminds the operators once a day that its login ends soon.
    async fn note_success(
        &mut self,
        conn: &mut PgConnection,
        now: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let left = self.source.authorized_for();
        let left = left.and_then(|left| TimeDelta::from_std(left).ok());
        let ends_at = left.and_then(|left| now.checked_add_signed(left));
        let name = &self.mailbox.name;
        mailbox::succeeded(conn, name, now, ends_at).await?;
        let Some(ends_at) = ends_at.filter(|ends_at| *ends_at - now < mailbox::ENDS_SOON) else {
            return Ok(());
        };
        let key = format!("login-ends:{name}:{}", now.format("%Y-%m-%d"));
        let text = format!(
            "The login of the mailbox {name} ends on {}, says its token endpoint; from then on no mail is taken in from it. \
             Authorize it again and put the new refresh token in its place. Where that is a file, no restart is needed.",
            ends_at.format("%-d %B %Y, %H:%M UTC")
        );
        self.alarm(conn, &key, &text).await
    }

    /// Writes trouble with the server down, and tells the operators, once a day, of a rejected login and of a mailbox that
    /// was not read for a while.
    async fn note(&mut self, conn: &mut PgConnection, error: &SourceError) -> anyhow::Result<()> {
        let now = self.clock.now();
        let name = &self.mailbox.name;
        let credential = matches!(error, SourceError::Credential(_));
        tracing::warn!(mailbox = name, %error, "The mailbox could not be read");
        let mut tx = conn.begin().await?;
        let last = mailbox::failed(&mut tx, name, now, &error.to_string(), credential).await?;
        let day = now.format("%Y-%m-%d");
        let (key, text) = if credential {
            let text = format!(
                "The mail server refuses the login of the mailbox {name}: {error}. No mail is taken in from it \
                 until its credentials are right; then it goes on by itself."
            );
            (format!("credential:{name}:{day}"), text)
        } else if last.is_some_and(|last| now - last > SILENCE) {
            let text = format!(
                "The mailbox {name} could not be read for more than {} minutes: {error}. No mail is taken in from it \
                 meanwhile; it is tried again every minute.",
                SILENCE.num_minutes()
            );
            (format!("mailbox:{name}:{day}"), text)
        } else {
            return Ok(tx.commit().await?);
        };
        self.alarm(&mut tx, &key, &text).await?;
        tx.commit().await?;
        self.wake.ring(Topic::Outbox);
        Ok(())
    }

    /// The server gives mail and will not do with it what is configured: the operators hear of it once a day.
    async fn note_refusal(
        &mut self,
        conn: &mut PgConnection,
        error: &SourceError,
    ) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let name = &self.mailbox.name;
        tracing::warn!(mailbox = name, %error, "What is done with mail that was taken in was refused");
        let key = format!("acknowledge:{name}:{}", now.format("%Y-%m-%d"));
        let text = format!(
            "Mail of the mailbox {name} is taken in, but cannot be flagged, moved or deleted there as `after` wants it: \
             {error}. It is tried again each time that mail is fetched."
        );
        self.alarm(conn, &key, &text).await
    }

    async fn alarm(
        &mut self,
        conn: &mut PgConnection,
        key: &str,
        text: &str,
    ) -> Result<(), sqlx::Error> {
        let alarm = Happening::Alarm { key, text };
        notify::publish(conn, &self.settings, self.clock.now(), &alarm).await?;
        Ok(())
    }
}

async fn rest(span: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(span) => {}
    }
}
