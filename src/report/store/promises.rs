//! The promises of service levels.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};

use super::flow::push_within;
use super::{Statement, push_scope};
use crate::report::Filter;
use crate::report::figures::Promises;

/// The ticket of a clock was not merged into another.
const UNMERGED: &str = "NOT EXISTS (SELECT FROM ticket AS merged
                         WHERE merged.id = ticket_clock.ticket_id AND merged.merged_into_id IS NOT NULL)";

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
    // Over the whole desk only tickets that were merged do not count, which are few: their promises are taken away by an index
    // of their own, where a join would read every ticket there is.
    let whole_desk = *filter == Filter::default();
    let clocks = match whole_desk {
        true => " FROM ticket_clock WHERE ",
        false => " FROM ticket_clock JOIN ticket ON ticket.id = ticket_clock.ticket_id WHERE ",
    };
    let push_counted = |statement: &mut Statement| match whole_desk {
        true => _ = statement.push(UNMERGED),
        false => push_scope(statement, filter),
    };
    let mut statement = Statement::new("SELECT (SELECT count(*)");
    // A clock that was met in time has no moment at which it is missed.
    statement
        .push(clocks)
        .push("ticket_clock.due_at IS NULL AND ");
    push_within(&mut statement, "ticket_clock.met_at", from, to);
    push_counted(&mut statement);
    statement.push(") AS kept, (SELECT count(*)").push(clocks);
    push_within(&mut statement, "ticket_clock.due_at", from, to);
    push_counted(&mut statement);
    statement.push(") AS missed");
    let row: Row = statement.build_query_as().fetch_one(conn).await?;
    Ok(Promises {
        kept: row.kept,
        missed: row.missed,
    })
}
