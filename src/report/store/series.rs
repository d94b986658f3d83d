//! What the charts show: days, classes of first responses, hours of the week.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};

use super::flow::{push_moves, push_within};
use super::hours::{Hours, push_elapsed};
use super::{Scope, Statement, push_scope};
use crate::report::Filter;

/// One day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Day {
    /// Tickets that were opened.
    pub new: i64,
    /// Resolutions.
    pub resolved: i64,
    /// Reopenings.
    pub reopened: i64,
    /// Unfinished tickets at its end.
    pub backlog: i64,
}

/// The days that begin at `starts`, the last of which ends at `to`. The backlog is counted back from the one at
/// `to`: what was opened or reopened later was not there yet, what was resolved later still was.
///
/// # Errors
/// If the database does not answer.
pub async fn by_day(
    conn: &mut PgConnection,
    scope: &Scope<'_>,
    starts: &[DateTime<Utc>],
    to: DateTime<Utc>,
    backlog_at_end: i64,
) -> Result<Vec<Day>, sqlx::Error> {
    let from = starts.first().copied().unwrap_or(to);
    let mut statement = Statement::new("WITH flow AS (SELECT width_bucket(at, ");
    statement.push_bind(starts.to_vec()).push(
        ") AS day, sum(new) AS new, sum(resolved) AS resolved, sum(reopened) AS reopened
         FROM (SELECT ticket.opened_at AS at, 1 AS new, 0 AS resolved, 0 AS reopened FROM ticket WHERE ",
    );
    push_within(&mut statement, "ticket.opened_at", from, to);
    push_scope(&mut statement, scope.filter);
    statement.push(" UNION ALL SELECT event.at, 0, (NOT was_done AND is_done)::int, (was_done AND NOT is_done)::int FROM ");
    push_moves(&mut statement, scope, from, to);
    statement.push(
        ") AS fact GROUP BY day)
         SELECT coalesce(new, 0)::bigint AS new, coalesce(resolved, 0)::bigint AS resolved,
                coalesce(reopened, 0)::bigint AS reopened,
                (",
    );
    statement.push_bind(backlog_at_end).push(
        " - coalesce(sum(new + reopened - resolved)
                     OVER (ORDER BY day DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))::bigint AS backlog
         FROM generate_series(1, ",
    );
    statement.push_bind(i32::try_from(starts.len()).unwrap_or(i32::MAX));
    statement.push(") AS day LEFT JOIN flow USING (day) ORDER BY day");
    statement.build_query_as().fetch_all(conn).await
}

/// How many first answers fall into each class: under 15 minutes, 1, 4, 8, 24 and 72 hours, and longer.
///
/// # Errors
/// If the database does not answer.
pub async fn first_response_classes(
    conn: &mut PgConnection,
    filter: &Filter,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    hours: &Hours,
) -> Result<[i64; 7], sqlx::Error> {
    let mut statement = Statement::new("SELECT width_bucket(");
    push_elapsed(
        &mut statement,
        hours,
        "ticket.opened_at",
        "ticket.first_responded_at",
    );
    statement.push(
        ", ARRAY[900, 3600, 14400, 28800, 86400, 259200]::float8[]) AS class, count(*)
         FROM ticket WHERE ",
    );
    push_within(&mut statement, "ticket.first_responded_at", from, to);
    push_scope(&mut statement, filter);
    statement.push(" GROUP BY class");
    let rows: Vec<(i32, i64)> = statement.build_query_as().fetch_all(conn).await?;
    let mut classes = [0; 7];
    for (class, count) in rows {
        if let Some(place) = usize::try_from(class)
            .ok()
            .and_then(|class| classes.get_mut(class))
        {
            *place = count;
        }
    }
    Ok(classes)
}

/// How many tickets were opened at each hour of each weekday in the zone, Monday at midnight first.
///
/// # Errors
/// If the database does not answer.
pub async fn heat(
    conn: &mut PgConnection,
    filter: &Filter,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    zone: &str,
) -> Result<Vec<i64>, sqlx::Error> {
    let mut statement =
        Statement::new("SELECT ((extract(isodow FROM wall) - 1) * 24 + extract(hour FROM wall))::int AS hour, count(*)
         FROM (SELECT ticket.opened_at AT TIME ZONE ");
    statement
        .push_bind(zone.to_owned())
        .push(" AS wall FROM ticket WHERE ");
    push_within(&mut statement, "ticket.opened_at", from, to);
    push_scope(&mut statement, filter);
    statement.push(") AS opened GROUP BY hour");
    let rows: Vec<(i32, i64)> = statement.build_query_as().fetch_all(conn).await?;
    let mut hours = vec![0; 7 * 24];
    for (hour, count) in rows {
        if let Some(place) = usize::try_from(hour)
            .ok()
            .and_then(|hour| hours.get_mut(hour))
        {
            *place = count;
        }
    }
    Ok(hours)
}
