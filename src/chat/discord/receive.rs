//! What the gateway tells, as events in the order in which it was told.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serenity::all::{
    Attachment, ChannelId, ChannelType, Event, GuildId, Message, MessageId, MessageReferenceKind,
    MessageType, MessageUpdateEvent, PartialMember, Reaction, ReactionType, Timestamp, User,
    UserId,
};
use tokio::sync::mpsc;

use crate::chat::{ChatEvent, ChatFile, Chatter, EventKind, PostPlace, PostRef};

use super::interact::chatter;
use super::{Shared, commands, gap};

/// Turns events of the gateway into those of the house.
pub(super) struct Receiver {
    pub shared: Arc<Shared>,
    pub events: mpsc::Sender<ChatEvent>,
    /// The last message of each channel that is known to be fed. It starts as what the caller knows.
    pub seen: BTreeMap<ChannelId, MessageId>,
}

impl Receiver {
    /// Works events until there are no more.
    pub async fn work(mut self, mut told: mpsc::UnboundedReceiver<Event>) {
        while let Some(event) = told.recv().await {
            self.take(event).await;
        }
    }

    async fn take(&mut self, event: Event) {
        let places = &self.shared.places;
        match event {
            Event::Ready(ready) => {
                let _ = self.shared.me.set(ready.ready.user.id); // the same at every session
                let shared = Arc::clone(&self.shared);
                tokio::spawn(async move { commands::register(&shared).await });
            }
            Event::GuildCreate(created) if self.ours(Some(created.guild.id)) => {
                places.learn_guild(&created.guild);
                gap::read(self).await;
            }
            Event::ChannelCreate(it) => places.learn(&it.channel),
            Event::ChannelUpdate(it) => places.learn(&it.channel),
            Event::ThreadCreate(it) => places.learn(&it.thread),
            Event::ThreadUpdate(it) => places.learn(&it.thread),
            Event::ThreadListSync(it) => it.threads.iter().for_each(|it| places.learn(it)),
            Event::MessageCreate(it) if self.ours(it.message.guild_id) => {
                self.posted(&it.message, None).await;
            }
            Event::MessageUpdate(it) if self.ours(it.guild_id) => self.edited(&it).await,
            Event::MessageDelete(it) if self.ours(it.guild_id) => {
                self.deleted(it.channel_id, it.message_id).await;
            }
            Event::MessageDeleteBulk(it) if self.ours(it.guild_id) => {
                for id in it.ids {
                    self.deleted(it.channel_id, id).await;
                }
            }
            Event::ReactionAdd(it) if self.ours(it.reaction.guild_id) => {
                self.reacted(&it.reaction).await;
            }
            _ => {}
        }
    }

    /// Whether it is of the configured server, or of a direct conversation.
    fn ours(&self, guild: Option<GuildId>) -> bool {
        guild.is_none_or(|guild| guild.get() == self.shared.settings.guild)
    }

    /// A message, with its author's roles where they are known from elsewhere.
    pub async fn posted(&mut self, message: &Message, roles: Option<Vec<String>>) {
        let seen = self.seen.entry(message.channel_id).or_insert(message.id);
        *seen = message.id.max(*seen);
        if !by_a_person(&message.author, message.webhook_id.is_some()) || !is_said(message.kind) {
            return;
        }
        let place = self.place(message.channel_id).await;
        let text = text_of(&self.shared, message);
        let files: Vec<_> = files_of(message);
        if text.is_empty() && files.is_empty() {
            return;
        }
        let told = message.member.as_deref().map(roles_of);
        let channel = self
            .shared
            .places
            .kind(&self.shared.rest, message.channel_id);
        let direct =
            message.guild_id.is_none() && matches!(channel.await, Ok(ChannelType::Private));
        let mentioned = |user: &User| Some(user.id) == self.shared.me();
        let to_us = direct || message.mentions.iter().any(mentioned);
        let kind = EventKind::Posted {
            post: message.id.to_string(),
            text,
            reply_to: self.reply_to(message).await,
            files,
            to_us,
        };
        let who = Chatter {
            id: message.author.id.to_string(),
            name: member_name(message.member.as_deref(), &message.author),
            roles: roles.or(told).unwrap_or_default(),
        };
        let key = message.id.to_string();
        self.feed(key, utc(message.timestamp), who, place, kind)
            .await;
    }

    async fn edited(&self, update: &MessageUpdateEvent) {
        // Discord tells of an update as well when it has found a preview for an address; that has no time of editing.
        let (Some(text), Some(at), Some(author)) =
            (&update.content, update.edited_timestamp, &update.author)
        else {
            return;
        };
        if !by_a_person(author, update.webhook_id.flatten().is_some()) {
            return;
        }
        let mentions = update.mentions.as_deref().unwrap_or_default();
        let kind = EventKind::Edited {
            post: update.id.to_string(),
            text: plain(&self.shared, text, mentions, self.shared.me()),
        };
        let member = update.member.as_ref().and_then(Option::as_deref);
        let who = Chatter {
            id: author.id.to_string(),
            name: member_name(member, author),
            roles: member.map(roles_of).unwrap_or_default(),
        };
        let key = format!("{}:edited:{}", update.id, at.timestamp_millis());
        let place = self.place(update.channel_id).await;
        self.feed(key, utc(at), who, place, kind).await;
    }

    async fn deleted(&self, channel: ChannelId, message: MessageId) {
        let nobody = Chatter {
            id: String::new(),
            name: String::new(),
            roles: Vec::new(),
        };
        let kind = EventKind::Deleted {
            post: message.to_string(),
        };
        let key = format!("{message}:deleted");
        let now = self.shared.clock.now();
        let place = self.place(channel).await;
        self.feed(key, now, nobody, place, kind).await;
    }

    async fn reacted(&self, reaction: &Reaction) {
        let Some(user) = reaction
            .user_id
            .filter(|user| Some(*user) != self.shared.me())
        else {
            return;
        };
        let member = reaction.member.as_ref();
        if member.is_some_and(|member| member.user.bot) {
            return;
        }
        let emoji = match &reaction.emoji {
            ReactionType::Unicode(emoji) => emoji.clone(),
            ReactionType::Custom { name, .. } => name.clone().unwrap_or_default(),
            _ => return,
        };
        let place = self.place(reaction.channel_id).await;
        let who = match member {
            Some(member) => chatter(&member.user, Some(member)),
            None => Chatter {
                id: user.to_string(),
                name: user.to_string(),
                roles: Vec::new(),
            },
        };
        let key = format!("{}:{user}:{emoji}", reaction.message_id);
        let kind = EventKind::Reacted {
            post: PostRef {
                place: place.clone(),
                id: reaction.message_id.to_string(),
            },
            emoji,
            text: None,
            author: None,
        };
        let now = self.shared.clock.now();
        self.feed(key, now, who, place, kind).await;
    }

    async fn reply_to(&self, message: &Message) -> Option<PostRef> {
        let reference = message.message_reference.as_ref()?;
        if reference.kind != MessageReferenceKind::Default {
            return None;
        }
        Some(PostRef {
            place: self.place(reference.channel_id).await,
            id: reference.message_id?.to_string(),
        })
    }

    async fn place(&self, channel: ChannelId) -> PostPlace {
        self.shared.places.place(&self.shared.rest, channel).await
    }

    async fn feed(
        &self,
        key: String,
        at: DateTime<Utc>,
        who: Chatter,
        place: PostPlace,
        kind: EventKind,
    ) {
        let event = ChatEvent {
            platform: self.shared.settings.name.clone(),
            key,
            at,
            who,
            place,
            kind,
        };
        // Nobody listens any more only when the service ends.
        let _ = self.events.send(event).await;
    }
}

fn by_a_person(author: &User, webhook: bool) -> bool {
    !author.bot && !author.system && !webhook
}

/// Whether somebody said it, as against Discord telling that somebody joined or opened a thread.
fn is_said(kind: MessageType) -> bool {
    matches!(kind, MessageType::Regular | MessageType::InlineReply)
}

/// A message's text; what it forwards is its text as well.
pub(super) fn text_of(shared: &Shared, message: &Message) -> String {
    let mut text = plain(shared, &message.content, &message.mentions, shared.me());
    let forwarded = message.message_snapshots.iter();
    for snapshot in forwarded.filter(|snapshot| !snapshot.content.is_empty()) {
        if !text.is_empty() {
            text.push('\n');
        }
        text += &plain(shared, &snapshot.content, &snapshot.mentions, shared.me());
    }
    for sticker in &message.sticker_items {
        text += &format!(
            "{}:{}:",
            if text.is_empty() { "" } else { " " },
            sticker.name
        );
    }
    text
}

/// A message's files, with those of what it forwards.
pub(super) fn files_of(message: &Message) -> Vec<ChatFile> {
    let forwarded = message.message_snapshots.iter();
    let forwarded = forwarded.flat_map(|snapshot| &snapshot.attachments);
    message
        .attachments
        .iter()
        .chain(forwarded)
        .map(chat_file)
        .collect()
}

/// A file as it came.
pub(super) fn chat_file(attachment: &Attachment) -> ChatFile {
    ChatFile {
        name: attachment.filename.clone(),
        content_type: attachment
            .content_type
            .clone()
            .unwrap_or_else(|| "application/octet-stream".to_owned()),
        size: u64::from(attachment.size),
        url: Some(attachment.url.clone()),
        content: Vec::new(),
    }
}

/// Text without Discord's own marks: people, channels and roles by name, custom emoji by theirs, and nothing where we
/// ourselves are mentioned.
fn plain(shared: &Shared, text: &str, mentions: &[User], me: Option<UserId>) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('<') {
        plain.push_str(before);
        let mark = behind.split_once('>').and_then(|(mark, after)| {
            let words = words_of(shared, mark, mentions, me)?;
            Some((words, after))
        });
        match mark {
            Some((words, after)) => {
                plain += &words;
                rest = after;
            }
            None => {
                plain.push('<');
                rest = behind;
            }
        }
    }
    plain.push_str(rest);
    plain.trim().to_owned()
}

/// What a mark between `<` and `>` says, if it is one.
fn words_of(shared: &Shared, mark: &str, mentions: &[User], me: Option<UserId>) -> Option<String> {
    let id = |text: &str| text.parse::<std::num::NonZeroU64>().ok();
    if let Some(role) = mark.strip_prefix("@&") {
        let name = shared.places.role_name(id(role)?.into());
        return Some(format!("@{}", name.as_deref().unwrap_or("role")));
    }
    if let Some(user) = mark.strip_prefix('@') {
        let user = UserId::from(id(user.trim_start_matches('!'))?);
        if Some(user) == me {
            return Some(String::new());
        }
        let known = mentions.iter().find(|known| known.id == user);
        return Some(format!("@{}", known.map_or_else(|| user.to_string(), name)));
    }
    if let Some(channel) = mark.strip_prefix('#') {
        let channel = ChannelId::from(id(channel)?);
        let name = shared.places.channel_name(channel);
        return Some(format!("#{}", name.unwrap_or_else(|| channel.to_string())));
    }
    let emoji = mark.strip_prefix("a:").or(mark.strip_prefix(':'))?;
    let (name, number) = emoji.split_once(':')?;
    id(number)?;
    Some(format!(":{name}:"))
}

fn roles_of(member: &PartialMember) -> Vec<String> {
    member.roles.iter().map(ToString::to_string).collect()
}

fn member_name(member: Option<&PartialMember>, user: &User) -> String {
    member
        .and_then(|member| member.nick.clone())
        .unwrap_or_else(|| name(user))
}

/// The name that Discord shows.
pub(super) fn name(user: &User) -> String {
    user.global_name
        .clone()
        .unwrap_or_else(|| user.name.clone())
}

/// A time of Discord's.
pub(super) fn utc(at: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or_default()
}
