//! Making a ticket of its own out of a comment.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::{Chosen, Context, DeskError, NewWords, Opened, Opening, append, open, words};
use crate::ids::CommentId;
use crate::people;
use crate::ticket::link::Link;
use crate::ticket::timeline::{self, NewEvent, NewFile};
use crate::ticket::{Source, Ticket, Visibility, store};

/// Opens a new ticket from a public comment of a ticket that the caller holds by [`store::lock`], with the
/// comment's words and files, and links the two. The comment stays where it is as well, so that no conversation
/// loses a word. The new ticket belongs to the comment's author, or to the old one's requester where staff wrote
/// it; they are told of the new ticket. `number` is reserved by the caller as for [`open()`].
///
/// # Errors
/// If it is no comment of this ticket, deleted, or internal, which would show it to the customer; or the database
/// does not answer.
pub async fn split(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    comment: CommentId,
    number: &str,
    subject: &str,
) -> Result<Opened, DeskError> {
    let held = words::of_ticket(conn, ticket, comment).await?;
    if held.visibility == Visibility::Internal {
        return Err(DeskError::Invalid(format!(
            "that comment on {} is an internal note, and a ticket begins with words that its customer sees; `open` a \
             ticket and copy what they may read",
            ticket.number
        )));
    }
    let requester = if held.by_staff {
        ticket.requester_id
    } else {
        held.author_id
    };
    let requester = people::store::get(conn, requester).await?;
    let files = timeline::files(conn, comment).await?;
    let files: Vec<NewFile<'_>> = files
        .iter()
        .map(|file| NewFile {
            name: &file.name,
            content_type: &file.content_type,
            content_id: file.content_id.as_deref(),
            inline: file.inline,
            content: &file.content,
        })
        .collect();
    let mailbox = ctx
        .settings
        .mailboxes
        .iter()
        .find(|mailbox| Some(mailbox.name.as_str()) == ticket.mailbox.as_deref());
    let fields: BTreeMap<String, String> = ticket.fields.clone();
    let opening = Opening {
        number,
        subject,
        requester: &requester,
        words: NewWords {
            body: &held.body,
            full_text: None,
            html: None,
            files: &files,
            message_ids: &[],
            source: Source::Command,
            inbound_id: None,
        },
        mailbox,
        category: ticket.category.as_deref(),
        chosen: Chosen::default(),
        fields: &fields,
        participants: &[],
        linked: Some((ticket.id, Link::Follows.word())),
        acknowledge: true,
        tell_actor: false,
    };
    let opened = open(conn, ctx, &opening).await?;
    let event = NewEvent {
        kind: "split",
        new: Some(&opened.ticket.number),
        comment_id: Some(comment),
        ..NewEvent::default()
    };
    ticket.updated_at = ctx.now;
    store::update(conn, ticket).await?;
    append(conn, ctx, ticket.id, &[event]).await?;
    Ok(opened)
}
