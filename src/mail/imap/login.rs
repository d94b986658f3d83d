//! From nothing to a selected folder: connect, make the line secure, log in, SELECT.

use std::time::Duration;

use async_imap::{
    Authenticator, Client, Session,
    error::Error,
    imap_proto::{Response, Status},
    types::Flag,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{net::TcpStream, time::timeout};

use crate::{
    config::service::{Credentials, ImapSettings, TlsMode},
    mail::{
        dial,
        oauth::{TokenError, Tokens},
        source::SourceError,
        tls::{self, TlsError},
    },
};

use super::{
    names,
    session::{Abilities, ImapSession, Stream, said},
};

/// Opens a session on the configured folder.
pub(super) async fn open(
    settings: &ImapSettings,
    tokens: Option<&Tokens>,
) -> Result<ImapSession, SourceError> {
    let deadline = Duration::from_secs(u64::from(settings.timeout_seconds.max(1)));
    let session = log_in(settings, tokens, deadline).await?;
    select(settings, session, deadline).await
}

/// Gives `future` its time; `what` says what was waited for.
async fn within<T>(
    deadline: Duration,
    what: &str,
    future: impl Future<Output = T>,
) -> Result<T, SourceError> {
    timeout(deadline, future)
        .await
        .map_err(|_| SourceError::Unreachable(format!("no {what} within {} s", deadline.as_secs())))
}

fn unreachable(error: impl std::fmt::Display) -> SourceError {
    SourceError::Unreachable(error.to_string())
}

/// A certificate that does not hold is a matter of security; a line that breaks in the handshake is not.
fn handshake_failed(error: &std::io::Error) -> SourceError {
    let certificate = error
        .get_ref()
        .is_some_and(|inner| inner.downcast_ref::<rustls::Error>().is_some());
    if certificate {
        SourceError::Insecure(error.to_string())
    } else {
        SourceError::Unreachable(format!("TLS handshake: {error}"))
    }
}

impl From<TlsError> for SourceError {
    fn from(error: TlsError) -> Self {
        Self::Insecure(error.to_string())
    }
}

async fn connect(
    settings: &ImapSettings,
    deadline: Duration,
) -> Result<Client<Stream>, SourceError> {
    if settings.tls == TlsMode::None && !tls::is_loopback(&settings.host) {
        return Err(SourceError::Insecure(format!(
            "plain text is for loopback only, not for {}",
            settings.host
        )));
    }
    let tcp = dial::tcp(&settings.host, settings.port, deadline)
        .await
        .map_err(unreachable)?;
    match settings.tls {
        TlsMode::None => {
            // A name may have been made to point elsewhere.
            let peer = tcp.peer_addr().map_err(unreachable)?;
            if !peer.ip().is_loopback() {
                return Err(SourceError::Insecure(format!("{peer} is not loopback")));
            }
            let mut client = Client::new(Box::new(tcp) as Stream);
            greeting(&mut client, deadline).await?;
            Ok(client)
        }
        TlsMode::Tls => {
            let secure = encrypt(settings, tcp, deadline).await?;
            let mut client = Client::new(secure);
            greeting(&mut client, deadline).await?;
            Ok(client)
        }
        TlsMode::Starttls => {
            let mut client = Client::new(tcp);
            greeting(&mut client, deadline).await?;
            within(
                deadline,
                "answer to STARTTLS",
                client.run_command_and_check_ok("STARTTLS", None),
            )
            .await?
            .map_err(|error| match error {
                Error::No(_) | Error::Bad(_) => {
                    SourceError::Insecure(format!("the server refused STARTTLS: {}", heard(&error)))
                }
                other => unreachable(other),
            })?;
            // What a man in the middle may have put behind the answer is dropped with the old client.
            // The server greets no second time.
            let secure = encrypt(settings, client.into_inner(), deadline).await?;
            Ok(Client::new(secure))
        }
    }
}

async fn encrypt(
    settings: &ImapSettings,
    tcp: TcpStream,
    deadline: Duration,
) -> Result<Stream, SourceError> {
    let connector = tls::connector(settings.ca_file.as_deref())?;
    let name = tls::server_name(&settings.host)?;
    let stream = within(deadline, "TLS handshake", connector.connect(name, tcp))
        .await?
        .map_err(|error| handshake_failed(&error))?;
    Ok(Box::new(stream))
}

async fn greeting<T>(client: &mut Client<T>, deadline: Duration) -> Result<(), SourceError>
where
    T: super::session::Io,
{
    let response = within(deadline, "greeting", client.read_response())
        .await?
        .map_err(unreachable)?
        .ok_or_else(|| unreachable("the server closed the connection without a greeting"))?;
    match response.parsed() {
        Response::Data {
            status: Status::Ok, ..
        } => Ok(()),
        Response::Data {
            status: Status::Bye,
            outcome,
        } => Err(SourceError::Unreachable(said(outcome))),
        // PREAUTH included: with it an attacker could talk a client out of STARTTLS.
        other => Err(SourceError::Protocol(
            format!("unexpected greeting: {other:?}")
                .chars()
                .take(200)
                .collect(),
        )),
    }
}

async fn log_in(
    settings: &ImapSettings,
    tokens: Option<&Tokens>,
    deadline: Duration,
) -> Result<Session<Stream>, SourceError> {
    match (&settings.credentials, tokens) {
        (Credentials::Password { user, password }, _) => {
            let client = connect(settings, deadline).await?;
            with_password(client, user, password, deadline).await
        }
        (Credentials::OAuth { user, .. }, Some(tokens)) => {
            with_token(settings, user, tokens, deadline).await
        }
        (Credentials::OAuth { .. }, None) => Err(SourceError::Credential(
            "no source of tokens is configured".to_owned(),
        )),
    }
}

async fn with_password(
    client: Client<Stream>,
    user: &str,
    password: &SecretString,
    deadline: Duration,
) -> Result<Session<Stream>, SourceError> {
    let secret = password.expose_secret();
    // LOGIN's strings are 7 bit (RFC 3501, section 9), so anything else goes by SASL PLAIN (RFC 4616).
    let attempt = async {
        if user.is_ascii() && secret.is_ascii() {
            client.login(user, secret).await
        } else {
            let first = format!("\0{user}\0{secret}");
            client.authenticate("PLAIN", Sasl(Some(first))).await
        }
    };
    within(deadline, "answer to the login", attempt)
        .await?
        .map_err(|(error, _)| login_failed(&error))
}

/// A token that the server refuses may only be old: it is renewed once before it counts as refused.
async fn with_token(
    settings: &ImapSettings,
    user: &str,
    tokens: &Tokens,
    deadline: Duration,
) -> Result<Session<Stream>, SourceError> {
    let mut refused: Option<(SecretString, SourceError)> = None;
    loop {
        let token = tokens.get(deadline).await?;
        if let Some((old, error)) =
            refused.take_if(|(old, _)| old.expose_secret() == token.expose_secret())
        {
            drop(old);
            return Err(error);
        }
        let client = connect(settings, deadline).await?;
        let first = format!(
            "user={user}\x01auth=Bearer {}\x01\x01",
            token.expose_secret()
        );
        let attempt = client.authenticate("XOAUTH2", Sasl(Some(first)));
        let error = match within(deadline, "answer to the login", attempt).await? {
            Ok(session) => return Ok(session),
            Err((error, _)) => login_failed(&error),
        };
        if !matches!(error, SourceError::Credential(_)) || refused.is_some() {
            return Err(error);
        }
        tokens.forget(&token).await;
        refused = Some((token, error));
    }
}

impl From<TokenError> for SourceError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Refused(_) => Self::Credential(error.to_string()),
            TokenError::Unavailable(_) => Self::Unreachable(error.to_string()),
        }
    }
}

/// Gives one response, then empty ones. XOAUTH2 tells of a refusal in a second challenge and says its
/// tagged NO only after an empty response to it.
struct Sasl(Option<String>);

impl Authenticator for Sasl {
    type Response = String;

    fn process(&mut self, _challenge: &[u8]) -> String {
        self.0.take().unwrap_or_default()
    }
}

/// Tells a refused credential from a server that cannot check it now (response codes of RFC 5530).
fn login_failed(error: &Error) -> SourceError {
    const NOT_NOW: [&str; 6] = [
        "[UNAVAILABLE]",
        "[INUSE]",
        "[LIMIT]",
        "[SERVERBUG]",
        "[CONTACTADMIN]",
        "[ALERT] Too many simultaneous connections", // Gmail
    ];
    let text = heard(error);
    match error {
        Error::No(_) if text.contains("[PRIVACYREQUIRED]") => SourceError::Insecure(text),
        Error::No(_) if NOT_NOW.iter().any(|code| text.contains(code)) => {
            SourceError::Unreachable(text)
        }
        Error::No(_) => SourceError::Credential(text),
        Error::Bad(_) | Error::Validate(_) => SourceError::Protocol(text),
        _ => SourceError::Unreachable(text),
    }
}

/// The server's words out of the crate's error, which wraps them as `code: …, info: Some("…")`.
fn heard(error: &Error) -> String {
    let (Error::No(text) | Error::Bad(text)) = error else {
        return error.to_string().chars().take(200).collect();
    };
    text.split_once("info: Some(\"")
        .and_then(|(_, rest)| rest.rsplit_once("\")"))
        .map_or_else(|| text.clone(), |(words, _)| words.to_owned())
}

async fn select(
    settings: &ImapSettings,
    mut inner: Session<Stream>,
    deadline: Duration,
) -> Result<ImapSession, SourceError> {
    let known = within(deadline, "answer to CAPABILITY", inner.capabilities())
        .await?
        .map_err(unreachable)?;
    let abilities = Abilities {
        idle: known.has_str("IDLE"),
        moves: known.has_str("MOVE"),
        uid_plus: known.has_str("UIDPLUS"),
    };
    let folder = names::encode(&settings.folder);
    let mailbox = within(deadline, "answer to SELECT", inner.select(folder))
        .await?
        .map_err(|error| match error {
            Error::No(_) | Error::Bad(_) => {
                SourceError::Folder(format!("{}: {}", settings.folder, heard(&error)))
            }
            other => unreachable(other),
        })?;
    let uid_validity = mailbox
        .uid_validity
        .ok_or_else(|| SourceError::Folder(format!("{} has no stable UIDs", settings.folder)))?;
    let keeps_keywords = mailbox.permanent_flags.iter().any(|flag| match flag {
        Flag::MayCreate => true,
        Flag::Custom(name) => name.eq_ignore_ascii_case("$Frontdesk"),
        _ => false,
    });
    Ok(ImapSession {
        inner,
        timeout: deadline,
        abilities,
        uid_validity,
        keeps_keywords,
        exists: mailbox.exists,
        news: mailbox.exists > 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no(info: &str) -> Error {
        Error::No(format!("code: None, info: Some({info:?})"))
    }

    #[test]
    fn i13_only_a_refused_credential_is_a_credential_error() {
        for refused in [
            "[AUTHENTICATIONFAILED] Authentication failed.",
            "[EXPIRED] Password expired",
            "LOGIN failed.",
        ] {
            let error = login_failed(&no(refused));
            assert!(matches!(error, SourceError::Credential(ref text) if text == refused));
        }
        for later in [
            "[UNAVAILABLE] Temporary authentication failure.",
            "[LIMIT] Too many connections",
            "[INUSE] Locked",
            "[ALERT] Too many simultaneous connections. (Failure)",
        ] {
            let error = login_failed(&no(later));
            assert!(matches!(error, SourceError::Unreachable(_)), "{later}");
        }
        assert!(matches!(
            login_failed(&no("[PRIVACYREQUIRED] Plaintext authentication disallowed")),
            SourceError::Insecure(_)
        ));
        assert!(matches!(
            login_failed(&Error::ConnectionLost),
            SourceError::Unreachable(_)
        ));
    }

    #[test]
    fn the_answer_to_a_second_challenge_is_empty() {
        let mut sasl = Sasl(Some("first".to_owned()));
        assert_eq!(sasl.process(b""), "first");
        assert_eq!(sasl.process(b"{\"status\":\"400\"}"), "");
    }
}
