//! Acts as requests.

use data_encoding::HEXLOWER;
use serde::Deserialize;
use serde_json::{Value, json};
use serenity::all::{
    ChannelId, ChannelType, InteractionId, LightMethod, MessageId, Request, Route, UserId,
};
use sha2::{Digest as _, Sha256};

use crate::chat::{Act, AnswerHandle, ChatFailure, Done, Message, PostPlace, PostRef, text};

use super::compose::{self, EPHEMERAL, Post, Rich};
use super::interact::Handle;
use super::rest::{Refused, Rest, channel, number};
use super::{Shared, address};

/// "A thread has already been created for this message".
const THREAD_EXISTS: u64 = 160_004;
/// "Thread is archived".
const THREAD_ARCHIVED: u64 = 50_083;
/// A thread leaves the list of channels after a week of silence, the longest that Discord offers (in minutes).
const ARCHIVE_AFTER: u32 = 10_080;

/// A message or a channel that was made.
#[derive(Deserialize)]
struct Made {
    id: MessageId,
}

/// Carries out an act. See [`ChatPlatform::act`](crate::chat::ChatPlatform::act).
pub(super) async fn perform(shared: &Shared, act: &Act, nonce: &str) -> Result<Done, ChatFailure> {
    let rest = &shared.rest;
    match act {
        Act::OpenThread {
            place,
            title,
            message,
            only_for,
        } => open_thread(shared, place, title, message, only_for, nonce).await,
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

fn done(place: &PostPlace, made: Vec<MessageId>, rich: usize) -> Done {
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
fn nonce_of(nonce: &str, part: &str) -> String {
    let hash = Sha256::digest(format!("{nonce}\n{part}"));
    let mut hex = HEXLOWER.encode(&hash);
    hex.truncate(24);
    hex
}

/// Posts in their order. Each has a nonce of its own, so that a second attempt makes only what is missing.
async fn send(
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

async fn send_one(
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

async fn open_thread(
    shared: &Shared,
    place: &str,
    title: &str,
    message: &Message,
    only_for: &[String],
    nonce: &str,
) -> Result<Done, ChatFailure> {
    let rest = &shared.rest;
    let parent = channel(place)?;
    let title = text::shortened(title, 100);
    let title = if title.trim().is_empty() {
        "–".to_owned()
    } else {
        title
    };
    let (posts, _) = compose::posts(message, Rich::First);
    let Some((first, more)) = posts.split_first() else {
        return Ok(Done::default());
    };
    let kind = shared.places.kind(rest, parent).await?;
    let forum = matches!(kind, ChannelType::Forum | ChannelType::Unknown(16));
    let (thread, starter) = if !only_for.is_empty() {
        open_private(rest, parent, &title, only_for, first, nonce).await?
    } else if forum {
        open_forum(rest, parent, &title, first).await?
    } else {
        open_on_message(rest, parent, &title, first, nonce).await?
    };
    let within = PostPlace {
        place: place.to_owned(),
        thread: Some(thread.to_string()),
    };
    let made = send(rest, thread, more, &nonce_of(nonce, "more")).await?;
    let mut done = done(&within, made, usize::MAX);
    done.post = Some(PostRef {
        place: PostPlace {
            place: place.to_owned(),
            thread: (starter.1 == thread).then(|| thread.to_string()),
        },
        id: starter.0.to_string(),
    });
    done.thread = Some(within);
    Ok(done)
}

/// A message, and the channel that it stands in.
type Starter = (MessageId, ChannelId);

/// A post in a text channel, and a thread on it. The thread has the post's id, so that one that a lost answer told of is
/// found again.
async fn open_on_message(
    rest: &Rest,
    parent: ChannelId,
    title: &str,
    first: &Post,
    nonce: &str,
) -> Result<(ChannelId, Starter), ChatFailure> {
    let message = send_one(rest, parent, first, &nonce_of(nonce, "0")).await?;
    let route = Route::ChannelMessageThreads {
        channel_id: parent,
        message_id: message,
    };
    let body = json!({"name": title, "auto_archive_duration": ARCHIVE_AFTER});
    let made: Result<Made, Refused> = rest.put_in(LightMethod::Post, route, &body, None).await;
    match made {
        Err(refused) if refused.code != THREAD_EXISTS => Err(refused.failure),
        _ => Ok((ChannelId::new(message.get()), (message, parent))),
    }
}

async fn open_forum(
    rest: &Rest,
    parent: ChannelId,
    title: &str,
    first: &Post,
) -> Result<(ChannelId, Starter), ChatFailure> {
    let body = json!({
        "name": title,
        "auto_archive_duration": ARCHIVE_AFTER,
        "message": first.starter(),
    });
    let route = Route::ChannelForumPosts { channel_id: parent };
    let file = first.file.as_ref();
    let made: Made = rest.put_in(LightMethod::Post, route, &body, file).await?;
    let thread = ChannelId::new(made.id.get());
    Ok((thread, (made.id, thread)))
}

async fn open_private(
    rest: &Rest,
    parent: ChannelId,
    title: &str,
    only_for: &[String],
    first: &Post,
    nonce: &str,
) -> Result<(ChannelId, Starter), ChatFailure> {
    let body = json!({
        "name": title,
        "auto_archive_duration": ARCHIVE_AFTER,
        "type": 12,
        "invitable": false,
    });
    let route = Route::ChannelThreads { channel_id: parent };
    let made: Made = rest.put_in(LightMethod::Post, route, &body, None).await?;
    let thread = ChannelId::new(made.id.get());
    for user in only_for {
        let route = Route::ChannelThreadMember {
            channel_id: thread,
            user_id: UserId::from(number(user)?),
        };
        let () = rest.ask(Request::new(route, LightMethod::Put)).await?;
    }
    let message = send_one(rest, thread, first, &nonce_of(nonce, "0")).await?;
    Ok((thread, (message, thread)))
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
