//! Each figure is computed a second time, ticket by ticket, over a generated year.

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Timelike as _, Utc};
use chrono_tz::{America, Asia, Australia, Europe, Tz};
use frontdesk::report::figures::{self, Backlog, DayFigures, Flow, Promises, Ratings, Spread};
use frontdesk::report::period::Period;
use frontdesk::report::{Dimension, Filter};
use frontdesk::sla::calendar::Calendar;
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::history::{History, Past};
use crate::harness::Desk;

const TICKETS: usize = 3_000;

fn is_done(status: &str) -> bool {
    status == "resolved" || status == "closed"
}

/// The same as a percentile between the two nearest values in proportion.
fn spread(mut seconds: Vec<f64>) -> Option<Spread> {
    seconds.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * (seconds.len() - 1) as f64;
        let (low, high) = (
            seconds[place.floor() as usize],
            seconds[place.ceil() as usize],
        );
        low + (high - low) * place.fract()
    };
    (!seconds.is_empty()).then(|| Spread {
        count: seconds.len() as i64,
        median_seconds: at(0.5),
        p90_seconds: at(0.9),
    })
}

fn seconds(span: TimeDelta) -> f64 {
    span.num_microseconds().unwrap() as f64 / 1e6
}

/// The tickets that a filter lets through.
fn counted<'a>(tickets: &'a [Past], filter: &Filter) -> Vec<&'a Past> {
    let has = |wanted: &[String], value: Option<&str>| {
        wanted.is_empty() || value.is_some_and(|value| wanted.iter().any(|one| one == value))
    };
    tickets
        .iter()
        .filter(|ticket| !ticket.merged)
        .filter(|ticket| has(&filter.teams, ticket.team))
        .filter(|ticket| has(&filter.categories, ticket.category))
        .filter(|ticket| has(&filter.types, ticket.ticket_type))
        .filter(|ticket| has(&filter.priorities, Some(ticket.priority)))
        .filter(|ticket| has(&filter.mailboxes, ticket.mailbox))
        .filter(|ticket| {
            filter.agents.is_empty() || ticket.agent.is_some_and(|id| filter.agents.contains(&id))
        })
        .filter(|ticket| {
            filter.organizations.is_empty()
                || ticket
                    .organization
                    .is_some_and(|id| filter.organizations.contains(&id))
        })
        .collect()
}

/// Whether the moment falls on one of the period's days, as a calendar on the wall has it.
fn within(period: &Period, at: DateTime<Utc>) -> bool {
    let day = at.with_timezone(&period.zone).date_naive();
    period.first <= day && day < period.after
}

/// The seconds between two moments that count.
fn took(hours: Option<&Calendar>, from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    seconds(hours.map_or(to - from, |hours| hours.between(from, to)))
}

fn flow(tickets: &[&Past], period: &Period, hours: Option<&Calendar>) -> Flow {
    let mut flow = Flow::default();
    let (mut responses, mut resolutions) = (Vec::new(), Vec::new());
    for ticket in tickets {
        flow.new += i64::from(within(period, ticket.opened_at));
        if let Some(at) = ticket.first_responded_at.filter(|at| within(period, *at)) {
            responses.push(took(hours, ticket.opened_at, at));
        }
        for step in ticket.moves.iter().filter(|step| within(period, step.at)) {
            if !is_done(step.old) && is_done(step.new) {
                flow.resolved += 1;
                resolutions.push(took(hours, ticket.opened_at, step.at));
            }
            flow.reopened += i64::from(is_done(step.old) && !is_done(step.new));
            flow.closed += i64::from(step.old != "closed" && step.new == "closed");
        }
    }
    Flow {
        first_response: spread(responses),
        resolution: spread(resolutions),
        ..flow
    }
}

fn backlog(tickets: &[&Past], at: DateTime<Utc>) -> Backlog {
    let mut backlog = Backlog::default();
    for ticket in tickets
        .iter()
        .filter(|ticket| ticket.opened_at < at && !is_done(ticket.status_at(at)))
    {
        let days = seconds(at - ticket.opened_at) / 86_400.0;
        let class = [1.0, 3.0, 7.0, 30.0]
            .iter()
            .filter(|limit| days >= **limit)
            .count();
        backlog.all += 1;
        backlog.by_age[class] += 1;
    }
    backlog
}

fn promises(tickets: &[&Past], period: &Period, now: DateTime<Utc>) -> Promises {
    let mut promises = Promises::default();
    for (met, due) in tickets.iter().flat_map(|ticket| &ticket.clocks) {
        let decided = |at: &DateTime<Utc>| within(period, *at) && *at < now;
        promises.kept += i64::from(due.is_none() && met.as_ref().is_some_and(decided));
        promises.missed += i64::from(due.as_ref().is_some_and(decided));
    }
    promises
}

fn ratings(tickets: &[&Past], period: &Period) -> Ratings {
    let mut ratings = Ratings::default();
    for (at, score) in tickets.iter().flat_map(|ticket| &ticket.ratings) {
        if within(period, *at) {
            ratings.given += 1;
            ratings.total += i64::from(*score);
            ratings.bad += i64::from(*score == 1 || *score == 2);
        }
    }
    ratings
}

fn key(ticket: &Past, by: Dimension) -> Option<String> {
    let word = match by {
        Dimension::Team => ticket.team,
        Dimension::Category => ticket.category,
        Dimension::Type => ticket.ticket_type,
        Dimension::Priority => Some(ticket.priority),
        Dimension::Mailbox => ticket.mailbox,
        Dimension::Agent => return ticket.agent.map(|id| id.to_string()),
        Dimension::Organization => return ticket.organization.map(|id| id.to_string()),
    };
    word.map(str::to_owned)
}

fn period(rng: &mut StdRng) -> Period {
    let zones: [Tz; 5] = [
        Tz::UTC,
        Europe::Berlin,
        America::New_York,
        Asia::Kathmandu,
        Australia::Lord_Howe,
    ];
    let zone = *zones.choose(rng).unwrap();
    let first = NaiveDate::from_yo_opt(2026, rng.random_range(1..=365)).unwrap();
    match rng.random_range(0..4) {
        0 => Period::day(zone, first),
        1 => Period::week(zone, first),
        2 => Period::month(zone, first),
        _ => Period::days(zone, first, rng.random_range(2..120)),
    }
}

fn filter(history: &mut History) -> Filter {
    let rng = &mut history.rng;
    let some = |rng: &mut StdRng, of: &[&str]| -> Vec<String> {
        if rng.random_bool(0.7) {
            return Vec::new();
        }
        of.iter()
            .filter(|_| rng.random_bool(0.5))
            .map(|one| (*one).to_owned())
            .collect()
    };
    Filter {
        teams: some(rng, &["support", "billing", "engineering"]),
        categories: some(rng, &["billing", "account"]),
        types: some(rng, &["incident", "question"]),
        priorities: some(rng, &["urgent", "high", "medium"]),
        mailboxes: some(rng, &["support", "sales"]),
        agents: if rng.random_bool(0.2) {
            history.agents[..2].to_vec()
        } else {
            Vec::new()
        },
        organizations: if rng.random_bool(0.2) {
            history.organizations[..1].to_vec()
        } else {
            Vec::new()
        },
    }
}

fn assert_close(found: &Flow, expected: &Flow, about: &str) {
    let counts = |flow: &Flow| (flow.new, flow.resolved, flow.closed, flow.reopened);
    assert_eq!(counts(found), counts(expected), "{about}");
    for (found, expected) in [
        (found.first_response, expected.first_response),
        (found.resolution, expected.resolution),
    ] {
        let (Some(found), Some(expected)) = (found, expected) else {
            assert_eq!(found, expected, "{about}");
            continue;
        };
        assert_eq!(found.count, expected.count, "{about}");
        let near = |a: f64, b: f64| (a - b).abs() < 0.001;
        assert!(
            near(found.median_seconds, expected.median_seconds),
            "{about}: {found:?} {expected:?}"
        );
        assert!(
            near(found.p90_seconds, expected.p90_seconds),
            "{about}: {found:?} {expected:?}"
        );
    }
}

#[tokio::test]
async fn every_figure_is_what_counting_by_hand_gives_over_a_year() {
    let desk = Desk::open().await;
    let mut history = History::generate(&desk.app.pool, TICKETS).await;
    let every_hour = desk.app.settings.desk.clone();
    let office = frontdesk::config::desk::Calendar {
        key: "office".to_owned(),
        zone: Europe::Berlin,
        hours: vec![
            "mon-thu 09:00-17:30".to_owned(),
            "fri 22:00-06:00".to_owned(),
        ],
        holidays: vec!["2026-05-14".to_owned()],
    };
    let working = Calendar::of(&office);
    let mut in_hours = every_hour.clone();
    in_hours.calendar.push(office);
    in_hours.report_calendar = Some("office".to_owned());
    let mut conn = desk.app.pool.acquire().await.unwrap();
    for round in 0..25 {
        // Durations count every hour, or those of a calendar.
        let (settings, open) = match round % 2 {
            0 => (&every_hour, None),
            _ => (&in_hours, Some(&working)),
        };
        let filter = filter(&mut history);
        let period = period(&mut history.rng);
        let about = format!("{} in {}, {filter:?}", period.title(), period.zone);
        let tickets = counted(&history.tickets, &filter);
        // Some periods have not ended yet.
        let later = history.rng.random_range(0..48);
        let now = period.to() + TimeDelta::hours(24 - later);

        let found = figures::figures(&mut conn, settings, &period, &filter, now)
            .await
            .unwrap();
        assert_close(&found.flow, &flow(&tickets, &period, open), &about);
        assert_eq!(found.backlog, backlog(&tickets, period.to()), "{about}");
        assert_eq!(found.promises, promises(&tickets, &period, now), "{about}");
        assert_eq!(found.ratings, ratings(&tickets, &period), "{about}");

        let by = *Dimension::ALL.choose(&mut history.rng).unwrap();
        let groups = figures::groups(&mut conn, settings, &period, &filter, by)
            .await
            .unwrap();
        let mut left = tickets.clone();
        for group in groups {
            let (these, others): (Vec<&Past>, Vec<&Past>) = left
                .into_iter()
                .partition(|ticket| key(ticket, by) == group.key);
            left = others;
            let about = format!("{about}, {by:?} {}", group.name);
            assert_close(&group.flow, &flow(&these, &period, open), &about);
            assert_eq!(group.backlog, backlog(&these, period.to()), "{about}");
        }
        assert_eq!(
            flow(&left, &period, open),
            Flow::default(),
            "{about}: groups that are missing"
        );
        assert_eq!(
            backlog(&left, period.to()).all,
            0,
            "{about}: groups that are missing"
        );

        let days = figures::by_day(
            &mut conn,
            settings,
            &period,
            &filter,
            found.backlog.all,
            period.to(),
        )
        .await
        .unwrap();
        let expected: Vec<DayFigures> = period
            .each_day()
            .map(|day| by_day(&tickets, period.zone, day))
            .collect();
        assert_eq!(days, expected, "{about}");

        let classes = figures::first_response_classes(&mut conn, settings, &period, &filter)
            .await
            .unwrap();
        assert_eq!(
            classes,
            response_classes(&tickets, &period, open),
            "{about}"
        );
        let heat = figures::heat(&mut conn, &period, &filter).await.unwrap();
        assert_eq!(heat, hours(&tickets, &period), "{about}");
    }
}

fn by_day(tickets: &[&Past], zone: Tz, day: NaiveDate) -> DayFigures {
    let one = Period::day(zone, day);
    let flow = flow(tickets, &one, None);
    DayFigures {
        day,
        new: flow.new,
        resolved: flow.resolved,
        reopened: flow.reopened,
        backlog: backlog(tickets, one.to()).all,
    }
}

fn response_classes(tickets: &[&Past], period: &Period, open: Option<&Calendar>) -> [i64; 7] {
    let limits = [15.0, 60.0, 240.0, 480.0, 1_440.0, 4_320.0];
    let mut classes = [0; 7];
    for ticket in tickets {
        if let Some(at) = ticket.first_responded_at.filter(|at| within(period, *at)) {
            let minutes = took(open, ticket.opened_at, at) / 60.0;
            classes[limits.iter().filter(|limit| minutes >= **limit).count()] += 1;
        }
    }
    classes
}

fn hours(tickets: &[&Past], period: &Period) -> Vec<i64> {
    let mut hours = vec![0; 168];
    for ticket in tickets
        .iter()
        .filter(|ticket| within(period, ticket.opened_at))
    {
        let wall = ticket.opened_at.with_timezone(&period.zone);
        hours[(wall.weekday().num_days_from_monday() * 24 + wall.hour()) as usize] += 1;
    }
    hours
}

#[tokio::test]
async fn periods_side_by_side_share_no_ticket_and_lose_none() {
    let desk = Desk::open().await;
    let history = History::generate(&desk.app.pool, 400).await;
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let all = Filter::default();
    for zone in [Europe::Berlin, America::Santiago, Australia::Lord_Howe] {
        let whole = Period::days(zone, "2025-12-20".parse().unwrap(), 500);
        let mut sum = 0;
        let mut month = Period::month(zone, whole.first);
        while month.first < whole.after {
            let found =
                figures::figures(&mut conn, &desk.app.settings.desk, &month, &all, month.to())
                    .await
                    .unwrap();
            sum += found.flow.new;
            month = Period::month(zone, month.after);
        }
        assert_eq!(
            sum,
            history
                .tickets
                .iter()
                .filter(|ticket| !ticket.merged)
                .count() as i64,
            "{zone}"
        );
    }
}
