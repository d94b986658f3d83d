#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Timelike as _, Utc, Weekday};
use chrono_tz::{TZ_VARIANTS, Tz};
use proptest::prelude::*;

use super::Calendar;
use crate::config::desk;

fn calendar(zone: Tz, hours: &[&str], holidays: &[&str]) -> Calendar {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Calendar::of(&desk::Calendar {
        key: "office".to_owned(),
        zone,
        hours: texts(hours),
        holidays: texts(holidays),
    })
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn working_time_goes_on_after_the_night_and_the_weekend() {
    let office = calendar(Tz::UTC, &["mon-fri 09:00-17:00"], &[]);
    // Friday 16:00: one hour is left that day, the second one is Monday's first.
    let friday = at("2026-11-20T16:00:00Z");
    let monday = at("2026-11-23T10:00:00Z");
    assert_eq!(office.add(friday, TimeDelta::hours(2)), Some(monday));
    assert_eq!(office.between(friday, monday), TimeDelta::hours(2));
}

#[test]
fn several_ranges_a_day_leave_the_break_out() {
    let office = calendar(Tz::UTC, &["mon 09:00-12:00", "mon 13:00-15:00"], &[]);
    let monday = at("2026-11-23T00:00:00Z");
    let tuesday = at("2026-11-24T00:00:00Z");
    assert_eq!(office.between(monday, tuesday), TimeDelta::hours(5));
    let end = at("2026-11-23T13:30:00Z");
    assert_eq!(office.add(monday, TimeDelta::minutes(210)), Some(end));
}

/// 23:59 and 24:00, the first and the last moment of a range: each belongs to one side only.
#[test]
fn d3_spans_are_half_open() {
    let office = calendar(Tz::UTC, &["mon 09:00-17:00"], &[]);
    assert!(office.is_open(at("2026-11-23T09:00:00Z")));
    assert!(office.is_open(at("2026-11-23T16:59:59Z")));
    assert!(!office.is_open(at("2026-11-23T17:00:00Z")));
    assert!(!office.is_open(at("2026-11-23T08:59:59Z")));
    let end = at("2026-11-23T17:00:00Z");
    assert_eq!(
        office.add(at("2026-11-23T09:00:00Z"), TimeDelta::hours(8)),
        Some(end)
    );
    assert_eq!(office.next_open(end), Some(at("2026-11-30T09:00:00Z")));
    let whole = calendar(Tz::UTC, &["mon-sun 00:00-24:00"], &[]);
    assert!(whole.is_open(at("2026-11-23T23:59:59Z")));
    assert!(whole.is_open(at("2026-11-24T00:00:00Z")));
    let week = whole.between(at("2026-11-23T00:00:00Z"), at("2026-11-30T00:00:00Z"));
    assert_eq!(week, TimeDelta::days(7));
}

#[test]
fn a_range_over_midnight_ends_on_the_next_day_and_a_holiday_cuts_it() {
    let night = ["fri 22:00-06:00", "sun 22:00-06:00"];
    let free = calendar(Tz::UTC, &night, &[]);
    let (friday, tuesday) = (at("2026-11-20T12:00:00Z"), at("2026-11-24T12:00:00Z"));
    assert_eq!(free.between(friday, tuesday), TimeDelta::hours(16));
    let saturday_off = calendar(Tz::UTC, &night, &["2026-11-21"]);
    assert_eq!(saturday_off.between(friday, tuesday), TimeDelta::hours(10));
}

#[test]
fn a_skipped_hour_is_not_there_and_a_repeated_one_counts_twice() {
    let night = calendar(Tz::Europe__Berlin, &["sun 00:00-06:00"], &[]);
    let spring = night.between(at("2026-03-28T12:00:00Z"), at("2026-03-29T12:00:00Z"));
    assert_eq!(spring, TimeDelta::hours(5));
    let autumn = night.between(at("2026-10-24T12:00:00Z"), at("2026-10-25T12:00:00Z"));
    assert_eq!(autumn, TimeDelta::hours(7));
}

#[test]
fn a_day_that_a_zone_left_out_has_no_hours() {
    // Samoa went from the 29th to the 31st of December 2011.
    let office = calendar(Tz::Pacific__Apia, &["mon-sun 09:00-17:00"], &[]);
    let span = office.between(at("2011-12-29T10:00:00Z"), at("2012-01-01T10:00:00Z"));
    // From midnight of the 29th to midnight of the 2nd of January: 29th, 31st and 1st.
    assert_eq!(span, TimeDelta::hours(24));
}

#[test]
fn hours_that_never_come_give_nothing() {
    let none = calendar(Tz::UTC, &[], &[]);
    let now = at("2026-11-20T12:00:00Z");
    assert_eq!(none.next_open(now), None);
    assert_eq!(none.add(now, TimeDelta::minutes(1)), None);
    assert_eq!(none.add(now, TimeDelta::zero()), Some(now));
}

/// A range as the model sees it: the days on which it starts, its start and its length in minutes.
#[derive(Debug, Clone)]
struct Range {
    first: u32,
    days: u32,
    start: u32,
    length: u32,
}

const WORDS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Range {
    fn text(&self) -> String {
        let word = |day: u32| WORDS[(day % 7) as usize];
        let end = (self.start + self.length) % 1440;
        let end = if end == 0 { 1440 } else { end };
        format!(
            "{}-{} {:02}:{:02}-{:02}:{:02}",
            word(self.first),
            word(self.first + self.days - 1),
            self.start / 60,
            self.start % 60,
            end / 60,
            end % 60
        )
    }

    /// Whether a minute of a weekday lies in it, be it that it started on that day or on the one before.
    fn holds(&self, weekday: Weekday, minute: u32) -> bool {
        let starts_on = |day: u32| (day + 7 - self.first) % 7 < self.days;
        let today = weekday.num_days_from_monday();
        let since_today =
            starts_on(today) && (self.start..self.start + self.length).contains(&minute);
        let minute = minute + 1440;
        let since_yesterday =
            starts_on((today + 6) % 7) && (self.start..self.start + self.length).contains(&minute);
        since_today || since_yesterday
    }
}

/// The slow model: it looks at the wall minute by minute.
struct Model {
    zone: Tz,
    ranges: Vec<Range>,
    holidays: Vec<NaiveDate>,
}

impl Model {
    fn counts(&self, at: DateTime<Utc>) -> bool {
        let wall = at.with_timezone(&self.zone);
        let minute = wall.hour() * 60 + wall.minute();
        let mut ranges = self.ranges.iter();
        !self.holidays.contains(&wall.date_naive())
            && ranges.any(|range| range.holds(wall.weekday(), minute))
    }

    fn between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        let mut minutes = 0;
        let mut now = from;
        while now < to {
            minutes += i64::from(self.counts(now));
            now += TimeDelta::minutes(1);
        }
        TimeDelta::minutes(minutes)
    }
}

fn ranges() -> impl Strategy<Value = Vec<Range>> {
    // One in each third of the day and its night, so that they never overlap; the last reaches over midnight.
    let range = |earliest: u32, latest: u32, longest: u32| {
        (0_u32..7, 1_u32..=7, earliest..latest, 1..=longest).prop_map(
            |(first, days, start, length)| Range {
                first,
                days,
                start,
                length,
            },
        )
    };
    let morning = proptest::option::of(range(480, 600, 120));
    let noon = proptest::option::of(range(720, 800, 200));
    let night = range(1000, 1440, 480);
    (morning, noon, night)
        .prop_map(|(morning, noon, night)| morning.into_iter().chain(noon).chain([night]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_arithmetic_agrees_with_a_look_at_every_minute(
        zone in 0..TZ_VARIANTS.len(),
        ranges in ranges(),
        // From 2005 to 2037, in minutes.
        start in 18_400_000_i64..35_700_000,
        length in 0_i64..12_000,
        days_off in proptest::collection::vec(0_i64..9, 0..3),
        wanted in 0_i64..3_000,
    ) {
        let from = DateTime::from_timestamp(start * 60, 0).unwrap();
        let to = from + TimeDelta::minutes(length);
        let day_off = |days: i64| (from + TimeDelta::days(days)).date_naive();
        let holidays: Vec<NaiveDate> = days_off.into_iter().map(day_off).collect();
        let zone = TZ_VARIANTS[zone];
        let texts: Vec<String> = ranges.iter().map(Range::text).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let off: Vec<String> = holidays.iter().map(ToString::to_string).collect();
        let off: Vec<&str> = off.iter().map(String::as_str).collect();
        let fast = calendar(zone, &texts, &off);
        let slow = Model { zone, ranges, holidays };

        prop_assert_eq!(fast.between(from, to), slow.between(from, to));
        prop_assert_eq!(fast.is_open(from), slow.counts(from));

        // Adding is the way back: that much has passed by then, and a minute before it had not.
        let wanted = TimeDelta::minutes(wanted);
        let end = fast.add(from, wanted).unwrap();
        if end - from < TimeDelta::days(20) {
            prop_assert_eq!(slow.between(from, end), wanted);
            let minute = TimeDelta::minutes(1);
            prop_assert!(end == from || slow.between(from, end - minute) < wanted);
        }
        let open = fast.next_open(from).unwrap();
        prop_assert!(slow.counts(open));
        prop_assert_eq!(slow.between(from, open), TimeDelta::zero());
    }

    #[test]
    fn seconds_are_counted_as_they_are(start in 1_700_000_000_i64..2_000_000_000, seconds in 0_i64..200_000) {
        let office = calendar(Tz::America__New_York, &["mon-sat 09:00-17:30", "sun 22:00-03:00"], &["2026-12-25"]);
        let from = DateTime::from_timestamp(start, 0).unwrap();
        let time = TimeDelta::seconds(seconds);
        let end = office.add(from, time).unwrap();
        prop_assert_eq!(office.between(from, end), time);
        let middle = office.add(from, time / 2).unwrap();
        prop_assert_eq!(office.between(from, middle) + office.between(middle, end), time);
    }
}
