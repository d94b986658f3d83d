//! Taking a raw mail in: the first transaction, whichever way the mail came.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::arrival::{self, Arrival, Recorded};
use super::ledger;
use crate::ids::InboundId;
use crate::mail::source::FetchedMail;

/// The longest id that is kept as it is; PostgreSQL cannot index much longer ones, and no server sends them.
const LONGEST_ID: usize = 500;

/// Writes mails from a source down, in the caller's transaction.
///
/// # Errors
/// If the database does not answer.
pub async fn fetched(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    mailbox: &str,
    mails: Vec<FetchedMail>,
) -> Result<Recorded, sqlx::Error> {
    let arrivals: Vec<Arrival> = mails
        .into_iter()
        .map(|mail| Arrival {
            size: i64::try_from(mail.size).unwrap_or(i64::MAX),
            truncated: mail.truncated,
            received_at: mail.received_at.unwrap_or(now),
            ..arrival(mail.raw, mail.position.key(), now)
        })
        .collect();
    arrival::record(conn, now, mailbox, true, &arrivals).await
}

/// A mail that was handed in, by `frontdesk deliver` or from an archive.
#[derive(Debug, Clone)]
pub struct Handed {
    /// Its bytes, or the first of them.
    pub raw: Vec<u8>,
    /// Its whole size in bytes; more than `raw` holds where it was too large to be taken whole.
    pub size: u64,
    /// When it reached the mailbox.
    pub received_at: DateTime<Utc>,
}

/// Writes one mail down that was handed in whole and just now. Handing the same one in twice is the same as
/// once.
///
/// # Errors
/// If the database does not answer.
pub async fn handed_in(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    mailbox: &str,
    raw: Vec<u8>,
    answering: bool,
) -> Result<Recorded, sqlx::Error> {
    let mail = Handed {
        size: u64::try_from(raw.len()).unwrap_or(u64::MAX),
        raw,
        received_at: now,
    };
    all_handed_in(conn, now, mailbox, vec![mail], answering).await
}

/// Writes mails down that were handed in, in this order. `answering` says whether anybody may be written to
/// because of them.
///
/// # Errors
/// If the database does not answer.
pub async fn all_handed_in(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    mailbox: &str,
    mails: Vec<Handed>,
    answering: bool,
) -> Result<Recorded, sqlx::Error> {
    let arrivals: Vec<Arrival> = mails
        .into_iter()
        .map(|mail| {
            let position = format!("pipe:{}", hex(&Sha256::digest(&mail.raw)));
            let kept = u64::try_from(mail.raw.len()).unwrap_or(u64::MAX);
            Arrival {
                size: i64::try_from(mail.size).unwrap_or(i64::MAX),
                truncated: mail.size > kept,
                received_at: mail.received_at,
                ..arrival(mail.raw, position, now)
            }
        })
        .collect();
    arrival::record(conn, now, mailbox, answering, &arrivals).await
}

fn arrival(raw: Vec<u8>, position: String, now: DateTime<Utc>) -> Arrival {
    let identity = crate::mail::identity(&raw);
    let message_id = identity.message_id.map(bounded);
    let thread_key = identity
        .thread_key
        .map_or_else(|| hex(&identity.content_hash), bounded);
    Arrival {
        position,
        message_id,
        content_hash: identity.content_hash.to_vec(),
        thread_key,
        size: i64::try_from(raw.len()).unwrap_or(i64::MAX),
        truncated: false,
        received_at: now,
        raw,
    }
}

/// The row of this message, if it came before from whichever mailbox.
///
/// # Errors
/// If the database does not answer.
pub(super) async fn known(
    conn: &mut PgConnection,
    raw: &[u8],
) -> Result<Option<(InboundId, String)>, sqlx::Error> {
    let identity = crate::mail::identity(raw);
    let message_id = identity.message_id.map(bounded);
    ledger::known(conn, message_id.as_deref(), &identity.content_hash).await
}

/// An id that is too long is kept as its hash; NUL cannot stand in PostgreSQL's text.
fn bounded(id: String) -> String {
    if id.len() > LONGEST_ID || id.contains('\0') {
        hex(&Sha256::digest(id.as_bytes()))
    } else {
        id
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
