//! Reading what came after the cursor: by UID only, oldest first, sizes before bodies.
//!
//! One message that cannot be read must not stop the others, and a broken line must not be taken for a
//! message that cannot be read. So a group that did not come whole is asked for again one by one, on a
//! session that is known to work, and only what fails alone, twice, is reported as unreadable.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::mail::source::{Batch, Cursor, FetchedMail, Position, SourceError, head_bytes};

use super::{
    ImapSource,
    commands::{self, Listed},
    session::Failure,
};

/// Sizes in one command.
const GROUP_SIZES: usize = 100;
/// Mails in one command.
const GROUP_MAILS: usize = 50;
/// Bytes in one command.
const GROUP_BYTES: u64 = 16 << 20;
/// Bytes in one batch, all of which are in memory at once. One mail may be larger.
const BATCH_BYTES: u64 = 64 << 20;

/// The UIDs that wait behind the cursor, kept so that a long backlog is listed once.
#[derive(Debug, Default)]
pub(super) struct Listing {
    uid_validity: u32,
    /// Nothing at or below this UID is in the list.
    after: u32,
    uids: VecDeque<u32>,
}

impl Listing {
    /// Drops what is safe by now; starts anew if the list does not go back far enough.
    fn advance(&mut self, uid_validity: u32, last: u32) {
        if self.uid_validity != uid_validity || last < self.after {
            *self = Self {
                uid_validity,
                after: last,
                uids: VecDeque::new(),
            };
        }
        while self.uids.front().is_some_and(|uid| *uid <= last) {
            self.uids.pop_front();
        }
        self.after = last;
    }
}

/// What a batch came to, by UID.
#[derive(Debug, Default)]
struct Found {
    sizes: BTreeMap<u32, Listed>,
    raw: HashMap<u32, Vec<u8>>,
    unreadable: BTreeMap<u32, String>,
}

/// What is asked for of one mail.
#[derive(Debug, Clone, Copy)]
enum Step {
    Size,
    Body(Listed),
}

impl ImapSource {
    pub(super) async fn fetch_batch(
        &mut self,
        cursor: Cursor,
        max: usize,
    ) -> Result<Batch, SourceError> {
        let uid_validity = self.session().await?.uid_validity;
        let last = match cursor.uid_validity {
            Some(stored) if stored == uid_validity => cursor.last_uid,
            // Never fetched, or the server numbers anew: everything that lies there is unknown.
            _ => 0,
        };
        self.list(uid_validity, last).await?;
        let wanted: Vec<u32> = self.listing.uids.iter().copied().take(max.max(1)).collect();
        if wanted.is_empty() {
            return Ok(Batch {
                cursor: Cursor {
                    uid_validity: Some(uid_validity),
                    last_uid: last,
                },
                ..Batch::default()
            });
        }
        let mut found = Found::default();
        self.sizes(&wanted, &mut found).await?;
        let (batch, reached) = self.within_memory(&wanted, &found.sizes);
        for group in groups(&batch, self.limits.message_bytes) {
            self.bodies(&group, &mut found).await?;
        }
        // After a lost session the folder may have been numbered anew under our hands.
        let session = self.session().await?;
        if session.uid_validity != uid_validity {
            return Err(SourceError::Unreachable(
                "the folder was numbered anew while it was read".to_owned(),
            ));
        }
        // What came since the listing is told by the next wait, which ends at once then.
        let more = self.listing.uids.back().is_some_and(|uid| *uid > reached);
        Ok(self.assemble(uid_validity, reached, more, &batch, found))
    }

    fn assemble(
        &self,
        uid_validity: u32,
        last_uid: u32,
        more: bool,
        batch: &[Listed],
        mut found: Found,
    ) -> Batch {
        let position = |uid| Position::Imap { uid_validity, uid };
        let mails = batch
            .iter()
            .filter_map(|listed| {
                Some(FetchedMail {
                    position: position(listed.uid),
                    raw: found.raw.remove(&listed.uid)?,
                    size: listed.size,
                    truncated: listed.size > self.limits.message_bytes,
                    received_at: listed.received_at,
                })
            })
            .collect();
        Batch {
            mails,
            cursor: Cursor {
                uid_validity: Some(uid_validity),
                last_uid,
            },
            more,
            unreadable: found
                .unreadable
                .into_iter()
                .filter(|(uid, _)| *uid <= last_uid)
                .map(|(uid, reason)| (position(uid), reason))
                .collect(),
        }
    }

    /// Brings the listing up to date.
    async fn list(&mut self, uid_validity: u32, last: u32) -> Result<(), SourceError> {
        self.listing.advance(uid_validity, last);
        if !self.listing.uids.is_empty() {
            return Ok(());
        }
        let session = self.session().await?;
        let listed = commands::uids_after(session, last).await;
        self.listing.uids = self.settle(listed)?.into();
        Ok(())
    }

    /// Sizes and dates. A UID that the server knows no more is left out: somebody else took the mail.
    async fn sizes(&mut self, wanted: &[u32], found: &mut Found) -> Result<(), SourceError> {
        for group in wanted.chunks(GROUP_SIZES) {
            let session = self.session().await?;
            match commands::sizes(session, group).await {
                Ok(sizes) => found.sizes.extend(sizes),
                // For one file that it cannot read, Dovecot ends the session already here.
                Err(failure) => {
                    if matches!(failure, Failure::Lost(_)) {
                        self.connected = None;
                    }
                    for uid in group {
                        self.alone(*uid, Step::Size, found).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// As many mails as fit in memory, at least one, and the UID up to which everything is dealt with.
    fn within_memory(&self, wanted: &[u32], sizes: &BTreeMap<u32, Listed>) -> (Vec<Listed>, u32) {
        let mut batch: Vec<Listed> = Vec::new();
        let mut bytes = 0_u64;
        let mut reached = 0;
        for uid in wanted {
            if let Some(listed) = sizes.get(uid) {
                let cost = if listed.size > self.limits.message_bytes {
                    head_bytes(&self.limits)
                } else {
                    listed.size
                };
                bytes = bytes.saturating_add(cost);
                if bytes > BATCH_BYTES && !batch.is_empty() {
                    break;
                }
                batch.push(*listed);
            }
            reached = *uid;
        }
        (batch, reached)
    }

    /// One group by one command, and what did not come by one command each.
    async fn bodies(&mut self, group: &[Listed], found: &mut Found) -> Result<(), SourceError> {
        let head = head_bytes(&self.limits);
        let limit = self.limits.message_bytes;
        let session = self.session().await?;
        let result = commands::bodies(session, group, limit, head, &mut found.raw).await;
        if let Err(Failure::Lost(_)) = &result {
            self.connected = None;
        }
        for listed in group {
            if !found.raw.contains_key(&listed.uid) {
                self.alone(listed.uid, Step::Body(*listed), found).await?;
            }
        }
        Ok(())
    }

    /// One mail by itself. It is unreadable if the server refuses it while it still lists it, or if two
    /// sessions break over it.
    async fn alone(&mut self, uid: u32, step: Step, found: &mut Found) -> Result<(), SourceError> {
        let head = head_bytes(&self.limits);
        let limit = self.limits.message_bytes;
        let mut broke = None;
        for _ in 0..2 {
            let session = self.session().await?;
            // A line that is down fails here, and then the mail is not to blame.
            let alive = session.tell("NOOP").await;
            self.settle(alive)?;
            let session = self.session().await?;
            let (result, come) = match step {
                Step::Size => match commands::sizes(session, &[uid]).await {
                    Ok(sizes) => {
                        found.sizes.extend(sizes);
                        (Ok(()), found.sizes.contains_key(&uid))
                    }
                    Err(failure) => (Err(failure), false),
                },
                Step::Body(listed) => {
                    let raw = &mut found.raw;
                    let result = commands::bodies(session, &[listed], limit, head, raw).await;
                    (result, raw.contains_key(&uid))
                }
            };
            if let Err(Failure::Lost(_)) = &result {
                self.connected = None;
            }
            if come {
                return Ok(());
            }
            let reason = match result {
                Ok(()) => "the server lists it and does not give it".to_owned(),
                Err(Failure::Refused(said)) => said,
                Err(Failure::Lost(reason)) => {
                    broke = Some(reason);
                    continue;
                }
            };
            let session = self.session().await?;
            let there = commands::exists(session, uid).await;
            if self.settle(there)? {
                found.unreadable.insert(uid, reason);
            }
            return Ok(());
        }
        if let Some(reason) = broke {
            found.unreadable.insert(uid, reason);
        }
        Ok(())
    }
}

/// Cuts a batch into commands: mails over the limit alone, the others within [`GROUP_MAILS`] and
/// [`GROUP_BYTES`].
fn groups(batch: &[Listed], limit: u64) -> Vec<Vec<Listed>> {
    let mut groups: Vec<Vec<Listed>> = Vec::new();
    let mut bytes = 0_u64;
    let mut open = false;
    for listed in batch {
        let oversized = listed.size > limit;
        match groups.last_mut() {
            Some(group)
                if open
                    && !oversized
                    && group.len() < GROUP_MAILS
                    && bytes.saturating_add(listed.size) <= GROUP_BYTES =>
            {
                group.push(*listed);
                bytes += listed.size;
            }
            _ => {
                groups.push(vec![*listed]);
                bytes = listed.size;
                open = !oversized;
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(uid: u32, size: u64) -> Listed {
        Listed {
            uid,
            size,
            received_at: None,
        }
    }

    fn shape(sizes: &[u64], limit: u64) -> Vec<usize> {
        let batch: Vec<Listed> = (1..)
            .zip(sizes)
            .map(|(uid, size)| listed(uid, *size))
            .collect();
        groups(&batch, limit).iter().map(Vec::len).collect()
    }

    #[test]
    fn groups_are_bounded_by_number_and_by_bytes() {
        assert_eq!(shape(&[1_000; 120], 50 << 20), [50, 50, 20]);
        assert_eq!(shape(&[10 << 20, 5 << 20, 2 << 20, 1], 50 << 20), [2, 2]);
        assert_eq!(shape(&[20 << 20, 20 << 20], 50 << 20), [1, 1]);
        assert_eq!(shape(&[], 50 << 20), [0_usize; 0]);
    }

    #[test]
    fn i11_a_mail_over_the_limit_is_asked_for_alone() {
        assert_eq!(shape(&[10, 2_000, 10, 10], 1_000), [1, 1, 2]);
    }

    #[test]
    fn a_listing_that_begins_too_late_is_made_anew() {
        let mut listing = Listing {
            uid_validity: 7,
            after: 10,
            uids: [11, 12, 20].into(),
        };
        listing.advance(7, 12);
        assert_eq!(listing.uids, [20]);
        // The caller could not store the last batch and asks for it again.
        listing.advance(7, 10);
        assert!(listing.uids.is_empty());
        listing.uids = [11].into();
        listing.advance(8, 10);
        assert!(listing.uids.is_empty());
    }
}
