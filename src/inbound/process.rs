//! The worker that takes stored mails and settles them, several threads of conversation at a time.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgPool};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::act::{self, Deed};
use super::store::{self, Claimed};
use super::{bounds, facts, route};
use crate::clock::Clock;
use crate::config::Settings;
use crate::config::service::MailboxSettings;
use crate::ids::InboundId;
use crate::mail::message::{Notice, UnderstoodMail};
use crate::notify::{self, Happening};
use crate::wake::{Topic, Wake};

/// How many mails one worker has in hand at a time.
const IN_HAND: i64 = 48;

/// How many of them are in a transaction at a time: enough that their commits share a flush of the log.
const AT_ONCE: usize = 8;

/// How long a worker may take for what it has in hand before another takes it over.
const LEASE: TimeDelta = TimeDelta::seconds(20);

/// How often a mail whose processing fails is tried.
const ATTEMPTS: i32 = 5;

/// How often the table is looked at when nobody rings.
const POLL: Duration = Duration::from_secs(2);

/// Turns stored mails into tickets and comments.
#[derive(Debug, Clone)]
pub struct Processor {
    pub(super) pool: PgPool,
    claims: PgPool,
    pub(super) numbers: PgPool,
    pub(super) settings: Arc<Settings>,
    pub(super) clock: Clock,
    wake: Wake,
}

/// A mail in hand, and what it says where it has been read already.
#[derive(Debug, Clone)]
pub(super) struct InHand {
    pub(super) claimed: Claimed,
    pub(super) mail: Option<UnderstoodMail>,
}

impl Processor {
    /// A processor on `pool`; mails are claimed on `claims`, and ticket numbers reserved on `numbers`.
    #[must_use]
    pub fn new(
        pool: PgPool,
        claims: PgPool,
        numbers: PgPool,
        settings: Arc<Settings>,
        clock: Clock,
        wake: Wake,
    ) -> Self {
        Self {
            pool,
            claims,
            numbers,
            settings,
            clock,
            wake,
        }
    }

    /// Processes mails as they come, until `stop`. What is in hand then is finished first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn run(&self, stop: &CancellationToken) -> anyhow::Result<()> {
        while !stop.is_cancelled() {
            if self.step().await? == 0 {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = self.wake.wait(Topic::Inbound, POLL) => {}
                }
            }
        }
        Ok(())
    }

    /// Takes the mails that are due now and settles each. Returns how many it took.
    ///
    /// # Errors
    /// If the database does not answer. A mail that fails by itself is no error here: its row says so.
    pub async fn step(&self) -> anyhow::Result<usize> {
        let now = self.clock.now();
        let lease = Uuid::now_v7();
        let mut claims = self.claims.acquire().await?;
        let claimed = store::claim(&mut claims, lease, now, now + LEASE, IN_HAND).await?;
        drop(claims);
        let taken = claimed.len();
        let in_hand = |claimed| InHand {
            claimed,
            mail: None,
        };
        let (suspects, others): (Vec<InHand>, Vec<InHand>) = claimed
            .into_iter()
            .map(in_hand)
            .partition(|mail| mail.claimed.attempt > store::SUSPECT);
        let others = self.open_together(others, lease).await;
        self.settle_all(others, lease, AT_ONCE).await?;
        // Alone, when all others are settled: it may end the process.
        self.settle_all(suspects, lease, 1).await?;
        if taken > 0 {
            self.wake.ring(Topic::Outbox);
        }
        Ok(taken)
    }

    /// Settles mails, `at_once` at a time.
    async fn settle_all(
        &self,
        mails: Vec<InHand>,
        lease: Uuid,
        at_once: usize,
    ) -> anyhow::Result<()> {
        let mut waiting = mails.into_iter();
        let mut running = JoinSet::new();
        loop {
            while running.len() < at_once
                && let Some(mail) = waiting.next()
            {
                let this = self.clone();
                running.spawn(async move { this.settle(mail, lease).await });
            }
            let Some(finished) = running.join_next().await else {
                return Ok(());
            };
            finished.context("a mail's settling panicked")??;
        }
    }

    /// Handles one mail; what goes wrong is written to its row.
    async fn settle(&self, mail: InHand, lease: Uuid) -> Result<(), sqlx::Error> {
        let (id, attempt) = (mail.claimed.id, mail.claimed.attempt);
        let mailbox = mail.claimed.mailbox.clone();
        let this = self.clone();
        // A task of its own, so that a panic is this mail's failure and nobody else's.
        let handled = tokio::spawn(async move { this.handle(mail, lease).await }).await;
        let error = match handled {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => format!("{error:#}"),
            Err(panic) => format!("the program failed on it: {panic}"),
        };
        let now = self.clock.now();
        let due_at = retry_at(attempt, now);
        tracing::error!(
            inbound.id = id.0,
            attempt,
            error,
            "A mail could not be processed"
        );
        let mut tx = self.pool.begin().await?;
        let held = store::settle_failure(&mut tx, id, lease, now, due_at, &error).await?;
        if held && due_at.is_none() {
            self.alarm(&mut tx, &mailbox, id, "failed", Some(&error), now)
                .await?;
        }
        tx.commit().await
    }

    /// Tells the operators of a mail that a person has to look at; once an hour and mailbox.
    async fn alarm(
        &self,
        conn: &mut PgConnection,
        mailbox: &str,
        id: InboundId,
        state: &str,
        reason: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let key = format!("{state}:{mailbox}:{}", now.format("%Y-%m-%dT%H"));
        let text = format!(
            "A mail to the mailbox {mailbox} was {state}: {}. It is kept whole: `frontdesk inbound show {id}` shows \
             it, `frontdesk inbound replay {id}` processes it again, and `frontdesk inbound list` names those of this \
             hour that follow, which are not told one by one.",
            reason.unwrap_or("no reason was given")
        );
        let alarm = Happening::Alarm {
            key: &key,
            text: &text,
        };
        notify::publish(conn, &self.settings, now, &alarm).await?;
        Ok(())
    }

    async fn handle(&self, mail: InHand, lease: Uuid) -> anyhow::Result<()> {
        let InHand { claimed, mail } = mail;
        let id = claimed.id;
        let (claimed_in, answering) = (claimed.mailbox.clone(), claimed.answering);
        // Its failures were never written down: it took the whole process with it.
        let deadly = claimed.attempt > ATTEMPTS;
        let understood = match mail {
            None if !deadly => self.understand(&claimed).await?,
            read => read,
        };
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let deed = match understood {
            Some(mail) => self.act(&mut tx, &claimed, mail, now).await?,
            None if deadly => {
                Deed::quarantined("the program stopped each time it tried to process it")
            }
            None => Deed::quarantined("it took too long to parse"),
        };
        if deed.state == "quarantined" && answering {
            self.alarm(
                &mut tx,
                &claimed_in,
                id,
                "quarantined",
                deed.reason.as_deref(),
                now,
            )
            .await?;
        }
        if !store::settle(&mut tx, id, lease, now, deed.settlement()).await? {
            tx.rollback().await?;
            return Ok(());
        }
        tx.commit().await?;
        log(id, &deed);
        Ok(())
    }

    /// Parses the mail off the runtime's threads. `None` if it takes longer than the configured limit.
    pub(super) async fn understand(
        &self,
        claimed: &Claimed,
    ) -> anyhow::Result<Option<UnderstoodMail>> {
        let limits = self.settings.limits;
        let raw = claimed.raw.clone();
        let parsing = tokio::task::spawn_blocking(move || crate::mail::understand(&raw, &limits));
        let deadline = Duration::from_millis(limits.parse_millis);
        let Ok(understood) = tokio::time::timeout(deadline, parsing).await else {
            return Ok(None);
        };
        let mut understood = understood.context("the parser panicked")?;
        bounds::keep(&mut understood);
        if claimed.truncated {
            let bytes = u64::try_from(claimed.size).unwrap_or(0);
            understood
                .mail
                .notices
                .push(Notice::MessageTooLarge { bytes });
        }
        Ok(Some(understood))
    }

    async fn act(
        &self,
        conn: &mut PgConnection,
        claimed: &Claimed,
        mail: UnderstoodMail,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Deed> {
        let mailbox = self.mailbox(claimed)?;
        let facts = facts::load(conn, &self.settings, mailbox, claimed.into(), &mail, now).await?;
        let route = route::route(&mail, &facts, &self.settings.desk, now);
        let scene = act::Scene {
            settings: &self.settings,
            numbers: &self.numbers,
            mailbox,
            claimed,
            mail: &mail,
            facts: &facts,
            // An archive's tickets are as old as its mails.
            now: match mail.mail.date {
                Some(date) if !claimed.answering && bounds::is_past(date, now) => date,
                _ => now,
            },
        };
        let mut deed = act::carry_out(conn, &scene, route).await?;
        deed.sender = mail.sender();
        Ok(deed)
    }

    /// The mailbox it came to; the first one where that is not in the configuration any more.
    pub(super) fn mailbox(&self, claimed: &Claimed) -> anyhow::Result<&MailboxSettings> {
        let mailboxes = &self.settings.mailboxes;
        mailboxes
            .iter()
            .find(|mailbox| mailbox.name == claimed.mailbox)
            .or(mailboxes.first())
            .context("no mailbox is configured")
    }
}

pub(super) fn log(id: InboundId, deed: &Deed) {
    tracing::info!(
        inbound.id = id.0,
        ticket.id = deed.ticket_id.map(|id| id.0),
        state = deed.state,
        reason = deed.reason,
        "A mail was settled"
    );
}

/// When a mail that failed `attempt` times is tried again.
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
