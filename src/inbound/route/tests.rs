#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use std::collections::BTreeMap;
use std::path::Path;

use chrono::TimeDelta;

use super::*;
use crate::config::service::MailLimits;
use crate::config::{self, desk::StatusKind};
use crate::mail;
use crate::people::Role;
use crate::ticket::Source;

fn desk() -> DeskSettings {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/desks/saas.toml");
    config::load_desk(&path).unwrap()
}

fn now() -> DateTime<Utc> {
    "2026-11-20T09:00:00Z".parse().unwrap()
}

fn mail(head: &str) -> UnderstoodMail {
    let raw = format!("{head}\nMessage-ID: <m@example.com>\n\nHello there\n");
    mail::understand(raw.as_bytes(), &MailLimits::default())
}

fn from_carla() -> UnderstoodMail {
    mail("From: carla@example.com\nTo: support@desk.test\nSubject: Hi")
}

fn person(id: i64, role: Role) -> Person {
    Person {
        id: PersonId(id),
        name: "Somebody".to_owned(),
        role,
        handle: role.is_staff().then(|| format!("agent{id}")),
        organization_id: None,
        address: Some(format!("p{id}@example.com")),
        disabled: false,
    }
}

fn ticket(id: i64, kind: StatusKind) -> Ticket {
    Ticket {
        id: TicketId(id),
        number: format!("T-{id}"),
        subject: String::new(),
        ticket_type: None,
        category: None,
        priority: "medium".to_owned(),
        status: "open".to_owned(),
        kind,
        requester_id: PersonId(1),
        organization_id: None,
        team: None,
        source_team: None,
        assignee_id: None,
        mailbox: None,
        due_at: None,
        snoozed_until: None,
        tags: Vec::new(),
        fields: BTreeMap::new(),
        source: Source::Mail,
        opened_at: now(),
        updated_at: now(),
        first_responded_at: None,
        resolved_at: None,
        closed_at: (kind == StatusKind::Closed).then(now),
        reopened_count: 0,
        merged_into_id: None,
    }
}

/// Ticket 7, whose requester is person 1.
fn candidate(trail: Trail) -> Candidate {
    Candidate {
        ticket: ticket(7, StatusKind::Open),
        trail,
        token_of_staff: false,
        parties: vec![PersonId(1)],
    }
}

fn facts(sender: Option<Person>, candidates: Vec<Candidate>) -> Facts {
    Facts {
        sender,
        from_ourselves: false,
        vouched: false,
        candidates,
        returned: None,
        unsubscribes: None,
        recent_from_sender: 0,
        blocked: false,
        mails_per_sender_per_hour: 100,
        accept_automatic: false,
        accepted: false,
    }
}

fn decide(mail: &UnderstoodMail, facts: &Facts) -> Route {
    route(mail, facts, &desk(), now())
}

fn comment(as_staff: bool) -> Route {
    Route::Comment {
        ticket: TicketId(7),
        as_staff,
    }
}

fn linked(follows: bool) -> Route {
    Route::NewTicket {
        links_to: Some(Link {
            ticket: TicketId(7),
            follows,
        }),
        on_behalf_of: None,
        acknowledge: true,
    }
}

#[test]
fn t1_a_stranger_who_quotes_a_number_gets_a_ticket_of_their_own_linked_to_it() {
    for trail in [Trail::Subject, Trail::Reference] {
        for sender in [None, Some(person(2, Role::Customer))] {
            let facts = facts(sender, vec![candidate(trail)]);
            assert_eq!(decide(&from_carla(), &facts), linked(false));
        }
    }
}

#[test]
fn whoever_takes_part_joins_by_reference_and_by_number() {
    for trail in [Trail::Subject, Trail::Reference] {
        let facts = facts(Some(person(1, Role::Customer)), vec![candidate(trail)]);
        assert_eq!(decide(&from_carla(), &facts), comment(false));
    }
}

#[test]
fn a_customers_token_admits_whoever_it_was_given_on_to() {
    let facts = facts(None, vec![candidate(Trail::Token(PersonId(1)))]);
    assert_eq!(decide(&from_carla(), &facts), comment(false));
}

#[test]
fn an_agents_token_works_in_the_agents_own_hands_only() {
    let mut of_agent = candidate(Trail::Token(PersonId(5)));
    of_agent.token_of_staff = true;
    let agent = facts(Some(person(5, Role::Agent)), vec![of_agent.clone()]);
    assert_eq!(decide(&from_carla(), &agent), comment(true));
    let other_agent = facts(Some(person(6, Role::Agent)), vec![of_agent.clone()]);
    assert_eq!(
        decide(&from_carla(), &other_agent),
        Route::Reject(Rejection::UnprovenStaff(TicketId(7)))
    );
    let stranger = facts(None, vec![of_agent]);
    assert_eq!(decide(&from_carla(), &stranger), linked(false));
}

#[test]
fn from_alone_grants_no_staff_right_but_a_trusted_server_does() {
    let mut facts = facts(
        Some(person(5, Role::Agent)),
        vec![candidate(Trail::Reference)],
    );
    assert_eq!(
        decide(&from_carla(), &facts),
        Route::Reject(Rejection::UnprovenStaff(TicketId(7)))
    );
    facts.vouched = true;
    assert_eq!(decide(&from_carla(), &facts), comment(true));
}

#[test]
fn a_disabled_agent_has_no_staff_right() {
    let mut agent = person(5, Role::Agent);
    agent.disabled = true;
    let mut of_agent = candidate(Trail::Token(PersonId(5)));
    of_agent.token_of_staff = true;
    let mut facts = facts(Some(agent), vec![of_agent]);
    facts.vouched = true;
    assert_eq!(decide(&from_carla(), &facts), linked(false));
}

#[test]
fn t4_a_reply_to_a_ticket_closed_long_ago_opens_another_that_follows_it() {
    let mut old = candidate(Trail::Token(PersonId(1)));
    old.ticket = ticket(7, StatusKind::Closed);
    let facts = facts(Some(person(1, Role::Customer)), vec![old]);
    assert_eq!(decide(&from_carla(), &facts), comment(false));
    let days = i64::from(desk().reopen_days);
    let later = now() + TimeDelta::days(days) + TimeDelta::seconds(1);
    assert_eq!(route(&from_carla(), &facts, &desk(), later), linked(true));
}

#[test]
fn l3_mail_from_our_own_address_goes_nowhere() {
    let mut facts = facts(None, vec![candidate(Trail::Reference)]);
    facts.from_ourselves = true;
    assert!(matches!(decide(&from_carla(), &facts), Route::Ignore(_)));
}

#[test]
fn l4_an_out_of_office_is_a_silent_entry_on_the_ticket_it_answers() {
    let away =
        mail("From: carla@example.com\nSubject: Out of office\nAuto-Submitted: auto-replied");
    let facts = facts(
        Some(person(1, Role::Customer)),
        vec![candidate(Trail::Reference)],
    );
    let Route::SilentEntry { ticket, .. } = decide(&away, &facts) else {
        panic!("{:?}", decide(&away, &facts));
    };
    assert_eq!(ticket, TicketId(7));
}

#[test]
fn l5_a_bounce_that_matches_nothing_we_sent_is_kept_and_does_nothing() {
    let bounce = UnderstoodMail {
        origin: Origin::Bounce(Vec::new()),
        ..from_carla()
    };
    let mut facts = facts(None, Vec::new());
    assert!(matches!(decide(&bounce, &facts), Route::Ignore(_)));
    facts.returned = Some(OutboxId(3));
    assert_eq!(decide(&bounce, &facts), Route::BounceOf(OutboxId(3)));
}

#[test]
fn l5b_an_out_of_office_to_no_ticket_opens_none() {
    let away =
        mail("From: carla@example.com\nSubject: Out of office\nAuto-Submitted: auto-replied");
    assert!(matches!(
        decide(&away, &facts(None, Vec::new())),
        Route::Ignore(_)
    ));
}

#[test]
fn automatic_mail_opens_a_ticket_unanswered_where_the_mailbox_wants_it() {
    let alert =
        mail("From: monitor@example.com\nSubject: Disk full\nAuto-Submitted: auto-generated");
    let mut facts = facts(None, Vec::new());
    assert!(matches!(decide(&alert, &facts), Route::Ignore(_)));
    facts.accept_automatic = true;
    let expected = Route::NewTicket {
        links_to: None,
        on_behalf_of: None,
        acknowledge: false,
    };
    assert_eq!(decide(&alert, &facts), expected);
}

#[test]
fn l1_a_machine_has_the_same_caps_as_a_person() {
    let alert =
        mail("From: monitor@example.com\nSubject: Disk full\nAuto-Submitted: auto-generated");
    let held = |change: &dyn Fn(&mut Facts)| {
        let mut facts = facts(None, Vec::new());
        facts.accept_automatic = true;
        change(&mut facts);
        matches!(decide(&alert, &facts), Route::Quarantine(_))
    };
    assert!(!held(&|_| {}));
    assert!(held(&|facts| facts.recent_from_sender = 100));
    assert!(held(&|facts| facts.blocked = true));
    let mut wanted = facts(None, Vec::new());
    wanted.accept_automatic = true;
    let spam = mail(
        "From: monitor@example.com\nSubject: Disk full\nAuto-Submitted: auto-generated\nX-Spam-Flag: YES",
    );
    assert!(matches!(decide(&spam, &wanted), Route::Quarantine(_)));
    let nobodys = mail("Subject: Cron\nAuto-Submitted: auto-generated");
    assert!(matches!(decide(&nobodys, &wanted), Route::Quarantine(_)));
}

#[test]
fn l1_a_sender_above_the_cap_is_quarantined() {
    let mut facts = facts(None, Vec::new());
    facts.recent_from_sender = 99;
    assert!(matches!(
        decide(&from_carla(), &facts),
        Route::NewTicket { .. }
    ));
    facts.recent_from_sender = 100;
    assert!(matches!(
        decide(&from_carla(), &facts),
        Route::Quarantine(_)
    ));
}

#[test]
fn a_mail_without_an_author_is_quarantined() {
    let nobody = mail("To: support@desk.test\nSubject: Hi");
    assert!(matches!(
        decide(&nobody, &facts(None, Vec::new())),
        Route::Quarantine(_)
    ));
}

#[test]
fn what_a_person_let_pass_is_held_back_neither_by_the_cap_nor_as_spam() {
    let mut facts = facts(None, Vec::new());
    facts.accepted = true;
    facts.recent_from_sender = 100;
    let spam = UnderstoodMail {
        spam: true,
        ..from_carla()
    };
    assert!(matches!(decide(&spam, &facts), Route::NewTicket { .. }));
    let nobody = mail("To: support@desk.test\nSubject: Hi");
    assert!(matches!(decide(&nobody, &facts), Route::Quarantine(_)));
}
