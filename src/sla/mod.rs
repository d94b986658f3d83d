//! Service levels: business calendars, which target holds for a ticket, and the clocks that run against it.
//!
//! [`calendar`], [`policy`], [`clock`] and [`marks`] are pure: hours, targets and what happened to a ticket go in,
//! moments come out. What they give is written to `ticket_clock` by [`start`] and [`follow`], in the transaction of
//! each change, so that a look for what is due costs one walk over an index. [`due`] tells those concerned, each
//! once; [`refresh`] computes the clocks anew when the targets in the configuration have changed.

pub mod calendar;
pub mod clock;
mod explain;
mod follow;
pub mod marks;
pub mod policy;
mod refresh;
mod store;
mod watch;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::ids::TicketId;

pub use explain::{Explained, ExplainedPause, Explanation, explain};
pub use follow::{follow, start};
pub use policy::Kind;
pub use refresh::refresh;
pub use watch::due;

/// The promise of a ticket that was missed, or is to be missed, first of all that are not kept yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextDue {
    /// What was promised.
    pub kind: Kind,
    /// When it is due, or was.
    pub due_at: DateTime<Utc>,
}

impl NextDue {
    /// Whether it was missed at this moment.
    #[must_use]
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.due_at <= now
    }
}

/// What is due next of each of these tickets. Those of which nothing runs are left out.
///
/// # Errors
/// If the database does not answer.
pub async fn next_due(
    conn: &mut PgConnection,
    tickets: &[TicketId],
) -> Result<BTreeMap<TicketId, NextDue>, sqlx::Error> {
    store::next_due(conn, tickets).await
}

/// Those of these tickets of which a promise was missed by now and is not kept yet.
///
/// # Errors
/// If the database does not answer.
pub async fn overdue(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    tickets: &[TicketId],
) -> Result<BTreeMap<TicketId, NextDue>, sqlx::Error> {
    let mut due = next_due(conn, tickets).await?;
    due.retain(|_, next| next.is_overdue(now));
    Ok(due)
}
