//! The task that listens to one platform: look what it allows, connect, write down what is heard.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::handle::has_answer;
use super::{complete, concerns_us, customer, is_among_customers, store};
use crate::chat::{
    Act, Attempt, ChatEvent, ChatFailure, ChatPlatform, EventKind, Message, Missing, PostRef,
};
use crate::clock::Clock;
use crate::config::Settings;
use crate::config::chat::ChatSettings;
use crate::notify::{self, Happening, posts};
use crate::ticket::chat_thread;
use crate::wake::{Topic, Wake};

/// How long to wait before trying for a platform that another copy listens to.
const STAND_BY: Duration = Duration::from_secs(5);

/// How often it is looked whether the lease is still held.
const PULSE: Duration = Duration::from_secs(10);

/// The pause after trouble that no new attempt of the platform's own mended.
const PAUSE: Duration = Duration::from_secs(30);

/// How many events may wait to be written down.
const WAITING: usize = 1_000;

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// What is said to whoever waits for an answer while the database is away.
const AWAY: &str =
    "The desk's database does not answer, so nothing was done. Try it again in a minute.";

/// Listens to one platform.
#[derive(Debug, Clone)]
pub struct Listener {
    pool: PgPool,
    settings: Arc<Settings>,
    chat: ChatSettings,
    platform: Arc<dyn ChatPlatform>,
    clock: Clock,
    wake: Wake,
}

impl Listener {
    /// A listener to `chat` through `platform`.
    #[must_use]
    pub fn new(
        pool: PgPool,
        settings: Arc<Settings>,
        chat: ChatSettings,
        platform: Arc<dyn ChatPlatform>,
        clock: Clock,
        wake: Wake,
    ) -> Self {
        Self {
            pool,
            settings,
            chat,
            platform,
            clock,
            wake,
        }
    }

    /// Listens until `stop`. `sign` is called at each sign of life. One copy at a time is connected; another stands by.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn run(
        &self,
        stop: &CancellationToken,
        sign: impl Fn() + Send + Sync,
    ) -> anyhow::Result<()> {
        let pooled = self.pool.acquire().await;
        let mut conn = pooled.context("no connection for the chat")?.detach();
        while !stop.is_cancelled() {
            sign();
            if !store::try_lease(&mut conn, &self.chat.name).await? {
                rest(STAND_BY, stop).await;
                continue;
            }
            if let Err(failure) = self.listen(&mut conn, stop, &sign).await? {
                self.note(&mut conn, &failure).await?;
                rest(PAUSE, stop).await;
            }
        }
        let _ = conn.close().await; // the lease goes with the connection either way
        Ok(())
    }

    /// Takes an event in: what is being typed is answered beside everything else, the rest is written down.
    ///
    /// # Errors
    /// See [`Listener::hear`].
    pub async fn take(&self, event: ChatEvent) -> Result<(), sqlx::Error> {
        match event.kind {
            EventKind::Completing { .. } => self.complete(event),
            _ => self.hear(&event).await?,
        }
        Ok(())
    }

    /// As [`Listener::take`]. Where that fails, whoever waits for an answer is told so: a message is told again after the gap,
    /// a command, a button or a form is not.
    ///
    /// # Errors
    /// See [`Listener::hear`].
    pub async fn take_or_give_back(&self, event: ChatEvent) -> Result<(), sqlx::Error> {
        let told = event.clone();
        let taken = self.take(event).await;
        if taken.is_err() {
            self.give_back(&told).await;
        }
        taken
    }

    async fn give_back(&self, event: &ChatEvent) {
        if matches!(event.kind, EventKind::Completing { .. }) {
            return;
        }
        let Some(handle) = has_answer(event) else {
            return;
        };
        let act = Act::Answer {
            handle: handle.clone(),
            message: Message::text(AWAY),
            private: true,
        };
        let said = self.platform.act(&act, Attempt::first(&event.key));
        if !matches!(tokio::time::timeout(DEADLINE, said).await, Ok(Ok(_))) {
            tracing::warn!(
                chat = self.chat.name,
                "Somebody could not be told that nothing was done"
            );
        }
    }

    /// Writes an event down, if it is anybody's business and not there already.
    ///
    /// # Errors
    /// If the database does not answer; the event is told again after the gap that this makes.
    pub async fn hear(&self, event: &ChatEvent) -> Result<(), sqlx::Error> {
        let may_be_theirs = is_among_customers(&self.chat, event);
        let ours = concerns_us(&self.chat, event);
        if !ours && !may_be_theirs {
            return Ok(());
        }
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if !ours && !customer::is_theirs(&mut tx, &self.chat, event).await? {
            return tx.rollback().await;
        }
        let new = store::insert(&mut tx, now, event).await?;
        if let EventKind::Posted { post, .. } = &event.kind
            && event.place.thread.is_some()
        {
            let post = PostRef {
                place: event.place.clone(),
                id: post.clone(),
            };
            chat_thread::seen(&mut tx, event.at, &event.platform, &post).await?;
        }
        tx.commit().await?;
        if new {
            self.wake.ring(Topic::Chat);
        }
        Ok(())
    }

    async fn listen(
        &self,
        conn: &mut PgConnection,
        stop: &CancellationToken,
        sign: &(impl Fn() + Send + Sync),
    ) -> anyhow::Result<Result<(), ChatFailure>> {
        if let Err(failure) = self.check(conn).await? {
            return Ok(Err(failure));
        }
        posts::show_panel(conn, self.clock.now(), &self.chat).await?;
        self.wake.ring(Topic::Outbox);
        let since = chat_thread::read_since(conn, self.clock.now(), &self.chat.name).await?;
        let (told, mut heard) = mpsc::channel(WAITING);
        let connected = CancellationToken::new();
        let guard = connected.clone().drop_guard();
        let mut running = self.platform.run(told, since, connected.clone());
        let mut pulse = tokio::time::interval(PULSE);
        let mut ended = None;
        loop {
            tokio::select! {
                event = heard.recv() => match event {
                    Some(event) => if let Err(error) = self.take_or_give_back(event).await {
                        heard.close();
                        while let Some(event) = heard.recv().await {
                            self.give_back(&event).await;
                        }
                        return Err(error.into());
                    },
                    None if ended.is_some() => break,
                    None => {}
                },
                outcome = &mut running, if ended.is_none() => ended = Some(outcome),
                _ = pulse.tick() => {
                    sign();
                    conn.ping().await?;
                }
                () = stop.cancelled(), if !connected.is_cancelled() => connected.cancel(),
            }
        }
        drop(guard);
        Ok(ended.unwrap_or(Ok(())))
    }

    /// Offers what could be typed, beside everything else: nothing waits for it.
    fn complete(&self, event: ChatEvent) {
        let this = self.clone();
        tokio::spawn(async move {
            let (platform, now) = (this.platform.as_ref(), this.clock.now());
            complete::answer(
                &this.pool,
                &this.settings,
                &this.chat,
                platform,
                now,
                &event,
            )
            .await;
        });
    }

    /// Looks what the platform lets Frontdesk do. What is missing is in the log, in `frontdesk status`, and no reason not
    /// to begin.
    async fn check(&self, conn: &mut PgConnection) -> anyhow::Result<Result<(), ChatFailure>> {
        let missing = match self.platform.check(&self.chat.all_places()).await {
            Ok(missing) => missing,
            Err(failure) => return Ok(Err(failure)),
        };
        let sentences: Vec<String> = missing.iter().map(sentence).collect();
        for sentence in &sentences {
            tracing::warn!(
                chat = self.chat.name,
                "Something is missing in chat: {sentence}"
            );
        }
        if sentences.is_empty() {
            tracing::info!(
                chat = self.chat.name,
                "The chat has everything that is needed"
            );
        }
        store::note_check(conn, self.clock.now(), &self.chat.name, &sentences).await?;
        Ok(Ok(()))
    }

    /// Writes trouble down, and tells the operators of a refused login.
    async fn note(&self, conn: &mut PgConnection, failure: &ChatFailure) -> anyhow::Result<()> {
        let now = self.clock.now();
        let name = &self.chat.name;
        let credential = matches!(failure, ChatFailure::Credential(_));
        tracing::error!(chat = name, %failure, "The chat cannot be listened to");
        let mut tx = conn.begin().await?;
        store::note_trouble(&mut tx, now, name, &failure.to_string(), credential).await?;
        if !matches!(
            failure,
            ChatFailure::Unreachable(_) | ChatFailure::Transient { .. }
        ) {
            let key = format!("chat:{name}:{}", now.format("%Y-%m-%d"));
            let text = format!(
                "The chat {name} cannot be listened to: {failure}. Nothing that is written there arrives until this is put \
                 right; then it goes on by itself, and what was written meanwhile in the tickets' threads is read."
            );
            let alarm = Happening::Alarm {
                key: &key,
                text: &text,
            };
            notify::publish(&mut tx, &self.settings, now, &alarm).await?;
        }
        tx.commit().await?;
        self.wake.ring(Topic::Outbox);
        Ok(())
    }
}

/// What is missing, for people.
fn sentence(missing: &Missing) -> String {
    match &missing.place {
        Some(place) => format!("{} in {place}: {}", missing.what, missing.costs),
        None => format!("{}: {}", missing.what, missing.costs),
    }
}

async fn rest(span: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(span) => {}
    }
}
