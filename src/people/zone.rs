//! The zone by whose clocks somebody lives.

use chrono_tz::Tz;
use sqlx::PgConnection;

use crate::ids::PersonId;

/// The zone that a person chose; nothing where they go by the desk's.
///
/// # Errors
/// If the database does not answer, or there is no such person.
pub async fn chosen(conn: &mut PgConnection, person: PersonId) -> Result<Option<Tz>, sqlx::Error> {
    let own = sqlx::query_scalar!("SELECT time_zone FROM person WHERE id = $1", person.0);
    let own = own.fetch_one(conn).await?;
    Ok(own.and_then(|zone| zone.parse().ok()))
}

/// Writes down by whose clocks a person lives; nothing: by the desk's.
///
/// # Errors
/// If the database does not answer.
pub async fn choose(
    conn: &mut PgConnection,
    person: PersonId,
    zone: Option<Tz>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE person SET time_zone = $2 WHERE id = $1",
        person.0,
        zone.map(Tz::name)
    )
    .execute(conn)
    .await?;
    Ok(())
}
