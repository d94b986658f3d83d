//! The worker that empties the chat half of the outbox.
//!
//! It works like the one for mail: claimed under a lease, done outside any transaction under a name that is the same at
//! every attempt, settled with what is remembered of it in one transaction.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::chat::{Act, Attempt, ChatFailure, ChatPlatform, Done, Platforms};
use crate::clock::Clock;
use crate::config::Settings;
use crate::crew::{self, Crew, Work};
use crate::desk::{self, Context, DeskError};
use crate::notify::posts::{self, Post, PostError};
use crate::notify::render::Templates;
use crate::notify::{self, Happening};
use crate::outbox::backoff::{self, Trouble};
use crate::outbox::store::{self, Claimed};
use crate::outbox::{Audience, Channel};
use crate::ticket::Actor;
use crate::ticket::timeline::{self, NewEvent};
use crate::wake::{Topic, Wake};

/// How long one act may take; the platforms' own limits on requests make some wait for others.
const DEADLINE: Duration = Duration::from_secs(60);
/// How long a row may take with all its acts, and be settled.
const LEASE: TimeDelta = TimeDelta::seconds(180);
/// How many rows are on their way at once, and how often the outbox is looked at when nobody rings: rows also become due
/// by time alone.
const CREW: Crew = Crew {
    places: 8,
    topic: Topic::Posts,
    poll: Duration::from_secs(1),
};

/// Posts what the outbox holds for chat.
#[derive(Debug, Clone)]
pub struct Poster {
    pool: PgPool,
    claims: PgPool,
    settings: Arc<Settings>,
    templates: Arc<Templates>,
    platforms: Arc<Platforms>,
    clock: Clock,
    wake: Wake,
}

/// Why a row was not posted.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Post(#[from] PostError),
    #[error(transparent)]
    Chat(#[from] ChatFailure),
    #[error("the platform did not answer within {} seconds", DEADLINE.as_secs())]
    Deadline,
    #[error("the ticket's thread is not open yet")]
    NotYet,
    #[error("there is no chat {0} in the configuration")]
    NoPlatform(String),
}

impl Poster {
    /// A poster to `platforms`; rows are claimed on the pool of their own, `claims`.
    #[must_use]
    pub fn new(
        pool: PgPool,
        claims: PgPool,
        settings: Arc<Settings>,
        templates: Arc<Templates>,
        platforms: Arc<Platforms>,
        clock: Clock,
        wake: Wake,
    ) -> Self {
        Self {
            pool,
            claims,
            settings,
            templates,
            platforms,
            clock,
            wake,
        }
    }

    /// Posts rows as they become due, until `stop`; what is on its way then is settled first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn run(&self, stop: &CancellationToken) -> anyhow::Result<()> {
        CREW.run(self, &self.wake, stop).await
    }

    /// Posts what is due now. Returns how many rows it took.
    ///
    /// # Errors
    /// If the database does not answer. A row that cannot be posted is no error here: the row says so.
    pub async fn step(&self) -> anyhow::Result<usize> {
        CREW.step(self).await
    }

    async fn post(
        &self,
        row: Claimed,
        lease: Uuid,
        stop: &CancellationToken,
    ) -> Result<(), sqlx::Error> {
        let begun = std::time::Instant::now();
        let sent = self.send(&row).await?;
        let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        match sent {
            Ok(done) => {
                tracing::info!(
                    delivery.id = row.id.0,
                    place = row.address,
                    duration_ms,
                    "A post was made"
                );
                crew::settle_at_last(row.id.0, stop, || self.settle_done(&row, lease, &done))
                    .await?;
                // The next row of the conversation may go now.
                self.wake.ring(Topic::Posts);
                Ok(())
            }
            Err(failure) => {
                let error = failure.to_string();
                tracing::warn!(
                    delivery.id = row.id.0,
                    place = row.address,
                    attempt = row.attempt,
                    error,
                    "A post was not made"
                );
                self.settle_failure(&row, lease, &failure, &error).await
            }
        }
    }

    /// Does what the row asks for. The outcome is that of the first act; the others are changes to posts that are known.
    async fn send(&self, row: &Claimed) -> Result<Result<Done, Failure>, sqlx::Error> {
        let name = posts::platform_of(&row.draft);
        let Some(platform) = self.platforms.get(name) else {
            return Ok(Err(Failure::NoPlatform(name.to_owned())));
        };
        let mut conn = self.pool.acquire().await?;
        let now = self.clock.now();
        let post = posts::write(&mut conn, &self.settings, &self.templates, now, row).await?;
        drop(conn);
        let acts = match post {
            Ok(Post::Acts(acts)) => acts,
            Ok(Post::Nothing) => return Ok(Ok(Done::default())),
            Ok(Post::NotYet) => return Ok(Err(Failure::NotYet)),
            Err(error) => return Ok(Err(error.into())),
        };
        let mut outcome = None;
        for (at, act) in acts.iter().enumerate() {
            let attempt = Attempt {
                nonce: &format!("fd{}-{at}", row.id),
                tried_since: (row.attempt > 1).then_some(row.created_at),
            };
            match carry_out(platform.as_ref(), act, attempt).await {
                Ok(done) => _ = outcome.get_or_insert(done),
                Err(failure) => return Ok(Err(failure)),
            }
        }
        Ok(Ok(outcome.unwrap_or_default()))
    }

    async fn settle_done(
        &self,
        row: &Claimed,
        lease: Uuid,
        done: &Done,
    ) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if !store::settle_sent(&mut tx, row.id, lease, now, None).await? {
            return tx.rollback().await;
        }
        posts::settle(&mut tx, now, row, done).await?;
        tx.commit().await
    }

    async fn settle_failure(
        &self,
        row: &Claimed,
        lease: Uuid,
        failure: &Failure,
        error: &str,
    ) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let retry_hours = self.settings.outgoing.retry_hours;
        let due_at = failure.trouble().and_then(|trouble| {
            let jitter = rand::random();
            let next = backoff::next_attempt(
                trouble,
                row.attempt,
                row.created_at,
                retry_hours,
                now,
                jitter,
            );
            // The platform knows better than a guess.
            next.map(|next| failure.retry_after().map_or(next, |after| now + after))
        });
        let mut tx = self.pool.begin().await?;
        if !store::settle_failure(&mut tx, row.id, lease, now, due_at, error).await? {
            return tx.rollback().await;
        }
        if due_at.is_none() && !posts::lost(&mut tx, &self.settings, now, row).await? {
            self.give_up(&mut tx, row, error).await?;
        }
        if let Failure::Chat(ChatFailure::Credential(_)) = failure {
            let platform = posts::platform_of(&row.draft);
            let key = format!("credential:chat:{platform}:{}", now.format("%Y-%m-%d"));
            let text = format!(
                "The chat {platform} refuses the login: {error}. Posts wait in the outbox and go out by themselves once \
                 the token is right."
            );
            self.alarm(&mut tx, &key, &text).await?;
        }
        tx.commit().await?;
        self.wake.ring(Topic::Outbox);
        Ok(())
    }

    /// What was for a person alone goes to them by mail. Another post that was given up stands on its ticket, and the operators hear of it, once an hour and place.
    async fn give_up(
        &self,
        conn: &mut PgConnection,
        row: &Claimed,
        error: &str,
    ) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        if notify::mail_instead(conn, &self.settings, now, row).await? {
            return Ok(());
        }
        if row.audience == Audience::Customer {
            return self.tell_author(conn, row, error).await;
        }
        if row.audience == Audience::Operator {
            // An alarm about it would go the same way.
            tracing::error!(delivery.id = row.id.0, %error, "The operators could not be told in chat");
            return Ok(());
        }
        if let Some(ticket) = row.ticket_id {
            let event = NewEvent {
                kind: "post_failed",
                new: Some(&row.address),
                reason: Some(error),
                comment_id: row.comment_id,
                outbox_id: Some(row.id),
                ..NewEvent::default()
            };
            timeline::add_events(conn, ticket, Actor::System, now, &[event]).await?;
        }
        let key = format!("post:{}:{}", row.address, now.format("%Y-%m-%dT%H"));
        let text = format!(
            "A post to {} was given up: {error}. `frontdesk outbox list --state dead` names it and those of this hour that \
             follow, `frontdesk outbox retry` sends them again.",
            row.address
        );
        self.alarm(conn, &key, &text).await
    }

    /// A customer was not reached, in chat or by mail: that stands on the ticket, and whoever wrote to them is told.
    async fn tell_author(
        &self,
        conn: &mut PgConnection,
        row: &Claimed,
        error: &str,
    ) -> Result<(), sqlx::Error> {
        let Some(row) = store::get(conn, row.id).await? else {
            return Ok(());
        };
        let ctx = Context {
            settings: &self.settings,
            now: self.clock.now(),
            actor: Actor::System,
            answering: true,
        };
        match desk::given_up(conn, &ctx, &row, error).await {
            Err(DeskError::Database(error)) => Err(error),
            Err(error) => {
                tracing::error!(delivery.id = row.id.0, %error, "A failed post could not be put on its ticket");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    async fn alarm(
        &self,
        conn: &mut PgConnection,
        key: &str,
        text: &str,
    ) -> Result<(), sqlx::Error> {
        let alarm = Happening::Alarm { key, text };
        notify::publish(conn, &self.settings, self.clock.now(), &alarm).await?;
        Ok(())
    }
}

impl Work for Poster {
    type Row = (Claimed, Uuid);

    async fn claim(&self, most: i64) -> Result<Vec<Self::Row>, sqlx::Error> {
        let lease = Uuid::now_v7();
        let now = self.clock.now();
        let mut claims = self.claims.acquire().await?;
        let rows = store::claim(&mut claims, Channel::Chat, lease, now, now + LEASE, most).await?;
        Ok(rows.into_iter().map(|row| (row, lease)).collect())
    }

    async fn work(
        self,
        (row, lease): Self::Row,
        stop: CancellationToken,
    ) -> Result<(), sqlx::Error> {
        self.post(row, lease, &stop).await
    }
}

/// Does one thing within the deadline. What was to be taken away and is not there is away.
async fn carry_out(
    platform: &dyn ChatPlatform,
    act: &Act,
    attempt: Attempt<'_>,
) -> Result<Done, Failure> {
    let done = tokio::time::timeout(DEADLINE, platform.act(act, attempt)).await;
    match (done, act) {
        (Ok(Err(ChatFailure::Permanent { .. })), Act::Delete { .. }) => Ok(Done::default()),
        (Ok(done), _) => Ok(done?),
        (Err(_), _) => Err(Failure::Deadline),
    }
}

impl Failure {
    /// What kind of trouble it is, if another attempt may go better.
    fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Post(_) | Self::NoPlatform(_) | Self::Chat(ChatFailure::Permanent { .. }) => None,
            Self::Chat(_) | Self::Deadline | Self::NotYet => Some(Trouble::Server),
        }
    }

    fn retry_after(&self) -> Option<TimeDelta> {
        match self {
            Self::Chat(ChatFailure::Transient {
                retry_after: Some(after),
                ..
            }) => TimeDelta::from_std(*after).ok(),
            _ => None,
        }
    }
}
