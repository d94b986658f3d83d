//! Working hours such as `mon-fri 09:00-17:00`.

use chrono::Weekday;

/// Minutes of a week, which begins on Monday at 00:00.
pub const WEEK_MINUTES: u32 = 7 * DAY_MINUTES;

const DAY_MINUTES: u32 = 24 * 60;

/// One range of working hours on one or more days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingHours {
    /// The days on which it starts.
    pub days: Vec<Weekday>,
    /// Minutes from midnight to its start, 0–1439.
    pub start: u32,
    /// Its length in minutes, 1–1440. Start and length may reach into the next day.
    pub minutes: u32,
}

impl WorkingHours {
    /// Reads a range. Gives a sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (days, times) = text
            .trim()
            .split_once(char::is_whitespace)
            .ok_or("it needs a day and a range of times")?;
        let (start, end) = times
            .trim()
            .split_once('-')
            .ok_or("it needs two times with a `-` between")?;
        let start = minutes(start.trim())?;
        let end = minutes(end.trim())?;
        if start == DAY_MINUTES {
            return Err("a range cannot start at 24:00".to_owned());
        }
        if start == end {
            return Err(
                "it starts and ends at the same time; a whole day is 00:00-24:00".to_owned(),
            );
        }
        let length = if end > start {
            end - start
        } else {
            end + DAY_MINUTES - start
        };
        Ok(Self {
            days: days_of(days)?,
            start,
            minutes: length,
        })
    }

    /// The spans in minutes of the week, half-open, cut where the week ends.
    pub fn spans(&self) -> impl Iterator<Item = (u32, u32)> {
        self.days.iter().flat_map(|day| {
            let start = day.num_days_from_monday() * DAY_MINUTES + self.start;
            let end = start + self.minutes;
            let over = (end > WEEK_MINUTES).then(|| (0, end - WEEK_MINUTES));
            std::iter::once((start, end.min(WEEK_MINUTES))).chain(over)
        })
    }
}

fn days_of(text: &str) -> Result<Vec<Weekday>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (mut day, last) = (weekday(first)?, weekday(last)?);
    let mut days = vec![day];
    while day != last {
        day = day.succ();
        days.push(day);
    }
    Ok(days)
}

fn weekday(text: &str) -> Result<Weekday, String> {
    match text.to_ascii_lowercase().as_str() {
        "mon" => Ok(Weekday::Mon),
        "tue" => Ok(Weekday::Tue),
        "wed" => Ok(Weekday::Wed),
        "thu" => Ok(Weekday::Thu),
        "fri" => Ok(Weekday::Fri),
        "sat" => Ok(Weekday::Sat),
        "sun" => Ok(Weekday::Sun),
        other => Err(format!(
            "`{}` is none of mon, tue, wed, thu, fri, sat and sun",
            super::problem::shown(other)
        )),
    }
}

fn minutes(text: &str) -> Result<u32, String> {
    let bad = || {
        format!(
            "`{}` is no time from 00:00 to 24:00",
            super::problem::shown(text)
        )
    };
    let (hour, minute) = text.split_once(':').ok_or_else(bad)?;
    let digits = |part: &str| {
        let two = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        two.then(|| part.parse::<u32>().ok()).flatten()
    };
    match (digits(hour), digits(minute)) {
        (Some(24), Some(0)) => Ok(DAY_MINUTES),
        (Some(hour @ 0..=23), Some(minute @ 0..=59)) => Ok(hour * 60 + minute),
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Weekday::{Fri, Mon, Sat, Sun};

    use super::{WEEK_MINUTES, WorkingHours};

    fn spans(text: &str) -> Vec<(u32, u32)> {
        WorkingHours::parse(text).map_or_else(|_| Vec::new(), |hours| hours.spans().collect())
    }

    #[test]
    fn a_range_is_read() {
        let hours = WorkingHours {
            days: vec![Mon],
            start: 9 * 60,
            minutes: 3 * 60 + 30,
        };
        assert_eq!(WorkingHours::parse("mon 09:00-12:30"), Ok(hours));
    }

    #[test]
    fn days_go_on_over_the_weekend() {
        let days = WorkingHours::parse("fri-mon 10:00-11:00").map(|hours| hours.days);
        assert_eq!(days, Ok(vec![Fri, Sat, Sun, Mon]));
    }

    #[test]
    fn a_range_may_cross_midnight_and_the_week() {
        assert_eq!(spans("mon 22:00-06:00"), [(22 * 60, 30 * 60)]);
        assert_eq!(
            spans("sun 22:00-06:00"),
            [(WEEK_MINUTES - 120, WEEK_MINUTES), (0, 360)]
        );
        assert_eq!(spans("mon 00:00-24:00"), [(0, 24 * 60)]);
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "",
            "mon",
            "mon 9:00-17:00",
            "mon 09:00",
            "mon 09:00-25:00",
            "mon 24:00-01:00",
            "mon 09:60-17:00",
            "monday 09:00-17:00",
            "mon-xyz 09:00-17:00",
            "mon 09:00-09:00",
            "mon +9:00-17:00",
        ] {
            assert!(WorkingHours::parse(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn spans_stay_in_the_week(text in "(mon|sun|sat-mon) [0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]") {
            for (start, end) in spans(&text) {
                proptest::prop_assert!(start < end && end <= WEEK_MINUTES, "{text}");
            }
        }
    }
}
