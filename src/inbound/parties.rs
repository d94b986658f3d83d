//! Who stands behind the addresses of a mail: its author and the others it was sent to.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::act::Scene;
use super::bounds;
use crate::config::Settings;
use crate::ids::PersonId;
use crate::mail::message::{Mailbox, UnderstoodMail};
use crate::notify;
use crate::people::store::NewPerson;
use crate::people::{self, Person, Role};

/// How many addresses of To and Cc become participants. A mail to more is a mailing, not a conversation.
const PARTICIPANTS: usize = 50;

/// Who wrote the mail; a new person if nobody has the address yet.
pub(super) async fn author(conn: &mut PgConnection, scene: &Scene<'_>) -> anyhow::Result<Person> {
    if let Some(known) = &scene.facts.sender {
        return Ok(known.clone());
    }
    let from = scene.mail.mail.from.as_ref();
    let from = from.context("the mail has no author")?;
    Ok(create(conn, scene.now, from).await?)
}

/// Who wrote the mails, of which each has an author's address of its own; new people where nobody has it yet.
pub(super) async fn authors(
    conn: &mut PgConnection,
    scenes: &[Scene<'_>],
) -> anyhow::Result<Vec<Person>> {
    let mut unknown = Vec::new();
    for scene in scenes.iter().filter(|scene| scene.facts.sender.is_none()) {
        let from = scene.mail.mail.from.as_ref();
        unknown.push(new_person(from.context("the mail has no author")?));
    }
    let Some(now) = scenes.first().map(|scene| scene.now) else {
        return Ok(Vec::new());
    };
    let mut created = Vec::new();
    if !unknown.is_empty() {
        created = people::store::find_or_create_all(conn, now, &unknown).await?;
    }
    let mut created = created.into_iter();
    let known = |scene: &Scene<'_>| scene.facts.sender.clone();
    scenes
        .iter()
        .map(|scene| {
            known(scene)
                .or_else(|| created.next())
                .context("the mail has no author")
        })
        .collect()
}

/// Whether the mail was sent to nobody but the desk.
pub(super) fn is_between_us(settings: &Settings, mail: &UnderstoodMail) -> bool {
    recipients(settings, mail).next().is_none()
}

/// Creates everybody whom the mail names and nobody knows yet, in the order of their addresses: two mails that
/// name the same new people in different orders would otherwise wait for each other. Comes before anything
/// else is locked.
pub(super) async fn meet(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    original: Option<&Mailbox>,
) -> anyhow::Result<()> {
    let mut others: Vec<&Mailbox> = recipients(scene.settings, scene.mail)
        .take(PARTICIPANTS)
        .chain(original)
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    others.extend(scene.mail.mail.from.as_ref());
    others.sort_by_key(|mailbox| mailbox.address.to_lowercase());
    others.dedup_by_key(|mailbox| mailbox.address.to_lowercase());
    for mailbox in others {
        person(conn, scene.now, mailbox).await?;
    }
    Ok(())
}

/// Whether there can be a person behind the address who is not the desk itself.
pub(super) fn may_be_somebody(settings: &Settings, mailbox: &Mailbox) -> bool {
    bounds::is_address(&mailbox.address) && !notify::is_own(settings, &mailbox.address)
}

/// The person of an address; a new one if nobody has it yet.
pub(super) async fn person(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    mailbox: &Mailbox,
) -> Result<Person, sqlx::Error> {
    match people::store::by_address(conn, &mailbox.address).await? {
        Some(known) => Ok(known),
        None => create(conn, now, mailbox).await,
    }
}

/// Writes a person down whom nobody knew a moment ago.
async fn create(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    mailbox: &Mailbox,
) -> Result<Person, sqlx::Error> {
    people::store::find_or_create(conn, now, new_person(mailbox)).await
}

fn new_person(mailbox: &Mailbox) -> NewPerson<'_> {
    let local = mailbox.address.split('@').next().unwrap_or_default();
    NewPerson {
        name: if mailbox.name.is_empty() {
            local
        } else {
            &mailbox.name
        },
        address: &mailbox.address,
        role: Role::Customer,
        handle: None,
    }
}

/// The others whom the mail was sent to: neither we, nor the author, nor staff.
pub(super) async fn participants(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    author: &Person,
) -> anyhow::Result<Vec<PersonId>> {
    let mut others = Vec::new();
    for mailbox in recipients(scene.settings, scene.mail).take(PARTICIPANTS) {
        let person = person(conn, scene.now, mailbox).await?;
        if person.id != author.id && !person.role.is_staff() {
            others.push(person.id);
        }
    }
    Ok(others)
}

/// How many recipients do not take part because there are too many of them.
pub(super) fn left_out(scene: &Scene<'_>) -> usize {
    recipients(scene.settings, scene.mail)
        .count()
        .saturating_sub(PARTICIPANTS)
}

fn recipients<'a>(
    settings: &'a Settings,
    mail: &'a UnderstoodMail,
) -> impl Iterator<Item = &'a Mailbox> {
    mail.mail
        .to
        .iter()
        .chain(&mail.mail.cc)
        .filter(|mailbox| may_be_somebody(settings, mailbox))
}
