//! Figures as a table for a spreadsheet (RFC 4180).

use super::figures::{Backlog, DayFigures, Figures, Flow, Group, Spread};
use super::words;

/// The columns behind the first, which names the day, the team, …
const COLUMNS: &str = "new,resolved,closed,reopened,reopen_rate,\
first_response_median_seconds,first_response_p90_seconds,resolution_median_seconds,resolution_p90_seconds,\
promises_kept,promises_missed,promises_kept_share,ratings,rating_mean,rated_badly,\
backlog,backlog_under_1_day,backlog_1_to_3_days,backlog_3_to_7_days,backlog_7_to_30_days,backlog_over_30_days";

/// How many columns stand behind the backlog of a day: its ages are known for the end of the period alone.
const AGES: usize = 5;

/// A line for each group or day, and the last, named `all`, for the whole: it has every figure. A cell is empty where
/// there is no such figure. Numbers are plain, shares between 0 and 1, durations in seconds.
pub(super) fn table(first: &str, parts: Parts<'_>, all: &Figures) -> String {
    let mut csv = format!("{first},{COLUMNS}\r\n");
    match parts {
        Parts::Days(days) => days.iter().for_each(|day| line(&mut csv, of_day(day))),
        Parts::Groups(groups) => groups.iter().for_each(|one| line(&mut csv, of_group(one))),
    }
    line(&mut csv, of_all(all));
    csv
}

/// What the figures are broken down by.
#[derive(Debug, Clone, Copy)]
pub(super) enum Parts<'a> {
    Days(&'a [DayFigures]),
    Groups(&'a [Group]),
}

fn line(csv: &mut String, cells: Vec<String>) {
    csv.push_str(&cells.join(","));
    csv.push_str("\r\n");
}

fn of_day(day: &DayFigures) -> Vec<String> {
    let mut cells = vec![
        day.day.to_string(),
        day.new.to_string(),
        day.resolved.to_string(),
        String::new(),
        day.reopened.to_string(),
    ];
    // The rate, two durations of two columns each, three of promises, three of ratings.
    cells.extend(empty(1 + 4 + 3 + 3));
    cells.push(day.backlog.to_string());
    cells.extend(empty(AGES));
    cells
}

fn of_group(group: &Group) -> Vec<String> {
    let mut cells = vec![cell(&group.name)];
    cells.extend(of_flow(&group.flow));
    cells.extend(empty(3 + 3));
    cells.extend(of_backlog(&group.backlog));
    cells
}

fn of_all(all: &Figures) -> Vec<String> {
    let mut cells = vec!["all".to_owned()];
    cells.extend(of_flow(&all.flow));
    cells.extend([
        all.promises.kept.to_string(),
        all.promises.missed.to_string(),
        number(all.promises.kept_share()),
        all.ratings.given.to_string(),
        number(all.ratings.mean()),
        all.ratings.bad.to_string(),
    ]);
    cells.extend(of_backlog(&all.backlog));
    cells
}

fn of_flow(flow: &Flow) -> Vec<String> {
    let counts = [flow.new, flow.resolved, flow.closed, flow.reopened];
    let mut cells: Vec<String> = counts.iter().map(i64::to_string).collect();
    cells.push(number(flow.reopen_rate()));
    cells.extend([flow.first_response, flow.resolution].map(spread).concat());
    cells
}

fn of_backlog(backlog: &Backlog) -> Vec<String> {
    let all = [backlog.all];
    let counts = all.iter().chain(&backlog.by_age);
    counts.map(i64::to_string).collect()
}

fn spread(spread: Option<Spread>) -> Vec<String> {
    match spread {
        Some(spread) => [spread.median_seconds, spread.p90_seconds]
            .map(|seconds| format!("{seconds:.0}"))
            .to_vec(),
        None => empty(2).collect(),
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| format!("{value:.4}"))
}

fn empty(count: usize) -> impl Iterator<Item = String> {
    std::iter::repeat_n(String::new(), count)
}

/// A text as one field. A mark in front keeps a spreadsheet from taking it for a formula.
fn cell(text: &str) -> String {
    let text = words::one_line(text);
    let formula = text.starts_with(['=', '+', '-', '@']);
    let text = if formula { format!("'{text}") } else { text };
    if text.contains([',', '"']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::super::figures::{Promises, Ratings};
    use super::*;

    #[test]
    fn a_name_is_one_field_and_no_formula() {
        assert_eq!(cell("Support"), "Support");
        assert_eq!(
            cell("Smith, \"Bob\" & Sons"),
            "\"Smith, \"\"Bob\"\" & Sons\""
        );
        assert_eq!(
            cell("=HYPERLINK(\"http://x\")"),
            "\"'=HYPERLINK(\"\"http://x\"\")\""
        );
        assert_eq!(cell("two\nlines"), "two lines");
    }

    #[test]
    fn every_line_has_every_column_and_the_last_every_figure() {
        let all = Figures {
            flow: Flow {
                new: 5,
                resolved: 4,
                closed: 3,
                reopened: 1,
                first_response: Some(Spread {
                    count: 2,
                    median_seconds: 90.0,
                    p90_seconds: 120.4,
                }),
                resolution: None,
            },
            promises: Promises { kept: 3, missed: 1 },
            ratings: Ratings {
                given: 2,
                total: 7,
                bad: 1,
            },
            backlog: Backlog {
                all: 2,
                by_age: [1, 0, 1, 0, 0],
            },
        };
        let day = DayFigures {
            day: NaiveDate::default(),
            new: 5,
            resolved: 4,
            reopened: 1,
            backlog: 2,
        };
        let group = Group {
            key: None,
            name: "Support".to_owned(),
            flow: all.flow,
            backlog: all.backlog,
        };
        let whole = "all,5,4,3,1,0.2500,90,120,,,3,1,0.7500,2,3.5000,1,2,1,0,1,0,0";
        for (csv, part) in [
            (
                table("day", Parts::Days(&[day]), &all),
                "1970-01-01,5,4,,1,,,,,,,,,,,,2,,,,,",
            ),
            (
                table("team", Parts::Groups(&[group]), &all),
                "Support,5,4,3,1,0.2500,90,120,,,,,,,,,2,1,0,1,0,0",
            ),
        ] {
            let lines: Vec<&str> = csv.lines().collect();
            let columns: Vec<usize> = lines.iter().map(|line| line.split(',').count()).collect();
            assert_eq!(columns, [22, 22, 22], "{csv}");
            assert_eq!(lines.get(1..), Some([part, whole].as_slice()));
        }
    }
}
