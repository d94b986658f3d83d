//! What a card and a post need to know besides the ticket: one query each.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::ids::{CommentId, TicketId};

/// The names around a ticket.
pub(super) struct Names {
    pub(super) requester: String,
    pub(super) address: Option<String>,
    pub(super) organization: Option<String>,
    pub(super) assignee: Option<String>,
    /// When the first promise of those that are not kept yet is due, or was.
    pub(super) promised_at: Option<DateTime<Utc>>,
}

/// Asks for the names around a ticket, and for its next promise.
pub(super) async fn names(conn: &mut PgConnection, ticket: TicketId) -> Result<Names, sqlx::Error> {
    sqlx::query_as!(
        Names,
        r#"SELECT requester.name AS "requester!", requester.address, organization.name AS "organization?",
                  assignee.name AS "assignee?",
                  (SELECT min(clock.due_at) FROM ticket_clock AS clock
                   WHERE clock.ticket_id = ticket.id AND clock.met_at IS NULL) AS promised_at
           FROM ticket JOIN person_card AS requester ON requester.id = requester_id
           LEFT JOIN organization ON organization.id = ticket.organization_id
           LEFT JOIN person AS assignee ON assignee.id = assignee_id
           WHERE ticket.id = $1"#,
        ticket.0
    )
    .fetch_one(conn)
    .await
}

/// Whether a comment has more than its new words: what its mail quoted.
pub(super) async fn has_more(
    conn: &mut PgConnection,
    comment: CommentId,
) -> Result<bool, sqlx::Error> {
    let more = sqlx::query_scalar!(
        r#"SELECT full_text IS NOT NULL AS "more!" FROM comment WHERE id = $1"#,
        comment.0
    );
    Ok(more.fetch_optional(conn).await?.unwrap_or(false))
}
