//! Requests to Slack's Web API: one door, with a deadline, and answers told apart by what to do about them.
//!
//! Slack answers 200 with `"ok": false` where it refuses, 429 with `Retry-After` where it was asked too often. Methods
//! that read take forms only; those that write take JSON.

use std::fmt;
use std::time::Duration;

use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::chat::ChatFailure;
use crate::config::chat::SlackSettings;

use super::pace::Pace;
use super::refusal::{Complaint, Refused, judge, retry_after};

/// How long a request may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// How often what an event needs is asked for, and the pause after the first time; it doubles.
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest wait for a turn in a channel. Whoever would wait longer is told to come back, and reads the conversation
/// back then, which costs a request of its own.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The longest answer that is read: a thousand messages.
const LONGEST_ANSWER: u64 = 32 << 20;

/// The methods that take JSON.
const JSON: &[&str] = &[
    "chat.postMessage",
    "chat.postEphemeral",
    "chat.update",
    "chat.delete",
    "views.open",
    "conversations.open",
    "reactions.add",
    "files.completeUploadExternal",
];

/// The door.
pub(super) struct Rest {
    client: reqwest::Client,
    base: Url,
    api: Option<Url>,
    bot: SecretString,
    app: SecretString,
    pace: Pace,
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

/// Where Socket Mode is.
#[derive(Deserialize)]
struct Opened {
    url: Url,
}

impl Rest {
    /// Requests in the name of an app. Nothing is asked for yet.
    ///
    /// # Errors
    /// If the HTTP client cannot be built.
    pub fn new(settings: &SlackSettings) -> Result<Self, ChatFailure> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(DEADLINE)
            .build()
            .map_err(|error| ChatFailure::Unreachable(error.to_string()))?;
        let base = match &settings.api_url {
            Some(url) => url.clone(),
            None => Url::parse("https://slack.com/api/").map_err(|error| refuse(&error))?,
        };
        Ok(Self {
            client,
            base,
            api: settings.api_url.clone(),
            bot: settings.bot_token.clone(),
            app: settings.app_token.clone(),
            pace: Pace::default(),
        })
    }

    /// Asks a method with the bot's token and reads its answer.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        arguments: &Value,
    ) -> Result<T, Refused> {
        Ok(self.ask_with_headers(method, arguments).await?.0)
    }

    /// The same with the answer's headers.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn ask_with_headers<T: DeserializeOwned>(
        &self,
        method: &str,
        arguments: &Value,
    ) -> Result<(T, HeaderMap), Refused> {
        let posts = matches!(method, "chat.postMessage" | "chat.postEphemeral");
        let channel = arguments.get("channel").and_then(Value::as_str);
        match channel.filter(|_| posts) {
            Some(channel) => {
                let wait = self.pace.take(channel, Instant::now(), LONGEST_WAIT);
                if wait > LONGEST_WAIT {
                    return Err(too_often(wait).into());
                }
                tokio::time::sleep(wait).await;
                self.send(method, arguments, &self.bot, channel).await
            }
            None => {
                let wait = self.pace.paused(method, Instant::now());
                if !wait.is_zero() {
                    return Err(too_often(wait).into());
                }
                self.send(method, arguments, &self.bot, method).await
            }
        }
    }

    /// A question that is asked again, a few times, while the reason to fail may pass: for what must be known to
    /// understand an event.
    ///
    /// # Errors
    /// The last try's.
    pub async fn patiently<T: DeserializeOwned>(
        &self,
        method: &str,
        arguments: &Value,
    ) -> Result<T, Refused> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..TRIES {
            match self.ask(method, arguments).await {
                Err(Refused {
                    failure: ChatFailure::Transient { retry_after, .. },
                    ..
                }) => tokio::time::sleep(retry_after.unwrap_or(pause).min(DEADLINE)).await,
                Err(Refused {
                    failure: ChatFailure::Unreachable(_),
                    ..
                }) => tokio::time::sleep(pause).await,
                settled => return settled,
            }
            pause *= 2;
        }
        self.ask(method, arguments).await
    }

    /// The address of Socket Mode, good for one connection that is made soon.
    ///
    /// # Errors
    /// If it does not answer, or names a host that is neither Slack's nor the configured one.
    pub async fn socket(&self) -> Result<Url, Refused> {
        let method = "apps.connections.open";
        let sent = self.send(method, &Value::Null, &self.app, method).await;
        let (opened, _): (Opened, _) = sent?;
        if self.is_ours(&opened.url) {
            return Ok(opened.url);
        }
        let host = opened.url.host_str().unwrap_or_default();
        let text = format!(
            "Socket Mode is said to be at {host:?}, which is not a host that the configuration names"
        );
        Err(ChatFailure::Permanent { text }.into())
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: &str,
        arguments: &Value,
        token: &SecretString,
        pace: &str,
    ) -> Result<(T, HeaderMap), Refused> {
        let url = self.base.join(method).map_err(|error| refuse(&error))?;
        let request = self.client.post(url).bearer_auth(token.expose_secret());
        let request = if JSON.contains(&method) {
            let content_type = "application/json; charset=utf-8";
            request
                .header(reqwest::header::CONTENT_TYPE, content_type)
                .body(arguments.to_string())
        } else {
            request.form(&form(arguments))
        };
        let response = request.send().await.map_err(unreachable)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = read(response, LONGEST_ANSWER).await?;
        let complaint: Complaint = serde_json::from_slice(&body).unwrap_or_default();
        if status == 200 && complaint.ok {
            let answer = serde_json::from_slice(&body).map_err(|error| ChatFailure::Permanent {
                text: format!("Slack's answer to {method} cannot be read: {error}"),
            })?;
            return Ok((answer, headers));
        }
        let refused = judge(method, status, &headers, complaint);
        if let ChatFailure::Transient {
            retry_after: Some(after),
            ..
        } = &refused.failure
        {
            self.pace.pause(pace, Instant::now() + *after);
        }
        Err(refused)
    }

    /// Answers at the address that came with an interaction.
    ///
    /// # Errors
    /// If the address is elsewhere, or does not take it any more.
    pub async fn respond(&self, url: &str, body: &Value) -> Result<(), ChatFailure> {
        let url = self.own(url)?;
        let request = self.client.post(url).json(body).send();
        let response = request.await.map_err(unreachable)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let said = read(response, LONGEST_ANSWER).await?;
        if status == 200 {
            return Ok(());
        }
        let complaint: Complaint = serde_json::from_slice(&said).unwrap_or_default();
        match judge("the answer", status, &headers, complaint).failure {
            // It is about the address, never about the token.
            ChatFailure::Credential(text) => Err(ChatFailure::Permanent { text }),
            other => Err(other),
        }
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// If the address is elsewhere, or there are more than `most_bytes`.
    pub async fn file(&self, url: &str, most_bytes: u64) -> Result<Vec<u8>, ChatFailure> {
        let url = self.own(url)?;
        let request = self.client.get(url).bearer_auth(self.bot.expose_secret());
        let response = request.send().await.map_err(unreachable)?;
        let refuse = |text: String| Err(ChatFailure::Permanent { text });
        match response.status().as_u16() {
            200 => read(response, most_bytes).await,
            status @ (429 | 500..) => Err(ChatFailure::Transient {
                retry_after: retry_after(response.headers()),
                text: format!("the file server said {status}"),
            }),
            // Slack leads whoever may not read it to its login page.
            300..400 => refuse("the bot may not read it (scope files:read)".to_owned()),
            status => refuse(format!("the file server said {status}")),
        }
    }

    /// Puts bytes at the address that Slack gave for them.
    ///
    /// # Errors
    /// If the address is elsewhere, or does not take them.
    pub async fn upload(&self, url: &str, bytes: Vec<u8>) -> Result<(), ChatFailure> {
        let url = self.own(url)?;
        let request = self
            .client
            .post(url)
            .header(reqwest::header::CONTENT_TYPE, "application/octet-stream")
            .body(bytes);
        let response = request.send().await.map_err(unreachable)?;
        match response.status().as_u16() {
            200 => Ok(()),
            status @ (429 | 500..) => Err(ChatFailure::Transient {
                retry_after: retry_after(response.headers()),
                text: format!("the file server said {status}"),
            }),
            status => Err(ChatFailure::Permanent {
                text: format!("the file server said {status}"),
            }),
        }
    }

    /// An address that Slack told, if it is at a host that the configuration names.
    fn own(&self, url: &str) -> Result<Url, ChatFailure> {
        let url = Url::parse(url).map_err(|error| refuse(&error))?;
        if self.is_ours(&url) {
            return Ok(url);
        }
        let text = "the address is not on one of Slack's servers".to_owned();
        Err(ChatFailure::Permanent { text })
    }

    /// Whether an address is at a host that the configuration names; without an `api_url` that is Slack's domain, by TLS
    /// only.
    fn is_ours(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else {
            return false;
        };
        if let Some(api) = &self.api {
            return api.host_str() == Some(host);
        }
        matches!(url.scheme(), "wss" | "https")
            && (host == "slack.com" || host.ends_with(".slack.com"))
    }
}

/// Arguments as a form: what is no text stands as JSON.
fn form(arguments: &Value) -> Vec<(&str, String)> {
    let all = arguments.as_object().into_iter().flatten();
    all.map(|(key, value)| match value {
        Value::String(text) => (key.as_str(), text.clone()),
        other => (key.as_str(), other.to_string()),
    })
    .collect()
}

fn refuse(error: &url::ParseError) -> ChatFailure {
    ChatFailure::Permanent {
        text: format!("no address: {error}"),
    }
}

/// What went wrong below HTTP, without the address, which may be a secret.
fn unreachable(error: reqwest::Error) -> ChatFailure {
    let error = error.without_url();
    let text = match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    };
    ChatFailure::Unreachable(text)
}

fn too_often(wait: Duration) -> ChatFailure {
    ChatFailure::Transient {
        retry_after: Some(wait),
        text: "Slack has been asked too often".to_owned(),
    }
}

async fn read(mut response: reqwest::Response, most_bytes: u64) -> Result<Vec<u8>, ChatFailure> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        bytes.extend_from_slice(&chunk);
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most_bytes {
            let text = format!("there are more than {most_bytes} bytes");
            return Err(ChatFailure::Permanent { text });
        }
    }
    Ok(bytes)
}
