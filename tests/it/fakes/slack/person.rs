//! What people do: post, edit, delete, mark, press, choose, fill in, run commands.

use serde_json::{Value, json};

use super::Door;
use super::state::{APP, BOT_USER, Interaction, Message, State, TEAM};

/// Somebody at their screen.
#[derive(Debug, Clone)]
pub struct Person {
    door: Door,
    pub id: String,
}

/// Something that the app was asked by an interaction.
#[derive(Debug, Clone)]
pub struct Asked {
    pub trigger: String,
}

impl Person {
    pub(super) fn new(door: Door, id: String) -> Self {
        Self { door, id }
    }

    /// Posts a text in a channel; gives its id.
    pub fn posts(&self, channel: &str, text: &str) -> String {
        self.post(channel, None, text, &[])
    }

    /// Posts a text in the thread of a message.
    pub fn replies(&self, channel: &str, thread: &str, text: &str) -> String {
        self.post(channel, Some(thread), text, &[])
    }

    /// Posts a text with files.
    pub fn posts_files(&self, channel: &str, text: &str, files: &[(&str, &[u8])]) -> String {
        self.post(channel, None, text, files)
    }

    /// Writes to the app alone.
    pub fn writes(&self, text: &str) -> String {
        let channel = self.door.with(|state| state.direct(&[&self.id]));
        self.post(&channel, None, text, &[])
    }

    fn post(
        &self,
        channel: &str,
        thread: Option<&str>,
        text: &str,
        files: &[(&str, &[u8])],
    ) -> String {
        self.door.with(|state| {
            let files = files.iter().map(|(name, bytes)| {
                let id = state.id("F");
                let path = format!("files/{TEAM}-{id}/{name}");
                state.files.insert(path.clone(), bytes.to_vec());
                json!({
                    "id": id, "name": name, "title": name, "mimetype": "text/plain",
                    "size": bytes.len(), "url_private": state.url(&path),
                    "url_private_download": state.url(&path),
                })
            });
            let files = files.collect();
            let mentioned = text.contains(&format!("<@{BOT_USER}>"));
            let ts = state.post(Message {
                channel: channel.to_owned(),
                user: self.id.clone(),
                text: text.to_owned(),
                thread: thread.map(str::to_owned),
                files,
                ..Message::default()
            });
            if mentioned {
                // Slack tells a mention twice, where an app asks for both.
                let message = state.messages[&(channel.to_owned(), ts.clone())].clone();
                let told = state.told("app_mention", &message);
                state.tell_event(told);
            }
            ts
        })
    }

    /// Changes a text of theirs.
    pub fn edits(&self, channel: &str, post: &str, text: &str) {
        self.door.with(|state| {
            let edited = state.ts();
            let key = (channel.to_owned(), post.to_owned());
            let before = state.messages[&key].clone();
            let message = state.messages.get_mut(&key).unwrap();
            message.text = text.to_owned();
            message.edited = Some(edited.clone());
            let message = message.clone();
            let told = json!({
                "type": "message", "subtype": "message_changed", "hidden": true,
                "channel": channel, "ts": edited, "event_ts": edited,
                "channel_type": state.channels[channel].kind,
                "message": state.message_json(&message),
                "previous_message": state.message_json(&before),
            });
            state.tell_event(told);
        });
    }

    /// Takes a post away.
    pub fn deletes(&self, channel: &str, post: &str) {
        self.door.with(|state| forget(state, channel, post));
    }

    /// Marks a post with an emoji, by its name.
    pub fn reacts(&self, channel: &str, post: &str, name: &str) {
        self.door.with(|state| {
            let at = state.ts();
            let key = (channel.to_owned(), post.to_owned());
            let message = state.messages.get_mut(&key).unwrap();
            message.reactions.push((self.id.clone(), name.to_owned()));
            let author = message.user.clone();
            state.tell_event(json!({
                "type": "reaction_added", "user": self.id, "reaction": name, "item_user": author,
                "item": {"type": "message", "channel": channel, "ts": post}, "event_ts": at,
            }));
        });
    }

    /// Presses a button, which must be there.
    pub fn presses(&self, channel: &str, post: &str, action: &str) -> Asked {
        let key = (channel.to_owned(), post.to_owned());
        let message = self.door.with(|state| state.messages[&key].clone());
        self.uses(&message, false, action, None)
    }

    /// Presses a button of what they alone were told last.
    pub fn presses_whisper(&self, action: &str) -> Asked {
        let message = self.door.with(|state| {
            let mut all = state.whispers.iter().rev();
            let last = all.find(|it| it.metadata["for"] == self.id.as_str());
            last.expect("something was said to them").clone()
        });
        self.uses(&message, true, action, None)
    }

    /// Chooses an entry of a list, which must be there.
    pub fn chooses(&self, channel: &str, post: &str, action: &str, value: &str) -> Asked {
        let key = (channel.to_owned(), post.to_owned());
        let message = self.door.with(|state| state.messages[&key].clone());
        self.uses(&message, false, action, Some(value))
    }

    fn uses(
        &self,
        message: &Message,
        whispered: bool,
        action: &str,
        chosen: Option<&str>,
    ) -> Asked {
        let blocks = message.blocks.as_array().cloned().unwrap_or_default();
        let found = blocks.iter().find_map(|block| {
            let mut elements = block["elements"].as_array()?.iter();
            let element = elements.find(|it| match chosen {
                None => it["type"] == "button" && it["value"] == action,
                Some(_) => it["type"] == "static_select" && it["action_id"] == action,
            })?;
            Some((block["block_id"].clone(), element.clone()))
        });
        let (block, element) = found.unwrap_or_else(|| panic!("no {action} on {}", message.blocks));
        let mut used = json!({
            "type": element["type"], "block_id": block, "action_id": element["action_id"],
            "action_ts": "1700000000.000001",
        });
        match chosen {
            None => used["value"] = json!(action),
            Some(value) => {
                let options = element["options"].as_array().unwrap();
                let option = options.iter().find(|it| it["value"] == value);
                let option = option.unwrap_or_else(|| panic!("no {value} in {element}"));
                used["selected_option"] = option.clone();
            }
        }
        self.door.with(|state| {
            let mut extra = json!({
                "actions": [used], "api_app_id": APP,
                "container": {
                    "type": "message", "message_ts": message.ts, "channel_id": message.channel,
                    "is_ephemeral": whispered,
                },
            });
            if !whispered {
                // What one person alone sees is not told again.
                extra["message"] = state.message_json(message);
                if let Some(thread) = &message.thread {
                    extra["container"]["thread_ts"] = json!(thread);
                }
            }
            let at = (message.channel.as_str(), message.thread.clone());
            self.asks(state, "block_actions", at, extra)
        })
    }

    /// Fills in the form that an interaction opened, and sends it.
    pub fn submits(&self, form: &Asked, values: &[(&str, &str)]) -> Asked {
        self.door.with(|state| {
            let from = state.interactions[&form.trigger].clone();
            let view = from.view.expect("a form was opened");
            let blocks = view["blocks"].as_array().unwrap().clone();
            let mut filled = serde_json::Map::new();
            for (key, value) in values {
                let block = blocks.iter().find(|it| it["block_id"] == *key);
                let block = block.unwrap_or_else(|| panic!("no {key} in {view}"));
                let action = block["element"]["action_id"].as_str().unwrap();
                let value = json!({action: {"type": "plain_text_input", "value": value}});
                filled.insert((*key).to_owned(), value);
            }
            let view = json!({
                "id": state.id("V"), "team_id": TEAM, "type": "modal", "hash": "h",
                "callback_id": view["callback_id"], "private_metadata": view["private_metadata"],
                "state": {"values": filled}, "blocks": view["blocks"], "title": view["title"],
            });
            let extra = json!({"view": view, "response_urls": []});
            let at = (from.channel.as_str(), from.thread.clone());
            self.asks(state, "view_submission", at, extra)
        })
    }

    /// Runs a slash command: `/ticket show TKT-1`.
    pub fn runs(&self, channel: &str, line: &str) -> Asked {
        self.door.with(|state| {
            let (command, text) = line.split_once(' ').unwrap_or((line, ""));
            let (asked, url) = self.begin(state, channel, None);
            let payload = json!({
                "token": "z", "team_id": TEAM, "team_domain": "field", "channel_id": channel,
                "channel_name": "x", "user_id": self.id, "user_name": "x", "command": command,
                "text": text, "api_app_id": APP, "is_enterprise_install": "false",
                "response_url": url, "trigger_id": asked.trigger,
            });
            state.tell("slash_commands", payload);
            asked
        })
    }

    /// Chooses an entry of a message's own menu, by its callback id.
    pub fn opens_menu(&self, channel: &str, post: &str, entry: &str) -> Asked {
        self.door.with(|state| {
            let message = state.messages[&(channel.to_owned(), post.to_owned())].clone();
            let extra = json!({
                "callback_id": entry, "message_ts": post, "message": state.message_json(&message),
            });
            self.asks(state, "message_action", (channel, message.thread), extra)
        })
    }

    fn begin(&self, state: &mut State, channel: &str, thread: Option<String>) -> (Asked, String) {
        let trigger = state.id("13345224609.738474920.");
        let interaction = Interaction {
            user: self.id.clone(),
            channel: channel.to_owned(),
            thread,
            ..Interaction::default()
        };
        state.interactions.insert(trigger.clone(), interaction);
        let url = state.url(&format!("respond/{trigger}"));
        (Asked { trigger }, url)
    }

    fn asks(
        &self,
        state: &mut State,
        kind: &str,
        (channel, thread): (&str, Option<String>),
        extra: Value,
    ) -> Asked {
        let (asked, url) = self.begin(state, channel, thread);
        let user = &state.users[&self.id];
        let mut told = json!({
            "type": kind, "trigger_id": asked.trigger, "team": {"id": TEAM, "domain": "field"},
            "user": {"id": user.id, "username": user.name, "team_id": TEAM},
        });
        if kind != "view_submission" {
            told["channel"] = json!({"id": channel, "name": "x"});
            told["response_url"] = json!(url);
        }
        let map = told.as_object_mut().unwrap();
        map.extend(extra.as_object().unwrap().clone());
        state.tell("interactive", told);
        asked
    }
}

/// A message goes, and Slack tells of it. One that begins a thread leaves a stone behind.
pub fn forget(state: &mut State, channel: &str, post: &str) {
    let at = state.ts();
    let key = (channel.to_owned(), post.to_owned());
    let grown = !state.replies(channel, post).is_empty();
    let Some(message) = state.messages.remove(&key) else {
        return;
    };
    let before = state.message_json(&message);
    let mut told = json!({
        "type": "message", "hidden": true, "channel": channel, "ts": at, "event_ts": at,
        "channel_type": state.channels[channel].kind, "previous_message": before,
    });
    if grown {
        told["subtype"] = json!("message_changed");
        told["message"] = json!({
            "type": "message", "subtype": "tombstone", "user": "USLACKBOT", "hidden": true,
            "text": "This message was deleted.", "ts": post, "thread_ts": post,
        });
    } else {
        told["subtype"] = json!("message_deleted");
        told["deleted_ts"] = json!(post);
    }
    state.tell_event(told);
}
