//! Which channel is what, and which thread belongs to which channel. On Discord a thread is a channel of its own, and a
//! message says only which channel it is in.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serenity::all::{
    ChannelId, ChannelType, Guild, GuildChannel, MessageId, PartialChannel, RoleId, Route,
};

use crate::chat::{ChatFailure, PostPlace};

use super::rest::Rest;

/// What was learnt of a server.
#[derive(Debug, Default)]
pub(super) struct Places {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    channels: HashMap<ChannelId, Channel>,
    roles: HashMap<RoleId, String>,
}

/// What matters of a channel.
#[derive(Debug, Clone, Deserialize)]
struct Channel {
    #[serde(rename = "type")]
    kind: ChannelType,
    parent_id: Option<ChannelId>,
    name: Option<String>,
    last_message_id: Option<MessageId>,
}

impl Channel {
    fn is_thread(&self) -> bool {
        matches!(
            self.kind,
            ChannelType::NewsThread | ChannelType::PublicThread | ChannelType::PrivateThread
        )
    }
}

impl Places {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns a whole server, with the threads that are not archived.
    pub fn learn_guild(&self, guild: &Guild) {
        for channel in guild.channels.values().chain(&guild.threads) {
            self.learn(channel);
        }
        let roles = guild.roles.values();
        self.known()
            .roles
            .extend(roles.map(|role| (role.id, role.name.clone())));
    }

    /// Learns a channel or thread.
    pub fn learn(&self, channel: &GuildChannel) {
        let learnt = Channel {
            kind: channel.kind,
            parent_id: channel.parent_id,
            name: Some(channel.name.clone()),
            last_message_id: channel.last_message_id,
        };
        self.known().channels.insert(channel.id, learnt);
    }

    /// Learns the channel that came with an interaction.
    pub fn learn_partial(&self, channel: &PartialChannel) {
        let learnt = Channel {
            kind: channel.kind,
            parent_id: channel.parent_id,
            name: channel.name.clone(),
            last_message_id: None,
        };
        self.known().channels.entry(channel.id).or_insert(learnt);
    }

    /// The newest message of a channel when the server was learnt, if that was told.
    pub fn newest(&self, id: ChannelId) -> Option<MessageId> {
        self.known().channels.get(&id)?.last_message_id
    }

    /// A channel's name, if it is known.
    pub fn channel_name(&self, id: ChannelId) -> Option<String> {
        self.known().channels.get(&id)?.name.clone()
    }

    /// A role's name, if it is known.
    pub fn role_name(&self, id: RoleId) -> Option<String> {
        self.known().roles.get(&id).cloned()
    }

    /// What kind of channel this is.
    ///
    /// # Errors
    /// If Discord does not say.
    pub async fn kind(&self, rest: &Rest, id: ChannelId) -> Result<ChannelType, ChatFailure> {
        Ok(self.channel(rest, id).await?.kind)
    }

    /// A channel as the rest of the house names it. One that Discord does not tell of stands for itself.
    pub async fn place(&self, rest: &Rest, id: ChannelId) -> PostPlace {
        let channel = self.channel(rest, id).await;
        let parent = match channel {
            Ok(channel) if channel.is_thread() => channel.parent_id,
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(channel = %id, %error, "Discord does not say what channel {id} is.");
                None
            }
        };
        match parent {
            Some(parent) => PostPlace {
                place: parent.to_string(),
                thread: Some(id.to_string()),
            },
            None => PostPlace {
                place: id.to_string(),
                thread: None,
            },
        }
    }

    async fn channel(&self, rest: &Rest, id: ChannelId) -> Result<Channel, ChatFailure> {
        let known = self.known().channels.get(&id).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let channel: Channel = rest
            .patiently(Route::Channel { channel_id: id }, None)
            .await?;
        self.known().channels.insert(id, channel.clone());
        Ok(channel)
    }
}
