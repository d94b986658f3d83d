#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use chrono::{Datelike as _, TimeDelta, Timelike as _, Weekday};

use super::*;

fn time(text: &str) -> DateTime<Utc> {
    format!("{text}Z").parse().unwrap()
}

/// The first wall times after the given one, in UTC.
fn first(text: &str, after: &str, count: usize) -> Vec<String> {
    let recurrence = Recurrence::parse(text).unwrap();
    let slots = recurrence.slots(Tz::UTC, time(after));
    slots
        .take(count)
        .map(|at| at.format("%a %Y-%m-%d %H:%M").to_string())
        .collect()
}

#[test]
fn fields_mean_what_crontab_says() {
    // 2026-11-20 is a Friday.
    let from = "2026-11-20T12:00:00";
    assert_eq!(
        first("0 9 * * mon-fri", from, 2),
        ["Mon 2026-11-23 09:00", "Tue 2026-11-24 09:00"]
    );
    assert_eq!(first("0 9 * * 1-5", from, 1), ["Mon 2026-11-23 09:00"]);
    assert_eq!(first("0 9 * * 0", from, 1), ["Sun 2026-11-22 09:00"]);
    assert_eq!(first("0 9 * * 7", from, 1), ["Sun 2026-11-22 09:00"]);
    assert_eq!(
        first("0 9 * * fri-mon", from, 4),
        [
            "Sat 2026-11-21 09:00",
            "Sun 2026-11-22 09:00",
            "Mon 2026-11-23 09:00",
            "Fri 2026-11-27 09:00"
        ]
    );
    assert_eq!(
        first("*/25 8-9 * jan,7 *", from, 4),
        [
            "Fri 2027-01-01 08:00",
            "Fri 2027-01-01 08:25",
            "Fri 2027-01-01 08:50",
            "Fri 2027-01-01 09:00"
        ]
    );
    assert_eq!(first("@monthly", from, 1), ["Tue 2026-12-01 00:00"]);
    assert_eq!(first("0 0 29 2 *", from, 1), ["Tue 2028-02-29 00:00"]);
}

/// The 13th and every Friday; with a star, only those Fridays that match both.
#[test]
fn two_kinds_of_day_are_either_or() {
    let from = "2026-11-20T12:00:00";
    assert_eq!(
        first("0 0 13 * fri", from, 4),
        [
            "Fri 2026-11-27 00:00",
            "Fri 2026-12-04 00:00",
            "Fri 2026-12-11 00:00",
            "Sun 2026-12-13 00:00"
        ]
    );
    assert_eq!(first("0 0 */2 * fri", from, 1), ["Fri 2026-11-27 00:00"]);
}

#[test]
fn a_slot_is_strictly_after() {
    assert_eq!(
        first("0 9 * * *", "2026-11-20T09:00:00", 1),
        ["Sat 2026-11-21 09:00"]
    );
    assert_eq!(
        first("0 9 * * *", "2026-11-20T08:59:59.999999", 1),
        ["Fri 2026-11-20 09:00"]
    );
    assert_eq!(
        first("0 9 * * *", "2026-11-20T09:00:00.000001", 1),
        ["Sat 2026-11-21 09:00"]
    );
}

#[test]
fn what_cannot_be_is_refused_with_the_reason() {
    for (text, reason) in [
        ("", "it has 0 fields instead of 5"),
        ("@often", "there is no short form of that name"),
        ("0 0 9 * * *", "it has 6 fields instead of 5"),
        ("60 9 * * *", "the minute is 0 to 59, not `60`"),
        ("0 24 * * *", "the hour is 0 to 23, not `24`"),
        ("0 9 0 * *", "the day of the month is 1 to 31, not `0`"),
        (
            "0 9 * * 8",
            "the day of the week is 0 to 7 or sun to sat, not `8`",
        ),
        (
            "0 9 * * monday",
            "the day of the week is 0 to 7 or sun to sat, not `monday`",
        ),
        ("0 18-9 * * *", "the range `18-9` ends before it begins"),
        ("*/0 * * * *", "`0` is no step of the minute"),
        ("-5 9 * * *", "the minute is 0 to 59, not ``"),
        ("0 9 31 2 *", "no such day ever comes"),
        ("0 9 L * *", "the day of the month is 1 to 31, not `l`"),
    ] {
        assert_eq!(Recurrence::parse(text).unwrap_err(), reason, "{text}");
    }
}

fn slots_in(recurrence: &Recurrence, zone: Tz, last: &str, now: &str) -> Vec<String> {
    let now = time(now);
    recurrence
        .slots(zone, time(last))
        .take_while(|at| *at <= now)
        .map(|at| at.to_rfc3339())
        .collect()
}

#[test]
fn d1_a_change_of_the_clocks_gives_one_run_neither_late_nor_twice() {
    let berlin = Tz::Europe__Berlin;
    let night = Recurrence::parse("30 2 * * *").unwrap();
    // 02:30 does not exist on 29 March: it runs when clocks jump to 03:00. On 25 October it comes twice.
    assert_eq!(
        slots_in(&night, berlin, "2026-03-28T12:00:00", "2026-03-30T12:00:00"),
        ["2026-03-29T01:00:00+00:00", "2026-03-30T00:30:00+00:00"]
    );
    assert_eq!(
        slots_in(&night, berlin, "2026-10-24T12:00:00", "2026-10-26T12:00:00"),
        ["2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"]
    );
    // Asking in the middle of the repeated hour does not bring it back.
    assert!(slots_in(&night, berlin, "2026-10-25T00:30:00", "2026-10-25T12:00:00").is_empty());
    assert!(slots_in(&night, berlin, "2026-10-25T01:10:00", "2026-10-25T12:00:00").is_empty());
    // A report at eight stays at eight on the wall.
    let morning = Recurrence::parse("0 8 * * *").unwrap();
    assert_eq!(
        slots_in(
            &morning,
            berlin,
            "2026-03-28T00:00:00",
            "2026-03-29T12:00:00"
        ),
        ["2026-03-28T07:00:00+00:00", "2026-03-29T06:00:00+00:00"]
    );
    // Several times within the gap are one run with the one after it.
    let often = Recurrence::parse("*/20 2,3 * * *").unwrap();
    assert_eq!(
        slots_in(&often, berlin, "2026-03-29T00:00:00", "2026-03-29T01:30:00"),
        ["2026-03-29T01:00:00+00:00", "2026-03-29T01:20:00+00:00"]
    );
}

/// The hours of 2026, by the clocks of a zone.
fn clocks(zone: Tz) -> Vec<NaiveDateTime> {
    let year = time("2026-01-01T00:00:00");
    let halves = (0..365 * 48).map(|half| year + TimeDelta::minutes(30 * half));
    halves.map(|at| zone::wall(zone, at)).collect()
}

/// One of each kind of zone whose clocks change in 2026; others show the same time all year.
fn zones_with_changes() -> Vec<Tz> {
    let mut kinds = std::collections::HashMap::new();
    for zone in chrono_tz::TZ_VARIANTS {
        let clocks = clocks(zone);
        let steady = |pair: &[NaiveDateTime]| pair[1] - pair[0] == TimeDelta::minutes(30);
        if !clocks.windows(2).all(steady) {
            kinds.entry(clocks).or_insert(zone);
        }
    }
    kinds.into_values().collect()
}

type Matches = fn(NaiveDateTime) -> bool;

/// A slow model: time walks on by quarters of an hour, and a wall time's turn is when clocks first show it or a later
/// one.
fn model<const N: usize>(zone: Tz, matches: [Matches; N]) -> [Vec<DateTime<Utc>>; N] {
    let quarter = TimeDelta::minutes(15);
    let mut at = time("2026-01-01T00:00:00");
    let end = time("2027-01-01T00:00:00");
    let mut shown = zone::wall(zone, at);
    let mut slots = [const { Vec::new() }; N];
    while at < end {
        at += quarter;
        let wall = zone::wall(zone, at);
        let mut due = [false; N];
        while shown < wall {
            shown += quarter;
            for (due, matches) in due.iter_mut().zip(matches) {
                *due |= matches(shown);
            }
        }
        for (slots, _) in slots.iter_mut().zip(due).filter(|(_, due)| *due) {
            slots.push(at);
        }
    }
    slots
}

/// A year, hour by hour, in every zone whose clocks change: nothing is late, lost or doubled.
#[test]
fn a_year_in_every_zone_with_changes_is_as_the_slow_model_says() {
    let zones = zones_with_changes();
    assert!(zones.len() > 20, "{zones:?}");
    let texts = ["30 2 * * *", "15,45 0-3 * * sun", "0 8 1 * *"];
    let matches: [Matches; 3] = [
        |wall| wall.hour() == 2 && wall.minute() == 30,
        |wall| wall.weekday() == Weekday::Sun && wall.hour() <= 3 && wall.minute() % 30 == 15,
        |wall| wall.day() == 1 && wall.hour() == 8 && wall.minute() == 0,
    ];
    for zone in zones {
        for (text, expected) in texts.iter().zip(model(zone, matches)) {
            let recurrence = Recurrence::parse(text).unwrap();
            let mut last = time("2026-01-01T00:00:00");
            let mut found = Vec::new();
            for _ in 0..365 * 24 {
                let now = last + TimeDelta::hours(1);
                let due = recurrence.slots(zone, last).take_while(|at| *at <= now);
                found.extend(due);
                last = now;
            }
            assert_eq!(found, expected, "{text} in {zone}");
        }
    }
}
