//! What the stand-in knows: a workspace with its channels, people, messages and interactions.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::fakes::door::{Fault, Logged, Recorded};

pub const TEAM: &str = "T0FIELD";
pub const APP: &str = "A0DESK";
pub const BOT_USER: &str = "U0BOT";
pub const BOT: &str = "B0BOT";
pub const BOT_TOKEN: &str = "xoxb-a-token-for-tests";
pub const APP_TOKEN: &str = "xapp-a-token-for-tests";

/// The scopes of config/slack-manifest.json.
pub const SCOPES: &[&str] = &[
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:write",
    "mpim:history",
    "mpim:write",
    "reactions:read",
    "reactions:write",
    "usergroups:read",
    "users:read",
];

#[derive(Debug, Clone)]
pub struct Channel {
    pub id: String,
    pub name: String,
    /// `channel`, `group`, `im` or `mpim`, as Slack's `channel_type` says.
    pub kind: &'static str,
    pub members: BTreeSet<String>,
    pub archived: bool,
}

#[derive(Debug, Clone, Default)]
pub struct Message {
    pub channel: String,
    pub ts: String,
    pub user: String,
    pub text: String,
    pub blocks: Value,
    /// The message that begins the thread that this one stands in.
    pub thread: Option<String>,
    pub edited: Option<String>,
    pub files: Vec<Value>,
    pub metadata: Value,
    pub reactions: Vec<(String, String)>,
    /// Ids of those whom it pinged, and `@channel` and the like.
    pub pinged: BTreeSet<String>,
}

#[derive(Debug, Clone)]
pub struct User {
    pub id: String,
    pub name: String,
}

/// Something that the app was asked by an interaction.
#[derive(Debug, Clone, Default)]
pub struct Interaction {
    pub user: String,
    pub channel: String,
    pub thread: Option<String>,
    pub acknowledged: bool,
    /// The form that it opened.
    pub view: Option<Value>,
    /// What was said at its address.
    pub answers: Vec<Value>,
    /// Its address takes no more.
    pub expired: bool,
}

/// A file that is on its way.
#[derive(Debug, Clone)]
pub struct Upload {
    pub name: String,
    pub length: usize,
    pub bytes: Option<Vec<u8>>,
}

/// What goes to the app over the WebSocket.
#[derive(Debug)]
pub enum Line {
    Say(Value),
    /// The line goes dead without a word.
    Drop,
    Close,
}

/// Something that was told.
#[derive(Debug, Clone)]
pub struct Envelope {
    pub id: String,
    pub kind: &'static str,
    pub payload: Value,
    pub acknowledged: bool,
}

#[derive(Debug, Default)]
pub struct State {
    last: u64,
    ids: u64,
    pub port: u16,
    pub channels: BTreeMap<String, Channel>,
    /// By channel and id.
    pub messages: BTreeMap<(String, String), Message>,
    /// What one person alone sees, in the order in which it came: whom, where, and what.
    pub whispers: Vec<Message>,
    pub users: BTreeMap<String, User>,
    pub groups: BTreeMap<String, BTreeSet<String>>,
    pub interactions: BTreeMap<String, Interaction>,
    pub uploads: BTreeMap<String, Upload>,
    pub files: BTreeMap<String, Vec<u8>>,
    pub scopes: BTreeSet<String>,
    pub lines: Vec<mpsc::UnboundedSender<Line>>,
    pub envelopes: Vec<Envelope>,
    pub log: Vec<Recorded>,
    pub violations: Vec<String>,
    pub faults: VecDeque<Fault>,
    pub knows_token: bool,
    pub socket_url: Option<String>,
    /// Events are told only when a test says so.
    pub held: Option<Vec<Value>>,
    /// Whether our own rules are held besides Slack's.
    pub house_rules: bool,
    pub opened: usize,
    pub connected: usize,
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
            scopes: SCOPES.iter().map(ToString::to_string).collect(),
            knows_token: true,
            house_rules: true,
            ..Self::default()
        };
        let bot = User {
            id: BOT_USER.to_owned(),
            name: "frontdesk".to_owned(),
        };
        state.users.insert(bot.id.clone(), bot);
        state
    }

    pub fn violation(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }

    /// An id that nothing else has.
    pub fn id(&mut self, kind: &str) -> String {
        self.ids += 1;
        format!("{kind}{:08}", self.ids)
    }

    /// An id of a message: its time.
    pub fn ts(&mut self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = u64::try_from(now.as_micros()).unwrap();
        self.last = now.max(self.last + 1);
        format!("{}.{:06}", self.last / 1_000_000, self.last % 1_000_000)
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// The direct conversation with one person, or several.
    pub fn direct(&mut self, users: &[&str]) -> String {
        let members: BTreeSet<String> = users
            .iter()
            .copied()
            .chain([BOT_USER])
            .map(str::to_owned)
            .collect();
        let mut known = self.channels.values();
        let known = known.find(|it| matches!(it.kind, "im" | "mpim") && it.members == members);
        if let Some(channel) = known {
            return channel.id.clone();
        }
        let (letter, kind) = if users.len() == 1 {
            ("D", "im")
        } else {
            ("G", "mpim")
        };
        let channel = Channel {
            id: self.id(letter),
            name: String::new(),
            kind,
            members,
            archived: false,
        };
        let id = channel.id.clone();
        self.channels.insert(id.clone(), channel);
        id
    }

    /// Adds a message, and tells of it.
    pub fn post(&mut self, mut message: Message) -> String {
        message.ts = self.ts();
        message.pinged = super::pinged(&message.text, &message.blocks);
        let ts = message.ts.clone();
        let key = (message.channel.clone(), ts.clone());
        self.messages.insert(key, message.clone());
        let told = self.told("message", &message);
        self.tell_event(told);
        ts
    }

    /// A message as an event of this type tells it.
    pub fn told(&self, kind: &str, message: &Message) -> Value {
        let mut told = self.message_json(message);
        told["type"] = json!(kind);
        told["channel"] = json!(message.channel);
        told["channel_type"] = json!(self.channels[&message.channel].kind);
        told["event_ts"] = json!(message.ts);
        told
    }

    /// A message as Slack's API gives it.
    pub fn message_json(&self, message: &Message) -> Value {
        let mut json = json!({
            "type": "message", "user": message.user, "text": message.text, "ts": message.ts,
            "team": TEAM,
        });
        let map = json.as_object_mut().unwrap();
        let mut add = |key: &str, value: Value| map.insert(key.to_owned(), value);
        if message.user == BOT_USER {
            add("bot_id", json!(BOT));
            add("app_id", json!(APP));
        }
        if !message.blocks.is_null() {
            add("blocks", message.blocks.clone());
        }
        if !message.files.is_empty() {
            add("files", json!(message.files));
            add("subtype", json!("file_share"));
        }
        if let Some(edited) = &message.edited {
            add("edited", json!({"user": message.user, "ts": edited}));
        }
        if let Some(thread) = &message.thread {
            add("thread_ts", json!(thread));
        }
        let replies = self.replies(&message.channel, &message.ts);
        if let Some(newest) = replies.last() {
            add("thread_ts", json!(message.ts));
            add("reply_count", json!(replies.len()));
            add("latest_reply", json!(newest.ts));
        }
        json
    }

    /// The messages of a thread, without the one that begins it.
    pub fn replies(&self, channel: &str, thread: &str) -> Vec<&Message> {
        let all = self.messages.values();
        let of = |it: &&Message| it.channel == channel && it.thread.as_deref() == Some(thread);
        all.filter(of).collect()
    }

    /// Tells of something that happened, where the app is a member.
    pub fn tell_event(&mut self, event: Value) {
        let channel = event["channel"].as_str();
        let channel = channel.or(event["item"]["channel"].as_str());
        let hears = channel.is_none_or(|it| self.channels[it].members.contains(BOT_USER));
        if !hears {
            return;
        }
        if let Some(held) = &mut self.held {
            held.push(event);
            return;
        }
        let payload = json!({
            "token": "z", "team_id": TEAM, "api_app_id": APP, "type": "event_callback",
            "event_id": self.id("Ev"), "event_time": 1_700_000_000, "event": event,
            "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": true}],
        });
        self.tell("events_api", payload);
    }

    /// Sends an envelope down the newest line. Without any, nobody hears of it.
    pub fn tell(&mut self, kind: &'static str, payload: Value) {
        let id = self.id("envelope-");
        let said = json!({
            "envelope_id": id, "type": kind, "payload": payload,
            "accepts_response_payload": kind != "events_api",
        });
        self.envelopes.push(Envelope {
            id,
            kind,
            payload,
            acknowledged: false,
        });
        self.lines.retain(|line| !line.is_closed());
        if let Some(line) = self.lines.last() {
            let _ = line.send(Line::Say(said));
        }
    }

    /// The app acknowledges an envelope.
    pub fn acknowledged(&mut self, id: &str) {
        let Some(envelope) = self.envelopes.iter_mut().find(|it| it.id == id) else {
            self.violation(format!("no envelope {id} was told"));
            return;
        };
        envelope.acknowledged = true;
        let trigger = envelope.payload["trigger_id"].as_str().unwrap_or_default();
        if let Some(interaction) = self.interactions.get_mut(trigger) {
            interaction.acknowledged = true;
        }
    }
}
