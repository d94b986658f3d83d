//! The tick: which slots are due, who runs them, and what becomes of them.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use super::job::{self, Done};
use super::store::{self, Outcome, Standing};
use super::{awakenings, bulk, reminders, sharing, targets};
use crate::clock::Clock;
use crate::config::Settings;
use crate::config::schedule::{Missed, ScheduleSettings};
use crate::notify::{self, Happening};
use crate::wake::{Topic, Wake};

/// How often the clock is looked at.
const EVERY: Duration = Duration::from_secs(5);

/// A slot that is this late counts as missed by schedules that pass missed slots over.
const LATE: TimeDelta = TimeDelta::minutes(10);

/// How long a slot that has more to do rests: automatic mail is counted by the minute.
const REST: TimeDelta = TimeDelta::seconds(60);

/// How often a slot that fails is tried, a minute longer apart each time.
const ATTEMPTS: i32 = 5;

/// How long settled slots are remembered.
const REMEMBERED: TimeDelta = TimeDelta::days(35);

/// Runs the desk's schedules.
#[derive(Debug, Clone)]
pub struct Ticker {
    pool: PgPool,
    settings: Arc<Settings>,
    clock: Clock,
    wake: Wake,
}

/// How a job is run by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// In earnest; the slot counts as taken.
    Real,
    /// Only to see what it would do.
    Dry,
}

impl Ticker {
    /// A ticker on `pool`.
    #[must_use]
    pub fn new(pool: PgPool, settings: Arc<Settings>, clock: Clock, wake: Wake) -> Self {
        Self {
            pool,
            settings,
            clock,
            wake,
        }
    }

    /// Looks at the clock every few seconds, until `stop`; `sign` is called each time.
    ///
    /// # Errors
    /// If the database does not answer. A job that fails is no error here: its schedule says so.
    pub async fn run(&self, stop: &CancellationToken, sign: impl Fn()) -> anyhow::Result<()> {
        while !stop.is_cancelled() {
            sign();
            self.step().await?;
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
        Ok(())
    }

    /// Runs what is due now: the slots of schedules, what is left of changes to many tickets, tickets that were put off or
    /// that nobody has, reminders, and the watch over service levels. Returns how many slots were
    /// worked. Where nothing is due it only looks.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn step(&self) -> anyhow::Result<usize> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let standings = store::standings(&mut conn, now - REST).await?;
        let mut worked = 0;
        for schedule in &self.settings.schedules {
            let standing = standings.iter().find(|one| one.name == schedule.name);
            match standing.filter(|one| one.rule == schedule.rule()) {
                None => store::begin(&mut conn, schedule, now).await?,
                Some(standing) => {
                    worked += usize::from(self.tick(&mut conn, schedule, standing, now).await?);
                }
            }
        }
        let changed = bulk::carry_on(&mut conn, &self.pool, &self.settings, now).await?
            + awakenings::wake(&mut conn, &self.settings, now).await?
            + sharing::share(&mut conn, &self.settings, now).await?;
        let reminded = reminders::send(&mut conn, &self.settings, now).await?;
        if changed + reminded + targets::watch(&mut conn, &self.settings, now).await? > 0 {
            self.wake.ring(Topic::Outbox);
        }
        Ok(worked)
    }

    /// Works a schedule's slot, if one is due. Returns whether it did.
    async fn tick(
        &self,
        conn: &mut PgConnection,
        schedule: &ScheduleSettings,
        standing: &Standing,
        now: DateTime<Utc>,
    ) -> anyhow::Result<bool> {
        if standing.retry_at.is_some_and(|at| at > now) {
            return Ok(false);
        }
        let mut due = schedule.slots(standing.last_at, now);
        let (slot, missed) = match due.next() {
            Some(first) => due.fold((first, 0), |(_, missed), slot| (slot, missed + 1)),
            None => match standing.unfinished {
                Some(slot) => return self.resume(conn, schedule, slot, now).await,
                None => return Ok(false),
            },
        };
        let outcome = self.work(conn, schedule, slot, missed, now).await;
        match outcome {
            Ok(worked) => Ok(worked),
            Err(error) => {
                self.failed(conn, schedule, slot, missed, &error, now)
                    .await?;
                Ok(false)
            }
        }
    }

    /// Takes a slot and runs it, in one transaction.
    async fn work(
        &self,
        conn: &mut PgConnection,
        schedule: &ScheduleSettings,
        slot: DateTime<Utc>,
        missed: i32,
        now: DateTime<Utc>,
    ) -> anyhow::Result<bool> {
        let mut tx = conn.begin().await?;
        if !store::take(&mut tx, &schedule.name, slot, missed, now).await? {
            tx.commit().await?;
            return Ok(false);
        }
        if schedule.missed == Missed::Skip && now - slot > LATE {
            store::settle(&mut tx, &schedule.name, slot, Outcome::Skipped, 0, now).await?;
            tx.commit().await?;
            tracing::warn!(schedule = schedule.name, %slot, missed, "A missed slot was passed over");
            return Ok(true);
        }
        store::forget(&mut tx, &schedule.name, now - REMEMBERED).await?;
        let done = job::run(&mut tx, &self.settings, schedule.job, now).await?;
        settle(&mut tx, schedule, slot, &done, now).await?;
        tx.commit().await?;
        self.told(schedule, slot, &done);
        Ok(true)
    }

    /// Goes on with a slot that has more to do.
    async fn resume(
        &self,
        conn: &mut PgConnection,
        schedule: &ScheduleSettings,
        slot: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<bool> {
        let mut tx = conn.begin().await?;
        if !store::resume(&mut tx, &schedule.name, slot, now - REST).await? {
            return Ok(false);
        }
        let done = job::run(&mut tx, &self.settings, schedule.job, now).await;
        let done = match done {
            Ok(done) => done,
            Err(error) => {
                tx.rollback().await?;
                self.failed(conn, schedule, slot, 0, &error, now).await?;
                return Ok(false);
            }
        };
        settle(&mut tx, schedule, slot, &done, now).await?;
        tx.commit().await?;
        self.told(schedule, slot, &done);
        Ok(true)
    }

    fn told(&self, schedule: &ScheduleSettings, slot: DateTime<Utc>, done: &Done) {
        if done.deeds.is_empty() {
            return;
        }
        self.wake.ring(Topic::Outbox);
        tracing::info!(
            schedule = schedule.name,
            %slot,
            done = done.deeds.len(),
            more = done.more,
            "A schedule ran"
        );
    }

    /// Writes down that a slot failed; after the last try it is given up, and the operators are told.
    async fn failed(
        &self,
        conn: &mut PgConnection,
        schedule: &ScheduleSettings,
        slot: DateTime<Utc>,
        missed: i32,
        error: &anyhow::Error,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let name = &schedule.name;
        let error = format!("{error:#}");
        tracing::error!(schedule = name, %slot, error, "A schedule failed");
        let mut tx = conn.begin().await?;
        let standing = store::record_failure(&mut tx, name, &error, now).await?;
        if standing >= ATTEMPTS {
            store::take(&mut tx, name, slot, missed, now).await?;
            store::settle(&mut tx, name, slot, Outcome::Failed, 0, now).await?;
            let key = format!("schedule:{name}:{}", slot.timestamp());
            let text = format!(
                "The schedule {name} failed {ATTEMPTS} times at its slot of {}, which is given up: {error}. \
                 `frontdesk schedule list` shows when it runs next, `frontdesk schedule run {name}` runs it now.",
                slot.format("%Y-%m-%d %H:%M UTC")
            );
            let alarm = Happening::Alarm {
                key: &key,
                text: &text,
            };
            notify::publish(&mut tx, &self.settings, now, &alarm).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Runs a schedule's job by hand, as things stand at `at`. Gives what it did; nothing if that slot was taken
    /// already. A dry run changes nothing.
    ///
    /// # Errors
    /// If the job fails, or the database does not answer.
    pub async fn run_by_hand(
        &self,
        schedule: &ScheduleSettings,
        at: DateTime<Utc>,
        run: Run,
    ) -> anyhow::Result<Option<Done>> {
        let mut tx = self.pool.begin().await?;
        if run == Run::Real {
            let known = store::take(&mut tx, &schedule.name, at, 0, self.clock.now()).await?;
            if !known {
                return Ok(None);
            }
        }
        let done = job::run(&mut tx, &self.settings, schedule.job, at).await?;
        match run {
            Run::Dry => tx.rollback().await?,
            Run::Real => {
                settle(&mut tx, schedule, at, &done, self.clock.now()).await?;
                tx.commit().await?;
                self.told(schedule, at, &done);
            }
        }
        Ok(Some(done))
    }
}

async fn settle(
    conn: &mut PgConnection,
    schedule: &ScheduleSettings,
    slot: DateTime<Utc>,
    done: &Done,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let outcome = if done.more {
        Outcome::Unfinished
    } else {
        Outcome::Ran
    };
    store::settle(conn, &schedule.name, slot, outcome, done.deeds.len(), now).await
}
