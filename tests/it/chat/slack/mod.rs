//! Slack's wire against Slack's stand-in.

mod acts;
mod checks;
mod driver;
mod events;
mod interactions;

use std::sync::Arc;
use std::time::Duration;

use frontdesk::chat::slack::Slack;
use frontdesk::chat::{
    Act, AnswerHandle, Attempt, ChatEvent, ChatFailure, ChatPlatform, Done, EventKind, Form,
    FormField, Message, PostPlace, PostRef, Surface,
};
use frontdesk::clock::Clock;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::fakes::slack::Slack as Fake;

/// Far more than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The wire, connected to the stand-in.
struct Wire {
    fake: Fake,
    slack: Arc<Slack>,
    events: mpsc::Receiver<ChatEvent>,
    stop: CancellationToken,
    running: JoinHandle<Result<(), ChatFailure>>,
}

impl Wire {
    async fn start() -> Self {
        Self::start_on(Fake::start().await).await
    }

    async fn start_on(fake: Fake) -> Self {
        Self::start_since(fake, Vec::new()).await
    }

    async fn start_since(fake: Fake, since: Vec<PostRef>) -> Self {
        let slack = Arc::new(wire(&fake));
        let (send, events) = mpsc::channel(100);
        let stop = CancellationToken::new();
        let running = tokio::spawn({
            let (slack, stop) = (Arc::clone(&slack), stop.clone());
            async move { slack.run(send, since, stop).await }
        });
        fake.connected().await;
        Self {
            fake,
            slack,
            events,
            stop,
            running,
        }
    }

    /// The next event.
    async fn event(&mut self) -> ChatEvent {
        let event = tokio::time::timeout(PATIENCE, self.events.recv()).await;
        event.expect("an event in time").expect("an event")
    }

    /// The text of the next event, which is a post.
    async fn text(&mut self) -> String {
        match self.event().await.kind {
            EventKind::Posted { text, .. } => text,
            other => panic!("no post: {other:?}"),
        }
    }

    async fn act(&self, act: Act) -> Result<Done, ChatFailure> {
        self.slack.act(&act, Attempt::first("row-1")).await
    }

    /// The same after an attempt of which nobody knows what became.
    async fn act_again(&self, act: &Act, nonce: &str) -> Result<Done, ChatFailure> {
        let attempt = Attempt {
            nonce,
            tried_since: Some(Clock::default().now()),
        };
        self.slack.act(act, attempt).await
    }

    async fn post(&self, channel: &str, message: Message) -> Done {
        let place = place(channel);
        self.act(Act::Post { place, message }).await.unwrap()
    }

    /// Ends it; nothing may have failed.
    async fn stop(self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.running).await;
        ended.expect("it ends in time").unwrap().unwrap();
    }
}

fn wire(fake: &Fake) -> Slack {
    Slack::new(fake.settings(), surface(), Clock::default()).unwrap()
}

fn place(channel: &str) -> PostPlace {
    PostPlace {
        place: channel.to_owned(),
        thread: None,
    }
}

fn thread(channel: &str, ts: &str) -> PostPlace {
    PostPlace {
        place: channel.to_owned(),
        thread: Some(ts.to_owned()),
    }
}

fn answer_of(event: &ChatEvent) -> AnswerHandle {
    match &event.kind {
        EventKind::Command { answer, .. }
        | EventKind::Pressed { answer, .. }
        | EventKind::Submitted { answer, .. }
        | EventKind::Shortcut { answer, .. } => answer.clone(),
        other => panic!("nothing to answer: {other:?}"),
    }
}

fn surface() -> Surface {
    Surface {
        commands: Vec::new(),
        shortcuts: vec!["Open a ticket".to_owned()],
        on_people: vec!["Tickets".to_owned()],
        form: Arc::new(|action| (action == "reply:7").then(reply_form)),
    }
}

fn reply_form() -> Form {
    Form {
        action: "send:7".to_owned(),
        title: "Reply".to_owned(),
        fields: vec![FormField {
            key: "text".to_owned(),
            label: "Text".to_owned(),
            long: true,
            required: true,
            value: String::new(),
            most: 4000,
        }],
    }
}
