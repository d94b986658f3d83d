//! Telling staff of targets that are near or missed, for many tickets at once: a quiet night ends in one minute.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::audience::{Decision, Staff};
use super::closing::Closing;
use super::draft::{TargetDraft, span};
use super::facts::{Facts, Part, PersonFacts};
use super::question::{Matter, Question};
use super::reach::{Reach, Threads};
use super::rows::{self, Writer, moment, only, value};
use super::{Why, Withheld, posts};
use crate::config::Settings;
use crate::ids::{PersonId, TicketId};
use crate::outbox::{self, Audience, NewRow};
use crate::people::Role;
use crate::ticket::Ticket;

/// A target that staff is told of.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetNotice<'a> {
    /// The ticket.
    pub ticket: &'a Ticket,
    /// What it is told apart by. One person is told once for each key.
    pub key: String,
    /// What was promised, such as `first response`.
    pub promise: &'a str,
    /// When it is due, or was.
    pub due_at: DateTime<Utc>,
    /// Whether that moment is over.
    pub missed: bool,
    /// How long it is until then or since then, in the hours that count.
    pub span: TimeDelta,
    /// Whom it concerns.
    pub circles: Vec<Circle>,
}

/// Who hears of a target. Where nobody of a circle can be reached, the team hears, and where it cannot be either,
/// all staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Circle {
    /// The assignee; the team where nobody is assigned.
    Responsible,
    /// Whoever leads the team.
    Lead,
    /// Everybody in the team.
    Team,
    /// All managers.
    Managers,
    /// All admins.
    Admins,
}

/// Writes the rows that the notices call for, and has the cards of missed targets redrawn, in as many statements for a thousand of them as for one. Returns
/// those who are not told though the rules name them.
///
/// # Errors
/// If the database does not answer; the transaction is then lost.
pub async fn tell_of_targets(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    notices: &[TargetNotice<'_>],
) -> Result<Vec<(TicketId, Withheld)>, sqlx::Error> {
    let tickets: Vec<&Ticket> = notices.iter().map(|notice| notice.ticket).collect();
    let around = around(conn, &tickets).await?;
    let mut rows = Vec::new();
    let mut withheld = Vec::new();
    let mut redrawn = BTreeSet::new();
    for notice in notices {
        let ticket = notice.ticket;
        let facts = around.of(ticket);
        let decision = decide(&facts, &notice.circles, settings);
        let question = Question {
            ticket,
            comment: None,
            moved: None,
            actor: None,
            matter: Matter::Target(notice),
        };
        // It is for staff alone.
        let nobody = (&Threads::default(), Closing::default());
        let of_ticket = rows::of_ticket(settings, now, &question, &facts, &decision, nobody);
        rows.extend(of_ticket);
        // Several promises of a ticket may be missed at once; its card is edited once.
        if notice.missed && redrawn.insert(ticket.id) {
            rows.extend(posts::cards(settings, now, ticket));
        }
        let kept = decision.withheld.into_iter();
        withheld.extend(kept.map(|withheld| (ticket.id, withheld)));
    }
    outbox::enqueue::enqueue(conn, now, rows).await?;
    Ok(withheld)
}

/// Everybody of the circles who can be reached; wider ones where nobody of one can.
fn decide<'f>(facts: &'f Facts, circles: &[Circle], settings: &Settings) -> Decision<'f> {
    let mut decision = Decision::default();
    let mut seen = BTreeSet::new();
    for &circle in circles {
        let mut reached = false;
        for wider in [of(circle, facts), of(Circle::Team, facts), all(facts)] {
            for person in wider {
                let staff = Staff::of(person, settings);
                reached |= staff.is_ok();
                if !seen.insert(person.id) {
                    continue;
                }
                match staff {
                    Ok(staff) => decision.staff.push(staff),
                    Err(why) => decision.withheld.push(Withheld {
                        person: Some(person.id),
                        address: person.address.clone(),
                        reason: why,
                    }),
                }
            }
            if reached {
                break;
            }
        }
    }
    if decision.staff.is_empty() {
        decision.withheld.push(Withheld {
            person: None,
            address: None,
            reason: Why::NobodyThere,
        });
    }
    decision
}

fn of(circle: Circle, facts: &Facts) -> Vec<&PersonFacts> {
    let with_role = |role| {
        all(facts)
            .into_iter()
            .filter(move |person| person.role == role)
            .collect()
    };
    match circle {
        Circle::Responsible => facts.with(Part::Assignee).collect(),
        Circle::Lead => facts.with(Part::Lead).collect(),
        Circle::Team => facts.with(Part::Team).collect(),
        Circle::Managers => with_role(Role::Manager),
        Circle::Admins => with_role(Role::Admin),
    }
}

fn all(facts: &Facts) -> Vec<&PersonFacts> {
    let staff = facts.with(Part::AllStaff);
    staff.filter(|person| !person.disabled).collect()
}

impl Writer<'_> {
    /// The rows of a notice.
    pub(super) fn target_rows(
        &self,
        staff: &[Staff<'_>],
        notice: &TargetNotice<'_>,
    ) -> Vec<NewRow> {
        let ticket = self.staff_ticket();
        let answer_to = self.answer_to();
        let template = if notice.missed {
            "target_missed"
        } else {
            "target_near"
        };
        staff
            .iter()
            .filter_map(|staff| {
                let person = staff.person();
                let draft = TargetDraft {
                    mail: &only(&person.name, person.address.as_deref()?),
                    desk: &self.settings.desk.name,
                    reader: &person.name,
                    ticket: &ticket,
                    answer_to: &answer_to,
                    promise: notice.promise,
                    due: moment(self.settings, notice.due_at),
                    span: span(notice.span),
                };
                let mut row = self.row(person, Audience::Staff, template, value(&draft))?;
                // It does not wait behind a bundle that is still gathering.
                row.conversation = format!("target:{}:{}", self.question.ticket.id, person.id);
                Some(row)
            })
            .collect()
    }
}

/// What is known of the people around several tickets.
#[derive(Debug, Default)]
pub(super) struct Around {
    pub(super) people: BTreeMap<PersonId, PersonFacts>,
    /// For each team: its members, and whether each leads it.
    pub(super) teams: BTreeMap<String, Vec<(PersonId, bool)>>,
    pub(super) participants: BTreeMap<TicketId, Vec<PersonId>>,
}

impl Around {
    /// What concerns one of the tickets.
    fn of(&self, ticket: &Ticket) -> Facts {
        let team = ticket.team.as_ref().and_then(|team| self.teams.get(team));
        let members = team.map_or(&[][..], Vec::as_slice);
        let participants = self.participants.get(&ticket.id);
        let mut parts = vec![(Part::Requester, ticket.requester_id)];
        parts.extend(
            participants
                .into_iter()
                .flatten()
                .map(|id| (Part::Participant, *id)),
        );
        parts.extend(ticket.assignee_id.map(|id| (Part::Assignee, id)));
        parts.extend(members.iter().map(|(id, _)| (Part::Team, *id)));
        let leads = members.iter().filter(|(_, leads)| *leads);
        parts.extend(leads.map(|(id, _)| (Part::Lead, *id)));
        let staff = self.people.values().filter(|person| person.role.is_staff());
        parts.extend(staff.map(|person| (Part::AllStaff, person.id)));
        let people = parts
            .iter()
            .filter_map(|(_, id)| Some((*id, self.people.get(id)?.clone())));
        Facts {
            people: people.collect(),
            parts,
            all_staff: true,
            ..Facts::default()
        }
    }
}

/// Asks for everybody around several tickets, and for all staff.
async fn around(conn: &mut PgConnection, tickets: &[&Ticket]) -> Result<Around, sqlx::Error> {
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
