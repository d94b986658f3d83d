//! Acts as requests.

use data_encoding::HEXLOWER;
use serde::Deserialize;
use serde_json::{Value, json};
use serenity::all::{ChannelId, InteractionId, LightMethod, MessageId, Request, Route};
use sha2::{Digest as _, Sha256};

use crate::chat::{
    Act, AnswerHandle, Attempt, ChatFailure, Done, Message, PostPlace, PostRef, text,
};

use super::compose::{self, EPHEMERAL, Post, Rich};
use super::interact::Handle;
use super::rest::{Refused, Rest, number};
use super::{Shared, address, threads};

/// "Thread is archived".
const THREAD_ARCHIVED: u64 = 50_083;
/// A message or a channel that was made.
#[derive(Deserialize)]
pub(super) struct Made {
    pub id: MessageId,
}

/// Carries out an act. See [`ChatPlatform::act`](crate::chat::ChatPlatform::act).
pub(super) async fn perform(
    shared: &Shared,
    act: &Act,
    attempt: Attempt<'_>,
) -> Result<Done, ChatFailure> {
    let rest = &shared.rest;
    let nonce = attempt.nonce;
    match act {
        Act::OpenThread {
            place,
            title,
            message,
            only_for,
        } => threads::open(shared, place, title, message, only_for, attempt).await,
        Act::Post { place, message } => {
            let (posts, at) = compose::posts(message, Rich::Last);
            let made = send(rest, address(place)?, &posts, nonce).await?;
            Ok(done(place, made, at))
        }
        Act::Edit { post, message } => edit(rest, post, message).await,
        Act::Delete { post } => delete(rest, post).await,
        Act::Direct { user, message } => {
            let recipient = json!({"recipient_id": number(user)?.to_string()});
            let route = Route::UserMeDmChannels;
            let made: Made = rest
                .put_in(LightMethod::Post, route, &recipient, None)
                .await?;
            let place = PostPlace {
                place: made.id.to_string(),
                thread: None,
            };
            let (posts, at) = compose::posts(message, Rich::Last);
            let made = send(rest, ChannelId::new(made.id.get()), &posts, nonce).await?;
            Ok(done(&place, made, at))
        }
        Act::Answer {
            handle,
            message,
            private,
        } => answer(shared, handle, message, *private, nonce).await,
        Act::Complete { handle, choices } => complete(rest, handle, choices).await,
        Act::React { post, emoji } => {
            let emoji: String = url::form_urlencoded::byte_serialize(emoji.as_bytes()).collect();
            let route = Route::ChannelMessageReactionMe {
                channel_id: address(&post.place)?,
                message_id: message_id(post)?,
                reaction: &emoji,
            };
            let () = rest.ask(Request::new(route, LightMethod::Put)).await?;
            Ok(Done::default())
        }
        Act::Archive { thread, archived } => {
            if thread.thread.is_none() {
                let text = "only a thread can be archived".to_owned();
                return Err(ChatFailure::Permanent { text });
            }
            archive(rest, address(thread)?, *archived).await?;
            Ok(Done::default())
        }
    }
}

fn message_id(post: &PostRef) -> Result<MessageId, ChatFailure> {
    number(&post.id).map(MessageId::from)
}

pub(super) fn done(place: &PostPlace, made: Vec<MessageId>, rich: usize) -> Done {
    let mut posts: Vec<_> = made
        .into_iter()
        .map(|id| PostRef {
            place: place.clone(),
            id: id.to_string(),
        })
        .collect();
    let post = (rich < posts.len()).then(|| posts.remove(rich));
    Done {
        thread: None,
        post,
        more: posts,
    }
}

/// What Discord calls a nonce, at most 25 characters, for one post of an act.
pub(super) fn nonce_of(nonce: &str, part: &str) -> String {
    let hash = Sha256::digest(format!("{nonce}\n{part}"));
    let mut hex = HEXLOWER.encode(&hash);
    hex.truncate(24);
    hex
}

/// Posts in their order. Each has a nonce of its own, so that a second attempt makes only what is missing.
pub(super) async fn send(
    rest: &Rest,
    to: ChannelId,
    posts: &[Post],
    nonce: &str,
) -> Result<Vec<MessageId>, ChatFailure> {
    let mut made = Vec::new();
    for (at, post) in posts.iter().enumerate() {
        made.push(send_one(rest, to, post, &nonce_of(nonce, &at.to_string())).await?);
    }
    Ok(made)
}

pub(super) async fn send_one(
    rest: &Rest,
    to: ChannelId,
    post: &Post,
    nonce: &str,
) -> Result<MessageId, ChatFailure> {
    let route = Route::ChannelMessages { channel_id: to };
    let body = post.body(Some(nonce), 0);
    let made: Made = rest
        .put_in(LightMethod::Post, route, &body, post.file.as_ref())
        .await?;
    Ok(made.id)
}

async fn edit(rest: &Rest, post: &PostRef, message: &Message) -> Result<Done, ChatFailure> {
    let to = address(&post.place)?;
    let single = compose::single(message);
    let route = Route::ChannelMessage {
        channel_id: to,
        message_id: message_id(post)?,
    };
    let body = single.body(None, 0);
    let file = single.file.as_ref();
    let edited: Result<Value, Refused> = rest.put_in(LightMethod::Patch, route, &body, file).await;
    match edited {
        Err(refused) if refused.code == THREAD_ARCHIVED => {
            // Nothing in an archived thread can be edited, so it is taken out for as long as that takes.
            archive(rest, to, false).await?;
            let _: Value = rest.put_in(LightMethod::Patch, route, &body, file).await?;
            archive(rest, to, true).await?;
        }
        Err(refused) => return Err(refused.failure),
        Ok(_) => {}
    }
    Ok(Done {
        post: Some(post.clone()),
        ..Done::default()
    })
}

/// "Unknown Message": somebody else took it away.
const UNKNOWN_MESSAGE: u64 = 10_008;

async fn delete(rest: &Rest, post: &PostRef) -> Result<Done, ChatFailure> {
    let route = Route::ChannelMessage {
        channel_id: address(&post.place)?,
        message_id: message_id(post)?,
    };
    let gone: Result<(), Refused> = rest.ask(Request::new(route, LightMethod::Delete)).await;
    match gone {
        Err(refused) if refused.code != UNKNOWN_MESSAGE => Err(refused.failure),
        _ => Ok(Done::default()),
    }
}

async fn archive(rest: &Rest, thread: ChannelId, archived: bool) -> Result<(), ChatFailure> {
    let route = Route::Channel { channel_id: thread };
    let body = json!({"archived": archived});
    let _: Value = rest.put_in(LightMethod::Patch, route, &body, None).await?;
    Ok(())
}

/// Fills in the answer that the wire held open. What everybody shall see cannot stand in it, since it was held open for
/// one person: it becomes a post, and the open answer goes.
async fn answer(
    shared: &Shared,
    handle: &AnswerHandle,
    message: &Message,
    private: bool,
    nonce: &str,
) -> Result<Done, ChatFailure> {
    let rest = &shared.rest;
    let handle = Handle::read(handle)?;
    let application_id = rest.application().await?;
    let original = Route::WebhookOriginalInteractionResponse {
        application_id,
        token: &handle.token,
    };
    if !private {
        let (posts, at) = compose::posts(message, Rich::Last);
        let made = send(rest, handle.channel, &posts, nonce).await?;
        let gone: Result<(), Refused> = rest.ask(Request::new(original, LightMethod::Delete)).await;
        if let Err(refused) = gone {
            tracing::warn!(error = %refused.failure, "An answer that was held open could not be taken away.");
        }
        let place = shared.places.place(rest, handle.channel).await;
        return Ok(done(&place, made, at));
    }
    let (posts, _) = compose::posts(message, Rich::Last);
    for (at, post) in posts.iter().enumerate() {
        let file = post.file.as_ref();
        let _: Value = if at == 0 {
            let body = post.body(None, 0);
            rest.put_in(LightMethod::Patch, original, &body, file)
                .await?
        } else {
            let route = Route::WebhookFollowupMessages {
                application_id,
                token: &handle.token,
            };
            let body = post.body(None, EPHEMERAL);
            rest.put_in(LightMethod::Post, route, &body, file).await?
        };
    }
    Ok(Done::default())
}

async fn complete(
    rest: &Rest,
    handle: &AnswerHandle,
    choices: &[(String, String)],
) -> Result<Done, ChatFailure> {
    let handle = Handle::read(handle)?;
    // A value that is too long cannot be cut: it would be another one.
    let choices = choices
        .iter()
        .filter(|(value, _)| (1..=100).contains(&text::length(value)))
        .take(25)
        .map(|(value, name)| {
            let name = if name.trim().is_empty() { value } else { name };
            json!({"name": text::shortened(name, 100), "value": value})
        });
    let body = json!({"type": 8, "data": {"choices": choices.collect::<Vec<_>>()}});
    respond(rest, handle.interaction, &handle.token, &body).await?;
    Ok(Done::default())
}

/// The first answer to an interaction.
///
/// # Errors
/// See [`Refused`].
pub(super) async fn respond(
    rest: &Rest,
    interaction_id: InteractionId,
    token: &str,
    body: &Value,
) -> Result<(), Refused> {
    let route = Route::InteractionResponse {
        interaction_id,
        token,
    };
    rest.put_in(LightMethod::Post, route, body, None).await
}
