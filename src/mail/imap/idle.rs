//! Waiting for new mail: IDLE (RFC 2177) where the server has it, otherwise time.

use std::time::Duration;

use async_imap::{
    extensions::idle::IdleResponse,
    imap_proto::{MailboxDatum, Response, Status},
    types::UnsolicitedResponse,
};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::mail::source::{SourceError, Wake};

use super::{
    ImapSource,
    session::{Failure, ImapSession, lost, said},
};

/// A server may end a session after 30 minutes without a command (RFC 2177): IDLE is left and entered
/// again before that.
const REISSUE: Duration = Duration::from_secs(28 * 60);

impl ImapSource {
    pub(super) async fn wait_for_mail(
        &mut self,
        at_most: Duration,
        stop: &CancellationToken,
    ) -> Result<Wake, SourceError> {
        let until = Instant::now() + at_most;
        let use_idle = self.settings.idle;
        let connecting = stop.run_until_cancelled(self.session()).await;
        let Some(session) = connecting.transpose()? else {
            return Ok(Wake::Stopped);
        };
        if session.news {
            return Ok(Wake::Mail);
        }
        if !(use_idle && session.abilities.idle) {
            return Ok(match stop.run_until_cancelled(sleep(at_most)).await {
                Some(()) => Wake::Elapsed,
                None => Wake::Stopped,
            });
        }
        loop {
            let Some(session) = self.connected.take() else {
                return Err(SourceError::Unreachable("the session is gone".to_owned()));
            };
            // On an error the session is dropped here; the next call opens another one.
            let (session, wake) = idle_once(session, until.min(Instant::now() + REISSUE), stop)
                .await
                .map_err(SourceError::from)?;
            self.connected = Some(session);
            if wake != Wake::Elapsed || Instant::now() >= until {
                return Ok(wake);
            }
        }
    }
}

/// One IDLE command from its start to its tagged answer.
async fn idle_once(
    session: ImapSession,
    until: Instant,
    stop: &CancellationToken,
) -> Result<(ImapSession, Wake), Failure> {
    let ImapSession {
        inner,
        timeout: deadline,
        abilities,
        uid_validity,
        keeps_keywords,
        exists,
        news: _,
    } = session;
    let unsolicited = inner.unsolicited_responses.clone();
    while unsolicited.try_recv().is_ok() {}
    let silence = |what: &str| Failure::Lost(format!("no {what} within {} s", deadline.as_secs()));
    let mut handle = inner.idle();
    timeout(deadline, handle.init())
        .await
        .map_err(|_| silence("answer to IDLE"))?
        .map_err(lost)?;

    let mut count = exists;
    let mut wake = Wake::Elapsed;
    // What came between the last command and the server's consent.
    while let Ok(response) = unsolicited.try_recv() {
        match response {
            UnsolicitedResponse::Exists(now) => {
                if now > count {
                    wake = Wake::Mail;
                }
                count = now;
            }
            UnsolicitedResponse::Expunge(_) => count = count.saturating_sub(1),
            _ => {}
        }
    }
    while wake == Wake::Elapsed {
        let (next, _interrupt) = handle.wait_with_timeout(REISSUE);
        let heard = tokio::select! {
            () = stop.cancelled() => {
                wake = Wake::Stopped;
                break;
            }
            heard = timeout_at(until, next) => heard,
        };
        match heard {
            Err(_) | Ok(Ok(IdleResponse::Timeout)) => break,
            // Nobody interrupts here: this is how the crate shows the end of the stream.
            Ok(Ok(IdleResponse::ManualInterrupt)) => {
                return Err(Failure::Lost("the server closed the connection".to_owned()));
            }
            Ok(Err(error)) => return Err(lost(error)),
            Ok(Ok(IdleResponse::NewData(data))) => match data.parsed() {
                Response::MailboxData(MailboxDatum::Exists(now)) => {
                    if *now > count {
                        wake = Wake::Mail;
                    }
                    count = *now;
                }
                Response::Expunge(_) => count = count.saturating_sub(1),
                Response::Data {
                    status: Status::Bye,
                    outcome,
                } => {
                    return Err(Failure::Lost(format!(
                        "the server ended the session: {}",
                        said(outcome)
                    )));
                }
                _ => {}
            },
        }
    }
    let inner = timeout(deadline, handle.done())
        .await
        .map_err(|_| silence("answer to DONE"))?
        .map_err(lost)?;
    while let Ok(response) = unsolicited.try_recv() {
        if let UnsolicitedResponse::Exists(now) = response {
            if now > count && wake == Wake::Elapsed {
                wake = Wake::Mail;
            }
            count = now;
        }
    }
    let session = ImapSession {
        inner,
        timeout: deadline,
        abilities,
        uid_validity,
        keeps_keywords,
        exists: count,
        news: wake == Wake::Mail,
    };
    Ok((session, wake))
}
