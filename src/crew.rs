//! Working rows side by side: as many as there are places are claimed and begun, and each is settled by itself, so that a
//! slow one holds up nothing but its own place.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::wake::{Topic, Wake};

/// How long it is tried to write down what was done outside the database, and the pause before each new try.
const SETTLING: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_secs(1);

/// A kind of work that waits in rows.
pub trait Work: Clone + Send + Sync + 'static {
    /// A row that was claimed, with the lease on it.
    type Row: Send + 'static;

    /// Claims up to `most` rows that are due.
    ///
    /// # Errors
    /// If the database does not answer.
    fn claim(&self, most: i64) -> impl Future<Output = Result<Vec<Self::Row>, sqlx::Error>> + Send;

    /// Does what a row asks for and settles it. When `stop` is called the service is to end: what is begun is finished,
    /// and nothing is waited for any more.
    ///
    /// # Errors
    /// If the database does not answer. What goes wrong with the row itself is written to the row.
    fn work(
        self,
        row: Self::Row,
        stop: CancellationToken,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// Those who do it.
#[derive(Debug, Clone, Copy)]
pub struct Crew {
    /// How many rows are in hand at once.
    pub places: usize,
    /// Where new rows are rung for.
    pub topic: Topic,
    /// How often the table is looked at when nobody rings.
    pub poll: Duration,
}

type Running = JoinSet<Result<(), sqlx::Error>>;

impl Crew {
    /// Works rows as they become due, until `stop`. What is in hand then is finished first, whatever it was that ended
    /// the rounds: a row that is broken off may be done already, and would be done twice.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn run<W: Work>(
        &self,
        work: &W,
        wake: &Wake,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        let mut running = Running::new();
        let ended = self.rounds(work, wake, &mut running, stop).await;
        let drained = drain(&mut running).await;
        ended.and(drained)
    }

    async fn rounds<W: Work>(
        &self,
        work: &W,
        wake: &Wake,
        running: &mut Running,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        while !stop.is_cancelled() {
            let begun = self.begin(work, running, stop).await?;
            if begun > 0 && running.len() < self.places {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                Some(settled) = running.join_next() => {
                    settled.context("a worker panicked")??;
                    // Their places are filled by one claim.
                    while let Some(settled) = running.try_join_next() {
                        settled.context("a worker panicked")??;
                    }
                }
                () = wake.wait(self.topic, self.poll), if running.len() < self.places => {}
            }
        }
        Ok(())
    }

    /// Works what is due now. Returns how many rows that were.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn step<W: Work>(&self, work: &W) -> anyhow::Result<usize> {
        let mut taken = 0;
        let mut running = Running::new();
        let stop = CancellationToken::new();
        loop {
            let begun = self.begin(work, &mut running, &stop).await?;
            taken += begun;
            drain(&mut running).await?;
            if begun == 0 {
                return Ok(taken);
            }
        }
    }

    /// Claims as many rows as there are free places and begins them.
    async fn begin<W: Work>(
        &self,
        work: &W,
        running: &mut Running,
        stop: &CancellationToken,
    ) -> Result<usize, sqlx::Error> {
        let free = self.places.saturating_sub(running.len());
        if free == 0 {
            return Ok(0);
        }
        let rows = work.claim(i64::try_from(free).unwrap_or(1)).await?;
        let begun = rows.len();
        for row in rows {
            running.spawn(work.clone().work(row, stop.clone()));
        }
        Ok(begun)
    }
}

/// Waits for all of them, whatever becomes of one. Gives the first error.
async fn drain(running: &mut Running) -> anyhow::Result<()> {
    let mut outcome = Ok(());
    while let Some(settled) = running.join_next().await {
        let settled = settled.context("a worker panicked");
        outcome = outcome.and(settled.and_then(|settled| Ok(settled?)));
    }
    outcome
}

/// Writes down what was done outside the database, through an outage of it: a row that is not settled is done again. When
/// the service is to end, it is tried once more and left.
///
/// # Errors
/// If the database does not answer in the end.
pub async fn settle_at_last<T, F>(
    delivery: i64,
    stop: &CancellationToken,
    settle: impl Fn() -> F,
) -> Result<T, sqlx::Error>
where
    F: Future<Output = Result<T, sqlx::Error>>,
{
    let begun = Instant::now();
    loop {
        let last = stop.is_cancelled() || begun.elapsed() >= SETTLING;
        match settle().await {
            Err(error) if !last => {
                tracing::warn!(
                    delivery.id = delivery,
                    %error,
                    "A message has left, but this cannot be written down yet"
                );
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
            settled => return settled,
        }
    }
}
