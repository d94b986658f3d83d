//! What a mail says, as the desk takes it: the new words, the files, and what a limit kept out.

use sqlx::PgConnection;

use super::act::Scene;
use super::{ledger, parties};
use crate::desk::NewWords;
use crate::ids::{CommentId, TicketId};
use crate::mail::message::{Attachment, Notice, UnderstoodMail};
use crate::mail::source::Position;
use crate::ticket::timeline::{self, NewEvent, NewFile};
use crate::ticket::{Actor, Source};

/// A customer's new words; all of it where nothing was answered, so that no rule or signature in a first mail is
/// taken for the end of it, and where there are no new words, as in a mail that was passed on without one.
pub(super) fn of_customer(mail: &UnderstoodMail) -> &str {
    let first = mail.mail.in_reply_to.is_empty() && mail.mail.references.is_empty();
    if first || mail.reply.trim().is_empty() {
        &mail.mail.text
    } else {
        &mail.reply
    }
}

/// A mail as words for the desk. `body` is what is new of it.
pub(super) fn words<'a>(
    scene: &Scene<'a>,
    body: &'a str,
    html: Option<&'a str>,
    files: &'a [NewFile<'a>],
    ids: &'a [String],
) -> NewWords<'a> {
    let text = scene.mail.mail.text.as_str();
    NewWords {
        body,
        full_text: (text != body).then_some(text),
        html,
        files,
        message_ids: ids,
        source: if scene.claimed.answering {
            Source::Mail
        } else {
            Source::Import
        },
        inbound_id: Some(scene.claimed.id),
    }
}

/// The new words alone, where the whole text and the HTML hold what is not for every reader.
pub(super) fn alone(words: NewWords<'_>) -> NewWords<'_> {
    NewWords {
        full_text: None,
        html: None,
        ..words
    }
}

/// The mail's own Message-ID.
pub(super) fn own_id(scene: &Scene<'_>) -> Vec<String> {
    scene.mail.mail.message_id.iter().cloned().collect()
}

/// The mail's files.
pub(super) fn files(attachments: &[Attachment]) -> Vec<NewFile<'_>> {
    attachments
        .iter()
        .map(|attachment| NewFile {
            name: &attachment.name,
            content_type: &attachment.content_type,
            content_id: attachment.content_id.as_deref(),
            inline: attachment.inline,
            content: &attachment.content,
        })
        .collect()
}

/// What a limit kept from the parsed view stands on the timeline, with the way to the whole.
pub(super) async fn note_limits(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    ticket: TicketId,
    comment: CommentId,
) -> Result<(), sqlx::Error> {
    let mut parsed = Vec::new();
    for notice in &scene.mail.mail.notices {
        parsed.push(match notice {
            Notice::MessageTooLarge { .. } => format!("{notice}, {}", rest(conn, scene).await?),
            _ => notice.to_string(),
        });
    }
    let left_out = match parties::left_out(scene) {
        0 => None,
        left_out => Some(format!(
            "{left_out} more recipients were named than take part in a ticket"
        )),
    };
    let notices: Vec<String> = parsed.into_iter().chain(left_out).collect();
    let events: Vec<NewEvent<'_>> = notices
        .iter()
        .map(|notice| NewEvent {
            kind: "limited",
            reason: Some(notice),
            comment_id: Some(comment),
            inbound_id: Some(scene.claimed.id),
            ..NewEvent::default()
        })
        .collect();
    timeline::add_events(conn, ticket, Actor::System, scene.now, &events).await
}

/// Where the rest is of a mail that was too large to be taken whole.
async fn rest(conn: &mut PgConnection, scene: &Scene<'_>) -> Result<&'static str, sqlx::Error> {
    let places = ledger::places(conn, scene.claimed.id).await?;
    let mut positions = places
        .iter()
        .filter_map(|(_, position, _)| Position::from_key(position));
    Ok(
        match positions.find(|position| *position != Position::Pipe) {
            Some(Position::Imap { .. }) => "the rest is on the mail server",
            Some(Position::Maildir { .. }) => "the rest is in the Maildir",
            Some(Position::Pipe) | None => "the rest was handed in and is not here",
        },
    )
}
