#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use chrono_tz::{America, Europe, Pacific, TZ_VARIANTS};

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A Friday morning in Berlin.
fn now() -> DateTime<Utc> {
    instant("2026-11-20T09:00:00Z")
}

fn parse(text: &str) -> (String, String) {
    let period = Period::parse(text, now(), Europe::Berlin).unwrap();
    (period.first.to_string(), period.after.to_string())
}

fn days(first: &str, after: &str) -> (String, String) {
    (first.to_owned(), after.to_owned())
}

#[test]
fn periods_are_named_in_many_ways() {
    assert_eq!(parse("today"), days("2026-11-20", "2026-11-21"));
    assert_eq!(parse(" Yesterday "), days("2026-11-19", "2026-11-20"));
    assert_eq!(parse("week"), days("2026-11-16", "2026-11-23"));
    assert_eq!(parse("last week"), days("2026-11-09", "2026-11-16"));
    assert_eq!(parse("month"), days("2026-11-01", "2026-12-01"));
    assert_eq!(parse("last-month"), days("2026-10-01", "2026-11-01"));
    assert_eq!(parse("year"), days("2026-01-01", "2027-01-01"));
    assert_eq!(parse("last-year"), days("2025-01-01", "2026-01-01"));
    assert_eq!(parse("7d"), days("2026-11-14", "2026-11-21"));
    assert_eq!(parse("2024-02"), days("2024-02-01", "2024-03-01"));
    assert_eq!(parse("2024"), days("2024-01-01", "2025-01-01"));
    assert_eq!(
        parse("2026-02-28..2026-03-01"),
        days("2026-02-28", "2026-03-02")
    );
}

#[test]
fn what_is_no_period_is_answered_with_what_is() {
    for text in [
        "",
        "soon",
        "0d",
        "99999d",
        "2026-13",
        "2026-02-30",
        "2026-03-02..2026-03-01",
        "20",
        "-5d",
    ] {
        let error = Period::parse(text, now(), Europe::Berlin).unwrap_err();
        assert!(error.contains("last-week"), "{text}: {error}");
    }
}

#[test]
fn today_is_the_reader_s_today() {
    let late = instant("2026-11-20T23:30:00Z");
    let berlin = Period::parse("today", late, Europe::Berlin).unwrap();
    let new_york = Period::parse("today", late, America::New_York).unwrap();
    assert_eq!(
        (berlin.first, new_york.first),
        (day("2026-11-21"), day("2026-11-20"))
    );
    assert_eq!(berlin.from(), instant("2026-11-20T23:00:00Z"));
    assert_eq!(new_york.from(), instant("2026-11-20T05:00:00Z"));
}

#[test]
fn the_period_before_is_of_the_same_kind() {
    let before = |text: &str| {
        let period = Period::parse(text, now(), Europe::Berlin).unwrap().before();
        (period.first.to_string(), period.after.to_string())
    };
    assert_eq!(before("2026-03"), days("2026-02-01", "2026-03-01"));
    assert_eq!(before("2025"), days("2024-01-01", "2025-01-01"));
    assert_eq!(before("week"), days("2026-11-09", "2026-11-16"));
    assert_eq!(before("today"), days("2026-11-19", "2026-11-20"));
    assert_eq!(
        before("2026-11-01..2026-11-10"),
        days("2026-10-22", "2026-11-01")
    );
}

#[test]
fn titles_read_well() {
    let title = |text: &str| Period::parse(text, now(), Europe::Berlin).unwrap().title();
    assert_eq!(title("today"), "Friday 20 November 2026");
    assert_eq!(title("week"), "16–22 November 2026");
    assert_eq!(title("2026-11"), "November 2026");
    assert_eq!(title("2026"), "2026");
    assert_eq!(
        title("2026-10-28..2026-11-03"),
        "28 October – 3 November 2026"
    );
    assert_eq!(
        title("2025-12-30..2026-01-02"),
        "30 December 2025 – 2 January 2026"
    );
}

#[test]
fn a_day_that_begins_with_a_leap_begins_after_it() {
    // Clocks in Santiago go from 24:00 to 01:00 in September and from 24:00 back to 23:00 in April.
    let spring = start_of_day(America::Santiago, day("2026-09-06"));
    assert_eq!(spring, instant("2026-09-06T04:00:00Z"));
    let autumn = start_of_day(America::Santiago, day("2026-04-05"));
    assert_eq!(autumn, instant("2026-04-05T04:00:00Z"));
    // Samoa had no 30 December 2011.
    let skipped = start_of_day(Pacific::Apia, day("2011-12-30"));
    assert_eq!(skipped, start_of_day(Pacific::Apia, day("2011-12-31")));
}

#[test]
fn the_days_of_every_zone_join_without_a_gap_and_cover_a_year() {
    for zone in TZ_VARIANTS {
        let year = Period::year(zone, day("2026-06-01"));
        assert_eq!(year.each_day().count(), 365);
        let mut end = year.from();
        for one in year.each_day() {
            let period = Period::day(zone, one);
            assert_eq!(period.from(), end, "{zone} {one}");
            assert_eq!(
                period.from().with_timezone(&zone).date_naive(),
                one,
                "{zone}"
            );
            let hours = (period.to() - period.from()).num_minutes();
            assert!(
                (22 * 60..=26 * 60).contains(&hours),
                "{zone} {one}: {hours} minutes"
            );
            end = period.to();
        }
        assert_eq!(end, year.to(), "{zone}");
    }
}
