//! The connection over which Discord tells what happens. Serenity keeps it: heartbeat, resume, new sessions.
//!
//! Serenity hands each event to a task of its own, and on a runtime of several threads the later of two may run first.
//! So it lives on a thread with a runtime of one, whose tasks run in the order they were made in; each does no more than
//! put its event into a queue.

use serenity::all::{
    Client, ClientBuilder, Context, Event, GatewayIntents, Http, Interaction, RawEventHandler,
};
use serenity::async_trait;
use serenity::gateway::GatewayError;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::chat::ChatFailure;

/// How long the farewell may take.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(2);
/// How long getting ready to connect may take.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(30);

/// Where events go: interactions have no time to queue behind others.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    pub told: mpsc::UnboundedSender<Event>,
    pub interactions: mpsc::UnboundedSender<Interaction>,
}

#[async_trait]
impl RawEventHandler for Feed {
    async fn raw_event(&self, _: Context, event: Event) {
        // The other side is gone only when the service ends.
        let _ = match event {
            Event::InteractionCreate(it) => self.interactions.send(it.interaction).is_ok(),
            event => self.told.send(event).is_ok(),
        };
    }
}

/// What we want to be told.
pub(super) fn intents() -> GatewayIntents {
    GatewayIntents::GUILDS
        | GatewayIntents::GUILD_MESSAGES
        | GatewayIntents::GUILD_MESSAGE_REACTIONS
        | GatewayIntents::DIRECT_MESSAGES
        | GatewayIntents::DIRECT_MESSAGE_REACTIONS
        | GatewayIntents::MESSAGE_CONTENT
}

/// Connects to the gateway at `url` and feeds until `shutdown`.
///
/// # Errors
/// If Discord ends the session for good, or serenity gives up.
pub(super) async fn listen(
    http: Http,
    url: Url,
    feed: Feed,
    shutdown: &CancellationToken,
) -> Result<(), ChatFailure> {
    let stop = shutdown.child_token();
    // A caller that goes away takes the thread with it.
    let _guard = stop.clone().drop_guard();
    let (report, ended) = oneshot::channel();
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let outcome = match runtime {
            Ok(runtime) => runtime.block_on(hold(http, url, feed, stop)),
            Err(error) => Err(ChatFailure::Unreachable(error.to_string())),
        };
        let _ = report.send(outcome);
    };
    std::thread::Builder::new()
        .name("discord-gateway".to_owned())
        .spawn(work)
        .map_err(|error| ChatFailure::Unreachable(error.to_string()))?;
    ended.await.unwrap_or_else(|_| {
        Err(ChatFailure::Unreachable(
            "the gateway's thread died".to_owned(),
        ))
    })
}

async fn hold(
    http: Http,
    url: Url,
    feed: Feed,
    stop: CancellationToken,
) -> Result<(), ChatFailure> {
    let building = async {
        ClientBuilder::new_with_http(http, intents())
            .raw_event_handler(feed)
            .await
    };
    let mut client: Client = tokio::time::timeout(DEADLINE, building)
        .await
        .map_err(|_| ChatFailure::Unreachable("Discord does not answer".to_owned()))?
        .map_err(|error| meaning(&error))?;
    // Serenity has asked for the address by itself, and takes Discord's own where it got no answer. It connects to the
    // one that was looked at, at first and whenever it comes back.
    url.as_str()
        .trim_end_matches('/')
        .clone_into(&mut *client.ws_url.lock().await);
    let manager = std::sync::Arc::clone(&client.shard_manager);
    tokio::select! {
        outcome = client.start() => Err(match outcome {
            Err(error) => meaning(&error),
            Ok(()) => ChatFailure::Unreachable("the gateway closed".to_owned()),
        }),
        () = stop.cancelled() => {
            let _ = tokio::time::timeout(FAREWELL, manager.shutdown_all()).await;
            Ok(())
        }
    }
}

fn meaning(error: &serenity::Error) -> ChatFailure {
    match error {
        serenity::Error::Gateway(GatewayError::InvalidAuthentication) => {
            ChatFailure::Credential("the gateway does not accept the token".to_owned())
        }
        serenity::Error::Gateway(
            GatewayError::DisallowedGatewayIntents | GatewayError::InvalidGatewayIntents,
        ) => ChatFailure::Permanent {
            text: "the Message Content intent is not switched on for the bot: Discord's developer \
                   portal, Bot, Privileged Gateway Intents"
                .to_owned(),
        },
        other => ChatFailure::Unreachable(other.to_string()),
    }
}
