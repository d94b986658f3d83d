//! Organizations by what people call them.

use sqlx::PgConnection;

use crate::ids::OrganizationId;

/// How many organizations of a like name are named.
const LIKE: i64 = 10;

/// The organization of this name, compared without regard to case.
///
/// # Errors
/// If the database does not answer.
pub async fn by_name(
    conn: &mut PgConnection,
    name: &str,
) -> Result<Option<OrganizationId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: OrganizationId" FROM organization WHERE lower(name) = lower($1) ORDER BY id LIMIT 1"#,
        name.trim()
    )
    .fetch_optional(conn)
    .await
}

/// The names of some organizations in which this text stands, by name; of an empty text any.
///
/// # Errors
/// If the database does not answer.
pub async fn like(conn: &mut PgConnection, text: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT name FROM organization WHERE position(lower($1) IN lower(name)) > 0 ORDER BY name LIMIT $2",
        text.trim(),
        LIKE
    )
    .fetch_all(conn)
    .await
}
