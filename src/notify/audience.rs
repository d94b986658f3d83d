//! Who hears what, decided in memory over loaded facts.

use std::collections::BTreeSet;

use super::facts::{Facts, Part, PersonFacts, Reply};
use super::{Happening, StatusMove, TargetNotice, Why, Withheld};
use crate::config::Settings;
use crate::ids::{OutboxId, PersonId};
use crate::people::Role;
use crate::ticket::{Comment, Ticket, Visibility};

/// A happening on a ticket, as far as it decides who hears.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) ticket: &'a Ticket,
    pub(super) comment: Option<&'a Comment>,
    pub(super) moved: Option<StatusMove<'a>>,
    pub(super) actor: Option<PersonId>,
    pub(super) matter: Matter<'a>,
}

/// What it is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Matter<'a> {
    Opened {
        acknowledge: bool,
        tell_actor: bool,
    },
    CustomerWrote,
    StaffWrote,
    Note,
    Status,
    Assigned(PersonId),
    Mentioned(PersonId),
    Failed(Failure<'a>),
    /// Who hears of it is decided with the notice: it is told for many tickets at once.
    Target(&'a TargetNotice<'a>),
}

/// A reply that did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failure<'a> {
    pub(super) outbox: OutboxId,
    pub(super) address: &'a str,
    pub(super) error: &'a str,
    /// The reply, where it is known.
    pub(super) reply: Option<&'a Reply>,
}

impl<'a> Question<'a> {
    /// Nothing where a ticket's assignee was taken away, and for what is on no ticket. `reply` is the one that
    /// did not arrive, where it is about that.
    pub(super) fn of(
        happening: &Happening<'a>,
        reply: Option<&'a Reply>,
        settings: &Settings,
    ) -> Option<Self> {
        match *happening {
            Happening::Opened {
                ticket,
                comment,
                actor,
                acknowledge,
                tell_actor,
            } => Some(Self {
                ticket,
                comment: Some(comment),
                moved: None,
                actor: actor.person(),
                matter: Matter::Opened {
                    acknowledge: acknowledge && settings.notify.acknowledge,
                    tell_actor,
                },
            }),
            Happening::Commented {
                ticket,
                comment,
                actor,
                moved,
            } => Some(Self {
                ticket,
                comment: Some(comment),
                moved,
                actor: actor.person(),
                matter: match (comment.visibility, comment.by_staff) {
                    (Visibility::Internal, _) => Matter::Note,
                    (Visibility::Public, true) => Matter::StaffWrote,
                    (Visibility::Public, false) => Matter::CustomerWrote,
                },
            }),
            Happening::StatusChanged {
                ticket,
                from,
                reason,
                actor,
            } => Some(Self {
                ticket,
                comment: None,
                moved: Some(StatusMove { from, reason }),
                actor: actor.person(),
                matter: Matter::Status,
            }),
            Happening::Assigned { ticket, actor } => Some(Self {
                ticket,
                comment: None,
                moved: None,
                actor: actor.person(),
                matter: Matter::Assigned(ticket.assignee_id?),
            }),
            Happening::Mentioned {
                ticket,
                comment,
                person,
                actor,
            } => Some(Self {
                ticket,
                comment: Some(comment),
                moved: None,
                actor: actor.person(),
                matter: Matter::Mentioned(person),
            }),
            Happening::DeliveryFailed {
                ticket,
                comment_id: _,
                outbox_id,
                address,
                error,
            } => Some(Self {
                ticket,
                comment: None,
                moved: None,
                actor: None,
                matter: Matter::Failed(Failure {
                    outbox: outbox_id,
                    address,
                    error,
                    reply,
                }),
            }),
            Happening::MailRejected(_) | Happening::Alarm { .. } => None,
        }
    }

    /// Whether customers would get a mail that nobody wrote.
    pub(super) fn automatic(&self) -> bool {
        matches!(
            self.matter,
            Matter::Opened {
                acknowledge: true,
                ..
            } | Matter::Status
        )
    }

    /// The team to ask for, where it may have to hear.
    pub(super) fn team(&self) -> Option<&'a str> {
        let concerned = matches!(
            self.matter,
            Matter::Opened { .. } | Matter::CustomerWrote | Matter::Status | Matter::Failed(_)
        );
        self.ticket.team.as_deref().filter(|_| concerned)
    }

    /// Whether all staff hears of it if nobody is in the team: a customer wrote, and nobody is assigned.
    pub(super) fn may_need_all_staff(&self) -> bool {
        let concerned = matches!(self.matter, Matter::Opened { .. } | Matter::CustomerWrote);
        concerned && self.ticket.assignee_id.is_none()
    }

    /// The ids of those whom the happening itself names.
    pub(super) fn named(&self) -> Vec<i64> {
        let about = match self.matter {
            Matter::Mentioned(person) => Some(person),
            Matter::Failed(failure) => failure.reply.map(|reply| reply.author_id),
            _ => None,
        };
        let author = self.comment.map(|comment| comment.author_id);
        let mut ids: Vec<i64> = [self.actor, about, author]
            .iter()
            .flatten()
            .map(|id| id.0)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// Somebody who reads what customers read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Customer<'f>(&'f PersonFacts);

/// Somebody who may read everything. It is only ever made of active staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Staff<'f>(&'f PersonFacts);

impl<'f> Staff<'f> {
    pub(super) fn of(person: &'f PersonFacts, settings: &Settings) -> Result<Self, Why> {
        if !person.role.is_staff() {
            return Err(Why::NotStaff);
        }
        match person.unreachable(settings) {
            Some(why) => Err(why),
            None => Ok(Self(person)),
        }
    }

    pub(super) fn person(self) -> &'f PersonFacts {
        self.0
    }
}

impl<'f> Customer<'f> {
    fn of(person: &'f PersonFacts, settings: &Settings) -> Result<Self, Why> {
        match person.unreachable(settings) {
            Some(why) => Err(why),
            None => Ok(Self(person)),
        }
    }

    pub(super) fn person(self) -> &'f PersonFacts {
        self.0
    }
}

/// Who hears.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Decision<'f> {
    pub(super) customers: Vec<Customer<'f>>,
    pub(super) staff: Vec<Staff<'f>>,
    pub(super) withheld: Vec<Withheld>,
    /// No assignee and no team can be reached, and all staff has not been asked for yet.
    pub(super) needs_all_staff: bool,
    /// An automatic answer met the limit of the minute: the breaker is to be opened.
    pub(super) flooded: bool,
}

impl<'f> Decision<'f> {
    fn withhold(&mut self, person: &PersonFacts, reason: Why) {
        self.withheld.push(Withheld {
            person: Some(person.id),
            address: person.address.clone(),
            reason,
        });
    }
}

/// Decides who hears.
pub(super) fn decide<'f>(
    facts: &'f Facts,
    question: &Question<'_>,
    settings: &Settings,
) -> Decision<'f> {
    let mut decision = Decision::default();
    let mut seen = BTreeSet::new();
    let opening = matches!(question.matter, Matter::Opened { .. });
    if !matches!(
        question.matter,
        Matter::Opened {
            tell_actor: true,
            ..
        }
    ) {
        seen.extend(question.actor);
    }
    for person in customers_concerned(facts, question) {
        if seen.insert(person.id) || opening {
            add_customer(&mut decision, person, question, facts, settings);
        }
    }
    for person in staff_concerned(facts, question, settings, &mut decision) {
        if seen.insert(person.id) {
            match Staff::of(person, settings) {
                Ok(staff) => decision.staff.push(staff),
                Err(why) => decision.withhold(person, why),
            }
        }
    }
    decision.staff.sort_by_key(|staff| staff.0.id);
    decision
}

/// Those who read what customers read. The acknowledgement is the one mail that goes to the actor: it
/// answers them.
fn customers_concerned<'f>(facts: &'f Facts, question: &Question<'_>) -> Vec<&'f PersonFacts> {
    match question.matter {
        Matter::Opened {
            acknowledge: true, ..
        } => facts.with(Part::Requester).collect(),
        Matter::StaffWrote | Matter::Status => facts
            .with(Part::Requester)
            .chain(facts.with(Part::Participant))
            .collect(),
        _ => Vec::new(),
    }
}

fn add_customer<'f>(
    decision: &mut Decision<'f>,
    person: &'f PersonFacts,
    question: &Question<'_>,
    facts: &Facts,
    settings: &Settings,
) {
    let customer = match Customer::of(person, settings) {
        Ok(customer) => customer,
        Err(why) => return decision.withhold(person, why),
    };
    if question.automatic() {
        let more = i64::try_from(decision.customers.len()).unwrap_or(i64::MAX);
        if let Some(why) = facts.guard.refuses(person.answers, more, &settings.caps) {
            decision.flooded |= facts.guard.flooded && !facts.guard.open;
            return decision.withhold(person, why);
        }
    }
    decision.customers.push(customer);
}

/// Staff who should hear, reachable or not, the actor still among them.
fn staff_concerned<'f>(
    facts: &'f Facts,
    question: &Question<'_>,
    settings: &Settings,
    decision: &mut Decision<'f>,
) -> Vec<&'f PersonFacts> {
    let named = |id: PersonId| facts.people.get(&id).into_iter().collect();
    match question.matter {
        Matter::Assigned(person) | Matter::Mentioned(person) => named(person),
        Matter::Failed(failure) => {
            let author = failure
                .reply
                .and_then(|reply| facts.people.get(&reply.author_id));
            match author {
                Some(author) if Staff::of(author, settings).is_ok() => vec![author],
                _ => responsible(facts, settings, decision),
            }
        }
        Matter::StaffWrote | Matter::Note => followers(facts),
        Matter::Target(_) => Vec::new(),
        Matter::Status if !by_customer(facts, question) => followers(facts),
        Matter::Status | Matter::CustomerWrote => responsible(facts, settings, decision),
        Matter::Opened { tell_actor, .. } => {
            let mut staff = responsible(facts, settings, decision);
            if tell_actor {
                let actor = question.actor.and_then(|id| facts.people.get(&id));
                staff.extend(actor.filter(|person| person.role.is_staff()));
            }
            staff
        }
    }
}

fn by_customer(facts: &Facts, question: &Question<'_>) -> bool {
    let actor = question.actor.and_then(|id| facts.people.get(&id));
    actor.is_some_and(|person| person.role == Role::Customer)
}

/// The assignee and the watchers.
fn followers(facts: &Facts) -> Vec<&PersonFacts> {
    facts
        .with(Part::Assignee)
        .chain(facts.with(Part::Watcher))
        .collect()
}

/// The assignee and the watchers; the team where nobody who can be reached is assigned; all staff where no
/// team can be reached either.
fn responsible<'f>(
    facts: &'f Facts,
    settings: &Settings,
    decision: &mut Decision<'f>,
) -> Vec<&'f PersonFacts> {
    let reachable = |part| {
        facts
            .with(part)
            .any(|person| Staff::of(person, settings).is_ok())
    };
    let mut staff = followers(facts);
    if reachable(Part::Assignee) {
        return staff;
    }
    staff.extend(facts.with(Part::Team));
    if reachable(Part::Team) {
        return staff;
    }
    staff.extend(facts.with(Part::AllStaff));
    if !facts.all_staff {
        decision.needs_all_staff = true;
    } else if !reachable(Part::AllStaff) {
        decision.withheld.push(Withheld {
            person: None,
            address: None,
            reason: Why::NobodyThere,
        });
    }
    staff
}

#[cfg(test)]
mod tests;
