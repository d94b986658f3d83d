//! What happened within a period.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};

use super::hours::{Hours, push_elapsed};
use super::{Scope, Statement, push_counted, push_counted_rows, push_key, push_scope};
use crate::report::Dimension;
use crate::report::figures::{Flow, Spread};

#[derive(FromRow)]
struct Row {
    key: Option<String>,
    new: i64,
    resolved: i64,
    closed: i64,
    reopened: i64,
    responses: i64,
    first_response: Option<Vec<f64>>,
    resolution: Option<Vec<f64>>,
}

/// What happened from `from` until before `to`, for each value of `by`; without it there is one row. Durations are counted
/// in `hours`.
///
/// # Errors
/// If the database does not answer.
pub async fn flow(
    conn: &mut PgConnection,
    scope: &Scope<'_>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    by: Option<Dimension>,
    hours: &Hours,
) -> Result<Vec<(Option<String>, Flow)>, sqlx::Error> {
    let span = Span { from, to, hours };
    let mut statement = match by {
        Some(by) => told_apart(scope, &span, by),
        None => of_all(scope, &span),
    };
    let rows: Vec<Row> = statement.build_query_as().fetch_all(conn).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.key.clone(), row.flow()))
        .collect())
}

/// When something has to have happened, and in which hours it is counted.
struct Span<'a> {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    hours: &'a Hours,
}

const PERCENTILES: &str = "percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY ";

/// Each figure by itself: each is then read from an index that holds all it needs.
fn of_all(scope: &Scope<'_>, span: &Span<'_>) -> Statement {
    let &Span { from, to, hours } = span;
    let mut statement = Statement::new(
        "SELECT NULL::text AS key, new, responses, first_response, moved.resolved, closed, reopened, resolution
         FROM (SELECT count(*) AS new FROM ticket WHERE ",
    );
    push_within(&mut statement, "ticket.opened_at", from, to);
    push_scope(&mut statement, scope.filter);
    statement
        .push(") AS opened, (SELECT count(*) AS responses, ")
        .push(PERCENTILES);
    let answered = "ticket.first_responded_at";
    push_elapsed(&mut statement, hours, "ticket.opened_at", answered);
    statement.push(") AS first_response FROM ticket WHERE ");
    push_within(&mut statement, answered, from, to);
    push_scope(&mut statement, scope.filter);
    statement.push(
        ") AS answered, (SELECT count(*) FILTER (WHERE NOT was_done AND is_done) AS resolved,
                   count(*) FILTER (WHERE NOT was_closed AND is_closed) AS closed,
                   count(*) FILTER (WHERE was_done AND NOT is_done) AS reopened FROM ",
    );
    push_moves(&mut statement, scope, from, to);
    statement.push(") AS moved, (SELECT ").push(PERCENTILES);
    push_elapsed(&mut statement, hours, "ticket.opened_at", "event.at");
    statement.push(") AS resolution FROM ");
    push_moves_of_tickets(&mut statement, scope, from, to);
    statement.push(" AND NOT was_done AND is_done) AS ended");
    statement
}

/// All that happened in one list, which is grouped.
fn told_apart(scope: &Scope<'_>, span: &Span<'_>, by: Dimension) -> Statement {
    let &Span { from, to, hours } = span;
    let mut statement = Statement::new(
        "SELECT key, count(*) FILTER (WHERE new) AS new, count(*) FILTER (WHERE resolved) AS resolved,
                count(*) FILTER (WHERE closed) AS closed, count(*) FILTER (WHERE reopened) AS reopened,
                count(*) FILTER (WHERE responded) AS responses, ",
    );
    statement
        .push(PERCENTILES)
        .push("seconds) FILTER (WHERE responded) AS first_response, ")
        .push(PERCENTILES)
        .push("seconds) FILTER (WHERE resolved) AS resolution FROM (SELECT ");
    push_key(&mut statement, Some(by));
    statement.push(
        " AS key, true AS new, false AS responded, false AS resolved, false AS closed, false AS reopened,
               NULL::float8 AS seconds
         FROM ticket WHERE ",
    );
    push_within(&mut statement, "ticket.opened_at", from, to);
    push_scope(&mut statement, scope.filter);
    statement.push(" UNION ALL SELECT ");
    push_key(&mut statement, Some(by));
    statement.push(", false, true, false, false, false, ");
    let answered = "ticket.first_responded_at";
    push_elapsed(&mut statement, hours, "ticket.opened_at", answered);
    statement.push(" FROM ticket WHERE ");
    push_within(&mut statement, answered, from, to);
    push_scope(&mut statement, scope.filter);
    statement.push(" UNION ALL SELECT ");
    push_key(&mut statement, Some(by));
    statement.push(", false, false, NOT was_done AND is_done, NOT was_closed AND is_closed, was_done AND NOT is_done, ");
    push_elapsed(&mut statement, hours, "ticket.opened_at", "event.at");
    statement.push(" FROM ");
    push_moves_of_tickets(&mut statement, scope, from, to);
    statement.push(") AS fact GROUP BY key");
    statement
}

/// Adds the changes of status within the time, joined to the tickets that count.
fn push_moves_of_tickets(
    statement: &mut Statement,
    scope: &Scope<'_>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) {
    statement.push("event JOIN ticket ON ticket.id = event.ticket_id");
    push_what_moved(statement, scope, from, to);
    push_scope(statement, scope.filter);
}

/// The same, without the tickets where nothing is asked of them.
pub(super) fn push_moves(
    statement: &mut Statement,
    scope: &Scope<'_>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) {
    push_counted_rows(statement, "event", scope.filter);
    push_what_moved(statement, scope, from, to);
    push_counted(statement, "event", scope.filter);
}

fn push_what_moved(
    statement: &mut Statement,
    scope: &Scope<'_>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) {
    statement.push(" CROSS JOIN LATERAL (SELECT event.old = ANY(");
    statement
        .push_bind(scope.endings.done.clone())
        .push(") AS was_done, event.new = ANY(");
    statement
        .push_bind(scope.endings.done.clone())
        .push(") AS is_done, event.old = ANY(");
    statement
        .push_bind(scope.endings.closed.clone())
        .push(") AS was_closed, event.new = ANY(");
    statement
        .push_bind(scope.endings.closed.clone())
        .push(") AS is_closed) AS move WHERE event.kind = 'status_changed' AND ");
    push_within(statement, "event.at", from, to);
}

/// Adds the condition that a moment lies within the time, and the word for another one.
pub(super) fn push_within(
    statement: &mut Statement,
    column: &'static str,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) {
    statement
        .push(column)
        .push(" >= ")
        .push_bind(from)
        .push(" AND ");
    statement
        .push(column)
        .push(" < ")
        .push_bind(to)
        .push(" AND ");
}

impl Row {
    fn flow(&self) -> Flow {
        Flow {
            new: self.new,
            resolved: self.resolved,
            closed: self.closed,
            reopened: self.reopened,
            first_response: spread(self.responses, self.first_response.as_deref()),
            resolution: spread(self.resolved, self.resolution.as_deref()),
        }
    }
}

fn spread(count: i64, percentiles: Option<&[f64]>) -> Option<Spread> {
    match percentiles {
        Some(&[median_seconds, p90_seconds]) => Some(Spread {
            count,
            median_seconds,
            p90_seconds,
        }),
        _ => None,
    }
}
