//! The SQL of people.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Person, Role};
use crate::ids::{OrganizationId, OutboxId, PersonId};

struct Row {
    id: PersonId,
    name: String,
    role: String,
    handle: Option<String>,
    organization_id: Option<OrganizationId>,
    address: Option<String>,
    disabled: bool,
}

impl From<Row> for Person {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            role: Role::from_key(&row.role),
            handle: row.handle,
            organization_id: row.organization_id,
            address: row.address,
            disabled: row.disabled,
        }
    }
}

/// A person to be written down.
#[derive(Debug, Clone, Copy)]
pub struct NewPerson<'a> {
    /// The name.
    pub name: &'a str,
    /// The address, lower-cased.
    pub address: &'a str,
    /// The role.
    pub role: Role,
    /// The handle; staff need one.
    pub handle: Option<&'a str>,
}

/// The person with this id.
///
/// # Errors
/// If the database does not answer, or there is no such person.
pub async fn get(conn: &mut PgConnection, id: PersonId) -> Result<Person, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT id AS "id!: PersonId", name AS "name!", role AS "role!", handle,
                  organization_id AS "organization_id: OrganizationId", address, disabled AS "disabled!"
           FROM person_card WHERE id = $1"#,
        id.0
    )
    .fetch_one(conn)
    .await
    .map(Person::from)
}

/// The person to whom this address belongs, compared without regard to case.
///
/// # Errors
/// If the database does not answer.
pub async fn by_address(
    conn: &mut PgConnection,
    address: &str,
) -> Result<Option<Person>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id!: PersonId", name AS "name!", role AS "role!", handle,
                  organization_id AS "organization_id: OrganizationId", address, disabled AS "disabled!"
           FROM person_card WHERE id = (SELECT person_id FROM person_address WHERE address = lower($1))"#,
        address
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Person::from))
}

/// The agent with this handle, compared without regard to case.
///
/// # Errors
/// If the database does not answer.
pub async fn by_handle(
    conn: &mut PgConnection,
    handle: &str,
) -> Result<Option<Person>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id!: PersonId", name AS "name!", role AS "role!", handle,
                  organization_id AS "organization_id: OrganizationId", address, disabled AS "disabled!"
           FROM person_card WHERE handle = lower($1)"#,
        handle
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Person::from))
}

/// All staff, by handle.
///
/// # Errors
/// If the database does not answer.
pub async fn staff(conn: &mut PgConnection) -> Result<Vec<Person>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id!: PersonId", name AS "name!", role AS "role!", handle,
                  organization_id AS "organization_id: OrganizationId", address, disabled AS "disabled!"
           FROM person_card WHERE role <> 'customer' ORDER BY handle"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Person::from).collect())
}

/// Writes a person down with their first address, in the organization that owns the address's domain.
/// Returns the one who has the address already, if somebody else was faster.
///
/// # Errors
/// If the database does not answer, or the handle belongs to somebody else.
pub async fn find_or_create(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    new: NewPerson<'_>,
) -> Result<Person, sqlx::Error> {
    let mut people = find_or_create_all(conn, now, &[new]).await?;
    people.pop().ok_or(sqlx::Error::RowNotFound)
}

/// As [`find_or_create`], for several whose addresses differ; in their order.
///
/// # Errors
/// As [`find_or_create`].
pub async fn find_or_create_all(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    new: &[NewPerson<'_>],
) -> Result<Vec<Person>, sqlx::Error> {
    let addresses: Vec<String> = new.iter().map(|one| one.address.to_lowercase()).collect();
    let names: Vec<&str> = new.iter().map(|one| one.name).collect();
    let roles: Vec<&str> = new.iter().map(|one| one.role.key()).collect();
    let handles: Vec<Option<String>> = new
        .iter()
        .map(|one| one.handle.map(str::to_lowercase))
        .collect();
    // One statement, so that two mails of a new customer at once give one person: the second insert of the address
    // waits for the first one's transaction and then yields. In the order of the addresses, so that no two wait for
    // each other.
    let created = sqlx::query_as!(
        Row,
        r#"WITH given AS (
             SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS one (address, name, role, handle)
         ), held AS (
             INSERT INTO person_address (address, person_id, is_primary, created_at)
             SELECT address, nextval(pg_get_serial_sequence('person', 'id')), true, $5 FROM given ORDER BY address
             ON CONFLICT (address) DO NOTHING
             RETURNING person_id, address
         ), created AS (
             INSERT INTO person (id, name, role, handle, organization_id, created_at)
             OVERRIDING SYSTEM VALUE
             SELECT person_id, name, role, handle,
                    (SELECT organization_id FROM organization_domain WHERE domain = split_part(address, '@', 2)), $5
             FROM held JOIN given USING (address)
             RETURNING id, name, role, handle, organization_id
         )
         SELECT id AS "id!: PersonId", name AS "name!", role AS "role!", handle AS "handle?",
                organization_id AS "organization_id?: OrganizationId", address AS "address?", false AS "disabled!"
         FROM created JOIN held ON held.person_id = created.id"#,
        &addresses,
        &names as &[&str],
        &roles as &[&str],
        &handles as &[Option<String>],
        now,
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut created: Vec<Person> = created.into_iter().map(Person::from).collect();
    let mut people = Vec::with_capacity(new.len());
    for address in &addresses {
        let own = |person: &Person| person.address.as_ref() == Some(address);
        people.push(match created.iter().position(own) {
            Some(place) => created.swap_remove(place),
            None => by_address(conn, address)
                .await?
                .ok_or(sqlx::Error::RowNotFound)?,
        });
    }
    Ok(people)
}

/// Gives a person a role and a handle, and lifts or sets the bar on their rights.
///
/// # Errors
/// If the database does not answer, or the handle belongs to somebody else.
pub async fn set_role(
    conn: &mut PgConnection,
    person: PersonId,
    role: Role,
    handle: Option<&str>,
    disabled_at: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE person SET role = $2, handle = coalesce(lower($3), handle), disabled_at = $4 WHERE id = $1",
        person.0,
        role.key(),
        handle,
        disabled_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Puts a person into a team, or changes whether they lead it.
///
/// # Errors
/// If the database does not answer.
pub async fn join_team(
    conn: &mut PgConnection,
    person: PersonId,
    team: &str,
    is_lead: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO team_member (team, person_id, is_lead) VALUES ($1, $2, $3)
         ON CONFLICT (team, person_id) DO UPDATE SET is_lead = excluded.is_lead",
        team,
        person.0,
        is_lead
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a person out of a team. Returns whether they were in it.
///
/// # Errors
/// If the database does not answer.
pub async fn leave_team(
    conn: &mut PgConnection,
    person: PersonId,
    team: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM team_member WHERE team = $1 AND person_id = $2",
        team,
        person.0
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Who is in which team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The team's key.
    pub team: String,
    /// The member.
    pub person_id: PersonId,
    /// The member's handle.
    pub handle: String,
    /// Whether they lead it.
    pub is_lead: bool,
}

/// All memberships, by team and handle.
///
/// # Errors
/// If the database does not answer.
pub async fn memberships(conn: &mut PgConnection) -> Result<Vec<Membership>, sqlx::Error> {
    sqlx::query_as!(
        Membership,
        r#"SELECT team, person_id AS "person_id: PersonId", coalesce(handle, name) AS "handle!", is_lead
           FROM team_member JOIN person ON person.id = person_id ORDER BY team, 3"#
    )
    .fetch_all(conn)
    .await
}

/// Writes down an organization and its domains. Domains that another one has already stay with it.
///
/// # Errors
/// If the database does not answer.
pub async fn ensure_organization(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    name: &str,
    domains: &[String],
) -> Result<OrganizationId, sqlx::Error> {
    let id = sqlx::query_scalar!(
        r#"INSERT INTO organization (name, created_at) VALUES ($1, $2)
           ON CONFLICT (name) DO UPDATE SET name = excluded.name
           RETURNING id AS "id: OrganizationId""#,
        name,
        now
    )
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query!(
        "INSERT INTO organization_domain (domain, organization_id)
         SELECT lower(domain), $2 FROM unnest($1::text[]) AS domain
         ON CONFLICT (domain) DO NOTHING",
        domains,
        id.0
    )
    .execute(conn)
    .await?;
    Ok(id)
}

/// Writes an address down as one that must not be written to. One that stands there already stays.
///
/// # Errors
/// If the database does not answer.
pub async fn suppress(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    address: &str,
    reason: &str,
    outbox: Option<OutboxId>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO suppression (address, reason, outbox_id, created_at) VALUES (lower($1), $2, $3, $4)
         ON CONFLICT (address) WHERE lifted_at IS NULL DO NOTHING",
        address,
        reason,
        outbox.map(|id| id.0),
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Lifts the suppression of an address. Returns whether there was one.
///
/// # Errors
/// If the database does not answer.
pub async fn lift_suppression(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    address: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE suppression SET lifted_at = $2 WHERE address = lower($1) AND lifted_at IS NULL",
        address,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A standing suppression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// The address, lower-cased.
    pub address: String,
    /// What the server said.
    pub reason: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// The standing suppressions, newest first.
///
/// # Errors
/// If the database does not answer.
pub async fn suppressions(conn: &mut PgConnection) -> Result<Vec<Suppression>, sqlx::Error> {
    sqlx::query_as!(
        Suppression,
        "SELECT address, reason, created_at FROM suppression WHERE lifted_at IS NULL ORDER BY created_at DESC"
    )
    .fetch_all(conn)
    .await
}

/// An organization's name.
///
/// # Errors
/// If the database does not answer.
pub async fn organization_name(
    conn: &mut PgConnection,
    id: OrganizationId,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("SELECT name FROM organization WHERE id = $1", id.0)
        .fetch_optional(conn)
        .await
}
