//! Days off from an iCalendar file (RFC 5545), as calendars of holidays are given out.

use std::path::Path;

use chrono::{Datelike as _, NaiveDate};
use icalendar::{Calendar, CalendarComponent, Component as _, DatePerhapsTime, Event, EventStatus};

/// The last year for which a holiday of every year is entered.
const LAST_YEAR: i32 = 2100;
/// How many days one event may last. More is no holiday but a mistake.
const LONGEST_DAYS: usize = 366;

/// Reads the days off from a file, in order. Gives a sentence that says what is wrong.
pub(super) fn read(path: &Path) -> Result<Vec<NaiveDate>, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("It cannot be read: {error}."))?;
    parse(&text)
}

fn parse(text: &str) -> Result<Vec<NaiveDate>, String> {
    let calendar: Calendar = text
        .parse()
        .map_err(|_| "It is no iCalendar file.".to_owned())?;
    let mut days = Vec::new();
    for component in calendar.iter() {
        if let CalendarComponent::Event(event) = component {
            days.extend(days_of(event)?);
        }
    }
    if days.is_empty() {
        return Err("It has no event that lasts a whole day.".to_owned());
    }
    days.sort_unstable();
    days.dedup();
    Ok(days)
}

/// The days of one event, which lasts whole days.
fn days_of(event: &Event) -> Result<Vec<NaiveDate>, String> {
    let name = event.get_summary().unwrap_or("without a name");
    let name = super::problem::shown(name);
    if event.get_status() == Some(EventStatus::Cancelled) {
        return Ok(Vec::new());
    }
    let Some(DatePerhapsTime::Date(start)) = event.get_start() else {
        return Err(format!(
            "The event `{name}` does not begin with a whole day."
        ));
    };
    let end = match event.get_end() {
        // The end of whole days is the day after the last.
        Some(DatePerhapsTime::Date(end)) => end,
        None => start.succ_opt().unwrap_or(start),
        Some(DatePerhapsTime::DateTime(_)) => {
            return Err(format!("The event `{name}` does not end with a whole day."));
        }
    };
    let lasts: Vec<NaiveDate> = start
        .iter_days()
        .take_while(|day| *day < end)
        .take(LONGEST_DAYS + 1)
        .collect();
    if lasts.is_empty() || lasts.len() > LONGEST_DAYS {
        return Err(format!(
            "The event `{name}` lasts no day, or more than a year."
        ));
    }
    let several = event.multi_properties();
    let odd = ["RDATE", "EXDATE"]
        .iter()
        .find(|name| several.contains_key(**name));
    let rule = match (event.property_value("RRULE"), odd) {
        (None, None) => return Ok(lasts),
        (rule, _) => rule.unwrap_or("of single dates"),
    };
    let years = years(rule, start)
        .filter(|_| odd.is_none())
        .ok_or_else(|| {
            format!(
                "The event `{name}` repeats by the rule {}{}; only those of every year on the same day are understood.",
                super::problem::shown(rule),
                odd.map(|odd| format!(" with {odd}")).unwrap_or_default()
            )
        })?;
    let in_year = |day: &NaiveDate, later: i32| day.with_year(day.year() + later);
    // The 29th of February is there in leap years only.
    Ok(years
        .flat_map(|later| lasts.iter().filter_map(move |day| in_year(day, later)))
        .collect())
}

/// How many years after the first a holiday comes back; nothing for a rule of another kind.
fn years(rule: &str, start: NaiveDate) -> Option<std::ops::Range<i32>> {
    let mut every_year = false;
    let mut years = (LAST_YEAR - start.year() + 1).max(1);
    for part in rule.split(';') {
        let (name, value) = part.split_once('=')?;
        match (name.to_ascii_uppercase().as_str(), value) {
            ("FREQ", value) => every_year = value.eq_ignore_ascii_case("YEARLY"),
            ("INTERVAL", "1") | ("WKST", _) => {}
            ("COUNT", count) => years = years.min(count.parse().ok()?),
            ("UNTIL", until) => {
                let until = NaiveDate::parse_from_str(until.get(..8)?, "%Y%m%d").ok()?;
                let same_day = start
                    .with_year(until.year())
                    .is_some_and(|day| day <= until);
                years = years.min(until.year() - start.year() + i32::from(same_day));
            }
            ("BYMONTH", month) => (month.parse() == Ok(start.month())).then_some(())?,
            ("BYMONTHDAY", day) => (day.parse() == Ok(start.day())).then_some(())?,
            _ => return None,
        }
    }
    every_year.then_some(0..years.max(0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn file(events: &str) -> String {
        format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n{events}END:VCALENDAR\n")
            .replace('\n', "\r\n")
    }

    fn event(lines: &str) -> String {
        format!(
            "BEGIN:VEVENT\nUID:1@test\nDTSTAMP:20260101T000000Z\nSUMMARY:Feast\n{lines}END:VEVENT\n"
        )
    }

    fn days(lines: &str) -> Vec<String> {
        parse(&file(&event(lines)))
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn an_event_is_off_through_the_day_before_its_end() {
        assert_eq!(days("DTSTART;VALUE=DATE:20261225\n"), ["2026-12-25"]);
        let both = "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261227\n";
        assert_eq!(days(both), ["2026-12-25", "2026-12-26"]);
    }

    #[test]
    fn a_holiday_of_every_year_comes_back() {
        let thrice = "DTSTART;VALUE=DATE:20260501\nRRULE:FREQ=YEARLY;COUNT=3\n";
        assert_eq!(days(thrice), ["2026-05-01", "2027-05-01", "2028-05-01"]);
        let until = "DTSTART;VALUE=DATE:20260501\nRRULE:FREQ=YEARLY;BYMONTH=5;UNTIL=20270501\n";
        assert_eq!(days(until), ["2026-05-01", "2027-05-01"]);
        let before = "DTSTART;VALUE=DATE:20260501\nRRULE:FREQ=YEARLY;UNTIL=20270430T220000Z\n";
        assert_eq!(days(before), ["2026-05-01"]);
        let ever = days("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY\n");
        assert_eq!(ever.first().map(String::as_str), Some("2024-02-29"));
        assert_eq!(ever.get(1).map(String::as_str), Some("2028-02-29"));
    }

    #[test]
    fn what_is_no_plain_holiday_is_refused_by_its_name() {
        for lines in [
            "DTSTART:20261225T090000Z\n",
            "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225\n",
            "DTSTART;VALUE=DATE:20261126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\n",
            "DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=WEEKLY\n",
            "DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY\nEXDATE;VALUE=DATE:20271225\n",
        ] {
            let told = parse(&file(&event(lines))).unwrap_err();
            assert!(told.contains("`Feast`"), "{lines}: {told}");
        }
        assert!(parse("no calendar").is_err());
        assert!(parse(&file("")).is_err());
    }

    #[test]
    fn a_cancelled_event_is_no_day_off() {
        let cancelled = event("DTSTART;VALUE=DATE:20261225\nSTATUS:CANCELLED\n");
        let other = event("DTSTART;VALUE=DATE:20270101\n");
        let days = parse(&file(&format!("{cancelled}{other}"))).unwrap();
        assert_eq!(days, [NaiveDate::from_ymd_opt(2027, 1, 1).unwrap()]);
    }
    #[test]
    fn a_calendar_has_the_days_of_its_list_and_of_its_file() {
        let saas = concat!(env!("CARGO_MANIFEST_DIR"), "/config/desks/saas.toml");
        let saas = std::fs::read_to_string(saas).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let desk = folder.path().join("desk.toml");
        let office = "\n[[calendar]]\nkey = 'office'\nzone = 'UTC'\nhours = ['mon-fri 09:00-17:00']\n\
                      holidays = ['2026-12-25']\nholidays_file = 'off.ics'\n";
        std::fs::write(&desk, format!("{saas}{office}")).unwrap();
        let told = super::super::load_desk(&desk).unwrap_err().to_string();
        assert!(told.contains("holidays_file"), "{told}");

        let two = event("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261227\n");
        std::fs::write(folder.path().join("off.ics"), file(&two)).unwrap();
        let loaded = super::super::load_desk(&desk).unwrap();
        let days: Vec<_> = loaded
            .calendar
            .iter()
            .flat_map(|one| one.holidays.clone())
            .collect();
        assert_eq!(days, ["2026-12-25", "2026-12-26"]);

        std::fs::write(folder.path().join("off.ics"), "no calendar").unwrap();
        let told = super::super::load_desk(&desk).unwrap_err().to_string();
        assert!(told.contains("It is no iCalendar file."), "{told}");
    }
}
