//! Discord on loopback: its REST API and its gateway, with a server, people who post, press and type, and everything
//! that can go wrong. Each request of the bot is held against Discord's documented limits; what broke one fails the test
//! at its end.

mod gateway;
mod limits;
mod person;
mod rest;
pub mod state;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use frontdesk::config::chat::DiscordSettings;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::door::{self, Fault, Recorded, Trouble};
pub use person::{Asked, Person};
use state::{Channel, GUILD, Interaction, Line, State, TOKEN};

/// The state behind its door.
pub type Door = door::Door<State>;

/// A post as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub id: String,
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

/// Discord.
#[derive(Debug)]
pub struct Discord {
    door: Door,
    port: u16,
    server: JoinHandle<()>,
}

impl Discord {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let door = Door::new(State::new(port));
        let app = Router::new()
            .route("/gateway", get(gateway::upgrade))
            .route("/gateway/", get(gateway::upgrade))
            .fallback(rest::serve)
            .with_state(door.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { door, port, server }
    }

    /// What a bot needs to know to come here.
    pub fn settings(&self) -> DiscordSettings {
        DiscordSettings {
            name: "discord".to_owned(),
            token: TOKEN.into(),
            guild: GUILD,
            api_url: Some(self.url().parse().unwrap()),
        }
    }

    /// Where the API is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Somebody of the server; the same one at each call.
    pub fn member(&self, name: &str) -> Person {
        self.member_with(name, &[])
    }

    /// Somebody with roles, who gets them if they were there before.
    pub fn member_with(&self, name: &str, roles: &[u64]) -> Person {
        let id = self.door.with(|state| {
            let known = state.users.values().find(|user| user.name == name);
            let id = known.map(|user| user.id).unwrap_or_else(|| state.id());
            let user = state.users.entry(id).or_insert_with(|| state::User {
                id,
                name: name.to_owned(),
                roles: Vec::new(),
            });
            user.roles.extend(roles);
            id
        });
        Person::new(self.door.clone(), id)
    }

    /// A text channel.
    pub fn channel(&self, name: &str) -> String {
        self.make_channel(name, 0)
    }

    /// A forum.
    pub fn forum(&self, name: &str) -> String {
        self.make_channel(name, 15)
    }

    fn make_channel(&self, name: &str, kind: u64) -> String {
        let id = self.door.with(|state| {
            let channel = Channel {
                id: state.id(),
                kind,
                name: name.to_owned(),
                parent: None,
                archived: false,
                members: [].into(),
                denied: 0,
            };
            state.channels.insert(channel.id, channel.clone());
            channel.id
        });
        id.to_string()
    }

    /// A thread as it stands.
    pub fn thread(&self, id: &str) -> Channel {
        self.door.with(|state| state.channels[&number(id)].clone())
    }

    /// The posts of a channel or thread in their order. A thread that hangs on a post does not repeat it.
    pub fn posts_in(&self, channel: &str) -> Vec<Seen> {
        let channel = number(channel);
        self.door.with(|state| {
            let messages = state.messages.values();
            let messages = messages.filter(|it| it.channel == channel);
            messages.map(|it| seen(state, it)).collect()
        })
    }

    /// How an interaction stands.
    pub fn interaction(&self, asked: &Asked) -> Interaction {
        self.door
            .with(|state| state.interactions[&asked.id].clone())
    }

    /// What the bot answered, once it did.
    pub async fn answer(&self, asked: &Asked) -> String {
        let id = asked.id;
        let answer = |state: &State| state.interactions[&id].answers.first().cloned();
        let answer = self.door.until("an answer", answer).await;
        answer["content"].as_str().unwrap_or_default().to_owned()
    }

    /// The bot's first answer, as its reader sees it.
    pub fn answered(&self, asked: &Asked) -> Seen {
        self.door.with(|state| {
            let message = person::answered(state, asked.id);
            seen(state, &message)
        })
    }

    /// The choices that somebody who types is shown, once they are there.
    pub async fn choices(&self, asked: &Asked) -> Vec<(String, String)> {
        let id = asked.id;
        let choices = |state: &State| state.interactions[&id].choices.clone();
        let choices = self.door.until("choices", choices).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let choices = choices.as_array().unwrap().iter();
        choices
            .map(|it| (text(&it["value"]), text(&it["name"])))
            .collect()
    }

    /// The form that somebody is shown, once it is there: its title.
    pub async fn form(&self, asked: &Asked) -> String {
        let id = asked.id;
        let modal = |state: &State| state.interactions[&id].modal.clone();
        let modal = self.door.until("a form", modal).await;
        modal["title"].as_str().unwrap().to_owned()
    }

    /// Requests as they came, the gateway's aside.
    pub fn requests(&self) -> Vec<Recorded> {
        self.door.with(|state| state.log.clone())
    }

    /// Waits until something is so.
    pub async fn until<T>(&self, what: &str, look: impl FnMut(&State) -> Option<T>) -> T {
        self.door.until(what, look).await
    }

    /// Waits until the bot is there to be told.
    pub async fn connected(&self) {
        let there = |state: &State| {
            state
                .sessions
                .iter()
                .any(|it| it.line.is_some())
                .then_some(())
        };
        self.door.until("the bot to connect", there).await;
    }

    /// Waits until commands stand registered by these names.
    pub async fn registered(&self, names: &[&str]) {
        let there = |state: &State| {
            let there: Vec<_> = state.commands.iter().map(|it| it["name"].clone()).collect();
            names
                .iter()
                .all(|name| there.contains(&json!(name)))
                .then_some(())
        };
        self.door.until("commands to be registered", there).await;
    }

    /// The next request of this kind is answered like this, and not done.
    pub fn refuse(&self, method: &'static str, path: &str, status: u16, body: Value) {
        self.trouble(method, path, Trouble::Refuse(status, body));
    }

    /// The next request of this kind is done, but its answer is lost.
    pub fn lose_answer(&self, method: &'static str, path: &str) {
        self.trouble(method, path, Trouble::DoneButLost);
    }

    /// The next request of this kind waits for the one who gets this.
    pub fn hold(&self, method: &'static str, path: &str) -> Arc<Notify> {
        let held = Arc::new(Notify::new());
        self.trouble(method, path, Trouble::Hold(Arc::clone(&held)));
        held
    }

    fn trouble(&self, method: &'static str, path: &str, what: Trouble) {
        let path = path.to_owned();
        self.door
            .with(|state| state.faults.push_back(Fault { method, path, what }));
    }

    /// The bot may not do this in a channel any more, by Discord's bit.
    pub fn deny(&self, channel: &str, bit: u32) {
        let channel = number(channel);
        self.door.with(|state| {
            state.channels.get_mut(&channel).unwrap().denied |= 1 << bit;
        });
    }

    /// Changes what nobody has a verb for.
    pub fn change<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        self.door.with(work)
    }

    /// The connection breaks without a word; what happens until the bot is back is kept for it.
    pub fn drop_gateway(&self) {
        self.end_lines(|| Line::Drop);
    }

    /// The connection breaks, and the session with it: what happens until the bot is back is not told.
    pub fn end_session(&self) {
        self.door.with(|state| {
            for session in &mut state.sessions {
                session.valid = false;
            }
        });
        self.drop_gateway();
    }

    /// Writes every request that came into a file of its own in the folder, one a line.
    fn write_down(&self, folder: &Path) {
        let done = |it: &&Recorded| it.status > 0;
        let line = |it: &Recorded| json!({"method": it.method, "path": it.path, "body": it.body, "status": it.status});
        let requests = self.requests();
        let lines = requests
            .iter()
            .filter(done)
            .map(|it| format!("{}\n", line(it)));
        let name = format!("{}-{}.jsonl", std::process::id(), self.port);
        std::fs::write(folder.join(name), lines.collect::<String>()).unwrap();
    }

    fn end_lines(&self, how: impl Fn() -> Line) {
        self.door.with(|state| {
            for session in &mut state.sessions {
                if let Some(line) = session.line.take() {
                    let _ = line.send(how());
                }
            }
        });
    }

    /// The last event is told once more, as it was.
    pub fn repeat_last(&self) {
        self.door.with(|state| {
            for session in &mut state.sessions {
                let last = session.told.last().cloned();
                if let (Some(line), Some(last)) = (&session.line, last) {
                    let _ = line.send(Line::Say(last));
                }
            }
        });
    }
}

impl Drop for Discord {
    fn drop(&mut self) {
        self.server.abort();
        if let Some(folder) = std::env::var_os("FRONTDESK_RECORD") {
            self.write_down(folder.as_ref());
        }
        let violations = self
            .door
            .with(|state| std::mem::take(&mut state.violations));
        if !violations.is_empty() && !std::thread::panicking() {
            panic!(
                "requests that Discord would not take:\n{}",
                violations.join("\n")
            );
        }
    }
}

/// An id from its text.
fn number(id: &str) -> u64 {
    id.parse().unwrap()
}

fn seen(state: &State, message: &state::Message) -> Seen {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let card = message.embeds.get(0).map(|embed| {
        let fields = embed["fields"].as_array().into_iter().flatten();
        let fields = fields.map(|it| (text(&it["name"]), text(&it["value"])));
        (text(&embed["title"]), fields.collect())
    });
    let rows = message.components.as_array().into_iter().flatten();
    let components = rows.flat_map(|row| row["components"].as_array().into_iter().flatten());
    let buttons = components.map(|it| {
        let label = it.get("label").unwrap_or(&it["placeholder"]);
        (text(&it["custom_id"]), text(label))
    });
    let name = |id: &u64| state.users[id].name.clone();
    Seen {
        id: message.id.to_string(),
        by_us: message.author == state::BOT,
        text: message.content.clone(),
        card,
        buttons: buttons.collect(),
        files: message
            .attachments
            .iter()
            .map(|it| text(&it["filename"]))
            .collect(),
        pinged: message.pinged.iter().map(name).collect(),
    }
}
