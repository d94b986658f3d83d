//! Computing the clocks anew when the settings they were computed by have changed.

use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::{follow, store};
use crate::config::DeskSettings;
use crate::config::desk::StatusKind;
use crate::config::sla::SlaWatch;

/// Computes the clocks of at most `limit` tickets that are not done anew, where targets, calendars or statuses are
/// not those by which it was done last. Returns how many it were: fewer than `limit` means that nothing is left.
///
/// The tickets that are done keep the clocks that they had: they were judged by what was promised then.
///
/// # Errors
/// If the database does not answer.
pub async fn refresh(
    conn: &mut PgConnection,
    desk: &DeskSettings,
    limit: i64,
) -> Result<usize, sqlx::Error> {
    let Some(through) = store::refreshed_through(conn, &fingerprint(desk)).await? else {
        return Ok(0);
    };
    let tickets = store::lock_open_after(conn, through, limit).await?;
    for ticket in &tickets {
        follow::recompute(conn, desk, *ticket).await?;
    }
    let all = i64::try_from(tickets.len()).is_ok_and(|count| count < limit);
    let last = tickets.last().copied().filter(|_| !all);
    store::set_refreshed_through(conn, last).await?;
    Ok(tickets.len())
}

/// What the settings are told apart by.
fn fingerprint(desk: &DeskSettings) -> String {
    let statuses: Vec<(&str, StatusKind)> = desk
        .status
        .iter()
        .map(|status| (status.key.as_str(), status.kind))
        .collect();
    let settings = serde_json::json!([
        desk.sla,
        desk.sla_watch,
        SlaWatch::DAYTIME,
        desk.zone.name(),
        desk.calendar,
        statuses
    ]);
    let hash = Sha256::digest(settings.to_string());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
