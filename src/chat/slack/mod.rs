//! Slack, by a thin client of our own: the promise "acknowledge at once, then work" stands in one place.
//!
//! `socket` brings what happens, `receive` and `interact` make events of it, `acts` and `compose` make requests of acts,
//! and all requests leave by `rest`. A ticket's thread is the thread of the message that has its card; a message's id (`ts`)
//! is unique in its channel. Every request and every connection goes to a host that the configuration names: with
//! `api_url` that host alone, without it `slack.com` and what is below it.

mod acts;
mod again;
mod answer;
mod check;
mod compose;
mod emoji;
mod files;
mod gap;
mod interact;
mod markup;
mod message;
mod pace;
mod people;
mod receive;
mod refusal;
mod rest;
mod socket;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{OnceCell, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::chat::SlackSettings;

use super::{
    Act, Attempt, ChatEvent, ChatFailure, ChatPlatform, Done, Missing, PostPlace, PostRef, Said,
    Surface,
};
use people::People;
use receive::{Changed, Receiver};
use rest::Rest;
use socket::{Asked, Feed, Over};

/// The first pause before connecting again where Slack cannot be reached; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A connection that breaks sooner than this, and again, is not come back to at once.
const SHORT_LIFE: Duration = Duration::from_secs(10);

/// An app in one Slack workspace.
#[derive(Debug)]
pub struct Slack(Arc<Shared>);

/// What all parts of it use.
#[derive(Debug)]
struct Shared {
    settings: SlackSettings,
    surface: Surface,
    clock: Clock,
    rest: Rest,
    people: People,
    me: OnceCell<Me>,
}

/// Who we are (`auth.test`).
#[derive(Debug, Clone, Deserialize)]
struct Me {
    #[serde(rename = "user_id", default)]
    user: String,
    #[serde(rename = "bot_id", default)]
    bot: String,
    #[serde(rename = "team_id", default)]
    team: String,
}

/// Who we are as long as Slack has not told.
static NOBODY: Me = Me {
    user: String::new(),
    bot: String::new(),
    team: String::new(),
};

impl Shared {
    /// Who we are, once Slack has told.
    fn me(&self) -> &Me {
        self.me.get().unwrap_or(&NOBODY)
    }

    /// Who we are, asked for once.
    async fn ask_me(&self) -> Result<&Me, ChatFailure> {
        let asked = self
            .me
            .get_or_try_init(async || self.rest.ask("auth.test", &Value::Null).await);
        Ok(asked.await?)
    }

    /// Whether a workspace is the one that the token is for. An app of a whole organization has no workspace.
    fn ours(&self, team: &str) -> bool {
        let own = &self.me().team;
        own == team || !own.starts_with('T') || !team.starts_with('T')
    }
}

impl Slack {
    /// An app that is not connected yet.
    ///
    /// # Errors
    /// If no HTTP client can be built.
    pub fn new(
        settings: SlackSettings,
        surface: Surface,
        clock: Clock,
    ) -> Result<Self, ChatFailure> {
        Ok(Self(Arc::new(Shared {
            rest: Rest::new(&settings)?,
            settings,
            surface,
            clock,
            people: People::default(),
            me: OnceCell::new(),
        })))
    }
}

impl ChatPlatform for Slack {
    fn run<'a>(
        &'a self,
        events: mpsc::Sender<ChatEvent>,
        since: Vec<PostRef>,
        shutdown: CancellationToken,
    ) -> BoxFuture<'a, Result<(), ChatFailure>> {
        Box::pin(run(&self.0, events, since, shutdown))
    }

    fn act<'a>(
        &'a self,
        act: &'a Act,
        attempt: Attempt<'a>,
    ) -> BoxFuture<'a, Result<Done, ChatFailure>> {
        Box::pin(acts::perform(&self.0, act, attempt))
    }

    fn file<'a>(
        &'a self,
        url: &'a str,
        most_bytes: u64,
    ) -> BoxFuture<'a, Result<Vec<u8>, ChatFailure>> {
        Box::pin(self.0.rest.file(url, most_bytes))
    }

    fn around<'a>(
        &'a self,
        post: &'a PostRef,
        most: u8,
    ) -> BoxFuture<'a, Result<Vec<Said>, ChatFailure>> {
        Box::pin(gap::around(&self.0, post, most))
    }

    fn check<'a>(
        &'a self,
        places: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Missing>, ChatFailure>> {
        Box::pin(check::check(&self.0, places))
    }

    fn longest_post(&self) -> usize {
        compose::LONGEST_POST
    }
}

/// Feeds until `shutdown`, connecting again after what may pass.
async fn run(
    shared: &Arc<Shared>,
    events: mpsc::Sender<ChatEvent>,
    since: Vec<PostRef>,
    shutdown: CancellationToken,
) -> Result<(), ChatFailure> {
    let (told, to_work) = mpsc::unbounded_channel();
    let (asked, to_take) = mpsc::unbounded_channel();
    let seen: BTreeMap<PostPlace, String> = since
        .into_iter()
        .map(|post| (post.place, post.id))
        .collect();
    let receiver = Receiver {
        shared: Arc::clone(shared),
        events: events.clone(),
        seen,
        changed: Changed::default(),
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(receiver.work(to_work));
    tasks.spawn(take_all(Arc::clone(shared), to_take, events));
    let feed = Feed { told, asked };
    // Whoever goes away takes the connections along.
    let stop = shutdown.child_token();
    let _guard = stop.clone().drop_guard();
    let mut pause = FIRST_PAUSE;
    let mut short_lived = 0;
    while !shutdown.is_cancelled() {
        let begun = tokio::time::Instant::now();
        let failure = match connect(shared, feed.clone(), &stop).await {
            Ok(None) => break,
            Ok(Some(Over::Refresh)) => {
                pause = FIRST_PAUSE;
                continue;
            }
            Ok(Some(Over::Disabled)) => return Err(disabled()),
            Ok(Some(Over::Broken { greeted, text })) => {
                short_lived = if begun.elapsed() < SHORT_LIFE {
                    short_lived + 1
                } else {
                    0
                };
                if greeted && short_lived < 2 {
                    // It stood: come back at once.
                    tracing::info!(platform = %shared.settings.name, text, "Slack's connection broke; connecting again.");
                    pause = FIRST_PAUSE;
                    continue;
                }
                ChatFailure::Unreachable(text)
            }
            Err(failure) => failure,
        };
        let wait = match &failure {
            ChatFailure::Transient { retry_after, .. } => retry_after.unwrap_or(pause),
            ChatFailure::Unreachable(_) => pause,
            _ => return Err(failure),
        };
        tracing::warn!(platform = %shared.settings.name, error = %failure, "Slack is not there; trying again.");
        // Copies that lost it together shall not come back together.
        let wait = wait.mul_f64(1.0 + rand::random::<f64>() / 4.0);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = shutdown.cancelled() => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    Ok(())
}

fn disabled() -> ChatFailure {
    ChatFailure::Permanent {
        text: "Socket Mode is switched off for the app: api.slack.com, the app's page Socket Mode"
            .to_owned(),
    }
}

/// One connection, until another is wanted; nothing if the service ends.
async fn connect(
    shared: &Shared,
    feed: Feed,
    stop: &CancellationToken,
) -> Result<Option<Over>, ChatFailure> {
    let listening = async {
        shared.ask_me().await?;
        let url = shared.rest.socket().await?;
        let over = socket::open(&url, feed, stop.clone()).await?;
        Ok(over.await.ok())
    };
    tokio::select! {
        over = listening => over,
        () = stop.cancelled() => Ok(None),
    }
}

/// Takes each interaction in a task of its own, so that none waits for another's form.
async fn take_all(
    shared: Arc<Shared>,
    mut asked: mpsc::UnboundedReceiver<Asked>,
    events: mpsc::Sender<ChatEvent>,
) {
    let mut tasks = JoinSet::new();
    while let Some(asked) = asked.recv().await {
        tasks.spawn(interact::take(Arc::clone(&shared), asked, events.clone()));
        while tasks.try_join_next().is_some() {}
    }
}
