//! Mail from an IMAP server (RFC 3501, with IDLE, MOVE and UIDPLUS where the server has them).
//!
//! One session is kept open and is opened again by the next call after it broke. Every command has a
//! deadline: a server that says nothing more shows as [`SourceError::Unreachable`], never as silence.

mod acknowledge;
mod commands;
mod fetch;
mod idle;
mod login;
mod names;
mod session;

use std::time::Duration;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::config::service::{AfterFetch, Credentials, ImapSettings, MailLimits};

use super::{
    oauth::Tokens,
    source::{Batch, Cursor, MailSource, Position, SourceError, Wake},
};

use fetch::Listing;
use session::{Failure, ImapSession};

/// One folder of an IMAP server.
#[derive(Debug)]
pub struct ImapSource {
    settings: ImapSettings,
    after: AfterFetch,
    limits: MailLimits,
    tokens: Option<Tokens>,
    connected: Option<ImapSession>,
    listing: Listing,
}

impl ImapSource {
    /// A source that connects when it is first used.
    #[must_use]
    pub fn new(settings: ImapSettings, after: AfterFetch, limits: MailLimits) -> Self {
        let tokens = match &settings.credentials {
            Credentials::OAuth { token, .. } => Some(Tokens::new(token.clone())),
            Credentials::Password { .. } => None,
        };
        Self {
            settings,
            after,
            limits,
            tokens,
            connected: None,
            listing: Listing::default(),
        }
    }

    /// The open session, or a new one.
    async fn session(&mut self) -> Result<&mut ImapSession, SourceError> {
        let session = match self.connected.take() {
            Some(session) => session,
            None => login::open(&self.settings, self.tokens.as_ref()).await?,
        };
        Ok(self.connected.insert(session))
    }

    /// Ends the use of a session that cannot be trusted any more.
    fn settle<T>(&mut self, result: Result<T, Failure>) -> Result<T, SourceError> {
        result.map_err(|failure| {
            if matches!(failure, Failure::Lost(_)) {
                self.connected = None;
            }
            failure.into()
        })
    }
}

impl MailSource for ImapSource {
    fn authorized_for(&mut self) -> Option<Duration> {
        self.tokens.as_mut()?.authorized_for()
    }

    fn fetch<'a>(
        &'a mut self,
        cursor: &'a Cursor,
        max: usize,
    ) -> BoxFuture<'a, Result<Batch, SourceError>> {
        Box::pin(self.fetch_batch(*cursor, max))
    }

    fn acknowledge<'a>(
        &'a mut self,
        positions: &'a [Position],
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(async move {
            let after = self.after.clone();
            self.acknowledge_all(positions, &after).await
        })
    }

    fn keep<'a>(&'a mut self, positions: &'a [Position]) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(self.acknowledge_all(positions, &AfterFetch::Keep))
    }

    fn wait<'a>(
        &'a mut self,
        at_most: Duration,
        stop: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<Wake, SourceError>> {
        Box::pin(self.wait_for_mail(at_most, stop))
    }
}
