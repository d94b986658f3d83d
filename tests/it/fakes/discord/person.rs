//! What people do: post, edit, delete, mark, press, choose, fill in, type.

use serde_json::{Value, json};

use super::state::{BOT, Channel, GUILD, Interaction, Message, State};
use super::{Door, number};

/// Somebody at their screen.
#[derive(Debug, Clone)]
pub struct Person {
    door: Door,
    pub id: u64,
}

/// Something that the bot was asked by an interaction.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub id: u64,
}

impl Person {
    pub(super) fn new(door: Door, id: u64) -> Self {
        Self { door, id }
    }

    /// The id that Discord shows.
    pub fn user(&self) -> String {
        self.id.to_string()
    }

    /// Posts a text; gives its id.
    pub fn posts(&self, channel: &str, text: &str) -> String {
        self.post(number(channel), text, None, &[])
    }

    /// Posts a text as a reply to a message.
    pub fn replies(&self, channel: &str, to: &str, text: &str) -> String {
        let reference = Some((number(channel), number(to)));
        self.post(number(channel), text, reference, &[])
    }

    /// Posts a text with files.
    pub fn posts_files(&self, channel: &str, text: &str, files: &[(&str, &[u8])]) -> String {
        self.post(number(channel), text, None, files)
    }

    /// Writes to the bot alone.
    pub fn writes(&self, text: &str) -> String {
        let channel = self.door.with(|state| state.direct(self.id).id);
        self.post(channel, text, None, &[])
    }

    fn post(
        &self,
        channel: u64,
        text: &str,
        reference: Option<(u64, u64)>,
        files: &[(&str, &[u8])],
    ) -> String {
        self.door.with(|state| {
            let attachments = files.iter().map(|(name, bytes)| {
                let id = state.id();
                let path = format!("{id}/{name}");
                let url = format!("http://127.0.0.1:{}/files/{path}", state.port);
                state.files.insert(path, bytes.to_vec());
                json!({
                    "id": id.to_string(), "filename": name, "size": bytes.len(), "url": url,
                    "proxy_url": url, "content_type": "text/plain",
                })
            });
            let attachments = attachments.collect();
            let message = Message {
                id: state.id(),
                channel,
                author: self.id,
                content: text.to_owned(),
                embeds: json!([]),
                components: json!([]),
                attachments,
                reference,
                nonce: None,
                edits: 0,
                pinged: [].into(),
                reactions: Vec::new(),
            };
            state.messages.insert(message.id, message.clone());
            let told = state.told_json(&message);
            state.tell("MESSAGE_CREATE", &told);
            message.id.to_string()
        })
    }

    /// Changes a text of theirs.
    pub fn edits(&self, post: &str, text: &str) {
        self.door.with(|state| {
            let message = state.messages.get_mut(&number(post)).unwrap();
            message.content = text.to_owned();
            message.edits += 1;
            let message = message.clone();
            let told = state.told_json(&message);
            state.tell("MESSAGE_UPDATE", &told);
        });
    }

    /// Takes a post away.
    pub fn deletes(&self, post: &str) {
        self.door.with(|state| state.forget(number(post)));
    }

    /// Marks a post with an emoji.
    pub fn reacts(&self, post: &str, emoji: &str) {
        self.door.with(|state| {
            let message = state.messages.get_mut(&number(post)).unwrap();
            message.reactions.push((self.id, emoji.to_owned()));
            let (channel, author) = (message.channel, message.author);
            let told = json!({
                "user_id": self.user(), "channel_id": channel.to_string(), "message_id": post,
                "guild_id": GUILD.to_string(), "member": state.member_json(self.id),
                "emoji": {"id": null, "name": emoji}, "message_author_id": author.to_string(),
                "burst": false, "type": 0,
            });
            state.tell("MESSAGE_REACTION_ADD", &told);
        });
    }

    /// Presses a button, which must be there.
    pub fn presses(&self, post: &str, action: &str) -> Asked {
        self.uses(post, action, &json!({"component_type": 2}))
    }

    /// Presses a button on what the bot answered to them alone.
    pub fn presses_answer(&self, asked: &Asked, action: &str) -> Asked {
        self.door.with(|state| {
            let message = answered(state, asked.id);
            let there = message.components.to_string();
            assert!(there.contains(action), "no {action} on {there}");
            let data = json!({"component_type": 2, "custom_id": action});
            let extra = json!({"message": state.message_json(&message)});
            self.asks(state, 3, message.channel, data, &extra)
        })
    }

    /// Chooses an entry of a list, which must be there.
    pub fn chooses(&self, post: &str, action: &str, value: &str) -> Asked {
        self.uses(
            post,
            action,
            &json!({"component_type": 3, "values": [value]}),
        )
    }

    fn uses(&self, post: &str, action: &str, with: &Value) -> Asked {
        self.door.with(|state| {
            let message = state.messages[&number(post)].clone();
            let there = message.components.to_string();
            assert!(there.contains(action), "no {action} on {there}");
            let mut data = with.clone();
            data["custom_id"] = json!(action);
            let message_json = state.message_json(&message);
            let extra = json!({"message": message_json});
            self.asks(state, 3, message.channel, data, &extra)
        })
    }

    /// Fills in the form that an interaction opened, and sends it.
    pub fn submits(&self, form: &Asked, values: &[(&str, &str)]) -> Asked {
        self.door.with(|state| {
            let from = state.interactions[&form.id].clone();
            let modal = from.modal.expect("a form was opened");
            let rows: Vec<_> = values
                .iter()
                .map(|(key, value)| {
                    assert!(modal.to_string().contains(key), "no {key} in {modal}");
                    let input = json!({"type": 4, "custom_id": key, "value": value});
                    json!({"type": 1, "components": [input]})
                })
                .collect();
            let data = json!({"custom_id": modal["custom_id"], "components": rows});
            self.asks(state, 5, from.channel, data, &json!({}))
        })
    }

    /// Runs a slash command as Discord's own line shows it: `/show ticket:TKT-1 all:true`.
    pub fn runs(&self, channel: &str, line: &str) -> Asked {
        self.slash(channel, line, None)
    }

    /// Types at the last option of such a line.
    pub fn types(&self, channel: &str, line: &str) -> Asked {
        let option = line.rsplit_once(':').unwrap().0;
        let option = option.rsplit(' ').next().unwrap();
        self.slash(channel, line, Some(option))
    }

    fn slash(&self, channel: &str, line: &str, focused: Option<&str>) -> Asked {
        self.door.with(|state| {
            let words: Vec<_> = line.trim_start_matches('/').splitn(2, ' ').collect();
            let mut commands = state.commands.iter();
            let command = commands.find(|it| it["name"] == words[0]);
            let command = command
                .unwrap_or_else(|| panic!("no command {line}"))
                .clone();
            let rest = words.get(1).copied().unwrap_or_default();
            let data = json!({
                "id": command["id"], "name": words[0], "type": 1, "guild_id": GUILD.to_string(),
                "options": options(&command, rest, focused),
            });
            let kind = if focused.is_some() { 4 } else { 2 };
            self.asks(state, kind, number(channel), data, &json!({}))
        })
    }

    /// Chooses an entry of a message's own menu.
    pub fn opens_menu(&self, post: &str, entry: &str) -> Asked {
        self.door.with(|state| {
            let message = state.messages[&number(post)].clone();
            let mut commands = state.commands.iter();
            let command = commands.find(|it| it["name"] == entry && it["type"] == 3);
            let command = command.unwrap_or_else(|| panic!("no entry {entry}"));
            let data = json!({
                "id": command["id"], "name": entry, "type": 3, "target_id": post,
                "resolved": {"messages": {post: state.message_json(&message)}},
            });
            self.asks(state, 2, message.channel, data, &json!({}))
        })
    }

    /// Chooses an entry of somebody's own menu.
    pub fn opens_menu_of(&self, whom: &Self, entry: &str) -> Asked {
        self.door.with(|state| {
            let mut commands = state.commands.iter();
            let command = commands.find(|it| it["name"] == entry && it["type"] == 2);
            let command = command.unwrap_or_else(|| panic!("no entry {entry}"));
            let mut member = state.member_json(whom.id);
            let user = member.as_object_mut().unwrap().remove("user").unwrap();
            member["permissions"] = json!("0");
            let id = whom.id.to_string();
            let data = json!({
                "id": command["id"], "name": entry, "type": 2, "target_id": id,
                "resolved": {"users": {id.as_str(): user}, "members": {id.as_str(): member}},
            });
            let channel = *state.channels.keys().next().unwrap();
            self.asks(state, 2, channel, data, &json!({}))
        })
    }

    fn asks(
        &self,
        state: &mut State,
        kind: u64,
        channel: u64,
        data: Value,
        extra: &Value,
    ) -> Asked {
        let id = state.id();
        let place: &Channel = &state.channels[&channel];
        let interaction = Interaction {
            token: format!("token.of:{id}"),
            kind,
            channel,
            ..Interaction::default()
        };
        let mut told = json!({
            "id": id.to_string(), "application_id": BOT.to_string(), "type": kind, "data": data,
            "guild_id": GUILD.to_string(), "channel_id": channel.to_string(),
            "channel": state.channel_json(place), "member": state.member_json(self.id),
            "token": interaction.token, "version": 1, "app_permissions": "0", "locale": "en-US",
            "guild_locale": "en-US", "entitlements": [], "authorizing_integration_owners": {},
            "context": 0, "attachment_size_limit": 10_485_760,
        });
        told["member"]["permissions"] = json!("0");
        told.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        state.interactions.insert(id, interaction);
        state.tell("INTERACTION_CREATE", &told);
        Asked { id }
    }
}

/// The first answer to an interaction as the message that its reader sees.
pub(super) fn answered(state: &mut State, interaction: u64) -> Message {
    let from = state.interactions[&interaction].clone();
    let answer = from.answers.first().expect("it was answered").clone();
    Message {
        id: state.id(),
        channel: from.channel,
        author: BOT,
        content: answer["content"].as_str().unwrap_or_default().to_owned(),
        embeds: answer["embeds"].clone(),
        components: answer["components"].clone(),
        attachments: Vec::new(),
        reference: None,
        nonce: None,
        edits: 0,
        pinged: [].into(),
        reactions: Vec::new(),
    }
}

/// `sub name:value name:value` as Discord sends it, by what is registered.
fn options(command: &Value, line: &str, focused: Option<&str>) -> Value {
    let known = command["options"].as_array().cloned().unwrap_or_default();
    let word = line.split(' ').next().unwrap_or_default();
    let below = known
        .iter()
        .find(|it| it["name"] == word && it["type"].as_u64().is_some_and(|kind| kind <= 2));
    if let Some(sub) = below {
        let rest = line[word.len()..].trim_start();
        let inner = options(sub, rest, focused);
        return json!([{"name": word, "type": sub["type"], "options": inner}]);
    }
    let mut starts: Vec<_> = known
        .iter()
        .filter_map(|it| {
            let mark = format!("{}:", it["name"].as_str().unwrap());
            let at = format!(" {line}").find(&format!(" {mark}"))?;
            Some((at, at + mark.len(), it))
        })
        .collect();
    starts.sort_by_key(|(at, ..)| *at);
    let mut options = Vec::new();
    for (place, (_, from, option)) in starts.iter().enumerate() {
        let to = starts.get(place + 1).map_or(line.len(), |(at, ..)| at - 1);
        let text = &line[*from..to.max(*from)];
        let value = match option["type"].as_u64() {
            Some(4) => json!(text.parse::<i64>().unwrap()),
            Some(5) => json!(text.parse::<bool>().unwrap()),
            _ => json!(text),
        };
        let mut given = json!({"name": option["name"], "type": option["type"], "value": value});
        if focused.is_some_and(|focused| option["name"] == focused) {
            given["focused"] = json!(true);
        }
        options.push(given);
    }
    json!(options)
}
