//! The Web API, the addresses of interactions, and the file server.

use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use super::state::{APP_TOKEN, BOT, BOT_TOKEN, BOT_USER, Message, State, TEAM, Upload};
use super::{Door, limits, person, pinged};
use crate::fakes::door::{Recorded, Trouble};

pub async fn serve(Shared(door): Shared<Door>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let headers = request.headers().clone();
    let read = axum::body::to_bytes(request.into_body(), 1 << 27).await;
    let bytes = read.unwrap_or_default();
    let name = path.trim_start_matches("api/").to_owned();
    let fault = door.with(|state| {
        let of = |path: &str| name == path || name.starts_with(&format!("{path}/"));
        let at = state.faults.iter().position(|fault| of(&fault.path));
        at.and_then(|at| state.faults.remove(at))
    });
    let body = arguments(&headers, &query, &bytes);
    let mut lost = false;
    match fault.map(|fault| fault.what) {
        Some(Trouble::Refuse(status, answer)) => {
            door.with(|state| record(state, &name, &body, status));
            return reply(status, &answer);
        }
        Some(Trouble::Hold(until)) => {
            door.with(|state| record(state, &name, &body, 0));
            until.notified().await;
        }
        Some(Trouble::DoneButLost) => lost = true,
        None => {}
    }
    let response = door.with(|state| {
        record(state, &name, &body, 200);
        if path.starts_with("api/") {
            call(state, &headers, &name, &body)
        } else if let Some(trigger) = path.strip_prefix("respond/") {
            respond(state, trigger, &body)
        } else if let Some(file) = path.strip_prefix("upload/") {
            upload(state, file, bytes.to_vec())
        } else {
            download(state, &headers, &path)
        }
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
    response
}

fn reply(status: u16, body: &Value) -> Response {
    let mut response = (
        StatusCode::from_u16(status).unwrap(),
        axum::Json(body.clone()),
    )
        .into_response();
    if let Some(seconds) = body["retry_after"].as_u64() {
        response
            .headers_mut()
            .insert("retry-after", seconds.to_string().parse().unwrap());
    }
    response
}

fn record(state: &mut State, name: &str, body: &Value, status: u16) {
    state.log.push(Recorded {
        method: "POST".to_owned(),
        path: name.to_owned(),
        body: body.clone(),
        status,
    });
}

/// What a request says: JSON, or a form whose values may be JSON.
fn arguments(headers: &HeaderMap, query: &str, bytes: &[u8]) -> Value {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type
        .and_then(|it| it.to_str().ok())
        .unwrap_or_default();
    let mut all = Map::new();
    if content_type.starts_with("application/json") {
        let body = serde_json::from_slice(bytes);
        return body.unwrap_or(Value::Null);
    }
    let form = if content_type.starts_with("application/x-www-form-urlencoded") {
        bytes
    } else {
        b""
    };
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    for (key, value) in pairs.chain(url::form_urlencoded::parse(form)) {
        let structure = value.starts_with(['{', '[']);
        let read = serde_json::from_str(&value).ok().filter(|_| structure);
        all.insert(key.into_owned(), read.unwrap_or_else(|| json!(value)));
    }
    Value::Object(all)
}

fn refused(error: &str) -> Value {
    json!({"ok": false, "error": error})
}

fn call(state: &mut State, headers: &HeaderMap, method: &str, body: &Value) -> Response {
    let json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|it| it.as_bytes().starts_with(b"application/json"));
    for wrong in limits::check(method, body, json, state.house_rules) {
        state.violation(wrong);
    }
    let given = headers.get(header::AUTHORIZATION);
    let given = given.and_then(|it| it.to_str().ok()).unwrap_or_default();
    let wanted = match method {
        "apps.connections.open" => APP_TOKEN,
        _ => BOT_TOKEN,
    };
    if !state.knows_token || given != format!("Bearer {wanted}") {
        return reply(200, &refused("invalid_auth"));
    }
    if let Some(scope) = scope(state, method, body)
        && !state.scopes.contains(scope)
    {
        let answer = json!({
            "ok": false, "error": "missing_scope", "needed": scope, "provided": "",
        });
        return reply(200, &answer);
    }
    let answer = answer(state, method, body).unwrap_or_else(refused);
    let mut response = reply(200, &answer);
    let scopes: Vec<_> = state.scopes.iter().cloned().collect();
    response
        .headers_mut()
        .insert("x-oauth-scopes", scopes.join(",").parse().unwrap());
    response
}

/// The scope that a method asks for.
fn scope(state: &State, method: &str, body: &Value) -> Option<&'static str> {
    let channel = state.channels.get(text(body, "channel"));
    let kind = channel.map_or("channel", |channel| channel.kind);
    Some(match method {
        "chat.postMessage" | "chat.update" | "chat.delete" | "chat.postEphemeral" => "chat:write",
        "conversations.history" | "conversations.replies" if kind == "channel" => {
            "channels:history"
        }
        "conversations.info" => "channels:read",
        "conversations.open" => "im:write",
        "reactions.add" => "reactions:write",
        "users.info" => "users:read",
        "usergroups.list" => "usergroups:read",
        "files.getUploadURLExternal" | "files.completeUploadExternal" => "files:write",
        _ => return None,
    })
}

fn text<'b>(body: &'b Value, key: &str) -> &'b str {
    body[key].as_str().unwrap_or_default()
}

fn answer(state: &mut State, method: &str, body: &Value) -> Result<Value, &'static str> {
    match method {
        "api.test" => Ok(json!({"ok": true})),
        "auth.test" => Ok(json!({
            "ok": true, "url": "https://field.slack.com/", "team": "Field", "user": "frontdesk",
            "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT, "is_enterprise_install": false,
        })),
        "apps.connections.open" => {
            state.opened += 1;
            let own = format!("ws://127.0.0.1:{}/socket", state.port);
            let url = state.socket_url.clone().unwrap_or(own);
            Ok(json!({"ok": true, "url": url}))
        }
        "users.info" => {
            let user = state
                .users
                .get(text(body, "user"))
                .ok_or("user_not_found")?;
            Ok(json!({"ok": true, "user": {
                "id": user.id, "team_id": TEAM, "name": user.name.to_lowercase(),
                "real_name": user.name, "deleted": false, "is_bot": user.id == BOT_USER,
                "profile": {"real_name": user.name, "display_name": user.name},
            }}))
        }
        "usergroups.list" => {
            let groups = state.groups.iter().map(|(id, users)| {
                json!({"id": id, "team_id": TEAM, "handle": id, "name": id, "users": users})
            });
            Ok(json!({"ok": true, "usergroups": groups.collect::<Vec<_>>()}))
        }
        "conversations.open" => {
            let users = text(body, "users").to_owned();
            let users: Vec<&str> = users.split(',').collect();
            if users.iter().any(|user| !state.users.contains_key(*user)) {
                return Err("user_not_found");
            }
            Ok(json!({"ok": true, "channel": {"id": state.direct(&users)}}))
        }
        "conversations.info" => {
            let channel = state.channels.get(text(body, "channel"));
            let channel = channel.ok_or("channel_not_found")?;
            Ok(json!({"ok": true, "channel": {
                "id": channel.id, "name": channel.name, "is_channel": true,
                "is_member": channel.members.contains(BOT_USER), "is_archived": channel.archived,
            }}))
        }
        "conversations.history" => history(state, body),
        "conversations.replies" => replies(state, body),
        "chat.postMessage" => {
            writable(state, body)?;
            let ts = post(state, body, Vec::new())?;
            let channel = text(body, "channel");
            let message = &state.messages[&(channel.to_owned(), ts.clone())];
            let message = state.message_json(message);
            Ok(json!({"ok": true, "channel": channel, "ts": ts, "message": message}))
        }
        "chat.postEphemeral" => {
            writable(state, body)?;
            let (user, channel) = (text(body, "user"), text(body, "channel"));
            if !state.users.contains_key(user) {
                return Err("user_not_in_channel");
            }
            let ts = whisper(state, user, channel, body);
            Ok(json!({"ok": true, "message_ts": ts}))
        }
        "chat.update" => update(state, body),
        "chat.delete" => {
            let message = own(state, body, "ts", "cant_delete_message")?;
            let (channel, ts) = (message.channel.clone(), message.ts.clone());
            person::forget(state, &channel, &ts);
            Ok(json!({"ok": true, "channel": channel, "ts": ts}))
        }
        "reactions.add" => {
            let key = (
                text(body, "channel").to_owned(),
                text(body, "timestamp").to_owned(),
            );
            let message = state.messages.get_mut(&key).ok_or("message_not_found")?;
            let mark = (BOT_USER.to_owned(), text(body, "name").to_owned());
            if message.reactions.contains(&mark) {
                return Err("already_reacted");
            }
            message.reactions.push(mark);
            Ok(json!({"ok": true}))
        }
        "views.open" => {
            let trigger = text(body, "trigger_id");
            let interaction = state
                .interactions
                .get_mut(trigger)
                .ok_or("invalid_trigger_id")?;
            if interaction.view.is_some() {
                return Err("exchanged_trigger_id");
            }
            interaction.view = Some(body["view"].clone());
            let view = json!({"id": state.id("V"), "type": "modal"});
            Ok(json!({"ok": true, "view": view}))
        }
        "files.getUploadURLExternal" => {
            let id = state.id("F");
            let length = body["length"].as_u64();
            let length = length.or_else(|| text(body, "length").parse().ok());
            let upload = Upload {
                name: text(body, "filename").to_owned(),
                length: usize::try_from(length.unwrap_or_default()).unwrap(),
                bytes: None,
            };
            state.uploads.insert(id.clone(), upload);
            let url = state.url(&format!("upload/{id}"));
            Ok(json!({"ok": true, "upload_url": url, "file_id": id}))
        }
        "files.completeUploadExternal" => complete(state, body),
        _ => {
            state.violation(format!("{method}: no such method"));
            Err("unknown_method")
        }
    }
}

fn writable(state: &State, body: &Value) -> Result<(), &'static str> {
    let channel = state.channels.get(text(body, "channel"));
    let channel = channel.ok_or("channel_not_found")?;
    if channel.archived {
        return Err("is_archived");
    }
    if !channel.members.contains(BOT_USER) {
        return Err("not_in_channel");
    }
    Ok(())
}

fn post(state: &mut State, body: &Value, files: Vec<Value>) -> Result<String, &'static str> {
    let channel = body.get("channel_id").unwrap_or(&body["channel"]);
    let channel = channel.as_str().unwrap_or_default().to_owned();
    let thread = body["thread_ts"].as_str().map(str::to_owned);
    if let Some(thread) = &thread
        && !state
            .messages
            .contains_key(&(channel.clone(), thread.clone()))
    {
        return Err("thread_not_found");
    }
    Ok(state.post(Message {
        channel,
        user: BOT_USER.to_owned(),
        text: text(body, "text").to_owned(),
        blocks: body["blocks"].clone(),
        thread,
        files,
        metadata: body["metadata"].clone(),
        ..Message::default()
    }))
}

/// Something that one person alone sees, for as long as they do not look away.
fn whisper(state: &mut State, user: &str, channel: &str, body: &Value) -> String {
    let ts = state.ts();
    state.whispers.push(Message {
        channel: channel.to_owned(),
        ts: ts.clone(),
        user: BOT_USER.to_owned(),
        text: text(body, "text").to_owned(),
        blocks: body["blocks"].clone(),
        thread: body["thread_ts"].as_str().map(str::to_owned),
        metadata: json!({"for": user}),
        pinged: pinged(text(body, "text"), &body["blocks"]),
        ..Message::default()
    });
    ts
}

fn own<'s>(
    state: &'s mut State,
    body: &Value,
    key: &str,
    not_ours: &'static str,
) -> Result<&'s mut Message, &'static str> {
    let channel = text(body, "channel");
    if !state.channels.contains_key(channel) {
        return Err("channel_not_found");
    }
    let key = (channel.to_owned(), text(body, key).to_owned());
    let message = state.messages.get_mut(&key).ok_or("message_not_found")?;
    if message.user == BOT_USER {
        Ok(message)
    } else {
        Err(not_ours)
    }
}

fn update(state: &mut State, body: &Value) -> Result<Value, &'static str> {
    let at = state.ts();
    let message = own(state, body, "ts", "cant_update_message")?;
    message.text = text(body, "text").to_owned();
    if let Some(blocks) = body.get("blocks") {
        message.blocks = blocks.clone();
    }
    message.pinged = pinged(&message.text, &message.blocks);
    message.edited = Some(at.clone());
    let message = message.clone();
    let channel = message.channel.clone();
    let json = state.message_json(&message);
    state.tell_event(json!({
        "type": "message", "subtype": "message_changed", "hidden": true, "channel": channel,
        "channel_type": "channel", "ts": at, "event_ts": at, "message": json,
        "previous_message": {"type": "message", "user": BOT_USER, "bot_id": BOT, "ts": message.ts},
    }));
    Ok(json!({"ok": true, "channel": channel, "ts": message.ts, "text": message.text}))
}

fn complete(state: &mut State, body: &Value) -> Result<Value, &'static str> {
    let channel = json!({"channel": body["channel_id"]});
    writable(state, &channel)?;
    let mut files = Vec::new();
    for file in body["files"].as_array().cloned().unwrap_or_default() {
        let id = text(&file, "id").to_owned();
        let upload = state.uploads.remove(&id).ok_or("file_not_found")?;
        let bytes = upload.bytes.ok_or("file_not_found")?;
        if bytes.len() != upload.length {
            state.violation("a file is not as long as it was said to be");
        }
        let path = format!("files/{TEAM}-{id}/{}", upload.name);
        files.push(json!({
            "id": id, "name": upload.name, "title": file["title"], "size": bytes.len(),
            "mimetype": "text/plain", "url_private": state.url(&path),
        }));
        state.files.insert(path, bytes);
    }
    let mut shared = body.clone();
    shared["text"] = body["initial_comment"].clone();
    post(state, &shared, files.clone())?;
    Ok(json!({"ok": true, "files": files}))
}

/// Yes or no, as forms say it.
fn flag(body: &Value, key: &str) -> bool {
    body[key] == true || matches!(text(body, key), "true" | "1")
}

/// A number that a form says as text.
fn number(body: &Value, key: &str) -> Option<usize> {
    let number = body[key].as_u64().and_then(|it| usize::try_from(it).ok());
    number.or_else(|| text(body, key).parse().ok())
}

/// A page of messages: those within the bounds, as many as are asked for, from the cursor on.
fn page(state: &State, body: &Value, mut all: Vec<&Message>, first: Option<&Message>) -> Value {
    let (oldest, latest) = (text(body, "oldest"), text(body, "latest"));
    let inclusive = flag(body, "inclusive");
    all.retain(|it| {
        let ts = it.ts.as_str();
        let edge = inclusive && (ts == oldest || ts == latest);
        edge || (ts > oldest && (latest.is_empty() || ts < latest))
    });
    let limit = number(body, "limit").unwrap_or(100).max(1);
    let from = text(body, "cursor").strip_prefix("from:");
    let from: usize = from.map_or(0, |from| from.parse().unwrap());
    let more = all.len() > from + limit;
    let told = first
        .into_iter()
        .chain(all.into_iter().skip(from).take(limit));
    let with_metadata = flag(body, "include_all_metadata");
    let messages = told.map(|it| {
        let mut json = state.message_json(it);
        if with_metadata && !it.metadata.is_null() {
            json["metadata"] = it.metadata.clone();
        }
        json
    });
    let messages: Vec<_> = messages.collect();
    let cursor = if more {
        format!("from:{}", from + limit)
    } else {
        String::new()
    };
    json!({
        "ok": true, "messages": messages, "has_more": more,
        "response_metadata": {"next_cursor": cursor},
    })
}

fn readable(state: &State, body: &Value) -> Result<String, &'static str> {
    let channel = state.channels.get(text(body, "channel"));
    let channel = channel.ok_or("channel_not_found")?;
    match channel.members.contains(BOT_USER) {
        true => Ok(channel.id.clone()),
        false => Err("not_in_channel"),
    }
}

/// The messages of a channel, the newest first.
fn history(state: &State, body: &Value) -> Result<Value, &'static str> {
    let channel = readable(state, body)?;
    let all = state.messages.values().rev();
    let all = all.filter(|it| it.channel == channel && it.thread.is_none());
    Ok(page(state, body, all.collect(), None))
}

/// The messages of a thread, the oldest first, and in front of them the one that begins it; or a single message.
fn replies(state: &State, body: &Value) -> Result<Value, &'static str> {
    let channel = readable(state, body)?;
    let ts = text(body, "ts");
    let message = state.messages.get(&(channel.clone(), ts.to_owned()));
    let message = message.ok_or("thread_not_found")?;
    if message.thread.is_some() {
        return Ok(page(state, body, Vec::new(), Some(message)));
    }
    Ok(page(
        state,
        body,
        state.replies(&channel, ts),
        Some(message),
    ))
}

/// An answer at the address of an interaction.
fn respond(state: &mut State, trigger: &str, body: &Value) -> Response {
    for wrong in limits::check("response_url", body, true, state.house_rules) {
        state.violation(wrong);
    }
    let Some(interaction) = state.interactions.get_mut(trigger) else {
        return reply(404, &refused("expired_url"));
    };
    if interaction.expired || interaction.answers.len() >= 5 {
        return reply(404, &refused("used_url"));
    }
    interaction.answers.push(body.clone());
    let interaction = interaction.clone();
    if body["response_type"] == "ephemeral" {
        whisper(state, &interaction.user, &interaction.channel, body);
    } else {
        let mut posted = body.clone();
        posted["channel"] = json!(interaction.channel);
        let _ = post(state, &posted, Vec::new());
    }
    "ok".into_response()
}

fn upload(state: &mut State, file: &str, bytes: Vec<u8>) -> Response {
    match state.uploads.get_mut(file) {
        Some(upload) => {
            upload.bytes = Some(bytes);
            "OK".into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn download(state: &mut State, headers: &HeaderMap, path: &str) -> Response {
    let given = headers.get(header::AUTHORIZATION);
    let known = given.is_some_and(|it| it == format!("Bearer {BOT_TOKEN}").as_str());
    if !known || !state.scopes.contains("files:read") {
        let login = [(header::LOCATION, "https://field.slack.com/")];
        return (StatusCode::FOUND, login).into_response();
    }
    match state.files.get(path) {
        Some(bytes) => Body::from(bytes.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
