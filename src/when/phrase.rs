//! Times as people type them: "in 2 hours", "tomorrow 9am", "next monday", "2026-12-24 10:00", "every weekday 9:00".
//!
//! The grammar is small and strict. What follows the time is given back as text, and what was understood is meant to be
//! said back by [`say`] before it counts; a phrase that could be taken in two ways is refused.

mod words;

use chrono::{
    DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday,
};
use chrono_tz::Tz;

use self::words::{clock, date, half_day, looks_like_time, number, time_of, weekday};
use super::recurrence::Recurrence;
use super::zone;

/// The time of a day that is named without one.
const MORNING: u32 = 9;

/// How far ahead a time may lie, in days.
const FARTHEST: i64 = 5 * 366;

/// What a phrase may look like, for whoever typed another.
pub const TAKES: &str = "It takes times such as `in 2 hours`, `in 3 days`, `9am`, `17:30`, `tomorrow 9am`, `friday 14:00`, \
`next monday`, `2026-12-24 10:00`, `every day 9:00`, `every weekday 9:00` or `every monday 8:30`.";

/// A time that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Once, at this moment.
    Once(DateTime<Utc>),
    /// Again and again.
    Repeated(Recurrence),
}

/// Reads the time with which a text begins, by the clocks of `zone` at `now`. Gives it, and the rest of the text.
///
/// # Errors
/// A sentence that says why not; [`TAKES`] says what would be right.
pub fn read(text: &str, now: DateTime<Utc>, zone: Tz) -> Result<(When, &str), String> {
    let today = zone::wall(zone, now);
    let mut words = Words { rest: text.trim() };
    let first = words.peek().ok_or_else(|| "There is no time.".to_owned())?;
    if words.take("every") {
        let every = every(&mut words)?;
        return Ok((When::Repeated(every), words.rest));
    }
    let at = if words.take("in") {
        ahead(&mut words, now, zone)?
    } else {
        by_the_clock(&mut words, today)
            .ok_or_else(|| format!("`{first}` is no time."))?
            .map(|wall| zone::instant(zone, wall))?
    };
    if let Some(next) = words.peek().filter(|next| looks_like_time(next)) {
        return Err(format!(
            "`{next}` may be a time or a number. Write a time as 09:00 or 9am, and begin a text with a word."
        ));
    }
    let at = check(at, now)?;
    Ok((When::Once(at), words.rest))
}

/// Reads what stands after `every`: `day`, `weekday 9:00`, `monday 8:30`, `month`, `hour`.
///
/// # Errors
/// As [`read`].
pub fn read_every(text: &str) -> Result<Recurrence, String> {
    let mut words = Words { rest: text.trim() };
    words.take("every");
    let every = every(&mut words)?;
    match words.rest {
        "" => Ok(every),
        rest => Err(format!("`{rest}` does not belong to a recurring time.")),
    }
}

/// A moment as its reader's clocks show it, and how far off it is: `Mon 23 Nov 2026, 09:00 CET, in 2 days`.
#[must_use]
pub fn say(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> String {
    let shown = at.with_timezone(&zone).format("%a %-d %b %Y, %H:%M %Z");
    let seconds = (at - now).num_seconds().max(0);
    let minutes = seconds / 60;
    let (count, unit) = match minutes {
        0 => (seconds, "second"),
        1..120 => (minutes, "minute"),
        120..2_880 => (minutes / 60, "hour"),
        _ => (minutes / 1_440, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{shown}, in {count} {unit}{plural}")
}

/// The words of a text that are not read yet.
#[derive(Debug, Clone, Copy)]
struct Words<'t> {
    rest: &'t str,
}

impl<'t> Words<'t> {
    /// The next word in lower case, without a comma at its end.
    fn peek(&self) -> Option<String> {
        let word = self.rest.split_whitespace().next()?;
        Some(word.trim_end_matches(',').to_lowercase())
    }

    fn skip(&mut self) {
        let after = self.rest.split_once(char::is_whitespace);
        self.rest = after.map_or("", |(_, rest)| rest.trim_start());
    }

    /// Takes the next word if it is this one.
    fn take(&mut self, word: &str) -> bool {
        let is = self.peek().is_some_and(|next| next == word);
        if is {
            self.skip();
        }
        is
    }

    /// Takes the next word if it can be read.
    fn read<T>(&mut self, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let read = read(&self.peek()?)?;
        self.skip();
        Some(read)
    }

    /// Takes what can be read, or nothing at all.
    fn attempt<T>(&mut self, read: impl FnOnce(&mut Words<'t>) -> Option<T>) -> Option<T> {
        let mut words = *self;
        let read = read(&mut words)?;
        *self = words;
        Some(read)
    }
}

/// A span ahead: seconds, minutes and hours by the clock, days and weeks at the same time of day.
#[derive(Debug, Default, Clone, Copy)]
struct Span {
    seconds: i64,
    days: u64,
}

fn ahead(words: &mut Words<'_>, now: DateTime<Utc>, zone: Tz) -> Result<DateTime<Utc>, String> {
    let wanted =
        || "After `in` comes a span, such as `2 hours`, `90m`, `3 days` or `2 weeks`.".to_owned();
    let mut span = one_span(words).ok_or_else(wanted)?;
    let more = words.attempt(|words| {
        words.take("and");
        one_span(words)
    });
    if let Some(more) = more {
        span.seconds += more.seconds;
        span.days += more.days;
    }
    if span.days == 0 {
        return Ok(now + TimeDelta::seconds(span.seconds));
    }
    let wall = zone::wall(zone, now).checked_add_days(Days::new(span.days));
    let wall = wall.ok_or_else(wanted)? + TimeDelta::seconds(span.seconds);
    Ok(zone::instant(zone, wall))
}

/// `2 hours`, `2h`, `1h30m`, `an hour`.
fn one_span(words: &mut Words<'_>) -> Option<Span> {
    if let Some(span) = words.read(joined_span) {
        return Some(span);
    }
    words.attempt(|words| {
        let count = words.read(|word| match word {
            "a" | "an" | "one" => Some(1),
            _ => number(word, 4).map(i64::from),
        })?;
        words.read(|word| unit(word).and_then(|unit| unit.times(count)))
    })
}

/// Numbers and units in one word.
fn joined_span(word: &str) -> Option<Span> {
    let mut all = Span::default();
    let mut rest = word;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (count, after) = rest.split_at_checked(digits)?;
        let letters = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (name, after) = after.split_at_checked(letters)?;
        let span = unit(name)?.times(i64::from(number(count, 4)?))?;
        all.seconds += span.seconds;
        all.days += span.days;
        rest = after;
    }
    (!word.is_empty()).then_some(all)
}

fn unit(word: &str) -> Option<Span> {
    let (seconds, days) = match word {
        "s" | "sec" | "secs" | "second" | "seconds" => (1, 0),
        "m" | "min" | "mins" | "minute" | "minutes" => (60, 0),
        "h" | "hour" | "hours" => (3_600, 0),
        "d" | "day" | "days" => (0, 1),
        "w" | "week" | "weeks" => (0, 7),
        _ => return None,
    };
    Some(Span { seconds, days })
}

impl Span {
    fn times(self, count: i64) -> Option<Self> {
        Some(Self {
            seconds: self.seconds.checked_mul(count)?,
            days: self.days.checked_mul(u64::try_from(count).ok()?)?,
        })
    }
}

/// A day, a time, or both, in any order; nothing where it begins with neither.
fn by_the_clock(
    words: &mut Words<'_>,
    now: NaiveDateTime,
) -> Option<Result<NaiveDateTime, String>> {
    let day = day(words);
    let time = time(words);
    let day = day.or_else(|| words.attempt(self::day));
    if day.is_none() && time.is_none() {
        return None;
    }
    let at = time.unwrap_or_else(|| clock(MORNING, 0));
    let today = now.date();
    let found = match day {
        None => ahead_of(now, today.and_time(at), 1),
        Some(Day::Today) => Some(today.and_time(at)),
        Some(Day::Later(days)) => today
            .checked_add_days(Days::new(days))
            .map(|day| day.and_time(at)),
        Some(Day::On(date)) => Some(date.and_time(at)),
        Some(Day::Weekday(weekday)) => {
            let first = today.checked_add_days(Days::new(until(today, weekday)));
            first.and_then(|day| ahead_of(now, day.and_time(at), 7))
        }
        Some(Day::Next(weekday)) => {
            let days = match until(today, weekday) {
                0 => 7,
                days => days,
            };
            today
                .checked_add_days(Days::new(days))
                .map(|day| day.and_time(at))
        }
    };
    Some(found.ok_or_else(|| "That day is in no calendar.".to_owned()))
}

/// The wall time itself if it is to come, else that many days later.
fn ahead_of(now: NaiveDateTime, wall: NaiveDateTime, days: u64) -> Option<NaiveDateTime> {
    if wall > now {
        Some(wall)
    } else {
        wall.checked_add_days(Days::new(days))
    }
}

/// Days from a day to the first such weekday, itself included.
fn until(day: NaiveDate, weekday: Weekday) -> u64 {
    u64::from((7 + weekday.num_days_from_monday() - day.weekday().num_days_from_monday()) % 7)
}

#[derive(Debug, Clone, Copy)]
enum Day {
    Today,
    Later(u64),
    On(NaiveDate),
    Weekday(Weekday),
    Next(Weekday),
}

fn day(words: &mut Words<'_>) -> Option<Day> {
    words.attempt(|words| {
        words.take("on");
        if words.take("next") {
            return words.read(|word| match word {
                "week" => Some(Day::Next(Weekday::Mon)),
                _ => weekday(word).map(Day::Next),
            });
        }
        words.read(|word| match word {
            "today" => Some(Day::Today),
            "tomorrow" => Some(Day::Later(1)),
            _ => weekday(word)
                .map(Day::Weekday)
                .or_else(|| date(word).map(Day::On)),
        })
    })
}

/// `9am`, `9 am`, `9:30pm`, `17:30`, `noon`, `at 9`.
fn time(words: &mut Words<'_>) -> Option<NaiveTime> {
    let in_two_words = words.attempt(|words| {
        words.take("at");
        let hour = words.read(|word| number(word, 2))?;
        words.read(|word| half_day(hour, 0, word))
    });
    in_two_words.or_else(|| {
        words.attempt(|words| {
            let at = words.take("at");
            words.read(|word| match word {
                "noon" => Some(clock(12, 0)),
                "morning" => Some(clock(MORNING, 0)),
                "evening" => Some(clock(18, 0)),
                _ if at && number(word, 2).is_some() => {
                    NaiveTime::from_hms_opt(number(word, 2)?, 0, 0)
                }
                _ => time_of(word),
            })
        })
    })
}

fn check(at: DateTime<Utc>, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    if at <= now {
        return Err("That is past.".to_owned());
    }
    if at - now > TimeDelta::days(FARTHEST) {
        return Err("That is more than five years ahead.".to_owned());
    }
    Ok(at)
}

fn every(words: &mut Words<'_>) -> Result<Recurrence, String> {
    let what = words.peek().unwrap_or_default();
    if what.starts_with(|c: char| matches!(c, '@' | '*') || c.is_ascii_digit()) {
        let recurrence = Recurrence::parse(words.rest)
            .map_err(|what| format!("That is no recurring time: {what}."));
        return recurrence.inspect(|_| words.rest = "");
    }
    let days = words.read(|word| match word {
        "hour" => Some("hour"),
        "day" => Some("* * *"),
        "weekday" => Some("* * mon-fri"),
        "week" => Some("* * mon"),
        "month" => Some("1 * *"),
        _ => weekday(word).map(|day| match day {
            Weekday::Mon => "* * mon",
            Weekday::Tue => "* * tue",
            Weekday::Wed => "* * wed",
            Weekday::Thu => "* * thu",
            Weekday::Fri => "* * fri",
            Weekday::Sat => "* * sat",
            Weekday::Sun => "* * sun",
        }),
    });
    let days = days.ok_or_else(|| {
        format!("After `every` comes hour, day, weekday, week, month or a day of the week, not `{what}`.")
    })?;
    let rule = if days == "hour" {
        "0 * * * *".to_owned()
    } else {
        let at = time(words).unwrap_or_else(|| clock(MORNING, 0));
        format!("{} {days}", at.format("%-M %-H"))
    };
    if let Some(next) = words.peek().filter(|next| looks_like_time(next)) {
        return Err(format!(
            "`{next}` may be a time or a number. Write a time as 09:00 or 9am."
        ));
    }
    Recurrence::parse(&rule).map_err(|what| format!("That is no recurring time: {what}."))
}

#[cfg(test)]
mod tests;
