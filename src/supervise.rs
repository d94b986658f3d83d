//! Long-running tasks: started by name, started again when they fail or fall silent, drained at the end.

mod signals;

use std::{
    any::Any,
    collections::BTreeMap,
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Result, anyhow};
use futures::FutureExt;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use signals::{Signal, Signals};

/// The pause before the first new start; each failure in a row doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause before a new start.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A task that ran this long was healthy: its next failure counts as the first.
const HEALTHY: Duration = Duration::from_secs(60);

/// How long an aborted task may take to let go of what it holds.
const ABORT: Duration = Duration::from_secs(2);

/// Runs tasks and keeps them running. Clones are handles to the same one.
#[derive(Debug, Clone, Default)]
pub struct Supervisor {
    tracker: TaskTracker,
    shutdown: CancellationToken,
    abort: CancellationToken,
    tasks: Arc<Mutex<BTreeMap<String, Record>>>,
}

/// What a task is given: when to end, and how to show that it is alive.
#[derive(Debug, Clone)]
pub struct Life {
    shutdown: CancellationToken,
    sign: Arc<watch::Sender<Instant>>,
}

impl Life {
    /// Ends when the service does; every loop watches it.
    #[must_use]
    pub fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// Shows that the task gets on: called once a round by every loop that is watched.
    pub fn sign(&self) {
        self.sign.send_replace(Instant::now());
    }
}

/// How a task stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskReport {
    /// Its name.
    pub name: String,
    /// Whether it runs, as against waiting for its next start or having ended.
    pub running: bool,
    /// How often it was started again.
    pub restarts: u32,
    /// How long ago it last showed that it is alive.
    pub quiet_for: Duration,
    /// Why it was last started again.
    pub last_error: Option<String>,
}

#[derive(Debug)]
struct Record {
    running: bool,
    ended: bool,
    restarts: u32,
    last_error: Option<String>,
    sign: Arc<watch::Sender<Instant>>,
}

impl Supervisor {
    /// A supervisor without tasks.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The token that [`Supervisor::drain`] cancels; whoever cancels it asks for the service's end.
    #[must_use]
    pub fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// Runs what `make` gives until it returns `Ok`: then it is done. After an error or a panic it is made
    /// and started again, after a pause of a second that doubles up to a minute, unless the end has come.
    /// Names are unique; they stand in logs and reports.
    pub fn spawn<F, W>(&self, name: impl Into<String>, make: F)
    where
        F: FnMut(Life) -> W + Send + 'static,
        W: Future<Output = Result<()>> + Send + 'static,
    {
        self.start(name.into(), None, make);
    }

    /// As [`Supervisor::spawn`]; and where the task gives no [`Life::sign`] for as long as `patience`, it
    /// is broken off and counts as failed. A hung network call must not stay unnoticed.
    pub fn spawn_watched<F, W>(&self, name: impl Into<String>, patience: Duration, make: F)
    where
        F: FnMut(Life) -> W + Send + 'static,
        W: Future<Output = Result<()>> + Send + 'static,
    {
        self.start(name.into(), Some(patience), make);
    }

    /// How each task stands, by name.
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskReport> {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let report = |(name, record): (&String, &Record)| TaskReport {
            name: name.clone(),
            running: record.running,
            restarts: record.restarts,
            quiet_for: record.sign.borrow().elapsed(),
            last_error: record.last_error.clone(),
        };
        tasks.iter().map(report).collect()
    }

    /// Asks every task to end and waits for it, at most as long as `deadline`; those that go on are broken
    /// off at their next await. Gives their names, so that it can be said what was cut.
    pub async fn drain(&self, deadline: Duration) -> Vec<String> {
        self.shutdown.cancel();
        self.tracker.close();
        if timeout(deadline, self.tracker.wait()).await.is_ok() {
            return Vec::new();
        }
        let late = self.unfinished();
        tracing::error!(
            tasks = late.join(","),
            deadline_seconds = deadline.as_secs(),
            "The drain's {} seconds are over: breaking off {}.",
            deadline.as_secs(),
            late.join(", ")
        );
        self.abort.cancel();
        timeout(ABORT, self.tracker.wait()).await.ok();
        late
    }

    /// Serves until a signal comes or somebody cancels [`Supervisor::shutdown`], then drains. A signal that
    /// comes during the drain, or after it, ends the process at once with [`Signal::exit_code`]. Gives the
    /// names of the tasks that were broken off.
    pub async fn run(&self, mut signals: Signals, deadline: Duration) -> Vec<String> {
        tokio::select! {
            signal = signals.next() => tracing::info!(
                signal = signal.name(),
                deadline_seconds = deadline.as_secs(),
                "{} came: draining, for at most {} seconds. Another one ends at once.",
                signal.name(),
                deadline.as_secs()
            ),
            () = self.shutdown.cancelled() => {}
        }
        signals.end_on_next();
        self.drain(deadline).await
    }

    fn unfinished(&self) -> Vec<String> {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let unfinished = tasks.iter().filter(|(_, record)| !record.ended);
        unfinished.map(|(name, _)| name.clone()).collect()
    }

    fn start<F, W>(&self, name: String, patience: Option<Duration>, mut make: F)
    where
        F: FnMut(Life) -> W + Send + 'static,
        W: Future<Output = Result<()>> + Send + 'static,
    {
        let life = Life {
            shutdown: self.shutdown.clone(),
            sign: Arc::new(watch::Sender::new(Instant::now())),
        };
        let record = Record {
            running: false,
            ended: false,
            restarts: 0,
            last_error: None,
            sign: life.sign.clone(),
        };
        self.tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.clone(), record);
        let supervisor = self.clone();
        self.tracker.spawn(async move {
            tokio::select! {
                () = supervisor.keep_running(&name, patience, &life, &mut make) => {}
                () = supervisor.abort.cancelled() => {}
            }
            supervisor.note(&name, |record| {
                (record.running, record.ended) = (false, true)
            });
        });
    }

    async fn keep_running<F, W>(
        &self,
        name: &str,
        patience: Option<Duration>,
        life: &Life,
        make: &mut F,
    ) where
        F: FnMut(Life) -> W + Send + 'static,
        W: Future<Output = Result<()>> + Send + 'static,
    {
        let mut failures = 0_u32;
        while !self.shutdown.is_cancelled() {
            let started = Instant::now();
            life.sign();
            self.note(name, |record| record.running = true);
            let Err(error) = run_once(patience, life, make).await else {
                return;
            };
            failures = if started.elapsed() >= HEALTHY {
                1
            } else {
                failures.saturating_add(1)
            };
            let pause = pause(failures, rand::random());
            self.note(name, |record| {
                record.running = false;
                record.last_error = Some(format!("{error:#}"));
            });
            if self.shutdown.is_cancelled() {
                tracing::warn!(
                    task = name,
                    error = format!("{error:#}"),
                    "The task {name} failed while ending: {error:#}."
                );
                return;
            }
            tracing::error!(
                task = name,
                error = format!("{error:#}"),
                failures,
                pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                "The task {name} failed: {error:#}. It starts again in {:.1} seconds.",
                pause.as_secs_f64()
            );
            tokio::select! {
                () = sleep(pause) => self.note(name, |record| {
                    record.restarts = record.restarts.saturating_add(1);
                }),
                () = self.shutdown.cancelled() => return,
            }
        }
    }

    fn note(&self, name: &str, change: impl FnOnce(&mut Record)) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(record) = tasks.get_mut(name) {
            change(record);
        }
    }
}

/// Runs a task once, to its end, its error, its panic or its silence.
async fn run_once<F, W>(patience: Option<Duration>, life: &Life, make: &mut F) -> Result<()>
where
    F: FnMut(Life) -> W,
    W: Future<Output = Result<()>>,
{
    let work = AssertUnwindSafe(async { make(life.clone()).await }).catch_unwind();
    tokio::select! {
        outcome = work => outcome.unwrap_or_else(|panic| Err(anyhow!("it panicked: {}", words(&*panic)))),
        quiet = silence(patience, life) => {
            Err(anyhow!("it gave no sign of life for {} seconds", quiet.as_secs()))
        }
    }
}

/// Returns once the task has given no sign for as long as `patience`; never without patience.
async fn silence(patience: Option<Duration>, life: &Life) -> Duration {
    let Some(patience) = patience else {
        return std::future::pending().await;
    };
    loop {
        let last = *life.sign.borrow();
        if last.elapsed() >= patience {
            return last.elapsed();
        }
        sleep_until(last + patience).await;
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|words| (*words).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without words".to_owned())
}

/// The pause before the new start after so many failures in a row; `jitter`, 0–1, spreads it over the upper
/// half, so that tasks which failed together do not come back together.
fn pause(failures: u32, jitter: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let full = FIRST_PAUSE
        .saturating_mul(1 << doublings)
        .min(LONGEST_PAUSE);
    full.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests;
