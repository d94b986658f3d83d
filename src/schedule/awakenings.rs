//! Tickets that were put off until now.

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection};

use crate::config::Settings;
use crate::desk;

/// How many tickets come back in one transaction.
const BATCH: i64 = 500;

/// Brings back all whose time has come, a batch at a time. Returns how many there were.
pub(super) async fn wake(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
) -> anyhow::Result<usize> {
    let mut all = 0;
    loop {
        let mut tx = conn.begin().await?;
        let woken = desk::wake_due(&mut tx, settings, now, BATCH).await?;
        tx.commit().await?;
        all += woken;
        if woken == 0 {
            return Ok(all);
        }
    }
}
