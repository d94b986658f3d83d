//! Commenting on a ticket: a customer's word, a public reply, an internal note.

use sqlx::PgConnection;

use super::{CUSTOMER_WROTE, Context, DeskError, announce, append, mention, snooze};
use crate::ids::{CommentId, InboundId};
use crate::notify::{Happening, StatusMove};
use crate::people::Person;
use crate::ticket::timeline::{self, NewComment, NewEvent, NewFile};
use crate::ticket::workflow::{self, Reaction, StatusChange};
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
/// What comes by command or chat is no longer than the desk allows; mail is never cut. Agents whom an internal note
/// names by `@handle` are told.
///
/// # Errors
/// If there are no words and no files, or too many; a status that the desk's settings name does not exist; or the
/// database does not answer.
pub async fn comment(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    said: &Said<'_>,
) -> Result<Comment, DeskError> {
    say(conn, ctx, ticket, said, None).await
}

/// A change of status that a person asked for together with their words. It is made on the ticket already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moving<'a> {
    pub(super) change: &'a StatusChange,
    pub(super) reason: Option<&'a str>,
}

/// Adds a comment, and tells of it and of the change of status in one.
pub(super) async fn say(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    said: &Said<'_>,
    moving: Option<Moving<'_>>,
) -> Result<Comment, DeskError> {
    let desk = &ctx.settings.desk;
    check_words(ctx, &said.words)?;
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
    let mut reaction = None;
    if said.as_staff {
        if said.visibility == Visibility::Public {
            ticket.first_responded_at.get_or_insert(ctx.now);
        }
    } else {
        store::add_participants(conn, ctx.now, ticket.id, &[said.author.id]).await?;
        if let Reaction::Become(status) = workflow::reaction(desk, ticket, ctx.now) {
            reaction = workflow::change_by_rule(desk, ticket, status, ctx.now)?;
        }
    }
    let slept = ticket.snoozed_until.take_if(|_| !said.as_staff);
    let slept = slept.map(|until| until.to_rfc3339());
    events.extend(
        slept
            .iter()
            .map(|old| snooze::woke(old, Some(CUSTOMER_WROTE))),
    );
    let moving = moving.or(reaction.as_ref().map(|change| Moving {
        change,
        reason: Some(CUSTOMER_WROTE),
    }));
    if let Some(Moving { change, reason }) = moving {
        events.push(NewEvent {
            kind: "status_changed",
            field: Some("status"),
            old: Some(&change.from),
            new: Some(&change.to),
            reason,
            ..NewEvent::default()
        });
    }
    store::update(conn, ticket).await?;
    append(conn, ctx, ticket.id, &events).await?;
    let happening = Happening::Commented {
        ticket,
        comment: &comment,
        actor: ctx.actor,
        moved: moving.map(|moving| StatusMove {
            from: &moving.change.from,
            reason: moving.reason,
        }),
    };
    announce(conn, ctx, ticket.id, &happening).await?;
    if said.as_staff {
        mention::tell(conn, ctx, ticket, &comment, "").await?;
    }
    Ok(comment)
}

/// What comes by command must say something, and not too much of it.
fn check_words(ctx: &Context<'_>, words: &NewWords<'_>) -> Result<(), DeskError> {
    if matches!(words.source, Source::Mail | Source::Import) {
        return Ok(());
    }
    if words.body.trim().is_empty() && words.files.is_empty() {
        return Err(DeskError::Invalid(
            "the text is empty; write some words or attach a file".to_owned(),
        ));
    }
    check_length(ctx, words.body)?;
    let limits = &ctx.settings.limits;
    let too_many = words.files.len() > usize::try_from(limits.attachments).unwrap_or(usize::MAX);
    if too_many {
        return Err(DeskError::Invalid(format!(
            "there are more than {} files; send some of them in another comment",
            limits.attachments
        )));
    }
    let too_large = |file: &&NewFile<'_>| {
        u64::try_from(file.content.len()).unwrap_or(u64::MAX) > limits.attachment_bytes
    };
    if let Some(file) = words.files.iter().find(too_large) {
        return Err(DeskError::Invalid(format!(
            "the file {} is larger than the {} bytes that are kept of one",
            file.name, limits.attachment_bytes
        )));
    }
    Ok(())
}

/// What comes by command is no longer than the desk allows.
pub(super) fn check_length(ctx: &Context<'_>, body: &str) -> Result<(), DeskError> {
    let Some(most) = ctx.settings.desk.comment_max_chars else {
        return Ok(());
    };
    let chars = body.chars().count();
    if chars <= usize::try_from(most).unwrap_or(usize::MAX) {
        return Ok(());
    }
    Err(DeskError::Invalid(format!(
        "the text has {chars} characters, and this desk takes {most}; shorten it or attach it as a file"
    )))
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
