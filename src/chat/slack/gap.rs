//! What was posted while nobody listened, and conversations read back.
//!
//! Slack tells nothing again of what happened while no connection stood. So the threads that are known are read from the
//! last message on that was fed (Modmail #3346), at the start and whenever a connection is new. To ask for each thread by
//! itself would take too many requests, so the channel is read first: a message that begins a thread says when its newest
//! reply was.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::chat::{ChatFailure, PostPlace, PostRef, Said};

use super::Shared;
use super::message::{Told as Message, time};
use super::receive::{self, Receiver};

/// The most messages that are asked for at once (Slack: at most 999, "no more than 200 results at a time" for one's own
/// good).
const PAGE: usize = 200;
/// Fewer threads than this are asked for one by one.
const FEW: usize = 3;

/// What is asked of a conversation.
#[derive(Debug, Default)]
pub(super) struct Question {
    /// After this.
    pub oldest: Option<String>,
    /// Up to and with this.
    pub latest: Option<String>,
    /// With the metadata of messages.
    pub metadata: bool,
    /// At most so many, the newest; all without it.
    pub most: Option<usize>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Page {
    messages: Vec<Message>,
    response_metadata: Option<Next>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Next {
    next_cursor: String,
}

/// The messages of a channel or a thread, oldest first. The message that begins a thread is none of its messages.
///
/// # Errors
/// If Slack does not answer.
pub(super) async fn messages(
    shared: &Shared,
    place: &PostPlace,
    question: &Question,
) -> Result<Vec<Message>, ChatFailure> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = page(shared, place, question, &cursor).await?;
        let of_thread = |it: &Message| place.thread.is_none() || it.thread().is_some();
        found.extend(page.messages.into_iter().filter(of_thread));
        cursor = page.response_metadata.unwrap_or_default().next_cursor;
        let enough =
            place.thread.is_none() && question.most.is_some_and(|most| found.len() >= most);
        if cursor.is_empty() || enough {
            break;
        }
    }
    found.sort_by(|one, other| one.ts().cmp(other.ts()));
    if let Some(most) = question.most {
        found.drain(..found.len().saturating_sub(most));
    }
    Ok(found)
}

async fn page(
    shared: &Shared,
    place: &PostPlace,
    question: &Question,
    cursor: &str,
) -> Result<Page, ChatFailure> {
    // A thread is told from its beginning on, whatever its end is wanted for.
    let most = question.most.filter(|_| place.thread.is_none());
    let limit = most.unwrap_or(PAGE).clamp(1, PAGE);
    let mut arguments = json!({"channel": place.place, "limit": limit});
    let mut add = |key: &str, value: Value| {
        if let Some(map) = arguments.as_object_mut() {
            map.insert(key.to_owned(), value);
        }
    };
    if let Some(thread) = &place.thread {
        add("ts", json!(thread));
    }
    if let Some(oldest) = &question.oldest {
        add("oldest", json!(oldest));
    }
    if let Some(latest) = &question.latest {
        add("latest", json!(latest));
        add("inclusive", json!(true));
    }
    if question.metadata {
        add("include_all_metadata", json!(true));
    }
    if !cursor.is_empty() {
        add("cursor", json!(cursor));
    }
    let method = match place.thread {
        Some(_) => "conversations.replies",
        None => "conversations.history",
    };
    Ok(shared.rest.patiently(method, &arguments).await?)
}

/// Reads and feeds what the known conversations have behind the last message that was fed, oldest first. One that is gone
/// or closed to us is passed over; so is one that Slack does not answer for, until the next time.
pub(super) async fn read(receiver: &mut Receiver) {
    let mut channels: BTreeMap<String, Vec<(Option<String>, String)>> = BTreeMap::new();
    for (place, last) in &receiver.seen {
        let known = channels.entry(place.place.clone()).or_default();
        known.push((place.thread.clone(), last.clone()));
    }
    for (channel, known) in channels {
        let grown = match grown(receiver, &channel, known).await {
            Ok(grown) => grown,
            Err(error) => {
                tracing::warn!(channel, %error, "What was posted meanwhile in channel {channel} cannot be read.");
                continue;
            }
        };
        for (place, last) in grown {
            if let Err(error) = read_place(receiver, &place, last).await {
                tracing::warn!(channel, %error, "What was posted meanwhile in a thread of channel {channel} cannot be read.");
            }
        }
    }
}

/// The conversations of a channel that may have grown since.
async fn grown(
    receiver: &Receiver,
    channel: &str,
    known: Vec<(Option<String>, String)>,
) -> Result<Vec<(PostPlace, String)>, ChatFailure> {
    let place = |thread: Option<String>| PostPlace {
        place: channel.to_owned(),
        thread,
    };
    let mut grown = Vec::new();
    let mut unknown: BTreeMap<String, String> = BTreeMap::new();
    for (thread, last) in known {
        match thread {
            None => grown.push((place(None), last)),
            Some(thread) => {
                unknown.insert(thread, last);
            }
        }
    }
    // The channel is read backwards as long as that may take fewer requests than its threads would.
    let (whole, question) = (place(None), Question::default());
    let (mut asked, mut cursor) = (0, String::new());
    while unknown.len() > FEW && asked < unknown.len() {
        let page = page(&receiver.shared, &whole, &question, &cursor).await?;
        asked += 1;
        for message in page.messages {
            let Some(last) = unknown.remove(message.ts()) else {
                continue;
            };
            if message.latest_reply.is_some_and(|newest| newest > last) {
                grown.push((place(message.ts), last));
            }
        }
        cursor = page.response_metadata.unwrap_or_default().next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    let rest = unknown.into_iter();
    grown.extend(rest.map(|(thread, last)| (place(Some(thread)), last)));
    Ok(grown)
}

async fn read_place(
    receiver: &mut Receiver,
    place: &PostPlace,
    last: String,
) -> Result<(), ChatFailure> {
    let question = Question {
        oldest: Some(last),
        ..Question::default()
    };
    let missed = messages(&receiver.shared, place, &question).await?;
    // A direct conversation's channel begins with a D.
    let direct = place.place.starts_with('D');
    for message in missed {
        receiver.posted(&place.place, &message, direct).await;
    }
    Ok(())
}

/// See [`ChatPlatform::around`](crate::chat::ChatPlatform::around).
pub(super) async fn around(
    shared: &Shared,
    post: &PostRef,
    most: u8,
) -> Result<Vec<Said>, ChatFailure> {
    let place = match post.place.thread {
        Some(_) => post.place.clone(),
        None => PostPlace {
            place: post.place.place.clone(),
            thread: thread_of(shared, post).await?,
        },
    };
    let question = Question {
        latest: Some(post.id.clone()),
        most: Some(usize::from(most).max(1)),
        ..Question::default()
    };
    let mut said = Vec::new();
    for message in messages(shared, &place, &question).await? {
        let author = message.user.clone().or_else(|| message.bot_id.clone());
        let author = author.unwrap_or_default();
        let mut who = crate::chat::Chatter {
            id: author.clone(),
            name: shared.people.name(&shared.rest, &author).await,
            roles: Vec::new(),
        };
        if who.name.is_empty() {
            who.name.clone_from(&who.id);
        }
        said.push(Said {
            post: message.ts().to_owned(),
            at: time(message.ts()).unwrap_or_else(|| shared.clock.now()),
            who,
            text: receive::plain(shared, &message.words()).await.0,
            files: message.files(),
        });
    }
    Ok(said)
}

/// The thread that a message stands in. Slack tells it of a message that it is asked for by its id.
async fn thread_of(shared: &Shared, post: &PostRef) -> Result<Option<String>, ChatFailure> {
    let place = PostPlace {
        place: post.place.place.clone(),
        thread: Some(post.id.clone()),
    };
    let question = Question {
        latest: Some(post.id.clone()),
        oldest: Some(post.id.clone()),
        most: Some(1),
        ..Question::default()
    };
    let found = page(shared, &place, &question, "").await?;
    let mut messages = found.messages.into_iter();
    let message = messages.find(|message| message.ts() == post.id);
    Ok(message.and_then(|message| message.thread()))
}
