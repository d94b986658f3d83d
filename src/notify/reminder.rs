//! Reminders: one message for a person, with all that is due for them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use super::Why;
use super::draft::{Head, bare_subject, clean, one_line};
use super::facts::{self, PersonFacts};
use super::rows::{domain, mailbox, moment, only, value};
use crate::config::Settings;
use crate::ids::{OutboxId, PersonId, ReminderId};
use crate::outbox::{self, Audience, Channel, NewRow};
use crate::ticket::token::{mint_message_id, unique};

/// What one person is reminded of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderNotice<'a> {
    /// The person.
    pub person: PersonId,
    /// All of it; at least one.
    pub lines: Vec<ReminderLine<'a>>,
}

/// One thing to be reminded of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderLine<'a> {
    /// The reminder.
    pub id: ReminderId,
    /// What it says.
    pub text: &'a str,
    /// The number and the subject of the ticket it is about.
    pub ticket: Option<(&'a str, &'a str)>,
    /// When it was due.
    pub due_at: DateTime<Utc>,
    /// Whether it comes again.
    pub recurs: bool,
}

/// The values that the mail is made of.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ReminderDraft<'a> {
    pub(super) mail: &'a Head,
    pub(super) desk: &'a str,
    pub(super) reader: &'a str,
    pub(super) reminders: Vec<LineDraft>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct LineDraft {
    pub(super) id: ReminderId,
    pub(super) text: String,
    pub(super) number: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) at: String,
    pub(super) recurs: bool,
}

/// Writes one row for each notice. Gives the rows, or why a person gets none.
///
/// # Errors
/// If the database does not answer; the transaction is then lost.
pub async fn remind(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    notices: &[ReminderNotice<'_>],
) -> Result<BTreeMap<PersonId, Result<OutboxId, Why>>, sqlx::Error> {
    let staff = facts::all_staff(conn).await?;
    let staff: BTreeMap<PersonId, PersonFacts> = staff
        .into_iter()
        .map(|person| (person.id, person))
        .collect();
    let mut told = BTreeMap::new();
    let mut rows = Vec::new();
    for notice in notices {
        // Somebody who is staff no more, or has no address, is not among them.
        let person = staff.get(&notice.person).ok_or(Why::Disabled);
        let person = person.and_then(|one| one.unreachable(settings).map_or(Ok(one), Err));
        match person {
            Ok(person) => rows.extend(row(settings, now, person, notice)),
            Err(why) => {
                told.insert(notice.person, Err(why));
            }
        }
    }
    for row in outbox::enqueue::enqueue(conn, now, rows).await? {
        let notice = notices
            .iter()
            .find(|notice| conversation(notice.person) == row.conversation);
        told.extend(notice.map(|notice| (notice.person, Ok(row.id))));
    }
    Ok(told)
}

fn conversation(person: PersonId) -> String {
    format!("reminders:{person}")
}

fn row(
    settings: &Settings,
    now: DateTime<Utc>,
    person: &PersonFacts,
    notice: &ReminderNotice<'_>,
) -> Option<NewRow> {
    let address = person.address.clone()?;
    let mailbox = mailbox(settings, None);
    let draft = ReminderDraft {
        mail: &only(&person.name, &address),
        desk: &settings.desk.name,
        reader: &person.name,
        reminders: notice.lines.iter().map(|one| line(settings, one)).collect(),
    };
    let first = notice.lines.first()?.id;
    Some(NewRow {
        channel: Channel::Mail,
        dedupe_key: format!("reminder:{first}:{}", now.timestamp_micros()),
        conversation: conversation(person.id),
        audience: Audience::Staff,
        template: "reminder",
        draft: value(&draft),
        ticket_id: None,
        comment_id: None,
        recipient_id: Some(person.id),
        mailbox: mailbox.map(|mailbox| mailbox.name.clone()),
        message_id: mint_message_id(None, &unique(), domain(mailbox)),
        automatic: true,
        bundle: None,
        due_at: now,
        address,
    })
}

fn line(settings: &Settings, one: &ReminderLine<'_>) -> LineDraft {
    LineDraft {
        id: one.id,
        text: one_line(&clean(one.text)),
        number: one.ticket.map(|(number, _)| number.to_owned()),
        subject: one
            .ticket
            .map(|(number, subject)| bare_subject(subject, number)),
        at: moment(settings, one.due_at),
        recurs: one.recurs,
    }
}
