//! Tickets that need a person.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};

use super::{Scope, Statement, push_scope};
use crate::ids::{PersonId, TicketId};

/// Why a ticket needs a person. Times are half-open: from the first until before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Unfinished, and its due date lies within the time.
    Due(DateTime<Utc>, DateTime<Utc>),
    /// Unfinished, and a promise of the service level is missed within the time, or will be.
    Promised(DateTime<Utc>, DateTime<Utc>),
    /// Unfinished, assigned to nobody, and opened before this.
    Unassigned(DateTime<Utc>),
    /// Unfinished, and it came back within the time.
    Reopened(DateTime<Utc>, DateTime<Utc>),
    /// A mail to a customer about it came back or was given up within the time.
    Bounced(DateTime<Utc>, DateTime<Utc>),
    /// Its customer rated it 1 or 2 within the time.
    Angry(DateTime<Utc>, DateTime<Utc>),
    /// It waits for staff, and the customer had the last public word.
    Unanswered,
    /// Unfinished.
    Unfinished,
}

/// A ticket that needs a person, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Needy {
    /// The ticket.
    pub id: TicketId,
    /// Since when: the longest first.
    pub since: DateTime<Utc>,
}

/// A ticket as a report lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The ticket.
    pub id: TicketId,
    /// Its number.
    pub number: String,
    /// Its subject.
    pub subject: String,
    /// The name of the agent who has it.
    pub assignee: Option<String>,
    /// The key of the team that has it.
    pub team: Option<String>,
}

/// All tickets that need a person for this reason, those that need it longest first.
///
/// # Errors
/// If the database does not answer.
pub async fn needy(
    conn: &mut PgConnection,
    scope: &Scope<'_>,
    need: Need,
) -> Result<Vec<Needy>, sqlx::Error> {
    let mut statement = Statement::new("SELECT ticket.id, ");
    const UNFINISHED: &str = "ticket.status_kind IN ('new', 'open', 'waiting')";
    match need {
        Need::Due(from, to) => {
            statement
                .push("ticket.due_at AS since FROM ticket WHERE ticket.due_at >= ")
                .push_bind(from);
            statement
                .push(" AND ticket.due_at < ")
                .push_bind(to)
                .push(" AND ")
                .push(UNFINISHED);
        }
        Need::Promised(from, to) => {
            statement.push(
                "missed.at AS since FROM (SELECT ticket_id, min(due_at) AS at FROM ticket_clock
                     WHERE met_at IS NULL AND due_at >= ",
            );
            statement
                .push_bind(from)
                .push(" AND due_at < ")
                .push_bind(to);
            statement.push(" GROUP BY ticket_id) AS missed JOIN ticket ON ticket.id = missed.ticket_id WHERE ").push(UNFINISHED);
        }
        Need::Unassigned(before) => {
            statement.push("ticket.opened_at AS since FROM ticket WHERE ticket.assignee_id IS NULL AND ticket.snoozed_until IS NULL AND ticket.opened_at < ");
            statement.push_bind(before).push(" AND ").push(UNFINISHED);
        }
        Need::Reopened(from, to) => {
            statement.push("back.at AS since FROM (SELECT ticket_id, max(at) AS at FROM event WHERE kind = 'status_changed' AND at >= ");
            statement
                .push_bind(from)
                .push(" AND at < ")
                .push_bind(to)
                .push(" AND old = ANY(");
            statement
                .push_bind(scope.endings.done.clone())
                .push(") AND NOT (new = ANY(");
            statement.push_bind(scope.endings.done.clone());
            statement.push(")) GROUP BY ticket_id) AS back JOIN ticket ON ticket.id = back.ticket_id WHERE ").push(UNFINISHED);
        }
        Need::Bounced(from, to) => {
            statement.push("back.at AS since FROM (SELECT ticket_id, max(at) AS at FROM event WHERE kind = 'delivery_failed' AND at >= ");
            statement.push_bind(from).push(" AND at < ").push_bind(to);
            statement.push(
                " GROUP BY ticket_id) AS back JOIN ticket ON ticket.id = back.ticket_id WHERE true",
            );
        }
        Need::Angry(from, to) => {
            statement.push("bad.at AS since FROM (SELECT ticket_id, max(created_at) AS at FROM rating WHERE score <= 2 AND created_at >= ");
            statement
                .push_bind(from)
                .push(" AND created_at < ")
                .push_bind(to);
            statement.push(
                " GROUP BY ticket_id) AS bad JOIN ticket ON ticket.id = bad.ticket_id WHERE true",
            );
        }
        Need::Unanswered => {
            statement.push(
                "word.created_at AS since FROM ticket CROSS JOIN LATERAL (
                     SELECT by_staff, created_at FROM comment
                     WHERE comment.ticket_id = ticket.id AND visibility = 'public' AND deleted_at IS NULL
                     ORDER BY id DESC LIMIT 1) AS word
                 WHERE NOT word.by_staff AND ticket.status_kind IN ('new', 'open') AND ticket.snoozed_until IS NULL",
            );
        }
        Need::Unfinished => {
            statement
                .push("ticket.opened_at AS since FROM ticket WHERE ")
                .push(UNFINISHED);
        }
    }
    statement.push(" AND ");
    push_scope(&mut statement, scope.filter);
    statement.push(" ORDER BY since, ticket.id");
    statement.build_query_as().fetch_all(conn).await
}

/// The tickets of these ids as a report lists them, in no order.
///
/// # Errors
/// If the database does not answer.
pub async fn listed(conn: &mut PgConnection, ids: &[i64]) -> Result<Vec<Listed>, sqlx::Error> {
    sqlx::query_as!(
        Listed,
        r#"SELECT ticket.id AS "id!: TicketId", number AS "number!", subject AS "subject!", person.name AS "assignee?", team
           FROM ticket LEFT JOIN person ON person.id = assignee_id WHERE ticket.id = ANY($1)"#,
        ids
    )
    .fetch_all(conn)
    .await
}

/// A reminder of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// When it is due.
    pub due_at: DateTime<Utc>,
    /// What it says; may be empty.
    pub text: String,
    /// The number of the ticket that it is about.
    pub number: Option<String>,
    /// That ticket's subject.
    pub subject: Option<String>,
}

/// The reminders of an agent that are due before a moment, the next one first.
///
/// # Errors
/// If the database does not answer.
pub async fn reminders(
    conn: &mut PgConnection,
    agent: PersonId,
    before: DateTime<Utc>,
) -> Result<Vec<Remembered>, sqlx::Error> {
    sqlx::query_as!(
        Remembered,
        r#"SELECT reminder.due_at AS "due_at!", text, number AS "number?", subject AS "subject?"
           FROM reminder LEFT JOIN ticket ON ticket.id = ticket_id
           WHERE person_id = $1 AND reminder.due_at < $2 ORDER BY reminder.due_at, reminder.id"#,
        agent.0,
        before
    )
    .fetch_all(conn)
    .await
}
