//! Socket Mode: the connection over which Slack tells what happens.
//!
//! Each envelope is acknowledged the moment it is read, before anybody looks into it: Slack gives three seconds, then it
//! tells the same again, or shows that the app did not answer. What could not be acknowledged is not passed on, since it
//! is told again. A connection that Slack wants replaced is read until it closes, beside its successor.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::chat::ChatFailure;

/// How long connecting may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// How long a connection may be silent before it is asked whether it lives, and how long it may take to answer. Slack
/// itself asks every few seconds.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a connection that is being replaced is still read.
const FAREWELL: Duration = Duration::from_secs(30);

/// What Slack told.
#[derive(Debug)]
pub(super) enum Told {
    /// The connection stands. What was said before it may have been missed.
    Hello,
    /// Something happened.
    Event(Value),
}

/// An interaction, acknowledged.
#[derive(Debug)]
pub(super) struct Asked {
    /// `slash_commands` or `interactive`.
    pub kind: String,
    /// What Slack says of it.
    pub payload: Value,
}

/// Where it goes: interactions have no time to queue behind others.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    pub told: mpsc::UnboundedSender<Told>,
    pub asked: mpsc::UnboundedSender<Asked>,
}

/// Why another connection is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Over {
    /// Slack wants it replaced.
    Refresh,
    /// It broke. `greeted` says whether it ever stood.
    Broken { greeted: bool, text: String },
    /// Socket Mode was switched off for the app.
    Disabled,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    envelope_id: Option<String>,
    payload: Value,
    reason: Option<String>,
}

/// Connects, and listens in a task of its own that ends with the connection. Gives what says when another is wanted.
///
/// # Errors
/// If there is no connection.
pub(super) async fn open(
    url: &Url,
    feed: Feed,
    stop: CancellationToken,
) -> Result<oneshot::Receiver<Over>, ChatFailure> {
    let connecting = tokio_tungstenite::connect_async(url.as_str());
    let (stream, _) = timeout(DEADLINE, connecting)
        .await
        .map_err(|_| ChatFailure::Unreachable("Socket Mode does not answer".to_owned()))?
        .map_err(|error| ChatFailure::Unreachable(format!("Socket Mode: {error}")))?;
    let (over, told) = oneshot::channel();
    tokio::spawn(Line::new(stream, feed, over).listen(stop));
    Ok(told)
}

/// One connection.
struct Line<S> {
    stream: WebSocketStream<S>,
    feed: Feed,
    over: Option<oneshot::Sender<Over>>,
    greeted: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    fn new(stream: WebSocketStream<S>, feed: Feed, over: oneshot::Sender<Over>) -> Self {
        Self {
            stream,
            feed,
            over: Some(over),
            greeted: false,
        }
    }

    /// Listens until the connection ends.
    async fn listen(mut self, stop: CancellationToken) {
        let broke = tokio::select! {
            broke = self.read() => broke,
            () = stop.cancelled() => {
                let _ = timeout(FAREWELL, self.stream.close(None)).await;
                return;
            }
        };
        let greeted = self.greeted;
        let text = broke.err().unwrap_or_else(|| "it was closed".to_owned());
        self.ends(Over::Broken { greeted, text });
    }

    /// Says once that another connection is wanted.
    fn ends(&mut self, why: Over) {
        if let Some(over) = self.over.take() {
            let _ = over.send(why);
        }
    }

    /// Reads until the end; gives what broke it, if anything did.
    async fn read(&mut self) -> Result<(), String> {
        let mut asked = false;
        loop {
            // After its successor was called for, it is not waited for any longer than Slack lets it live.
            let patience = if self.over.is_some() {
                SILENCE
            } else {
                FAREWELL
            };
            let message = match timeout(patience, self.stream.next()).await {
                Err(_) if asked || self.over.is_none() => return Err("it fell silent".to_owned()),
                Err(_) => {
                    asked = true;
                    self.send(Message::Ping(Vec::new().into())).await?;
                    continue;
                }
                Ok(None) => return Ok(()),
                Ok(Some(message)) => message.map_err(|error| error.to_string())?,
            };
            asked = false;
            match message {
                Message::Text(text) => self.take(&text).await?,
                Message::Close(_) => return Ok(()),
                _ => {}
            }
        }
    }

    async fn send(&mut self, message: Message) -> Result<(), String> {
        timeout(SILENCE, self.stream.send(message))
            .await
            .map_err(|_| "it takes nothing any more".to_owned())?
            .map_err(|error| error.to_string())
    }

    async fn take(&mut self, text: &str) -> Result<(), String> {
        let Ok(envelope) = serde_json::from_str::<Envelope>(text) else {
            tracing::warn!("Slack said something that cannot be read.");
            return Ok(());
        };
        if let Some(id) = &envelope.envelope_id {
            let acknowledged = json!({"envelope_id": id}).to_string();
            self.send(Message::text(acknowledged)).await?;
        }
        let Envelope { kind, payload, .. } = envelope;
        // Nobody listens any more only when the service ends.
        let _ = match kind.as_str() {
            "hello" => {
                self.greeted = true;
                self.feed.told.send(Told::Hello).is_ok()
            }
            "events_api" => self.feed.told.send(Told::Event(payload)).is_ok(),
            "slash_commands" | "interactive" => {
                self.feed.asked.send(Asked { kind, payload }).is_ok()
            }
            "disconnect" => {
                self.ends(match envelope.reason.as_deref() {
                    Some("link_disabled") => Over::Disabled,
                    _ => Over::Refresh,
                });
                true
            }
            _ => true,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;

    /// A connection in memory: the far end, and when it is over.
    async fn line() -> (
        WebSocketStream<tokio::io::DuplexStream>,
        oneshot::Receiver<Over>,
        mpsc::UnboundedReceiver<Told>,
    ) {
        let (near, far) = tokio::io::duplex(1 << 16);
        let near = WebSocketStream::from_raw_socket(near, Role::Client, None).await;
        let far = WebSocketStream::from_raw_socket(far, Role::Server, None).await;
        let (told, hears) = mpsc::unbounded_channel();
        let (asked, _) = mpsc::unbounded_channel();
        let (over, ended) = oneshot::channel();
        let line = Line::new(near, Feed { told, asked }, over);
        tokio::spawn(line.listen(CancellationToken::new()));
        (far, ended, hears)
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_connection_is_asked_and_then_given_up() {
        let (mut far, ended, _hears) = line().await;
        far.send(Message::text(r#"{"type":"hello"}"#))
            .await
            .unwrap();
        // It is read, so it is asked; the far end of this test does not read, so nobody answers.
        let over = ended.await.unwrap();
        let text = "it fell silent".to_owned();
        assert_eq!(
            over,
            Over::Broken {
                greeted: true,
                text
            }
        );
        let asked = far.next().await.unwrap().unwrap();
        assert!(matches!(asked, Message::Ping(_)), "{asked:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_is_to_be_replaced_is_read_until_it_closes() {
        let (mut far, ended, mut hears) = line().await;
        let bye = r#"{"type":"disconnect","reason":"warning"}"#;
        far.send(Message::text(bye)).await.unwrap();
        assert_eq!(ended.await.unwrap(), Over::Refresh);
        let late = r#"{"type":"events_api","envelope_id":"e1","payload":{"n":1}}"#;
        far.send(Message::text(late)).await.unwrap();
        let told = hears.recv().await.unwrap();
        assert!(
            matches!(told, Told::Event(payload) if payload.get("n") == Some(&json!(1))),
            "what it still says counts"
        );
        let acknowledged = far.next().await.unwrap().unwrap();
        let expected = Message::text(r#"{"envelope_id":"e1"}"#);
        assert_eq!(acknowledged, expected);
    }
}
