#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;
use crate::config::desk;
use crate::sla::calendar::Calendar;

fn at(text: &str) -> DateTime<Utc> {
    format!("2026-11-{text}:00Z").parse().unwrap()
}

fn history(turns: &[(&str, What)]) -> History {
    History {
        opened_at: at("20T09:00"),
        opened_as: StatusKind::New,
        owed: true,
        turns: turns
            .iter()
            .map(|&(text, what)| Turn { at: at(text), what })
            .collect(),
    }
}

fn clock(history: &History, kind: Kind) -> Clock {
    let mut found = clocks(history);
    found.retain(|clock| clock.kind == kind);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

fn hours(hours: i64) -> TimeDelta {
    TimeDelta::hours(hours)
}

#[test]
fn only_a_public_reply_of_staff_meets_the_first_response() {
    let quiet = history(&[
        ("20T10:00", What::CustomerWrote),
        ("20T11:00", What::Became(StatusKind::Open)),
    ]);
    let first = clock(&quiet, Kind::FirstResponse);
    assert_eq!(first.met_at, None);
    assert_eq!(
        first.reaches(&Measure::Wall, hours(4)),
        Some(at("20T13:00"))
    );
    let answered = history(&[("20T12:00", What::StaffAnswered)]);
    let first = clock(&answered, Kind::FirstResponse);
    assert_eq!(first.met_at, Some(at("20T12:00")));
    assert_eq!(first.reaches(&Measure::Wall, hours(4)), None);
}

#[test]
fn d3_what_is_kept_at_the_moment_it_is_due_comes_too_late() {
    let answered = history(&[("20T13:00", What::StaffAnswered)]);
    let first = clock(&answered, Kind::FirstResponse);
    assert_eq!(
        first.reaches(&Measure::Wall, hours(4)),
        Some(at("20T13:00"))
    );
    assert_eq!(
        first.reaches(&Measure::Wall, hours(4) + TimeDelta::seconds(1)),
        None
    );
}

#[test]
fn a_clock_stands_still_while_the_ticket_waits() {
    let waiting = history(&[
        ("20T10:00", What::StaffAnswered),
        ("20T10:00", What::Became(StatusKind::Waiting)),
    ]);
    let resolution = clock(&waiting, Kind::Resolution);
    assert_eq!(resolution.reaches(&Measure::Wall, hours(8)), None);
    assert_eq!(resolution.shows(&Measure::Wall, at("22T10:00")), hours(1));
    assert_eq!(resolution.pause_at(at("22T10:00")), Some(Pause::Waiting));
    let back = history(&[
        ("20T10:00", What::StaffAnswered),
        ("20T10:00", What::Became(StatusKind::Waiting)),
        ("22T10:00", What::CustomerWrote),
        ("22T10:00", What::Became(StatusKind::Open)),
    ]);
    let resolution = clock(&back, Kind::Resolution);
    assert_eq!(
        resolution.reaches(&Measure::Wall, hours(8)),
        Some(at("22T17:00"))
    );
    let next = clock(&back, Kind::NextResponse);
    assert_eq!(next.started_at, at("22T10:00"));
    assert_eq!(next.reaches(&Measure::Wall, hours(1)), Some(at("22T11:00")));
}

#[test]
fn a_snooze_ends_at_its_time_or_with_the_customers_next_word() {
    let until = What::SnoozedUntil(at("22T10:00"));
    let slept = clock(&history(&[("20T10:00", until)]), Kind::Resolution);
    assert_eq!(
        slept.reaches(&Measure::Wall, hours(2)),
        Some(at("22T11:00"))
    );
    assert_eq!(slept.pause_at(at("21T10:00")), Some(Pause::Snoozed));
    assert_eq!(slept.pause_at(at("22T10:00")), None);
    let roused = [("20T10:00", until), ("20T12:00", What::CustomerWrote)];
    let roused = clock(&history(&roused), Kind::Resolution);
    assert_eq!(
        roused.reaches(&Measure::Wall, hours(2)),
        Some(at("20T13:00"))
    );
    let longer = [
        ("20T10:00", until),
        ("20T11:00", What::SnoozedUntil(at("23T10:00"))),
    ];
    let longer = clock(&history(&longer), Kind::Resolution);
    assert_eq!(
        longer.reaches(&Measure::Wall, hours(2)),
        Some(at("23T11:00"))
    );
}

#[test]
fn the_customers_first_unanswered_word_starts_the_next_response() {
    let talk = history(&[
        ("20T10:00", What::StaffAnswered),
        ("20T11:00", What::CustomerWrote),
        ("20T12:00", What::CustomerWrote),
        ("20T13:00", What::StaffAnswered),
        ("20T14:00", What::CustomerWrote),
    ]);
    let next: Vec<_> = clocks(&talk)
        .into_iter()
        .filter(|clock| clock.kind == Kind::NextResponse)
        .map(|clock| (clock.started_at, clock.met_at))
        .collect();
    assert_eq!(
        next,
        [
            (at("20T11:00"), Some(at("20T13:00"))),
            (at("20T14:00"), None)
        ]
    );
}

#[test]
fn a_ticket_that_comes_back_has_the_whole_time_again() {
    let back = history(&[
        ("20T11:00", What::Became(StatusKind::Resolved)),
        ("21T11:00", What::Became(StatusKind::Closed)),
        ("22T11:00", What::Became(StatusKind::Open)),
    ]);
    let resolutions: Vec<_> = clocks(&back)
        .into_iter()
        .filter(|clock| clock.kind == Kind::Resolution)
        .collect();
    assert_eq!(resolutions.len(), 2);
    assert_eq!(resolutions[0].met_at, Some(at("20T11:00")));
    assert_eq!(resolutions[1].started_at, at("22T11:00"));
    assert_eq!(
        resolutions[1].reaches(&Measure::Wall, hours(3)),
        Some(at("22T14:00"))
    );
    // Nobody answered yet: that clock goes on where it stood.
    let first = clock(&back, Kind::FirstResponse);
    assert_eq!(
        first.reaches(&Measure::Wall, hours(3)),
        Some(at("22T12:00"))
    );
}

#[test]
fn what_an_archive_brought_owes_nothing_until_the_customer_writes() {
    let mut archived = history(&[("20T11:00", What::CustomerWrote)]);
    archived.owed = false;
    let kinds: Vec<_> = clocks(&archived)
        .into_iter()
        .map(|clock| clock.kind)
        .collect();
    assert_eq!(kinds, [Kind::NextResponse]);
}

/// The slow model goes through time minute by minute and keeps a count for each promise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    started_at: DateTime<Utc>,
    kind: Kind,
    met_at: Option<DateTime<Utc>>,
    due_at: Option<DateTime<Utc>>,
    minutes: i64,
}

fn watch(history: &History, calendar: &Calendar, target: i64, until: DateTime<Utc>) -> Vec<Seen> {
    let mut kind = history.opened_as;
    let mut asleep_until: Option<DateTime<Utc>> = None;
    let mut responded = false;
    let mut all: Vec<Seen> = Vec::new();
    let start = |all: &mut Vec<Seen>, kind: Kind, at| {
        all.push(Seen {
            started_at: at,
            kind,
            met_at: None,
            due_at: None,
            minutes: 0,
        });
    };
    let meet = |all: &mut Vec<Seen>, kind: Kind, at| {
        for seen in all
            .iter_mut()
            .filter(|seen| seen.kind == kind && seen.met_at.is_none())
        {
            seen.met_at = Some(at);
        }
    };
    let done = |kind| matches!(kind, StatusKind::Resolved | StatusKind::Closed);
    start(&mut all, Kind::FirstResponse, history.opened_at);
    start(&mut all, Kind::Resolution, history.opened_at);
    let mut now = history.opened_at;
    while now < until {
        for turn in history.turns.iter().filter(|turn| turn.at == now) {
            match turn.what {
                What::CustomerWrote => {
                    asleep_until = None;
                    let open =
                        |seen: &Seen| seen.kind == Kind::NextResponse && seen.met_at.is_none();
                    if responded && !all.iter().any(open) {
                        start(&mut all, Kind::NextResponse, now);
                    }
                }
                What::StaffAnswered => {
                    responded = true;
                    meet(&mut all, Kind::FirstResponse, now);
                    meet(&mut all, Kind::NextResponse, now);
                }
                What::Became(next) => {
                    if done(next) && !done(kind) {
                        meet(&mut all, Kind::Resolution, now);
                        meet(&mut all, Kind::NextResponse, now);
                    }
                    if done(kind) && !done(next) {
                        start(&mut all, Kind::Resolution, now);
                    }
                    kind = next;
                }
                What::SnoozedUntil(until) => asleep_until = Some(until),
                What::Woke => asleep_until = None,
            }
        }
        let asleep = asleep_until.is_some_and(|until| now < until);
        let runs = !asleep && !done(kind) && kind != StatusKind::Waiting && calendar.is_open(now);
        now += TimeDelta::minutes(1);
        for seen in all.iter_mut().filter(|seen| runs && seen.met_at.is_none()) {
            seen.minutes += 1;
            if seen.minutes == target {
                seen.due_at = Some(now);
            }
        }
    }
    all.sort();
    all
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        Just(What::CustomerWrote),
        Just(What::StaffAnswered),
        Just(What::Became(StatusKind::Open)),
        Just(What::Became(StatusKind::Waiting)),
        Just(What::Became(StatusKind::Waiting)),
        Just(What::Became(StatusKind::Resolved)),
        Just(What::Became(StatusKind::Closed)),
        (1_i64..3_000).prop_map(|minutes| What::SnoozedUntil(
            DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
        )),
        Just(What::Woke),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_clocks_agree_with_a_look_at_every_minute(
        // Around the changes of the clocks in spring and autumn as well.
        day in 0_i64..730,
        zone in prop_oneof![Just(Tz::UTC), Just(Tz::Europe__Berlin), Just(Tz::America__St_Johns), Just(Tz::Australia__Lord_Howe)],
        mut given in proptest::collection::vec((1_i64..12_000, what()), 0..14),
        target in 1_i64..1_500,
        night in any::<bool>(),
        day_off in 0_u64..8,
    ) {
        let opened_at = DateTime::from_timestamp(1_760_000_400, 0).unwrap() + TimeDelta::days(day);
        given.sort_by_key(|(minute, _)| *minute);
        // One thing a minute: what happens at one moment is no matter of arithmetic.
        given.dedup_by_key(|(minute, _)| *minute);
        let turns = given.into_iter().map(|(minute, what)| {
            let at = opened_at + TimeDelta::minutes(minute);
            let what = match what {
                What::SnoozedUntil(length) => What::SnoozedUntil(at + (length - DateTime::UNIX_EPOCH)),
                other => other,
            };
            Turn { at, what }
        });
        let history = History {
            opened_at,
            opened_as: StatusKind::New,
            owed: true,
            turns: turns.collect(),
        };
        let hours: &[&str] = if night {
            &["mon-fri 22:00-06:00", "sun 01:00-04:30"]
        } else {
            &["mon-fri 09:00-12:30", "mon-thu 13:00-17:00", "sat 10:00-12:00"]
        };
        let off = opened_at.date_naive() + chrono::Days::new(day_off);
        let calendar = Calendar::of(&desk::Calendar {
            key: "office".to_owned(),
            zone,
            hours: hours.iter().map(|text| (*text).to_owned()).collect(),
            holidays: vec![off.to_string()],
        });
        let until = opened_at + TimeDelta::minutes(20_000);
        let slow = watch(&history, &calendar, target, until);
        let measure = Measure::Business(calendar);
        let mut fast: Vec<Seen> = clocks(&history)
            .iter()
            .map(|clock| Seen {
                started_at: clock.started_at,
                kind: clock.kind,
                met_at: clock.met_at,
                due_at: clock.reaches(&measure, TimeDelta::minutes(target)).filter(|&at| at <= until),
                minutes: clock.shows(&measure, until).num_minutes(),
            })
            .collect();
        fast.sort();
        prop_assert_eq!(fast, slow);
    }
}
