//! Discord, by serenity.
//!
//! `gateway` brings what happens, `receive` and `interact` make events of it, `acts` and `compose` make requests of acts,
//! and all requests leave by `rest`. Every request and every connection goes to a host that the configuration names: with
//! `api_url` that host alone, without it `discord.com` for requests, `discord.gg` for the gateway, and Discord's two file
//! servers. The gateway's address, which Discord tells, is held against that before anything connects.

mod acts;
mod check;
mod commands;
mod compose;
mod gap;
mod gateway;
mod interact;
mod line;
mod markup;
mod places;
mod receive;
mod rest;
mod threads;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::BoxFuture;
use serenity::all::{ChannelId, Interaction, MessageId, UserId};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::chat::DiscordSettings;

use super::{
    Act, Attempt, ChatEvent, ChatFailure, ChatPlatform, Done, Missing, PostPlace, PostRef, Said,
    Surface,
};
use places::Places;
use receive::Receiver;
use rest::Rest;

/// The first pause before connecting again where Discord cannot be reached; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A bot on one Discord server.
#[derive(Debug)]
pub struct Discord(Arc<Shared>);

/// What all parts of it use.
#[derive(Debug)]
struct Shared {
    settings: DiscordSettings,
    surface: Surface,
    clock: Clock,
    rest: Rest,
    places: Places,
    me: OnceLock<UserId>,
}

impl Shared {
    /// Who we are, once the gateway has told.
    fn me(&self) -> Option<UserId> {
        self.me.get().copied()
    }
}

impl Discord {
    /// A bot that is not connected yet.
    ///
    /// # Errors
    /// If no HTTP client can be built.
    pub fn new(
        settings: DiscordSettings,
        surface: Surface,
        clock: Clock,
    ) -> Result<Self, ChatFailure> {
        Ok(Self(Arc::new(Shared {
            rest: Rest::new(&settings)?,
            settings,
            surface,
            clock,
            places: Places::default(),
            me: OnceLock::new(),
        })))
    }
}

impl ChatPlatform for Discord {
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
    let (interactions, to_take) = mpsc::unbounded_channel();
    let receiver = Receiver {
        shared: Arc::clone(shared),
        events: events.clone(),
        seen: seen(&since),
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(receiver.work(to_work));
    tasks.spawn(take_all(Arc::clone(shared), to_take, events));
    let feed = gateway::Feed { told, interactions };
    let mut pause = FIRST_PAUSE;
    while !shutdown.is_cancelled() {
        let failure = match connect(shared, feed.clone(), &shutdown).await {
            Ok(()) => break,
            Err(failure) => failure,
        };
        let wait = match failure {
            ChatFailure::Transient { retry_after, .. } => retry_after.unwrap_or(pause),
            ChatFailure::Unreachable(_) => pause,
            lasting => return Err(lasting),
        };
        tracing::warn!(platform = %shared.settings.name, error = %failure, "Discord's gateway is not there; trying again.");
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = shutdown.cancelled() => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    Ok(())
}

async fn connect(
    shared: &Shared,
    feed: gateway::Feed,
    shutdown: &CancellationToken,
) -> Result<(), ChatFailure> {
    let url = tokio::select! {
        url = shared.rest.gateway() => url?,
        () = shutdown.cancelled() => return Ok(()),
    };
    let http = shared.rest.http(&shared.settings);
    gateway::listen(http, url, feed, shutdown).await
}

/// Takes each interaction in a task of its own, so that none waits for another's acknowledgement.
async fn take_all(
    shared: Arc<Shared>,
    mut interactions: mpsc::UnboundedReceiver<Interaction>,
    events: mpsc::Sender<ChatEvent>,
) {
    let mut tasks = JoinSet::new();
    while let Some(interaction) = interactions.recv().await {
        tasks.spawn(interact::take(
            Arc::clone(&shared),
            interaction,
            events.clone(),
        ));
        while tasks.try_join_next().is_some() {}
    }
}

/// The channel that a place or a thread is.
///
/// # Errors
/// If it is another platform's.
fn address(place: &PostPlace) -> Result<ChannelId, ChatFailure> {
    rest::channel(place.thread.as_ref().unwrap_or(&place.place))
}

/// The last posts that the caller knows, by channel. What is no id of Discord's is another platform's.
fn seen(since: &[PostRef]) -> BTreeMap<ChannelId, MessageId> {
    let ids = since.iter().filter_map(|post| {
        let id = rest::number(&post.id).ok()?;
        Some((address(&post.place).ok()?, MessageId::from(id)))
    });
    ids.collect()
}
