//! Discord's wire against Discord's stand-in.

mod acts;
mod checks;
mod events;
mod interactions;

use std::sync::Arc;
use std::time::Duration;

use frontdesk::chat::discord::Discord;
use frontdesk::chat::{
    Act, AnswerHandle, Attempt, ChatEvent, ChatFailure, ChatPlatform, CommandOption, CommandSpec,
    Done, EventKind, Form, FormField, Message, OptionKind, PostPlace, PostRef, Surface, Written,
};
use frontdesk::clock::Clock;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::fakes::discord::Discord as Fake;

/// Far more than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The wire, connected to the stand-in.
struct Wire {
    fake: Fake,
    discord: Arc<Discord>,
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
        let discord = Arc::new(wire(&fake));
        let (send, events) = mpsc::channel(100);
        let stop = CancellationToken::new();
        let running = tokio::spawn({
            let (discord, stop) = (Arc::clone(&discord), stop.clone());
            async move { discord.run(send, since, stop).await }
        });
        fake.connected().await;
        fake.registered(&["ticket", "note", "Open a ticket"]).await;
        Self {
            fake,
            discord,
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
        self.discord.act(&act, Attempt::first("row-1")).await
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

fn wire(fake: &Fake) -> Discord {
    Discord::new(fake.settings(), surface(), Clock::default()).unwrap()
}

fn place(channel: &str) -> PostPlace {
    PostPlace {
        place: channel.to_owned(),
        thread: None,
    }
}

fn answer_of(event: &ChatEvent) -> AnswerHandle {
    match &event.kind {
        EventKind::Command { answer, .. }
        | EventKind::Completing { answer, .. }
        | EventKind::Pressed { answer, .. }
        | EventKind::Submitted { answer, .. }
        | EventKind::Shortcut { answer, .. } => answer.clone(),
        other => panic!("nothing to answer: {other:?}"),
    }
}

/// Commands of every shape.
fn surface() -> Surface {
    let option = |name: &str, kind, written, required| CommandOption {
        name: name.to_owned(),
        about: format!("The {name}"),
        required,
        kind,
        written,
    };
    let command = |name: &str, options, subcommands| CommandSpec {
        name: name.to_owned(),
        about: format!("Does {name}"),
        options,
        subcommands,
    };
    let choices = ["low", "high"].map(|it| (it.to_owned(), it.to_uppercase()));
    let show = command(
        "show",
        vec![
            option("ticket", OptionKind::Completed, Written::Argument, true),
            option("all", OptionKind::Switch, Written::Flag, false),
            option(
                "priority",
                OptionKind::Choice(choices.to_vec()),
                Written::Flag,
                false,
            ),
            option("page", OptionKind::Integer, Written::Flag, false),
        ],
        Vec::new(),
    );
    let note = command(
        "note",
        vec![
            option("ticket", OptionKind::Text, Written::Argument, true),
            option("text", OptionKind::Text, Written::Rest, true),
            option("tag", OptionKind::Text, Written::Flag, false),
        ],
        Vec::new(),
    );
    Surface {
        commands: vec![command("ticket", Vec::new(), vec![show]), note],
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
