//! What Socket Mode tells, as events in the order in which it was told.
//!
//! Slack may tell the same thing again under new ids, so a message's key is its own id, which is unique in its channel
//! (node-slack-sdk #2141). It may also tell an edit before the message itself, and the older of two edits last: the newest
//! words that are known of a message are the ones that count.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::chat::{ChatEvent, Chatter, EventKind, PostPlace, PostRef};

use super::message::{Told as Message, time};
use super::socket::Told;
use super::{Shared, gap, markup};

/// How many edits and deletions are remembered, for messages that are told after them.
const REMEMBERED: usize = 500;

/// Turns what Slack tells into the house's events.
pub(super) struct Receiver {
    pub shared: Arc<Shared>,
    pub events: mpsc::Sender<ChatEvent>,
    /// The last message of each channel or thread that is known to be fed. It starts as what the caller knows.
    pub seen: BTreeMap<PostPlace, String>,
    /// What became of messages lately.
    pub changed: Changed,
}

/// The newest that is known of messages that were changed, by channel and id.
#[derive(Debug, Default)]
pub(super) struct Changed {
    known: BTreeMap<(String, String), Change>,
    order: VecDeque<(String, String)>,
}

#[derive(Debug, Clone)]
enum Change {
    Edited { at: String, text: String },
    Deleted,
}

impl Changed {
    /// Takes note of a change, and says whether it is news.
    fn note(&mut self, channel: &str, ts: &str, change: Change) -> bool {
        let key = (channel.to_owned(), ts.to_owned());
        let old = match (self.known.get(&key), &change) {
            (Some(Change::Deleted), _) => true,
            (Some(Change::Edited { at: known, .. }), Change::Edited { at, .. }) => known > at,
            _ => false,
        };
        if old {
            return false;
        }
        if self.known.insert(key.clone(), change).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

/// What an event of the Events API says; which of it is there depends on its type.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Payload {
    team_id: Option<String>,
    event: Value,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    subtype: Option<String>,
    channel: Option<String>,
    channel_type: Option<String>,
    message: Option<Message>,
    previous_message: Option<Message>,
    deleted_ts: Option<String>,
    user: Option<String>,
    reaction: Option<String>,
    item: Item,
    event_ts: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Item {
    #[serde(rename = "type")]
    kind: String,
    channel: String,
    ts: String,
}

impl Receiver {
    /// Works what is told until there is no more.
    pub async fn work(mut self, mut told: mpsc::UnboundedReceiver<Told>) {
        while let Some(told) = told.recv().await {
            match told {
                Told::Hello => gap::read(&mut self).await,
                Told::Event(payload) => self.take(payload).await,
            }
        }
    }

    async fn take(&mut self, payload: Value) {
        let payload: Payload = serde_json::from_value(payload).unwrap_or_default();
        if payload.team_id.is_some_and(|team| !self.shared.ours(&team)) {
            return;
        }
        let Ok(event) = serde_json::from_value::<Event>(payload.event.clone()) else {
            tracing::warn!("Slack told an event that cannot be read.");
            return;
        };
        let channel = event.channel.clone().unwrap_or_default();
        match (event.kind.as_str(), event.subtype.as_deref()) {
            ("message", Some("message_changed")) => self.edited(&channel, &event).await,
            ("message", Some("message_deleted")) => {
                if let Some(ts) = &event.deleted_ts {
                    let thread = event.previous_message.and_then(|it| it.thread());
                    self.deleted(&channel, ts, thread).await;
                }
            }
            ("message" | "app_mention", _) => {
                let direct = event.channel_type.as_deref() == Some("im");
                match serde_json::from_value::<Message>(payload.event) {
                    Ok(message) => self.posted(&channel, &message, direct).await,
                    Err(error) => {
                        tracing::warn!(%error, "Slack told a message that cannot be read.")
                    }
                }
            }
            ("reaction_added", _) => self.reacted(&event).await,
            ("subteam_updated" | "subteam_members_changed" | "subteam_created", _) => {
                self.shared.people.forget_groups().await;
            }
            _ => {}
        }
    }

    /// A message, told or read.
    pub async fn posted(&mut self, channel: &str, message: &Message, direct: bool) {
        let place = PostPlace {
            place: channel.to_owned(),
            thread: message.thread(),
        };
        let ts = message.ts();
        let seen = self.seen.entry(place.clone()).or_default();
        if ts > seen.as_str() {
            ts.clone_into(seen);
        }
        if message.thread().is_none() && message.bot_id.as_ref() == Some(&self.shared.me().bot) {
            // A card: nobody has written in its thread yet.
            let thread = PostPlace {
                place: channel.to_owned(),
                thread: Some(ts.to_owned()),
            };
            self.seen.entry(thread).or_insert_with(|| ts.to_owned());
        }
        let Some(user) = message.user.as_deref().filter(|_| message.by_a_person()) else {
            return;
        };
        let mut words = message.words();
        let key = (channel.to_owned(), ts.to_owned());
        match self.changed.known.get(&key) {
            Some(Change::Deleted) => return,
            Some(Change::Edited { text, .. }) => words.clone_from(text),
            None => {}
        }
        let (text, mentioned) = self.text(&words).await;
        let files = message.files();
        if text.is_empty() && files.is_empty() && !mentioned {
            return;
        }
        let kind = EventKind::Posted {
            post: ts.to_owned(),
            text,
            reply_to: None,
            files,
            to_us: direct || mentioned,
        };
        let at = time(ts);
        self.feed(ts.to_owned(), at, Some(user), place, kind).await;
    }

    /// The words of a text, and whether we are mentioned in it.
    async fn text(&self, words: &str) -> (String, bool) {
        plain(&self.shared, words).await
    }

    async fn edited(&mut self, channel: &str, event: &Event) {
        let Some(message) = &event.message else {
            return;
        };
        let before = event.previous_message.as_ref();
        // What begins a thread leaves a stone behind when it is deleted.
        if message.subtype.as_deref() == Some("tombstone") {
            return self.deleted(channel, message.ts(), None).await;
        }
        // Slack tells of a change as well when it has found a preview for an address, or when a thread grew.
        let Some(edited) = &message.edited else {
            return;
        };
        if before.is_some_and(|before| before.words() == message.words()) {
            return;
        }
        let change = Change::Edited {
            at: edited.ts.clone(),
            text: message.words(),
        };
        if !message.by_a_person() || !self.changed.note(channel, message.ts(), change) {
            return;
        }
        let (text, _) = self.text(&message.words()).await;
        let kind = EventKind::Edited {
            post: message.ts().to_owned(),
            text,
        };
        let key = format!("{}:edited:{}", message.ts(), edited.ts);
        let place = PostPlace {
            place: channel.to_owned(),
            thread: message.thread(),
        };
        let user = message.user.as_deref();
        self.feed(key, time(&edited.ts), user, place, kind).await;
    }

    async fn deleted(&mut self, channel: &str, ts: &str, thread: Option<String>) {
        if !self.changed.note(channel, ts, Change::Deleted) {
            return;
        }
        let kind = EventKind::Deleted {
            post: ts.to_owned(),
        };
        let place = PostPlace {
            place: channel.to_owned(),
            thread,
        };
        self.feed(format!("{ts}:deleted"), None, None, place, kind)
            .await;
    }

    async fn reacted(&self, event: &Event) {
        let (Some(user), Some(reaction)) = (&event.user, &event.reaction) else {
            return;
        };
        if event.item.kind != "message" || *user == self.shared.me().user {
            return;
        }
        // Slack does not tell the thread. A post of a ticket is known by its channel and id.
        let place = PostPlace {
            place: event.item.channel.clone(),
            thread: None,
        };
        let emoji = super::emoji::unicode(reaction);
        let key = format!("{}:{user}:{emoji}", event.item.ts);
        let kind = EventKind::Reacted {
            post: PostRef {
                place: place.clone(),
                id: event.item.ts.clone(),
            },
            emoji,
            text: None,
            author: None,
        };
        let at = event.event_ts.as_deref().and_then(time);
        self.feed(key, at, Some(user), place, kind).await;
    }

    async fn feed(
        &self,
        key: String,
        at: Option<DateTime<Utc>>,
        who: Option<&str>,
        place: PostPlace,
        kind: EventKind,
    ) {
        let shared = &self.shared;
        let who = match who {
            Some(user) => shared.people.chatter(&shared.rest, user).await,
            None => Chatter {
                id: String::new(),
                name: String::new(),
                roles: Vec::new(),
            },
        };
        let event = ChatEvent {
            platform: shared.settings.name.clone(),
            key,
            at: at.unwrap_or_else(|| shared.clock.now()),
            who,
            place,
            kind,
        };
        // Nobody listens any more only when the service ends.
        let _ = self.events.send(event).await;
    }
}

/// The words of a text with names for ids, and whether we are mentioned in it.
pub(super) async fn plain(shared: &Shared, words: &str) -> (String, bool) {
    let me = &shared.me().user;
    let mentioned: BTreeSet<_> = markup::people_in(words).into_iter().collect();
    let mut names = BTreeMap::new();
    for id in mentioned.iter().filter(|id| *id != me) {
        names.insert(id.clone(), shared.people.name(&shared.rest, id).await);
    }
    let name = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let text = markup::plain(words, me, name);
    (text, mentioned.contains(me))
}
