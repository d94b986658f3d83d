//! The unfinished tickets of a moment.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};

use super::{Scope, Statement, push_key, push_scope};
use crate::report::Dimension;
use crate::report::figures::Backlog;

#[derive(FromRow)]
struct Row {
    key: Option<String>,
    all: i64,
    under_1_day: i64,
    under_3_days: i64,
    under_7_days: i64,
    under_30_days: i64,
    older: i64,
}

/// The tickets that were opened before `at` and unfinished then, for each value of `by`; without it there is
/// one row, and none where all are finished.
///
/// A ticket whose status changed since had the status that the first of these changes left; the others have
/// today's.
///
/// # Errors
/// If the database does not answer.
pub async fn backlog(
    conn: &mut PgConnection,
    scope: &Scope<'_>,
    at: DateTime<Utc>,
    by: Option<Dimension>,
) -> Result<Vec<(Option<String>, Backlog)>, sqlx::Error> {
    let mut statement = Statement::new(
        "WITH later AS MATERIALIZED (
             SELECT DISTINCT ON (ticket_id) ticket_id, old FROM event
             WHERE kind = 'status_changed' AND event.at >= ",
    );
    statement.push_bind(at);
    // Most of what changed since belongs to tickets that were opened since, which have higher ids.
    statement.push(
        " AND ticket_id <= (SELECT id FROM ticket WHERE merged_into_id IS NULL AND opened_at < ",
    );
    statement.push_bind(at);
    statement.push(
        r#" ORDER BY id DESC LIMIT 1) ORDER BY ticket_id, event.at, id)
         SELECT key, count(*) AS "all",
                count(*) FILTER (WHERE age < 86400) AS under_1_day,
                count(*) FILTER (WHERE age >= 86400 AND age < 259200) AS under_3_days,
                count(*) FILTER (WHERE age >= 259200 AND age < 604800) AS under_7_days,
                count(*) FILTER (WHERE age >= 604800 AND age < 2592000) AS under_30_days,
                count(*) FILTER (WHERE age >= 2592000) AS older
         FROM (SELECT "#,
    );
    push_unfinished(&mut statement, scope, at, by);
    statement.push(
        " AND ticket.status_kind IN ('new', 'open', 'waiting')
          AND NOT EXISTS (SELECT FROM later WHERE later.ticket_id = ticket.id)
         UNION ALL SELECT ",
    );
    push_unfinished(&mut statement, scope, at, by);
    statement.push(" AND ticket.id IN (SELECT ticket_id FROM later WHERE NOT (old = ANY(");
    statement.push_bind(scope.endings.done.clone());
    statement.push(")))) AS unfinished GROUP BY key");
    let rows: Vec<Row> = statement.build_query_as().fetch_all(conn).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.key.clone(), row.backlog()))
        .collect())
}

fn push_unfinished(
    statement: &mut Statement,
    scope: &Scope<'_>,
    at: DateTime<Utc>,
    by: Option<Dimension>,
) {
    push_key(statement, by);
    statement
        .push(" AS key, extract(epoch FROM ")
        .push_bind(at)
        .push(" - ticket.opened_at)::float8 AS age FROM ticket WHERE ticket.opened_at < ")
        .push_bind(at);
    statement.push(" AND ");
    push_scope(statement, scope.filter);
}

impl Row {
    fn backlog(&self) -> Backlog {
        Backlog {
            all: self.all,
            by_age: [
                self.under_1_day,
                self.under_3_days,
                self.under_7_days,
                self.under_30_days,
                self.older,
            ],
        }
    }
}
