//! Socket Mode.

use axum::extract::State as Shared;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::{Message, WebSocket};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::Door;
use super::state::{APP, Line};

pub async fn upgrade(Shared(door): Shared<Door>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| serve(door, socket))
}

async fn serve(door: Door, mut socket: WebSocket) {
    let (line, mut lines) = mpsc::unbounded_channel();
    let hello = json!({
        "type": "hello", "num_connections": 1, "connection_info": {"app_id": APP},
        "debug_info": {"host": "field", "approximate_connection_time": 3600, "build_number": 1},
    });
    let _ = socket.send(Message::text(hello.to_string())).await;
    door.with(|state| {
        state.connected += 1;
        state.lines.push(line);
    });
    loop {
        tokio::select! {
            line = lines.recv() => match line {
                Some(Line::Say(said)) => {
                    if socket.send(Message::text(said.to_string())).await.is_err() {
                        break;
                    }
                }
                // Dropped without a word of farewell.
                Some(Line::Drop) | None => return,
                Some(Line::Close) => {
                    let _ = socket.send(Message::Close(None)).await;
                    return;
                }
            },
            heard = socket.recv() => match heard {
                Some(Ok(Message::Text(text))) => {
                    let said: Value = serde_json::from_str(&text).unwrap_or_default();
                    door.with(|state| match said["envelope_id"].as_str() {
                        Some(id) => state.acknowledged(id),
                        None => state.violation(format!("Socket Mode takes no {said}")),
                    });
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
}
