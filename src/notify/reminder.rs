//! Reminders: one message for a person, with all that is due for them, by mail or in chat.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use sqlx::PgConnection;

use super::by::{self, By, Reach};
use super::draft::{Head, bare_subject, clean, one_line};
use super::rows::{domain, mailbox, moment_in, only, value};
use super::{Why, posts};
use crate::config::Settings;
use crate::ids::{OutboxId, PersonId, ReminderId};
use crate::outbox::{self, Audience, Channel, NewRow};
use crate::ticket::token::{mint_message_id, unique};

/// What one person is reminded of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderNotice<'a> {
    /// The person.
    pub person: PersonId,
    /// The zone by whose clocks they live.
    pub zone: Tz,
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
    /// By what it is to come.
    pub by: By,
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

/// What came of one reminder: the rows it stands in, or why there is none.
pub type Reminded = Result<Vec<OutboxId>, Why>;

/// Writes the rows of each notice: one mail and one message in chat for a person, each with what they want told that way.
/// Gives what came of each reminder.
///
/// # Errors
/// If the database does not answer; the transaction is then lost.
pub async fn remind(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    notices: &[ReminderNotice<'_>],
) -> Result<BTreeMap<ReminderId, Reminded>, sqlx::Error> {
    let people: Vec<PersonId> = notices.iter().map(|notice| notice.person).collect();
    let reached = by::reach(&mut *conn, settings, &people).await?;
    let mut told: BTreeMap<ReminderId, Reminded> = BTreeMap::new();
    let mut rows = Vec::new();
    let mut within: BTreeMap<String, Vec<ReminderId>> = BTreeMap::new();
    for notice in notices {
        let reach = reached.get(&notice.person).ok_or(Why::Disabled);
        let mut ways: BTreeMap<Channel, Vec<&ReminderLine<'_>>> = BTreeMap::new();
        for line in &notice.lines {
            match reach.and_then(|reach| reach.settle(line.by)) {
                Ok(by) => {
                    told.insert(line.id, Ok(Vec::new()));
                    if by.mail() {
                        ways.entry(Channel::Mail).or_default().push(line);
                    }
                    if by.chat() {
                        ways.entry(Channel::Chat).or_default().push(line);
                    }
                }
                Err(why) => _ = told.insert(line.id, Err(why)),
            }
        }
        for (channel, lines) in ways {
            let row = reach
                .ok()
                .and_then(|reach| row(settings, now, notice, reach, channel, &lines));
            if let Some(row) = row {
                let ids = lines.iter().map(|line| line.id).collect();
                within.insert(row.conversation.clone(), ids);
                rows.push(row);
            }
        }
    }
    for row in outbox::enqueue::enqueue(conn, now, rows).await? {
        for id in within.get(&row.conversation).into_iter().flatten() {
            if let Some(Ok(rows)) = told.get_mut(id) {
                rows.push(row.id);
            }
        }
    }
    Ok(told)
}

fn row(
    settings: &Settings,
    now: DateTime<Utc>,
    notice: &ReminderNotice<'_>,
    reach: &Reach,
    channel: Channel,
    lines: &[&ReminderLine<'_>],
) -> Option<NewRow> {
    let (person, zone) = (notice.person, notice.zone);
    let mailbox = mailbox(settings, None);
    let address = reach.mail.clone().unwrap_or_default();
    let draft = ReminderDraft {
        mail: &only(&reach.name, &address),
        desk: &settings.desk.name,
        reader: &reach.name,
        reminders: lines.iter().map(|one| line(zone, one)).collect(),
    };
    let first = lines.first()?.id;
    let mail = NewRow {
        channel: Channel::Mail,
        dedupe_key: format!("reminder:{first}:{}", now.timestamp_micros()),
        conversation: format!("reminders:{person}"),
        audience: Audience::Staff,
        template: "reminder",
        draft: value(&draft),
        ticket_id: None,
        comment_id: None,
        recipient_id: Some(person),
        mailbox: mailbox.map(|mailbox| mailbox.name.clone()),
        message_id: mint_message_id(None, &unique(), domain(mailbox)),
        automatic: true,
        bundle: None,
        due_at: now,
        address,
    };
    match channel {
        Channel::Mail => Some(mail),
        Channel::Chat => Some(posts::to_person(mail, reach.chat.as_ref()?)),
    }
}

fn line(zone: Tz, one: &ReminderLine<'_>) -> LineDraft {
    LineDraft {
        id: one.id,
        text: one_line(&clean(one.text)),
        number: one.ticket.map(|(number, _)| number.to_owned()),
        subject: one
            .ticket
            .map(|(number, subject)| bare_subject(subject, number)),
        at: moment_in(zone, one.due_at),
        recurs: one.recurs,
    }
}
