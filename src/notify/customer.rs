//! Rows for those who read what customers read: a mail each, or a post in the thread that they share with the team.

use chrono::TimeDelta;

use super::audience::Customer;
use super::draft::{
    CustomerDraft, CustomerTicket, Head, PublicComment, Shown, StatusText, one_line,
};
use super::posts::InThread;
use super::question::Matter;
use super::reach::{Reach, Threads};
use super::rows::{Writer, only, value};
use crate::outbox::{Audience, NewRow};

impl Writer<'_> {
    pub(super) fn customer_rows(
        &self,
        customers: &[Customer<'_>],
        threads: &Threads,
    ) -> Vec<NewRow> {
        let shared = self.shared_head(customers);
        let rows = customers.iter();
        rows.flat_map(|customer| self.customer(customer, threads, &shared))
            .collect()
    }

    /// What one customer is told: one row, and before it one that opens their thread, where that is to come.
    fn customer(&self, customer: &Customer<'_>, threads: &Threads, shared: &Head) -> Vec<NewRow> {
        let person = customer.person();
        let own = only(&person.name, person.address.as_deref().unwrap_or_default());
        let Some((letter, draft)) = self.letter(&person.name, &own, shared) else {
            return Vec::new();
        };
        let draft = value(&draft);
        let due_at = self.now + self.undo();
        let automatic = self.question.automatic();
        let Some(thread) = threads.get(&person.id) else {
            let row = self.row(person, Audience::Customer, letter, draft);
            return row
                .map(|row| NewRow {
                    automatic,
                    due_at,
                    ..row
                })
                .into_iter()
                .collect();
        };
        let opened = matches!(self.question.matter, Matter::Opened { .. });
        let told = InThread::of(thread, letter, draft);
        let row = |opening: bool| NewRow {
            ticket_id: Some(self.question.ticket.id),
            comment_id: self.question.comment.map(|comment| comment.id),
            recipient_id: Some(person.id),
            automatic,
            due_at,
            ..told.row(&self.event, opening)
        };
        let opening = thread.thread.is_none().then(|| row(true));
        // What opens the thread says that the ticket is there.
        let words = (!opened).then(|| row(false));
        opening.into_iter().chain(words).collect()
    }

    /// The letter's name and what stands in it.
    fn letter<'s>(
        &'s self,
        reader: &'s str,
        own: &'s Head,
        shared: &'s Head,
    ) -> Option<(&'static str, CustomerDraft<'s>)> {
        let question = self.question;
        let status = self.status_text();
        let asked = question.actor == Some(question.ticket.requester_id);
        let ticket = CustomerTicket {
            number: &question.ticket.number,
            subject: &self.subject,
        };
        let desk = &self.settings.desk.name;
        let zone = self.settings.desk.zone;
        let notice = |head, status| {
            CustomerDraft::notice(head, desk, reader, ticket, status, asked)
                .ending(self.closing.ending(zone))
        };
        Some(match question.matter {
            Matter::Opened { .. } => ("ticket_opened_customer", notice(own, None)),
            Matter::StaffWrote => {
                let public = question.comment.and_then(PublicComment::of)?;
                let moved = question.moved.and(status);
                let draft = notice(shared, moved).answer(public);
                ("comment_added_customer", draft)
            }
            Matter::Status => ("status_changed_customer", notice(own, status)),
            Matter::Nudged { closes_at } => {
                ("nudge_customer", notice(own, None).closing(closes_at, zone))
            }
            _ => return None,
        })
    }

    /// What a person did can be undone for a while; what the machinery did leaves at once.
    fn undo(&self) -> TimeDelta {
        match (self.question.matter, self.question.actor) {
            (Matter::StaffWrote | Matter::Status, Some(_)) => {
                TimeDelta::seconds(i64::from(self.settings.notify.undo_seconds))
            }
            _ => TimeDelta::zero(),
        }
    }

    /// The reader of an answer sees everybody who gets it by mail: the requester in `To`, the participants in `Cc`.
    fn shared_head(&self, customers: &[Customer<'_>]) -> Head {
        let mut head = Head::default();
        let people = customers.iter().map(|customer| customer.person());
        for person in people.filter(|person| person.reach == Reach::Mail) {
            let shown = Shown {
                name: one_line(&person.name),
                address: person.address.clone().unwrap_or_default(),
            };
            if person.id == self.question.ticket.requester_id {
                head.to.push(shown);
            } else {
                head.cc.push(shown);
            }
        }
        if head.to.is_empty() {
            std::mem::swap(&mut head.to, &mut head.cc);
        }
        head
    }

    fn status_text(&self) -> Option<StatusText<'_>> {
        let key = &self.question.ticket.status;
        let statuses = &mut self.settings.desk.status.iter();
        let status = statuses.find(|status| status.key == *key)?;
        Some(StatusText {
            name: &status.name,
            meaning: status.meaning.as_deref(),
        })
    }
}
