//! Who hears what, decided in memory over loaded facts.

use std::collections::BTreeSet;

use super::facts::{Facts, Part, PersonFacts};
use super::question::{Matter, Question};
use super::{Why, Withheld};
use crate::config::Settings;
use crate::ids::PersonId;
use crate::people::Role;
use crate::ticket::workflow;

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
        match person.without_mail(settings) {
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
    let tell_actor = match question.matter {
        Matter::Opened { tell_actor, .. } => tell_actor,
        // Whoever says that the matter is settled gets it in writing, and is asked how it was.
        Matter::Status => workflow::is_done(question.ticket.kind) && by_customer(facts, question),
        _ => false,
    };
    if !tell_actor {
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
        }
        | Matter::Nudged { .. } => facts.with(Part::Requester).collect(),
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
        if let Some(why) = refused(question, facts, person, more, settings) {
            decision.flooded |= facts.guard.flooded && !facts.guard.open;
            return decision.withhold(person, why);
        }
    }
    decision.customers.push(customer);
}

/// Why one more automatic mail may not go to the person. The share of an address limits what answers it; news of a status
/// answers nobody. What a person of the desk did to a ticket is told however often they do it.
fn refused(
    question: &Question<'_>,
    facts: &Facts,
    person: &PersonFacts,
    more: i64,
    settings: &Settings,
) -> Option<Why> {
    let guard = facts.guard;
    match (question.matter, question.actor) {
        (Matter::Status, Some(_)) => guard.is_closed().then_some(Why::BreakerOpen),
        (Matter::Status, None) => guard.refuses(0, more, &settings.caps),
        _ => guard.refuses(person.answers, more, &settings.caps),
    }
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
        Matter::Target(_) | Matter::Nudged { .. } => Vec::new(),
        Matter::Status if !by_customer(facts, question) => followers(facts),
        Matter::Status | Matter::CustomerWrote | Matter::HandedOver => {
            responsible(facts, settings, decision)
        }
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
