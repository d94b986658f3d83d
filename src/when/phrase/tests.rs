#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use chrono::Timelike as _;
use proptest::prelude::*;

use super::*;

/// A Friday at ten past ten in Berlin.
fn friday() -> DateTime<Utc> {
    "2026-11-20T09:10:00Z".parse().unwrap()
}

fn once(text: &str) -> Result<(String, String), String> {
    let (when, rest) = read(text, friday(), Tz::Europe__Berlin)?;
    match when {
        When::Once(at) => {
            let wall = zone::wall(Tz::Europe__Berlin, at);
            Ok((wall.format("%a %m-%d %H:%M").to_string(), rest.to_owned()))
        }
        When::Repeated(every) => Ok((every.to_string(), rest.to_owned())),
    }
}

#[test]
fn phrases_mean_what_people_mean() {
    for (text, expected) in [
        ("in 2 hours", "Fri 11-20 12:10"),
        ("in 60 seconds", "Fri 11-20 10:11"),
        ("in 1m60s", "Fri 11-20 10:12"),
        ("in 2h", "Fri 11-20 12:10"),
        ("in 1h30m", "Fri 11-20 11:40"),
        ("in 1 hour and 30 minutes", "Fri 11-20 11:40"),
        ("in an hour", "Fri 11-20 11:10"),
        ("in 3 days", "Mon 11-23 10:10"),
        ("in 2 weeks", "Fri 12-04 10:10"),
        ("9am", "Sat 11-21 09:00"),
        ("at 17:30", "Fri 11-20 17:30"),
        ("at 9", "Sat 11-21 09:00"),
        ("9 pm", "Fri 11-20 21:00"),
        ("12am", "Sat 11-21 00:00"),
        ("noon", "Fri 11-20 12:00"),
        ("today 17:00", "Fri 11-20 17:00"),
        ("tomorrow", "Sat 11-21 09:00"),
        ("tomorrow 9am", "Sat 11-21 09:00"),
        ("9am tomorrow", "Sat 11-21 09:00"),
        ("tomorrow at 14:15", "Sat 11-21 14:15"),
        ("tomorrow evening", "Sat 11-21 18:00"),
        ("Monday", "Mon 11-23 09:00"),
        ("friday 5pm", "Fri 11-20 17:00"),
        ("friday 9am", "Fri 11-27 09:00"),
        ("on friday, 9am", "Fri 11-27 09:00"),
        ("next friday 5pm", "Fri 11-27 17:00"),
        ("next monday", "Mon 11-23 09:00"),
        ("next week", "Mon 11-23 09:00"),
        ("2026-12-24 10:00", "Thu 12-24 10:00"),
        ("every weekday 9:00", "0 9 * * mon-fri"),
        ("every day", "0 9 * * *"),
        ("every monday 8:30", "30 8 * * mon"),
        ("every month", "0 9 1 * *"),
        ("every hour", "0 * * * *"),
        ("every 0 9 * * 1-5", "0 9 * * 1-5"),
    ] {
        let expected = (expected.to_owned(), String::new());
        assert_eq!(once(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_follows_is_the_text() {
    for (text, rest) in [
        ("in 2 hours call Jane back", "call Jane back"),
        ("tomorrow  9am  Call Jane", "Call Jane"),
        (
            "next monday ask about the 3 invoices",
            "ask about the 3 invoices",
        ),
        ("every weekday 9:00 look at the queue", "look at the queue"),
    ] {
        assert_eq!(once(text).unwrap().1, rest, "{text}");
    }
}

#[test]
fn what_is_past_unclear_or_no_time_is_refused() {
    for (text, reason) in [
        ("", "There is no time."),
        ("soon", "`soon` is no time."),
        ("tomorow 9am", "`tomorow` is no time."),
        ("today 9am", "That is past."),
        ("2026-02-30 10:00", "`2026-02-30` is no time."),
        ("24.12.2026", "`24.12.2026` is no time."),
        ("2020-01-01", "That is past."),
        ("2126-01-01", "That is more than five years ahead."),
        (
            "in 2",
            "After `in` comes a span, such as `2 hours`, `90m`, `3 days` or `2 weeks`.",
        ),
        ("in 0 minutes", "That is past."),
        ("25:00", "`25:00` is no time."),
        ("13pm", "`13pm` is no time."),
        (
            "every fortnight",
            "After `every` comes hour, day, weekday, week, month or a day of the week, not `fortnight`.",
        ),
    ] {
        assert_eq!(once(text), Err(reason.to_owned()), "{text}");
    }
    for text in [
        "tomorrow 9",
        "tomorrow 9.30",
        "monday 9:3 call",
        "every day 9",
    ] {
        let refusal = once(text).unwrap_err();
        assert!(
            refusal.contains("may be a time or a number"),
            "{text}: {refusal}"
        );
    }
}

#[test]
fn a_recurring_time_stands_alone_in_its_option() {
    assert_eq!(
        read_every("weekday 8am").unwrap().to_string(),
        "0 8 * * mon-fri"
    );
    assert_eq!(read_every("@weekly").unwrap().to_string(), "@weekly");
    assert!(read_every("day 9:00 please").is_err());
    assert!(read_every("").is_err());
}

#[test]
fn what_was_understood_is_said_back() {
    let zone = Tz::Europe__Berlin;
    let says = |text: &str| match read(text, friday(), zone).unwrap().0 {
        When::Once(at) => say(at, friday(), zone),
        When::Repeated(every) => every.to_string(),
    };
    assert_eq!(
        says("in 10 seconds"),
        "Fri 20 Nov 2026, 10:10 CET, in 10 seconds"
    );
    assert_eq!(says("in 90m"), "Fri 20 Nov 2026, 11:40 CET, in 90 minutes");
    assert_eq!(
        says("tomorrow 9am"),
        "Sat 21 Nov 2026, 09:00 CET, in 22 hours"
    );
    assert_eq!(says("next monday"), "Mon 23 Nov 2026, 09:00 CET, in 2 days");
}

/// "At the same time tomorrow" is no 24 hours where clocks change in between, and an hour is an hour.
#[test]
fn days_go_by_the_wall_and_hours_by_the_clock() {
    let now: DateTime<Utc> = "2026-03-28T12:00:00Z".parse().unwrap();
    let at = |text| match read(text, now, Tz::Europe__Berlin).unwrap().0 {
        When::Once(at) => (at - now).num_minutes(),
        When::Repeated(_) => 0,
    };
    assert_eq!(at("in 1 day"), 23 * 60);
    assert_eq!(at("in 24 hours"), 24 * 60);
    // 02:30 does not exist on that night; the first moment after is 03:00.
    assert_eq!(at("tomorrow 2:30"), 13 * 60);
}

fn zones() -> impl Strategy<Value = Tz> {
    proptest::sample::select(chrono_tz::TZ_VARIANTS.to_vec())
}

fn moments() -> impl Strategy<Value = DateTime<Utc>> {
    (1_750_000_000_i64..1_900_000_000).prop_map(|at| DateTime::from_timestamp(at, 0).unwrap())
}

proptest! {
    /// Whatever is typed, wherever: it is refused, or lies ahead.
    #[test]
    fn nothing_that_is_typed_breaks_it(
        text in "(in |next |every |at |on )?[a-z0-9:., -]{0,24}|\\PC{0,24}",
        now in moments(),
        zone in zones(),
    ) {
        if let Ok((When::Once(at), rest)) = read(&text, now, zone) {
            prop_assert!(at > now);
            prop_assert!(text.ends_with(rest.trim_end()) || text.trim().ends_with(rest));
        }
    }

    /// A day and a time are that day and that time by the reader's clocks, unless clocks skip it.
    #[test]
    fn a_day_and_a_time_are_what_the_clocks_show(
        days in 1_u64..400,
        hour in 0_u32..24,
        minute in 0_u32..60,
        now in moments(),
        zone in zones(),
    ) {
        let day = zone::wall(zone, now).date() + Days::new(days);
        let text = format!("{day} {hour:02}:{minute:02}");
        let (when, rest) = read(&text, now, zone).unwrap();
        prop_assert_eq!(rest, "");
        let When::Once(at) = when else { panic!("{text}") };
        let wall = zone::wall(zone, at);
        let asked = day.and_hms_opt(hour, minute, 0).unwrap();
        prop_assert!(wall >= asked);
        let before = zone::wall(zone, at - TimeDelta::seconds(1));
        prop_assert!(before < asked, "{} is not the first moment of {}", at, asked);
    }

    /// A weekday is one of the next seven days, and `next` is never today.
    #[test]
    fn a_weekday_is_within_a_week(now in moments(), zone in zones(), at in 0_u32..24) {
        let today = zone::wall(zone, now).date();
        for name in ["monday", "tue", "wed", "thursday", "fri", "sat", "sunday"] {
            for (next, least) in [("", 0), ("next ", 1)] {
                let (when, _) = read(&format!("{next}{name} {at:02}:00"), now, zone).unwrap();
                let When::Once(at) = when else { panic!("{name}") };
                // A midnight that clocks skip is shown as the hour after it.
                let found = zone::wall(zone, at);
                prop_assert_eq!(Some(found.weekday()), weekday(name));
                let days = (found.date() - today).num_days();
                prop_assert!((least..=7).contains(&days), "{} {} {}", next, name, days);
                prop_assert!(found.minute() < 60);
            }
        }
    }
}
