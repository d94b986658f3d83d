//! Waking: whoever writes a row says so, and whoever waits for rows need not poll fast.
//!
//! Within the process it is a [`Notify`]; to other copies it is PostgreSQL's NOTIFY, sent after the commit
//! from a task of its own and at most every 100 ms: a NOTIFY inside the transaction would make all commits
//! of the database queue behind one another. A lost word costs a poll interval, never a row.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The channel on which copies wake one another.
const CHANNEL: &str = "frontdesk_wake";

/// How long words to other copies are gathered.
const GATHER: Duration = Duration::from_millis(100);

/// What there may be new rows of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Inbound mail that waits to be processed.
    Inbound,
    /// The outbox. Whoever says this wakes those who wait for its posts as well.
    Outbox,
    /// Posts for chat in the outbox.
    Posts,
    /// Chat events that wait to be handled.
    Chat,
}

impl Topic {
    const ALL: [Self; 4] = [Self::Inbound, Self::Outbox, Self::Posts, Self::Chat];

    fn word(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbox => "outbox",
            Self::Posts => "posts",
            Self::Chat => "chat",
        }
    }
}

/// The bell that tasks ring and wait for. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Wake {
    inbound: Arc<Bell>,
    outbox: Arc<Bell>,
    posts: Arc<Bell>,
    chat: Arc<Bell>,
    others: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Bell {
    here: Notify,
    tell_others: AtomicBool,
}

impl Wake {
    fn bell(&self, topic: Topic) -> &Bell {
        match topic {
            Topic::Inbound => &self.inbound,
            Topic::Outbox => &self.outbox,
            Topic::Posts => &self.posts,
            Topic::Chat => &self.chat,
        }
    }

    /// Wakes those within this process who wait for the topic. Each has a bell of its own: a bell wakes one.
    fn wake_here(&self, topic: Topic) {
        self.bell(topic).here.notify_one();
        if topic == Topic::Outbox {
            self.posts.here.notify_one();
        }
    }

    /// Says that there are new rows. Call it after the commit.
    pub fn ring(&self, topic: Topic) {
        self.wake_here(topic);
        self.bell(topic).tell_others.store(true, Ordering::Relaxed);
        self.others.notify_one();
    }

    /// Waits until somebody says that there are new rows, but no longer than `at_most`.
    pub async fn wait(&self, topic: Topic, at_most: Duration) {
        // Time being over is as good as a word: the caller looks at the table either way.
        let _ = tokio::time::timeout(at_most, self.bell(topic).here.notified()).await;
    }

    /// Carries words between copies until `stop`.
    ///
    /// # Errors
    /// If the connection is lost; the caller starts it anew.
    pub async fn run(&self, pool: &PgPool, stop: &CancellationToken) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = self.others.notified() => {
                    self.tell_others(pool).await?;
                    tokio::select! {
                        () = stop.cancelled() => return Ok(()),
                        () = tokio::time::sleep(GATHER) => {}
                    }
                }
                heard = listener.recv() => {
                    let heard = heard?;
                    for topic in Topic::ALL.into_iter().filter(|topic| topic.word() == heard.payload()) {
                        self.wake_here(topic);
                    }
                }
            }
        }
    }

    async fn tell_others(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        for topic in Topic::ALL {
            if self.bell(topic).tell_others.swap(false, Ordering::Relaxed) {
                tell(pool, topic).await?;
            }
        }
        Ok(())
    }
}

/// Wakes every copy that runs: for a command that writes a row and ends.
///
/// # Errors
/// If the database does not answer.
pub async fn tell(pool: &PgPool, topic: Topic) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_notify($1, $2)")
        .bind(CHANNEL)
        .bind(topic.word())
        .execute(pool)
        .await?;
    Ok(())
}
