//! What the stand-in knows: a server with its channels, people, messages and interactions.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::fakes::door::{Fault, Logged, Recorded};

pub const GUILD: u64 = 500;
pub const BOT: u64 = 42;
pub const TOKEN: &str = "a-token-for-tests";
/// 2026-11-20 in Discord's count of milliseconds, which begins with 2015.
const FIRST_MOMENT: u64 = 375_094_800_000;

/// Everything that a channel and the bot's own role may allow, by Discord's bits.
pub const ALL_PERMISSIONS: u64 = (1 << 6)   // Add Reactions
    | (1 << 10) // View Channel
    | (1 << 11) // Send Messages
    | (1 << 14) // Embed Links
    | (1 << 15) // Attach Files
    | (1 << 16) // Read Message History
    | (1 << 34) // Manage Threads
    | (1 << 35) // Create Public Threads
    | (1 << 36) // Create Private Threads
    | (1 << 38); // Send Messages in Threads

#[derive(Debug, Clone)]
pub struct Channel {
    pub id: u64,
    pub kind: u64,
    pub name: String,
    pub parent: Option<u64>,
    pub archived: bool,
    pub members: BTreeSet<u64>,
    /// Bits that the bot lacks here.
    pub denied: u64,
}

#[derive(Debug, Clone)]
pub struct Message {
    pub id: u64,
    pub channel: u64,
    pub author: u64,
    pub content: String,
    pub embeds: Value,
    pub components: Value,
    pub attachments: Vec<Value>,
    pub reference: Option<(u64, u64)>,
    pub nonce: Option<String>,
    pub edits: u64,
    pub pinged: BTreeSet<u64>,
    pub reactions: Vec<(u64, String)>,
}

#[derive(Debug, Clone)]
pub struct User {
    pub id: u64,
    pub name: String,
    pub roles: Vec<u64>,
}

/// How an interaction was answered.
#[derive(Debug, Clone, Default)]
pub struct Interaction {
    pub token: String,
    pub kind: u64,
    pub channel: u64,
    /// The type of the first answer.
    pub first: Option<u64>,
    /// Only its author sees the answers.
    pub ephemeral: bool,
    pub modal: Option<Value>,
    pub choices: Option<Value>,
    /// The answer that was held open, and those behind it; `None` while it is not filled in.
    pub answers: Vec<Value>,
    pub deleted: bool,
}

/// A gateway session with all that it was ever told.
#[derive(Debug)]
pub struct Session {
    pub id: String,
    pub told: Vec<Value>,
    pub line: Option<mpsc::UnboundedSender<Line>>,
    pub valid: bool,
}

/// What goes to the bot over the WebSocket.
#[derive(Debug)]
pub enum Line {
    Say(Value),
    /// The line goes dead without a word.
    Drop,
    Close(u16),
}

#[derive(Debug, Default)]
pub struct State {
    ids: u64,
    pub port: u16,
    pub channels: BTreeMap<u64, Channel>,
    pub messages: BTreeMap<u64, Message>,
    pub users: BTreeMap<u64, User>,
    pub roles: BTreeMap<u64, (String, u64)>,
    pub interactions: BTreeMap<u64, Interaction>,
    pub commands: Vec<Value>,
    pub files: BTreeMap<String, Vec<u8>>,
    pub log: Vec<Recorded>,
    pub violations: Vec<String>,
    pub faults: VecDeque<Fault>,
    pub sessions: Vec<Session>,
    pub message_content: bool,
    pub knows_token: bool,
    pub gateway_url: Option<String>,
    /// Whether our own rules are held besides Discord's.
    pub house_rules: bool,
    pub resumes: usize,
    pub identifies: usize,
}

impl Logged for State {
    fn log(&self) -> &[Recorded] {
        &self.log
    }
}

impl State {
    pub fn new(port: u16) -> Self {
        let mut state = Self {
            port,
            message_content: true,
            house_rules: true,
            knows_token: true,
            ..Self::default()
        };
        state.roles.insert(GUILD, ("@everyone".to_owned(), 0));
        state
            .roles
            .insert(501, ("Frontdesk".to_owned(), ALL_PERMISSIONS));
        let bot = User {
            id: BOT,
            name: "Frontdesk".to_owned(),
            roles: vec![501],
        };
        state.users.insert(BOT, bot);
        state
    }

    /// The next id; later ones are larger, as Discord's are.
    pub fn id(&mut self) -> u64 {
        self.ids += 1;
        (FIRST_MOMENT + self.ids) << 22
    }

    pub fn violation(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }

    /// Tells every session; those that are away get it when they resume.
    pub fn tell(&mut self, name: &str, data: &Value) {
        for session in &mut self.sessions {
            let sequence = session.told.len() + 1;
            let event = json!({"op": 0, "t": name, "s": sequence, "d": data});
            session.told.push(event.clone());
            if let Some(line) = &session.line {
                let _ = line.send(Line::Say(event));
            }
        }
    }

    pub fn timestamp(id: u64) -> String {
        let moment = i64::try_from((id >> 22) + 1_420_070_400_000).unwrap();
        let moment = chrono::DateTime::from_timestamp_millis(moment).unwrap();
        moment.to_rfc3339_opts(chrono::SecondsFormat::Micros, false)
    }

    pub fn user_json(&self, id: u64) -> Value {
        let name = self.users.get(&id).map_or("nobody", |user| &user.name);
        json!({
            "id": id.to_string(), "username": name.to_lowercase(), "discriminator": "0",
            "global_name": name, "avatar": null, "bot": id == BOT,
        })
    }

    pub fn member_json(&self, id: u64) -> Value {
        let roles = self.users.get(&id).map_or(&[][..], |user| &user.roles);
        let roles: Vec<_> = roles.iter().map(ToString::to_string).collect();
        json!({
            "user": self.user_json(id), "roles": roles, "nick": null, "avatar": null,
            "joined_at": "2026-01-01T00:00:00.000000+00:00", "premium_since": null,
            "deaf": false, "mute": false, "flags": 0, "pending": false,
            "communication_disabled_until": null,
        })
    }

    pub fn channel_json(&self, channel: &Channel) -> Value {
        let newest = self.messages.values().rev();
        let newest = newest.into_iter().find(|it| it.channel == channel.id);
        let mut json = json!({
            "id": channel.id.to_string(), "type": channel.kind, "name": channel.name,
            "last_message_id": newest.map(|it| it.id.to_string()),
        });
        if channel.kind == 1 {
            return json;
        }
        json["guild_id"] = json!(GUILD.to_string());
        json["parent_id"] = json!(channel.parent.map(|id| id.to_string()));
        if matches!(channel.kind, 10..=12) {
            json["owner_id"] = json!(BOT.to_string());
            json["message_count"] = json!(0);
            json["member_count"] = json!(channel.members.len());
            json["thread_metadata"] = json!({
                "archived": channel.archived, "auto_archive_duration": 10080, "locked": false,
                "archive_timestamp": "2026-01-01T00:00:00.000000+00:00", "invitable": false,
            });
        } else {
            json["position"] = json!(0);
            let denied = channel.denied.to_string();
            json["permission_overwrites"] =
                json!([{"id": BOT.to_string(), "type": 1, "allow": "0", "deny": denied}]);
        }
        json
    }

    pub fn message_json(&self, message: &Message) -> Value {
        let mentions: Vec<_> = self
            .users
            .keys()
            .filter(|id| message.content.contains(&format!("<@{id}>")))
            .map(|id| self.user_json(*id))
            .collect();
        let mut json = json!({
            "id": message.id.to_string(), "channel_id": message.channel.to_string(),
            "author": self.user_json(message.author), "content": message.content,
            "timestamp": Self::timestamp(message.id),
            "edited_timestamp": (message.edits > 0).then(|| Self::timestamp(message.id + (message.edits << 22))),
            "tts": false, "mention_everyone": false, "mentions": mentions, "mention_roles": [],
            "attachments": message.attachments, "embeds": message.embeds,
            "components": message.components, "pinned": false, "type": 0,
        });
        if let Some((channel, id)) = message.reference {
            json["type"] = json!(19);
            json["message_reference"] =
                json!({"type": 0, "channel_id": channel.to_string(), "message_id": id.to_string()});
        }
        json
    }

    /// A message as the gateway tells it: with the guild and the author's roles.
    pub fn told_json(&self, message: &Message) -> Value {
        let mut json = self.message_json(message);
        if self.in_guild(message.channel) {
            json["guild_id"] = json!(GUILD.to_string());
            let mut member = self.member_json(message.author);
            member.as_object_mut().unwrap().remove("user");
            json["member"] = member;
        }
        json
    }

    pub fn in_guild(&self, channel: u64) -> bool {
        self.channels.get(&channel).is_some_and(|it| it.kind != 1)
    }

    /// What a server says of itself; with its channels and threads where the gateway tells it.
    pub fn guild_json(&self, whole: bool) -> Value {
        let roles: Vec<_> = self
            .roles
            .iter()
            .map(|(id, (name, permissions))| {
                json!({
                    "id": id.to_string(), "name": name, "color": 0,
                    "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null},
                    "hoist": false, "managed": false, "mentionable": false, "position": 0, "flags": 0,
                    "permissions": permissions.to_string(),
                })
            })
            .collect();
        let mut json = json!({
            "id": GUILD.to_string(), "name": "Field", "icon": null, "splash": null,
            "discovery_splash": null, "owner_id": "77", "afk_channel_id": null, "afk_timeout": 300,
            "verification_level": 0, "default_message_notifications": 1,
            "explicit_content_filter": 0, "roles": roles, "emojis": [], "features": [],
            "mfa_level": 0, "application_id": null, "system_channel_id": null,
            "system_channel_flags": 0, "rules_channel_id": null, "vanity_url_code": null,
            "description": null, "banner": null, "premium_tier": 0, "preferred_locale": "en-US",
            "public_updates_channel_id": null, "nsfw_level": 0, "stickers": [],
            "premium_progress_bar_enabled": false, "safety_alerts_channel_id": null,
        });
        if whole {
            let of = |thread: bool| -> Vec<Value> {
                let channels = self.channels.values();
                channels
                    .filter(|it| it.kind != 1 && matches!(it.kind, 10..=12) == thread)
                    .filter(|it| !it.archived)
                    .map(|it| self.channel_json(it))
                    .collect()
            };
            let extra = json!({
                "joined_at": "2026-01-01T00:00:00.000000+00:00", "large": false,
                "unavailable": false, "member_count": self.users.len(), "voice_states": [],
                "members": [self.member_json(BOT)], "channels": of(false), "threads": of(true),
                "presences": [], "stage_instances": [], "guild_scheduled_events": [],
                "soundboard_sounds": [],
            });
            let map = json.as_object_mut().unwrap();
            map.extend(extra.as_object().unwrap().clone());
        }
        json
    }
}
