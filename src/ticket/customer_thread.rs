//! The threads that customers share with the team on chat platforms, beside staff's own.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::chat::{PostPlace, PostRef};
use crate::ids::{CustomerThreadId, PersonId, TicketId};

/// A customer's own thread on a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerThread {
    /// The row.
    pub id: CustomerThreadId,
    /// The platform's name in the configuration.
    pub platform: String,
    /// The channel that it is in.
    pub place: String,
    /// The thread's id there; nothing while it is not open yet.
    pub thread: Option<String>,
    /// The ticket it was opened for. It may be merged into another one by now.
    pub ticket_id: TicketId,
    /// Whose it is.
    pub person_id: PersonId,
    /// That person's account on the platform.
    pub user_id: String,
    /// Whether nothing reaches it any more.
    pub gone: bool,
}

impl CustomerThread {
    /// Where it is, once it is open.
    #[must_use]
    pub fn at(&self) -> Option<PostPlace> {
        Some(PostPlace {
            place: self.place.clone(),
            thread: Some(self.thread.clone()?),
        })
    }
}

/// A thread to be asked for.
#[derive(Debug, Clone, Copy)]
pub struct NewCustomerThread<'a> {
    /// The platform.
    pub platform: &'a str,
    /// The channel.
    pub place: &'a str,
    /// The ticket.
    pub ticket_id: TicketId,
    /// Whose it will be.
    pub person_id: PersonId,
    /// Their account.
    pub user_id: &'a str,
}

/// Asks for a thread. One that the person has on the ticket already is given instead.
///
/// # Errors
/// If the database does not answer.
pub async fn ask(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    new: &NewCustomerThread<'_>,
) -> Result<CustomerThread, sqlx::Error> {
    sqlx::query!(
        "INSERT INTO customer_thread (platform, place, ticket_id, person_id, user_id, asked_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (ticket_id, person_id) WHERE gone_at IS NULL DO NOTHING",
        new.platform,
        new.place,
        new.ticket_id.0,
        new.person_id.0,
        new.user_id,
        now
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query_as!(
        CustomerThread,
        r#"SELECT id AS "id: CustomerThreadId", platform, place, thread, ticket_id AS "ticket_id: TicketId",
                  person_id AS "person_id: PersonId", user_id, gone_at IS NOT NULL AS "gone!"
           FROM customer_thread WHERE ticket_id = $1 AND person_id = $2 AND gone_at IS NULL"#,
        new.ticket_id.0,
        new.person_id.0
    )
    .fetch_one(conn)
    .await
}

/// The thread of this row.
///
/// # Errors
/// If the database does not answer, or there is none.
pub async fn get(
    conn: &mut PgConnection,
    id: CustomerThreadId,
) -> Result<CustomerThread, sqlx::Error> {
    sqlx::query_as!(
        CustomerThread,
        r#"SELECT id AS "id: CustomerThreadId", platform, place, thread, ticket_id AS "ticket_id: TicketId",
                  person_id AS "person_id: PersonId", user_id, gone_at IS NOT NULL AS "gone!"
           FROM customer_thread WHERE id = $1"#,
        id.0
    )
    .fetch_one(conn)
    .await
}

/// The customer's thread that is there, if one is.
///
/// # Errors
/// If the database does not answer.
pub async fn at(
    conn: &mut PgConnection,
    platform: &str,
    at: &PostPlace,
) -> Result<Option<CustomerThread>, sqlx::Error> {
    let Some(thread) = &at.thread else {
        return Ok(None);
    };
    sqlx::query_as!(
        CustomerThread,
        r#"SELECT id AS "id: CustomerThreadId", platform, place, thread, ticket_id AS "ticket_id: TicketId",
                  person_id AS "person_id: PersonId", user_id, gone_at IS NOT NULL AS "gone!"
           FROM customer_thread WHERE platform = $1 AND place = $2 AND thread = $3"#,
        platform,
        at.place,
        thread
    )
    .fetch_optional(conn)
    .await
}

/// Whether customers' threads stand in a conversation.
///
/// # Errors
/// If the database does not answer.
pub async fn any_in(
    conn: &mut PgConnection,
    platform: &str,
    place: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM customer_thread
                          WHERE platform = $1 AND place = $2 AND thread IS NOT NULL AND gone_at IS NULL) AS "any!""#,
        platform,
        place
    )
    .fetch_one(conn)
    .await
}

/// Somebody's newest thread in a conversation whose ticket is open.
///
/// # Errors
/// If the database does not answer.
pub async fn newest_open(
    conn: &mut PgConnection,
    platform: &str,
    place: &str,
    user: &str,
) -> Result<Option<CustomerThread>, sqlx::Error> {
    sqlx::query_as!(
        CustomerThread,
        r#"SELECT customer_thread.id AS "id: CustomerThreadId", platform, place, thread,
                  ticket_id AS "ticket_id: TicketId", person_id AS "person_id: PersonId", user_id,
                  gone_at IS NOT NULL AS "gone!"
           FROM customer_thread JOIN ticket ON ticket.id = ticket_id
           WHERE platform = $1 AND place = $2 AND user_id = $3 AND thread IS NOT NULL AND gone_at IS NULL
             AND status_kind IN ('new', 'open', 'waiting')
           ORDER BY customer_thread.id DESC LIMIT 1"#,
        platform,
        place,
        user
    )
    .fetch_optional(conn)
    .await
}

/// The threads that are there for a ticket and for those that were merged into it.
///
/// # Errors
/// If the database does not answer.
pub async fn of_ticket(
    conn: &mut PgConnection,
    ticket: TicketId,
) -> Result<Vec<CustomerThread>, sqlx::Error> {
    sqlx::query_as!(
        CustomerThread,
        r#"WITH RECURSIVE family AS (
               SELECT $1::bigint AS id UNION SELECT ticket.id FROM ticket JOIN family ON merged_into_id = family.id)
           SELECT customer_thread.id AS "id: CustomerThreadId", platform, place, thread,
                  ticket_id AS "ticket_id: TicketId", person_id AS "person_id: PersonId", user_id, false AS "gone!"
           FROM customer_thread JOIN family ON family.id = ticket_id WHERE gone_at IS NULL
           ORDER BY customer_thread.id"#,
        ticket.0
    )
    .fetch_all(conn)
    .await
}

/// How many threads a person got since then: one for each ticket that they opened in chat.
///
/// # Errors
/// If the database does not answer.
pub async fn asked_since(
    conn: &mut PgConnection,
    person: PersonId,
    since: DateTime<Utc>,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "all!" FROM customer_thread WHERE person_id = $1 AND asked_at > $2"#,
        person.0,
        since
    )
    .fetch_one(conn)
    .await
}

/// Takes note of where a thread was opened.
///
/// # Errors
/// If the database does not answer.
pub async fn opened(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    id: CustomerThreadId,
    at: &PostPlace,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE customer_thread SET place = $2, thread = $3, opened_at = $4 WHERE id = $1 AND thread IS NULL",
        id.0,
        at.place,
        at.thread,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes note that nothing reaches a thread any more.
///
/// # Errors
/// If the database does not answer.
pub async fn gone(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    id: CustomerThreadId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE customer_thread SET gone_at = coalesce(gone_at, $2) WHERE id = $1",
        id.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Accounts on a platform of those who work on a ticket: its assignee, and the members of its team; no more than `most`.
///
/// # Errors
/// If the database does not answer.
pub async fn of_those_who_work_on(
    conn: &mut PgConnection,
    ticket: TicketId,
    platform: &str,
    most: i64,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT user_id AS "user!" FROM chat_account JOIN person ON person.id = person_id JOIN ticket ON ticket.id = $1
           WHERE platform = $2 AND disabled_at IS NULL
             AND (person.id = assignee_id
                  OR EXISTS (SELECT FROM team_member WHERE team = ticket.team AND team_member.person_id = person.id))
           ORDER BY person.id <> assignee_id NULLS LAST, person.id LIMIT $3"#,
        ticket.0,
        platform,
        most
    )
    .fetch_all(conn)
    .await
}

/// The panel's post on a platform.
///
/// # Errors
/// If the database does not answer.
pub async fn panel(
    conn: &mut PgConnection,
    platform: &str,
) -> Result<Option<PostRef>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT place, post FROM chat_panel WHERE platform = $1",
        platform
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| PostRef {
        place: PostPlace {
            place: row.place,
            thread: None,
        },
        id: row.post,
    }))
}

/// Takes note of the panel's post, or that there is none any more.
///
/// # Errors
/// If the database does not answer.
pub async fn set_panel(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    platform: &str,
    post: Option<&PostRef>,
) -> Result<(), sqlx::Error> {
    match post {
        Some(post) => {
            sqlx::query!(
                "INSERT INTO chat_panel (platform, place, post, posted_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (platform) DO UPDATE
                 SET place = excluded.place, post = excluded.post, posted_at = excluded.posted_at",
                platform,
                post.place.place,
                post.id,
                now
            )
            .execute(conn)
            .await?
        }
        None => {
            sqlx::query!("DELETE FROM chat_panel WHERE platform = $1", platform)
                .execute(conn)
                .await?
        }
    };
    Ok(())
}
