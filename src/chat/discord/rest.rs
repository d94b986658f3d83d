//! Requests to Discord's REST API: one door, with a deadline, and answers told apart by what to do about them.
//!
//! Serenity builds the requests and, at Discord's own address, keeps its rate limits. The answers are read here, since
//! serenity drops `retry_after`.

use std::fmt;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serenity::all::{
    ApplicationId, ChannelId, CreateAttachment, Http, HttpBuilder, LightMethod, Multipart,
    MultipartUpload, Request, Route,
};
use tokio::sync::OnceCell;
use url::Url;

use crate::chat::{ChatFailure, ChatFile};
use crate::config::chat::DiscordSettings;

/// How long a request may take, its wait for a rate limit included.
const DEADLINE: Duration = Duration::from_secs(30);
/// How often what an event needs is asked for, and the pause after the first time; it doubles.
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest answer that is read: a hundred messages of full length.
const LONGEST_ANSWER: u64 = 8 << 20;

/// A failure, with Discord's own code for it where there is one (`40060`).
#[derive(Debug)]
pub(super) struct Refused {
    /// See Discord's list of JSON error codes; 0 if there is none.
    pub code: u64,
    /// What to do about it.
    pub failure: ChatFailure,
}

impl From<Refused> for ChatFailure {
    fn from(refused: Refused) -> Self {
        refused.failure
    }
}

/// The door.
pub(super) struct Rest {
    http: Http,
    client: reqwest::Client,
    api: Option<Url>,
    application: OnceCell<ApplicationId>,
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest")
            .field("api", &self.api)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Application {
    id: ApplicationId,
}

#[derive(Deserialize)]
struct Gateway {
    url: Url,
}

/// What Discord says when it refuses.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Complaint {
    code: u64,
    message: String,
    errors: Value,
    retry_after: Option<f64>,
}

impl Rest {
    /// Requests in the name of a bot. Nothing is asked for yet.
    ///
    /// # Errors
    /// If the HTTP client cannot be built.
    pub fn new(settings: &DiscordSettings) -> Result<Self, ChatFailure> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| ChatFailure::Unreachable(error.to_string()))?;
        Ok(Self {
            http: http(settings, client.clone()),
            client,
            api: settings.api_url.clone(),
            application: OnceCell::new(),
        })
    }

    /// A second serenity client of the same kind, for the gateway.
    pub fn http(&self, settings: &DiscordSettings) -> Http {
        http(settings, self.client.clone())
    }

    /// Sends a request and reads its answer; an empty one reads as `null`.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn ask<T: DeserializeOwned>(&self, request: Request<'_>) -> Result<T, Refused> {
        let answer = tokio::time::timeout(DEADLINE, self.send(request)).await;
        let bytes = answer.unwrap_or_else(|_| {
            let text = format!("no answer within {} seconds", DEADLINE.as_secs());
            Err(ChatFailure::Unreachable(text).into())
        })?;
        let bytes = if bytes.is_empty() {
            b"null"
        } else {
            bytes.as_slice()
        };
        serde_json::from_slice(bytes).map_err(|error| {
            let text = format!("Discord's answer cannot be read: {error}");
            ChatFailure::Permanent { text }.into()
        })
    }

    /// A request without a body.
    pub async fn get<T: DeserializeOwned>(&self, route: Route<'_>) -> Result<T, Refused> {
        self.ask(Request::new(route, LightMethod::Get)).await
    }

    /// A request without a body that is tried again, a few times, while the reason to fail may pass: for what must be
    /// known to understand an event.
    ///
    /// # Errors
    /// The last try's.
    pub async fn patiently<T: DeserializeOwned>(
        &self,
        route: Route<'_>,
        params: Option<Vec<(&'static str, String)>>,
    ) -> Result<T, ChatFailure> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..TRIES {
            let request = Request::new(route, LightMethod::Get).params(params.clone());
            match self.ask(request).await.map_err(ChatFailure::from) {
                Err(ChatFailure::Transient { retry_after, .. }) => {
                    tokio::time::sleep(retry_after.unwrap_or(pause).min(DEADLINE)).await;
                }
                Err(ChatFailure::Unreachable(_)) => tokio::time::sleep(pause).await,
                settled => return settled,
            }
            pause *= 2;
        }
        let request = Request::new(route, LightMethod::Get).params(params);
        Ok(self.ask(request).await?)
    }

    /// A request with a JSON body, and with a file beside it if there is one.
    pub async fn put_in<T: DeserializeOwned>(
        &self,
        method: LightMethod,
        route: Route<'_>,
        body: &Value,
        file: Option<&ChatFile>,
    ) -> Result<T, Refused> {
        let request = Request::new(route, method);
        let request = match file {
            None => request.body(Some(body.to_string().into_bytes())),
            Some(file) => request.multipart(Some(Multipart {
                upload: MultipartUpload::Attachments(vec![CreateAttachment::bytes(
                    file.content.clone(),
                    file.name.clone(),
                )]),
                fields: Vec::new(),
                payload_json: Some(body.to_string()),
            })),
        };
        self.ask(request).await
    }

    async fn send(&self, request: Request<'_>) -> Result<Vec<u8>, Refused> {
        let webhook = matches!(
            request.route_ref(),
            Route::InteractionResponse { .. }
                | Route::WebhookOriginalInteractionResponse { .. }
                | Route::WebhookFollowupMessages { .. }
        );
        let response = match &self.http.ratelimiter {
            Some(limiter) => limiter.perform(request).await,
            None => self.send_unlimited(request).await,
        };
        let response = response.map_err(|error| ChatFailure::Unreachable(plain(&error)))?;
        let status = response.status();
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        let body = read(response, LONGEST_ANSWER).await?;
        if status.is_success() {
            return Ok(body);
        }
        let mut complaint: Complaint = serde_json::from_slice(&body).unwrap_or_default();
        complaint.retry_after = complaint.retry_after.or(retry_after);
        Err(judge(status.as_u16(), complaint, webhook))
    }

    async fn send_unlimited(
        &self,
        request: Request<'_>,
    ) -> Result<reqwest::Response, serenity::Error> {
        let proxy = self.http.proxy.as_deref();
        let request = request.build(&self.client, self.http.token(), proxy)?;
        Ok(request.send().await?)
    }

    /// The application that the token belongs to, asked for once.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn application(&self) -> Result<ApplicationId, Refused> {
        let asked = self.application.get_or_try_init(async || {
            let application: Application = self.get(Route::Oauth2ApplicationCurrent).await?;
            Ok(application.id)
        });
        asked.await.copied()
    }

    /// The address of the gateway.
    ///
    /// # Errors
    /// If it does not answer, or names a host that is neither Discord's nor the configured one.
    pub async fn gateway(&self) -> Result<Url, Refused> {
        let gateway: Gateway = self.get(Route::Gateway).await?;
        if self.is_ours(&gateway.url, &["discord.gg"]) {
            return Ok(gateway.url);
        }
        let host = gateway.url.host_str().unwrap_or_default();
        let text = format!(
            "the gateway is said to be at {host:?}, which is not a host that the configuration names"
        );
        Err(ChatFailure::Permanent { text }.into())
    }

    /// The bytes at an address of Discord's file servers.
    ///
    /// # Errors
    /// If the address is elsewhere, or there are more than `most_bytes`.
    pub async fn file(&self, url: &str, most_bytes: u64) -> Result<Vec<u8>, ChatFailure> {
        let refuse = |text: String| ChatFailure::Permanent { text };
        let url = Url::parse(url).map_err(|error| refuse(format!("no address: {error}")))?;
        if !self.is_ours(&url, &["cdn.discordapp.com", "media.discordapp.net"]) {
            return Err(refuse(
                "the file is not on one of Discord's servers".to_owned(),
            ));
        }
        let fetch = async {
            let response = self.client.get(url).send().await;
            let response = response
                .map_err(|error| ChatFailure::Unreachable(error.without_url().to_string()))?;
            let status = response.status().as_u16();
            match status {
                200 => read(response, most_bytes).await,
                429 | 500.. => Err(ChatFailure::Transient {
                    retry_after: None,
                    text: format!("the file server said {status}"),
                }),
                _ => Err(refuse(format!("the file server said {status}"))),
            }
        };
        tokio::time::timeout(DEADLINE, fetch)
            .await
            .unwrap_or_else(|_| Err(ChatFailure::Unreachable("no file in time".to_owned())))
    }

    /// Whether an address is at a host that the configuration names; without an `api_url` that is Discord, whose hosts
    /// for a purpose are `discords` and those below them, by TLS only.
    fn is_ours(&self, url: &Url, discords: &[&str]) -> bool {
        let Some(host) = url.host_str() else {
            return false;
        };
        if let Some(api) = &self.api {
            return api.host_str() == Some(host);
        }
        let below = |name: &str| {
            host == name
                || host
                    .strip_suffix(name)
                    .is_some_and(|rest| rest.ends_with('.'))
        };
        matches!(url.scheme(), "wss" | "https") && discords.iter().any(|name| below(name))
    }
}

/// A channel's id from the text that stands for it outside.
///
/// # Errors
/// If it is none.
pub(super) fn channel(text: &str) -> Result<ChannelId, ChatFailure> {
    number(text).map(ChannelId::from)
}

/// A Discord id ("snowflake") from its text.
///
/// # Errors
/// If it is none.
pub(super) fn number(text: &str) -> Result<std::num::NonZeroU64, ChatFailure> {
    text.parse().map_err(|_| ChatFailure::Permanent {
        text: format!("{text:?} is no id of Discord's"),
    })
}

fn http(settings: &DiscordSettings, client: reqwest::Client) -> Http {
    let builder = HttpBuilder::new(settings.token.expose_secret()).client(client);
    match &settings.api_url {
        None => builder.build(),
        // Serenity's rate limiter goes to Discord's own address whatever the proxy is.
        Some(url) => builder
            .proxy(url.as_str())
            .ratelimiter_disabled(true)
            .build(),
    }
}

/// What went wrong below HTTP, without the address, which may hold an interaction's token.
fn plain(error: &serenity::Error) -> String {
    match error {
        serenity::Error::Http(serenity::http::HttpError::Request(error)) => {
            let text = error.to_string();
            match error.url() {
                Some(url) => text.replace(url.as_str(), "Discord"),
                None => text,
            }
        }
        _ => error.to_string(),
    }
}

async fn read(mut response: reqwest::Response, most_bytes: u64) -> Result<Vec<u8>, ChatFailure> {
    let mut bytes = Vec::new();
    loop {
        let chunk = response.chunk().await;
        let chunk =
            chunk.map_err(|error| ChatFailure::Unreachable(error.without_url().to_string()))?;
        let Some(chunk) = chunk else {
            return Ok(bytes);
        };
        bytes.extend_from_slice(&chunk);
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most_bytes {
            let text = format!("there are more than {most_bytes} bytes");
            return Err(ChatFailure::Permanent { text });
        }
    }
}

/// What an answer that is no success means. A 401 to an interaction's own address is about that interaction's token,
/// never about the bot's.
fn judge(status: u16, complaint: Complaint, webhook: bool) -> Refused {
    let Complaint {
        code,
        message,
        errors,
        retry_after,
    } = complaint;
    let mut text = format!("{status} {message}");
    if code > 0 {
        text += &format!(" (code {code})");
    }
    if !errors.is_null() {
        text += &format!(": {errors}");
    }
    let retry_after = retry_after.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let failure = match status {
        401 if !webhook => ChatFailure::Credential(text),
        429 | 500.. => ChatFailure::Transient { retry_after, text },
        _ => ChatFailure::Permanent { text },
    };
    Refused { code, failure }
}

impl From<ChatFailure> for Refused {
    fn from(failure: ChatFailure) -> Self {
        Self { code: 0, failure }
    }
}
