//! The REST API.

use axum::body::Body;
use axum::extract::{FromRequest as _, Multipart, Request, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::state::{BOT, Channel, GUILD, Message, State, TOKEN};
use super::{Door, limits};
use crate::fakes::door::{Recorded, Trouble};

/// An answer: a status and a body.
type Answer = (u16, Value);

const NOTHING: Answer = (204, Value::Null);

/// A file that came with a request.
struct Upload {
    name: String,
    bytes: Vec<u8>,
}

pub async fn serve(Shared(door): Shared<Door>, request: Request) -> Response {
    let method = request.method().to_string();
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    if let Some(file) = path.strip_prefix("/files/") {
        let bytes = door.with(|state| state.files.get(file).cloned());
        return bytes.map_or_else(
            || StatusCode::NOT_FOUND.into_response(),
            |bytes| Body::from(bytes).into_response(),
        );
    }
    let headers = request.headers().clone();
    let (body, uploads) = read(request).await;
    let Some(path) = path.strip_prefix("/api/v10/") else {
        door.with(|state| state.violation(format!("{method} {path}: not version 10 of the API")));
        return StatusCode::NOT_FOUND.into_response();
    };
    let fault = door.with(|state| {
        let at = state
            .faults
            .iter()
            .position(|fault| fault.method == method && path.contains(&fault.path));
        at.and_then(|at| state.faults.remove(at))
    });
    let mut lost = false;
    match fault.map(|fault| fault.what) {
        Some(Trouble::Refuse(status, answer)) => {
            door.with(|state| record(state, &method, path, &body, status));
            return reply((status, answer));
        }
        Some(Trouble::Hold(until)) => {
            door.with(|state| record(state, &method, path, &body, 0));
            until.notified().await;
        }
        Some(Trouble::DoneButLost) => lost = true,
        None => {}
    }
    let answer = door.with(|state| {
        let parts: Vec<&str> = path.split('/').collect();
        let house_rules = state.house_rules;
        for wrong in limits::check(&method, &parts, &body, uploads.len(), house_rules) {
            state.violation(wrong);
        }
        let answer = if authorized(state, &headers, &parts) {
            answer(state, &method, &parts, &query, &body, uploads)
        } else {
            complaint(401, 0, "401: Unauthorized")
        };
        record(state, &method, path, &body, answer.0);
        answer
    });
    if lost {
        // A body that breaks off: the connection goes, and nobody hears what was done.
        let broken =
            futures::stream::once(async { Err::<&[u8], _>(std::io::Error::other("lost")) });
        return Response::builder()
            .header(header::CONTENT_LENGTH, 1000)
            .body(Body::from_stream(broken))
            .unwrap();
    }
    reply(answer)
}

fn reply((status, body): Answer) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    if body.is_null() {
        return status.into_response();
    }
    (status, axum::Json(body)).into_response()
}

fn record(state: &mut State, method: &str, path: &str, body: &Value, status: u16) {
    state.log.push(Recorded {
        method: method.to_owned(),
        path: path.to_owned(),
        body: body.clone(),
        status,
    });
}

fn complaint(status: u16, code: u64, message: &str) -> Answer {
    (status, json!({"code": code, "message": message}))
}

fn authorized(state: &State, headers: &HeaderMap, parts: &[&str]) -> bool {
    // What has a token in its address asks for no other.
    if matches!(parts, ["interactions" | "webhooks", ..]) {
        return true;
    }
    let given = headers.get(header::AUTHORIZATION);
    state.knows_token && given.is_some_and(|it| it == format!("Bot {TOKEN}").as_str())
}

async fn read(request: Request) -> (Value, Vec<Upload>) {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let multipart = content_type.is_some_and(|it| it.as_bytes().starts_with(b"multipart/"));
    if !multipart {
        let bytes = axum::body::to_bytes(request.into_body(), 1 << 26).await;
        let body = serde_json::from_slice(&bytes.unwrap_or_default());
        return (body.unwrap_or(Value::Null), Vec::new());
    }
    let mut body = Value::Null;
    let mut uploads = Vec::new();
    let mut form = Multipart::from_request(request, &()).await.unwrap();
    while let Some(field) = form.next_field().await.unwrap() {
        if field.name() == Some("payload_json") {
            body = serde_json::from_str(&field.text().await.unwrap()).unwrap();
        } else {
            uploads.push(Upload {
                name: field.file_name().unwrap_or_default().to_owned(),
                bytes: field.bytes().await.unwrap().to_vec(),
            });
        }
    }
    (body, uploads)
}

fn answer(
    state: &mut State,
    method: &str,
    parts: &[&str],
    query: &str,
    body: &Value,
    uploads: Vec<Upload>,
) -> Answer {
    let id = |text: &str| text.parse::<u64>().unwrap_or_default();
    match (method, parts) {
        ("GET", ["gateway"]) => {
            let own = format!("ws://127.0.0.1:{}/gateway", state.port);
            (
                200,
                json!({"url": state.gateway_url.clone().unwrap_or(own)}),
            )
        }
        ("GET", ["users", "@me"]) => (200, state.user_json(BOT)),
        ("GET", ["oauth2", "applications", "@me"]) => {
            let flags = if state.message_content { 1 << 19 } else { 0 };
            let bot = state.user_json(BOT);
            let application = json!({
                "id": BOT.to_string(), "name": "Frontdesk", "flags": flags, "bot": bot,
                "description": "", "icon": null, "bot_public": false, "owner": bot,
                "bot_require_code_grant": false, "verify_key": "", "team": null,
            });
            (200, application)
        }
        ("POST", ["users", "@me", "channels"]) => direct_channel(state, body),
        ("GET", ["guilds", guild]) if id(guild) == GUILD => (200, state.guild_json(false)),
        ("GET", ["guilds", guild, "threads", "active"]) if id(guild) == GUILD => {
            let threads = state.channels.values();
            let active = threads.filter(|it| matches!(it.kind, 10..=12) && !it.archived);
            let active: Vec<_> = active.map(|it| state.channel_json(it)).collect();
            (200, json!({"threads": active, "members": []}))
        }
        ("GET", ["guilds", _, "members", user]) if state.users.contains_key(&id(user)) => {
            (200, state.member_json(id(user)))
        }
        ("GET", ["guilds", _, "members", _]) => complaint(404, 10_007, "Unknown Member"),
        ("GET", ["guilds", ..]) => complaint(404, 10_004, "Unknown Guild"),
        (_, ["applications", _, "guilds", _, "commands", rest @ ..]) => {
            commands(state, method, rest, body)
        }
        (_, ["channels", channel, rest @ ..]) => {
            let channel = id(channel);
            if !state.channels.contains_key(&channel) {
                return complaint(404, 10_003, "Unknown Channel");
            }
            in_channel(state, method, channel, rest, query, body, uploads)
        }
        ("POST", ["interactions", interaction, token, "callback"]) => {
            let answer = callback(state, id(interaction), token, body);
            let told = query.contains("with_response=");
            if answer == NOTHING && told {
                let kind = state.interactions[&id(interaction)].kind;
                return (
                    200,
                    json!({"interaction": {"id": interaction, "type": kind}}),
                );
            }
            answer
        }
        (_, ["webhooks", _, token, rest @ ..]) => webhook(state, method, token, rest, body),
        _ => {
            state.violation(format!("{method} /{}: no such operation", parts.join("/")));
            complaint(404, 0, "404: Not Found")
        }
    }
}

fn direct_channel(state: &mut State, body: &Value) -> Answer {
    let user: u64 = body["recipient_id"].as_str().unwrap().parse().unwrap();
    if !state.users.contains_key(&user) {
        return complaint(400, 50_033, "Invalid Recipient(s)");
    }
    let channel = state.direct(user);
    (200, state.channel_json(&channel))
}

impl State {
    /// The direct conversation with somebody.
    pub fn direct(&mut self, user: u64) -> Channel {
        let known = self.channels.values();
        let known = known
            .into_iter()
            .find(|it| it.kind == 1 && it.members.contains(&user));
        if let Some(channel) = known {
            return channel.clone();
        }
        let channel = Channel {
            id: self.id(),
            kind: 1,
            name: String::new(),
            parent: None,
            archived: false,
            members: [user].into(),
            denied: 0,
        };
        self.channels.insert(channel.id, channel.clone());
        channel
    }
}

fn commands(state: &mut State, method: &str, rest: &[&str], body: &Value) -> Answer {
    let place = |state: &State, id: &str| {
        let mut commands = state.commands.iter();
        commands.position(|command| command["id"] == id)
    };
    match (method, rest) {
        ("GET", []) => (200, json!(state.commands)),
        ("POST", []) => {
            let mut command = body.clone();
            let id = state.id().to_string();
            command["id"] = json!(id);
            command["application_id"] = json!(BOT.to_string());
            command["guild_id"] = json!(GUILD.to_string());
            command["version"] = json!(id);
            command["default_member_permissions"] = Value::Null;
            command["nsfw"] = json!(false);
            if command.get("description").is_none() {
                command["description"] = json!("");
            }
            state.commands.push(command.clone());
            (201, command)
        }
        ("PATCH", [id]) => match place(state, id) {
            Some(at) => {
                let command = state.commands[at].as_object_mut().unwrap();
                command.extend(body.as_object().unwrap().clone());
                (200, state.commands[at].clone())
            }
            None => complaint(404, 10_063, "Unknown application command"),
        },
        ("DELETE", [id]) => match place(state, id) {
            Some(at) => {
                state.commands.remove(at);
                NOTHING
            }
            None => complaint(404, 10_063, "Unknown application command"),
        },
        _ => complaint(405, 0, "405: Method Not Allowed"),
    }
}

fn in_channel(
    state: &mut State,
    method: &str,
    channel: u64,
    rest: &[&str],
    query: &str,
    body: &Value,
    uploads: Vec<Upload>,
) -> Answer {
    let id = |text: &str| text.parse::<u64>().unwrap_or_default();
    let denied = state.channels[&channel].denied;
    if denied & (1 << 10) != 0 {
        return complaint(403, 50_001, "Missing Access");
    }
    let silent = denied & (1 << 11) != 0;
    match (method, rest) {
        ("POST", ["messages"] | ["threads"]) if silent => {
            complaint(403, 50_013, "Missing Permissions")
        }
        ("GET", []) => (200, state.channel_json(&state.channels[&channel])),
        ("PATCH", []) => {
            let it = state.channels.get_mut(&channel).unwrap();
            if let Some(archived) = body["archived"].as_bool() {
                it.archived = archived;
            }
            let it = it.clone();
            let json = state.channel_json(&it);
            state.tell("THREAD_UPDATE", &json);
            (200, json)
        }
        ("GET", ["messages"]) => history(state, channel, query),
        ("POST", ["messages"]) => {
            let made = post(state, channel, body, uploads);
            (200, state.message_json(&made))
        }
        ("POST", ["messages", message, "threads"]) => {
            if !state.messages.contains_key(&id(message)) {
                return complaint(404, 10_008, "Unknown Message");
            }
            if state.channels.contains_key(&id(message)) {
                let text = "A thread has already been created for this message";
                return complaint(400, 160_004, text);
            }
            let thread = thread(state, Some(id(message)), channel, 11, body);
            (201, thread)
        }
        ("POST", ["threads"]) => open(state, channel, body, uploads),
        ("PUT", ["thread-members", user]) if state.users.contains_key(&id(user)) => {
            let it = state.channels.get_mut(&channel).unwrap();
            it.members.insert(id(user));
            NOTHING
        }
        ("PUT", ["thread-members", _]) => complaint(404, 10_013, "Unknown User"),
        (_, ["messages", message, rest @ ..]) => {
            let found = state.messages.get(&id(message));
            if found.is_none_or(|it| it.channel != channel) {
                return complaint(404, 10_008, "Unknown Message");
            }
            on_message(state, method, id(message), rest, body, uploads)
        }
        _ => complaint(405, 0, "405: Method Not Allowed"),
    }
}

fn open(state: &mut State, parent: u64, body: &Value, uploads: Vec<Upload>) -> Answer {
    if state.channels[&parent].kind != 15 {
        let kind = body["type"].as_u64().unwrap_or(12);
        return (201, thread(state, None, parent, kind, body));
    }
    let mut made = thread(state, None, parent, 11, body);
    let thread: u64 = made["id"].as_str().unwrap().parse().unwrap();
    let starter = post_as(state, Some(thread), thread, &body["message"], uploads);
    made["message"] = state.message_json(&starter);
    (201, made)
}

fn thread(state: &mut State, id: Option<u64>, parent: u64, kind: u64, body: &Value) -> Value {
    let thread = Channel {
        id: id.unwrap_or_else(|| state.id()),
        kind,
        name: body["name"].as_str().unwrap_or_default().to_owned(),
        parent: Some(parent),
        archived: false,
        members: [BOT].into(),
        denied: 0,
    };
    state.channels.insert(thread.id, thread.clone());
    let json = state.channel_json(&thread);
    state.tell("THREAD_CREATE", &json);
    json
}

/// The oldest messages behind `after`, or the newest before `before`; the newest first, as Discord gives them.
fn history(state: &State, channel: u64, query: &str) -> Answer {
    let value = |key: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let found = pairs.find(|(name, _)| name == key);
        found.and_then(|(_, value)| value.parse::<u64>().ok())
    };
    let after = value("after").unwrap_or_default();
    let limit = usize::try_from(value("limit").unwrap_or(50)).unwrap();
    let before = value("before").unwrap_or(u64::MAX);
    let messages = state.messages.values();
    let mut messages: Vec<_> = messages
        .filter(|it| it.channel == channel && it.id > after && it.id < before)
        .map(|it| state.message_json(it))
        .collect();
    if after > 0 {
        messages.truncate(limit);
    }
    messages.reverse();
    messages.truncate(limit);
    (200, json!(messages))
}

fn post(state: &mut State, channel: u64, body: &Value, uploads: Vec<Upload>) -> Message {
    post_as(state, None, channel, body, uploads)
}

fn post_as(
    state: &mut State,
    id: Option<u64>,
    channel: u64,
    body: &Value,
    uploads: Vec<Upload>,
) -> Message {
    let nonce = body["nonce"].as_str().map(str::to_owned);
    let same = state.messages.values().find(|it| {
        it.author == BOT && it.channel == channel && nonce.is_some() && it.nonce == nonce
    });
    if let Some(same) = same {
        return same.clone();
    }
    let content = body["content"].as_str().unwrap_or_default();
    let attachments = uploads.into_iter().map(|it| attach(state, it)).collect();
    let message = Message {
        id: id.unwrap_or_else(|| state.id()),
        channel,
        author: BOT,
        content: content.to_owned(),
        embeds: list_of(body, "embeds"),
        components: list_of(body, "components"),
        attachments,
        reference: None,
        nonce,
        edits: 0,
        pinged: pinged(state, content, &body["allowed_mentions"]),
        reactions: Vec::new(),
    };
    if let Some(channel) = state.channels.get_mut(&channel) {
        channel.archived = false;
    }
    state.messages.insert(message.id, message.clone());
    let told = state.told_json(&message);
    state.tell("MESSAGE_CREATE", &told);
    message
}

fn list_of(body: &Value, key: &str) -> Value {
    body.get(key).cloned().unwrap_or_else(|| json!([]))
}

/// Whom a text pings: those it names and the request allows; `@everyone` is everybody.
fn pinged(state: &State, content: &str, allowed: &Value) -> std::collections::BTreeSet<u64> {
    let allows = |kind: &str| {
        allowed.is_null()
            || allowed["parse"]
                .as_array()
                .is_some_and(|it| it.contains(&json!(kind)))
    };
    let everyone = content.contains("@everyone") || content.contains("@here");
    let users = state.users.keys().copied();
    users
        .filter(|id| {
            let text = id.to_string();
            let listed = allowed["users"].as_array();
            let listed = listed.is_some_and(|it| it.contains(&json!(text)));
            let named = content.contains(&format!("<@{id}>"));
            (everyone && allows("everyone")) || (named && (listed || allows("users")))
        })
        .collect()
}

fn attach(state: &mut State, upload: Upload) -> Value {
    let id = state.id();
    let path = format!("{id}/{}", upload.name);
    let url = format!("http://127.0.0.1:{}/files/{path}", state.port);
    let size = upload.bytes.len();
    state.files.insert(path, upload.bytes);
    json!({
        "id": id.to_string(), "filename": upload.name, "size": size, "url": url, "proxy_url": url,
        "content_type": "application/octet-stream",
    })
}

fn on_message(
    state: &mut State,
    method: &str,
    id: u64,
    rest: &[&str],
    body: &Value,
    uploads: Vec<Upload>,
) -> Answer {
    let message = state.messages[&id].clone();
    match (method, rest) {
        ("GET", []) => (200, state.message_json(&message)),
        ("PATCH", []) => {
            if state.channels[&message.channel].archived {
                return complaint(400, 50_083, "Thread is archived");
            }
            if message.author != BOT {
                return complaint(
                    403,
                    50_005,
                    "Cannot edit a message authored by another user",
                );
            }
            let attached: Vec<_> = uploads.into_iter().map(|it| attach(state, it)).collect();
            let it = state.messages.get_mut(&id).unwrap();
            if let Some(content) = body["content"].as_str() {
                it.content = content.to_owned();
            }
            if body.get("embeds").is_some() {
                it.embeds = list_of(body, "embeds");
            }
            if body.get("components").is_some() {
                it.components = list_of(body, "components");
            }
            it.edits += 1;
            it.attachments.extend(attached);
            let it = it.clone();
            let told = state.told_json(&it);
            state.tell("MESSAGE_UPDATE", &told);
            (200, state.message_json(&it))
        }
        ("DELETE", []) => {
            state.forget(id);
            NOTHING
        }
        ("PUT", ["reactions", emoji, "@me"]) => {
            let emoji = url::form_urlencoded::parse(emoji.as_bytes());
            let emoji: String = emoji.map(|(name, _)| name.into_owned()).collect();
            let it = state.messages.get_mut(&id).unwrap();
            it.reactions.push((BOT, emoji));
            NOTHING
        }
        _ => complaint(405, 0, "405: Method Not Allowed"),
    }
}

impl State {
    /// A message goes away.
    pub fn forget(&mut self, id: u64) {
        let message = self.messages.remove(&id).unwrap();
        let mut json = json!({"id": id.to_string(), "channel_id": message.channel.to_string()});
        if self.in_guild(message.channel) {
            json["guild_id"] = json!(GUILD.to_string());
        }
        self.tell("MESSAGE_DELETE", &json);
    }
}

fn callback(state: &mut State, id: u64, token: &str, body: &Value) -> Answer {
    let Some(it) = state
        .interactions
        .get_mut(&id)
        .filter(|it| it.token == token)
    else {
        return complaint(404, 10_062, "Unknown interaction");
    };
    if it.first.is_some() {
        return complaint(400, 40_060, "Interaction has already been acknowledged.");
    }
    it.first = body["type"].as_u64();
    let data = &body["data"];
    it.ephemeral = data["flags"].as_u64().unwrap_or(0) & (1 << 6) != 0;
    let wanted: &[u64] = match it.kind {
        4 => &[8],
        5 => &[5],
        _ => &[5, 9],
    };
    let fits = it.first.is_some_and(|first| wanted.contains(&first));
    match it.first {
        Some(8) => it.choices = Some(data["choices"].clone()),
        Some(9) => it.modal = Some(data.clone()),
        _ => {}
    }
    let kind = it.kind;
    if !fits {
        state.violation(format!(
            "an interaction of type {kind} cannot be answered like this: {body}"
        ));
    }
    NOTHING
}

fn webhook(state: &mut State, method: &str, token: &str, rest: &[&str], body: &Value) -> Answer {
    let found = state.interactions.values_mut().find(|it| it.token == token);
    let Some(it) = found else {
        return complaint(401, 50_027, "Invalid Webhook Token");
    };
    if it.first != Some(5) || it.deleted {
        return complaint(404, 10_015, "Unknown Webhook");
    }
    let channel = it.channel;
    match (method, rest) {
        ("PATCH", ["messages", "@original"]) => match it.answers.first_mut() {
            Some(first) => *first = body.clone(),
            None => it.answers.push(body.clone()),
        },
        ("POST", []) => it.answers.push(body.clone()),
        ("DELETE", ["messages", "@original"]) => {
            it.deleted = true;
            return NOTHING;
        }
        _ => return complaint(405, 0, "405: Method Not Allowed"),
    }
    // Only the one who asked sees it, so it is not among the channel's messages.
    let shown = Message {
        id: state.id(),
        channel,
        author: BOT,
        content: body["content"].as_str().unwrap_or_default().to_owned(),
        embeds: list_of(body, "embeds"),
        components: list_of(body, "components"),
        attachments: Vec::new(),
        reference: None,
        nonce: None,
        edits: 0,
        pinged: [].into(),
        reactions: Vec::new(),
    };
    (200, state.message_json(&shown))
}
