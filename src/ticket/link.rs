//! Links between tickets.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::config::desk::StatusKind;
use crate::ids::TicketId;

/// How a ticket stands to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Link {
    /// They have to do with each other.
    Relates,
    /// The other one cannot be done before this one.
    Blocks,
    /// This one says the same as the other one.
    Duplicates,
    /// This one goes on where the other one ended.
    Follows,
}

impl Link {
    /// The word for the timeline of the ticket that the link starts from.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Relates => "relates",
            Self::Blocks => "blocks",
            Self::Duplicates => "duplicates",
            Self::Follows => "follows",
        }
    }

    /// The word for the timeline of the ticket that it leads to.
    #[must_use]
    pub fn inverse(self) -> &'static str {
        match self {
            Self::Relates => "relates",
            Self::Blocks => "blocked_by",
            Self::Duplicates => "duplicated_by",
            Self::Follows => "followed_by",
        }
    }
}

/// Another ticket that a ticket is linked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// The other ticket.
    pub id: TicketId,
    /// Its number.
    pub number: String,
    /// Its subject.
    pub subject: String,
    /// What its status means.
    pub kind: StatusKind,
    /// How they stand to each other.
    pub link: Link,
    /// Whether the link starts from the ticket that was asked for.
    pub outgoing: bool,
}

impl Linked {
    /// The word from the view of the ticket that was asked for.
    #[must_use]
    pub fn word(&self) -> &'static str {
        if self.outgoing {
            self.link.word()
        } else {
            self.link.inverse()
        }
    }
}

/// Links two tickets. Returns false if they are linked so already; what relates does so both ways.
///
/// # Errors
/// If the database does not answer.
pub async fn add(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    ticket: TicketId,
    other: TicketId,
    link: Link,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO ticket_link (ticket_id, other_id, kind, created_at)
         SELECT $1, $2, $3, $4
         WHERE NOT EXISTS (SELECT FROM ticket_link WHERE ticket_id = $2 AND other_id = $1 AND kind = $3
                                                     AND $3 = 'relates')
         ON CONFLICT DO NOTHING",
        ticket.0,
        other.0,
        link as Link,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a link away. Returns false if there was none.
///
/// # Errors
/// If the database does not answer.
pub async fn remove(
    conn: &mut PgConnection,
    ticket: TicketId,
    other: TicketId,
    link: Link,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM ticket_link
         WHERE kind = $3 AND ((ticket_id = $1 AND other_id = $2)
                              OR ($3 = 'relates' AND ticket_id = $2 AND other_id = $1))",
        ticket.0,
        other.0,
        link as Link
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The tickets that a ticket is linked with, oldest link first.
///
/// # Errors
/// If the database does not answer.
pub async fn of(conn: &mut PgConnection, ticket: TicketId) -> Result<Vec<Linked>, sqlx::Error> {
    sqlx::query_as!(
        Linked,
        r#"SELECT ticket.id AS "id: TicketId", ticket.number, ticket.subject,
                  ticket.status_kind AS "kind: StatusKind", link.kind AS "link: Link",
                  link.ticket_id = $1 AS "outgoing!"
           FROM ticket_link AS link
           JOIN ticket ON ticket.id = CASE WHEN link.ticket_id = $1 THEN link.other_id ELSE link.ticket_id END
           WHERE link.ticket_id = $1 OR link.other_id = $1
           ORDER BY link.created_at, ticket.id"#,
        ticket.0
    )
    .fetch_all(conn)
    .await
}
