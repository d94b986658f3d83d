//! The SQL of reminders.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::NewReminder;
use crate::ids::{OutboxId, PersonId, ReminderId, TicketId};
use crate::notify::{By, Reminded};

/// A reminder as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// The row, by which people name it.
    pub id: ReminderId,
    /// The ticket it is about.
    pub ticket_id: Option<TicketId>,
    /// That ticket's number.
    pub number: Option<String>,
    /// That ticket's subject.
    pub subject: Option<String>,
    /// Who is reminded.
    pub person_id: PersonId,
    /// That person's handle.
    pub handle: Option<String>,
    /// That person's name.
    pub person_name: String,
    /// Who set it.
    pub set_by: PersonId,
    /// What it says.
    pub text: String,
    /// The recurrence of one that recurs.
    pub recurrence: Option<String>,
    /// The zone by whose clocks it recurs.
    pub zone: String,
    /// `set`, `sent`, `done` or `cancelled`.
    pub state: String,
    /// When it is due next.
    pub due_at: Option<DateTime<Utc>>,
    /// When it was last sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// When it came to its end.
    pub settled_at: Option<DateTime<Utc>>,
    /// By what it comes.
    pub by: By,
}

impl Reminder {
    /// Whether anything may still become of it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "set" | "sent")
    }
}

/// Writes the calendar down outside whose hours a person's reminders wait; nothing: they never wait.
///
/// # Errors
/// If the database does not answer.
pub async fn set_calendar(
    conn: &mut PgConnection,
    person: PersonId,
    calendar: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE person SET reminder_calendar = $2 WHERE id = $1",
        person.0,
        calendar
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn insert(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    new: &NewReminder<'_>,
    text: &str,
    due_at: DateTime<Utc>,
    recurrence: Option<&str>,
) -> Result<ReminderId, sqlx::Error> {
    sqlx::query_scalar!(
        r#"INSERT INTO reminder (ticket_id, person_id, set_by, text, recurrence, zone, due_at, created_at, told_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           RETURNING id AS "id: ReminderId""#,
        new.ticket.map(|ticket| ticket.id.0),
        new.person.id.0,
        new.set_by.0,
        text,
        recurrence,
        new.zone.name(),
        due_at,
        now,
        new.by as By,
    )
    .fetch_one(conn)
    .await
}

pub(super) async fn get(conn: &mut PgConnection, id: ReminderId) -> Result<Reminder, sqlx::Error> {
    lock(conn, id).await?.ok_or(sqlx::Error::RowNotFound)
}

pub(super) async fn lock(
    conn: &mut PgConnection,
    id: ReminderId,
) -> Result<Option<Reminder>, sqlx::Error> {
    sqlx::query_as!(
        Reminder,
        r#"SELECT reminder.id AS "id: ReminderId", ticket_id AS "ticket_id: TicketId", number AS "number?",
                  subject AS "subject?", person_id AS "person_id: PersonId", person.handle, person.name AS person_name,
                  set_by AS "set_by: PersonId", text, recurrence, zone, state, reminder.due_at, sent_at, settled_at,
                  told_by AS "by: By"
           FROM reminder JOIN person ON person.id = person_id LEFT JOIN ticket ON ticket.id = ticket_id
           WHERE reminder.id = $1 FOR UPDATE OF reminder"#,
        id.0
    )
    .fetch_optional(conn)
    .await
}

pub(super) async fn update(
    conn: &mut PgConnection,
    reminder: &Reminder,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE reminder SET text = $2, recurrence = $3, state = $4, due_at = $5, settled_at = $6 WHERE id = $1",
        reminder.id.0,
        reminder.text,
        reminder.recurrence,
        reminder.state,
        reminder.due_at,
        reminder.settled_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The open reminders of a person, and those that they set for others: those that are due next first, then those that were
/// sent and are not done.
///
/// # Errors
/// If the database does not answer.
pub async fn of_person(
    conn: &mut PgConnection,
    person: PersonId,
) -> Result<Vec<Reminder>, sqlx::Error> {
    sqlx::query_as!(
        Reminder,
        r#"SELECT reminder.id AS "id: ReminderId", ticket_id AS "ticket_id: TicketId", number AS "number?",
                  subject AS "subject?", person_id AS "person_id: PersonId", person.handle, person.name AS person_name,
                  set_by AS "set_by: PersonId", text, recurrence, zone, state, reminder.due_at, sent_at, settled_at,
                  told_by AS "by: By"
           FROM reminder JOIN person ON person.id = person_id LEFT JOIN ticket ON ticket.id = ticket_id
           WHERE (person_id = $1 OR set_by = $1) AND state IN ('set', 'sent') ORDER BY reminder.due_at, reminder.id"#,
        person.0
    )
    .fetch_all(conn)
    .await
}

/// The open reminders on a ticket, for whoever closes it.
///
/// # Errors
/// If the database does not answer.
pub async fn on_ticket(
    conn: &mut PgConnection,
    ticket: TicketId,
) -> Result<Vec<Reminder>, sqlx::Error> {
    sqlx::query_as!(
        Reminder,
        r#"SELECT reminder.id AS "id: ReminderId", ticket_id AS "ticket_id: TicketId", number AS "number?",
                  subject AS "subject?", person_id AS "person_id: PersonId", person.handle, person.name AS person_name,
                  set_by AS "set_by: PersonId", text, recurrence, zone, state, reminder.due_at, sent_at, settled_at,
                  told_by AS "by: By"
           FROM reminder JOIN person ON person.id = person_id LEFT JOIN ticket ON ticket.id = ticket_id
           WHERE ticket_id = $1 AND state IN ('set', 'sent') ORDER BY reminder.due_at, reminder.id"#,
        ticket.0
    )
    .fetch_all(conn)
    .await
}

/// A reminder whose time has come, with whom it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The reminder.
    pub id: ReminderId,
    /// The ticket it is about.
    pub ticket_id: Option<TicketId>,
    /// That ticket's number.
    pub number: Option<String>,
    /// That ticket's subject.
    pub subject: Option<String>,
    /// Who is reminded.
    pub person_id: PersonId,
    /// What it says.
    pub text: String,
    /// The recurrence of one that recurs.
    pub recurrence: Option<String>,
    /// The zone by whose clocks it recurs.
    pub zone: String,
    /// When it was due.
    pub due_at: DateTime<Utc>,
    /// The calendar outside whose hours the person's reminders wait.
    pub calendar: Option<String>,
    /// The zone that the person chose.
    pub own_zone: Option<String>,
    /// By what it comes.
    pub by: By,
}

/// Whether this transaction is the one that sends reminders now. Two at once would share a person's reminders among them,
/// and what is due together is to be one message.
///
/// # Errors
/// If the database does not answer.
pub(super) async fn alone(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended('frontdesk.reminders', 0)) AS "alone!""#
    )
    .fetch_one(conn)
    .await
}

/// The reminders that are due, those of one person next to each other; no more than `limit`. They are locked; those
/// that another transaction works on are left out.
///
/// # Errors
/// If the database does not answer.
pub async fn due(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Due>, sqlx::Error> {
    sqlx::query_as!(
        Due,
        r#"SELECT reminder.id AS "id: ReminderId", ticket_id AS "ticket_id: TicketId", number AS "number?",
                  subject AS "subject?", person_id AS "person_id: PersonId", text, recurrence, zone,
                  reminder.due_at AS "due_at!", reminder_calendar AS calendar, time_zone AS own_zone,
                  told_by AS "by: By"
           FROM reminder
           JOIN person ON person.id = person_id
           LEFT JOIN ticket ON ticket.id = ticket_id
           WHERE reminder.due_at <= $1
           ORDER BY person_id, reminder.due_at, reminder.id LIMIT $2
           FOR UPDATE OF reminder SKIP LOCKED"#,
        now,
        limit
    )
    .fetch_all(conn)
    .await
}

/// What becomes of a reminder that was due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    /// The reminder.
    pub id: ReminderId,
    /// When it is due again; nothing for one that came once.
    pub next_at: Option<DateTime<Utc>>,
    /// The message it went out with; nothing where it was only put off.
    pub outbox_id: Option<OutboxId>,
    /// Whether it was sent, or could not be; otherwise it was only put off.
    pub sent: bool,
}

/// Writes down what became of reminders that were due.
///
/// # Errors
/// If the database does not answer.
pub async fn handled(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    all: &[Handled],
) -> Result<(), sqlx::Error> {
    let ids: Vec<i64> = all.iter().map(|one| one.id.0).collect();
    let next: Vec<Option<DateTime<Utc>>> = all.iter().map(|one| one.next_at).collect();
    let sent: Vec<bool> = all.iter().map(|one| one.sent).collect();
    let outbox: Vec<Option<i64>> = all.iter().map(|one| one.outbox_id.map(|id| id.0)).collect();
    sqlx::query!(
        "UPDATE reminder SET due_at = given.next_at, state = CASE WHEN given.next_at IS NULL THEN 'sent' ELSE 'set' END,
                sent_at = CASE WHEN given.sent THEN $5 ELSE sent_at END,
                sent_count = sent_count + given.sent::int, outbox_id = coalesce(given.outbox_id, reminder.outbox_id)
         FROM unnest($1::bigint[], $2::timestamptz[], $3::boolean[], $4::bigint[]) AS given (id, next_at, sent, outbox_id)
         WHERE reminder.id = given.id",
        &ids,
        &next as &[Option<DateTime<Utc>>],
        &sent,
        &outbox as &[Option<i64>],
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes on the tickets' timelines that somebody was reminded, by each message that says so, or why not.
///
/// # Errors
/// If the database does not answer.
pub(super) async fn record_sent(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    sent: &[&Due],
    told: &BTreeMap<ReminderId, Reminded>,
) -> Result<(), sqlx::Error> {
    let (mut tickets, mut people, mut rows, mut reasons) = (vec![], vec![], vec![], vec![]);
    for one in sent {
        let Some(ticket) = one.ticket_id else {
            continue;
        };
        let mut add = |row: Option<OutboxId>, reason: Option<&'static str>| {
            tickets.push(ticket.0);
            people.push(one.person_id.0);
            rows.push(row.map(|id| id.0));
            reasons.push(reason);
        };
        match told.get(&one.id) {
            Some(Ok(written)) => written.iter().for_each(|row| add(Some(*row), None)),
            Some(Err(why)) => add(None, Some(why.sentence())),
            None => add(None, None),
        }
    }
    sqlx::query!(
        "INSERT INTO event (ticket_id, at, kind, field, reason, outbox_id)
         SELECT given.ticket_id, $5, CASE WHEN given.outbox_id IS NULL THEN 'reminder_withheld' ELSE 'reminded' END,
                person.handle, given.reason, given.outbox_id
         FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[])
              AS given (ticket_id, person_id, reason, outbox_id)
         JOIN person ON person.id = given.person_id",
        &tickets,
        &people,
        &reasons as &[Option<&str>],
        &rows as &[Option<i64>],
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}
