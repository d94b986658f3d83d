//! The charts of a report, each with words for those who do not see it.

use chrono::NaiveDate;

use super::figures::{DayFigures, WAITS};
use super::words;
use crate::notify::digest::Picture;
use crate::plot::{Chart, Form, Series};

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// New and resolved on each day.
#[must_use]
pub fn flow(days: &[DayFigures]) -> Picture {
    let (new, resolved): (Vec<i64>, Vec<i64>) =
        days.iter().map(|day| (day.new, day.resolved)).unzip();
    let busiest = days
        .iter()
        .rev()
        .max_by_key(|day| day.new)
        .filter(|day| day.new > 0);
    let busiest = busiest.map_or_else(String::new, |day| {
        format!(
            "; most were opened on {} ({})",
            label(day.day),
            words::count(day.new)
        )
    });
    Picture {
        cid: "by-day",
        alt: format!(
            "New and resolved by day{}: {} new and {} resolved in all{busiest}.",
            span(days),
            words::count(new.iter().sum()),
            words::count(resolved.iter().sum()),
        ),
        chart: Chart {
            title: "New and resolved".to_owned(),
            form: Form::Bars {
                labels: days.iter().map(|day| label(day.day)).collect(),
                series: vec![named("New", new), named("Resolved", resolved)],
            },
        },
    }
}

/// The backlog at the end of each day.
#[must_use]
pub fn backlog(days: &[DayFigures]) -> Picture {
    let values: Vec<i64> = days.iter().map(|day| day.backlog).collect();
    let of = |day: Option<&DayFigures>| words::count(day.map_or(0, |day| day.backlog));
    Picture {
        cid: "backlog",
        alt: format!(
            "Backlog at the end of each day{}: from {} to {}.",
            span(days),
            of(days.first()),
            of(days.last())
        ),
        chart: Chart {
            title: "Backlog".to_owned(),
            form: Form::Lines {
                labels: days.iter().map(|day| label(day.day)).collect(),
                series: vec![named("Backlog", values)],
            },
        },
    }
}

/// How long first responses took, over some days.
#[must_use]
pub fn first_responses(classes: &[i64; 7], days: &[DayFigures]) -> Picture {
    let each: Vec<String> = WAITS
        .iter()
        .zip(classes)
        .filter(|(_, count)| **count > 0)
        .map(|(class, count)| format!("{class}: {}", words::count(*count)))
        .collect();
    Picture {
        cid: "first-responses",
        alt: match each.as_slice() {
            [] => format!("Time to the first response{}: there was none.", span(days)),
            each => format!(
                "Time to the first response{}: {}.",
                span(days),
                each.join(", ")
            ),
        },
        chart: Chart {
            title: "Time to the first response".to_owned(),
            form: Form::Bars {
                labels: WAITS.map(str::to_owned).to_vec(),
                series: vec![named("First responses", classes.to_vec())],
            },
        },
    }
}

/// When tickets are opened in a week, over some days: 24 hours for each weekday.
#[must_use]
pub fn heat(hours: &[i64], days: &[DayFigures]) -> Picture {
    let busiest = hours
        .iter()
        .enumerate()
        .rev()
        .max_by_key(|(_, count)| **count)
        .filter(|(_, count)| **count > 0);
    let busiest = busiest.and_then(|(hour, count)| {
        let weekday = WEEKDAYS.get(hour / 24)?;
        Some(format!(
            "most on {weekday} from {}:00 ({})",
            hour % 24,
            words::count(*count)
        ))
    });
    Picture {
        cid: "hours",
        alt: format!(
            "New tickets by weekday and hour{}: {}.",
            span(days),
            busiest.unwrap_or_else(|| "there was none".to_owned())
        ),
        chart: Chart {
            title: "New tickets by weekday and hour".to_owned(),
            form: Form::Heat {
                rows: WEEKDAYS.map(str::to_owned).to_vec(),
                columns: (0..24).map(|hour| hour.to_string()).collect(),
                values: hours.to_vec(),
            },
        },
    }
}

fn named(name: &str, values: Vec<i64>) -> Series {
    Series {
        name: name.to_owned(),
        values,
    }
}

fn label(day: NaiveDate) -> String {
    day.format("%-d %b").to_string()
}

/// Which days, as a part of a sentence.
fn span(days: &[DayFigures]) -> String {
    match (days.first(), days.last()) {
        (Some(first), Some(last)) => format!(", {} to {}", label(first.day), label(last.day)),
        _ => String::new(),
    }
}
