//! What customers say of tickets that are done.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};

use super::flow::push_within;
use super::{Statement, push_scope};
use crate::report::Filter;
use crate::report::figures::Ratings;

#[derive(FromRow)]
struct Row {
    given: i64,
    total: i64,
    bad: i64,
}

/// The ratings that stand and were given from `from` until before `to`.
///
/// # Errors
/// If the database does not answer.
pub async fn ratings(
    conn: &mut PgConnection,
    filter: &Filter,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Ratings, sqlx::Error> {
    let mut statement = Statement::new(
        "SELECT count(*) AS given, coalesce(sum(score), 0)::bigint AS total, count(*) FILTER (WHERE score <= 2) AS bad
         FROM rating JOIN ticket ON ticket.id = rating.ticket_id WHERE ",
    );
    push_within(&mut statement, "rating.created_at", from, to);
    push_scope(&mut statement, filter);
    let row: Row = statement.build_query_as().fetch_one(conn).await?;
    Ok(Ratings {
        given: row.given,
        total: row.total,
        bad: row.bad,
    })
}
