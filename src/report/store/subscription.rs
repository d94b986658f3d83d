//! Who gets which digest.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::ids::{PersonId, SubscriptionId};
use crate::notify::By;
use crate::report::subscription::{DigestKind, NewSubscription, Subscription};

/// Subscribes a person, or changes a subscription that there is.
///
/// # Errors
/// If the database does not answer.
pub async fn subscribe(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    new: &NewSubscription<'_>,
) -> Result<SubscriptionId, sqlx::Error> {
    sqlx::query_scalar!(
        r#"INSERT INTO digest_subscription
               (person_id, digest, teams, hour, zone, even_if_empty, unassigned_hours, created_at, last_slot_at,
                told_by, platform, place)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11)
           ON CONFLICT (person_id, digest) DO UPDATE SET teams = excluded.teams, hour = excluded.hour,
               zone = excluded.zone, even_if_empty = excluded.even_if_empty,
               unassigned_hours = excluded.unassigned_hours, ended_at = NULL, told_by = excluded.told_by,
               platform = excluded.platform, place = excluded.place,
               last_slot_at = greatest(digest_subscription.last_slot_at, excluded.last_slot_at)
           RETURNING id AS "id: SubscriptionId""#,
        new.person.0,
        new.digest as DigestKind,
        new.teams,
        i32::from(new.hour),
        new.zone.map(|zone| zone.name()),
        new.even_if_empty,
        new.unassigned_hours,
        now,
        new.by as By,
        new.place.map(|(platform, _)| platform),
        new.place.map(|(_, place)| place),
    )
    .fetch_one(conn)
    .await
}

/// Ends a person's subscription; a manager who has none of the daily digest gets none by default from then on.
/// Returns whether it changed anything.
///
/// # Errors
/// If the database does not answer.
pub async fn unsubscribe(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    person: PersonId,
    digest: DigestKind,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE digest_subscription SET ended_at = $3 WHERE person_id = $1 AND digest = $2 AND ended_at IS NULL",
        person.0,
        digest as DigestKind,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a subscription by its id. Gives whose and which it was, unless it had ended already.
///
/// # Errors
/// If the database does not answer.
pub async fn end(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    id: SubscriptionId,
) -> Result<Option<(PersonId, DigestKind)>, sqlx::Error> {
    let ended = sqlx::query!(
        r#"UPDATE digest_subscription SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL
           RETURNING person_id AS "person_id: PersonId", digest AS "digest: DigestKind""#,
        id.0,
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(ended.map(|row| (row.person_id, row.digest)))
}

/// Writes the subscriptions down that managers and admins have by default: the daily digest at eight. One that
/// was ended, or made otherwise, stays as it is.
///
/// # Errors
/// If the database does not answer.
pub async fn add_defaults(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO digest_subscription (person_id, digest, created_at)
         SELECT id, 'daily', greatest(created_at, $1::timestamptz - interval '1 day') FROM person
         WHERE role IN ('manager', 'admin') AND disabled_at IS NULL
         ON CONFLICT (person_id, digest) DO NOTHING",
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The subscriptions that stand, of one person or of all, by handle. Those whose person is disabled or no
/// longer staff do not count.
///
/// # Errors
/// If the database does not answer.
pub async fn standing(
    conn: &mut PgConnection,
    person: Option<PersonId>,
) -> Result<Vec<Subscription>, sqlx::Error> {
    sqlx::query_as!(
        Subscription,
        r#"SELECT subscription.id AS "id!: SubscriptionId", person.id AS "person!: PersonId", person.name AS "name!",
                  coalesce(person.handle, '') AS "handle!", card.address AS "address?", digest AS "digest!: DigestKind",
                  teams AS "teams!", hour AS "hour!", coalesce(zone, person.time_zone) AS zone, even_if_empty AS "even_if_empty!", unassigned_hours AS "unassigned_hours!",
                  subscription.created_at AS "created_at!", last_slot_at, told_by AS "by!: By",
                  platform, place
           FROM digest_subscription AS subscription
           JOIN person ON person.id = subscription.person_id AND person.disabled_at IS NULL AND person.role <> 'customer'
           LEFT JOIN person_address AS card ON card.person_id = person.id AND card.is_primary
           WHERE ended_at IS NULL AND ($1::bigint IS NULL OR person.id = $1)
           ORDER BY person.handle, digest"#,
        person.map(|id| id.0)
    )
    .fetch_all(conn)
    .await
}

/// Marks a moment as worked. Returns false where somebody else has worked it, or a later one: of two copies
/// at once, the second waits here for the first.
///
/// # Errors
/// If the database does not answer.
pub async fn take(
    conn: &mut PgConnection,
    id: SubscriptionId,
    slot: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE digest_subscription SET last_slot_at = $2
         WHERE id = $1 AND ended_at IS NULL AND (last_slot_at IS NULL OR last_slot_at < $2)",
        id.0,
        slot
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
