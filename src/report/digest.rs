//! What stands in a digest: from the database to the values of its mail.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::figures::{self, AGES};
use super::period::{Period, start_of_day};
use super::store::{self, Listed, Need, Needy, Remembered, Scope};
use super::subscription::DigestKind;
use super::{Dimension, Endings, Filter, compare, pictures, words};
use crate::config::Settings;
use crate::ids::{PersonId, TicketId};
use crate::notify::digest::{
    Age, Digest, Figure, Health, ListedReminder, ListedTicket, Row, Table, TicketList,
};

/// How many tickets of a list and how many rows of a table stand in a digest; the others are counted.
const LISTED: usize = 10;
/// How many of the oldest tickets.
const OLDEST: usize = 5;
/// How long before a promise is missed a digest names the ticket.
const NEAR: TimeDelta = TimeDelta::hours(4);

/// What a digest is to be about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Request {
    /// Which digest.
    pub kind: DigestKind,
    /// The reader's zone.
    pub zone: Tz,
    /// The moment at which it is due.
    pub slot: DateTime<Utc>,
    /// The teams; empty for the whole desk.
    pub teams: Vec<String>,
    /// After how many hours a ticket that nobody has needs a person.
    pub unassigned_hours: i32,
    /// Whose list it is: for [`DigestKind::Mine`].
    pub agent: Option<PersonId>,
}

/// Computes a digest as of `now`.
///
/// # Errors
/// If the database does not answer.
pub async fn compute(
    conn: &mut PgConnection,
    settings: &Settings,
    request: &Request,
    now: DateTime<Utc>,
) -> Result<Digest, sqlx::Error> {
    match request.kind {
        DigestKind::Mine => morning(conn, settings, request, now).await,
        DigestKind::Daily | DigestKind::Weekly | DigestKind::Monthly => {
            of_desk(conn, settings, request, now).await
        }
    }
}

/// Whether there is nothing to say: nothing happened, nothing is wrong, nothing needs a person.
#[must_use]
pub fn is_empty(digest: &Digest) -> bool {
    let moved = ["new", "resolved", "closed", "reopened"];
    let still = |figure: &Figure| !moved.contains(&figure.key) || figure.value == "0";
    digest.need == 0
        && digest.reminders.is_empty()
        && digest.health.is_fine()
        && digest.figures.iter().all(still)
}

async fn of_desk(
    conn: &mut PgConnection,
    settings: &Settings,
    request: &Request,
    now: DateTime<Utc>,
) -> Result<Digest, sqlx::Error> {
    let desk = &settings.desk;
    let filter = Filter {
        teams: request.teams.clone(),
        ..Filter::default()
    };
    let period = request.kind.period(request.zone, request.slot);
    let this = figures::figures(&mut *conn, desk, &period, &filter, now).await?;
    let before = figures::figures(&mut *conn, desk, &period.before(), &filter, now).await?;
    let (need, lists) = needs(&mut *conn, settings, request, &filter, &period, now).await?;
    let mut tables = Vec::new();
    for by in Dimension::ALL {
        let groups = figures::groups(&mut *conn, desk, &period, &filter, by).await?;
        // A single row says what the figures above say already.
        if groups.len() > 1 {
            tables.push(table(by, &groups));
        }
    }
    let charted = request.kind.charted(&period);
    let days = figures::by_day(&mut *conn, desk, &charted, &filter, this.backlog.all, now).await?;
    let classes = figures::first_response_classes(&mut *conn, desk, &charted, &filter).await?;
    let heat = figures::heat(&mut *conn, &charted, &filter).await?;
    let names = |key: &String| {
        let team = desk.team.iter().find(|team| team.key == *key);
        team.map_or_else(|| key.clone(), |team| team.name.clone())
    };
    Ok(Digest {
        kind: request.kind.key(),
        period: period.title(),
        teams: request.teams.iter().map(names).collect(),
        new: words::count(this.flow.new),
        resolved: words::count(this.flow.resolved),
        need,
        unassigned_hours: request.unassigned_hours,
        lists,
        reminders: Vec::new(),
        figures: compare::lines(&this, &before),
        ages: AGES
            .iter()
            .zip(this.backlog.by_age)
            .map(|(name, count)| Age {
                name,
                count: words::count(count),
            })
            .collect(),
        tables,
        charts: vec![
            pictures::flow(&days),
            pictures::backlog(&days),
            pictures::first_responses(&classes, &days),
            pictures::heat(&heat, &days),
        ],
        health: health(conn, settings, &period, now).await?,
    })
}

/// An agent's own list.
async fn morning(
    conn: &mut PgConnection,
    settings: &Settings,
    request: &Request,
    now: DateTime<Utc>,
) -> Result<Digest, sqlx::Error> {
    let filter = Filter {
        agents: request.agent.into_iter().collect(),
        ..Filter::default()
    };
    let today = Period::day(request.zone, now.with_timezone(&request.zone).date_naive());
    let wanted = [
        ("missed", Need::Promised(DateTime::UNIX_EPOCH, now)),
        ("near_today", Need::Promised(now, today.to())),
        ("overdue", Need::Due(DateTime::UNIX_EPOCH, now)),
        ("due_today", Need::Due(now, today.to())),
        ("unanswered", Need::Unanswered),
        ("others", Need::Unfinished),
    ];
    let (need, lists) = lists(&mut *conn, settings, request.zone, &filter, &wanted).await?;
    let reminders = match request.agent {
        Some(agent) => store::reminders(conn, agent, today.to()).await?,
        None => Vec::new(),
    };
    Ok(Digest {
        kind: request.kind.key(),
        period: today.title(),
        teams: Vec::new(),
        new: words::count(0),
        resolved: words::count(0),
        need,
        unassigned_hours: request.unassigned_hours,
        lists,
        reminders: reminders
            .into_iter()
            .map(|reminder| remembered(&today, reminder))
            .collect(),
        figures: Vec::new(),
        ages: Vec::new(),
        tables: Vec::new(),
        charts: Vec::new(),
        health: Health::default(),
    })
}

/// What needs a decision. What happened lately counts from the period's beginning until now.
async fn needs(
    conn: &mut PgConnection,
    settings: &Settings,
    request: &Request,
    filter: &Filter,
    period: &Period,
    now: DateTime<Utc>,
) -> Result<(usize, Vec<TicketList>), sqlx::Error> {
    let from = start_of_day(period.zone, period.first);
    let long_ago = now - TimeDelta::hours(request.unassigned_hours.into());
    let wanted = [
        ("missed", Need::Promised(DateTime::UNIX_EPOCH, now)),
        ("near", Need::Promised(now, now + NEAR)),
        ("overdue", Need::Due(DateTime::UNIX_EPOCH, now)),
        ("unassigned", Need::Unassigned(long_ago)),
        ("reopened", Need::Reopened(from, now)),
        ("bounced", Need::Bounced(from, now)),
        ("angry", Need::Angry(from, now)),
        ("oldest", Need::Unfinished),
    ];
    lists(conn, settings, request.zone, filter, &wanted).await
}

/// The lists that are not empty, and how many tickets they hold, each once and the oldest aside. `others` are
/// those that stand in no list before.
async fn lists(
    conn: &mut PgConnection,
    settings: &Settings,
    zone: Tz,
    filter: &Filter,
    wanted: &[(&'static str, Need)],
) -> Result<(usize, Vec<TicketList>), sqlx::Error> {
    let endings = Endings::of(&settings.desk);
    let scope = Scope {
        filter,
        endings: &endings,
    };
    let mut seen = BTreeSet::new();
    let mut found: Vec<(&'static str, Vec<Needy>)> = Vec::new();
    for (why, need) in wanted {
        let mut needy = store::needy(&mut *conn, &scope, *need).await?;
        if *why == "others" {
            needy.retain(|ticket| !seen.contains(&ticket.id));
        }
        if *why != "oldest" {
            seen.extend(needy.iter().map(|ticket| ticket.id));
        }
        found.push((why, needy));
    }
    let shown = |why: &str| if why == "oldest" { OLDEST } else { LISTED };
    let mut ids: Vec<i64> = found
        .iter()
        .flat_map(|(why, needy)| needy.iter().take(shown(why)).map(|ticket| ticket.id.0))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let listed = store::listed(conn, &ids).await?;
    let listed: HashMap<TicketId, Listed> = listed
        .into_iter()
        .map(|ticket| (ticket.id, ticket))
        .collect();
    let lists = found
        .into_iter()
        .filter(|(_, needy)| !needy.is_empty())
        .map(|(why, needy)| {
            let tickets: Vec<ListedTicket> = needy
                .iter()
                .take(shown(why))
                .filter_map(|ticket| {
                    Some(in_list(
                        settings,
                        zone,
                        listed.get(&ticket.id)?,
                        ticket.since,
                    ))
                })
                .collect();
            TicketList {
                why,
                all: needy.len(),
                more: needy.len().saturating_sub(tickets.len()),
                tickets,
            }
        });
    Ok((seen.len(), lists.collect()))
}

fn in_list(settings: &Settings, zone: Tz, ticket: &Listed, since: DateTime<Utc>) -> ListedTicket {
    let team = ticket.team.as_ref().map(|key| {
        let team = settings.desk.team.iter().find(|team| team.key == *key);
        team.map_or_else(|| key.clone(), |team| team.name.clone())
    });
    ListedTicket {
        number: ticket.number.clone(),
        subject: words::one_line(&ticket.subject),
        who: ticket.assignee.clone().or(team),
        since: since
            .with_timezone(&zone)
            .format("%a %-d %b %Y, %H:%M")
            .to_string(),
    }
}

fn remembered(today: &Period, reminder: Remembered) -> ListedReminder {
    let at = reminder.due_at.with_timezone(&today.zone);
    let form = match reminder.due_at < today.from() {
        true => "%a %-d %b %Y, %H:%M",
        false => "%H:%M",
    };
    ListedReminder {
        at: at.format(form).to_string(),
        text: words::one_line(&reminder.text),
        number: reminder.number,
        subject: reminder.subject.map(|subject| words::one_line(&subject)),
    }
}

fn table(by: Dimension, groups: &[figures::Group]) -> Table {
    let rows = groups.iter().take(LISTED).map(|group| Row {
        name: words::one_line(&group.name),
        new: words::count(group.flow.new),
        resolved: words::count(group.flow.resolved),
        backlog: words::count(group.backlog.all),
        first_response: group.flow.first_response.map_or_else(
            || words::NONE.to_owned(),
            |spread| words::duration(spread.median_seconds),
        ),
    });
    Table {
        title: by.name(),
        by: by.name().to_lowercase(),
        rows: rows.collect(),
        more: groups.len().saturating_sub(LISTED),
    }
}

async fn health(
    conn: &mut PgConnection,
    settings: &Settings,
    period: &Period,
    now: DateTime<Utc>,
) -> Result<Health, sqlx::Error> {
    let trouble = store::trouble(&mut *conn, period.from(), now).await?;
    let mut failing = store::failing_mailboxes(conn).await?;
    failing.retain(|mailbox| {
        settings
            .mailboxes
            .iter()
            .any(|own| own.name == mailbox.name)
    });
    Ok(Health {
        failing: failing
            .into_iter()
            .map(|mailbox| format!("{}: {}", mailbox.name, words::one_line(&mailbox.error)))
            .collect(),
        dead_deliveries: trouble.dead_deliveries,
        suppressed: trouble.suppressed,
        mails_to_look_at: trouble.mails_to_look_at,
    })
}
