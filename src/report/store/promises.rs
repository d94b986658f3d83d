//! The promises of service levels.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};

use super::flow::push_within;
use super::{Statement, push_counted, push_counted_rows};
use crate::report::Filter;
use crate::report::figures::Promises;

#[derive(FromRow)]
struct Row {
    kept: i64,
    missed: i64,
}

/// What became of promises from `from` until before `to`, which is not in the future.
///
/// # Errors
/// If the database does not answer.
pub async fn promises(
    conn: &mut PgConnection,
    filter: &Filter,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Promises, sqlx::Error> {
    let mut statement = Statement::new("SELECT (SELECT count(*) FROM ");
    // A clock that was met in time has no moment at which it is missed.
    push_counted_rows(&mut statement, "ticket_clock", filter);
    statement.push(" WHERE ticket_clock.due_at IS NULL AND ");
    push_within(&mut statement, "ticket_clock.met_at", from, to);
    push_counted(&mut statement, "ticket_clock", filter);
    statement.push(") AS kept, (SELECT count(*) FROM ");
    push_counted_rows(&mut statement, "ticket_clock", filter);
    statement.push(" WHERE ");
    push_within(&mut statement, "ticket_clock.due_at", from, to);
    push_counted(&mut statement, "ticket_clock", filter);
    statement.push(") AS missed");
    let row: Row = statement.build_query_as().fetch_one(conn).await?;
    Ok(Promises {
        kept: row.kept,
        missed: row.missed,
    })
}
