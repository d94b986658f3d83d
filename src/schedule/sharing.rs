//! Tickets that nobody has, in teams that share theirs.

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection};

use crate::config::Settings;
use crate::desk;

/// How many tickets of a team are given away in one transaction.
const BATCH: i64 = 100;

/// Shares what can be shared, a batch at a time. Returns how many tickets there were.
pub(super) async fn share(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
) -> anyhow::Result<usize> {
    let mut all = 0;
    for team in settings
        .desk
        .team
        .iter()
        .filter(|team| team.assign.is_some())
    {
        loop {
            let mut tx = conn.begin().await?;
            let given = desk::share(&mut tx, settings, now, team, BATCH).await?;
            tx.commit().await?;
            all += given;
            if given == 0 {
                break;
            }
        }
    }
    Ok(all)
}
