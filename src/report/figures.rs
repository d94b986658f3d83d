//! The figures of a period, and what they were in the period before.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::period::Period;
use super::store::{self, Scope};
use super::{Dimension, Endings, Filter};
use crate::config::DeskSettings;

/// What happened to the tickets of a report within a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Tickets that were opened.
    pub new: i64,
    /// Moves from an unfinished to a finished status.
    pub resolved: i64,
    /// Moves into a closed status.
    pub closed: i64,
    /// Moves from a finished to an unfinished status.
    pub reopened: i64,
    /// From the opening to the first public answer of staff, for first answers within the period.
    pub first_response: Option<Spread>,
    /// From the opening to the resolution, for resolutions within the period.
    pub resolution: Option<Spread>,
}

impl Flow {
    /// Reopenings for each resolution; nothing where nothing was resolved.
    #[must_use]
    pub fn reopen_rate(&self) -> Option<f64> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a share is shown with two digits"
        )]
        (self.resolved > 0).then(|| self.reopened as f64 / self.resolved as f64)
    }
}

/// How durations are spread, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// How many there are.
    pub count: i64,
    /// Half of them are no longer than this.
    pub median_seconds: f64,
    /// Nine of ten are no longer than this.
    pub p90_seconds: f64,
}

/// The unfinished tickets of one moment, by their age.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backlog {
    /// All of them.
    pub all: i64,
    /// By age: the classes of [`AGES`].
    pub by_age: [i64; 5],
}

/// The classes of a backlog's ages; each begins where the one before ends.
pub const AGES: [&str; 5] = [
    "under 1 day",
    "1 to 3 days",
    "3 to 7 days",
    "7 to 30 days",
    "over 30 days",
];

/// The classes of first responses; each begins where the one before ends.
pub const WAITS: [&str; 7] = [
    "<15 min", "<1 h", "<4 h", "<8 h", "<1 day", "<3 days", "longer",
];

/// One day of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayFigures {
    /// The day.
    pub day: NaiveDate,
    /// Tickets that were opened.
    pub new: i64,
    /// Resolutions.
    pub resolved: i64,
    /// Reopenings.
    pub reopened: i64,
    /// Unfinished tickets at its end.
    pub backlog: i64,
}

/// The figures of the tickets that have the same team, agent, …
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The key or the id by which the database knows it; absent for tickets that have none.
    pub key: Option<String>,
    /// The word people read.
    pub name: String,
    /// What happened within the period.
    pub flow: Flow,
    /// Unfinished tickets at its end.
    pub backlog: Backlog,
}

/// What became of the promises of the service levels within a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promises {
    /// Those that were kept in time within it.
    pub kept: i64,
    /// Those whose time ran out within it.
    pub missed: i64,
}

impl Promises {
    /// The share that was kept; nothing where none was decided.
    #[must_use]
    pub fn kept_share(&self) -> Option<f64> {
        let decided = self.kept + self.missed;
        #[expect(
            clippy::cast_precision_loss,
            reason = "a share is shown with two digits"
        )]
        (decided > 0).then(|| self.kept as f64 / decided as f64)
    }
}

/// What customers said of tickets that were done, within a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ratings {
    /// How many ratings there are.
    pub given: i64,
    /// The sum of their scores, each from 1 to 5.
    pub total: i64,
    /// Those of 1 and 2.
    pub bad: i64,
}

impl Ratings {
    /// The mean score; nothing where there is no rating.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a mean is shown with one digit")]
        (self.given > 0).then(|| self.total as f64 / self.given as f64)
    }
}

/// The figures of a period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// What happened within it.
    pub flow: Flow,
    /// What became of promises within it.
    pub promises: Promises,
    /// What customers said within it.
    pub ratings: Ratings,
    /// Unfinished tickets at its end, or now where it has not ended.
    pub backlog: Backlog,
}

/// Computes the figures of a period, as they are known at `now`.
///
/// # Errors
/// If the database does not answer.
pub async fn figures(
    conn: &mut PgConnection,
    desk: &DeskSettings,
    period: &Period,
    filter: &Filter,
    now: DateTime<Utc>,
) -> Result<Figures, sqlx::Error> {
    let endings = Endings::of(desk);
    let scope = Scope {
        filter,
        endings: &endings,
    };
    let hours = store::hours(&mut *conn, desk, period.to()).await?;
    let (from, to) = (period.from(), period.to());
    let flow = store::flow(&mut *conn, &scope, from, to, None, &hours).await?;
    let promises = store::promises(&mut *conn, filter, period.from(), period.to().min(now)).await?;
    let ratings = store::ratings(&mut *conn, filter, period.from(), period.to()).await?;
    let backlog = store::backlog(&mut *conn, &scope, period.to(), None).await?;
    Ok(Figures {
        promises,
        ratings,
        flow: flow
            .into_iter()
            .next()
            .map(|(_, flow)| flow)
            .unwrap_or_default(),
        backlog: backlog
            .into_iter()
            .next()
            .map(|(_, backlog)| backlog)
            .unwrap_or_default(),
    })
}

/// Breaks the figures of a period down, the groups with most new tickets first. A group of which nothing
/// happened and nothing is unfinished is left out.
///
/// # Errors
/// If the database does not answer.
pub async fn groups(
    conn: &mut PgConnection,
    desk: &DeskSettings,
    period: &Period,
    filter: &Filter,
    by: Dimension,
) -> Result<Vec<Group>, sqlx::Error> {
    let endings = Endings::of(desk);
    let scope = Scope {
        filter,
        endings: &endings,
    };
    let hours = store::hours(&mut *conn, desk, period.to()).await?;
    let (from, to) = (period.from(), period.to());
    let flows = store::flow(&mut *conn, &scope, from, to, Some(by), &hours).await?;
    let backlogs = store::backlog(&mut *conn, &scope, period.to(), Some(by)).await?;
    let mut groups: Vec<Group> = Vec::new();
    for (key, flow) in flows {
        groups.push(Group {
            key,
            name: String::new(),
            flow,
            backlog: Backlog::default(),
        });
    }
    for (key, backlog) in backlogs {
        match groups.iter_mut().find(|group| group.key == key) {
            Some(group) => group.backlog = backlog,
            None => groups.push(Group {
                key,
                name: String::new(),
                flow: Flow::default(),
                backlog,
            }),
        }
    }
    name(conn, desk, by, &mut groups).await?;
    groups.sort_by(|a, b| {
        let rank = |group: &Group| std::cmp::Reverse((group.flow.new, group.backlog.all));
        rank(a).cmp(&rank(b)).then_with(|| a.name.cmp(&b.name))
    });
    Ok(groups)
}

/// Gives the groups the names that people read.
async fn name(
    conn: &mut PgConnection,
    desk: &DeskSettings,
    by: Dimension,
    groups: &mut [Group],
) -> Result<(), sqlx::Error> {
    let keys: Vec<String> = groups
        .iter()
        .filter_map(|group| group.key.clone())
        .collect();
    let names = match by {
        Dimension::Agent => store::person_names(conn, &keys).await?,
        Dimension::Organization => store::organization_names(conn, &keys).await?,
        _ => Vec::new(),
    };
    for group in groups {
        let configured = |key: &str| configured_name(desk, by, key);
        let known = |key: &str| {
            names
                .iter()
                .find(|(id, _)| id == key)
                .map(|(_, name)| name.clone())
        };
        group.name = match &group.key {
            None => by.absent().to_owned(),
            Some(key) => known(key)
                .or_else(|| configured(key))
                .unwrap_or_else(|| key.clone()),
        };
    }
    Ok(())
}

fn configured_name(desk: &DeskSettings, by: Dimension, key: &str) -> Option<String> {
    let of = |mut list: Box<dyn Iterator<Item = (&String, &String)> + '_>| {
        list.find(|(own, _)| own.as_str() == key)
            .map(|(_, name)| name.clone())
    };
    match by {
        Dimension::Team => of(Box::new(desk.team.iter().map(|one| (&one.key, &one.name)))),
        Dimension::Category => of(Box::new(
            desk.category.iter().map(|one| (&one.key, &one.name)),
        )),
        Dimension::Type => of(Box::new(desk.types.iter().map(|one| (&one.key, &one.name)))),
        Dimension::Priority => of(Box::new(
            desk.priority.iter().map(|one| (&one.key, &one.name)),
        )),
        Dimension::Agent | Dimension::Organization | Dimension::Mailbox => None,
    }
}

/// The days of a period that have begun by `now`, in order.
///
/// # Errors
/// If the database does not answer.
pub async fn by_day(
    conn: &mut PgConnection,
    desk: &DeskSettings,
    period: &Period,
    filter: &Filter,
    backlog_at_end: i64,
    now: DateTime<Utc>,
) -> Result<Vec<DayFigures>, sqlx::Error> {
    let endings = Endings::of(desk);
    let scope = Scope {
        filter,
        endings: &endings,
    };
    let days: Vec<NaiveDate> = period
        .each_day()
        .take_while(|day| super::period::start_of_day(period.zone, *day) <= now)
        .collect();
    if days.is_empty() {
        return Ok(Vec::new());
    }
    let starts: Vec<DateTime<Utc>> = days
        .iter()
        .map(|day| super::period::start_of_day(period.zone, *day))
        .collect();
    let rows = store::by_day(conn, &scope, &starts, period.to(), backlog_at_end).await?;
    Ok(days
        .into_iter()
        .zip(rows)
        .map(|(day, row)| DayFigures {
            day,
            new: row.new,
            resolved: row.resolved,
            reopened: row.reopened,
            backlog: row.backlog,
        })
        .collect())
}

/// How many first answers within the period fall into each class of [`WAITS`].
///
/// # Errors
/// If the database does not answer.
pub async fn first_response_classes(
    conn: &mut PgConnection,
    desk: &DeskSettings,
    period: &Period,
    filter: &Filter,
) -> Result<[i64; 7], sqlx::Error> {
    let hours = store::hours(&mut *conn, desk, period.to()).await?;
    store::first_response_classes(conn, filter, period.from(), period.to(), &hours).await
}

/// How many tickets were opened within the period at each hour of each weekday, in the period's zone: 24 hours
/// for each of seven days, Monday first.
///
/// # Errors
/// If the database does not answer.
pub async fn heat(
    conn: &mut PgConnection,
    period: &Period,
    filter: &Filter,
) -> Result<Vec<i64>, sqlx::Error> {
    store::heat(conn, filter, period.from(), period.to(), period.zone.name()).await
}
