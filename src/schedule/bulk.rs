//! Changes to many tickets that were confirmed in a command and are more than one transaction's work.

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection, PgPool};

use crate::command::{self, Scene};
use crate::config::Settings;

/// How many batches are done before the clock is looked at again.
const BATCHES: usize = 20;

/// Does what is left, a batch at a time, each in a transaction of its own. Returns how many batches there were.
pub(super) async fn carry_on(
    conn: &mut PgConnection,
    numbers: &PgPool,
    settings: &Settings,
    now: DateTime<Utc>,
) -> anyhow::Result<usize> {
    let scene = Scene {
        settings,
        numbers,
        now,
    };
    for batch in 0..BATCHES {
        let mut tx = conn.begin().await?;
        let any = command::carry_on_bulk(&mut tx, &scene).await?;
        tx.commit().await?;
        if !any {
            return Ok(batch);
        }
    }
    Ok(BATCHES)
}
