//! The jobs that schedules run.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::follow_ups;
use crate::config::Settings;
use crate::config::schedule::Job;
use crate::report;

/// What a job did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Each thing in a few words, such as `closed TKT-20261120-0042`.
    pub deeds: Vec<String>,
    /// Whether more is due that goes on with a later tick.
    pub more: bool,
}

/// Runs a job in the caller's transaction, as things stand at `now`.
pub(super) async fn run(
    conn: &mut PgConnection,
    settings: &Settings,
    job: Job,
    now: DateTime<Utc>,
) -> anyhow::Result<Done> {
    match job {
        Job::FollowUps => follow_ups::run(conn, settings, now).await,
        Job::Digests => {
            let written = report::write_digests(conn, settings, now, now).await?;
            let deed = |one: &report::WrittenDigest| {
                format!("wrote the {} digest for {}", one.digest.key(), one.reader)
            };
            Ok(Done {
                deeds: written.iter().map(deed).collect(),
                more: false,
            })
        }
    }
}
