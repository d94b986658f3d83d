//! What is known of the people around a ticket: one query, before anything is decided.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::breaker::{AUTOMATIC_ANSWERS, Guard};
use super::question::Question;
use super::reach::Reach;
use super::{Why, address};
use crate::config::Settings;
use crate::ids::{CommentId, PersonId, TicketId};
use crate::people::Role;

/// Why a person is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(super) enum Part {
    /// Asked.
    Requester,
    /// Takes part beside the requester.
    Participant,
    /// Has the ticket.
    Assignee,
    /// Wants to know.
    Watcher,
    /// Is in the ticket's team.
    Team,
    /// Leads the ticket's team; asked for where a target is missed.
    Lead,
    /// Is staff, asked for where no team can be reached.
    AllStaff,
    /// Is named by the happening itself: its actor, an author, somebody mentioned.
    Named,
}

/// One person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PersonFacts {
    pub(super) id: PersonId,
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) disabled: bool,
    pub(super) address: Option<String>,
    pub(super) suppressed: bool,
    /// Automatic answers to the address in the past hour, news of a status aside; counted only where it matters.
    pub(super) answers: i64,
    /// By which way a customer's words and ours go.
    pub(super) reach: Reach,
}

impl PersonFacts {
    /// Why the person cannot be told anything, whatever the matter.
    pub(super) fn unreachable(&self, settings: &Settings) -> Option<Why> {
        match self.reach {
            Reach::Mail => self.without_mail(settings),
            Reach::Thread(_) | Reach::Account(_) => self.disabled.then_some(Why::Disabled),
        }
    }

    /// Why the person cannot be written to by mail, whatever the matter.
    pub(super) fn without_mail(&self, settings: &Settings) -> Option<Why> {
        if self.disabled {
            return Some(Why::Disabled);
        }
        let Some(address) = &self.address else {
            return Some(Why::NoAddress);
        };
        address::unwritable(settings, address).or(self.suppressed.then_some(Why::Suppressed))
    }
}

/// Everything that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) people: BTreeMap<PersonId, PersonFacts>,
    pub(super) parts: Vec<(Part, PersonId)>,
    pub(super) guard: Guard,
    /// Whether all staff has been asked for.
    pub(super) all_staff: bool,
}

impl Facts {
    /// The people with this part, in the order of their ids.
    pub(super) fn with(&self, part: Part) -> impl Iterator<Item = &PersonFacts> {
        self.parts
            .iter()
            .filter(move |(has, _)| *has == part)
            .filter_map(|(_, id)| self.people.get(id))
    }

    /// The person's name, if they are known.
    pub(super) fn name(&self, id: Option<PersonId>) -> Option<&str> {
        self.people.get(&id?).map(|person| person.name.as_str())
    }

    /// Takes in all staff.
    pub(super) fn add(&mut self, staff: Vec<PersonFacts>) {
        self.all_staff = true;
        for person in staff {
            self.parts.push((Part::AllStaff, person.id));
            self.people.entry(person.id).or_insert(person);
        }
    }
}

/// Asks for everybody who may be concerned by each of several happenings, which is all staff where the ticket's team is
/// empty, for what keeps them from being written to, and for the caps.
///
/// `OFFSET 0` keeps the time and kind of a message out of the look-up, which then can only be by ticket or by address:
/// on a desk that is still small PostgreSQL takes the index of all recent answers for the cheaper way, and goes on
/// taking it while thousands of them come in.
///
/// The count of the past minute is exact only where it can matter: the span between the first and the last
/// row's id is never smaller than the number of rows between them, and costs two index look-ups.
pub(super) async fn load(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    questions: &[Question<'_>],
) -> Result<Vec<Facts>, sqlx::Error> {
    let asked = Asked::of(questions);
    let rows = sqlx::query!(
        r#"WITH recent AS (
               SELECT (SELECT id FROM outbox WHERE automatic AND audience = 'customer' AND created_at > $11
                       ORDER BY created_at DESC LIMIT 1)
                    - (SELECT id FROM outbox WHERE automatic AND audience = 'customer' AND created_at > $11
                       ORDER BY created_at LIMIT 1) + 1 AS span
               WHERE $9::bigint > 0
           ), guard AS (
               SELECT EXISTS (SELECT FROM breaker WHERE name = $14 AND until > $12) AS open,
                      CASE WHEN (SELECT span FROM recent) + $9::bigint > $13 THEN
                          (SELECT count(*) FROM (SELECT FROM outbox WHERE automatic AND audience = 'customer'
                           AND created_at > $11 LIMIT $13) AS few)
                      ELSE 0 END AS recent
               WHERE $9::bigint > 0
           )
           SELECT asked.place AS "place!", listed.part AS "part!: Part", person.id AS "id!: PersonId", person.name AS "name!",
                  person.role AS "role!", person.disabled_at IS NOT NULL AS "disabled!", held.address AS "address?",
                  EXISTS (SELECT FROM suppression WHERE suppression.address = held.address AND lifted_at IS NULL)
                      AS "suppressed!",
                  CASE WHEN asked.automatic AND listed.part IN ('requester', 'participant') THEN
                      (SELECT count(*) FROM (SELECT automatic, audience, template FROM outbox
                                             WHERE outbox.address = held.address AND created_at > $10
                                             OFFSET 0) AS to_address
                       WHERE automatic AND audience = 'customer' AND template <> 'status_changed_customer')
                  ELSE 0 END AS "answers!",
                  guard.open AS "open?", guard.recent AS "recent?", asked.answers AS "ticket_answers!"
           FROM (SELECT one.*, CASE WHEN automatic THEN
                            (SELECT count(*) FROM (SELECT outbox.automatic, audience, created_at FROM outbox
                                                   WHERE outbox.ticket_id = one.ticket_id OFFSET 0) AS of_ticket
                             WHERE of_ticket.automatic AND audience = 'customer' AND created_at > $10)
                        ELSE 0 END AS answers
                 FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::boolean[], $6::boolean[])
                      WITH ORDINALITY AS one (ticket_id, requester_id, assignee_id, team, automatic, all_staff, place)
                 OFFSET 0) AS asked
           CROSS JOIN LATERAL (
               SELECT 'requester' AS part, asked.requester_id AS person_id
               UNION ALL SELECT 'assignee', asked.assignee_id WHERE asked.assignee_id IS NOT NULL
               UNION ALL SELECT ticket_person.part, person_id FROM ticket_person WHERE ticket_id = asked.ticket_id
               UNION ALL SELECT 'team', person_id FROM team_member WHERE team = asked.team
               UNION ALL SELECT 'all_staff', staff.id FROM person AS staff
                         WHERE asked.all_staff AND staff.role <> 'customer' AND staff.disabled_at IS NULL
                           AND EXISTS (SELECT FROM person_address WHERE person_id = staff.id AND is_primary)
                           AND NOT EXISTS (SELECT FROM team_member WHERE team = asked.team)
               UNION ALL SELECT 'named', named.id FROM unnest($7::bigint[], $8::bigint[]) AS named (id, place)
                         WHERE named.place = asked.place
           ) AS listed
           JOIN person ON person.id = listed.person_id
           LEFT JOIN person_address AS held ON held.person_id = person.id AND held.is_primary
           LEFT JOIN guard ON true
           ORDER BY asked.place, person.id"#,
        &asked.tickets as &[TicketId],
        &asked.requesters as &[PersonId],
        &asked.assignees as &[Option<PersonId>],
        &asked.teams as &[Option<&str>],
        &asked.automatic,
        &asked.all_staff,
        &asked.named,
        &asked.named_in,
        asked.answers(),
        now - TimeDelta::hours(1),
        now - TimeDelta::minutes(1),
        now,
        i64::from(settings.caps.answers_per_minute),
        AUTOMATIC_ANSWERS,
    )
    .fetch_all(conn)
    .await?;
    let mut all = vec![Facts::default(); questions.len()];
    for row in rows {
        let place = usize::try_from(row.place - 1).unwrap_or(usize::MAX);
        let Some(facts) = all.get_mut(place) else {
            continue;
        };
        facts.guard = Guard {
            open: row.open.unwrap_or(false),
            flooded: false,
            recent: row.recent.unwrap_or(0),
            ticket_answers: row.ticket_answers,
        };
        facts.parts.push((row.part, row.id));
        let person = facts.people.entry(row.id).or_insert(PersonFacts {
            id: row.id,
            name: row.name,
            role: Role::from_key(&row.role),
            disabled: row.disabled,
            address: row.address,
            suppressed: row.suppressed,
            answers: 0,
            reach: Reach::Mail,
        });
        person.answers = person.answers.max(row.answers);
    }
    for (facts, question) in all.iter_mut().zip(questions) {
        facts.all_staff = question.may_need_all_staff() && facts.with(Part::Team).next().is_none();
    }
    Ok(all)
}

/// The questions turned on their side, as `unnest` wants them.
#[derive(Default)]
struct Asked<'a> {
    tickets: Vec<TicketId>,
    requesters: Vec<PersonId>,
    assignees: Vec<Option<PersonId>>,
    teams: Vec<Option<&'a str>>,
    automatic: Vec<bool>,
    all_staff: Vec<bool>,
    /// Whom the happenings themselves name, and which question each belongs to, counted from one.
    named: Vec<i64>,
    named_in: Vec<i64>,
}

impl<'a> Asked<'a> {
    fn of(questions: &[Question<'a>]) -> Self {
        let mut asked = Self::default();
        for (place, question) in (1_i64..).zip(questions) {
            let ticket = question.ticket;
            asked.tickets.push(ticket.id);
            asked.requesters.push(ticket.requester_id);
            asked.assignees.push(ticket.assignee_id);
            asked.teams.push(question.team());
            asked.automatic.push(question.automatic());
            asked.all_staff.push(question.may_need_all_staff());
            for id in question.named() {
                asked.named.push(id);
                asked.named_in.push(place);
            }
        }
        asked
    }

    /// How many of them may call for automatic answers.
    fn answers(&self) -> i64 {
        let answers = self.automatic.iter().filter(|automatic| **automatic);
        i64::try_from(answers.count()).unwrap_or(i64::MAX)
    }
}

/// All active staff with an address.
pub(super) async fn all_staff(conn: &mut PgConnection) -> Result<Vec<PersonFacts>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT person.id AS "id: PersonId", person.name, person.role, held.address,
                  EXISTS (SELECT FROM suppression WHERE suppression.address = held.address AND lifted_at IS NULL)
                      AS "suppressed!"
           FROM person
           JOIN person_address AS held ON held.person_id = person.id AND held.is_primary
           WHERE person.role <> 'customer' AND person.disabled_at IS NULL
           ORDER BY person.id"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| PersonFacts {
            id: row.id,
            name: row.name,
            role: Role::from_key(&row.role),
            disabled: false,
            address: Some(row.address),
            suppressed: row.suppressed,
            answers: 0,
            reach: Reach::Mail,
        })
        .collect())
}

/// A reply that did not arrive: who wrote it, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) author_id: PersonId,
    pub(super) body: String,
}

/// Asks for the reply that a failed row carried.
pub(super) async fn reply(
    conn: &mut PgConnection,
    comment: Option<CommentId>,
) -> Result<Option<Reply>, sqlx::Error> {
    let Some(comment) = comment else {
        return Ok(None);
    };
    sqlx::query_as!(
        Reply,
        r#"SELECT author_id AS "author_id: PersonId", body FROM comment WHERE id = $1"#,
        comment.0
    )
    .fetch_optional(conn)
    .await
}

/// What is known of an address that belongs to nobody yet.
pub(super) struct AddressFacts {
    pub(super) suppressed: bool,
    pub(super) answers: i64,
    pub(super) guard: Guard,
}

/// Asks for the caps of one address.
pub(super) async fn load_address(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    address: &str,
) -> Result<AddressFacts, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT EXISTS (SELECT FROM suppression WHERE address = $1 AND lifted_at IS NULL) AS "suppressed!",
                  (SELECT count(*) FROM (SELECT automatic, audience, template FROM outbox
                                         WHERE address = $1 AND created_at > $2 OFFSET 0) AS to_address
                   WHERE automatic AND audience = 'customer' AND template <> 'status_changed_customer') AS "answers!",
                  EXISTS (SELECT FROM breaker WHERE name = $5 AND until > $6) AS "open!",
                  (SELECT count(*) FROM (SELECT FROM outbox WHERE automatic AND audience = 'customer'
                   AND created_at > $3 LIMIT $4) AS few) >= $4 AS "flooded!""#,
        address,
        now - TimeDelta::hours(1),
        now - TimeDelta::minutes(1),
        i64::from(settings.caps.answers_per_minute),
        AUTOMATIC_ANSWERS,
        now,
    )
    .fetch_one(conn)
    .await?;
    Ok(AddressFacts {
        suppressed: row.suppressed,
        answers: row.answers,
        guard: Guard {
            open: row.open,
            flooded: row.flooded,
            recent: 0,
            ticket_answers: 0,
        },
    })
}

/// Those of the addresses that are not suppressed, lower-cased.
pub(super) async fn writable(
    conn: &mut PgConnection,
    addresses: &[String],
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT DISTINCT lower(address) AS "address!" FROM unnest($1::text[]) AS asked (address)
           WHERE NOT EXISTS (SELECT FROM suppression
                             WHERE suppression.address = lower(asked.address) AND lifted_at IS NULL)"#,
        addresses
    )
    .fetch_all(conn)
    .await
}
