//! The sentences about what would become of a mail.

use super::{Outlook, Speech};
use crate::inbound::parties;
use crate::inbound::route::{Candidate, Rejection, Route, Trail};
use crate::inbound::spoken::Spoken;
use crate::mail::message::{Mailbox, Origin};
use crate::people::Person;
use crate::ticket::Ticket;
use crate::ticket::workflow::{self, Reaction};

/// The state that the mail's row would end in, and what would be done.
pub(super) fn outcome(outlook: &Outlook<'_>, route: &Route) -> (&'static str, String) {
    if let Some((id, state)) = &outlook.known {
        let words = format!(
            "nothing more: this message is here already, as mail {id} ({state}); `frontdesk inbound show {id}` tells of it"
        );
        return ("known", words);
    }
    match route {
        Route::NewTicket {
            links_to,
            on_behalf_of,
            acknowledge,
        } => {
            let link = links_to.map(|link| link.follows);
            (
                "processed",
                opening(outlook, link, on_behalf_of.as_ref(), *acknowledge),
            )
        }
        Route::Comment { as_staff, .. } => comment(outlook, *as_staff),
        Route::SilentEntry { because, .. } => (
            "processed",
            format!(
                "an entry on the timeline of {} that changes nothing: an automatic reply ({because})",
                number(outlook)
            ),
        ),
        Route::BounceOf(outbox) => (
            "processed",
            format!(
                "a note on message {outbox} of ours, which it says {}; `frontdesk outbox show {outbox}` tells of it",
                fate(outlook)
            ),
        ),
        Route::Unsubscribe(_) => (
            "processed",
            "the end of a subscription, by the token that only its subscriber was sent".to_owned(),
        ),
        Route::Ignore(reason) => ("ignored", format!("kept, and nothing done: {reason}")),
        Route::Reject(rejection) => refusal(*rejection),
        Route::Quarantine(reason) => (
            "quarantined",
            format!("kept for a person to look at: {reason}"),
        ),
    }
}

fn number<'a>(outlook: &'a Outlook<'_>) -> &'a str {
    let ticket = outlook.ticket.as_ref();
    ticket.map_or("a ticket", |ticket| ticket.number.as_str())
}

fn refusal(rejection: Rejection) -> (&'static str, String) {
    (
        "rejected",
        format!("refused, and its sender told so: {}", rejection.summary()),
    )
}

fn opening(
    outlook: &Outlook<'_>,
    follows: Option<bool>,
    on_behalf_of: Option<&Mailbox>,
    acknowledge: bool,
) -> String {
    if outlook
        .speech
        .as_ref()
        .is_some_and(|speech| speech.orders.words.is_empty())
    {
        return format!(
            "no ticket, but commands of {}:{}",
            author(outlook),
            ordered(outlook)
        );
    }
    let original =
        on_behalf_of.filter(|original| parties::may_be_somebody(outlook.settings, original));
    let whose = match original {
        Some(original) => format!(
            "a new ticket of {}, who wrote what {} forwards; {} is told",
            shown(original),
            author(outlook),
            author(outlook)
        ),
        None if acknowledge => {
            format!(
                "a new ticket of {}, who is told that it came",
                author(outlook)
            )
        }
        None => format!("a new ticket of {}, who is not answered", author(outlook)),
    };
    let link = match follows {
        Some(true) => format!(
            "; it continues {}, which was closed too long ago",
            number(outlook)
        ),
        Some(false) => format!(
            "; it is linked to {}, which it names but may not join",
            number(outlook)
        ),
        None => String::new(),
    };
    format!("{whose}{link}{}", ordered(outlook))
}

fn comment(outlook: &Outlook<'_>, as_staff: bool) -> (&'static str, String) {
    let (who, ticket) = (author(outlook), number(outlook));
    if !as_staff {
        let words = format!("a comment of {who} on {ticket}{}", stirred(outlook));
        return ("processed", words);
    }
    let speech = outlook.speech.as_ref();
    if let Some(rejection) = speech.and_then(Speech::refused) {
        return refusal(rejection);
    }
    let said = match speech.and_then(|speech| speech.spoken) {
        Some(Spoken::Note(_)) => format!("an internal note of {who} on {ticket}"),
        Some(Spoken::Reply(_)) => format!("a reply of {who} on {ticket} that its customer reads"),
        Some(Spoken::Refused(_)) | None => format!("commands of {who} on {ticket}"),
    };
    ("processed", format!("{said}{}", ordered(outlook)))
}

/// What a customer's word does to the ticket.
fn stirred(outlook: &Outlook<'_>) -> String {
    let react =
        |ticket: &Ticket| match workflow::reaction(&outlook.settings.desk, ticket, outlook.now) {
            Reaction::Become(status) => format!(", which becomes {status} again"),
            Reaction::Stay | Reaction::OpenAnother => String::new(),
        };
    outlook.ticket.as_ref().map(react).unwrap_or_default()
}

fn ordered(outlook: &Outlook<'_>) -> String {
    let commands = outlook
        .speech
        .iter()
        .flat_map(|speech| &speech.orders.commands);
    commands.map(|command| format!(" /{command}")).collect()
}

/// What a bounce says of the message that it returns.
fn fate(outlook: &Outlook<'_>) -> String {
    let Origin::Bounce(reports) = &outlook.mail.origin else {
        return "came back".to_owned();
    };
    let gravest = reports
        .iter()
        .max_by_key(|report| (report.is_final(), report.is_hard()));
    match gravest {
        Some(report) if report.is_final() && report.is_hard() => {
            format!(
                "failed for good ({}): the address is written to no more",
                report.status
            )
        }
        Some(report) if report.is_final() => format!("failed ({})", report.status),
        Some(report) if report.is_trouble() => format!("is delayed ({})", report.status),
        _ => "is in order".to_owned(),
    }
}

/// What decides, what decides first.
pub(super) fn because(outlook: &Outlook<'_>) -> Vec<String> {
    let facts = &outlook.facts;
    let mut because = Vec::new();
    if facts.from_ourselves {
        because.push("it is from an address of this desk, or bears its mark".to_owned());
    }
    because.push(standing(outlook));
    if facts.sender.as_ref().is_some_and(Person::is_active_staff) {
        because.push(proof(outlook));
    }
    let all = facts.candidates.iter();
    because.extend(all.map(|candidate| trail(outlook, candidate)));
    if facts.candidates.is_empty() {
        because.push(
            "nothing in it leads to a ticket: no token, no known Message-ID, no number".to_owned(),
        );
    }
    if facts.blocked {
        because.push("a ticket of its sender was marked as spam".to_owned());
    }
    if outlook.mail.spam {
        because.push("a filter on the way here marked it as spam".to_owned());
    }
    if facts.recent_from_sender > 0 {
        because.push(format!(
            "mails of its sender within the hour: {}; at most {} are taken",
            facts.recent_from_sender, facts.mails_per_sender_per_hour
        ));
    }
    if facts.accept_automatic && !matches!(outlook.mail.origin, Origin::Person) {
        because.push("the mailbox takes automatic mail as requests (accept_automatic)".to_owned());
    }
    because
}

/// Who the sender is to the desk.
fn standing(outlook: &Outlook<'_>) -> String {
    let who = author(outlook);
    match &outlook.facts.sender {
        None => format!("{who} is not known here yet"),
        Some(person) if person.is_active_staff() => format!("{who} is staff here"),
        Some(person) if person.role.is_staff() => {
            format!("{who} was staff here and has no rights any more")
        }
        Some(_) => format!("{who} is a customer who is known here"),
    }
}

/// Whether it is proven that staff wrote it.
fn proof(outlook: &Outlook<'_>) -> String {
    let names = outlook.mailbox.trusted_authserv.join(", ");
    match (outlook.facts.vouched, names.is_empty()) {
        (true, _) => format!("a server that the mailbox trusts ({names}) vouches for the address"),
        (false, true) => {
            "no server vouches for the address: the mailbox trusts none (trusted_authserv)"
                .to_owned()
        }
        (false, false) => {
            format!("no server that the mailbox trusts ({names}) vouches for the address")
        }
    }
}

/// How it leads to a ticket, and what the sender is to that one.
fn trail(outlook: &Outlook<'_>, candidate: &Candidate) -> String {
    let sender = outlook.facts.sender.as_ref();
    let ticket = &candidate.ticket.number;
    let takes_part = sender.is_some_and(|person| candidate.parties.contains(&person.id));
    let part = if takes_part {
        "its sender takes part in it"
    } else {
        "its sender does not take part in it"
    };
    match candidate.trail {
        Trail::Token(person) if sender.is_some_and(|sender| sender.id == person) => {
            format!("it bears the token of {ticket} that its sender was given")
        }
        Trail::Token(_) if candidate.token_of_staff => {
            format!("it bears a token of {ticket} that was given to somebody of the staff; {part}")
        }
        Trail::Token(_) => {
            format!("it bears a token of {ticket} that was given to somebody else; {part}")
        }
        Trail::Reference => format!("it answers a message of {ticket}; {part}"),
        Trail::Subject => format!("its subject names {ticket}; {part}"),
    }
}

fn author(outlook: &Outlook<'_>) -> String {
    let from = outlook.mail.mail.from.as_ref();
    match (&outlook.facts.sender, from) {
        (Some(person), Some(from)) if !person.name.is_empty() => {
            format!("{} <{}>", person.name, from.address)
        }
        (_, Some(from)) => shown(from),
        (_, None) => "nobody that it names".to_owned(),
    }
}

fn shown(mailbox: &Mailbox) -> String {
    if mailbox.name.is_empty() {
        mailbox.address.clone()
    } else {
        format!("{} <{}>", mailbox.name, mailbox.address)
    }
}
