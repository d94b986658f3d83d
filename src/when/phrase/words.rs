//! Single words of the grammar of times.

use chrono::{NaiveDate, NaiveTime, Weekday};

/// A day of the week, whole or short.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    match word {
        "mon" | "monday" => Some(Weekday::Mon),
        "tue" | "tues" | "tuesday" => Some(Weekday::Tue),
        "wed" | "wednesday" => Some(Weekday::Wed),
        "thu" | "thur" | "thurs" | "thursday" => Some(Weekday::Thu),
        "fri" | "friday" => Some(Weekday::Fri),
        "sat" | "saturday" => Some(Weekday::Sat),
        "sun" | "sunday" => Some(Weekday::Sun),
        _ => None,
    }
}

/// YYYY-MM-DD and nothing else: other orders mean another day to somebody.
pub(super) fn date(word: &str) -> Option<NaiveDate> {
    let mut parts = word.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 || month.len() != 2 || day.len() != 2 {
        return None;
    }
    NaiveDate::from_ymd_opt(
        i32::try_from(number(year, 4)?).ok()?,
        number(month, 2)?,
        number(day, 2)?,
    )
}

/// `9am`, `9:30pm` or `17:30`.
pub(super) fn time_of(word: &str) -> Option<NaiveTime> {
    let letters = word
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(word.len());
    let (digits, half) = word.split_at_checked(letters)?;
    let (hour, minute) = match digits.split_once(':') {
        Some((hour, minute)) if minute.len() == 2 => (number(hour, 2)?, number(minute, 2)?),
        Some(_) => return None,
        None if half.is_empty() => return None,
        None => (number(digits, 2)?, 0),
    };
    match half {
        "" => NaiveTime::from_hms_opt(hour, minute, 0),
        half => half_day(hour, minute, half),
    }
}

/// A time of the twelve-hour clock: 12am is midnight, 12pm is noon.
pub(super) fn half_day(hour: u32, minute: u32, half: &str) -> Option<NaiveTime> {
    let afternoon = match half {
        "am" => 0,
        "pm" => 12,
        _ => return None,
    };
    let hour = (1..=12).contains(&hour).then_some(hour % 12)?;
    NaiveTime::from_hms_opt(hour + afternoon, minute, 0)
}

/// A time of day.
pub(super) fn clock(hour: u32, minute: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or(NaiveTime::MIN)
}

/// A number of at most so many digits.
pub(super) fn number(word: &str, digits: usize) -> Option<u32> {
    let plain = (1..=digits).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| word.parse().ok()).flatten()
}

/// A number by itself, or a time that is not written out: `9`, `9.30`, `9:3`.
pub(super) fn looks_like_time(word: &str) -> bool {
    let digits = word.split([':', '.', 'h']).next().unwrap_or("");
    number(digits, 2).is_some()
        && word
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | 'h'))
}
