//! An open session on a selected folder, and the one way in which commands are run on it.

use std::time::Duration;

use async_imap::imap_proto::{MailboxDatum, Outcome, Response, Status};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

use crate::mail::source::SourceError;

/// The slowest line on which a mailbox is still read: a command may take a second longer for each of these.
const BYTES_A_SECOND: u64 = 64 << 10;

/// Plain or encrypted, so that one session type serves both.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin + Send + Sync + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync + std::fmt::Debug> Io for T {}
pub(super) type Stream = Box<dyn Io>;

/// Why a command failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server said NO or BAD; the session goes on.
    Refused(String),
    /// The session is over.
    Lost(String),
}

impl From<Failure> for SourceError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(said) => Self::Protocol(said),
            Failure::Lost(reason) => Self::Unreachable(reason),
        }
    }
}

/// What the server can do beyond RFC 3501.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Abilities {
    /// IDLE (RFC 2177).
    pub idle: bool,
    /// UID MOVE (RFC 6851).
    pub moves: bool,
    /// UID EXPUNGE (RFC 4315).
    pub uid_plus: bool,
}

/// A session with a folder selected.
#[derive(Debug)]
pub(super) struct ImapSession {
    /// The protocol's own state.
    pub inner: async_imap::Session<Stream>,
    /// The deadline of a command that carries no bulk.
    pub timeout: Duration,
    /// See [`Abilities`].
    pub abilities: Abilities,
    /// The UIDVALIDITY of the folder.
    pub uid_validity: u32,
    /// Whether the folder keeps keywords such as `$Frontdesk`.
    pub keeps_keywords: bool,
    /// How many messages the folder holds, as far as the server has told.
    pub exists: u32,
    /// The server told of new messages since they were last listed.
    pub news: bool,
}

impl ImapSession {
    /// Runs one command and shows each untagged response to `each`. `bulk` is the number of bytes that
    /// the answer may carry; the deadline grows with it.
    ///
    /// The crate's own calls for FETCH, SEARCH and STORE take a tagged NO or BAD for an empty result, so
    /// the conversation is held here, where it is told apart.
    pub async fn command(
        &mut self,
        text: &str,
        bulk: u64,
        each: impl FnMut(&Response<'_>) + Send,
    ) -> Result<(), Failure> {
        let deadline = self.timeout + Duration::from_secs(bulk / BYTES_A_SECOND);
        timeout(deadline, self.converse(text, each))
            .await
            .unwrap_or_else(|_| {
                let name: String = text.chars().take(24).collect();
                Err(Failure::Lost(format!(
                    "no answer to {name:?} within {} s",
                    deadline.as_secs()
                )))
            })
    }

    /// A command whose answer matters only as yes or no.
    pub async fn tell(&mut self, text: &str) -> Result<(), Failure> {
        self.command(text, 0, |_| ()).await
    }

    /// As [`ImapSession::tell`], for a command that changes many mails, which some servers do slowly.
    pub async fn tell_about(&mut self, mails: usize, text: &str) -> Result<(), Failure> {
        const EACH: u64 = BYTES_A_SECOND / 16;
        let mails = u64::try_from(mails).unwrap_or(u64::MAX / EACH);
        self.command(text, mails * EACH, |_| ()).await
    }

    async fn converse(
        &mut self,
        text: &str,
        mut each: impl FnMut(&Response<'_>) + Send,
    ) -> Result<(), Failure> {
        let id = self.inner.run_command(text).await.map_err(lost)?;
        loop {
            let response = self.inner.read_response().await.map_err(lost)?;
            let Some(response) = response else {
                return Err(Failure::Lost("the server closed the connection".to_owned()));
            };
            match response.parsed() {
                Response::Done {
                    tag,
                    status,
                    outcome,
                } if *tag == id => {
                    return match status {
                        Status::Ok => Ok(()),
                        Status::No | Status::Bad => Err(Failure::Refused(said(outcome))),
                        Status::PreAuth | Status::Bye => Err(Failure::Lost(said(outcome))),
                    };
                }
                Response::Data {
                    status: Status::Bye,
                    outcome,
                } => {
                    return Err(Failure::Lost(format!(
                        "the server ended the session: {}",
                        said(outcome)
                    )));
                }
                other => {
                    self.note(other);
                    each(other);
                }
            }
        }
    }

    /// Keeps count of the folder's messages: a server tells of new ones at any time.
    pub fn note(&mut self, response: &Response<'_>) {
        match response {
            Response::MailboxData(MailboxDatum::Exists(count)) => {
                self.news |= *count > self.exists;
                self.exists = *count;
            }
            Response::Expunge(_) => self.exists = self.exists.saturating_sub(1),
            _ => {}
        }
    }
}

/// What the server said, for people.
pub(super) fn said(outcome: &Outcome<'_>) -> String {
    match (&outcome.information, &outcome.code) {
        (Some(text), _) => text.to_string(),
        (None, Some(code)) => format!("{code:?}"),
        (None, None) => "no reason given".to_owned(),
    }
}

/// Any error of the stream ends the session: where the next response begins is not known any more.
pub(super) fn lost(error: impl std::fmt::Display) -> Failure {
    // The crate puts what it could not parse into the error, which may be a whole message.
    Failure::Lost(error.to_string().chars().take(200).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_sent_to_the_server_cannot_be_logged() {
        // async-imap traces each command, LOGIN with its password included.
        const { assert!(!matches!(log::STATIC_MAX_LEVEL, log::LevelFilter::Trace)) };
    }
}
