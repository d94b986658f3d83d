//! Sending what is due: one message for each person and way.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::store::{self, Due, Handled};
use crate::config::{DeskSettings, Settings};
use crate::ids::PersonId;
use crate::notify::{self, ReminderLine, ReminderNotice};
use crate::sla::calendar::Calendar;
use crate::when::Recurrence;

/// Sends the reminders that are due, at most `limit` of them in a transaction of the caller's. Returns how many were
/// handled; nothing means that none is left, or that another copy sends them. What waits for a person's hours is put off to their beginning.
///
/// # Errors
/// If the database does not answer.
pub async fn send_due(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<usize, sqlx::Error> {
    if !store::alone(conn).await? {
        return Ok(0);
    }
    let mut due = store::due(conn, now, limit).await?;
    whole_people(&mut due, limit);
    if due.is_empty() {
        return Ok(0);
    }
    let mut calendars = BTreeMap::new();
    let (mut waiting, mut ready) = (Vec::new(), Vec::new());
    for one in &due {
        match opening(&settings.desk, &mut calendars, one, now) {
            Some(at) => waiting.push(Handled {
                id: one.id,
                next_at: Some(at),
                outbox_id: None,
                sent: false,
            }),
            None => ready.push(one),
        }
    }
    let notices = notices(&ready, settings.desk.zone);
    let told = notify::remind(conn, settings, now, &notices).await?;
    let sent = ready.iter().map(|one| Handled {
        id: one.id,
        next_at: next_slot(one, now),
        outbox_id: told
            .get(&one.id)
            .and_then(|told| told.as_ref().ok()?.first().copied()),
        sent: true,
    });
    let handled: Vec<Handled> = sent.chain(waiting).collect();
    store::handled(conn, now, &handled).await?;
    store::record_sent(conn, now, &ready, &told).await?;
    Ok(due.len())
}

/// Where the batch is full, the last person may have more than fits: they are left for the next batch, unless they are
/// the only one.
fn whole_people(due: &mut Vec<Due>, limit: i64) {
    let full = i64::try_from(due.len()).is_ok_and(|count| count >= limit);
    let ends = due.first().zip(due.last());
    let people = ends.map(|(first, last)| (first.person_id, last.person_id));
    if let Some((_, last)) = people.filter(|(first, last)| full && first != last) {
        due.retain(|one| one.person_id != last);
    }
}

/// When the person's hours begin, if they are not now.
fn opening(
    desk: &DeskSettings,
    calendars: &mut BTreeMap<String, Option<Calendar>>,
    one: &Due,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let key = one.calendar.as_ref()?;
    let calendar = calendars.entry(key.clone()).or_insert_with(|| {
        let named = desk.calendar.iter().find(|calendar| calendar.key == *key);
        named.map(Calendar::of)
    });
    let open = calendar.as_ref()?.next_open(now)?;
    (open > now).then_some(open)
}

fn next_slot(one: &Due, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let every = Recurrence::parse(one.recurrence.as_deref()?).ok()?;
    let zone = one.zone.parse().unwrap_or(Tz::UTC);
    every.slots(zone, now).next()
}

fn notices<'a>(ready: &[&'a Due], desk: Tz) -> Vec<ReminderNotice<'a>> {
    let mut notices: BTreeMap<PersonId, ReminderNotice<'a>> = BTreeMap::new();
    for one in ready {
        let ticket = one.number.as_deref().zip(one.subject.as_deref());
        let own_zone = || one.own_zone.as_ref()?.parse().ok();
        let notice = notices
            .entry(one.person_id)
            .or_insert_with(|| ReminderNotice {
                person: one.person_id,
                zone: own_zone().unwrap_or(desk),
                lines: Vec::new(),
            });
        notice.lines.push(ReminderLine {
            id: one.id,
            text: &one.text,
            ticket,
            due_at: one.due_at,
            recurs: one.recurrence.is_some(),
            by: one.by,
        });
    }
    notices.into_values().collect()
}
