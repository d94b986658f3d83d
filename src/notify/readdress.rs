//! Addressing what waits anew: the customers of a ticket changed before an answer left.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

use super::question::{Matter, Question};
use super::{audience, closing, facts, reach, rows};
use crate::config::Settings;
use crate::ids::{CommentId, PersonId};
use crate::outbox::{self, Audience, Channel, NewRow};
use crate::ticket::{Ticket, timeline};

/// What a letter says of the ticket's status, as it was when the answer was given.
const OF_STATUS: [&str; 4] = ["status", "asks", "rates", "transcript"];

/// An answer that waits.
struct Waiting {
    comment_id: CommentId,
    due_at: DateTime<Utc>,
    /// The letter's values, whether it goes by mail or into a thread.
    letter: Value,
}

/// Has the answers that wait to leave go to the customers whom the ticket has now, by mail or in chat as each is reached, at
/// the moment they were to leave. What a server was tried with already stays as it is.
///
/// # Errors
/// If the database does not answer; the transaction is then lost.
pub async fn readdress(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    ticket: &Ticket,
) -> Result<(), sqlx::Error> {
    let mut taken = sqlx::query_as!(
        Waiting,
        r#"DELETE FROM outbox
           WHERE ticket_id = $1 AND audience = 'customer' AND state = 'pending' AND attempt = 0 AND comment_id IS NOT NULL
             AND (template = 'comment_added_customer' OR draft ->> 'letter' = 'comment_added_customer')
           RETURNING comment_id AS "comment_id!: CommentId", due_at,
                     CASE channel WHEN 'chat' THEN draft -> 'draft' ELSE draft END AS "letter!""#,
        ticket.id.0
    )
    .fetch_all(&mut *conn)
    .await?;
    taken.sort_by_key(|waiting| waiting.comment_id);
    taken.dedup_by_key(|waiting| waiting.comment_id);
    for waiting in taken {
        address(conn, settings, now, ticket, &waiting).await?;
    }
    Ok(())
}

/// Writes the rows of one answer, whose letter stays the same but for its readers.
async fn address(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    ticket: &Ticket,
    waiting: &Waiting,
) -> Result<(), sqlx::Error> {
    let Some(comment) = timeline::comment(conn, waiting.comment_id).await? else {
        return Ok(());
    };
    let question = Question {
        ticket,
        comment: Some(&comment),
        moved: None,
        actor: Some(comment.author_id),
        matter: Matter::StaffWrote,
    };
    let loaded = facts::load(conn, settings, now, &[question]).await?;
    let had = who_had(conn, waiting.comment_id).await?;
    let mut written = Vec::new();
    for mut facts in loaded {
        reach::load(conn, settings, ticket.id, &mut facts).await?;
        let decided = audience::decide(&facts, &question, settings);
        let threads = reach::threads(conn, settings, now, &question, &decided).await?;
        let closing = closing::load(conn, settings, now, &question).await?;
        let with = (&threads, closing);
        written.extend(rows::of_ticket(
            settings, now, &question, &facts, &decided, with,
        ));
    }
    written.retain(|row| {
        row.audience == Audience::Customer && row.recipient_id.is_none_or(|id| !had.contains(&id))
    });
    for row in &mut written {
        row.due_at = waiting.due_at;
        keep_status(row, &waiting.letter);
    }
    outbox::enqueue::enqueue(conn, now, written).await?;
    Ok(())
}

/// Who has the answer already, or is just being told, whichever way they are reached by now.
async fn who_had(
    conn: &mut PgConnection,
    comment: CommentId,
) -> Result<Vec<PersonId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT recipient_id AS "id!: PersonId" FROM outbox
           WHERE comment_id = $1 AND audience = 'customer' AND recipient_id IS NOT NULL AND state <> 'dead'
             AND template IN ('comment_added_customer', 'chat_customer')"#,
        comment.0
    )
    .fetch_all(conn)
    .await
}

fn keep_status(row: &mut NewRow, letter: &Value) {
    let new = match row.channel {
        Channel::Chat => row.draft.get_mut("draft"),
        Channel::Mail => Some(&mut row.draft),
    };
    let Some(new) = new.and_then(Value::as_object_mut) else {
        return;
    };
    for key in OF_STATUS {
        match letter.get(key) {
            Some(value) => new.insert(key.to_owned(), value.clone()),
            None => new.remove(key),
        };
    }
}
