//! Opening threads: on a post, as a forum's post, or private.
//!
//! A thread on a post has the post's id, so that one that a lost answer told of is found again. For the others Discord knows no
//! nonce: a repeated attempt looks for what the earlier one made, by its title, its maker and its time.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::json;
use serenity::all::{
    ChannelId, ChannelType, GuildId, LightMethod, MessageId, Request, Route, UserId,
};

use crate::chat::{Attempt, ChatFailure, Done, Message, PostPlace, PostRef, text};

use super::Shared;
use super::acts::{Made, done, nonce_of, send, send_one};
use super::compose::{self, Post, Rich};
use super::rest::{Refused, Rest, channel, number};

/// "A thread has already been created for this message".
const THREAD_EXISTS: u64 = 160_004;
/// A thread leaves the list of channels after a week of silence, the longest that Discord offers (in minutes).
const ARCHIVE_AFTER: u32 = 10_080;
/// How far Discord's clock may be behind ours.
const CLOCKS_APART: TimeDelta = TimeDelta::minutes(2);
/// How many posts of an earlier attempt are looked for.
const EARLIER: &str = "50";

/// Opens a thread that begins with the message. See [`Act::OpenThread`](crate::chat::Act::OpenThread).
pub(super) async fn open(
    shared: &Shared,
    place: &str,
    title: &str,
    message: &Message,
    only_for: &[String],
    attempt: Attempt<'_>,
) -> Result<Done, ChatFailure> {
    let rest = &shared.rest;
    let nonce = attempt.nonce;
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
    let earlier = match attempt.tried_since {
        Some(since) if forum || !only_for.is_empty() => {
            earlier(shared, parent, &title, since).await?
        }
        _ => None,
    };
    let (thread, starter) = if !only_for.is_empty() {
        open_private(rest, parent, &title, only_for, first, nonce, earlier).await?
    } else if forum {
        open_forum(rest, parent, &title, first, earlier).await?
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
    earlier: Option<Earlier>,
) -> Result<(ChannelId, Starter), ChatFailure> {
    if let Some(earlier) = earlier {
        // A forum's post has the id of the message that it begins with.
        let starter = MessageId::new(earlier.thread.get());
        return Ok((earlier.thread, (starter, earlier.thread)));
    }
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
    earlier: Option<Earlier>,
) -> Result<(ChannelId, Starter), ChatFailure> {
    let body = json!({
        "name": title,
        "auto_archive_duration": ARCHIVE_AFTER,
        "type": 12,
        "invitable": false,
    });
    let route = Route::ChannelThreads { channel_id: parent };
    let thread = match &earlier {
        Some(earlier) => earlier.thread,
        None => {
            let made: Made = rest.put_in(LightMethod::Post, route, &body, None).await?;
            ChannelId::new(made.id.get())
        }
    };
    for user in only_for {
        let route = Route::ChannelThreadMember {
            channel_id: thread,
            user_id: UserId::from(number(user)?),
        };
        let () = rest.ask(Request::new(route, LightMethod::Put)).await?;
    }
    let message = match earlier.and_then(|earlier| earlier.first) {
        Some(message) => message,
        None => send_one(rest, thread, first, &nonce_of(nonce, "0")).await?,
    };
    Ok((thread, (message, thread)))
}

/// A thread that an earlier attempt opened.
struct Earlier {
    thread: ChannelId,
    /// The first post in it that is ours.
    first: Option<MessageId>,
}

#[derive(Deserialize)]
struct ActiveThreads {
    threads: Vec<ActiveThread>,
}

#[derive(Deserialize)]
struct ActiveThread {
    id: ChannelId,
    parent_id: Option<ChannelId>,
    owner_id: Option<UserId>,
    name: String,
}

#[derive(Deserialize)]
struct Standing {
    id: MessageId,
    author: Author,
    #[serde(rename = "type")]
    kind: u8,
}

#[derive(Deserialize)]
struct Author {
    id: UserId,
}

/// Looks for the thread that an earlier attempt opened: one of ours in the same channel, of the same title, no older than the
/// act itself.
async fn earlier(
    shared: &Shared,
    parent: ChannelId,
    title: &str,
    since: DateTime<Utc>,
) -> Result<Option<Earlier>, ChatFailure> {
    // A copy that is not connected to the gateway was not told who it is.
    let me = match shared.me() {
        Some(me) => me,
        None => shared.rest.get::<Author>(Route::UserMe).await?.id,
    };
    let guild_id = GuildId::new(shared.settings.guild.max(1));
    let route = Route::GuildThreadsActive { guild_id };
    let active: ActiveThreads = shared.rest.get(route).await?;
    let since = since - CLOCKS_APART;
    let found = active.threads.into_iter().find(|thread| {
        thread.parent_id == Some(parent)
            && thread.owner_id == Some(me)
            && thread.name == title
            && thread.id.created_at().timestamp() >= since.timestamp()
    });
    let Some(thread) = found.map(|thread| thread.id) else {
        return Ok(None);
    };
    let route = Route::ChannelMessages { channel_id: thread };
    let params = vec![("after", "0".to_owned()), ("limit", EARLIER.to_owned())];
    let request = Request::new(route, LightMethod::Get).params(Some(params));
    let mut standing: Vec<Standing> = shared.rest.ask(request).await?;
    standing.sort_by_key(|message| message.id);
    // Discord itself says in the thread who was let in; that is no post.
    let first = standing
        .iter()
        .find(|message| message.author.id == me && message.kind == 0)
        .map(|message| message.id);
    Ok(Some(Earlier { thread, first }))
}
