//! Interactions: slash commands, buttons, lists, forms and a message's own menu.
//!
//! The connection has acknowledged each before it comes here. A button that opens a form gets it first of all, since
//! Slack takes a form for three seconds only; nothing else is asked or waited for before.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::chat::{AnswerHandle, ChatEvent, ChatFailure, EventKind, PostPlace, PostRef};

use super::message::Told as Message;
use super::socket::Asked;
use super::{Shared, compose, receive};

/// How long a form may take to open, tries and all: Slack's own limit.
const FORM_DEADLINE: Duration = Duration::from_secs(3);
/// The pause before a form is tried again.
const FORM_PAUSE: Duration = Duration::from_millis(200);

/// What an [`AnswerHandle`] of Slack's says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Handle {
    /// Where it was.
    pub channel: String,
    /// The thread there.
    pub thread: Option<String>,
    /// Who did it.
    pub user: String,
    /// Where it is answered, five times within half an hour.
    pub url: Option<String>,
}

impl Handle {
    fn write(&self) -> AnswerHandle {
        AnswerHandle(serde_json::to_string(self).unwrap_or_default())
    }

    /// Reads what [`Handle::write`] wrote.
    ///
    /// # Errors
    /// If it is another platform's.
    pub fn read(handle: &AnswerHandle) -> Result<Self, ChatFailure> {
        serde_json::from_str(&handle.0).map_err(|_| ChatFailure::Permanent {
            text: "this is no interaction of Slack's".to_owned(),
        })
    }

    fn place(&self) -> PostPlace {
        PostPlace {
            place: self.channel.clone(),
            thread: self.thread.clone(),
        }
    }
}

/// A slash command.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Slash {
    text: String,
    channel_id: String,
    user_id: String,
    team_id: Option<String>,
    response_url: Option<String>,
    trigger_id: String,
}

/// Everything else; which of it is there depends on its type.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Interaction {
    #[serde(rename = "type")]
    kind: String,
    trigger_id: String,
    callback_id: String,
    response_url: Option<String>,
    user: Id,
    team: Option<Id>,
    channel: Option<Id>,
    container: Container,
    message: Option<Message>,
    actions: Vec<Action>,
    view: View,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Id {
    id: String,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Container {
    message_ts: Option<String>,
    thread_ts: Option<String>,
    channel_id: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Action {
    action_id: String,
    block_id: String,
    value: Option<String>,
    selected_option: Option<Chosen>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Chosen {
    value: String,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct View {
    id: String,
    callback_id: String,
    private_metadata: String,
    state: State,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct State {
    values: serde_json::Map<String, Value>,
}

/// Opens the form of an interaction, or feeds its event.
pub(super) async fn take(shared: Arc<Shared>, asked: Asked, events: mpsc::Sender<ChatEvent>) {
    let Some((key, handle, kind)) = understand(&shared, asked).await else {
        return;
    };
    let event = ChatEvent {
        platform: shared.settings.name.clone(),
        key,
        at: shared.clock.now(),
        who: shared.people.chatter(&shared.rest, &handle.user).await,
        place: handle.place(),
        kind,
    };
    // Nobody listens any more only when the service ends.
    let _ = events.send(event).await;
}

/// What is asked: its key, by what it is answered, and what it is. Nothing where it is nobody's business or its form was
/// opened.
async fn understand(shared: &Shared, asked: Asked) -> Option<(String, Handle, EventKind)> {
    if asked.kind == "slash_commands" {
        let slash: Slash = serde_json::from_value(asked.payload).ok()?;
        return command(shared, slash).await;
    }
    let interaction: Interaction = match serde_json::from_value(asked.payload) {
        Ok(interaction) => interaction,
        Err(error) => {
            tracing::warn!(%error, "Slack told an interaction that cannot be read.");
            return None;
        }
    };
    let team = interaction.team.as_ref();
    if team.is_some_and(|team| !shared.ours(&team.id)) {
        return None;
    }
    match interaction.kind.as_str() {
        "block_actions" => pressed(shared, interaction).await,
        "view_submission" => submitted(interaction),
        "message_action" => shortcut(shared, interaction).await,
        _ => None,
    }
}

async fn command(shared: &Shared, slash: Slash) -> Option<(String, Handle, EventKind)> {
    if slash.team_id.is_some_and(|team| !shared.ours(&team)) {
        return None;
    }
    let handle = Handle {
        channel: slash.channel_id,
        thread: None,
        user: slash.user_id,
        url: slash.response_url,
    };
    let (line, _) = receive::plain(shared, &slash.text).await;
    let kind = EventKind::Command {
        line: if line.is_empty() {
            "help".to_owned()
        } else {
            line
        },
        files: Vec::new(),
        answer: handle.write(),
    };
    Some((slash.trigger_id, handle, kind))
}

impl Interaction {
    /// By what it is answered. The thread of a post that one person alone sees is known from its blocks.
    fn handle(&self) -> Handle {
        let of_block = self.actions.first().and_then(|action| {
            let thread = compose::thread_of(&action.block_id)?;
            Some(thread.to_owned())
        });
        let channel = self.channel.as_ref().map(|channel| channel.id.clone());
        let message = self.message.as_ref().and_then(Message::thread);
        let begins = self.container.thread_ts == self.container.message_ts;
        let container = self.container.thread_ts.clone().filter(|_| !begins);
        Handle {
            channel: channel
                .or_else(|| self.container.channel_id.clone())
                .unwrap_or_default(),
            thread: message.or(container).or(of_block),
            user: self.user.id.clone(),
            url: self.response_url.clone(),
        }
    }
}

async fn pressed(shared: &Shared, interaction: Interaction) -> Option<(String, Handle, EventKind)> {
    let handle = interaction.handle();
    let action = interaction.actions.first()?;
    let chosen = action.selected_option.as_ref().map(|it| it.value.clone());
    let name = match (&chosen, &action.value) {
        (None, Some(value)) => value.clone(),
        _ => action.action_id.clone(),
    };
    let form = &shared.surface.form;
    let form = form(&name).or_else(|| form(chosen.as_deref()?));
    if let Some(form) = form {
        let metadata = handle.write().0;
        let view = compose::modal(&form, &metadata);
        open_form(shared, &interaction.trigger_id, &view, &handle).await;
        return None;
    }
    let post = interaction.container.message_ts.clone();
    let kind = EventKind::Pressed {
        action: name,
        values: chosen.into_iter().collect(),
        post: post.map(|id| PostRef {
            place: handle.place(),
            id,
        }),
        answer: handle.write(),
    };
    Some((interaction.trigger_id, handle, kind))
}

/// Opens a form while Slack takes it. Whoever waits for one that does not come is told so.
async fn open_form(shared: &Shared, trigger: &str, view: &Value, handle: &Handle) {
    let arguments = json!({"trigger_id": trigger, "view": view});
    let opening = async {
        loop {
            let opened: Result<Value, _> = shared.rest.ask("views.open", &arguments).await;
            match opened.map_err(ChatFailure::from) {
                Ok(_) => return Ok(()),
                Err(ChatFailure::Transient { .. } | ChatFailure::Unreachable(_)) => {
                    tokio::time::sleep(FORM_PAUSE).await;
                }
                Err(lasting) => return Err(lasting),
            }
        }
    };
    let failure = match tokio::time::timeout(FORM_DEADLINE, opening).await {
        Ok(Ok(())) => return,
        Ok(Err(failure)) => failure,
        Err(_) => ChatFailure::Unreachable("the form did not open in time".to_owned()),
    };
    tracing::warn!(error = %failure, "A form could not be opened.");
    if let Some(url) = &handle.url {
        let told = json!({
            "response_type": "ephemeral",
            "replace_original": false,
            "text": "The form did not open. Press once more, please.",
            "parse": "none",
            "link_names": false,
        });
        if let Err(error) = shared.rest.respond(url, &told).await {
            tracing::warn!(%error, "Nobody could be told of it.");
        }
    }
}

fn submitted(interaction: Interaction) -> Option<(String, Handle, EventKind)> {
    let view = interaction.view;
    let mut handle: Handle = serde_json::from_str(&view.private_metadata).ok()?;
    handle.user = interaction.user.id;
    let values = view.state.values.iter().filter_map(|(key, block)| {
        let input = block.as_object()?.values().next()?;
        let value = input.get("value").and_then(Value::as_str);
        let chosen = input.pointer("/selected_option/value");
        let value = value.or_else(|| chosen?.as_str()).unwrap_or_default();
        Some((key.clone(), value.to_owned()))
    });
    let kind = EventKind::Submitted {
        action: view.callback_id.clone(),
        values: values.collect(),
        answer: handle.write(),
    };
    Some((view.id, handle, kind))
}

/// How Slack calls an entry of a message's own menu: `open_a_ticket` of "Open a ticket".
fn callback_of(name: &str) -> String {
    let word = |char: char| match char {
        char if char.is_alphanumeric() => char.to_ascii_lowercase(),
        _ => '_',
    };
    name.chars().map(word).collect()
}

async fn shortcut(
    shared: &Shared,
    interaction: Interaction,
) -> Option<(String, Handle, EventKind)> {
    let mut names = shared.surface.shortcuts.iter();
    let name = names.find(|name| callback_of(name) == interaction.callback_id);
    let handle = interaction.handle();
    let message = interaction.message?;
    let author = message.user.as_deref().unwrap_or_default();
    let kind = EventKind::Shortcut {
        // One that nobody knows is told as it is called.
        name: name.unwrap_or(&interaction.callback_id).clone(),
        post: PostRef {
            place: handle.place(),
            id: message.ts().to_owned(),
        },
        text: receive::plain(shared, &message.words()).await.0,
        author: shared.people.chatter(&shared.rest, author).await,
        answer: handle.write(),
    };
    Some((interaction.trigger_id, handle, kind))
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_entry_is_called_by_its_words() {
        assert_eq!(super::callback_of("Open a ticket"), "open_a_ticket");
    }
}
