//! The gateway: hello, identify, resume, heartbeat, and all that is told.

use axum::extract::State as Shared;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::Door;
use super::state::{BOT, GUILD, Line, Session, TOKEN};

pub async fn upgrade(Shared(door): Shared<Door>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| talk(door, socket))
}

async fn talk(door: Door, socket: WebSocket) {
    let (mut out, mut input) = socket.split();
    let (line, mut lines) = mpsc::unbounded_channel();
    let hello = json!({"op": 10, "d": {"heartbeat_interval": 1000}, "s": null, "t": null});
    let _ = line.send(Line::Say(hello));
    loop {
        tokio::select! {
            said = lines.recv() => match said {
                Some(Line::Say(value)) => {
                    if out.send(Message::Text(value.to_string().into())).await.is_err() { return }
                }
                Some(Line::Drop) | None => return,
                Some(Line::Close(code)) => {
                    let frame = CloseFrame { code, reason: "".into() };
                    let _ = out.send(Message::Close(Some(frame))).await;
                    return;
                }
            },
            heard = input.next() => match heard {
                Some(Ok(Message::Text(text))) => {
                    let value: Value = serde_json::from_str(&text).expect("the bot speaks JSON");
                    answer(&door, &line, &value);
                }
                Some(Ok(Message::Close(_))) | None | Some(Err(_)) => return,
                _ => {}
            },
        }
    }
}

fn answer(door: &Door, line: &mpsc::UnboundedSender<Line>, value: &Value) {
    let say = |value: Value| drop(line.send(Line::Say(value)));
    match value["op"].as_u64() {
        Some(1) => say(json!({"op": 11, "d": null, "s": null, "t": null})),
        Some(2) => identify(door, line, &value["d"]),
        Some(6) => resume(door, line, &value["d"]),
        other => door.with(|state| state.violation(format!("the gateway got op {other:?}"))),
    }
}

fn identify(door: &Door, line: &mpsc::UnboundedSender<Line>, data: &Value) {
    door.with(|state| {
        state.identifies += 1;
        if data["token"] != json!(format!("Bot {TOKEN}")) && data["token"] != json!(TOKEN) {
            let _ = line.send(Line::Close(4004));
            return;
        }
        // Message Content is a privileged intent: it must be switched on for the bot.
        if data["intents"].as_u64().unwrap() & (1 << 15) != 0 && !state.message_content {
            let _ = line.send(Line::Close(4014));
            return;
        }
        let id = format!("session-{}", state.sessions.len());
        let url = format!("ws://127.0.0.1:{}/gateway", state.port);
        let ready = json!({
            "v": 10, "user": state.user_json(BOT), "session_id": id, "resume_gateway_url": url,
            "guilds": [{"id": GUILD.to_string(), "unavailable": true}], "shard": [0, 1],
            "application": {"id": BOT.to_string(), "flags": 0},
        });
        let mut told = Vec::new();
        for (name, data) in [("READY", ready), ("GUILD_CREATE", state.guild_json(true))] {
            let event = json!({"op": 0, "t": name, "s": told.len() + 1, "d": data});
            told.push(event.clone());
            let _ = line.send(Line::Say(event));
        }
        // One bot, one connection: the earlier sessions get nothing any more.
        for session in &mut state.sessions {
            session.line = None;
            session.valid = false;
        }
        state.sessions.push(Session {
            id,
            told,
            line: Some(line.clone()),
            valid: true,
        });
    });
}

fn resume(door: &Door, line: &mpsc::UnboundedSender<Line>, data: &Value) {
    door.with(|state| {
        state.resumes += 1;
        let found = state
            .sessions
            .iter_mut()
            .find(|session| session.valid && data["session_id"] == json!(session.id));
        let Some(session) = found else {
            let _ = line.send(Line::Say(
                json!({"op": 9, "d": false, "s": null, "t": null}),
            ));
            return;
        };
        let from = usize::try_from(data["seq"].as_u64().unwrap()).unwrap();
        for event in session.told.iter().skip(from) {
            let _ = line.send(Line::Say(event.clone()));
        }
        let sequence = session.told.len() + 1;
        let resumed = json!({"op": 0, "t": "RESUMED", "s": sequence, "d": {}});
        session.told.push(resumed.clone());
        let _ = line.send(Line::Say(resumed));
        session.line = Some(line.clone());
    });
}
