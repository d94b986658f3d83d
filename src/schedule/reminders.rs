//! Reminders whose time has come.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::batch::in_one;
use crate::config::Settings;
use crate::desk::reminder;

/// How many reminders are sent in one transaction.
const BATCH: i64 = 2_000;

/// Sends all that is due, a batch at a time. Returns how many there were.
pub(super) async fn send(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<usize, sqlx::Error> {
    let mut all = 0;
    loop {
        let batch =
            async |tx: &mut PgConnection| reminder::send_due(tx, settings, now, BATCH).await;
        match in_one(conn, batch).await? {
            0 => return Ok(all),
            sent => all += sent,
        }
    }
}
