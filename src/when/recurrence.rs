//! Recurrences: the five fields of crontab(5), read as wall time in a zone.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr as _;

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;

use super::zone;

/// What a recurrence may look like, for whoever wrote another.
pub const HINT: &str = "Write five fields, `minute hour day-of-month month day-of-week`, such as `0 9 * * mon-fri`, or one of \
@hourly, @daily, @weekly, @monthly and @yearly.";

/// A recurring wall time, such as `0 9 * * mon-fri`.
///
/// The fields are minute (0–59), hour (0–23), day of the month (1–31), month (1–12 or jan–dec) and day of the week
/// (0–7 or sun–sat, 0 and 7 both Sunday); each is `*`, a number, a range, a step such as `*/15` or `8-18/2`, or a list
/// of these. A range of names may go over the end: `fri-mon`. Where neither of the two kinds of day begins with `*`,
/// either makes the day, as crontab(5) has it.
#[derive(Debug, Clone)]
pub struct Recurrence {
    text: String,
    /// A day matches if one of them does.
    either: Vec<cron::Schedule>,
}

/// One of the five fields.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// The words for the numbers from `least` on.
    words: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field {
        name: "minute",
        least: 0,
        most: 59,
        words: &[],
    },
    Field {
        name: "hour",
        least: 0,
        most: 23,
        words: &[],
    },
    Field {
        name: "day of the month",
        least: 1,
        most: 31,
        words: &[],
    },
    Field {
        name: "month",
        least: 1,
        most: 12,
        words: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    },
    Field {
        name: "day of the week",
        least: 0,
        most: 7,
        words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

/// The short forms and what they stand for.
const NAMED: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

impl Recurrence {
    /// Reads a recurrence.
    ///
    /// # Errors
    /// A part of a sentence that says what is wrong; [`HINT`] says what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim().to_ascii_lowercase();
        let named = NAMED.iter().find(|(name, _)| *name == text);
        let fields = named.map_or(text.as_str(), |(_, fields)| fields);
        let parts: Vec<&str> = fields.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = parts.as_slice() else {
            return Err(match parts.len() {
                1 => "there is no short form of that name".to_owned(),
                count => format!("it has {count} fields instead of 5"),
            });
        };
        let [minutes, hours, days, months, weekdays] = &FIELDS;
        let time = format!("{} {}", minutes.read(minute)?, hours.read(hour)?);
        let (by_day, by_weekday) = (days.read(day)?, weekdays.read(weekday)?);
        let months = months.read(month)?;
        // The library counts weekdays from 1, begins with seconds, and wants both kinds of day to match.
        let rules = if day.starts_with('*') || weekday.starts_with('*') {
            vec![format!("0 {time} {by_day} {months} {by_weekday}")]
        } else {
            vec![
                format!("0 {time} {by_day} {months} *"),
                format!("0 {time} * {months} {by_weekday}"),
            ]
        };
        let either = rules
            .iter()
            .map(|rule| cron::Schedule::from_str(rule).map_err(|error| error.to_string()))
            .collect::<Result<Vec<_>, _>>()?;
        let all = Self { text, either };
        match all.next_wall(DateTime::UNIX_EPOCH.naive_utc()) {
            Some(_) => Ok(all),
            None => Err("no such day ever comes".to_owned()),
        }
    }

    /// The moments of the recurrence in the zone, strictly after the given one, in order and each once. A wall time
    /// that clocks skip counts as the first moment after the gap, one that they show twice as the first of the two.
    pub fn slots(&self, zone: Tz, after: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        let mut wall = zone::wall(zone, after);
        let mut last = after;
        std::iter::from_fn(move || {
            loop {
                wall = self.next_wall(wall)?;
                let at = zone::instant(zone, wall);
                if at > last {
                    last = at;
                    return Some(at);
                }
            }
        })
    }

    /// The next wall time of the recurrence, strictly after the given one; none from the year 2100 on.
    fn next_wall(&self, after: NaiveDateTime) -> Option<NaiveDateTime> {
        let after = after.and_utc();
        let next = |rule: &cron::Schedule| rule.after(&after).next();
        self.either
            .iter()
            .filter_map(next)
            .min()
            .map(|at| at.naive_utc())
    }
}

impl PartialEq for Recurrence {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Recurrence {}

impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Field {
    /// Reads a field and writes it as the library wants it: `*`, or a list of numbers.
    fn read(&self, text: &str) -> Result<String, String> {
        let mut numbers = BTreeSet::new();
        for part in text.split(',') {
            self.add(part, &mut numbers)?;
        }
        // Both 0 and 7 are Sunday, which the library calls 1.
        let days = self.most == 7;
        if days {
            numbers = numbers.iter().map(|day| day % 7 + 1).collect();
        }
        let all = if days { 7 } else { self.most - self.least + 1 };
        if numbers.len() == all as usize {
            return Ok("*".to_owned());
        }
        let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
        Ok(numbers.join(","))
    }

    /// Adds the numbers of one part of a list.
    fn add(&self, part: &str, numbers: &mut BTreeSet<u32>) -> Result<(), String> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(self.step(step)?)),
            None => (part, None),
        };
        let top = if self.most == 7 { 6 } else { self.most };
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (self.number(first)?, self.number(last)?),
            None if range == "*" => (self.least, top),
            // `5/15` is "from 5 on", and a number alone is itself.
            None => {
                let number = self.number(range)?;
                (number, if step.is_some() { top } else { number })
            }
        };
        let step = step.unwrap_or(1) as usize;
        if first <= last {
            numbers.extend((first..=last).step_by(step));
        } else if self.words.is_empty() {
            return Err(format!("the range `{range}` ends before it begins"));
        } else {
            numbers.extend((first..=top).chain(self.least..=last).step_by(step));
        }
        Ok(())
    }

    fn step(&self, text: &str) -> Result<u32, String> {
        match digits(text) {
            Some(step) if (1..=self.most).contains(&step) => Ok(step),
            _ => Err(format!("`{text}` is no step of the {}", self.name)),
        }
    }

    fn number(&self, text: &str) -> Result<u32, String> {
        let word = || {
            let at = self.words.iter().position(|word| *word == text)?;
            Some(self.least + u32::try_from(at).ok()?)
        };
        digits(text)
            .filter(|number| (self.least..=self.most).contains(number))
            .or_else(word)
            .ok_or_else(|| {
                let words = match self.words {
                    [first, .., last] => format!(" or {first} to {last}"),
                    _ => String::new(),
                };
                let (least, most) = (self.least, self.most);
                format!(
                    "the {} is {least} to {most}{words}, not `{text}`",
                    self.name
                )
            })
    }
}

/// A number of one or two digits; no sign, no blank.
fn digits(text: &str) -> Option<u32> {
    let plain = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
