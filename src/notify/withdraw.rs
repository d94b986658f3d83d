//! Taking back what has not left yet: a reply within its undo time, news that staff has not got.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::ids::{CommentId, PersonId, TicketId};

/// What a row that was taken back says of itself.
pub const TAKEN_BACK: &str = "taken back";

/// What became of the mails and posts that carried something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    /// Rows for customers that had not left.
    pub held: u64,
    /// Rows for customers that are on their way or have arrived.
    pub left: u64,
    /// Those of them that stand in a thread, where words follow their comment.
    pub in_chat: u64,
}

impl Reach {
    /// How many left by mail, and nobody can unsend or change.
    #[must_use]
    pub fn mailed(self) -> u64 {
        self.left - self.in_chat.min(self.left)
    }
}

/// How far a comment has come to customers. The rows that have not left are locked until the transaction ends.
///
/// # Errors
/// If the database does not answer.
pub async fn reach(conn: &mut PgConnection, comment: CommentId) -> Result<Reach, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT state, channel FROM outbox WHERE comment_id = $1 AND audience = 'customer' AND last_error IS DISTINCT FROM $2
           AND template <> 'chat_customer_edit'
         ORDER BY id FOR UPDATE",
        comment.0,
        TAKEN_BACK
    )
    .fetch_all(conn)
    .await?;
    let mut reach = Reach::default();
    for row in rows {
        match row.state.as_str() {
            "pending" => reach.held += 1,
            "sending" | "sent" => {
                reach.left += 1;
                reach.in_chat += u64::from(row.channel == "chat");
            }
            _ => {}
        }
    }
    Ok(reach)
}

/// Takes a comment back from everybody whom it has not reached yet, customers and staff.
///
/// # Errors
/// If the database does not answer.
pub async fn comment(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    ticket: TicketId,
    comment: CommentId,
) -> Result<Reach, sqlx::Error> {
    let reach = reach(conn, comment).await?;
    sqlx::query!(
        "UPDATE outbox SET state = 'dead', settled_at = $2, last_error = $3
         WHERE comment_id = $1 AND audience = 'customer' AND state = 'pending'",
        comment.0,
        now,
        TAKEN_BACK
    )
    .execute(&mut *conn)
    .await?;
    let keys = [format!("comment:{comment}"), format!("mentioned:{comment}")];
    news(conn, now, ticket, &keys).await?;
    Ok(reach)
}

/// Puts new words in place of a comment's wherever they have not left yet. To customers they leave no sooner than then.
///
/// # Errors
/// If the database does not answer.
pub async fn reword(
    conn: &mut PgConnection,
    ticket: TicketId,
    comment: CommentId,
    text: &str,
    leaves_at: DateTime<Utc>,
) -> Result<Reach, sqlx::Error> {
    let reach = reach(conn, comment).await?;
    let text = super::draft::clean(text);
    sqlx::query!(
        "UPDATE outbox SET draft = jsonb_set(draft, '{text}', to_jsonb($2::text)), due_at = greatest(due_at, $3)
         WHERE comment_id = $1 AND audience = 'customer' AND state = 'pending' AND draft ->> 'text' IS NOT NULL",
        comment.0,
        text,
        leaves_at
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE outbox SET draft = jsonb_set(draft, '{events}', (
             SELECT jsonb_agg(CASE WHEN event ->> 'key' = ANY($2)
                              THEN event || jsonb_build_object('text', $3::text, 'left_out', 0) ELSE event END)
             FROM jsonb_array_elements(draft -> 'events') AS event))
         WHERE ticket_id = $1 AND audience = 'staff' AND state = 'pending' AND attempt = 0
           AND jsonb_array_length(draft -> 'events') > 0",
        ticket.0,
        &[format!("comment:{comment}"), format!("mentioned:{comment}")][..],
        text
    )
    .execute(conn)
    .await?;
    Ok(reach)
}

/// Takes back the news of a status that was entered at this moment. Gives how far they had come to customers.
///
/// # Errors
/// If the database does not answer.
pub async fn status(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    ticket: TicketId,
    status: &str,
    at: DateTime<Utc>,
) -> Result<Reach, sqlx::Error> {
    let key = format!("status:{ticket}:{status}:{}", at.timestamp_micros());
    let rows = sqlx::query!(
        "UPDATE outbox SET state = CASE WHEN state = 'pending' THEN 'dead' ELSE state END,
                settled_at = CASE WHEN state = 'pending' THEN $3 ELSE settled_at END,
                last_error = CASE WHEN state = 'pending' THEN $4 ELSE last_error END
         WHERE ticket_id = $1 AND audience = 'customer' AND starts_with(dedupe_key, $2)
         RETURNING state",
        ticket.0,
        format!("{key}:"),
        now,
        TAKEN_BACK
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut reach = Reach::default();
    for row in rows {
        match row.state.as_str() {
            "dead" => reach.held += 1,
            _ => reach.left += 1,
        }
    }
    news(conn, now, ticket, &[key]).await?;
    Ok(reach)
}

/// Takes back the news of an assignment that was made at this moment.
///
/// # Errors
/// If the database does not answer.
pub async fn assignment(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    ticket: TicketId,
    assignee: PersonId,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let key = format!("assigned:{ticket}:{assignee}:{}", at.timestamp_micros());
    news(conn, now, ticket, &[key]).await
}

/// Takes back the news of a hand-over to another team that was made at this moment.
///
/// # Errors
/// If the database does not answer.
pub async fn hand_over(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    ticket: TicketId,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let key = format!("handed_over:{ticket}:{}", at.timestamp_micros());
    news(conn, now, ticket, &[key]).await
}

/// Takes back all that waits to be told to customers about a ticket.
///
/// # Errors
/// If the database does not answer.
pub async fn all_to_customers(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    ticket: TicketId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE outbox SET state = 'dead', settled_at = $2, last_error = $3
         WHERE ticket_id = $1 AND audience = 'customer' AND state = 'pending'",
        ticket.0,
        now,
        TAKEN_BACK
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes events out of what waits to be told to staff. What is left with nothing to tell is given up.
async fn news(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    ticket: TicketId,
    keys: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH kept AS (
             SELECT id, coalesce((SELECT jsonb_agg(event) FROM jsonb_array_elements(draft -> 'events') AS event
                                  WHERE NOT event ->> 'key' = ANY($2)), '[]') AS events
             FROM outbox
             WHERE ticket_id = $1 AND audience = 'staff' AND state = 'pending' AND attempt = 0
               AND jsonb_array_length(draft -> 'events') > 0
             FOR UPDATE)
         UPDATE outbox SET draft = CASE WHEN events = '[]' THEN draft ELSE jsonb_set(draft, '{events}', events) END,
                state = CASE WHEN events = '[]' THEN 'dead' ELSE state END,
                settled_at = CASE WHEN events = '[]' THEN $3 ELSE settled_at END,
                last_error = CASE WHEN events = '[]' THEN $4 ELSE last_error END
         FROM kept WHERE kept.id = outbox.id AND events <> draft -> 'events'",
        ticket.0,
        keys,
        now,
        TAKEN_BACK
    )
    .execute(conn)
    .await?;
    Ok(())
}
