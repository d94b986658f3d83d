//! Slack on loopback: its Web API and Socket Mode, with a workspace, people who post, press and type, and everything that
//! can go wrong. Each request of the app is held against Slack's documented limits; what broke one fails the test at its
//! end.

mod api;
mod limits;
mod person;
mod socket;
pub mod state;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use frontdesk::config::chat::SlackSettings;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::door::{self, Fault, Trouble};
pub use person::{Asked, Person};
use state::{APP_TOKEN, BOT_TOKEN, BOT_USER, Channel, Interaction, Line, Message, State, User};

/// The state behind its door.
pub type Door = door::Door<State>;

/// A post as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub ts: String,
    pub by_us: bool,
    pub text: String,
    /// The card: its title, and its fields by name.
    pub card: Option<(String, Vec<(String, String)>)>,
    /// Buttons and lists: what comes back, and what stands there.
    pub buttons: Vec<(String, String)>,
    /// Names of the files.
    pub files: Vec<String>,
    /// Who was pinged.
    pub pinged: Vec<String>,
}

/// Slack.
#[derive(Debug)]
pub struct Slack {
    door: Door,
    port: u16,
    server: JoinHandle<()>,
}

impl Slack {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let door = Door::new(State::new(port));
        let app = Router::new()
            .route("/socket", get(socket::upgrade))
            .fallback(api::serve)
            .with_state(door.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { door, port, server }
    }

    /// What an app needs to know to come here.
    pub fn settings(&self) -> SlackSettings {
        SlackSettings {
            name: "slack".to_owned(),
            app_token: APP_TOKEN.into(),
            bot_token: BOT_TOKEN.into(),
            api_url: Some(self.url().parse().unwrap()),
        }
    }

    /// Where the API is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/api/", self.port)
    }

    /// Somebody of the workspace; the same one at each call.
    pub fn member(&self, name: &str) -> Person {
        let id = self.door.with(|state| {
            let known = state.users.values().find(|user| user.name == name);
            if let Some(known) = known {
                return known.id.clone();
            }
            let id = state.id("U");
            let user = User {
                id: id.clone(),
                name: name.to_owned(),
            };
            state.users.insert(id.clone(), user);
            id
        });
        Person::new(self.door.clone(), id)
    }

    /// Somebody in a user group.
    pub fn member_of(&self, name: &str, group: &str) -> Person {
        let person = self.member(name);
        self.door.with(|state| {
            let group = state.groups.entry(group.to_owned()).or_default();
            group.insert(person.id.clone());
        });
        person
    }

    /// A channel with the app in it.
    pub fn channel(&self, name: &str) -> String {
        self.make_channel(name, &[BOT_USER])
    }

    /// A channel without the app.
    pub fn closed_channel(&self, name: &str) -> String {
        self.make_channel(name, &[])
    }

    fn make_channel(&self, name: &str, members: &[&str]) -> String {
        self.door.with(|state| {
            let channel = Channel {
                id: state.id("C"),
                name: name.to_owned(),
                kind: "channel",
                members: members.iter().map(ToString::to_string).collect(),
                archived: false,
            };
            let id = channel.id.clone();
            state.channels.insert(id.clone(), channel);
            id
        })
    }

    /// The posts of a channel in their order, without those in threads.
    pub fn posts_in(&self, channel: &str) -> Vec<Seen> {
        self.posts(|it| it.channel == channel && it.thread.is_none())
    }

    /// The posts of a thread in their order, without the one that begins it.
    pub fn replies(&self, channel: &str, thread: &str) -> Vec<Seen> {
        self.posts(|it| it.channel == channel && it.thread.as_deref() == Some(thread))
    }

    fn posts(&self, which: impl Fn(&Message) -> bool) -> Vec<Seen> {
        self.door.with(|state| {
            let all = state.messages.values().filter(|it| which(it));
            all.map(|it| seen(state, it)).collect()
        })
    }

    /// The posts that somebody alone sees, in their order: the text and the buttons.
    pub fn whispers(&self, to: &Person) -> Vec<Seen> {
        self.door.with(|state| {
            let all = state.whispers.iter();
            let all = all.filter(|it| it.metadata["for"] == to.id.as_str());
            all.map(|it| seen(state, it)).collect()
        })
    }

    /// How an interaction stands.
    pub fn interaction(&self, asked: &Asked) -> Interaction {
        self.door
            .with(|state| state.interactions[&asked.trigger].clone())
    }

    /// What the app answered an interaction at its address, once it did.
    pub async fn answer(&self, asked: &Asked) -> String {
        let answer = |state: &State| state.interactions[&asked.trigger].answers.first().cloned();
        let answer = self.door.until("an answer", answer).await;
        answer["text"].as_str().unwrap_or_default().to_owned()
    }

    /// The form that somebody is shown, once it is there: its title.
    pub async fn form(&self, asked: &Asked) -> String {
        let view = |state: &State| state.interactions[&asked.trigger].view.clone();
        let view = self.door.until("a form", view).await;
        view["title"]["text"].as_str().unwrap().to_owned()
    }

    /// Waits until something is so.
    pub async fn until<T>(&self, what: &str, look: impl FnMut(&State) -> Option<T>) -> T {
        self.door.until(what, look).await
    }

    /// Waits until the app is there to be told.
    pub async fn connected(&self) {
        let there = |state: &State| {
            let open = state.lines.iter().any(|line| !line.is_closed());
            open.then_some(())
        };
        self.door.until("the app to connect", there).await;
    }

    /// The next request of this method is answered like this, and not done. A `retry_after` in the body becomes the
    /// header.
    pub fn refuse(&self, method: &str, status: u16, body: Value) {
        self.trouble(method, Trouble::Refuse(status, body));
    }

    /// The next request of this method is done, but its answer is lost.
    pub fn lose_answer(&self, method: &str) {
        self.trouble(method, Trouble::DoneButLost);
    }

    /// The next request of this method waits for the one who gets this.
    pub fn hold(&self, method: &str) -> Arc<Notify> {
        let held = Arc::new(Notify::new());
        self.trouble(method, Trouble::Hold(Arc::clone(&held)));
        held
    }

    fn trouble(&self, method: &str, what: Trouble) {
        let path = method.to_owned();
        let method = "POST";
        self.door
            .with(|state| state.faults.push_back(Fault { method, path, what }));
    }

    /// Changes what nobody has a verb for.
    pub fn change<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        self.door.with(work)
    }

    /// The connection breaks without a word; what happens until the app is back is not told.
    pub fn drop_line(&self) {
        self.end_lines(|| Line::Drop);
    }

    /// The connection is closed.
    pub fn close_line(&self) {
        self.end_lines(|| Line::Close);
    }

    fn end_lines(&self, how: impl Fn() -> Line) {
        self.door.with(|state| {
            for line in std::mem::take(&mut state.lines) {
                let _ = line.send(how());
            }
        });
    }

    /// Slack wants the connection replaced, or ended for good.
    pub fn says_goodbye(&self, reason: &str) {
        let said = json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "field"}});
        self.door.with(|state| {
            for line in &state.lines {
                let _ = line.send(Line::Say(said.clone()));
            }
        });
    }

    /// The last event is told once more, in another envelope and under another id.
    pub fn repeat_last(&self) {
        self.door.with(|state| {
            let mut events = state.envelopes.iter().rev();
            let last = events.find(|it| it.kind == "events_api").unwrap();
            let event = last.payload["event"].clone();
            state.tell_event(event);
        });
    }

    /// What happens from now on is told only later, and then in the order that is asked for.
    pub fn hold_events(&self) {
        self.door.with(|state| state.held = Some(Vec::new()));
    }

    /// Tells what was held, the last first.
    pub fn tell_backwards(&self) {
        self.door.with(|state| {
            let held = state.held.take().unwrap();
            for event in held.into_iter().rev() {
                state.tell_event(event);
            }
        });
    }
}

impl Drop for Slack {
    fn drop(&mut self) {
        self.server.abort();
        let violations = self
            .door
            .with(|state| std::mem::take(&mut state.violations));
        if !violations.is_empty() && !std::thread::panicking() {
            panic!(
                "requests that Slack would not take:\n{}",
                violations.join("\n")
            );
        }
    }
}

/// Every text of blocks that Slack reads marks in.
fn marked(blocks: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    let mut left = vec![blocks];
    while let Some(value) = left.pop() {
        match value {
            Value::Object(map) if map.get("type") == Some(&json!("mrkdwn")) => found.push(value),
            Value::Object(map) => left.extend(map.values()),
            Value::Array(list) => left.extend(list),
            _ => {}
        }
    }
    found
}

/// Whom a message pings: people by id, and `@channel` and the like.
fn pinged(text: &str, blocks: &Value) -> BTreeSet<String> {
    let of_blocks = marked(blocks);
    let texts = of_blocks.iter().filter_map(|it| it["text"].as_str());
    let mut pinged = BTreeSet::new();
    for text in texts.chain([text]) {
        for mark in text.split('<').skip(1) {
            let Some((mark, _)) = mark.split_once('>') else {
                continue;
            };
            let target = mark.split('|').next().unwrap();
            if let Some(user) = target.strip_prefix('@') {
                pinged.insert(user.to_owned());
            } else if let Some(all) = target.strip_prefix('!') {
                pinged.insert(format!("@{all}"));
            }
        }
    }
    pinged
}

fn seen(state: &State, message: &Message) -> Seen {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let blocks = message.blocks.as_array().cloned().unwrap_or_default();
    let of = |kind: &'static str| blocks.iter().filter(move |it| it["type"] == kind);
    let card = of("header").next().map(|header| {
        let fields = of("section").flat_map(|it| it["fields"].as_array().into_iter().flatten());
        let fields = fields.map(|it| {
            let field = text(&it["text"]);
            let (name, value) = field.split_once('\n').unwrap();
            (name.trim_matches('*').to_owned(), value.to_owned())
        });
        (text(&header["text"]["text"]), fields.collect())
    });
    let elements = of("actions").flat_map(|it| it["elements"].as_array().into_iter().flatten());
    let buttons = elements.map(|it| match it["type"].as_str() {
        Some("button") => (text(&it["value"]), text(&it["text"]["text"])),
        _ => (text(&it["action_id"]), text(&it["placeholder"]["text"])),
    });
    let name = |id: &String| {
        let user = state.users.get(id);
        user.map_or_else(|| id.clone(), |user| user.name.clone())
    };
    Seen {
        ts: message.ts.clone(),
        by_us: message.user == BOT_USER,
        text: message.text.clone(),
        card,
        buttons: buttons.collect(),
        files: message.files.iter().map(|it| text(&it["name"])).collect(),
        pinged: message.pinged.iter().map(name).collect(),
    }
}
