//! From a decision to rows of the outbox.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::audience::{Decision, Staff};
use super::closing::Closing;
use super::draft::{
    FailureDraft, Head, Shown, StaffDraft, StaffEvent, StaffTicket, bare_subject, clean, one_line,
};
use super::facts::{Facts, Part, PersonFacts};
use super::question::{Failure, Matter, Question};
use super::reach::Threads;
use crate::config::Settings;
use crate::config::service::MailboxSettings;
use crate::ids::PersonId;
use crate::outbox::{Audience, Channel, NewRow};
use crate::ticket::token::{ReplyToken, mint_message_id, unique};

/// The template that a bundle of several events takes.
const BUNDLE: &str = "comment_added_staff";

/// The rows for a happening on a ticket.
pub(super) fn of_ticket(
    settings: &Settings,
    now: DateTime<Utc>,
    question: &Question<'_>,
    facts: &Facts,
    decision: &Decision<'_>,
    (threads, closing): (&Threads, Closing),
) -> Vec<NewRow> {
    let writer = Writer {
        settings,
        now,
        question,
        facts,
        closing,
        event: event_key(question, now),
        subject: subject(question),
    };
    let mut rows = writer.customer_rows(&decision.customers, threads);
    match question.matter {
        Matter::Failed(failed) => rows.extend(writer.failure_rows(&decision.staff, failed)),
        Matter::Target(notice) => rows.extend(writer.target_rows(&decision.staff, notice)),
        _ => rows.extend(writer.staff_rows(&decision.staff)),
    }
    rows
}

/// Everything that the rows of one happening share.
pub(super) struct Writer<'a> {
    pub(super) settings: &'a Settings,
    pub(super) now: DateTime<Utc>,
    pub(super) question: &'a Question<'a>,
    facts: &'a Facts,
    pub(super) closing: Closing,
    pub(super) event: String,
    pub(super) subject: String,
}

impl Writer<'_> {
    fn staff_rows(&self, staff: &[Staff<'_>]) -> Vec<NewRow> {
        let template = match self.question.matter {
            Matter::Opened { .. } => "ticket_opened_staff",
            Matter::Assigned(_) => "assigned",
            Matter::HandedOver => "handed_over",
            Matter::Mentioned(_) => "mentioned",
            _ => BUNDLE,
        };
        let ticket = self.staff_ticket();
        let answer_to = self.answer_to();
        let events = [self.staff_event()];
        staff
            .iter()
            .filter_map(|staff| {
                let person = staff.person();
                let draft = StaffDraft {
                    mail: &only(&person.name, person.address.as_deref()?),
                    desk: &self.settings.desk.name,
                    reader: &person.name,
                    ticket: &ticket,
                    answer_to: &answer_to,
                    events: &events,
                };
                let mut row = self.row(person, Audience::Staff, template, value(&draft))?;
                row.bundle = Some(BUNDLE);
                row.due_at =
                    self.now + TimeDelta::seconds(i64::from(self.settings.notify.burst_seconds));
                Some(row)
            })
            .collect()
    }

    fn failure_rows(&self, staff: &[Staff<'_>], failed: Failure<'_>) -> Vec<NewRow> {
        let ticket = self.staff_ticket();
        let answer_to = self.answer_to();
        staff
            .iter()
            .filter_map(|staff| {
                let person = staff.person();
                let draft = FailureDraft {
                    mail: &only(&person.name, person.address.as_deref()?),
                    desk: &self.settings.desk.name,
                    reader: &person.name,
                    ticket: &ticket,
                    answer_to: &answer_to,
                    address: one_line(failed.address),
                    error: one_line(failed.error),
                    text: failed.reply.map(|reply| clean(&reply.body)),
                };
                let mut row =
                    self.row(person, Audience::Staff, "delivery_failed", value(&draft))?;
                // It does not wait behind a bundle that is still gathering.
                row.conversation = format!("failed:{}:{}", failed.outbox, person.id);
                Some(row)
            })
            .collect()
    }

    /// A row to one person, due at once.
    pub(super) fn row(
        &self,
        person: &PersonFacts,
        audience: Audience,
        template: &'static str,
        draft: serde_json::Value,
    ) -> Option<NewRow> {
        let ticket = self.question.ticket;
        let mailbox = mailbox(self.settings, ticket.mailbox.as_deref());
        let token = ReplyToken {
            ticket: ticket.id,
            person: person.id,
        }
        .sign(&self.settings.reply_keys);
        Some(NewRow {
            channel: Channel::Mail,
            dedupe_key: format!("{}:{}", self.event, person.id),
            conversation: format!("ticket:{}:{}", ticket.id, person.id),
            audience,
            template,
            draft,
            ticket_id: Some(ticket.id),
            comment_id: self.question.comment.map(|comment| comment.id),
            recipient_id: Some(person.id),
            address: person.address.clone()?,
            mailbox: mailbox.map(|mailbox| mailbox.name.clone()),
            message_id: mint_message_id(token.as_deref(), &unique(), domain(mailbox)),
            automatic: true,
            bundle: None,
            due_at: self.now,
        })
    }

    pub(super) fn staff_ticket(&self) -> StaffTicket<'_> {
        let desk = &self.settings.desk;
        let ticket = self.question.ticket;
        let requester = self.facts.people.get(&ticket.requester_id);
        StaffTicket {
            number: &ticket.number,
            subject: &self.subject,
            status: self.status_name(&ticket.status),
            priority: desk
                .priority
                .iter()
                .find(|priority| priority.key == ticket.priority)
                .map_or(&ticket.priority, |priority| &priority.name),
            category: ticket.category.as_ref().map(|key| {
                let category = desk.category.iter().find(|category| category.key == *key);
                category.map_or(key.as_str(), |category| &category.name)
            }),
            team: ticket.team.as_ref().map(|key| {
                let team = desk.team.iter().find(|team| team.key == *key);
                team.map_or(key.as_str(), |team| &team.name)
            }),
            assignee: self.facts.name(ticket.assignee_id),
            requester: Shown {
                name: requester.map_or_else(String::new, |person| one_line(&person.name)),
                address: requester
                    .and_then(|person| person.address.clone())
                    .unwrap_or_default(),
            },
        }
    }

    fn status_name<'s>(&'s self, key: &'s str) -> &'s str {
        let status = self
            .settings
            .desk
            .status
            .iter()
            .find(|status| status.key == key);
        status.map_or(key, |status| &status.name)
    }

    /// The names of those who get a public answer as things stand.
    pub(super) fn answer_to(&self) -> Vec<String> {
        let mut names: Vec<(PersonId, String)> = Vec::new();
        for person in self
            .facts
            .with(Part::Requester)
            .chain(self.facts.with(Part::Participant))
        {
            let new = names.iter().all(|(id, _)| *id != person.id);
            if new && person.unreachable(self.settings).is_none() {
                names.push((person.id, one_line(&person.name)));
            }
        }
        names.into_iter().map(|(_, name)| name).collect()
    }

    fn staff_event(&self) -> StaffEvent {
        let kind = match self.question.matter {
            Matter::Opened { .. } => "opened",
            Matter::Note => "note",
            Matter::Status => "status",
            Matter::Assigned(_) => "assigned",
            Matter::HandedOver => "handed_over",
            Matter::Mentioned(_) => "mentioned",
            Matter::CustomerWrote
            | Matter::StaffWrote
            | Matter::Nudged { .. }
            | Matter::Failed(_)
            | Matter::Target(_) => "comment",
        };
        let moved = self.question.moved;
        let actor = self
            .question
            .actor
            .and_then(|id| self.facts.people.get(&id));
        let event = StaffEvent {
            key: self.event.clone(),
            kind,
            by: actor.map(|person| one_line(&person.name)),
            by_staff: actor.is_some_and(|person| person.role.is_staff()),
            at: moment(self.settings, self.now),
            status_from: moved.map(|moved| self.status_name(moved.from).to_owned()),
            status_to: moved.map(|_| self.status_name(&self.question.ticket.status).to_owned()),
            reason: moved.and_then(|moved| moved.reason).map(clean),
            ..StaffEvent::default()
        };
        match self.question.comment {
            Some(comment) => event.with(comment),
            None => event,
        }
    }
}

/// Day and time in the desk's zone.
pub(super) fn moment(settings: &Settings, at: DateTime<Utc>) -> String {
    moment_in(settings.desk.zone, at)
}

/// Day and time in a zone.
pub(super) fn moment_in(zone: Tz, at: DateTime<Utc>) -> String {
    let at = at.with_timezone(&zone);
    at.format("%-d %b %Y, %H:%M %Z").to_string()
}

/// What the event is told apart by. It holds nothing that chance made, so that writing it down twice is the
/// same as once.
fn event_key(question: &Question<'_>, now: DateTime<Utc>) -> String {
    let ticket = question.ticket;
    let at = now.timestamp_micros();
    match (question.matter, question.comment) {
        (Matter::Target(notice), _) => notice.key.clone(),
        (Matter::Failed(failed), _) => format!("failed:{}", failed.outbox),
        (Matter::Opened { .. }, _) => format!("opened:{}", ticket.id),
        (Matter::Assigned(person), _) => format!("assigned:{}:{person}:{at}", ticket.id),
        (Matter::HandedOver, _) => format!("handed_over:{}:{at}", ticket.id),
        (Matter::Mentioned(_), Some(comment)) => format!("mentioned:{}", comment.id),
        (Matter::CustomerWrote | Matter::StaffWrote | Matter::Note, Some(comment)) => {
            format!("comment:{}", comment.id)
        }
        (Matter::Nudged { .. }, _) => format!("nudged:{}:{at}", ticket.id),
        _ => format!("status:{}:{}:{at}", ticket.id, ticket.status),
    }
}

fn subject(question: &Question<'_>) -> String {
    let bare = bare_subject(&question.ticket.subject, &question.ticket.number);
    if bare.is_empty() {
        "(no subject)".to_owned()
    } else {
        bare
    }
}

/// The mailbox of that name, or the first one.
pub(super) fn mailbox<'a>(
    settings: &'a Settings,
    name: Option<&str>,
) -> Option<&'a MailboxSettings> {
    settings
        .mailboxes
        .iter()
        .find(|mailbox| Some(mailbox.name.as_str()) == name)
        .or(settings.mailboxes.first())
}

/// The part of the mailbox's address after the `@`.
pub(super) fn domain(mailbox: Option<&MailboxSettings>) -> &str {
    mailbox
        .and_then(|mailbox| mailbox.address.rsplit_once('@'))
        .map_or("frontdesk.invalid", |(_, domain)| domain)
}

pub(super) fn only(name: &str, address: &str) -> Head {
    Head {
        to: vec![Shown {
            name: one_line(name),
            address: address.to_owned(),
        }],
        cc: Vec::new(),
    }
}

/// Drafts are made of text, numbers and lists only; nothing in them can fail to become JSON.
pub(super) fn value(draft: &impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(draft).unwrap_or_default()
}
