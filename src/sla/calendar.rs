//! Business calendars: which time counts. Pure.
//!
//! A moment counts as long as the clock on the wall of the calendar's zone shows working hours. An hour that
//! a change of the clocks skips is therefore never there, and one that comes twice counts twice. A holiday is
//! a day of that zone from midnight to midnight, also where a range reaches into it from the evening before.
//! All spans are half-open: the last minute of 09:00–17:00 is the one that ends at 17:00.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, Offset as _, TimeDelta, Utc};
use chrono::{NaiveDateTime, TimeZone as _};
use chrono_tz::Tz;

use crate::config::desk;
use crate::config::hours::WorkingHours;

const DAY_MINUTES: u32 = 24 * 60;
/// How far ahead working hours are looked for. No target of a configuration reaches further, unless its
/// calendar is nearly all holidays.
const HORIZON_DAYS: u32 = 100 * 366;

/// Working hours of one zone, with their days off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    zone: Tz,
    /// For each day from Monday: spans in minutes from midnight, half-open, in order, apart from each other.
    days: [Vec<(u32, u32)>; 7],
    holidays: BTreeSet<NaiveDate>,
}

/// A half-open span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its first moment.
    pub from: DateTime<Utc>,
    /// The moment at which it is over.
    pub to: DateTime<Utc>,
}

impl Calendar {
    /// The calendar that a configuration describes. What cannot be read was refused when it was loaded; it
    /// counts nothing here.
    #[must_use]
    pub fn of(calendar: &desk::Calendar) -> Self {
        let hours = calendar.hours.iter();
        let holidays = calendar.holidays.iter();
        Self {
            zone: calendar.zone,
            days: days(hours.filter_map(|text| WorkingHours::parse(text).ok())),
            holidays: holidays.filter_map(|day| day.parse().ok()).collect(),
        }
    }

    /// Whether the moment lies in working hours.
    #[must_use]
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        self.spans(at).next().is_some_and(|span| span.from == at)
    }

    /// The first moment from `at` on that lies in working hours: `at` itself where it does. Nothing where
    /// none comes within a hundred years.
    #[must_use]
    pub fn next_open(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Some(self.spans(at).next()?.from)
    }

    /// The working time in `[from, to)`; zero where `to` is not after `from`.
    #[must_use]
    pub fn between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        self.spans(from)
            .take_while(|span| span.from < to)
            .map(|span| span.to.min(to) - span.from)
            .sum()
    }

    /// The first moment by which this much working time has passed since `from`: `from` itself for none, and
    /// the end of a day's hours where they are just used up. Nothing where that takes more than a hundred
    /// years.
    #[must_use]
    pub fn add(&self, from: DateTime<Utc>, time: TimeDelta) -> Option<DateTime<Utc>> {
        let mut left = time;
        if left <= TimeDelta::zero() {
            return Some(from);
        }
        for span in self.spans(from) {
            let length = span.to - span.from;
            if left <= length {
                return Some(span.from + left);
            }
            left -= length;
        }
        None
    }

    /// The spans of working time in `[from, to)`, in order, apart from each other or meeting.
    pub fn spans_between(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Iterator<Item = Span> {
        let within = self.spans(from).take_while(move |span| span.from < to);
        within.map(move |span| Span {
            from: span.from,
            to: span.to.min(to),
        })
    }

    /// The spans of working time from a moment on, in order, apart from each other or meeting.
    fn spans(&self, from: DateTime<Utc>) -> impl Iterator<Item = Span> {
        let first = from.date_naive();
        (0..HORIZON_DAYS)
            .map_while(move |day| first.checked_add_days(Days::new(u64::from(day))))
            .flat_map(|day| self.spans_of(day))
            .filter(move |span| span.to > from)
            .map(move |span| Span {
                from: span.from.max(from),
                to: span.to,
            })
    }

    /// The working time within one day of UTC.
    fn spans_of(&self, day: NaiveDate) -> Vec<Span> {
        let start = day.and_time(NaiveTime::MIN);
        let mut spans = Vec::new();
        for (from, to, offset) in self.offsets(start, start + TimeDelta::days(1)) {
            let (wall_from, wall_to) = (from + offset, to + offset);
            let mut date = wall_from.date();
            while date <= wall_to.date() {
                spans.extend(self.hours_of(date).filter_map(|(open, close)| {
                    let (open, close) = (open.max(wall_from), close.min(wall_to));
                    (open < close).then(|| Span {
                        from: (open - offset).and_utc(),
                        to: (close - offset).and_utc(),
                    })
                }));
                let Some(next) = date.succ_opt() else { break };
                date = next;
            }
        }
        spans
    }

    /// The hours of a date on the wall.
    fn hours_of(&self, date: NaiveDate) -> impl Iterator<Item = (NaiveDateTime, NaiveDateTime)> {
        let weekday = usize::try_from(date.weekday().num_days_from_monday()).unwrap_or(0);
        let hours = (!self.holidays.contains(&date)).then(|| self.days.get(weekday));
        let midnight = date.and_time(NaiveTime::MIN);
        hours
            .flatten()
            .into_iter()
            .flatten()
            .map(move |&(from, to)| {
                let at = |minutes| midnight + TimeDelta::minutes(i64::from(minutes));
                (at(from), at(to))
            })
    }

    /// The span cut where the zone's offset from UTC changes, which it does once a day at the most.
    fn offsets(
        &self,
        from: NaiveDateTime,
        to: NaiveDateTime,
    ) -> Vec<(NaiveDateTime, NaiveDateTime, TimeDelta)> {
        let (before, after) = (self.offset(from), self.offset(to));
        if before == after {
            return vec![(from, to, before)];
        }
        let (mut low, mut high) = (0, (to - from).num_seconds());
        while high - low > 1 {
            let middle = (low + high) / 2;
            if self.offset(from + TimeDelta::seconds(middle)) == before {
                low = middle;
            } else {
                high = middle;
            }
        }
        let change = from + TimeDelta::seconds(high);
        vec![(from, change, before), (change, to, after)]
    }

    fn offset(&self, at: NaiveDateTime) -> TimeDelta {
        let offset = self.zone.offset_from_utc_datetime(&at).fix();
        TimeDelta::seconds(i64::from(offset.local_minus_utc()))
    }
}

/// The ranges, cut at midnight, day by day.
fn days(ranges: impl Iterator<Item = WorkingHours>) -> [Vec<(u32, u32)>; 7] {
    let mut days: [Vec<(u32, u32)>; 7] = Default::default();
    for (from, to) in ranges.flat_map(|range| range.spans().collect::<Vec<_>>()) {
        for (at, day) in (0_u32..).zip(days.iter_mut()) {
            let midnight = at * DAY_MINUTES;
            let from = from.max(midnight);
            let to = to.min(midnight + DAY_MINUTES);
            if from < to {
                day.push((from - midnight, to - midnight));
            }
        }
    }
    for day in &mut days {
        day.sort_unstable();
    }
    days
}

#[cfg(test)]
mod tests;
