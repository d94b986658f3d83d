//! The SQL of schedules and their slots.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::config::schedule::ScheduleSettings;

/// How a schedule stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its name.
    pub name: String,
    /// The recurrence and zone by which it stands so.
    pub rule: String,
    /// Slots up to this moment are taken.
    pub last_at: DateTime<Utc>,
    /// How often its next slot was tried.
    pub attempt: i32,
    /// Before this moment it is not tried again.
    pub retry_at: Option<DateTime<Utc>>,
    /// Its last failure.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<DateTime<Utc>>,
    /// A slot that has more to do, and has rested for long enough.
    pub unfinished: Option<DateTime<Utc>>,
}

/// How all schedules stand. Slots that were worked after `rested` and are not through are left alone.
///
/// # Errors
/// If the database does not answer.
pub async fn standings(
    conn: &mut PgConnection,
    rested: DateTime<Utc>,
) -> Result<Vec<Standing>, sqlx::Error> {
    sqlx::query_as!(
        Standing,
        r#"SELECT name, rule, last_at, attempt, retry_at, last_error, last_error_at,
                  (SELECT min(slot_at) FROM schedule_slot
                   WHERE schedule = name AND settled_at IS NULL AND taken_at <= $1) AS unfinished
           FROM schedule"#,
        rested
    )
    .fetch_all(conn)
    .await
}

/// Begins to watch a schedule that is new, or whose rule was changed: slots up to now are nobody's.
///
/// # Errors
/// If the database does not answer.
pub async fn begin(
    conn: &mut PgConnection,
    schedule: &ScheduleSettings,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO schedule AS held (name, rule, last_at) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET rule = excluded.rule, last_at = greatest(held.last_at, excluded.last_at),
             attempt = 0, retry_at = NULL
         WHERE held.rule <> excluded.rule",
        schedule.name,
        schedule.rule(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a slot that stands for `missed` earlier ones. Returns false if it is another's; one that is being taken is
/// waited for.
///
/// # Errors
/// If the database does not answer.
pub async fn take(
    conn: &mut PgConnection,
    name: &str,
    slot: DateTime<Utc>,
    missed: i32,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let taken = sqlx::query!(
        "INSERT INTO schedule_slot (schedule, slot_at, taken_at, missed) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        name,
        slot,
        now,
        missed
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE schedule SET last_at = $2 WHERE name = $1 AND last_at < $2",
        name,
        slot
    )
    .execute(conn)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Takes up a slot again that has more to do. Returns false if another has it, or did.
///
/// # Errors
/// If the database does not answer.
pub async fn resume(
    conn: &mut PgConnection,
    name: &str,
    slot: DateTime<Utc>,
    rested: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let held = sqlx::query_scalar!(
        "SELECT slot_at FROM schedule_slot
         WHERE schedule = $1 AND slot_at = $2 AND settled_at IS NULL AND taken_at <= $3
         FOR UPDATE SKIP LOCKED",
        name,
        slot,
        rested
    )
    .fetch_optional(conn)
    .await?;
    Ok(held.is_some())
}

/// What became of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It ran.
    Ran,
    /// It has more to do.
    Unfinished,
    /// It was missed, and the schedule passes missed slots over.
    Skipped,
    /// It failed as often as it is tried.
    Failed,
}

/// Writes down what became of a slot, and how many things it did this time.
///
/// # Errors
/// If the database does not answer.
pub async fn settle(
    conn: &mut PgConnection,
    name: &str,
    slot: DateTime<Utc>,
    outcome: Outcome,
    done: usize,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let word = match outcome {
        Outcome::Ran => Some("ran"),
        Outcome::Skipped => Some("skipped"),
        Outcome::Failed => Some("failed"),
        Outcome::Unfinished => None,
    };
    sqlx::query!(
        "UPDATE schedule_slot SET taken_at = $4::timestamptz, outcome = $3, done = done + $5,
                settled_at = CASE WHEN $3::text IS NOT NULL THEN $4::timestamptz END
         WHERE schedule = $1 AND slot_at = $2",
        name,
        slot,
        word,
        now,
        i64::try_from(done).unwrap_or(i64::MAX)
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE schedule SET attempt = 0, retry_at = NULL WHERE name = $1 AND attempt > 0",
        name
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes down that a slot failed. It is tried again after as many minutes as it was tried. Returns how often that was.
///
/// # Errors
/// If the database does not answer.
pub async fn record_failure(
    conn: &mut PgConnection,
    name: &str,
    error: &str,
    now: DateTime<Utc>,
) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar!(
        "UPDATE schedule SET attempt = attempt + 1, last_error = $2, last_error_at = $3::timestamptz,
                retry_at = $3::timestamptz + make_interval(mins => attempt + 1)
         WHERE name = $1 RETURNING attempt",
        name,
        error,
        now
    )
    .fetch_one(conn)
    .await
}

/// A slot that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Its schedule.
    pub schedule: String,
    /// Its moment.
    pub slot_at: DateTime<Utc>,
    /// When it was last worked.
    pub taken_at: DateTime<Utc>,
    /// `ran`, `skipped` or `failed`; nothing while it has more to do.
    pub outcome: Option<String>,
    /// How many earlier slots it stands for.
    pub missed: i32,
    /// How many things it did.
    pub done: i64,
}

/// The newest slot of each schedule.
///
/// # Errors
/// If the database does not answer.
pub async fn newest_slots(conn: &mut PgConnection) -> Result<Vec<Slot>, sqlx::Error> {
    sqlx::query_as!(
        Slot,
        "SELECT DISTINCT ON (schedule) schedule, slot_at, taken_at, outcome, missed, done
         FROM schedule_slot ORDER BY schedule, slot_at DESC"
    )
    .fetch_all(conn)
    .await
}

/// Forgets settled slots that were before the moment, except each schedule's newest.
///
/// # Errors
/// If the database does not answer.
pub async fn forget(
    conn: &mut PgConnection,
    name: &str,
    before: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM schedule_slot WHERE schedule = $1 AND slot_at < $2 AND settled_at IS NOT NULL",
        name,
        before
    )
    .execute(conn)
    .await?;
    Ok(())
}
