//! What is known of the people around a ticket: one query, before anything is decided.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::breaker::{AUTOMATIC_ANSWERS, Guard};
use super::question::Question;
use super::reach::Reach;
use super::target::Around;
use super::{Why, address};
use crate::config::Settings;
use crate::ids::{CommentId, PersonId, TicketId};
use crate::people::Role;
use crate::ticket::Ticket;

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
    /// Automatic answers to the address in the past hour; counted only where it matters.
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

/// Asks for everybody who may be concerned, which is all staff where the ticket's team is empty, for what keeps them from being written to, and for the caps.
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
    question: &Question<'_>,
) -> Result<Facts, sqlx::Error> {
    let ticket = question.ticket;
    let rows = sqlx::query!(
        r#"WITH listed (part, person_id) AS (
               SELECT 'requester', $2::bigint
               UNION ALL SELECT 'assignee', $3::bigint WHERE $3 IS NOT NULL
               UNION ALL SELECT part, person_id FROM ticket_person WHERE ticket_id = $1
               UNION ALL SELECT 'team', person_id FROM team_member WHERE team = $4
               UNION ALL SELECT 'all_staff', staff.id FROM person AS staff
                         WHERE $12 AND staff.role <> 'customer' AND staff.disabled_at IS NULL
                           AND EXISTS (SELECT FROM person_address WHERE person_id = staff.id AND is_primary)
                           AND NOT EXISTS (SELECT FROM team_member WHERE team = $4)
               UNION ALL SELECT 'named', id FROM unnest($5::bigint[]) AS id
           ), recent AS (
               SELECT (SELECT id FROM outbox WHERE automatic AND audience = 'customer' AND created_at > $8
                       ORDER BY created_at DESC LIMIT 1)
                    - (SELECT id FROM outbox WHERE automatic AND audience = 'customer' AND created_at > $8
                       ORDER BY created_at LIMIT 1) + 1 AS span
               WHERE $6
           ), guard AS (
               SELECT EXISTS (SELECT FROM breaker WHERE name = $11 AND until > $9) AS open,
                      CASE WHEN (SELECT span FROM recent) >= $10 THEN
                          (SELECT count(*) FROM (SELECT FROM outbox WHERE automatic AND audience = 'customer'
                           AND created_at > $8 LIMIT $10) AS few) >= $10
                      ELSE false END AS flooded,
                      (SELECT count(*) FROM (SELECT automatic, audience, created_at FROM outbox
                                             WHERE ticket_id = $1 OFFSET 0) AS of_ticket
                       WHERE automatic AND audience = 'customer' AND created_at > $7) AS ticket_answers
               WHERE $6
           )
           SELECT listed.part AS "part!: Part", person.id AS "id: PersonId", person.name, person.role,
                  person.disabled_at IS NOT NULL AS "disabled!", held.address AS "address?",
                  EXISTS (SELECT FROM suppression WHERE suppression.address = held.address AND lifted_at IS NULL)
                      AS "suppressed!",
                  CASE WHEN $6 AND listed.part IN ('requester', 'participant') THEN
                      (SELECT count(*) FROM (SELECT automatic, audience FROM outbox
                                             WHERE outbox.address = held.address AND created_at > $7
                                             OFFSET 0) AS to_address
                       WHERE automatic AND audience = 'customer')
                  ELSE 0 END AS "answers!",
                  guard.open AS "open?", guard.flooded AS "flooded?", guard.ticket_answers AS "ticket_answers?"
           FROM listed
           JOIN person ON person.id = listed.person_id
           LEFT JOIN person_address AS held ON held.person_id = person.id AND held.is_primary
           LEFT JOIN guard ON true
           ORDER BY person.id"#,
        ticket.id.0,
        ticket.requester_id.0,
        ticket.assignee_id.map(|id| id.0),
        question.team(),
        &question.named(),
        question.automatic(),
        now - TimeDelta::hours(1),
        now - TimeDelta::minutes(1),
        now,
        i64::from(settings.caps.answers_per_minute),
        AUTOMATIC_ANSWERS,
        question.may_need_all_staff(),
    )
    .fetch_all(conn)
    .await?;
    let mut facts = Facts::default();
    for row in rows {
        facts.guard = Guard {
            open: row.open.unwrap_or(false),
            flooded: row.flooded.unwrap_or(false),
            ticket_answers: row.ticket_answers.unwrap_or(0),
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
    facts.all_staff = question.may_need_all_staff() && facts.with(Part::Team).next().is_none();
    Ok(facts)
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
                  (SELECT count(*) FROM (SELECT automatic, audience FROM outbox
                                         WHERE address = $1 AND created_at > $2 OFFSET 0) AS to_address
                   WHERE automatic AND audience = 'customer') AS "answers!",
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

/// Asks for everybody around several tickets, and for all staff.
pub(super) async fn around(
    conn: &mut PgConnection,
    tickets: &[&Ticket],
) -> Result<Around, sqlx::Error> {
    let ids: Vec<i64> = tickets.iter().map(|ticket| ticket.id.0).collect();
    let mut around = Around::default();
    let participants = sqlx::query!(
        r#"SELECT ticket_id AS "ticket_id: TicketId", person_id AS "person_id: PersonId"
           FROM ticket_person WHERE ticket_id = ANY($1) AND part = 'participant' ORDER BY person_id"#,
        &ids
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in &participants {
        let of_ticket = around.participants.entry(row.ticket_id).or_default();
        of_ticket.push(row.person_id);
    }
    let members = sqlx::query!(
        r#"SELECT team, person_id AS "person_id: PersonId", is_lead FROM team_member ORDER BY person_id"#
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in members {
        let team = around.teams.entry(row.team).or_default();
        team.push((row.person_id, row.is_lead));
    }
    let named = tickets
        .iter()
        .flat_map(|ticket| [Some(ticket.requester_id), ticket.assignee_id]);
    let named = named
        .flatten()
        .chain(participants.iter().map(|row| row.person_id));
    let mut named: Vec<i64> = named.map(|id| id.0).collect();
    named.sort_unstable();
    named.dedup();
    let people = sqlx::query!(
        r#"SELECT person.id AS "id!: PersonId", person.name AS "name!", person.role AS "role!", person.disabled_at IS NOT NULL AS "disabled!",
                  held.address AS "address?",
                  EXISTS (SELECT FROM suppression WHERE suppression.address = held.address AND lifted_at IS NULL)
                      AS "suppressed!"
           FROM person LEFT JOIN person_address AS held ON held.person_id = person.id AND held.is_primary
           WHERE person.id = ANY($1) OR person.role <> 'customer'"#,
        &named
    )
    .fetch_all(conn)
    .await?;
    around.people = people
        .into_iter()
        .map(|row| {
            let person = PersonFacts {
                id: row.id,
                name: row.name,
                role: Role::from_key(&row.role),
                disabled: row.disabled,
                address: row.address,
                suppressed: row.suppressed,
                answers: 0,
                reach: Reach::Mail,
            };
            (row.id, person)
        })
        .collect();
    Ok(around)
}
