//! The worker that empties the outbox.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::clock::Clock;
use crate::config::Settings;
use crate::config::service::OutgoingRoute;
use crate::crew::{self, Crew, Work};
use crate::desk::{self, Context};
use crate::mail::smtp::{Accepted, Mailer, SendFailure};
use crate::notify::letter::{self, Letter, LetterError};
use crate::notify::render::Templates;
use crate::notify::{self, Happening};
use crate::outbox::backoff::{self, Trouble};
use crate::outbox::store::{self, Claimed};
use crate::outbox::{Audience, Channel};
use crate::people;
use crate::telemetry::mask_address;
use crate::ticket::{Actor, thread};
use crate::wake::{Topic, Wake};

/// How often the outbox is looked at when nobody rings: rows also become due by time alone.
const POLL: Duration = Duration::from_secs(1);

/// After so long without a server the operators are told.
const SILENCE: TimeDelta = TimeDelta::hours(1);

/// What a lease leaves for writing the letter and settling, beyond the servers' own deadlines.
const MARGIN: TimeDelta = TimeDelta::seconds(15);

/// Sends the mail that the outbox holds.
#[derive(Debug, Clone)]
pub struct Deliverer {
    pool: PgPool,
    claims: PgPool,
    settings: Arc<Settings>,
    templates: Arc<Templates>,
    mailer: Arc<Mailer>,
    clock: Clock,
    wake: Wake,
}

/// Why a row was not sent.
enum Failure {
    Letter(LetterError),
    /// Its reader may not be written to any more.
    Barred(&'static str),
    Send(SendFailure),
}

impl Deliverer {
    /// A deliverer of mail through `mailer`; rows are claimed on the pool of their own, `claims`.
    #[must_use]
    pub fn new(
        pool: PgPool,
        claims: PgPool,
        settings: Arc<Settings>,
        templates: Arc<Templates>,
        mailer: Arc<Mailer>,
        clock: Clock,
        wake: Wake,
    ) -> Self {
        Self {
            pool,
            claims,
            settings,
            templates,
            mailer,
            clock,
            wake,
        }
    }

    /// Sends rows as they become due, until `stop`; what is on its way then is settled first. A slow server
    /// holds up only the rows it has.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn run(&self, stop: &CancellationToken) -> anyhow::Result<()> {
        self.crew().run(self, &self.wake, stop).await
    }

    /// Sends what is due now. Returns how many rows it took.
    ///
    /// # Errors
    /// If the database does not answer. A row that cannot be sent is no error here: the row says so.
    pub async fn step(&self) -> anyhow::Result<usize> {
        self.crew().step(self).await
    }

    fn crew(&self) -> Crew {
        Crew {
            places: usize::try_from(self.settings.outgoing.concurrency.max(1)).unwrap_or(1),
            topic: Topic::Outbox,
            poll: POLL,
        }
    }

    /// How long one row may take: each server's deadline in turn, twice where a turn is waited for first, and a margin.
    fn lease(&self) -> TimeDelta {
        let servers = match &self.settings.outgoing.route {
            OutgoingRoute::Smtp(servers) => servers.as_slice(),
            OutgoingRoute::Folder(_) => &[],
        };
        let seconds: u32 = servers
            .iter()
            .map(|server| match server.per_minute {
                Some(_) => server.timeout_seconds.saturating_mul(2),
                None => server.timeout_seconds,
            })
            .sum();
        MARGIN + TimeDelta::seconds(seconds.into())
    }

    async fn deliver(
        &self,
        row: Claimed,
        lease: Uuid,
        stop: &CancellationToken,
    ) -> Result<(), sqlx::Error> {
        let begun = std::time::Instant::now();
        let sent = self.send(&row).await?;
        let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let to = mask_address(&row.address);
        match sent {
            Ok(accepted) => {
                tracing::info!(
                    delivery.id = row.id.0,
                    to,
                    by = accepted.by,
                    duration_ms,
                    "A mail was sent"
                );
                crew::settle_at_last(row.id.0, stop, || self.settle_sent(&row, lease, &accepted))
                    .await
            }
            Err(failure) => {
                let error = failure.to_string();
                tracing::warn!(
                    delivery.id = row.id.0,
                    to,
                    attempt = row.attempt,
                    error,
                    "A mail was not sent"
                );
                self.settle_failure(&row, lease, &failure, &error).await
            }
        }
    }

    async fn send(&self, row: &Claimed) -> Result<Result<Accepted, Failure>, sqlx::Error> {
        if let Some(why) = self.barred(row).await? {
            return Ok(Err(Failure::Barred(why)));
        }
        let letter = match self.letter(row).await? {
            Ok(letter) => letter,
            Err(error) => return Ok(Err(Failure::Letter(error))),
        };
        let from = letter.envelope_from.as_deref();
        let sent = self.mailer.send(from, &letter.envelope_to, &letter.bytes);
        Ok(sent.await.map_err(Failure::Send))
    }

    /// Why a reader may not be written to any more, where that came about while the mail waited.
    async fn barred(&self, row: &Claimed) -> Result<Option<&'static str>, sqlx::Error> {
        let mut conn = self.pool.acquire().await?;
        let standing =
            people::standing::standing(&mut conn, &row.address, row.recipient_id).await?;
        let staff = row.audience == Audience::Staff;
        Ok(if standing.suppressed {
            Some("the address is suppressed, since mail to it came back")
        } else if standing.disabled && staff {
            Some("the agent is disabled")
        } else {
            None
        })
    }

    async fn letter(&self, row: &Claimed) -> Result<Result<Letter, LetterError>, sqlx::Error> {
        let mut conn = self.pool.acquire().await?;
        let enclosed = letter::enclose(&mut conn, row).await?;
        let now = self.clock.now();
        Ok(letter::write(
            &self.settings,
            &self.templates,
            now,
            row,
            enclosed,
        ))
    }

    async fn settle_sent(
        &self,
        row: &Claimed,
        lease: Uuid,
        accepted: &Accepted,
    ) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let provider_id = provider_id(&accepted.reply);
        let mut conn = self.pool.acquire().await?;
        if let (Some(ticket), Some(id)) = (row.ticket_id, &provider_id) {
            // First, and whoever holds the lease by now: the mail bears this id, and noting it again is harmless.
            thread::remember(&mut conn, now, ticket, std::slice::from_ref(id)).await?;
        }
        store::settle_sent(&mut conn, row.id, lease, now, provider_id.as_deref()).await?;
        if let Some(error) = &accepted.refused_login {
            self.alarm_of_login(&mut conn, error).await?;
        }
        Ok(())
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
            backoff::next_attempt(
                trouble,
                row.attempt,
                row.created_at,
                retry_hours,
                now,
                jitter,
            )
        });
        let mut tx = self.pool.begin().await?;
        if !store::settle_failure(&mut tx, row.id, lease, now, due_at, error).await? {
            return tx.rollback().await;
        }
        if due_at.is_none() {
            self.give_up(&mut tx, row, error).await?;
        }
        match failure {
            Failure::Send(SendFailure::Credential(_)) => {
                self.alarm_of_login(&mut tx, error).await?;
            }
            Failure::Send(SendFailure::Unreachable(_)) if now - row.created_at > SILENCE => {
                self.alarm_of_silence(&mut tx, error).await?;
            }
            _ => {}
        }
        tx.commit().await?;
        self.wake.ring(Topic::Outbox);
        Ok(())
    }

    /// The desk hears of a row that was given up.
    async fn give_up(
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
            Err(desk::DeskError::Database(error)) => Err(error),
            Err(error) => {
                tracing::error!(delivery.id = row.id.0, %error, "A failed delivery could not be put on its ticket");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    async fn alarm_of_login(
        &self,
        conn: &mut PgConnection,
        error: &str,
    ) -> Result<(), sqlx::Error> {
        let text = format!(
            "A mail server refuses the login for outgoing mail: {error}. Mail that no other server takes waits in the \
             outbox and goes out by itself once the credentials are right."
        );
        self.alarm(conn, "credential", &text).await
    }

    async fn alarm_of_silence(
        &self,
        conn: &mut PgConnection,
        error: &str,
    ) -> Result<(), sqlx::Error> {
        let text = format!(
            "Outgoing mail has been waiting for more than an hour, since no server can be reached: {error}. It is tried \
             again and goes out by itself."
        );
        self.alarm(conn, "unreachable", &text).await
    }

    /// Tells the operators, once a day.
    async fn alarm(
        &self,
        conn: &mut PgConnection,
        matter: &str,
        text: &str,
    ) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let key = format!("{matter}:outgoing:{}", now.format("%Y-%m-%d"));
        let alarm = Happening::Alarm { key: &key, text };
        notify::publish(conn, &self.settings, now, &alarm).await?;
        Ok(())
    }
}

impl Work for Deliverer {
    type Row = (Claimed, Uuid);

    async fn claim(&self, most: i64) -> Result<Vec<Self::Row>, sqlx::Error> {
        let lease = Uuid::now_v7();
        let now = self.clock.now();
        let until = now + self.lease();
        let mut claims = self.claims.acquire().await?;
        let rows = store::claim(&mut claims, Channel::Mail, lease, now, until, most).await?;
        Ok(rows.into_iter().map(|row| (row, lease)).collect())
    }

    async fn work(
        self,
        (row, lease): Self::Row,
        stop: CancellationToken,
    ) -> Result<(), sqlx::Error> {
        self.deliver(row, lease, &stop).await
    }
}

impl Failure {
    /// What kind of trouble it is, if another attempt may go better.
    fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Letter(_) | Self::Barred(_) | Self::Send(SendFailure::Permanent { .. }) => None,
            Self::Send(SendFailure::Transient { .. }) => Some(Trouble::Message),
            Self::Send(SendFailure::Credential(_) | SendFailure::Unreachable(_)) => {
                Some(Trouble::Server)
            }
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Letter(error) => error.fmt(f),
            Self::Barred(why) => f.write_str(why),
            Self::Send(error) => error.fmt(f),
        }
    }
}

/// The id that Amazon SES gives a message in place of ours: the last word of its 250 reply, on whose
/// domain it puts the Message-ID that readers see and answer to. Other servers keep our id.
fn provider_id(reply: &str) -> Option<String> {
    let word = reply.split_whitespace().last()?;
    let long = word.len() >= 40;
    let plain = word.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    (long && plain && word.contains('-')).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::provider_id;

    #[test]
    fn the_id_of_a_provider_that_replaces_ours_is_kept() {
        let ses = "250 Ok 0100018c7f2b0d7e-9a3b1c52-0d5e-4c7a-8b8b-2f6c1f0f9d11-000000";
        assert_eq!(
            provider_id(ses).as_deref(),
            Some("0100018c7f2b0d7e-9a3b1c52-0d5e-4c7a-8b8b-2f6c1f0f9d11-000000")
        );
        assert_eq!(provider_id("250 2.0.0 Ok: queued as 4F1C22A0"), None);
    }
}
