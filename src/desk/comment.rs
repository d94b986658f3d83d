//! Commenting on a ticket: a customer's word, a public reply, an internal note.

use sqlx::PgConnection;

use super::{CUSTOMER_WROTE, Context, DeskError, announce, append};
use crate::ids::{CommentId, InboundId};
use crate::notify::{Happening, StatusMove};
use crate::people::Person;
use crate::ticket::timeline::{self, NewComment, NewEvent, NewFile};
use crate::ticket::workflow::{self, Reaction};
use crate::ticket::{Actor, AttachmentInfo, Comment, Source, Ticket, Visibility, store, thread};

/// What somebody wrote.
#[derive(Debug, Clone, Copy)]
pub struct NewWords<'a> {
    /// The new words.
    pub body: &'a str,
    /// The whole text, where it differs.
    pub full_text: Option<&'a str>,
    /// Sanitised HTML.
    pub html: Option<&'a str>,
    /// Files.
    pub files: &'a [NewFile<'a>],
    /// The Message-IDs that lead here from now on.
    pub message_ids: &'a [String],
    /// How it came.
    pub source: Source,
    /// The mail it came in.
    pub inbound_id: Option<InboundId>,
}

/// Who says something, and to whom.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// The author.
    pub author: &'a Person,
    /// Whether the author speaks for the team. The caller has proof of it.
    pub as_staff: bool,
    /// Who may read it.
    pub visibility: Visibility,
    /// The words.
    pub words: NewWords<'a>,
}

/// Adds a comment to a ticket that the caller holds by [`store::lock`], lets the ticket's status follow, and
/// tells those who should hear of it.
///
/// A customer's word makes a waiting ticket active and brings a resolved or closed one back. The first
/// public reply of staff stops the clock of the first response.
///
/// # Errors
/// If a status that the desk's settings name does not exist, or the database does not answer.
pub async fn comment(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    said: &Said<'_>,
) -> Result<Comment, DeskError> {
    let desk = &ctx.settings.desk;
    let comment = write(
        conn,
        ctx,
        ticket,
        said.author,
        said.visibility,
        said.as_staff,
        &said.words,
    )
    .await?;
    thread::remember(conn, ctx.now, ticket.id, said.words.message_ids).await?;
    let mut events = vec![NewEvent {
        kind: if said.visibility == Visibility::Public {
            "replied"
        } else {
            "noted"
        },
        comment_id: Some(comment.id),
        inbound_id: said.words.inbound_id,
        ..NewEvent::default()
    }];
    ticket.updated_at = ctx.now;
    let mut change = None;
    if said.as_staff {
        if said.visibility == Visibility::Public {
            ticket.first_responded_at.get_or_insert(ctx.now);
        }
    } else {
        store::add_participants(conn, ctx.now, ticket.id, &[said.author.id]).await?;
        if let Reaction::Become(status) = workflow::reaction(desk, ticket, ctx.now) {
            change = workflow::change_by_rule(desk, ticket, status, ctx.now)?;
        }
    }
    if let Some(change) = &change {
        events.push(NewEvent {
            kind: "status_changed",
            field: Some("status"),
            old: Some(&change.from),
            new: Some(&change.to),
            reason: Some(CUSTOMER_WROTE),
            ..NewEvent::default()
        });
    }
    store::update(conn, ticket).await?;
    append(conn, ctx, ticket.id, &events).await?;
    let happening = Happening::Commented {
        ticket,
        comment: &comment,
        actor: ctx.actor,
        moved: change.as_ref().map(|change| StatusMove {
            from: &change.from,
            reason: Some(CUSTOMER_WROTE),
        }),
    };
    announce(conn, ctx, ticket.id, &happening).await?;
    Ok(comment)
}

/// Notes an automatic reply on the timeline. The ticket stays as it is and nobody is told.
///
/// # Errors
/// If the database does not answer.
pub async fn record_automatic_reply(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &Ticket,
    from: &str,
    because: &str,
    inbound_id: InboundId,
) -> Result<(), DeskError> {
    let event = NewEvent {
        kind: "automatic_reply",
        new: Some(from),
        reason: Some(because),
        inbound_id: Some(inbound_id),
        ..NewEvent::default()
    };
    timeline::add_events(conn, ticket.id, Actor::System, ctx.now, &[event]).await?;
    Ok(())
}

/// Writes a comment and its files, and returns it as it stands.
async fn write(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &Ticket,
    author: &Person,
    visibility: Visibility,
    by_staff: bool,
    words: &NewWords<'_>,
) -> Result<Comment, sqlx::Error> {
    let new = NewComment {
        ticket_id: ticket.id,
        author_id: author.id,
        visibility,
        by_staff,
        body: words.body,
        full_text: words.full_text,
        html: words.html,
        source: words.source,
        created_at: ctx.now,
    };
    let id = timeline::add_comment(conn, &new).await?;
    timeline::add_files(conn, id, words.files).await?;
    Ok(as_it_stands(id, &new, author, words.files))
}

/// A comment that was written down just now.
pub(super) fn as_it_stands(
    id: CommentId,
    new: &NewComment<'_>,
    author: &Person,
    files: &[NewFile<'_>],
) -> Comment {
    Comment {
        id,
        ticket_id: new.ticket_id,
        author_id: author.id,
        author_name: author.name.clone(),
        visibility: new.visibility,
        by_staff: new.by_staff,
        is_resolution: false,
        body: new.body.to_owned(),
        created_at: new.created_at,
        edited_at: None,
        deleted_at: None,
        attachments: files
            .iter()
            .map(|file| AttachmentInfo {
                name: file.name.to_owned(),
                content_type: file.content_type.to_owned(),
                bytes: i64::try_from(file.content.len()).unwrap_or(i64::MAX),
            })
            .collect(),
    }
}
