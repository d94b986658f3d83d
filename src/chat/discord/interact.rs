//! Interactions: slash commands, completions, buttons, lists, forms and a message's own menu.
//!
//! Discord shows "the application did not respond" after three seconds. So each is acknowledged here, at once, and its
//! event is fed only then; nobody above can be too slow. A button that opens a form gets the form instead, which is an
//! acknowledgement of its own. An interaction that could not be acknowledged is dropped: its author was told that it
//! failed, and will do it again.

use std::num::NonZeroU64;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;
use serenity::all::{
    ActionRowComponent, ChannelId, CommandInteraction, CommandType, ComponentInteraction,
    ComponentInteractionDataKind, Interaction, InteractionId, Member, ModalInteraction,
    PartialChannel, User,
};
use tokio::sync::mpsc;

use crate::chat::{AnswerHandle, ChatEvent, ChatFailure, Chatter, EventKind, PostRef};

use super::compose::{EPHEMERAL, modal};
use super::{Shared, acts, line, receive};

/// "Interaction has already been acknowledged": a first try arrived although its answer was lost.
const ALREADY_DONE: u64 = 40_060;
/// How often an acknowledgement is tried.
const TRIES: u32 = 3;

/// What an [`AnswerHandle`] of Discord's says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Handle {
    /// The interaction.
    pub interaction: InteractionId,
    /// Where it was.
    pub channel: ChannelId,
    /// By what it is answered, for fifteen minutes.
    pub token: String,
}

impl Handle {
    fn write(&self) -> AnswerHandle {
        AnswerHandle(format!(
            "{}:{}:{}",
            self.interaction, self.channel, self.token
        ))
    }

    /// Reads what [`Handle::write`] wrote.
    ///
    /// # Errors
    /// If it is another platform's.
    pub fn read(handle: &AnswerHandle) -> Result<Self, ChatFailure> {
        let read = || {
            let mut parts = handle.0.splitn(3, ':');
            let interaction: NonZeroU64 = parts.next()?.parse().ok()?;
            let channel: NonZeroU64 = parts.next()?.parse().ok()?;
            Some(Self {
                interaction: interaction.into(),
                channel: channel.into(),
                token: parts.next()?.to_owned(),
            })
        };
        read().ok_or_else(|| ChatFailure::Permanent {
            text: "this is no interaction of Discord's".to_owned(),
        })
    }
}

/// What all interactions have in common.
struct About<'a> {
    id: InteractionId,
    token: &'a str,
    channel_id: ChannelId,
    channel: Option<&'a PartialChannel>,
    user: &'a User,
    member: Option<&'a Member>,
}

impl About<'_> {
    fn handle(&self) -> Handle {
        Handle {
            interaction: self.id,
            channel: self.channel_id,
            token: self.token.to_owned(),
        }
    }
}

/// Acknowledges an interaction and feeds its event.
pub(super) async fn take(
    shared: Arc<Shared>,
    interaction: Interaction,
    events: mpsc::Sender<ChatEvent>,
) {
    let Some(about) = about(&interaction) else {
        return;
    };
    let first = first_answer(&shared, &interaction);
    let opens_form = first.as_ref().is_some_and(|answer| answer.form);
    if let Some(answer) = first
        && !acknowledge(&shared, &about, &answer.body).await
    {
        return;
    }
    if opens_form {
        return;
    }
    if let Some(channel) = about.channel {
        shared.places.learn_partial(channel);
    }
    let place = shared.places.place(&shared.rest, about.channel_id).await;
    let answer = about.handle().write();
    let Some(kind) = kind(&shared, &interaction, answer).await else {
        return;
    };
    let event = ChatEvent {
        platform: shared.settings.name.clone(),
        key: about.id.to_string(),
        at: DateTime::<Utc>::from_timestamp_millis(about.id.created_at().timestamp_millis())
            .unwrap_or_else(|| shared.clock.now()),
        who: chatter(about.user, about.member),
        place,
        kind,
    };
    // Nobody listens any more only when the service ends.
    let _ = events.send(event).await;
}

fn about(interaction: &Interaction) -> Option<About<'_>> {
    macro_rules! about {
        ($it:expr) => {
            About {
                id: $it.id,
                token: &$it.token,
                channel_id: $it.channel_id,
                channel: $it.channel.as_ref(),
                user: &$it.user,
                member: $it.member.as_deref(),
            }
        };
    }
    match interaction {
        Interaction::Command(it) | Interaction::Autocomplete(it) => Some(about!(it)),
        Interaction::Component(it) => Some(About {
            member: it.member.as_ref(),
            id: it.id,
            token: &it.token,
            channel_id: it.channel_id,
            channel: it.channel.as_ref(),
            user: &it.user,
        }),
        Interaction::Modal(it) => Some(About {
            member: it.member.as_ref(),
            id: it.id,
            token: &it.token,
            channel_id: it.channel_id,
            channel: it.channel.as_ref(),
            user: &it.user,
        }),
        _ => None,
    }
}

struct FirstAnswer {
    body: serde_json::Value,
    form: bool,
}

/// What is said at once; nothing to somebody who is still typing, whose answer is the choices themselves.
fn first_answer(shared: &Shared, interaction: &Interaction) -> Option<FirstAnswer> {
    let form = match interaction {
        Interaction::Autocomplete(_) => return None,
        Interaction::Component(it) => form_of(shared, it),
        _ => None,
    };
    Some(match form {
        Some(body) => FirstAnswer { body, form: true },
        None => FirstAnswer {
            body: json!({"type": 5, "data": {"flags": EPHEMERAL}}),
            form: false,
        },
    })
}

/// The form that a button opens, or the entry that was chosen from a list.
fn form_of(shared: &Shared, component: &ComponentInteraction) -> Option<serde_json::Value> {
    let form = &shared.surface.form;
    let chosen = match &component.data.kind {
        ComponentInteractionDataKind::StringSelect { values } => values.first(),
        _ => None,
    };
    form(&component.data.custom_id)
        .or_else(|| form(chosen?))
        .map(|form| modal(&form))
}

/// Whether Discord has the acknowledgement.
async fn acknowledge(shared: &Shared, about: &About<'_>, body: &serde_json::Value) -> bool {
    for _ in 0..TRIES {
        let said = acts::respond(&shared.rest, about.id, about.token, body).await;
        let Err(refused) = said else { return true };
        if refused.code == ALREADY_DONE {
            return true;
        }
        let error = refused.failure;
        tracing::warn!(interaction = %about.id, %error, "An interaction could not be acknowledged.");
        if matches!(
            error,
            ChatFailure::Permanent { .. } | ChatFailure::Credential(_)
        ) {
            return false;
        }
    }
    false
}

async fn kind(
    shared: &Shared,
    interaction: &Interaction,
    answer: AnswerHandle,
) -> Option<EventKind> {
    match interaction {
        Interaction::Command(it) if it.data.kind == CommandType::Message => {
            shortcut(shared, it, answer).await
        }
        Interaction::Command(it) if it.data.kind == CommandType::User => {
            let whom = it.data.resolved.users.values().next()?;
            let members = &it.data.resolved.members;
            let nick = members
                .values()
                .next()
                .and_then(|member| member.nick.clone());
            Some(EventKind::OnPerson {
                name: it.data.name.clone(),
                whom: Chatter {
                    name: nick.unwrap_or_else(|| receive::name(whom)),
                    ..chatter(whom, None)
                },
                answer,
            })
        }
        Interaction::Command(it) => {
            let typed = typed(shared, it);
            Some(EventKind::Command {
                line: typed.line,
                files: typed.files,
                answer,
            })
        }
        Interaction::Autocomplete(it) => {
            let typed = typed(shared, it);
            let (option, text) = typed.completing?;
            Some(EventKind::Completing {
                line: typed.line,
                option,
                typed: text,
                answer,
            })
        }
        Interaction::Component(it) => Some(pressed(shared, it, answer).await),
        Interaction::Modal(it) => Some(EventKind::Submitted {
            action: it.data.custom_id.clone(),
            values: filled_in(it),
            answer,
        }),
        _ => None,
    }
}

fn typed(shared: &Shared, command: &CommandInteraction) -> line::Typed {
    let data = &command.data;
    line::typed(
        &shared.surface.commands,
        &data.name,
        &data.options,
        &data.resolved,
    )
}

async fn shortcut(
    shared: &Shared,
    command: &CommandInteraction,
    answer: AnswerHandle,
) -> Option<EventKind> {
    let message = command.data.resolved.messages.values().next()?;
    Some(EventKind::Shortcut {
        name: command.data.name.clone(),
        post: PostRef {
            place: shared.places.place(&shared.rest, message.channel_id).await,
            id: message.id.to_string(),
        },
        text: receive::text_of(shared, message),
        author: chatter(&message.author, None),
        answer,
    })
}

async fn pressed(
    shared: &Shared,
    component: &ComponentInteraction,
    answer: AnswerHandle,
) -> EventKind {
    let values = match &component.data.kind {
        ComponentInteractionDataKind::StringSelect { values } => values.clone(),
        _ => Vec::new(),
    };
    let place = shared
        .places
        .place(&shared.rest, component.message.channel_id);
    EventKind::Pressed {
        action: component.data.custom_id.clone(),
        values,
        post: Some(PostRef {
            place: place.await,
            id: component.message.id.to_string(),
        }),
        answer,
    }
}

fn filled_in(form: &ModalInteraction) -> Vec<(String, String)> {
    let rows = form.data.components.iter();
    rows.flat_map(|row| &row.components)
        .filter_map(|component| match component {
            ActionRowComponent::InputText(input) => Some((
                input.custom_id.clone(),
                input.value.clone().unwrap_or_default(),
            )),
            _ => None,
        })
        .collect()
}

/// Somebody, with their roles where Discord gave them.
pub(super) fn chatter(user: &User, member: Option<&Member>) -> Chatter {
    let nick = member.and_then(|member| member.nick.clone());
    Chatter {
        id: user.id.to_string(),
        name: nick.unwrap_or_else(|| receive::name(user)),
        roles: member.map_or_else(Vec::new, |member| {
            member.roles.iter().map(ToString::to_string).collect()
        }),
    }
}
