//! The commands that reading takes, and how their answers are read.

use std::collections::{BTreeMap, HashMap};

use async_imap::imap_proto::{AttributeValue, Response};
use chrono::{DateTime, Utc};

use super::{
    names,
    session::{Failure, ImapSession},
};

/// Bytes that a line of a listing takes.
const LINE: u64 = 64;

/// A listed mail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    pub uid: u32,
    pub size: u64,
    pub received_at: Option<DateTime<Utc>>,
}

/// The UIDs above `last`, sorted.
pub(super) async fn uids_after(session: &mut ImapSession, last: u32) -> Result<Vec<u32>, Failure> {
    let Some(first) = last.checked_add(1) else {
        return Ok(Vec::new());
    };
    // Lets the server tell of new mail; after it, news is what comes while we list.
    session.tell("NOOP").await?;
    session.news = false;
    let mut uids = Vec::new();
    let bulk = u64::from(session.exists).saturating_mul(LINE);
    session
        .command(&format!("UID FETCH {first}:* (UID)"), bulk, |response| {
            if let Response::Fetch(_, attributes) = response {
                uids.extend(uid_of(attributes));
            }
        })
        .await?;
    // `n:*` is the last message even where that is below n (RFC 3501, section 6.4.8).
    uids.retain(|uid| *uid > last);
    uids.sort_unstable();
    uids.dedup();
    Ok(uids)
}

/// Sizes and dates of the UIDs that the server still knows.
pub(super) async fn sizes(
    session: &mut ImapSession,
    uids: &[u32],
) -> Result<BTreeMap<u32, Listed>, Failure> {
    let mut sizes = BTreeMap::new();
    let command = format!(
        "UID FETCH {} (UID RFC822.SIZE INTERNALDATE)",
        names::uid_set(uids)
    );
    let bulk = u64::try_from(uids.len()).unwrap_or(u64::MAX / LINE) * LINE;
    session
        .command(&command, bulk, |response| {
            let Response::Fetch(_, attributes) = response else {
                return;
            };
            let size = attributes.iter().find_map(|attribute| match attribute {
                AttributeValue::Rfc822Size(size) => Some(u64::from(*size)),
                _ => None,
            });
            // A server tells of changed flags in the same form, without a size.
            if let (Some(uid), Some(size)) = (uid_of(attributes), size) {
                let received_at = attributes.iter().find_map(internal_date);
                sizes.insert(
                    uid,
                    Listed {
                        uid,
                        size,
                        received_at,
                    },
                );
            }
        })
        .await?;
    Ok(sizes)
}

/// The bodies of a group by one command, put into `raw` as they come: whole, or their first `head` bytes
/// if the group is one mail over `limit`.
pub(super) async fn bodies(
    session: &mut ImapSession,
    group: &[Listed],
    limit: u64,
    head: u64,
    raw: &mut HashMap<u32, Vec<u8>>,
) -> Result<(), Failure> {
    let uids: Vec<u32> = group.iter().map(|listed| listed.uid).collect();
    let whole = group.iter().all(|listed| listed.size <= limit);
    let (section, bulk) = if whole {
        let bytes = group.iter().map(|listed| listed.size).sum();
        ("BODY.PEEK[]".to_owned(), bytes)
    } else {
        (format!("BODY.PEEK[]<0.{head}>"), head)
    };
    let command = format!("UID FETCH {} (UID {section})", names::uid_set(&uids));
    session
        .command(&command, bulk, |response| {
            let Response::Fetch(_, attributes) = response else {
                return;
            };
            let body = attributes.iter().find_map(|attribute| match attribute {
                AttributeValue::BodySection {
                    section: None,
                    data: Some(data),
                    ..
                } => Some(data),
                _ => None,
            });
            if let (Some(uid), Some(body)) = (uid_of(attributes), body)
                && uids.contains(&uid)
            {
                raw.insert(uid, body.to_vec());
            }
        })
        .await
}

/// Whether the server still knows this UID.
pub(super) async fn exists(session: &mut ImapSession, wanted: u32) -> Result<bool, Failure> {
    let mut there = false;
    session
        .command(&format!("UID FETCH {wanted} (UID)"), LINE, |response| {
            if let Response::Fetch(_, attributes) = response {
                there |= uid_of(attributes) == Some(wanted);
            }
        })
        .await?;
    Ok(there)
}

fn uid_of(attributes: &[AttributeValue<'_>]) -> Option<u32> {
    attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::Uid(uid) => Some(*uid),
        _ => None,
    })
}

fn internal_date(attribute: &AttributeValue<'_>) -> Option<DateTime<Utc>> {
    let AttributeValue::InternalDate(text) = attribute else {
        return None;
    };
    DateTime::parse_from_str(text.trim(), "%d-%b-%Y %H:%M:%S %z")
        .ok()
        .map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_dates_are_read_with_a_space_for_a_leading_zero() {
        let at = internal_date(&AttributeValue::InternalDate(
            " 1-Nov-2026 09:15:00 +0100".into(),
        ));
        assert_eq!(
            at.map(|at| at.to_rfc3339()),
            Some("2026-11-01T08:15:00+00:00".to_owned())
        );
    }
}
