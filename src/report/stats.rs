//! The figures of any period and filter, in whatever form they are wanted.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use super::figures::{self, DayFigures, Figures, Group};
use super::period::Period;
use super::{Dimension, Filter, compare, pictures, words};
use crate::config::DeskSettings;
use crate::notify::digest::Figure;
use crate::plot::Chart;

/// The figures of a period. As JSON it is what `frontdesk stats --format json` prints; durations are in seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stats {
    /// What the period is called.
    pub period: String,
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The first instant that is no longer part of it.
    pub to: DateTime<Utc>,
    /// The figures.
    pub figures: Figures,
    /// Those of the period before.
    pub before: Figures,
    /// By what they are broken down.
    pub by: Option<Dimension>,
    /// The parts.
    pub groups: Vec<Group>,
    /// The days.
    pub days: Vec<DayFigures>,
}

/// Computes the figures.
///
/// # Errors
/// If the database does not answer.
pub async fn compute(
    conn: &mut PgConnection,
    desk: &DeskSettings,
    period: &Period,
    filter: &Filter,
    by: Option<Dimension>,
    now: DateTime<Utc>,
) -> Result<Stats, sqlx::Error> {
    let groups = match by {
        Some(by) => figures::groups(&mut *conn, desk, period, filter, by).await?,
        None => Vec::new(),
    };
    let figures = figures::figures(&mut *conn, desk, period, filter, now).await?;
    let before = figures::figures(&mut *conn, desk, &period.before(), filter, now).await?;
    let at_end = figures.backlog.all;
    Ok(Stats {
        period: period.title(),
        from: period.from(),
        to: period.to(),
        figures,
        before,
        by,
        groups,
        days: figures::by_day(conn, desk, period, filter, at_end, now).await?,
    })
}

impl Stats {
    /// The figures as people read them, with their changes.
    #[must_use]
    pub fn lines(&self) -> Vec<Figure> {
        compare::lines(&self.figures, &self.before)
    }

    /// New and resolved by day as a chart.
    #[must_use]
    pub fn chart(&self) -> Chart {
        pictures::flow(&self.days).chart
    }

    /// A table for a spreadsheet: one line a group where there are groups, else one line a day. Numbers are
    /// plain, durations in seconds.
    #[must_use]
    pub fn csv(&self) -> String {
        if let Some(by) = self.by {
            return self.groups_as_csv(by);
        }
        let mut csv = "day,new,resolved,reopened,backlog\r\n".to_owned();
        for day in &self.days {
            let DayFigures {
                day,
                new,
                resolved,
                reopened,
                backlog,
            } = day;
            csv.push_str(&format!("{day},{new},{resolved},{reopened},{backlog}\r\n"));
        }
        csv
    }

    fn groups_as_csv(&self, by: Dimension) -> String {
        let mut csv = format!(
            "{},new,resolved,closed,reopened,backlog,first_response_median_seconds,first_response_p90_seconds,\
             resolution_median_seconds,resolution_p90_seconds\r\n",
            by.name().to_lowercase()
        );
        for group in &self.groups {
            let flow = &group.flow;
            let spread = |spread: Option<figures::Spread>| match spread {
                Some(spread) => format!("{:.0},{:.0}", spread.median_seconds, spread.p90_seconds),
                None => ",".to_owned(),
            };
            csv.push_str(&format!(
                "{},{},{},{},{},{},{},{}\r\n",
                cell(&group.name),
                flow.new,
                flow.resolved,
                flow.closed,
                flow.reopened,
                group.backlog.all,
                spread(flow.first_response),
                spread(flow.resolution)
            ));
        }
        csv
    }
}

/// A text as a field of CSV (RFC 4180). A mark in front keeps a spreadsheet from taking it for a formula.
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
    use super::cell;

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
}
