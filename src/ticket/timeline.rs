//! The timeline: comments with their files, and the append-only events.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::{Actor, AttachmentInfo, Comment, Source, Visibility};
use crate::ids::{CommentId, InboundId, OutboxId, PersonId, TicketId};

/// A comment to be written down.
#[derive(Debug, Clone)]
pub struct NewComment<'a> {
    /// Its ticket.
    pub ticket_id: TicketId,
    /// Who wrote it.
    pub author_id: PersonId,
    /// Who may read it.
    pub visibility: Visibility,
    /// Whether the author wrote as staff.
    pub by_staff: bool,
    /// The new words.
    pub body: &'a str,
    /// The whole text, where it differs.
    pub full_text: Option<&'a str>,
    /// Sanitised HTML.
    pub html: Option<&'a str>,
    /// How it came.
    pub source: Source,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// A file to be written down with a comment.
#[derive(Debug, Clone, Copy)]
pub struct NewFile<'a> {
    /// Its name.
    pub name: &'a str,
    /// `type/subtype`.
    pub content_type: &'a str,
    /// The id by which HTML refers to it.
    pub content_id: Option<&'a str>,
    /// Whether it is shown within the text.
    pub inline: bool,
    /// Its bytes.
    pub content: &'a [u8],
}

/// A file of a comment with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// `type/subtype`.
    pub content_type: String,
    /// The id by which HTML refers to it.
    pub content_id: Option<String>,
    /// Whether it is shown within the text.
    pub inline: bool,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Something that happened to a ticket.
#[derive(Debug, Clone, Default)]
pub struct NewEvent<'a> {
    /// What happened: `opened`, `commented`, `status_changed`, `assigned`, …
    pub kind: &'static str,
    /// The field that changed.
    pub field: Option<&'a str>,
    /// Its value before.
    pub old: Option<&'a str>,
    /// Its value now.
    pub new: Option<&'a str>,
    /// Why.
    pub reason: Option<&'a str>,
    /// The comment it is about.
    pub comment_id: Option<CommentId>,
    /// The mail that caused it.
    pub inbound_id: Option<InboundId>,
    /// The outbox row it is about.
    pub outbox_id: Option<OutboxId>,
}

/// An event as it stands on the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Who did it; empty where the machinery acted.
    pub actor_id: Option<PersonId>,
    /// Their name.
    pub actor_name: Option<String>,
    /// What happened.
    pub kind: String,
    /// The field that changed.
    pub field: Option<String>,
    /// Its value before.
    pub old: Option<String>,
    /// Its value now.
    pub new: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The comment it is about.
    pub comment_id: Option<CommentId>,
    /// How the message it tells of stands: `pending`, `sending`, `sent` or `dead`.
    pub delivery: Option<String>,
}

/// Writes a comment down.
///
/// # Errors
/// If the database does not answer.
pub async fn add_comment(
    conn: &mut PgConnection,
    new: &NewComment<'_>,
) -> Result<CommentId, sqlx::Error> {
    sqlx::query_scalar!(
        r#"INSERT INTO comment (ticket_id, author_id, visibility, by_staff, body, full_text, html, source, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           RETURNING id AS "id: CommentId""#,
        new.ticket_id.0,
        new.author_id.0,
        new.visibility as Visibility,
        new.by_staff,
        new.body,
        new.full_text,
        new.html,
        new.source as Source,
        new.created_at,
    )
    .fetch_one(conn)
    .await
}

/// Writes a comment's files down. A content that is stored already is not stored again.
///
/// # Errors
/// If the database does not answer.
pub async fn add_files(
    conn: &mut PgConnection,
    comment: CommentId,
    files: &[NewFile<'_>],
) -> Result<(), sqlx::Error> {
    let hashes: Vec<Vec<u8>> = files
        .iter()
        .map(|file| Sha256::digest(file.content).to_vec())
        .collect();
    // In one order everywhere, so that two comments with the same files do not wait for each other.
    let mut contents: Vec<(&[u8], &[u8])> = hashes
        .iter()
        .zip(files)
        .map(|(hash, file)| (hash.as_slice(), file.content))
        .collect();
    contents.sort_unstable_by_key(|(hash, _)| *hash);
    contents.dedup_by_key(|(hash, _)| *hash);
    for (hash, content) in contents {
        sqlx::query!(
            "INSERT INTO file_content (sha256, size, content) VALUES ($1, octet_length($2::bytea), $2)
             ON CONFLICT (sha256) DO NOTHING",
            hash,
            content,
        )
        .execute(&mut *conn)
        .await?;
    }
    for (position, (file, hash)) in (0_i32..).zip(files.iter().zip(&hashes)) {
        sqlx::query!(
            "INSERT INTO attachment (comment_id, position, name, content_type, content_id, inline, sha256)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            comment.0,
            position,
            file.name,
            file.content_type,
            file.content_id,
            file.inline,
            hash,
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// The texts of a ticket, and of those merged into it, that staff alone may read: internal notes, deleted ones and
/// earlier wordings included, and the reasons that staff gave for a change.
///
/// # Errors
/// If the database does not answer.
pub async fn internal_texts(
    conn: &mut PgConnection,
    ticket: TicketId,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"WITH RECURSIVE family AS (
               SELECT $1::bigint AS id UNION SELECT ticket.id FROM ticket JOIN family ON merged_into_id = family.id)
           SELECT body AS "text!" FROM comment WHERE ticket_id IN (SELECT id FROM family) AND visibility = 'internal'
           UNION ALL
           SELECT comment_edit.body FROM comment_edit JOIN comment ON comment.id = comment_id
           WHERE ticket_id IN (SELECT id FROM family) AND visibility = 'internal'
           UNION ALL
           SELECT reason FROM event JOIN person ON person.id = actor_id
           WHERE ticket_id IN (SELECT id FROM family) AND right(kind, 8) = '_changed' AND reason IS NOT NULL AND role <> 'customer'"#,
        ticket.0
    )
    .fetch_all(conn)
    .await
}

/// Appends to a ticket's timeline, in one statement.
///
/// # Errors
/// If the database does not answer.
pub async fn add_events(
    conn: &mut PgConnection,
    ticket: TicketId,
    actor: Actor,
    at: DateTime<Utc>,
    events: &[NewEvent<'_>],
) -> Result<(), sqlx::Error> {
    let events: Vec<_> = events.iter().map(|event| (ticket, event.clone())).collect();
    add_events_to_several(conn, actor, at, &events).await
}

/// As [`add_events`], to the timelines of several tickets.
///
/// # Errors
/// If the database does not answer.
pub async fn add_events_to_several(
    conn: &mut PgConnection,
    actor: Actor,
    at: DateTime<Utc>,
    events: &[(TicketId, NewEvent<'_>)],
) -> Result<(), sqlx::Error> {
    if events.is_empty() {
        return Ok(());
    }
    let tickets: Vec<i64> = events.iter().map(|(ticket, _)| ticket.0).collect();
    let kinds: Vec<&str> = events.iter().map(|(_, event)| event.kind).collect();
    let fields: Vec<Option<&str>> = events.iter().map(|(_, event)| event.field).collect();
    let olds: Vec<Option<&str>> = events.iter().map(|(_, event)| event.old).collect();
    let news: Vec<Option<&str>> = events.iter().map(|(_, event)| event.new).collect();
    let reasons: Vec<Option<&str>> = events.iter().map(|(_, event)| event.reason).collect();
    let comments: Vec<Option<CommentId>> = events.iter().map(|(_, e)| e.comment_id).collect();
    let inbounds: Vec<Option<InboundId>> = events.iter().map(|(_, e)| e.inbound_id).collect();
    let outboxes: Vec<Option<OutboxId>> = events.iter().map(|(_, e)| e.outbox_id).collect();
    sqlx::query!(
        "INSERT INTO event (at, actor_id, ticket_id, kind, field, old, new, reason, comment_id, inbound_id, outbox_id)
         SELECT $1, $2, * FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                                      $9::bigint[], $10::bigint[], $11::bigint[])",
        at,
        actor.person().map(|id| id.0),
        &tickets,
        &kinds as _,
        &fields as _,
        &olds as _,
        &news as _,
        &reasons as _,
        &comments as _,
        &inbounds as _,
        &outboxes as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A ticket's comments and those of the tickets merged into it, oldest first, deleted ones included.
///
/// # Errors
/// If the database does not answer.
pub async fn comments(
    conn: &mut PgConnection,
    ticket: TicketId,
) -> Result<Vec<Comment>, sqlx::Error> {
    select(conn, Some(ticket), None).await
}

/// One comment.
///
/// # Errors
/// If the database does not answer.
pub async fn comment(
    conn: &mut PgConnection,
    id: CommentId,
) -> Result<Option<Comment>, sqlx::Error> {
    Ok(select(conn, None, Some(id)).await?.pop())
}

async fn select(
    conn: &mut PgConnection,
    ticket: Option<TicketId>,
    id: Option<CommentId>,
) -> Result<Vec<Comment>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE family AS (
               SELECT $1::bigint AS id UNION SELECT ticket.id FROM ticket JOIN family ON merged_into_id = family.id)
           SELECT comment.id AS "id: CommentId", comment.ticket_id AS "ticket_id: TicketId",
                  comment.author_id AS "author_id: PersonId", person.name AS author_name,
                  comment.visibility AS "visibility: Visibility", comment.by_staff, comment.is_resolution, comment.body,
                  comment.created_at, comment.edited_at, comment.deleted_at,
                  coalesce((SELECT jsonb_agg(jsonb_build_object('name', attachment.name, 'content_type', attachment.content_type,
                                                                'bytes', file_content.size) ORDER BY attachment.position)
                            FROM attachment JOIN file_content USING (sha256)
                            WHERE attachment.comment_id = comment.id), '[]') AS "attachments!: Json<Vec<AttachmentInfo>>"
           FROM comment JOIN person ON person.id = comment.author_id
           WHERE comment.id = ANY(ARRAY(SELECT $2::bigint UNION ALL
                                        SELECT id FROM comment WHERE ticket_id IN (SELECT id FROM family)))
           ORDER BY comment.created_at, comment.id"#,
        ticket.map(|id| id.0),
        id.map(|id| id.0)
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Comment {
            id: row.id,
            ticket_id: row.ticket_id,
            author_id: row.author_id,
            author_name: row.author_name,
            visibility: row.visibility,
            by_staff: row.by_staff,
            is_resolution: row.is_resolution,
            body: row.body,
            created_at: row.created_at,
            edited_at: row.edited_at,
            deleted_at: row.deleted_at,
            attachments: row.attachments.0,
        })
        .collect())
}

/// The files of a comment, with their bytes.
///
/// # Errors
/// If the database does not answer.
pub async fn files(conn: &mut PgConnection, comment: CommentId) -> Result<Vec<File>, sqlx::Error> {
    sqlx::query_as!(
        File,
        "SELECT attachment.name, attachment.content_type, attachment.content_id, attachment.inline, file_content.content
         FROM attachment JOIN file_content USING (sha256)
         WHERE attachment.comment_id = $1 ORDER BY attachment.position",
        comment.0
    )
    .fetch_all(conn)
    .await
}

/// The events of a ticket and of the tickets merged into it, oldest first.
///
/// # Errors
/// If the database does not answer.
pub async fn events(conn: &mut PgConnection, ticket: TicketId) -> Result<Vec<Event>, sqlx::Error> {
    sqlx::query_as!(
        Event,
        r#"WITH RECURSIVE family AS (
               SELECT $1::bigint AS id UNION SELECT ticket.id FROM ticket JOIN family ON merged_into_id = family.id)
           SELECT event.at, event.actor_id AS "actor_id: PersonId", event.comment_id AS "comment_id: CommentId",
                  person.name AS "actor_name?", event.kind, event.field, event.old, event.new, event.reason,
                  outbox.state AS "delivery?"
           FROM event LEFT JOIN person ON person.id = event.actor_id
           LEFT JOIN outbox ON outbox.id = event.outbox_id
           WHERE event.ticket_id IN (SELECT id FROM family) ORDER BY event.id"#,
        ticket.0
    )
    .fetch_all(conn)
    .await
}

/// The whole text of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeText {
    /// Its ticket.
    pub ticket_id: TicketId,
    /// The new words, and what was quoted.
    pub text: String,
}

/// The whole text of a comment that was not deleted.
///
/// # Errors
/// If the database does not answer.
pub async fn whole_text(
    conn: &mut PgConnection,
    comment: CommentId,
) -> Result<Option<WholeText>, sqlx::Error> {
    sqlx::query_as!(
        WholeText,
        r#"SELECT ticket_id AS "ticket_id: TicketId", coalesce(full_text, body) AS "text!"
           FROM comment WHERE id = $1 AND deleted_at IS NULL"#,
        comment.0
    )
    .fetch_optional(conn)
    .await
}
