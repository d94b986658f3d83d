//! Whether somebody may still be written to.

use sqlx::PgConnection;

use crate::ids::PersonId;

/// How a reader of mail stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Mail to the address came back, and nobody lifted that.
    pub suppressed: bool,
    /// The person was disabled.
    pub disabled: bool,
}

/// How the reader of a mail to `address` stands by now.
///
/// # Errors
/// If the database does not answer.
pub async fn standing(
    conn: &mut PgConnection,
    address: &str,
    person: Option<PersonId>,
) -> Result<Standing, sqlx::Error> {
    sqlx::query_as!(
        Standing,
        r#"SELECT EXISTS (SELECT FROM suppression WHERE address = lower($1) AND lifted_at IS NULL) AS "suppressed!",
                  EXISTS (SELECT FROM person WHERE id = $2 AND disabled_at IS NOT NULL) AS "disabled!""#,
        address,
        person.map(|id| id.0)
    )
    .fetch_one(conn)
    .await
}
