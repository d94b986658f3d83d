//! The threads of tickets on chat platforms, and the posts that stand for comments.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::chat::{PostPlace, PostRef};
use crate::ids::{CommentId, TicketId};

/// How long after its last post the thread of a closed ticket is still read after a gap.
const READ_ON: TimeDelta = TimeDelta::days(30);

/// A ticket's thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The channel and the thread in it.
    pub at: PostPlace,
    /// The post of the card.
    pub card: Option<PostRef>,
}

/// A post that belongs to a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketPost {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The comment it stands for; nothing for a card.
    pub comment_id: Option<CommentId>,
    /// The post.
    pub at: PostRef,
    /// Whether Frontdesk made it.
    pub ours: bool,
}

/// A post to be remembered.
#[derive(Debug, Clone, Copy)]
pub struct NewPost<'a> {
    /// The platform.
    pub platform: &'a str,
    /// The ticket.
    pub ticket_id: TicketId,
    /// The comment it stands for.
    pub comment_id: Option<CommentId>,
    /// Whether Frontdesk made it.
    pub ours: bool,
}

/// Writes down a ticket's new thread. One that stands there already stays.
///
/// # Errors
/// If the database does not answer.
pub async fn add(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    platform: &str,
    thread: &Thread,
) -> Result<(), sqlx::Error> {
    let Some(id) = &thread.at.thread else {
        return Ok(());
    };
    let card = thread.card.as_ref();
    sqlx::query!(
        "INSERT INTO chat_thread (platform, place, thread, ticket_id, card_thread, card_post, opened_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        platform,
        thread.at.place,
        id,
        thread.ticket_id.0,
        card.and_then(|card| card.place.thread.as_deref()),
        card.map(|card| card.id.as_str()),
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A ticket's thread in a place.
///
/// # Errors
/// If the database does not answer.
pub async fn of_ticket(
    conn: &mut PgConnection,
    ticket: TicketId,
    platform: &str,
    place: &str,
) -> Result<Option<Thread>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT thread, card_thread, card_post FROM chat_thread
         WHERE ticket_id = $1 AND platform = $2 AND place = $3",
        ticket.0,
        platform,
        place
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Thread {
        ticket_id: ticket,
        at: PostPlace {
            place: place.to_owned(),
            thread: Some(row.thread),
        },
        card: row.card_post.map(|id| PostRef {
            place: PostPlace {
                place: place.to_owned(),
                thread: row.card_thread,
            },
            id,
        }),
    }))
}

/// The other places on a platform in which a ticket has a thread.
///
/// # Errors
/// If the database does not answer.
pub async fn other_places(
    conn: &mut PgConnection,
    ticket: TicketId,
    platform: &str,
    place: &str,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT place FROM chat_thread WHERE ticket_id = $1 AND platform = $2 AND place <> $3 ORDER BY place",
        ticket.0,
        platform,
        place
    )
    .fetch_all(conn)
    .await
}

/// The ticket whose thread this is.
///
/// # Errors
/// If the database does not answer.
pub async fn ticket_at(
    conn: &mut PgConnection,
    platform: &str,
    at: &PostPlace,
) -> Result<Option<TicketId>, sqlx::Error> {
    let Some(thread) = &at.thread else {
        return Ok(None);
    };
    sqlx::query_scalar!(
        r#"SELECT ticket_id AS "ticket_id: TicketId" FROM chat_thread
           WHERE platform = $1 AND place = $2 AND thread = $3"#,
        platform,
        at.place,
        thread
    )
    .fetch_optional(conn)
    .await
}

/// The ticket and the comment that a post is, be it a card or a comment.
///
/// # Errors
/// If the database does not answer.
pub async fn post_at(
    conn: &mut PgConnection,
    platform: &str,
    post: &PostRef,
) -> Result<Option<TicketPost>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT ticket_id AS "ticket_id!: TicketId", comment_id AS "comment_id: CommentId", ours AS "ours!"
           FROM chat_post WHERE platform = $1 AND place = $2 AND post = $3
           UNION ALL
           SELECT ticket_id, NULL, true FROM chat_thread WHERE platform = $1 AND place = $2 AND card_post = $3
           LIMIT 1"#,
        platform,
        post.place.place,
        post.id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| TicketPost {
        ticket_id: row.ticket_id,
        comment_id: row.comment_id,
        at: post.clone(),
        ours: row.ours,
    }))
}

/// Remembers posts, in the order in which they stand. Those that are known stay as they are.
///
/// # Errors
/// If the database does not answer.
pub async fn remember(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    new: &NewPost<'_>,
    posts: &[PostRef],
) -> Result<(), sqlx::Error> {
    for (position, post) in (0_i32..).zip(posts) {
        sqlx::query!(
            "INSERT INTO chat_post (platform, place, post, thread, ticket_id, comment_id, ours, position, posted_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
            new.platform,
            post.place.place,
            post.id,
            post.place.thread,
            new.ticket_id.0,
            new.comment_id.map(|id| id.0),
            new.ours,
            position,
            now
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// The posts on a platform that stand for a comment, in order.
///
/// # Errors
/// If the database does not answer.
pub async fn posts_of(
    conn: &mut PgConnection,
    platform: &str,
    comment: CommentId,
) -> Result<Vec<TicketPost>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT ticket_id AS "ticket_id: TicketId", place, thread, post, ours FROM chat_post
           WHERE platform = $1 AND comment_id = $2 ORDER BY place, thread, position"#,
        platform,
        comment.0
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| TicketPost {
            ticket_id: row.ticket_id,
            comment_id: Some(comment),
            at: PostRef {
                place: PostPlace {
                    place: row.place,
                    thread: row.thread,
                },
                id: row.post,
            },
            ours: row.ours,
        })
        .collect())
}

/// Forgets the posts in a place, or in one thread there, in which a long text went on: an edit took them away.
///
/// # Errors
/// If the database does not answer.
pub async fn forget_rest(
    conn: &mut PgConnection,
    platform: &str,
    place: &str,
    thread: Option<&str>,
    comment: CommentId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM chat_post WHERE platform = $1 AND place = $2 AND comment_id = $3 AND ours AND position > 0
           AND ($4::text IS NULL OR thread = $4)",
        platform,
        place,
        comment.0,
        thread
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes note of the newest post that is known in a channel or thread.
///
/// # Errors
/// If the database does not answer.
pub async fn seen(
    conn: &mut PgConnection,
    at: DateTime<Utc>,
    platform: &str,
    post: &PostRef,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO chat_seen AS known (platform, place, thread, post, seen_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (platform, place, thread) DO UPDATE SET post = excluded.post, seen_at = excluded.seen_at
         WHERE known.seen_at <= excluded.seen_at",
        platform,
        post.place.place,
        post.place.thread.as_deref().unwrap_or_default(),
        post.id,
        at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The posts after which to go on reading, one a thread: of tickets that are not closed, and of others for a month after
/// their last post.
///
/// # Errors
/// If the database does not answer.
pub async fn read_since(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    platform: &str,
) -> Result<Vec<PostRef>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT place, thread, post FROM chat_seen
         JOIN (SELECT platform, place, thread, ticket_id FROM chat_thread
               UNION ALL SELECT platform, place, thread, ticket_id FROM customer_thread WHERE gone_at IS NULL) AS known
              USING (platform, place, thread)
         JOIN ticket ON ticket.id = ticket_id
         WHERE platform = $1 AND (status_kind <> 'closed' OR seen_at > $2)",
        platform,
        now - READ_ON
    )
    .fetch_all(conn)
    .await?;
    let posts = rows.into_iter().map(|row| PostRef {
        place: PostPlace {
            place: row.place,
            thread: Some(row.thread),
        },
        id: row.post,
    });
    Ok(posts.collect())
}
