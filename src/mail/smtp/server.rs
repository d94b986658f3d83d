//! One server: its connections, its login, its limits.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lettre::{
    address::Envelope,
    transport::smtp::{Error, client::AsyncSmtpConnection},
};
use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout_at};

use crate::{
    config::service::{Credentials, SmtpServer},
    mail::oauth::{TokenError, Tokens},
};

use super::{
    AILING, Accepted, MailerError, SendFailure,
    connection::{Dialer, Login, log_in},
    rate::RateLimit,
};

/// How long a connection may lie unused. Servers close theirs after one to five minutes.
const IDLE: Duration = Duration::from_secs(50);

/// Whose trouble a failure is.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The message's: another server would say the same, or the message may have been taken.
    Message(SendFailure),
    /// The server's: the message was not taken, and another server may take it.
    Server(SendFailure),
}

#[derive(Debug)]
pub(super) struct Server {
    settings: SmtpServer,
    /// `host:port`, by which failures name it.
    place: String,
    dialer: Dialer,
    tokens: Option<Tokens>,
    rate: Option<RateLimit>,
    parked: Mutex<Vec<Parked>>,
    most_parked: usize,
    ails_until: Mutex<Option<Instant>>,
}

struct Parked {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl std::fmt::Debug for Parked {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "parked {:?} ago", self.since.elapsed())
    }
}

impl Server {
    pub(super) fn new(settings: SmtpServer, most_parked: usize) -> Result<Self, MailerError> {
        let tokens = match &settings.credentials {
            Some(Credentials::OAuth { token, .. }) => Some(Tokens::new(token.clone())),
            _ => None,
        };
        Ok(Self {
            place: format!("{}:{}", settings.host, settings.port),
            dialer: Dialer::new(&settings)?,
            tokens,
            rate: settings.per_minute.map(RateLimit::new),
            parked: Mutex::new(Vec::new()),
            most_parked,
            ails_until: Mutex::new(None),
            settings,
        })
    }

    /// Whether the server could not be used a moment ago.
    pub(super) fn ails(&self, now: Instant) -> bool {
        let until = self
            .ails_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| until > now)
    }

    fn note_health(&self, ails: bool) {
        let mut until = self
            .ails_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *until = ails.then(|| Instant::now() + AILING);
    }

    /// Sends one message within the server's deadline. A failure names the server.
    pub(super) async fn send(
        &self,
        envelope: &Envelope,
        message: &[u8],
    ) -> Result<Accepted, Trouble> {
        let sent = self.hand_over(envelope, message).await;
        sent.map_err(|trouble| match trouble {
            Trouble::Message(failure) => Trouble::Message(failure.at(&self.place)),
            Trouble::Server(failure) => Trouble::Server(failure.at(&self.place)),
        })
    }

    async fn hand_over(&self, envelope: &Envelope, message: &[u8]) -> Result<Accepted, Trouble> {
        let span = Duration::from_secs(u64::from(self.settings.timeout_seconds.max(1)));
        if let Some(rate) = &self.rate {
            rate.turn(Instant::now() + span).await.map_err(|wait| {
                Trouble::Server(SendFailure::Transient {
                    code: None,
                    text: format!(
                        "the limit of messages a minute is used up for {} s",
                        wait.as_secs()
                    ),
                })
            })?;
        }
        // Waiting for a turn takes nothing from the server's own time.
        let deadline = Instant::now() + span;
        let silence = || SendFailure::Unreachable(format!("not done within {} s", span.as_secs()));
        let ready = timeout_at(deadline, self.ready(deadline))
            .await
            .unwrap_or_else(|_| Err(silence()));
        let mut connection = ready.map_err(|failure| {
            self.note_health(true);
            Trouble::Server(failure)
        })?;
        self.note_health(false);
        // lettre puts a line end before the final dot.
        let message = message.strip_suffix(b"\r\n").unwrap_or(message);
        match timeout_at(deadline, connection.send(envelope, message)).await {
            Ok(Ok(response)) => {
                let reply = response.message().collect::<Vec<_>>().join(" ");
                self.park(connection);
                Ok(Accepted {
                    by: self.settings.host.clone(),
                    reply: format!("{} {reply}", response.code()),
                    refused_login: None,
                })
            }
            Ok(Err(error)) => Err(self.not_taken(&error)),
            // It is not known how far the server got.
            Err(_) => Err(Trouble::Message(silence())),
        }
    }

    fn not_taken(&self, error: &Error) -> Trouble {
        let text = error.to_string();
        let code = error.status().map(u16::from);
        if code == Some(421) {
            // The server closes the connection (RFC 5321, section 3.8); it took nothing.
            self.note_health(true);
            return Trouble::Server(SendFailure::Transient { code, text });
        }
        Trouble::Message(if error.is_transient() {
            SendFailure::Transient { code, text }
        } else if error.is_permanent() || error.is_client() {
            // Of the client's own errors those are left that no retry mends: an address or a body that
            // this server has no extension for.
            SendFailure::Permanent { code, text }
        } else {
            SendFailure::Unreachable(text)
        })
    }

    /// A connection that is logged in: a parked one that still answers, or a new one.
    async fn ready(&self, deadline: Instant) -> Result<AsyncSmtpConnection, SendFailure> {
        while let Some(parked) = self.unpark() {
            let mut connection = parked.connection;
            if parked.since.elapsed() < IDLE && connection.test_connected().await {
                return Ok(connection);
            }
        }
        let Some(credentials) = &self.settings.credentials else {
            return self.connect(deadline).await;
        };
        let (user, bearer) = match credentials {
            Credentials::Password { user, password } => {
                let mut connection = self.connect(deadline).await?;
                let login = Login {
                    user: user.clone(),
                    secret: password.expose_secret().to_owned(),
                    bearer: false,
                };
                log_in(&mut connection, login).await?;
                return Ok(connection);
            }
            Credentials::OAuth { user, .. } => (user, true),
        };
        let mut refused: Option<(String, SendFailure)> = None;
        loop {
            let secret = self.token(deadline).await?;
            if let Some((old, failure)) = &refused
                && old == secret.expose_secret()
            {
                return Err(failure.clone());
            }
            let mut connection = self.connect(deadline).await?;
            let login = Login {
                user: user.clone(),
                secret: secret.expose_secret().to_owned(),
                bearer,
            };
            let failure = match log_in(&mut connection, login).await {
                Ok(()) => return Ok(connection),
                Err(failure) => failure,
            };
            if !matches!(failure, SendFailure::Credential(_)) || refused.is_some() {
                return Err(failure);
            }
            // A refused token may only be old: it is renewed once.
            if let Some(tokens) = &self.tokens {
                tokens.forget(&secret).await;
            }
            refused = Some((secret.expose_secret().to_owned(), failure));
        }
    }

    async fn token(&self, deadline: Instant) -> Result<secrecy::SecretString, SendFailure> {
        let Some(tokens) = &self.tokens else {
            return Err(SendFailure::Credential("no source of tokens".to_owned()));
        };
        let left = deadline.saturating_duration_since(Instant::now());
        tokens.get(left).await.map_err(|error| match error {
            TokenError::Refused(_) => SendFailure::Credential(error.to_string()),
            TokenError::Unavailable(_) => SendFailure::Unreachable(error.to_string()),
        })
    }

    async fn connect(&self, deadline: Instant) -> Result<AsyncSmtpConnection, SendFailure> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.dialer.connect(left).await
    }

    fn unpark(&self) -> Option<Parked> {
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        parked.pop()
    }

    fn park(&self, connection: AsyncSmtpConnection) {
        if connection.has_broken() {
            return;
        }
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        if parked.len() < self.most_parked {
            parked.push(Parked {
                connection,
                since: Instant::now(),
            });
        }
    }
}
