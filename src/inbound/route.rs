//! What becomes of a mail. A pure function of the mail and of what the database knows about it.
//!
//! Threads are trusted in this order: a signed reply token; a Message-ID in In-Reply-To or References; the
//! number in the subject. The last two count only if the sender takes part in the ticket, since anybody can
//! copy them. `From` alone never grants a staff right: that takes the agent's own token, or a pass in an
//! Authentication-Results header of a server that the configuration trusts.

use chrono::{DateTime, Utc};

use crate::config::DeskSettings;
use crate::ids::{OutboxId, PersonId, SubscriptionId, TicketId};
use crate::mail::message::{Mailbox, Origin, UnderstoodMail};
use crate::people::Person;
use crate::ticket::Ticket;
use crate::ticket::workflow::{self, Reaction};

/// How a ticket came to be considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trail {
    /// A signed token that was given to this person.
    Token(PersonId),
    /// A Message-ID in In-Reply-To or References.
    Reference,
    /// The number in the subject.
    Subject,
}

/// A ticket that the mail may belong to, resolved to the root of a merge.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The ticket.
    pub ticket: Ticket,
    /// How it came to be considered.
    pub trail: Trail,
    /// Whether the token, if that is the trail, was given to staff.
    pub token_of_staff: bool,
    /// Requester and participants.
    pub parties: Vec<PersonId>,
}

/// What the database knows about a mail.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The person to whom the From address belongs.
    pub sender: Option<Person>,
    /// Whether From is one of our own mailboxes, or the mail bears our own mark.
    pub from_ourselves: bool,
    /// Whether a trusted server vouches for the From address.
    pub vouched: bool,
    /// The tickets that it may belong to, in order of trust.
    pub candidates: Vec<Candidate>,
    /// The message of ours that it returns.
    pub returned: Option<OutboxId>,
    /// The subscription that it ends, by a signed token in its subject.
    pub unsubscribes: Option<SubscriptionId>,
    /// How many mails the sender wrote in the last hour.
    pub recent_from_sender: u32,
    /// The cap on that.
    pub mails_per_sender_per_hour: u32,
    /// Whether a ticket of its sender was marked as spam.
    pub blocked: bool,
    /// Whether the mailbox takes automatic mail as requests.
    pub accept_automatic: bool,
    /// Whether a person let the mail pass after it had been held back: neither cap nor filter holds it again.
    pub accepted: bool,
}

/// What becomes of a mail.
#[derive(Debug, Clone, PartialEq)]
pub enum Route {
    /// It opens a ticket.
    NewTicket {
        /// The ticket that it refers to but may not join.
        links_to: Option<Link>,
        /// The author of the mail that staff forwarded, who is the requester then.
        on_behalf_of: Option<Mailbox>,
        /// Whether the requester may be told that it arrived.
        acknowledge: bool,
    },
    /// It is a comment on a ticket.
    Comment {
        /// The ticket.
        ticket: TicketId,
        /// Whether its author speaks for the team.
        as_staff: bool,
    },
    /// An automatic reply to a ticket: it stands on the timeline and changes nothing.
    SilentEntry {
        /// The ticket.
        ticket: TicketId,
        /// What gave it away.
        because: String,
    },
    /// It says what became of a message that we sent.
    BounceOf(OutboxId),
    /// It ends a subscription, with the token that only the subscriber was sent.
    Unsubscribe(SubscriptionId),
    /// It is kept and nothing is done about it.
    Ignore(String),
    /// Its sender is told that it could not be taken.
    Reject(Rejection),
    /// A person should look at it.
    Quarantine(String),
}

/// A ticket that a new one is linked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The ticket.
    pub ticket: TicketId,
    /// Whether the new ticket continues it, rather than only mentioning it.
    pub follows: bool,
}

/// Why a mail is rejected with a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// It bears an agent's address without proof that the agent wrote it.
    UnprovenStaff(TicketId),
    /// An agent's reply holds text that is for staff only.
    QuotesInternal(TicketId),
    /// An agent's reply holds nothing but what it quotes.
    NothingNew(TicketId),
}

impl Rejection {
    /// The ticket that it would have joined.
    #[must_use]
    pub fn ticket(self) -> TicketId {
        match self {
            Self::UnprovenStaff(ticket)
            | Self::QuotesInternal(ticket)
            | Self::NothingNew(ticket) => ticket,
        }
    }

    /// Why, for the mail's row.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::UnprovenStaff(_) => {
                "it bears an agent's address without proof that the agent wrote it"
            }
            Self::QuotesInternal(_) => "a public reply that quotes what is for staff only",
            Self::NothingNew(_) => "a public reply without any new words",
        }
    }

    /// Why, for the sender.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::UnprovenStaff(_) => {
                "Your address belongs to an agent of this desk, but nothing proves that you wrote the mail."
            }
            Self::QuotesInternal(_) => {
                "Your reply quotes an internal note of the ticket, and the customer would have read it. Nothing was sent."
            }
            Self::NothingNew(_) => {
                "Your reply holds nothing beyond what it quotes from our notification. Nothing was sent."
            }
        }
    }

    /// What the sender can do.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::UnprovenStaff(_) => {
                "Answer the notification that Frontdesk sent you about this ticket: its reply address is your proof."
            }
            Self::QuotesInternal(_) => {
                "Send it again without the quoted text below your answer, or begin it with note: to keep it internal."
            }
            Self::NothingNew(_) => {
                "Send it again with your answer above the quoted text, or begin it with note: for an internal note."
            }
        }
    }
}

/// Decides what becomes of a mail.
#[must_use]
pub fn route(
    mail: &UnderstoodMail,
    facts: &Facts,
    desk: &DeskSettings,
    now: DateTime<Utc>,
) -> Route {
    if facts.from_ourselves {
        return Route::Ignore("it comes from one of our own addresses".to_owned());
    }
    // Mail programs write such a mail by themselves, and mark it or not.
    if let Some(subscription) = facts.unsubscribes
        && !matches!(mail.origin, Origin::Bounce(_))
    {
        return Route::Unsubscribe(subscription);
    }
    match &mail.origin {
        Origin::Bounce(_) => facts.returned.map_or_else(
            || Route::Ignore("a delivery report that matches no message we sent".to_owned()),
            Route::BounceOf,
        ),
        Origin::Feedback { feedback_type } => {
            Route::Ignore(format!("a feedback report ({feedback_type})"))
        }
        Origin::AutoReply { because } => automatic(facts, because).unwrap_or_else(|| {
            Route::Ignore(format!("an automatic reply to no ticket: {because}"))
        }),
        Origin::Automatic { because, .. } => automatic(facts, because).unwrap_or_else(|| {
            if facts.accept_automatic {
                held_back(mail, facts)
                    .or_else(|| marked_as_spam(mail, facts))
                    .unwrap_or_else(|| new_ticket(None, false))
            } else {
                Route::Ignore(format!("automatic mail: {because}"))
            }
        }),
        Origin::Person => from_a_person(mail, facts, desk, now),
    }
}

fn automatic(facts: &Facts, because: &str) -> Option<Route> {
    let candidate = facts
        .candidates
        .iter()
        .find(|candidate| candidate.trail != Trail::Subject)?;
    Some(Route::SilentEntry {
        ticket: candidate.ticket.id,
        because: because.to_owned(),
    })
}

fn from_a_person(
    mail: &UnderstoodMail,
    facts: &Facts,
    desk: &DeskSettings,
    now: DateTime<Utc>,
) -> Route {
    if let Some(route) = held_back(mail, facts) {
        return route;
    }
    for candidate in &facts.candidates {
        match standing(candidate, facts) {
            Standing::Staff => {
                return Route::Comment {
                    ticket: candidate.ticket.id,
                    as_staff: true,
                };
            }
            Standing::Party => return from_a_party(&candidate.ticket, desk, now),
            Standing::Unproven => {
                return Route::Reject(Rejection::UnprovenStaff(candidate.ticket.id));
            }
            Standing::Stranger => {}
        }
    }
    marked_as_spam(mail, facts).unwrap_or_else(|| opening(mail, facts))
}

/// A mail that a person looks at first, whoever or whatever wrote it.
fn held_back(mail: &UnderstoodMail, facts: &Facts) -> Option<Route> {
    if mail.mail.from.is_none() {
        return Some(Route::Quarantine("it has no author's address".to_owned()));
    }
    if facts.accepted {
        return None;
    }
    if facts.blocked {
        let why = "a ticket of its sender was marked as spam";
        return Some(Route::Quarantine(why.to_owned()));
    }
    (facts.recent_from_sender >= facts.mails_per_sender_per_hour).then(|| {
        Route::Quarantine(format!(
            "its sender wrote {} mails within an hour",
            facts.recent_from_sender
        ))
    })
}

/// The same of a mail that would open a ticket.
fn marked_as_spam(mail: &UnderstoodMail, facts: &Facts) -> Option<Route> {
    let why = "the mail server in front of us marked it as spam";
    (mail.spam && !facts.accepted).then(|| Route::Quarantine(why.to_owned()))
}

/// What the sender is to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Staff,
    Party,
    Unproven,
    Stranger,
}

fn standing(candidate: &Candidate, facts: &Facts) -> Standing {
    let sender = facts.sender.as_ref();
    if let Some(staff) = sender.filter(|person| person.is_active_staff()) {
        let own_token = candidate.trail == Trail::Token(staff.id);
        if own_token || facts.vouched {
            return Standing::Staff;
        }
        // An agent may be a customer of the desk as well, in tickets of their own.
        return if candidate.parties.contains(&staff.id) {
            Standing::Party
        } else {
            Standing::Unproven
        };
    }
    match candidate.trail {
        // A customer's token that somebody else uses was forwarded to them: they were invited. A token of
        // staff in other hands was leaked.
        Trail::Token(_) if !candidate.token_of_staff => Standing::Party,
        _ if sender.is_some_and(|person| candidate.parties.contains(&person.id)) => Standing::Party,
        _ => Standing::Stranger,
    }
}

fn from_a_party(ticket: &Ticket, desk: &DeskSettings, now: DateTime<Utc>) -> Route {
    match workflow::reaction(desk, ticket, now) {
        Reaction::OpenAnother => new_ticket(
            Some(Link {
                ticket: ticket.id,
                follows: true,
            }),
            true,
        ),
        Reaction::Stay | Reaction::Become(_) => Route::Comment {
            ticket: ticket.id,
            as_staff: false,
        },
    }
}

fn opening(mail: &UnderstoodMail, facts: &Facts) -> Route {
    let by_staff = facts
        .sender
        .as_ref()
        .is_some_and(|person| person.is_active_staff())
        && facts.vouched;
    let on_behalf_of = mail
        .forwarded
        .as_ref()
        .filter(|_| by_staff)
        .and_then(|forwarded| forwarded.from.clone());
    let links_to = facts.candidates.first().map(|candidate| Link {
        ticket: candidate.ticket.id,
        follows: false,
    });
    Route::NewTicket {
        links_to,
        on_behalf_of,
        acknowledge: true,
    }
}

fn new_ticket(links_to: Option<Link>, acknowledge: bool) -> Route {
    Route::NewTicket {
        links_to,
        on_behalf_of: None,
        acknowledge,
    }
}

#[cfg(test)]
mod tests;
