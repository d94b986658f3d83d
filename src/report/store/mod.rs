//! The SQL of all figures. What each means stands in docs/reports.md; a test computes each a second time by
//! brute force and compares.
//!
//! Filters and breakdowns are put together at run time, so that a statement names the conditions it has and no
//! others, and PostgreSQL may choose an index by them.

mod attention;
mod backlog;
mod flow;
mod health;
mod hours;
mod promises;
mod ratings;
mod series;
mod subscription;

use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::{Dimension, Endings, Filter};

pub use attention::{Listed, Need, Needy, Remembered, listed, needy, reminders};
pub use backlog::backlog;
pub use flow::flow;
pub use health::{FailingMailbox, Trouble, failing_mailboxes, trouble};
pub use hours::{Hours, hours};
pub use promises::promises;
pub use ratings::ratings;
pub use series::{Day, by_day, first_response_classes, heat};
pub use subscription::{add_defaults, end, standing, subscribe, take, unsubscribe};

/// Which tickets count, and which statuses end one.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The tickets.
    pub filter: &'a Filter,
    /// The endings.
    pub endings: &'a Endings,
}

/// A statement in the making.
type Statement = QueryBuilder<Postgres>;

/// Adds the condition that `ticket` counts. A ticket that was merged into another does not: its matter counts
/// there.
fn push_scope(statement: &mut Statement, filter: &Filter) {
    statement.push("ticket.merged_into_id IS NULL");
    let words = [
        ("team", &filter.teams),
        ("category", &filter.categories),
        ("ticket_type", &filter.types),
        ("priority", &filter.priorities),
        ("mailbox", &filter.mailboxes),
    ];
    for (column, values) in words {
        if !values.is_empty() {
            push_any(statement, column, values.clone());
        }
    }
    if !filter.agents.is_empty() {
        push_any(
            statement,
            "assignee_id",
            filter.agents.iter().map(|id| id.0).collect::<Vec<_>>(),
        );
    }
    if !filter.organizations.is_empty() {
        let ids: Vec<i64> = filter.organizations.iter().map(|id| id.0).collect();
        push_any(statement, "organization_id", ids);
    }
}

/// Adds the rows of a table that name a ticket, with their tickets where the filter asks anything of these.
///
/// Over the whole desk only tickets that were merged do not count, which are few: [`push_counted`] takes their rows away by an
/// index of their own, where a join would read every ticket there is.
fn push_counted_rows(statement: &mut Statement, table: &'static str, filter: &Filter) {
    statement.push(table);
    if *filter != Filter::default() {
        statement.push(format_args!(
            " JOIN ticket ON ticket.id = {table}.ticket_id"
        ));
    }
}

/// Adds the condition that the ticket of such a row counts.
fn push_counted(statement: &mut Statement, table: &'static str, filter: &Filter) {
    if *filter != Filter::default() {
        return push_scope(statement, filter);
    }
    statement.push(format_args!(
        "NOT EXISTS (SELECT FROM ticket AS merged
                     WHERE merged.id = {table}.ticket_id AND merged.merged_into_id IS NOT NULL)"
    ));
}

fn push_any<T>(statement: &mut Statement, column: &'static str, values: T)
where
    T: 'static + Send + sqlx::Encode<'static, Postgres> + sqlx::Type<Postgres>,
{
    statement
        .push(format_args!(" AND ticket.{column} = ANY("))
        .push_bind(values)
        .push(")");
}

/// Adds what tickets are told apart by.
fn push_key(statement: &mut Statement, by: Option<Dimension>) {
    match by {
        Some(by) => statement.push(format_args!("ticket.{}::text", by.column())),
        None => statement.push("NULL::text"),
    };
}

/// The names of people, by their ids as text.
pub(super) async fn person_names(
    conn: &mut PgConnection,
    ids: &[String],
) -> Result<Vec<(String, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT id::text AS "id!", name FROM person WHERE id = ANY($1::text[]::bigint[])"#,
        ids
    );
    let rows = rows.fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// The names of organizations, by their ids as text.
pub(super) async fn organization_names(
    conn: &mut PgConnection,
    ids: &[String],
) -> Result<Vec<(String, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT id::text AS "id!", name FROM organization WHERE id = ANY($1::text[]::bigint[])"#,
        ids
    );
    let rows = rows.fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}
