//! Periods: whole days of a zone, from the first instant of one day to the first instant of another, which is
//! no longer part of it. Two periods side by side share no instant and leave none out.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;

use crate::when::zone;

/// What a user may write for a period.
pub const FORMS: &str = "today, yesterday, week, last-week, month, last-month, year, last-year, a number of days such \
as 30d, a day (2026-11-20), a month (2026-11), a year (2026), or two days with the last one included (2026-11-01..2026-11-20)";

/// Whole days in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The zone whose days they are.
    pub zone: Tz,
    /// The first day.
    pub first: NaiveDate,
    /// The day after the last one.
    pub after: NaiveDate,
}

impl Period {
    /// One day.
    #[must_use]
    pub fn day(zone: Tz, day: NaiveDate) -> Self {
        Self::days(zone, day, 1)
    }

    /// So many days, at least one.
    #[must_use]
    pub fn days(zone: Tz, first: NaiveDate, count: u64) -> Self {
        let after = plus(first, count.max(1));
        Self { zone, first, after }
    }

    /// The last `count` days that end with the day before `after`.
    #[must_use]
    pub fn last_days(zone: Tz, after: NaiveDate, count: u64) -> Self {
        let first = minus(after, count.max(1));
        Self { zone, first, after }
    }

    /// The week from Monday to Sunday that holds the day.
    #[must_use]
    pub fn week(zone: Tz, day: NaiveDate) -> Self {
        let monday = minus(day, day.weekday().num_days_from_monday().into());
        Self::days(zone, monday, 7)
    }

    /// The calendar month that holds the day.
    #[must_use]
    pub fn month(zone: Tz, day: NaiveDate) -> Self {
        Self::months(zone, day.with_day(1).unwrap_or(day), 1)
    }

    /// The calendar year that holds the day.
    #[must_use]
    pub fn year(zone: Tz, day: NaiveDate) -> Self {
        Self::months(zone, day.with_ordinal(1).unwrap_or(day), 12)
    }

    fn months(zone: Tz, first: NaiveDate, count: u32) -> Self {
        let after = first
            .checked_add_months(Months::new(count))
            .unwrap_or(first);
        Self { zone, first, after }
    }

    /// The first instant.
    #[must_use]
    pub fn from(&self) -> DateTime<Utc> {
        start_of_day(self.zone, self.first)
    }

    /// The first instant that is no longer part of it.
    #[must_use]
    pub fn to(&self) -> DateTime<Utc> {
        start_of_day(self.zone, self.after)
    }

    /// How many days it has.
    #[must_use]
    pub fn length(&self) -> i64 {
        (self.after - self.first).num_days()
    }

    /// Its days, in order.
    pub fn each_day(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let after = self.after;
        self.first.iter_days().take_while(move |day| *day < after)
    }

    /// The period directly before it: the month before a calendar month, the year before a year, else as many
    /// days.
    #[must_use]
    pub fn before(&self) -> Self {
        let day_before = minus(self.first, 1);
        if *self == Self::month(self.zone, self.first) {
            return Self::month(self.zone, day_before);
        }
        if *self == Self::year(self.zone, self.first) {
            return Self::year(self.zone, day_before);
        }
        let count = u64::try_from(self.length()).unwrap_or(1);
        Self::last_days(self.zone, self.first, count)
    }

    /// The period that `text` names, seen from `now`; see [`FORMS`].
    ///
    /// # Errors
    /// With a sentence for the user, if the text names none.
    pub fn parse(text: &str, now: DateTime<Utc>, zone: Tz) -> Result<Self, String> {
        let today = now.with_timezone(&zone).date_naive();
        let word = text.trim().to_lowercase();
        let named = match word.as_str() {
            "today" => Some(Self::day(zone, today)),
            "yesterday" => Some(Self::day(zone, minus(today, 1))),
            "week" => Some(Self::week(zone, today)),
            "last-week" | "last week" => Some(Self::week(zone, minus(today, 7))),
            "month" => Some(Self::month(zone, today)),
            "last-month" | "last month" => Some(Self::month(zone, today).before()),
            "year" => Some(Self::year(zone, today)),
            "last-year" | "last year" => Some(Self::year(zone, today).before()),
            _ => None,
        };
        named
            .or_else(|| lately(&word, zone, today))
            .or_else(|| dated(&word, zone))
            .ok_or_else(|| format!("{text:?} is no period; it may be {FORMS}"))
    }

    /// How people call it: `Friday 20 November 2026`, `November 2026`, `2026`, `16–22 November 2026`.
    #[must_use]
    pub fn title(&self) -> String {
        let last = minus(self.after, 1);
        if self.length() == 1 {
            return self.first.format("%A %-d %B %Y").to_string();
        }
        if *self == Self::month(self.zone, self.first) {
            return self.first.format("%B %Y").to_string();
        }
        if *self == Self::year(self.zone, self.first) {
            return self.first.format("%Y").to_string();
        }
        let start = match (
            self.first.year() == last.year(),
            self.first.month() == last.month(),
        ) {
            (true, true) => "%-d",
            (true, false) => "%-d %B ",
            (false, _) => "%-d %B %Y ",
        };
        let space = if start.ends_with(' ') { " " } else { "" };
        format!(
            "{}–{space}{}",
            self.first.format(start),
            last.format("%-d %B %Y")
        )
    }
}

/// `7d`: the last seven days, today included.
fn lately(word: &str, zone: Tz, today: NaiveDate) -> Option<Period> {
    let count: u64 = word.strip_suffix('d')?.trim().parse().ok()?;
    (1..=3_660)
        .contains(&count)
        .then(|| Period::last_days(zone, plus(today, 1), count))
}

/// A day, a month, a year, or two days with two dots between.
fn dated(word: &str, zone: Tz) -> Option<Period> {
    let day = |text: &str| {
        NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d")
            .ok()
            .filter(readable)
    };
    if let Some((first, last)) = word.split_once("..") {
        let (first, last) = (day(first)?, day(last)?);
        let period = Period {
            zone,
            first,
            after: plus(last, 1),
        };
        return (first <= last && period.length() <= 3_660).then_some(period);
    }
    let month = |text: &str| day(&format!("{text}-01"));
    let year = |text: &str| (text.len() == 4).then(|| day(&format!("{text}-01-01")))?;
    day(word)
        .map(|day| Period::day(zone, day))
        .or_else(|| month(word).map(|day| Period::month(zone, day)))
        .or_else(|| year(word).map(|day| Period::year(zone, day)))
}

/// Dates that PostgreSQL and chrono both hold with room on either side.
fn readable(day: &NaiveDate) -> bool {
    (1970..=9_000).contains(&day.year())
}

fn plus(day: NaiveDate, count: u64) -> NaiveDate {
    day.checked_add_days(Days::new(count))
        .unwrap_or(NaiveDate::MAX)
}

fn minus(day: NaiveDate, count: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(count))
        .unwrap_or(NaiveDate::MIN)
}

/// The first instant of a day in the zone.
#[must_use]
pub fn start_of_day(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    zone::instant(zone, day.and_time(NaiveTime::MIN))
}

#[cfg(test)]
#[path = "period_tests.rs"]
mod tests;
