//! Writing the digests that are due into the outbox.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::digest::{self, Request};
use super::store;
use super::subscription::{DigestKind, Subscription};
use crate::config::Settings;
use crate::notify;
use crate::notify::digest::{Digest, Reader, digest_rows};
use crate::outbox::enqueue;

/// A digest that was written for a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenDigest {
    /// Which.
    pub digest: DigestKind,
    /// The reader's handle.
    pub reader: String,
}

/// Writes each digest that is due by `slot` and was not written yet, and says which and for whom. Two
/// copies of the program write each once: a subscription remembers the moment that was worked, and the second
/// copy waits for the first. A digest that says nothing is left out unless its reader asked for it.
///
/// The figures are those of `now`; `slot` is the moment that the schedule works, and may lie a little before.
///
/// # Errors
/// If the database does not answer; the transaction is then lost.
pub async fn write_digests(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    slot: DateTime<Utc>,
) -> Result<Vec<WrittenDigest>, sqlx::Error> {
    store::add_defaults(&mut *conn, now).await?;
    let mut computed: HashMap<Request, Digest> = HashMap::new();
    let mut rows = Vec::new();
    let mut written = Vec::new();
    for subscription in store::standing(&mut *conn, None).await? {
        let Some(due) = subscription.due(settings.desk.zone, slot) else {
            continue;
        };
        if !store::take(&mut *conn, subscription.id, due).await? {
            continue;
        }
        let reached = notify::reach(&mut *conn, settings, &[subscription.person]).await?;
        let Some(reach) = reached.get(&subscription.person) else {
            continue;
        };
        let place = subscription
            .platform
            .as_deref()
            .zip(subscription.place.as_deref());
        if !reach.is_reached(settings, subscription.by, place) {
            continue;
        }
        let request = request(settings, &subscription, due);
        if !computed.contains_key(&request) {
            let digest = digest::compute(&mut *conn, settings, &request, now).await?;
            computed.insert(request.clone(), digest);
        }
        let Some(digest) = computed.get(&request) else {
            continue;
        };
        if digest::is_empty(digest) && !subscription.even_if_empty {
            continue;
        }
        let reader = Reader {
            person: subscription.person,
            reach,
            by: subscription.by,
            place,
            subscription: Some(subscription.id),
        };
        let of_reader = digest_rows(settings, now, due, &reader, digest);
        if !of_reader.is_empty() {
            written.push(WrittenDigest {
                digest: subscription.digest,
                reader: subscription.handle,
            });
        }
        rows.extend(of_reader);
    }
    enqueue::enqueue(conn, now, rows).await?;
    Ok(written)
}

/// What a subscription's digest of that moment is to be about.
#[must_use]
pub fn request(settings: &Settings, subscription: &Subscription, slot: DateTime<Utc>) -> Request {
    Request {
        kind: subscription.digest,
        zone: subscription.zone(settings.desk.zone),
        slot,
        teams: subscription.teams.clone(),
        unassigned_hours: subscription.unassigned_hours,
        agent: (subscription.digest == DigestKind::Mine).then_some(subscription.person),
    }
}
