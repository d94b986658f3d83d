//! The worker that takes chat events and settles them.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::fetch;
use super::say::{self, Deed, Scene};
use super::store::{self, Claimed};
use crate::chat::{
    Act, AnswerHandle, Attempt, ChatEvent, ChatPlatform, EventKind, Message, Platforms,
};
use crate::clock::Clock;
use crate::command::Reported;
use crate::config::Settings;
use crate::config::chat::ChatSettings;
use crate::crew::{Crew, Work};
use crate::notify::{self, Happening};
use crate::wake::{Topic, Wake};

/// How many events are handled at a time, and how often the table is looked at when nobody rings.
const CREW: Crew = Crew {
    places: 8,
    topic: Topic::Chat,
    poll: Duration::from_secs(2),
};

/// How long a handler may take before another takes the event over; its files are fetched within it.
const LEASE: TimeDelta = TimeDelta::seconds(120);

/// How long one file may take to come, and one answer to go.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// How often what nobody waits for is tried.
const ATTEMPTS: i32 = 5;

/// Turns chat events into what they ask for.
#[derive(Debug, Clone)]
pub struct Handler {
    pool: PgPool,
    claims: PgPool,
    numbers: PgPool,
    settings: Arc<Settings>,
    platforms: Arc<Platforms>,
    clock: Clock,
    wake: Wake,
    alone: Option<Arc<ChatSettings>>,
}

impl Handler {
    /// A handler on `pool`; events are claimed and ticket numbers reserved on pools of their own.
    #[must_use]
    pub fn new(
        pool: PgPool,
        claims: PgPool,
        numbers: PgPool,
        settings: Arc<Settings>,
        platforms: Arc<Platforms>,
        clock: Clock,
        wake: Wake,
    ) -> Self {
        Self {
            pool,
            claims,
            numbers,
            settings,
            platforms,
            clock,
            wake,
            alone: None,
        }
    }

    /// Handles the events of this chat alone, which no configuration names, and no others.
    #[must_use]
    pub fn alone_for(self, chat: ChatSettings) -> Self {
        Self {
            alone: Some(Arc::new(chat)),
            ..self
        }
    }

    /// A chat by its name.
    fn chat(&self, name: &str) -> Option<&ChatSettings> {
        let mut chats = self.settings.chats.iter().chain(self.alone.as_deref());
        chats.find(|chat| chat.name == name)
    }

    /// Handles events as they come, until `stop`. What is in hand then is finished first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn run(&self, stop: &CancellationToken) -> anyhow::Result<()> {
        CREW.run(self, &self.wake, stop).await
    }

    /// Handles what is due now. Returns how many events it took.
    ///
    /// # Errors
    /// If the database does not answer. An event that fails by itself is no error here: its row says so.
    pub async fn step(&self) -> anyhow::Result<usize> {
        CREW.step(self).await
    }

    /// Handles one event; what goes wrong is written to its row, and whoever waits for an answer hears that it failed.
    async fn settle(&self, claimed: Claimed, lease: Uuid) -> Result<(), sqlx::Error> {
        let (id, attempt) = (claimed.id, claimed.attempt);
        let event: Result<ChatEvent, _> = serde_json::from_value(claimed.event);
        let error = match event {
            Ok(event) => {
                let this = self.clone();
                let handled = event.clone();
                // A task of its own, so that a panic is this event's failure and nobody else's.
                let outcome =
                    tokio::spawn(async move { this.handle(id, attempt, &handled, lease).await });
                match outcome.await {
                    Ok(Ok(())) => {
                        // The next event of the conversation may go now.
                        self.wake.ring(Topic::Chat);
                        return Ok(());
                    }
                    Ok(Err(error)) => (error, Some(event)),
                    Err(panic) => (
                        anyhow::anyhow!("the program failed on it: {panic}"),
                        Some(event),
                    ),
                }
            }
            Err(error) => (
                anyhow::Error::new(error).context("the event cannot be read"),
                None,
            ),
        };
        self.fail(id, attempt, lease, &error.0, error.1.as_ref())
            .await
    }

    async fn handle(
        &self,
        id: i64,
        attempt: i32,
        event: &ChatEvent,
        lease: Uuid,
    ) -> anyhow::Result<()> {
        let chat = self.chat(&event.platform);
        let (Some(chat), Some(platform)) = (chat, self.platforms.get(&event.platform)) else {
            let gone = Deed::ignored("its chat is not in the configuration any more");
            return self.write(id, lease, &gone).await;
        };
        // What a person waits for is tried once.
        let last = attempt >= ATTEMPTS || has_answer(event).is_some();
        let (platform, now) = (platform.as_ref(), self.clock.now());
        let around = fetch::around(&self.pool, chat, platform, now, event, last).await?;
        let wanted = around
            .last()
            .map_or(fetch::files_of(event), |said| &said.files);
        let files = fetch::files(platform, &self.settings, wanted, last).await?;
        let mut tx = self.pool.begin().await?;
        let mut scene = Scene {
            conn: &mut tx,
            settings: &self.settings,
            numbers: &self.numbers,
            chat,
            now: self.clock.now(),
            event,
            files: &files,
            around: &around,
        };
        let deed = say::act(&mut scene).await?;
        let now = self.clock.now();
        if !store::settle(&mut tx, id, lease, now, &deed.settlement).await? {
            tx.rollback().await?;
            return Ok(());
        }
        tx.commit().await?;
        self.wake.ring(Topic::Outbox);
        tracing::info!(
            chat.event = id,
            ticket.id = deed.settlement.ticket.map(|id| id.0),
            state = deed.settlement.state,
            reason = deed.settlement.reason,
            "A chat event was settled"
        );
        if let Some(answer) = deed.answer {
            self.answer(platform, id, event, answer, deed.openly).await;
        }
        Ok(())
    }

    async fn write(&self, id: i64, lease: Uuid, deed: &Deed) -> anyhow::Result<()> {
        let mut conn = self.pool.acquire().await?;
        store::settle(&mut conn, id, lease, self.clock.now(), &deed.settlement).await?;
        Ok(())
    }

    /// Answers whoever did it. An answer that does not arrive is not repeated: what was done is done, and shows.
    async fn answer(
        &self,
        platform: &dyn ChatPlatform,
        id: i64,
        event: &ChatEvent,
        message: Message,
        openly: bool,
    ) {
        let chat = self.chat(&event.platform);
        let within_team = chat.is_some_and(|chat| chat.has_place(&event.place.place));
        let in_thread = !matches!(event.kind, EventKind::Reacted { .. });
        let act = match has_answer(event) {
            Some(handle) => Act::Answer {
                handle: handle.clone(),
                message,
                private: true,
            },
            None if (within_team || openly) && in_thread => Act::Post {
                place: event.place.clone(),
                message,
            },
            None => Act::Direct {
                user: event.who.id.clone(),
                message,
            },
        };
        let nonce = format!("fe{id}");
        match tokio::time::timeout(DEADLINE, platform.act(&act, Attempt::first(&nonce))).await {
            Ok(Ok(_)) => {}
            Ok(Err(failure)) => {
                tracing::warn!(chat.event = id, %failure, "An answer did not arrive")
            }
            Err(_) => tracing::warn!(chat.event = id, "An answer did not arrive in time"),
        }
    }

    /// What a person waits for is not tried again: they hear that it failed and type it again.
    async fn fail(
        &self,
        id: i64,
        attempt: i32,
        lease: Uuid,
        error: &anyhow::Error,
        event: Option<&ChatEvent>,
    ) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let waited_for = event.is_some_and(|event| has_answer(event).is_some());
        let due_at = event
            .filter(|_| !waited_for)
            .and_then(|_| retry_at(attempt, now));
        let words = format!("{error:#}");
        tracing::error!(
            chat.event = id,
            attempt,
            error = words,
            "A chat event could not be handled"
        );
        let mut tx = self.pool.begin().await?;
        let held = store::settle_failure(&mut tx, id, lease, now, due_at, &words).await?;
        if held && due_at.is_none() && !waited_for {
            let key = format!("chat event:{}", now.format("%Y-%m-%dT%H"));
            let text = format!(
                "What somebody wrote in chat could not be handled: {words}. It is kept in row {id} of chat_event, with those of \
                 this hour that follow."
            );
            let alarm = Happening::Alarm {
                key: &key,
                text: &text,
            };
            notify::publish(&mut tx, &self.settings, now, &alarm).await?;
        }
        tx.commit().await?;
        let Some(event) = event.filter(|_| held && due_at.is_none()) else {
            return Ok(());
        };
        if let Some(platform) = self.platforms.get(&event.platform) {
            let told = Message::text(Reported::new(error).to_string());
            self.answer(platform.as_ref(), id, event, told, false).await;
        }
        Ok(())
    }
}

impl Work for Handler {
    type Row = (Claimed, Uuid);

    async fn claim(&self, most: i64) -> Result<Vec<Self::Row>, sqlx::Error> {
        let lease = Uuid::now_v7();
        let now = self.clock.now();
        let mut claims = self.claims.acquire().await?;
        let only = self.alone.as_ref().map(|chat| chat.name.as_str());
        let events = store::claim(&mut claims, lease, now, now + LEASE, most, only).await?;
        Ok(events.into_iter().map(|event| (event, lease)).collect())
    }

    async fn work(
        self,
        (event, lease): Self::Row,
        _stop: CancellationToken,
    ) -> Result<(), sqlx::Error> {
        self.settle(event, lease).await
    }
}

/// By what an event is answered, where it is an interaction.
pub(super) fn has_answer(event: &ChatEvent) -> Option<&AnswerHandle> {
    match &event.kind {
        EventKind::Command { answer, .. }
        | EventKind::Completing { answer, .. }
        | EventKind::Pressed { answer, .. }
        | EventKind::Submitted { answer, .. }
        | EventKind::OnPerson { answer, .. }
        | EventKind::Shortcut { answer, .. } => Some(answer),
        EventKind::Posted { .. }
        | EventKind::Edited { .. }
        | EventKind::Deleted { .. }
        | EventKind::Reacted { .. } => None,
    }
}

/// When an event that failed `attempt` times is tried again.
fn retry_at(attempt: i32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let seconds = match attempt {
        ..=1 => 1,
        2 => 5,
        3 => 30,
        4 => 120,
        _ => return None,
    };
    Some(now + TimeDelta::seconds(seconds))
}
