//! Digests: what such a mail is made of, and the row it becomes. The numbers come from whoever computes them;
//! words that are the same in every digest stand in the template.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::by::{By, Reach};
use super::draft::{Head, one_line};
use super::posts;
use super::rows::{domain, mailbox, only, value};
use crate::config::Settings;
use crate::ids::{PersonId, SubscriptionId};
use crate::outbox::{Audience, Channel, NewRow};
use crate::plot::Chart;
use crate::ticket::token::{UnsubscribeToken, mint_message_id, unique};

/// A digest, the same for all who read it in one zone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Digest {
    /// `daily`, `weekly`, `monthly` or `mine`.
    pub kind: &'static str,
    /// What it is about, such as `Thursday 19 November 2026`.
    pub period: String,
    /// The teams it is about; empty for the whole desk.
    pub teams: Vec<String>,
    /// Tickets that were opened.
    pub new: String,
    /// Resolutions.
    pub resolved: String,
    /// How many tickets need a person; each counts once.
    pub need: usize,
    /// After how many hours a ticket that nobody has needs a person.
    pub unassigned_hours: i32,
    /// The tickets, by why they are listed.
    pub lists: Vec<TicketList>,
    /// What the reader wants to be reminded of today, in the order of the day.
    pub reminders: Vec<ListedReminder>,
    /// The figures of the period.
    pub figures: Vec<Figure>,
    /// The backlog by age.
    pub ages: Vec<Age>,
    /// The figures broken down.
    pub tables: Vec<Table>,
    /// Charts.
    pub charts: Vec<Picture>,
    /// The desk's own health.
    pub health: Health,
}

/// Tickets that are listed for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TicketList {
    /// Why: `missed`, `near`, `near_today`, `overdue`, `due_today`, `unassigned`, `reopened`, `bounced`, `angry`, `oldest`, `unanswered` or `others`.
    pub why: &'static str,
    /// How many there are.
    pub all: usize,
    /// The first of them.
    pub tickets: Vec<ListedTicket>,
    /// How many of them are not listed here.
    pub more: usize,
}

/// A ticket in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedTicket {
    /// Its number.
    pub number: String,
    /// Its subject.
    pub subject: String,
    /// Who has it: an agent, or else a team.
    pub who: Option<String>,
    /// Since when, as a day and a time in the reader's zone.
    pub since: String,
}

/// A reminder in an agent's own list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedReminder {
    /// When it comes, in the reader's zone: today's time, or the day where it is late.
    pub at: String,
    /// What it says; empty where it only names the ticket.
    pub text: String,
    /// The ticket's number.
    pub number: Option<String>,
    /// The ticket's subject.
    pub subject: Option<String>,
}

/// One figure with its change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// Which: `new`, `resolved`, `closed`, `reopened`, `reopen_rate`, `first_response_median`,
    /// `first_response_p90`, `resolution_median`, `resolution_p90`, `promises_kept`, `ratings`, `rating_mean`,
    /// `rated_badly` or `backlog`.
    pub key: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// The figure; a dash where there is none.
    pub value: String,
    /// The change to the period before, such as `+3` or `−20 min`; nothing where one of the two is missing.
    pub change: Option<String>,
    /// Whether the change is a good one; absent where it is neither.
    pub good: Option<bool>,
}

/// A class of the backlog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Age {
    /// The class.
    pub name: &'static str,
    /// How many tickets are in it.
    pub count: String,
}

/// The figures of the teams, or of the agents, …
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// What the rows are: `Team`, `Agent`, …
    pub title: &'static str,
    /// The word for it in `frontdesk stats --by`.
    pub by: String,
    /// The first rows.
    pub rows: Vec<Row>,
    /// How many rows are not listed here.
    pub more: usize,
}

/// One row of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The team, the agent, …
    pub name: String,
    /// Tickets that were opened.
    pub new: String,
    /// Resolutions.
    pub resolved: String,
    /// Unfinished tickets.
    pub backlog: String,
    /// Median of the first responses; a dash where there is none.
    pub first_response: String,
}

/// A chart and the words for those who do not see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Picture {
    /// The id by which the HTML refers to it.
    pub cid: &'static str,
    /// What it shows.
    pub alt: String,
    /// What it is drawn from when the mail is sent.
    pub chart: Chart,
}

/// The desk's own health.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Mailboxes that cannot be read, with the reason.
    pub failing: Vec<String>,
    /// Deliveries that were given up within the period.
    pub dead_deliveries: i64,
    /// Addresses that were suppressed within the period.
    pub suppressed: i64,
    /// Mails that wait for a person.
    pub mails_to_look_at: i64,
}

impl Health {
    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        *self == Self::default()
    }
}

/// Whom a digest goes to, and how.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The person.
    pub person: PersonId,
    /// How they are reached.
    pub reach: &'a Reach,
    /// By what it comes.
    pub by: By,
    /// Where in chat it is posted: the platform's name and the place.
    pub place: Option<(&'a str, &'a str)>,
    /// The subscription by which they get it.
    pub subscription: Option<SubscriptionId>,
}

/// A mail with a digest.
#[derive(Debug, Serialize)]
pub(super) struct DigestDraft<'a> {
    pub(super) mail: &'a Head,
    pub(super) desk: &'a str,
    pub(super) reader: String,
    /// Where a mail ends the subscription.
    pub(super) unsubscribe: Option<String>,
    #[serde(flatten)]
    pub(super) digest: &'a Digest,
}

/// The rows of a digest that is due at `slot`. Their keys are made of the digest, the moment and the reader, so that
/// nobody gets it twice.
#[must_use]
pub fn digest_rows(
    settings: &Settings,
    now: DateTime<Utc>,
    slot: DateTime<Utc>,
    reader: &Reader<'_>,
    digest: &Digest,
) -> Vec<NewRow> {
    let mail = mail_row(settings, now, slot, reader, digest);
    let chat = || match reader.place {
        Some((platform, place)) => Some(posts::to_place(mail.clone(), platform, place)),
        None => Some(posts::to_person(mail.clone(), reader.reach.chat.as_ref()?)),
    };
    let Ok(by) = reader.reach.settle_in(settings, reader.by, reader.place) else {
        return Vec::new();
    };
    let chat = if by.chat() { chat() } else { None };
    by.mail()
        .then(|| mail.clone())
        .into_iter()
        .chain(chat)
        .collect()
}

/// The row of the mail, whether it is to go out or not.
#[must_use]
pub fn mail_row(
    settings: &Settings,
    now: DateTime<Utc>,
    slot: DateTime<Utc>,
    reader: &Reader<'_>,
    digest: &Digest,
) -> NewRow {
    let mailbox = mailbox(settings, None);
    let address = reader.reach.mail.clone().unwrap_or_default();
    let name = &reader.reach.name;
    let head = only(name, &address);
    let unsubscribe = reader
        .subscription
        .and_then(|subscription| UnsubscribeToken { subscription }.sign(&settings.reply_keys))
        .zip(mailbox)
        .map(|(token, mailbox)| {
            format!("mailto:{}?subject=unsubscribe%20{token}", mailbox.address)
        });
    let draft = DigestDraft {
        mail: &head,
        desk: &settings.desk.name,
        reader: one_line(name),
        unsubscribe,
        digest,
    };
    NewRow {
        channel: Channel::Mail,
        dedupe_key: format!(
            "digest:{}:{}:{}",
            digest.kind,
            slot.format("%Y-%m-%dT%H:%MZ"),
            reader.person
        ),
        conversation: format!("digest:{}", reader.person),
        audience: Audience::Staff,
        template: if digest.kind == "mine" {
            "morning"
        } else {
            "digest"
        },
        draft: value(&draft),
        ticket_id: None,
        comment_id: None,
        recipient_id: Some(reader.person),
        address,
        mailbox: mailbox.map(|mailbox| mailbox.name.clone()),
        message_id: mint_message_id(None, &unique(), domain(mailbox)),
        automatic: true,
        bundle: None,
        due_at: now,
    }
}
