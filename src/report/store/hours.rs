//! Durations in working time. The working spans of a calendar stand in arrays, so that PostgreSQL finds the one that a moment
//! lies in by a binary search.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Statement;
use crate::config::DeskSettings;
use crate::sla::calendar::Calendar;

/// The time that counts in durations: every hour, or the hours of a calendar.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hours(Option<Spans>);

/// Working spans, one after the other.
#[derive(Debug, Clone, Default, PartialEq)]
struct Spans {
    /// When each begins.
    starts: Vec<DateTime<Utc>>,
    /// How long each is, in seconds.
    lengths: Vec<f64>,
    /// The working time before it.
    before: Vec<f64>,
}

/// The time that counts in the desk's reports, from the opening of its first ticket until `to`.
///
/// # Errors
/// If the database does not answer.
pub async fn hours(
    conn: &mut PgConnection,
    desk: &DeskSettings,
    to: DateTime<Utc>,
) -> Result<Hours, sqlx::Error> {
    let named = desk.report_calendar.as_ref();
    let named = named.and_then(|key| desk.calendar.iter().find(|one| one.key == *key));
    let Some(calendar) = named.map(Calendar::of) else {
        return Ok(Hours(None));
    };
    let first =
        sqlx::query_scalar!("SELECT min(opened_at) FROM ticket WHERE merged_into_id IS NULL");
    let mut spans = Spans::default();
    let mut worked = 0.0;
    if let Some(first) = first.fetch_one(conn).await? {
        for span in calendar.spans_between(first, to) {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a day has few microseconds for that"
            )]
            let length = (span.to - span.from).num_microseconds().unwrap_or(0) as f64 / 1e6;
            spans.starts.push(span.from);
            spans.lengths.push(length);
            spans.before.push(worked);
            worked += length;
        }
    }
    Ok(Hours(Some(spans)))
}

/// Adds the seconds from one moment to another that count.
pub(super) fn push_elapsed(
    statement: &mut Statement,
    hours: &Hours,
    from: &'static str,
    to: &'static str,
) {
    let Some(spans) = &hours.0 else {
        statement.push(format_args!("extract(epoch FROM {to} - {from})::float8"));
        return;
    };
    statement.push("(");
    push_worked(statement, spans, to);
    statement.push(" - ");
    push_worked(statement, spans, from);
    statement.push(")");
}

/// Adds the working seconds before a moment.
fn push_worked(statement: &mut Statement, spans: &Spans, at: &'static str) {
    statement.push("(SELECT CASE WHEN span = 0 THEN 0 ELSE (");
    statement.push_bind(spans.before.clone());
    statement.push(format_args!(
        "::float8[])[span] + least(extract(epoch FROM {at} - ("
    ));
    statement.push_bind(spans.starts.clone());
    statement.push("::timestamptz[])[span])::float8, (");
    statement.push_bind(spans.lengths.clone());
    statement.push(format_args!(
        "::float8[])[span]) END FROM (SELECT width_bucket({at}, "
    ));
    statement.push_bind(spans.starts.clone());
    statement.push("::timestamptz[]) AS span OFFSET 0) AS found)");
}
