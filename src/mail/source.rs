//! Where raw mail comes from: one trait over IMAP and Maildir, and the words both share.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::config::service::{ImapSettings, MailLimits, MailboxSettings, Source};

use super::{imap::ImapSource, maildir::MaildirSource};

/// How far a mailbox has been taken over. It is stored with the mails it covers, in one transaction.
///
/// For IMAP it is the pair of RFC 3501, section 2.3.1.1. For a Maildir, which has no such order, it
/// names the last batch of this process; it means nothing to the next one, and the stored positions
/// keep a mail from being taken twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    /// The folder's UIDVALIDITY when `last_uid` was read; `None` means nothing was fetched yet.
    pub uid_validity: Option<u32>,
    /// The highest UID that is safe; 0 means none.
    pub last_uid: u32,
}

/// Where one mail lies. It never changes for the same mail in the same place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Position {
    /// In an IMAP folder.
    Imap {
        /// The folder's UIDVALIDITY.
        uid_validity: u32,
        /// The mail's UID.
        uid: u32,
    },
    /// In a Maildir.
    Maildir {
        /// The file's name without its flags, which is the same in `new/` and `cur/`.
        file: String,
    },
    /// Nowhere: it was handed in.
    Pipe,
}

impl Position {
    /// The position as text, unique within its mailbox: `imap:UIDVALIDITY:UID`, `maildir:NAME` or `pipe`.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Imap { uid_validity, uid } => format!("imap:{uid_validity}:{uid}"),
            Self::Maildir { file } => format!("maildir:{file}"),
            Self::Pipe => "pipe".to_owned(),
        }
    }

    /// Reads back what [`Position::key`] wrote.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        let (kind, rest) = key.split_once(':').unwrap_or((key, ""));
        match kind {
            "imap" => {
                let (uid_validity, uid) = rest.split_once(':')?;
                Some(Self::Imap {
                    uid_validity: uid_validity.parse().ok()?,
                    uid: uid.parse().ok()?,
                })
            }
            "maildir" => Some(Self::Maildir {
                file: rest.to_owned(),
            }),
            "pipe" => Some(Self::Pipe),
            _ => None,
        }
    }
}

/// A mail as it lies on the server.
#[derive(Debug, Clone)]
pub struct FetchedMail {
    /// Where it lies.
    pub position: Position,
    /// Its bytes; only its beginning if `truncated`.
    pub raw: Vec<u8>,
    /// Its whole size in bytes, as the source tells it.
    pub size: u64,
    /// It is larger than [`MailLimits::message_bytes`]: `raw` is the header and the first kilobytes of the body.
    pub truncated: bool,
    /// When the server took it (INTERNALDATE; the time in a Maildir file's name).
    pub received_at: Option<DateTime<Utc>>,
}

/// What one [`MailSource::fetch`] gave.
#[derive(Debug, Default)]
pub struct Batch {
    /// The mails, oldest first.
    pub mails: Vec<FetchedMail>,
    /// The cursor to store together with them, and to give to the next fetch once they are safe.
    pub cursor: Cursor,
    /// More mail is waiting: fetch again at once.
    pub more: bool,
    /// Mails that the source lists but cannot give, each by itself, with the reason. The cursor is past
    /// them, so that they never stop the others; they stay where they are.
    pub unreadable: Vec<(Position, String)>,
}

/// Why [`MailSource::wait`] came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// There may be new mail.
    Mail,
    /// The time is over.
    Elapsed,
    /// Frontdesk is stopping.
    Stopped,
}

/// Why a source failed. Every kind but [`SourceError::Credential`] passes by itself or with the server's
/// help, so that only that one may be shown as "the login is wrong".
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The server, or the token endpoint, refused the credential.
    #[error("the login was refused: {0}")]
    Credential(String),
    /// No connection, a lost one, or no answer in time.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The connection could not be made secure; nothing was sent over it.
    #[error("the connection is not secure: {0}")]
    Insecure(String),
    /// The folder is missing or may not be opened.
    #[error("the folder cannot be opened: {0}")]
    Folder(String),
    /// The server refused a command or answered what nobody can read.
    #[error("the server refused: {0}")]
    Protocol(String),
    /// The local file system failed.
    #[error("{0}")]
    Storage(String),
}

/// A place that mail is taken from.
///
/// A source is used by one task. After an error it may be called again: it starts anew by itself. How long
/// to wait before that is the caller's to say.
pub trait MailSource: Send {
    /// How long the login is good for before somebody must authorize it again, where the server says so.
    fn authorized_for(&mut self) -> Option<Duration> {
        None
    }

    /// Reads the mails after `cursor`, oldest first, at most `max` of them. Nothing changes on the server.
    ///
    /// # Errors
    /// See [`SourceError`]; nothing was taken then, and the cursor stays as it is.
    fn fetch<'a>(
        &'a mut self,
        cursor: &'a Cursor,
        max: usize,
    ) -> BoxFuture<'a, Result<Batch, SourceError>>;

    /// Does what [`AfterFetch`](crate::config::service::AfterFetch) says with mails that are safe in the
    /// database. Doing it twice changes nothing, nor does doing it to mails that are gone.
    ///
    /// # Errors
    /// See [`SourceError`]; some of the mails may have been dealt with.
    fn acknowledge<'a>(
        &'a mut self,
        positions: &'a [Position],
    ) -> BoxFuture<'a, Result<(), SourceError>>;

    /// Marks mails as read of which only the beginning was taken, where [`MailSource::acknowledge`] would delete them: the
    /// rest lies nowhere else.
    ///
    /// # Errors
    /// As [`MailSource::acknowledge`].
    fn keep<'a>(&'a mut self, positions: &'a [Position]) -> BoxFuture<'a, Result<(), SourceError>>;

    /// Waits for new mail, at most this long; ends at once when `stop` is cancelled.
    ///
    /// # Errors
    /// See [`SourceError`].
    fn wait<'a>(
        &'a mut self,
        at_most: Duration,
        stop: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<Wake, SourceError>>;
}

/// The source of a mailbox; `None` for one that mail is only handed in to. Nothing is opened yet.
#[must_use]
pub fn open(mailbox: &MailboxSettings, limits: &MailLimits) -> Option<Box<dyn MailSource>> {
    match &mailbox.source {
        Source::Imap(settings) => Some(Box::new(ImapSource::new(
            ImapSettings::clone(settings),
            mailbox.after.clone(),
            *limits,
        ))),
        Source::Maildir(path) => Some(Box::new(MaildirSource::new(
            path.clone(),
            mailbox.after.clone(),
            *limits,
        ))),
        Source::Pipe => None,
    }
}

/// How much of a mail above the size limit is read: room for its header and some text.
#[must_use]
pub(super) fn head_bytes(limits: &MailLimits) -> u64 {
    const TEXT: u64 = 64 << 10;
    limits
        .header_bytes
        .saturating_add(TEXT)
        .min(limits.message_bytes.max(TEXT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_has_a_stable_key() {
        let imap = Position::Imap {
            uid_validity: 17,
            uid: 4_000_000_000,
        };
        assert_eq!(imap.key(), "imap:17:4000000000");
        let file = Position::Maildir {
            file: "1790000000.M1P2.host".to_owned(),
        };
        assert_eq!(file.key(), "maildir:1790000000.M1P2.host");
        assert_eq!(Position::Pipe.key(), "pipe");
        for position in [imap, file, Position::Pipe] {
            assert_eq!(Position::from_key(&position.key()), Some(position));
        }
        assert_eq!(Position::from_key("imap:17"), None);
    }
}
