//! Acts as requests.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::chat::{Act, Attempt, ChatFailure, Done, Message, PostPlace, PostRef};

use super::again::{self, Before};
use super::compose::{self, Post, Posts, Rich};
use super::refusal::Refused;
use super::{Shared, answer, emoji, files};

/// The most people that a direct conversation takes (Slack: "supply up to 8 users").
const MOST_PEOPLE: usize = 8;

/// A message that was made.
#[derive(Deserialize)]
struct Made {
    ts: String,
}

#[derive(Deserialize)]
struct Opened {
    channel: Channel,
}

#[derive(Deserialize)]
struct Channel {
    id: String,
}

/// Carries out an act. See [`ChatPlatform::act`](crate::chat::ChatPlatform::act).
pub(super) async fn perform(
    shared: &Shared,
    act: &Act,
    attempt: Attempt<'_>,
) -> Result<Done, ChatFailure> {
    let Attempt { nonce, tried_since } = attempt;
    match act {
        Act::OpenThread {
            place,
            title,
            message,
            only_for,
        } => {
            let place = if only_for.is_empty() {
                place.clone()
            } else {
                // Slack has no private threads: the people are talked to directly, the first of them if they are many.
                let people = only_for.get(..MOST_PEOPLE).unwrap_or(only_for);
                conversation_with(shared, &people.join(",")).await?
            };
            open_thread(shared, &place, title, message, nonce, tried_since).await
        }
        Act::Post { place, message } => post(shared, place, message, nonce, tried_since).await,
        Act::Edit { post, message } => edit(shared, post, message).await,
        Act::Delete { post } => delete(shared, post).await,
        Act::Direct { user, message } => {
            let place = PostPlace {
                place: conversation_with(shared, user).await?,
                thread: None,
            };
            post(shared, &place, message, nonce, tried_since).await
        }
        Act::Answer {
            handle,
            message,
            private,
        } => answer::answer(shared, handle, message, *private, attempt).await,
        // Slack asks for none.
        Act::Complete { .. } => Ok(Done::default()),
        Act::React { post, emoji } => react(shared, post, emoji).await,
        Act::Archive { thread, .. } => match thread.thread {
            // A thread on Slack goes away by itself.
            Some(_) => Ok(Done::default()),
            None => Err(ChatFailure::Permanent {
                text: "only a thread can be archived".to_owned(),
            }),
        },
    }
}

/// The direct conversation with one person or several, by ids with commas.
///
/// # Errors
/// See [`ChatFailure`].
pub(super) async fn conversation_with(shared: &Shared, users: &str) -> Result<String, ChatFailure> {
    let arguments = json!({"users": users});
    let opened: Opened = shared.rest.ask("conversations.open", &arguments).await?;
    Ok(opened.channel.id)
}

/// Posts a message into a place or thread.
///
/// # Errors
/// See [`ChatFailure`].
pub(super) async fn post(
    shared: &Shared,
    place: &PostPlace,
    message: &Message,
    nonce: &str,
    tried_since: Option<DateTime<Utc>>,
) -> Result<Done, ChatFailure> {
    let Posts { posts, rich, files } = compose::posts(message, Rich::Last, place.thread.as_deref());
    let mut before = Before::read(shared, place, tried_since).await?;
    let made = send(shared, place, &posts, nonce, &before).await?;
    files::share(&shared.rest, place, &files, &mut before).await?;
    Ok(done(place, made, rich))
}

fn done(place: &PostPlace, made: Vec<String>, rich: usize) -> Done {
    let mut posts: Vec<_> = made
        .into_iter()
        .map(|id| PostRef {
            place: place.clone(),
            id,
        })
        .collect();
    let post = (rich < posts.len()).then(|| posts.remove(rich));
    Done {
        thread: None,
        post,
        more: posts,
    }
}

/// Posts in their order. Each has a nonce of its own, so that a second attempt makes only what is missing.
async fn send(
    shared: &Shared,
    place: &PostPlace,
    posts: &[Post],
    nonce: &str,
    before: &Before,
) -> Result<Vec<String>, ChatFailure> {
    let mut made = Vec::new();
    for (at, post) in posts.iter().enumerate() {
        let nonce = again::nonce_of(nonce, &at.to_string());
        made.push(match before.post(&nonce) {
            Some(there) => there.clone(),
            None => send_one(shared, place, post, &nonce).await?,
        });
    }
    Ok(made)
}

async fn send_one(
    shared: &Shared,
    place: &PostPlace,
    post: &Post,
    nonce: &str,
) -> Result<String, ChatFailure> {
    let mut body = addressed(post.body(), place);
    if let Some(map) = body.as_object_mut() {
        map.insert("metadata".to_owned(), again::metadata(nonce));
    }
    let made: Made = shared.rest.ask("chat.postMessage", &body).await?;
    Ok(made.ts)
}

/// A body with the place that it goes to.
pub(super) fn addressed(mut body: Value, place: &PostPlace) -> Value {
    if let Some(map) = body.as_object_mut() {
        map.insert("channel".to_owned(), json!(place.place));
        if let Some(thread) = &place.thread {
            map.insert("thread_ts".to_owned(), json!(thread));
        }
    }
    body
}

/// A post with the card, and its thread, which has what does not fit into the post.
async fn open_thread(
    shared: &Shared,
    place: &str,
    title: &str,
    message: &Message,
    nonce: &str,
    tried_since: Option<DateTime<Utc>>,
) -> Result<Done, ChatFailure> {
    let channel = PostPlace {
        place: place.to_owned(),
        thread: None,
    };
    let Posts { posts, files, .. } = compose::posts(message, Rich::First, None);
    let Some((first, more)) = posts.split_first() else {
        return Ok(Done::default());
    };
    let first = [first.clone().or_say(title)];
    let before = Before::read(shared, &channel, tried_since).await?;
    let card = send(shared, &channel, &first, nonce, &before).await?;
    let thread = card.into_iter().next().unwrap_or_default();
    let within = PostPlace {
        place: place.to_owned(),
        thread: Some(thread.clone()),
    };
    let rest = !more.is_empty() || !files.is_empty();
    let mut before = Before::read(shared, &within, tried_since.filter(|_| rest)).await?;
    let nonce = again::nonce_of(nonce, "more");
    let made = send(shared, &within, more, &nonce, &before).await?;
    files::share(&shared.rest, &within, &files, &mut before).await?;
    let mut done = done(&within, made, usize::MAX);
    done.post = Some(PostRef {
        place: channel,
        id: thread,
    });
    done.thread = Some(within);
    Ok(done)
}

async fn edit(shared: &Shared, post: &PostRef, message: &Message) -> Result<Done, ChatFailure> {
    let place = &post.place;
    let mut body = compose::single(message, place.thread.as_deref()).body();
    if let Some(map) = body.as_object_mut() {
        map.insert("channel".to_owned(), json!(place.place));
        map.insert("ts".to_owned(), json!(post.id));
        map.remove("unfurl_links");
        map.remove("unfurl_media");
    }
    let _: Value = shared.rest.ask("chat.update", &body).await?;
    Ok(Done {
        post: Some(post.clone()),
        ..Done::default()
    })
}

async fn delete(shared: &Shared, post: &PostRef) -> Result<Done, ChatFailure> {
    let arguments = json!({"channel": post.place.place, "ts": post.id});
    let gone: Result<Value, Refused> = shared.rest.ask("chat.delete", &arguments).await;
    match gone {
        // Somebody else took it away.
        Err(refused) if refused.code != "message_not_found" => Err(refused.failure),
        _ => Ok(Done::default()),
    }
}

async fn react(shared: &Shared, post: &PostRef, emoji: &str) -> Result<Done, ChatFailure> {
    let arguments = json!({
        "channel": post.place.place, "timestamp": post.id, "name": emoji::name(emoji),
    });
    let marked: Result<Value, Refused> = shared.rest.ask("reactions.add", &arguments).await;
    match marked {
        Err(refused) if refused.code != "already_reacted" => Err(refused.failure),
        _ => Ok(Done::default()),
    }
}
