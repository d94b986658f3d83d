//! The figures of any period and filter, in whatever form they are wanted.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use super::csv::{self, Parts};
use super::figures::{self, DayFigures, Figures, Group};
use super::period::Period;
use super::{Dimension, Filter, compare, pictures};
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

    /// A table for a spreadsheet: one line a group where there are groups, else one line a day, and one for all.
    #[must_use]
    pub fn csv(&self) -> String {
        match self.by {
            Some(by) => {
                let first = by.name().to_lowercase();
                csv::table(&first, Parts::Groups(&self.groups), &self.figures)
            }
            None => csv::table("day", Parts::Days(&self.days), &self.figures),
        }
    }
}
