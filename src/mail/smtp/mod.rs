//! Outgoing mail: SMTP servers in order of preference, or a folder of `.eml` files.

mod connection;
mod folder;
mod rate;
mod server;
mod sign;

use std::{borrow::Cow, time::Duration};

use lettre::address::Envelope;
use tokio::{sync::Semaphore, time::Instant};

use crate::{
    clock::Clock,
    config::service::{Dkim, Outgoing, OutgoingRoute},
    mail::address::sendable,
};

pub use sign::{SignError, Signer};

use folder::Folder;
use server::{Server, Trouble};

/// What a server said when it took a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The server, or the folder.
    pub by: String,
    /// Its reply, which often holds its own id for the message; for a folder, the file's name.
    pub reply: String,
    /// The trouble of a preferred server that refused the login, where one did.
    pub refused_login: Option<String>,
}

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendFailure {
    /// The server says: not now (4xx), or there was no turn within the rate limit (no code).
    #[error("not taken for now: {text}")]
    Transient {
        /// The reply code.
        code: Option<u16>,
        /// What the server said.
        text: String,
    },
    /// The server says: never (5xx), or the message or an address cannot be sent at all (no code).
    #[error("refused for good: {text}")]
    Permanent {
        /// The reply code.
        code: Option<u16>,
        /// What the server said.
        text: String,
    },
    /// Every server that could be reached refused the login.
    #[error("the login was refused: {0}")]
    Credential(String),
    /// No server could be reached, or the line broke. After a break it is not known whether the server
    /// took the message: sending it again may double it, under the same Message-ID.
    #[error("no server can be reached: {0}")]
    Unreachable(String),
}

impl SendFailure {
    /// The same, with the server that it is about before it.
    fn at(self, server: &str) -> Self {
        let named = |text: String| format!("{server}: {text}");
        match self {
            Self::Transient { code, text } => Self::Transient {
                code,
                text: named(text),
            },
            Self::Permanent { code, text } => Self::Permanent {
                code,
                text: named(text),
            },
            Self::Credential(text) => Self::Credential(named(text)),
            Self::Unreachable(text) => Self::Unreachable(named(text)),
        }
    }
}

/// Why the wire for outgoing mail cannot be made from its settings.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// TLS cannot be set up, or a server would be spoken to in plain text.
    #[error("{host}: {reason}")]
    Server {
        /// The server.
        host: String,
        /// What is wrong.
        reason: String,
    },
    /// The DKIM key cannot be used.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Sends mail. It is shared by all workers.
#[derive(Debug)]
pub struct Mailer {
    route: Route,
    signer: Option<Signer>,
    turns: Semaphore,
}

#[derive(Debug)]
enum Route {
    Servers(Vec<Server>),
    Folder(Folder),
}

impl Mailer {
    /// A mailer by these settings. Nothing is connected yet.
    ///
    /// # Errors
    /// If a certificate file or the DKIM key cannot be used, or a server that is not on loopback is to be
    /// spoken to in plain text.
    pub fn new(outgoing: &Outgoing, clock: Clock) -> Result<Self, MailerError> {
        let concurrency = usize::try_from(outgoing.concurrency.max(1)).unwrap_or(1);
        let route = match &outgoing.route {
            OutgoingRoute::Smtp(servers) => Route::Servers(
                servers
                    .iter()
                    .map(|server| Server::new(server.clone(), concurrency))
                    .collect::<Result<_, _>>()?,
            ),
            OutgoingRoute::Folder(path) => Route::Folder(Folder::new(path.clone(), clock.clone())),
        };
        let signer = outgoing
            .dkim
            .as_ref()
            .map(|dkim| Signer::new(dkim, clock))
            .transpose()?;
        Ok(Self {
            route,
            signer,
            turns: Semaphore::new(concurrency),
        })
    }

    /// Sends one composed message to one recipient. `envelope_from: None` is the null sender `<>`, which
    /// keeps an automatic answer from being answered (RFC 3834, section 3.3). Line ends that are not CRLF
    /// are mended, then the message is signed where a key is configured.
    ///
    /// # Errors
    /// See [`SendFailure`]. Each server gets its own `timeout_seconds`, and as much again to wait for its rate limit.
    pub async fn send(
        &self,
        envelope_from: Option<&str>,
        to: &str,
        message: &[u8],
    ) -> Result<Accepted, SendFailure> {
        let envelope = envelope(envelope_from, to)?;
        let message = with_crlf(message);
        let message = match &self.signer {
            Some(signer) => Cow::Owned(signer.sign(&message)),
            None => message,
        };
        // Never closed, so this only waits.
        let _turn = self
            .turns
            .acquire()
            .await
            .map_err(|error| SendFailure::Unreachable(error.to_string()))?;
        match &self.route {
            Route::Folder(folder) => folder.write(envelope_from, to, &message).await,
            Route::Servers(servers) => by_preference(servers, &envelope, &message).await,
        }
    }
}

/// Signs a composed message with `dkim`, dated `clock.now()`; [`Mailer::send`] does it by itself.
///
/// # Errors
/// If the key cannot be used.
pub fn sign(dkim: &Dkim, clock: Clock, message: &[u8]) -> Result<Vec<u8>, SignError> {
    Ok(Signer::new(dkim, clock)?.sign(&with_crlf(message)))
}

/// The first server that takes or refuses the message decides. One that cannot be reached, that refuses
/// the login or that has no turn left is passed over, and is tried last for a while.
async fn by_preference(
    servers: &[Server],
    envelope: &Envelope,
    message: &[u8],
) -> Result<Accepted, SendFailure> {
    let now = Instant::now();
    let (well, ailing): (Vec<&Server>, Vec<&Server>) =
        servers.iter().partition(|server| !server.ails(now));
    let mut failure = SendFailure::Unreachable("no server is configured".to_owned());
    for server in well.into_iter().chain(ailing) {
        match server.send(envelope, message).await {
            Ok(accepted) => {
                let refused_login = match failure {
                    SendFailure::Credential(text) => Some(text),
                    _ => None,
                };
                return Ok(Accepted {
                    refused_login,
                    ..accepted
                });
            }
            Err(Trouble::Message(failure)) => return Err(failure),
            Err(Trouble::Server(next)) => {
                tracing::warn!(error = %next, "A mail server is passed over");
                // The credential is what an operator can mend, so it is not hidden by the next server's trouble.
                if !matches!(failure, SendFailure::Credential(_)) {
                    failure = next;
                }
            }
        }
    }
    Err(failure)
}

fn envelope(from: Option<&str>, to: &str) -> Result<Envelope, SendFailure> {
    let address = |text: &str| {
        sendable(text).map_err(|error| SendFailure::Permanent {
            code: None,
            text: format!("{text:?} is no address: {error}"),
        })
    };
    let from = from.map(address).transpose()?;
    Envelope::new(from, vec![address(to)?]).map_err(|error| SendFailure::Permanent {
        code: None,
        text: error.to_string(),
    })
}

/// Makes every line end CRLF. A bare LF or CR means different things to different servers, and what lies
/// between two readings can be used to smuggle a second message in.
fn with_crlf(message: &[u8]) -> Cow<'_, [u8]> {
    let mut previous = 0_u8;
    let mut bare = false;
    for byte in message {
        bare |= (*byte == b'\n') != (previous == b'\r');
        previous = *byte;
    }
    if !bare && previous == b'\n' {
        return Cow::Borrowed(message);
    }
    let mut mended = Vec::with_capacity(message.len() + message.len() / 32 + 2);
    let mut bytes = message.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' => {
                bytes.next_if_eq(&b'\n');
                mended.extend_from_slice(b"\r\n");
            }
            b'\n' => mended.extend_from_slice(b"\r\n"),
            other => mended.push(other),
        }
    }
    if !mended.ends_with(b"\r\n") {
        mended.extend_from_slice(b"\r\n");
    }
    Cow::Owned(mended)
}

/// How long a server that could not be used is tried last.
const AILING: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_become_crlf() {
        let cases: [(&[u8], &[u8]); 6] = [
            (b"a\r\nb\r\n", b"a\r\nb\r\n"),
            (b"a\nb\n", b"a\r\nb\r\n"),
            (b"a\rb\r", b"a\r\nb\r\n"),
            (b"a\r\n.\n.\r\n", b"a\r\n.\r\n.\r\n"),
            (b"a", b"a\r\n"),
            (b"", b"\r\n"),
        ];
        for (given, wanted) in cases {
            assert_eq!(with_crlf(given).as_ref(), wanted);
        }
        assert!(matches!(with_crlf(b"a\r\n"), Cow::Borrowed(_)));
    }

    proptest::proptest! {
        #[test]
        fn mended_line_ends_are_whole_and_stay_so(message: Vec<u8>) {
            let mended = with_crlf(&message).into_owned();
            let without = String::from_utf8_lossy(&mended).replace("\r\n", "");
            proptest::prop_assert!(!without.contains(['\r', '\n']));
            proptest::prop_assert_eq!(with_crlf(&mended).into_owned(), mended);
        }
    }

    #[test]
    fn an_address_cannot_carry_a_second_command() {
        for hostile in [
            "a@b.example>\r\nRCPT TO:<c@d.example",
            "a b@c.example\n",
            "",
            "nobody",
        ] {
            let failure = envelope(None, hostile).err();
            assert!(
                matches!(failure, Some(SendFailure::Permanent { code: None, .. })),
                "{hostile:?}"
            );
        }
        assert!(envelope(None, "a@b.example").is_ok());
    }
}
