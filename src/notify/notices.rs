//! Rows that are about no ticket: a refused mail, the answer to commands, an alarm.

use chrono::{DateTime, Utc};

use super::draft::{AlarmDraft, CommandsDraft, RejectionDraft, clean, one_line};
use super::rows::{domain, mailbox, only, value};
use super::{CommandsGiven, Outcome};
use crate::config::Settings;
use crate::ids::InboundId;
use crate::outbox::{Audience, Channel, NewRow};
use crate::ticket::token::{mint_message_id, unique};

/// A mail that the desk refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejection<'a> {
    /// The mail.
    pub inbound: InboundId,
    /// The mailbox it came to.
    pub mailbox: &'a str,
    /// Whom to tell.
    pub to: &'a str,
    /// Their name; empty where it is not known.
    pub name: &'a str,
    /// The mail's subject.
    pub subject: &'a str,
    /// The mail's Message-ID.
    pub message_id: Option<&'a str>,
    /// Why it was refused.
    pub reason: &'a str,
    /// What the sender can do.
    pub remedy: &'a str,
}

/// The row for the sender of a refused mail.
pub(super) fn of_rejection(
    settings: &Settings,
    now: DateTime<Utc>,
    rejection: &Rejection<'_>,
    address: String,
) -> NewRow {
    let mailbox = mailbox(settings, Some(rejection.mailbox));
    let head = only(rejection.name, &address);
    let draft = RejectionDraft {
        mail: &head,
        desk: &settings.desk.name,
        reader: one_line(rejection.name),
        subject: one_line(rejection.subject),
        reason: clean(rejection.reason),
        remedy: clean(rejection.remedy),
        in_reply_to: rejection.message_id,
    };
    NewRow {
        channel: Channel::Mail,
        dedupe_key: format!("rejected:{}", rejection.inbound),
        conversation: format!("address:{address}"),
        audience: Audience::Customer,
        template: "mail_rejected",
        draft: value(&draft),
        ticket_id: None,
        comment_id: None,
        recipient_id: None,
        mailbox: mailbox.map(|mailbox| mailbox.name.clone()),
        message_id: mint_message_id(None, &unique(), domain(mailbox)),
        automatic: true,
        bundle: None,
        due_at: now,
        address,
    }
}

/// The row for the agent whose mail held commands.
pub(super) fn of_commands(
    settings: &Settings,
    now: DateTime<Utc>,
    given: &CommandsGiven<'_>,
    address: String,
) -> NewRow {
    let mailbox = mailbox(settings, Some(given.mailbox));
    let head = only(given.name, &address);
    let outcomes = given.outcomes.iter().map(|outcome| Outcome {
        command: one_line(&outcome.command),
        done: outcome.done,
        words: clean(&outcome.words),
        file: outcome.file.clone(),
    });
    let draft = CommandsDraft {
        mail: &head,
        desk: &settings.desk.name,
        reader: one_line(given.name),
        subject: one_line(given.subject),
        outcomes: outcomes.collect(),
        in_reply_to: given.message_id,
    };
    NewRow {
        channel: Channel::Mail,
        dedupe_key: format!("commands:{}", given.inbound),
        conversation: format!("address:{address}"),
        audience: Audience::Staff,
        template: "commands_given",
        draft: value(&draft),
        ticket_id: None,
        comment_id: None,
        recipient_id: None,
        mailbox: mailbox.map(|mailbox| mailbox.name.clone()),
        message_id: mint_message_id(None, &unique(), domain(mailbox)),
        automatic: true,
        bundle: None,
        due_at: now,
        address,
    }
}

/// The row for one operator.
pub(super) fn of_alarm(
    settings: &Settings,
    now: DateTime<Utc>,
    key: &str,
    text: &str,
    address: String,
) -> NewRow {
    let mailbox = mailbox(settings, None);
    let head = only("", &address);
    let draft = AlarmDraft {
        mail: &head,
        desk: &settings.desk.name,
        key: one_line(key),
        text: clean(text),
    };
    NewRow {
        channel: Channel::Mail,
        dedupe_key: format!("alarm:{key}:{address}"),
        conversation: format!("operator:{key}:{address}"),
        audience: Audience::Operator,
        template: "alarm",
        draft: value(&draft),
        ticket_id: None,
        comment_id: None,
        recipient_id: None,
        mailbox: mailbox.map(|mailbox| mailbox.name.clone()),
        message_id: mint_message_id(None, &unique(), domain(mailbox)),
        automatic: true,
        bundle: None,
        due_at: now,
        address,
    }
}
