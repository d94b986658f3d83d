#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::Path;
use std::sync::OnceLock;

use chrono::DateTime;
use proptest::prelude::*;

use super::super::closing::Closing;
use super::super::reach::{Reach, Threads};
use super::*;
use crate::config::desk::StatusKind;
use crate::config::{self};
use crate::ids::{CommentId, TicketId};
use crate::notify::{Happening, StatusMove, rows};
use crate::ticket::{Actor, Comment, Source, Ticket, Visibility};

const SECRET: &str = "what staff says among itself";

fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo.toml");
        config::load(&file, &|_| {
            Some("a key of at least thirty-two bytes".to_owned())
        })
        .unwrap()
    })
}

fn ticket(assignee: Option<i64>) -> Ticket {
    Ticket {
        id: TicketId(42),
        number: "TKT-42".to_owned(),
        subject: "The printer".to_owned(),
        ticket_type: None,
        category: None,
        priority: "medium".to_owned(),
        status: "open".to_owned(),
        kind: StatusKind::New,
        requester_id: PersonId(1),
        organization_id: None,
        team: Some("support".to_owned()),
        source_team: None,
        assignee_id: assignee.map(PersonId),
        mailbox: Some("support".to_owned()),
        due_at: None,
        snoozed_until: None,
        tags: vec![],
        fields: Default::default(),
        source: Source::Mail,
        opened_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
        first_responded_at: None,
        resolved_at: None,
        closed_at: None,
        reopened_count: 0,
        merged_into_id: None,
    }
}

fn comment(author: i64, visibility: Visibility, by_staff: bool) -> Comment {
    Comment {
        id: CommentId(7),
        ticket_id: TicketId(42),
        author_id: PersonId(author),
        author_name: "Ada".to_owned(),
        visibility,
        by_staff,
        is_resolution: false,
        body: SECRET.to_owned(),
        created_at: DateTime::UNIX_EPOCH,
        edited_at: None,
        deleted_at: None,
        attachments: vec![],
    }
}

prop_compose! {
    fn people()(
        people in prop::collection::vec((0..4_usize, any::<bool>(), any::<bool>(), 0..5_usize), 6),
        parts in prop::collection::vec((0..7_usize, 1..=6_i64), 0..14),
    ) -> Facts {
        let roles = [Role::Customer, Role::Agent, Role::Manager, Role::Admin];
        let mut facts = Facts { all_staff: true, ..Facts::default() };
        for (id, (role, disabled, suppressed, address)) in (1_i64..).zip(people) {
            let person = PersonFacts {
                id: PersonId(id),
                name: format!("P{id}"),
                role: roles[role],
                disabled: disabled && id % 2 == 0,
                address: match address {
                    0 => None,
                    1 => Some("support@frontdesk.example".to_owned()),
                    _ => Some(format!("p{id}@customer.example")),
                },
                suppressed: suppressed && id % 3 == 0,
                answers: 0,
                reach: Reach::Mail,
            };
            facts.people.insert(person.id, person);
        }
        let kinds = [Part::Requester, Part::Participant, Part::Assignee, Part::Watcher, Part::Team, Part::AllStaff, Part::Named];
        facts.parts.push((Part::Requester, PersonId(1)));
        facts.parts.extend(parts.into_iter().map(|(kind, id)| (kinds[kind], PersonId(id))));
        facts
    }
}

proptest! {
    /// Whoever stands around a ticket and in whatever part: what is internal goes to active staff only.
    #[test]
    fn an_internal_note_reaches_no_customer(
        facts in people(), author in 1..=6_i64, assignee in prop::option::of(1..=6_i64),
        way in 0..3_usize, named in 1..=6_i64,
    ) {
        let ticket = ticket(assignee);
        let note = comment(author, Visibility::Internal, true);
        let actor = Actor::Person(PersonId(author));
        let happening = match way {
            0 => Happening::Commented {
                ticket: &ticket, comment: &note, actor,
                moved: Some(StatusMove { from: "open", reason: Some(SECRET) }),
            },
            1 => Happening::Mentioned { ticket: &ticket, comment: &note, person: PersonId(named), actor },
            // A ticket that staff opened for itself.
            _ => Happening::Opened { ticket: &ticket, comment: &note, actor, acknowledge: true, tell_actor: true },
        };
        let question = Question::of(&happening, None, settings()).unwrap();
        let decision = decide(&facts, &question, settings());
        for row in rows::of_ticket(settings(), DateTime::UNIX_EPOCH, &question, &facts, &decision, (&Threads::new(), Closing::default())) {
            if row.draft.to_string().contains(SECRET) {
                prop_assert_eq!(row.audience, crate::outbox::Audience::Staff);
                let person = &facts.people[&row.recipient_id.unwrap()];
                prop_assert!(person.role.is_staff() && !person.disabled);
            }
            if row.audience == crate::outbox::Audience::Customer {
                prop_assert_eq!(row.template, "ticket_opened_customer");
            }
        }
    }

    /// The reason of a change of status is staff's own business, too.
    #[test]
    fn the_reason_of_a_change_reaches_no_customer(facts in people(), actor in 1..=6_i64) {
        let ticket = ticket(None);
        let happening = Happening::StatusChanged {
            ticket: &ticket, from: "resolved", reason: Some(SECRET), actor: Actor::Person(PersonId(actor)),
        };
        let question = Question::of(&happening, None, settings()).unwrap();
        let decision = decide(&facts, &question, settings());
        for row in rows::of_ticket(settings(), DateTime::UNIX_EPOCH, &question, &facts, &decision, (&Threads::new(), Closing::default())) {
            let told = row.draft.to_string().contains(SECRET);
            prop_assert_eq!(told, row.audience == crate::outbox::Audience::Staff);
        }
    }

    /// Nobody hears twice, of their own act, or at an address that must not be written to.
    #[test]
    fn everybody_hears_once_and_never_of_their_own_act(
        facts in people(), author in 1..=6_i64, by_staff: bool, assignee in prop::option::of(1..=6_i64),
    ) {
        let ticket = ticket(assignee);
        let said = comment(author, Visibility::Public, by_staff);
        let happening = Happening::Commented {
            ticket: &ticket, comment: &said, actor: Actor::Person(PersonId(author)), moved: None,
        };
        let question = Question::of(&happening, None, settings()).unwrap();
        let decision = decide(&facts, &question, settings());
        let rows = rows::of_ticket(settings(), DateTime::UNIX_EPOCH, &question, &facts, &decision, (&Threads::new(), Closing::default()));
        let mut seen = BTreeSet::new();
        for row in rows {
            let person = row.recipient_id.unwrap();
            prop_assert!(seen.insert(person));
            prop_assert_ne!(person, PersonId(author));
            let facts = &facts.people[&person];
            prop_assert!(!facts.disabled && !facts.suppressed);
            prop_assert_ne!(row.address, "support@frontdesk.example");
        }
    }
}
