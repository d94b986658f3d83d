//! The watch over service levels: clocks whose settings changed, and targets that are near or missed.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::batch::in_one;
use crate::config::Settings;
use crate::sla;

/// How many clocks are worked in one transaction.
const BATCH: i64 = 500;

/// Works all that is due, a batch at a time. Returns how many clocks were told of.
pub(super) async fn watch(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<usize, sqlx::Error> {
    let full = |count: usize| i64::try_from(count).is_ok_and(|count| count >= BATCH);
    while full(
        in_one(conn, async |tx| {
            sla::refresh(tx, &settings.desk, BATCH).await
        })
        .await?,
    ) {}
    let mut told = 0;
    loop {
        let batch = in_one(conn, async |tx| sla::due(tx, settings, now, BATCH).await).await?;
        told += batch;
        if !full(batch) {
            return Ok(told);
        }
    }
}
