//! OAuth access tokens for XOAUTH2: from a command, a file, or a refresh token (RFC 6749, section 6).

use std::{
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    process::Stdio,
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};

use crate::config::service::TokenSource;

use super::tls;

/// A token is renewed this long before it expires, so that it does not expire on the way.
const EARLY: Duration = Duration::from_secs(120);
/// How long a token lives where the endpoint does not say (`expires_in` is only recommended).
const UNSAID_LIFE: Duration = Duration::from_secs(600);
/// The longest answer that a token endpoint may give.
const LONGEST_ANSWER: usize = 64 << 10;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The endpoint refused the refresh token or the client: somebody must log in again.
    #[error("the token endpoint refused: {0}")]
    Refused(String),
    /// There is no token now, and there may be one later.
    #[error("no token: {0}")]
    Unavailable(String),
}

/// Hands out access tokens and keeps a refreshed one until shortly before it expires.
#[derive(Debug)]
pub struct Tokens {
    source: TokenSource,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    kept: Option<(SecretString, Instant)>,
    /// An endpoint may give a new refresh token and end the old one (RFC 6749, section 6).
    rotated: Option<SecretString>,
    /// When the refresh token ends, where the endpoint says so.
    ends_at: Option<Instant>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    expires_in: Option<u64>,
    refresh_token: Option<SecretString>,
    /// How many seconds the refresh token is good for: Google's name for it and Keycloak's. No standard has one.
    #[serde(alias = "refresh_expires_in")]
    refresh_token_expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    error_description: Option<String>,
}

impl Tokens {
    /// Tokens from this source. Nothing is asked for yet.
    #[must_use]
    pub fn new(source: TokenSource) -> Self {
        Self {
            source,
            state: Mutex::new(State::default()),
        }
    }

    /// An access token.
    ///
    /// # Errors
    /// [`TokenError::Refused`] only where the endpoint says that the grant is void; everything else,
    /// `deadline` included, is [`TokenError::Unavailable`].
    pub async fn get(&self, deadline: Duration) -> Result<SecretString, TokenError> {
        tokio::time::timeout(deadline, self.obtain(deadline))
            .await
            .unwrap_or_else(|_| Err(TokenError::Unavailable(format!("none within {deadline:?}"))))
    }

    /// Forgets `token`, which a server refused, so that the next [`Tokens::get`] asks for another one.
    pub async fn forget(&self, token: &SecretString) {
        let mut state = self.state.lock().await;
        if state
            .kept
            .as_ref()
            .is_some_and(|(kept, _)| kept.expose_secret() == token.expose_secret())
        {
            state.kept = None;
        }
    }

    async fn obtain(&self, deadline: Duration) -> Result<SecretString, TokenError> {
        match &self.source {
            TokenSource::File(path) => from_file(path).await,
            TokenSource::Command(words) => from_command(words).await,
            TokenSource::Refresh { .. } => {
                // Held over the request: two tasks that need a token make one request.
                let mut state = self.state.lock().await;
                if let Some((token, renew_at)) = &state.kept
                    && Instant::now() < *renew_at
                {
                    return Ok(token.clone());
                }
                let granted = self.exchange(&state, deadline).await?;
                let now = Instant::now();
                let life = granted.expires_in.map_or(UNSAID_LIFE, Duration::from_secs);
                // A token that lives shorter than the margin is still used once.
                let renew_at = now + life.saturating_sub(EARLY);
                state.kept = Some((granted.access_token.clone(), renew_at));
                // Keycloak says 0 of one that never ends.
                let left = granted.refresh_token_expires_in.filter(|left| *left > 0);
                state.ends_at = left.and_then(|left| now.checked_add(Duration::from_secs(left)));
                if let Some(new) = granted.refresh_token {
                    self.keep(&mut state, new).await;
                }
                Ok(granted.access_token)
            }
        }
    }

    /// How long the authorization is good for, as the token endpoint last said, if it says so.
    #[must_use]
    pub fn authorized_for(&mut self) -> Option<Duration> {
        let ends_at = self.state.get_mut().ends_at?;
        Some(ends_at.saturating_duration_since(Instant::now()))
    }

    /// Exchanges the refresh token. Mail that comes in and mail that goes out may share one: where the other one's
    /// exchange replaced it in its file meanwhile, the new one counts.
    async fn exchange(&self, state: &State, deadline: Duration) -> Result<Granted, TokenError> {
        let token = self.refresh_token(state).await;
        let refused = match self.refresh(&token, deadline).await {
            Err(TokenError::Refused(error)) => error,
            other => return other,
        };
        let replaced = self.refresh_token(state).await;
        if replaced.expose_secret() == token.expose_secret() {
            return Err(TokenError::Refused(refused));
        }
        self.refresh(&replaced, deadline).await
    }

    /// The refresh token as it is now.
    async fn refresh_token(&self, state: &State) -> SecretString {
        let TokenSource::Refresh {
            refresh_token,
            refresh_token_file,
            ..
        } = &self.source
        else {
            return SecretString::default();
        };
        if let (None, Some(file)) = (&state.rotated, refresh_token_file)
            && let Ok(token) = from_file(file).await
        {
            return token;
        }
        state.rotated.as_ref().unwrap_or(refresh_token).clone()
    }

    /// Keeps a new refresh token: in the file of the old one, or else until Frontdesk stops.
    async fn keep(&self, state: &mut State, new: SecretString) {
        let old = self.refresh_token(state).await;
        let TokenSource::Refresh {
            refresh_token_file, ..
        } = &self.source
        else {
            return;
        };
        if old.expose_secret() == new.expose_secret() {
            return;
        }
        let written = match refresh_token_file {
            Some(file) => write(file, &new).await.map_err(|error| error.to_string()),
            None => Err("the old one came from no file".to_owned()),
        };
        state.rotated = match written {
            Ok(()) => None,
            Err(error) => {
                tracing::error!(
                    %error,
                    "The token endpoint gave a new refresh token, which is kept until Frontdesk stops only; if the \
                     configured one ends, the mailbox must be authorized again"
                );
                Some(new)
            }
        };
    }

    async fn refresh(
        &self,
        refresh_token: &SecretString,
        deadline: Duration,
    ) -> Result<Granted, TokenError> {
        let TokenSource::Refresh {
            endpoint,
            client_id,
            client_secret,
            scope,
            ..
        } = &self.source
        else {
            return Err(TokenError::Unavailable("no token endpoint".to_owned()));
        };
        let url = reqwest::Url::parse(endpoint)
            .map_err(|error| TokenError::Unavailable(format!("{endpoint}: {error}")))?;
        let secure = url.scheme() == "https" || url.host_str().is_some_and(tls::is_loopback);
        if !secure {
            return Err(TokenError::Unavailable(format!(
                "{endpoint} is not https, and a refresh token is not sent in the clear"
            )));
        }
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("client_id", client_id.as_str()),
            ("refresh_token", refresh_token.expose_secret()),
        ];
        if let Some(secret) = client_secret {
            form.push(("client_secret", secret.expose_secret()));
        }
        if let Some(scope) = scope {
            form.push(("scope", scope));
        }
        let unavailable =
            |error: reqwest::Error| TokenError::Unavailable(error.without_url().to_string());
        let response = reqwest::Client::builder()
            .timeout(deadline)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(unavailable)?
            .post(url)
            .form(&form)
            .send()
            .await
            .map_err(unavailable)?;
        let status = response.status();
        let body = bounded_body(response).await?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|_| {
                TokenError::Unavailable("the endpoint's answer holds no access_token".to_owned())
            });
        }
        Err(refusal(status.as_u16(), &body))
    }
}

/// RFC 6749, section 5.2: what the endpoint says no to. Only errors about the grant or the client are final.
fn refusal(status: u16, body: &[u8]) -> TokenError {
    let Ok(said) = serde_json::from_slice::<Refusal>(body) else {
        return TokenError::Unavailable(format!("the endpoint answered with status {status}"));
    };
    let text = match &said.error_description {
        Some(description) => format!("{} ({description})", said.error),
        None => said.error.clone(),
    };
    match said.error.as_str() {
        "invalid_grant"
        | "invalid_client"
        | "unauthorized_client"
        | "access_denied"
        | "interaction_required" => TokenError::Refused(text),
        _ => TokenError::Unavailable(text),
    }
}

async fn bounded_body(mut response: reqwest::Response) -> Result<Vec<u8>, TokenError> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| TokenError::Unavailable(error.without_url().to_string()))?
    {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return Err(TokenError::Unavailable(
                "the endpoint's answer is too long".to_owned(),
            ));
        }
    }
    Ok(body)
}

async fn from_file(path: &Path) -> Result<SecretString, TokenError> {
    let text = tokio::fs::read_to_string(path)
        .await
        .map_err(|error| TokenError::Unavailable(format!("{}: {error}", path.display())))?;
    first_line(&text).ok_or_else(|| TokenError::Unavailable(format!("{} is empty", path.display())))
}

/// Puts a token in the place of the one that the file holds, as a whole or not at all.
async fn write(path: &Path, token: &SecretString) -> io::Result<()> {
    let (path, line) = (
        path.to_owned(),
        format!("{}\n", token.expose_secret()).into_bytes(),
    );
    let written = tokio::task::spawn_blocking(move || {
        // A link to the secret stays one.
        let path = path.canonicalize()?;
        let new = path.with_extension("new");
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(&line)?;
        file.sync_all()?;
        std::fs::rename(&new, &path)
    });
    written.await.map_err(io::Error::other)?
}

async fn from_command(words: &[String]) -> Result<SecretString, TokenError> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(TokenError::Unavailable(
            "the token command is empty".to_owned(),
        ));
    };
    let output = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| TokenError::Unavailable(format!("{program}: {error}")))?;
    if !output.status.success() {
        return Err(TokenError::Unavailable(format!(
            "{program} ended with {}",
            output.status
        )));
    }
    std::str::from_utf8(&output.stdout)
        .ok()
        .and_then(first_line)
        .ok_or_else(|| TokenError::Unavailable(format!("{program} printed no token")))
}

fn first_line(text: &str) -> Option<SecretString> {
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| SecretString::from(line.to_owned()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may end at once")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_line_of_a_file_is_the_token_and_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let tokens = Tokens::new(TokenSource::File(file.clone()));
        std::fs::write(&file, "first\nsecond\n").unwrap();
        let token = tokens.get(Duration::from_secs(5)).await.unwrap();
        assert_eq!(token.expose_secret(), "first");
        std::fs::write(&file, "renewed").unwrap();
        let token = tokens.get(Duration::from_secs(5)).await.unwrap();
        assert_eq!(token.expose_secret(), "renewed");
    }

    #[tokio::test]
    async fn a_command_prints_the_token_and_its_failure_is_not_a_refusal() {
        let words = |text: &[&str]| {
            TokenSource::Command(text.iter().map(|word| (*word).to_owned()).collect())
        };
        let token = Tokens::new(words(&["printf", "%s\n", "from-command"]))
            .get(Duration::from_secs(10))
            .await
            .unwrap();
        assert_eq!(token.expose_secret(), "from-command");
        for failing in [&["false"][..], &["true"], &["/nonexistent/program"], &[]] {
            let error = Tokens::new(words(failing))
                .get(Duration::from_secs(10))
                .await
                .unwrap_err();
            assert!(matches!(error, TokenError::Unavailable(_)), "{failing:?}");
        }
    }

    #[tokio::test]
    async fn a_refresh_token_is_not_sent_in_the_clear() {
        let tokens = Tokens::new(TokenSource::Refresh {
            endpoint: "http://login.example.org/token".to_owned(),
            client_id: "desk".to_owned(),
            client_secret: None,
            refresh_token: SecretString::from("secret".to_owned()),
            refresh_token_file: None,
            scope: None,
        });
        let error = tokens.get(Duration::from_secs(5)).await.unwrap_err();
        assert!(error.to_string().contains("not https"), "{error}");
    }

    #[test]
    fn only_a_void_grant_is_a_refusal() {
        let refused = refusal(
            400,
            br#"{"error":"invalid_grant","error_description":"expired"}"#,
        );
        assert!(matches!(refused, TokenError::Refused(text) if text == "invalid_grant (expired)"));
        let busy = refusal(503, br#"{"error":"temporarily_unavailable"}"#);
        assert!(matches!(busy, TokenError::Unavailable(_)));
        assert!(matches!(
            refusal(502, b"<html>"),
            TokenError::Unavailable(_)
        ));
    }
}
