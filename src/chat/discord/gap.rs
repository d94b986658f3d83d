//! What was posted while nobody listened.
//!
//! After a short break Discord itself tells what was missed (a resumed session). After a longer one, and at the start,
//! the channels that are known are read from the last message on that was fed (Modmail #3346).

use std::collections::HashMap;

use serde::Deserialize;
use serenity::all::{
    ChannelId, GuildId, LightMethod, Message, MessageId, Request, RoleId, Route, UserId,
};

use crate::chat::{ChatFailure, PostRef, Said};

use super::interact::chatter;
use super::receive::{self, Receiver};
use super::rest::number;
use super::{Shared, address};

/// The most messages that Discord gives at once.
const PAGE: usize = 100;

/// Roles of the authors met on the way, since a message that is read has none.
type Roles = HashMap<UserId, Vec<String>>;

/// Reads and feeds what the known channels have behind the last message that was fed, oldest first. A channel that is
/// gone or closed to us is passed over; so is one that Discord does not answer for, until the next time.
pub(super) async fn read(receiver: &mut Receiver) {
    let mut roles = Roles::new();
    for (channel, last) in receiver.seen.clone() {
        let newest = receiver.shared.places.newest(channel);
        if newest.is_some_and(|newest| newest <= last) {
            continue;
        }
        if let Err(error) = read_channel(receiver, channel, last, &mut roles).await {
            tracing::warn!(channel = %channel, %error, "What was posted meanwhile in channel {channel} cannot be read.");
        }
    }
}

async fn read_channel(
    receiver: &mut Receiver,
    channel: ChannelId,
    mut last: MessageId,
    roles: &mut Roles,
) -> Result<(), ChatFailure> {
    loop {
        let rest = &receiver.shared.rest;
        let route = Route::ChannelMessages {
            channel_id: channel,
        };
        let params = vec![("after", last.to_string()), ("limit", PAGE.to_string())];
        let mut messages: Vec<Message> = rest.patiently(route, Some(params)).await?;
        messages.sort_by_key(|message| message.id);
        for message in &messages {
            let of_author = roles_of(receiver, message, roles).await;
            receiver.posted(message, of_author).await;
            last = last.max(message.id);
        }
        if messages.len() < PAGE {
            return Ok(());
        }
    }
}

/// See [`ChatPlatform::around`](crate::chat::ChatPlatform::around).
pub(super) async fn around(
    shared: &Shared,
    post: &PostRef,
    most: u8,
) -> Result<Vec<Said>, ChatFailure> {
    let route = Route::ChannelMessages {
        channel_id: address(&post.place)?,
    };
    // Discord gives what is before an id, so the post itself is before the next one.
    let before = number(&post.id)?.saturating_add(1).to_string();
    let limit = usize::from(most).clamp(1, PAGE).to_string();
    let params = vec![("before", before), ("limit", limit)];
    let request = Request::new(route, LightMethod::Get).params(Some(params));
    let mut messages: Vec<Message> = shared.rest.ask(request).await?;
    messages.sort_by_key(|message| message.id);
    let said = messages.iter().map(|message| Said {
        post: message.id.to_string(),
        at: receive::utc(message.timestamp),
        who: chatter(&message.author, None),
        text: receive::text_of(shared, message),
        files: receive::files_of(message),
    });
    Ok(said.collect())
}

#[derive(Deserialize)]
struct Member {
    roles: Vec<RoleId>,
}

/// The roles of a message's author; none for a direct conversation, or somebody who has left.
async fn roles_of(
    receiver: &Receiver,
    message: &Message,
    known: &mut Roles,
) -> Option<Vec<String>> {
    let author = message.author.id;
    if message.author.bot {
        return None;
    }
    if let Some(roles) = known.get(&author) {
        return Some(roles.clone());
    }
    let route = Route::GuildMember {
        guild_id: GuildId::new(receiver.shared.settings.guild.max(1)),
        user_id: author,
    };
    let member: Result<Member, _> = receiver.shared.rest.patiently(route, None).await;
    let roles = member.map_or_else(|_| Vec::new(), |member| member.roles);
    let roles: Vec<_> = roles.iter().map(ToString::to_string).collect();
    known.insert(author, roles.clone());
    Some(roles)
}
