//! A digest as somebody would get it, without sending it.

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::{Connection as _, PgConnection};

use super::period::Period;
use super::subscription::{DigestKind, Subscription};
use super::{digest, request, store};
use crate::config::Settings;
use crate::ids::{OutboxId, PersonId, SubscriptionId};
use crate::mail;
use crate::notify::digest::{Reader, mail_row};
use crate::notify::letter::{self, Enclosed, Letter};
use crate::notify::render::Templates;
use crate::notify::{By, Reach};
use crate::outbox::NewRow;
use crate::outbox::store::Claimed;
use crate::people::{Person, zone};

/// The hour of a digest that nobody subscribed to.
const HOUR: i32 = 8;

/// The row that a digest would become for `reader`, with the teams, the hour and the zone of their subscription, where
/// they have one. `day` asks for the digest of another day; what needs a person is always as it stands now.
///
/// # Errors
/// If the database does not answer.
pub async fn row(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    kind: DigestKind,
    reader: Option<&Person>,
    day: Option<NaiveDate>,
) -> Result<NewRow, sqlx::Error> {
    let subscription = {
        // What the clock would write down first counts here, too, and is not written down.
        let mut tx = conn.begin().await?;
        store::add_defaults(&mut tx, now).await?;
        let subscription = of(&mut tx, reader, kind, now).await?;
        tx.rollback().await?;
        subscription
    };
    let zone = subscription.zone(settings.desk.zone);
    let asked = match day {
        Some(day) => Period::day(zone, day).to() - TimeDelta::seconds(1),
        None => now,
    };
    let hour = u32::try_from(subscription.hour).unwrap_or_default();
    let slot = kind.slot(zone, hour, asked);
    let request = request(settings, &subscription, slot);
    let digest = digest::compute(conn, settings, &request, now).await?;
    let address = subscription.address.as_deref();
    let reach = Reach::by_mail_alone(
        &subscription.name,
        address.unwrap_or("reader@frontdesk.invalid"),
    );
    let reader = Reader {
        person: subscription.person,
        reach: &reach,
        by: By::Mail,
        place: None,
        subscription: Some(subscription.id),
    };
    Ok(mail_row(settings, now, slot, &reader, &digest))
}

/// The reader's subscription, or one as it would be.
async fn of(
    conn: &mut PgConnection,
    person: Option<&Person>,
    digest: DigestKind,
    now: DateTime<Utc>,
) -> Result<Subscription, sqlx::Error> {
    let standing = match person {
        Some(person) => store::standing(conn, Some(person.id)).await?,
        None => Vec::new(),
    };
    let own = standing.into_iter().find(|one| one.digest == digest);
    let zone = match person {
        Some(person) => zone::chosen(conn, person.id).await?,
        None => None,
    };
    Ok(own.unwrap_or_else(|| Subscription {
        id: SubscriptionId(0),
        person: person.map_or(PersonId(0), |person| person.id),
        name: person.map_or_else(String::new, |person| person.name.clone()),
        handle: person
            .and_then(|person| person.handle.clone())
            .unwrap_or_default(),
        address: person.and_then(|person| person.address.clone()),
        digest,
        teams: Vec::new(),
        hour: HOUR,
        zone: zone.map(|zone| zone.name().to_owned()),
        even_if_empty: true,
        unassigned_hours: 24,
        created_at: now,
        last_slot_at: None,
        by: By::Mail,
        platform: None,
        place: None,
    }))
}

/// The mail that a row would be if it left now.
///
/// # Errors
/// If a template fails.
pub fn letter(
    settings: &Settings,
    templates: &Templates,
    now: DateTime<Utc>,
    row: &NewRow,
) -> anyhow::Result<Letter> {
    let claimed = Claimed {
        id: OutboxId(0),
        audience: row.audience,
        template: row.template.to_owned(),
        draft: row.draft.clone(),
        ticket_id: row.ticket_id,
        comment_id: row.comment_id,
        recipient_id: row.recipient_id,
        address: row.address.clone(),
        mailbox: row.mailbox.clone(),
        message_id: row.message_id.clone(),
        automatic: row.automatic,
        attempt: 1,
        created_at: now,
    };
    let written = letter::write(settings, templates, now, &claimed, Enclosed::default());
    written.context("the digest cannot be written")
}

/// The mail as plain text, its subject first.
#[must_use]
pub fn plain(settings: &Settings, letter: &Letter) -> String {
    let mail = mail::understand(&letter.bytes, &settings.limits).mail;
    format!("Subject: {}\n\n{}\n", mail.subject, mail.text.trim_end())
}
