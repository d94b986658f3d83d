//! What is remembered of a post that was made.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{
    COMMENT, CUSTOMER, CUSTOMER_EDIT, CUSTOMER_THREAD, EDIT, PANEL, THREAD, customer, panel,
};
use crate::chat::{Done, PostRef};
use crate::ids::TicketId;
use crate::outbox::enqueue::enqueue;
use crate::outbox::store::Claimed;
use crate::ticket::chat_thread::{self, NewPost, Thread};

/// Remembers what came of an act, within the transaction that settles its row.
///
/// # Errors
/// If the database does not answer.
pub async fn settle(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    row: &Claimed,
    done: &Done,
) -> Result<(), sqlx::Error> {
    if row.template == PANEL {
        return panel::settle(conn, now, row, done).await;
    }
    let Some(ticket_id) = row.ticket_id else {
        return Ok(());
    };
    let platform = super::platform_of(&row.draft);
    match row.template.as_str() {
        THREAD => remember_thread(conn, now, platform, ticket_id, done).await?,
        CUSTOMER_THREAD => customer::remember_thread(conn, now, row, done).await?,
        COMMENT | CUSTOMER => {
            let new = NewPost {
                platform,
                ticket_id,
                comment_id: row.comment_id,
                ours: true,
            };
            let posts: Vec<_> = done.post.iter().chain(&done.more).cloned().collect();
            if row.comment_id.is_some() {
                chat_thread::remember(conn, now, &new, &posts).await?;
            }
        }
        EDIT => {
            let place = row.draft.get("place").and_then(serde_json::Value::as_str);
            if let Some((comment, place)) = row.comment_id.zip(place) {
                chat_thread::forget_rest(conn, platform, place, None, comment).await?;
            }
        }
        CUSTOMER_EDIT => customer::forget_rest(conn, row).await?,
        _ => {}
    }
    if let (Some(post), false) = (
        done.more.last().or(done.post.as_ref()),
        [THREAD, CUSTOMER_THREAD].contains(&row.template.as_str()),
    ) {
        chat_thread::seen(conn, now, platform, post).await?;
    }
    Ok(())
}

async fn remember_thread(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    platform: &str,
    ticket_id: TicketId,
    done: &Done,
) -> Result<(), sqlx::Error> {
    let Some(at) = done.thread.clone() else {
        return Ok(());
    };
    let card = done.post.clone();
    if let Some(card) = &card {
        // Whatever is written in the thread comes after its card.
        let begin = PostRef {
            place: at.clone(),
            id: card.id.clone(),
        };
        chat_thread::seen(conn, now, platform, &begin).await?;
    }
    let others = chat_thread::other_places(conn, ticket_id, platform, &at.place).await?;
    let moved = others
        .iter()
        .map(|other| super::moved(platform, other, &at.place, ticket_id, now));
    enqueue(conn, now, moved.collect()).await?;
    let thread = Thread {
        ticket_id,
        at,
        card,
    };
    chat_thread::add(conn, now, platform, &thread).await
}
