//! A message that stands for a comment was edited or deleted: the comment follows.

use super::customer;
use super::say::{Deed, Scene, answer};
use super::who::Known;
use super::words::Words;
use crate::chat::{Message, PostRef};
use crate::command;
use crate::desk::{self, Context, DeskError};
use crate::people::{self, Person};
use crate::ticket::chat_thread;
use crate::ticket::{Actor, Comment, Ticket, Visibility, store, timeline};

/// What a message's new text is for its comment.
#[derive(Debug, Clone, PartialEq, Eq)]
enum NewText<'t> {
    /// Its new words.
    Words(&'t str),
    /// Its new words, which were meant for the customer and do not go there: a note stays one.
    StaysInternal(&'t str),
    /// Nothing: of a public reply it does not say that it is one.
    Unclear,
}

/// Reads the new text of a message. What it was when it was written it stays, whatever it begins with now.
fn read<'t>(visibility: Visibility, text: &'t str, prefix: Option<&str>) -> NewText<'t> {
    let words = match Words::of(text, false, prefix) {
        Words::Command(line) => match line.split_once(char::is_whitespace) {
            Some(("reply", rest)) => Words::Reply(rest.trim()),
            Some(("note", rest)) => Words::Note(rest.trim()),
            _ => Words::Note(text.trim()),
        },
        words => words,
    };
    match (visibility, words) {
        (Visibility::Internal, Words::Note(text)) | (Visibility::Public, Words::Reply(text)) => {
            NewText::Words(text)
        }
        (Visibility::Internal, Words::Reply(text)) => NewText::StaysInternal(text),
        _ => NewText::Unclear,
    }
}

/// A message was edited.
pub(super) async fn edited(
    scene: &mut Scene<'_>,
    known: &Known,
    post: &str,
    text: &str,
    among_customers: bool,
) -> anyhow::Result<Deed> {
    let Some(comment) = comment_of(scene, post).await? else {
        return Ok(Deed::ignored("the message stands for no comment"));
    };
    let heard = |_: &&Person| known.is_staff() || among_customers;
    let Some(author) = known.person.as_ref().filter(heard) else {
        return Ok(
            Deed::refused("only staff is heard in a ticket's thread").on(Some(comment.ticket_id))
        );
    };
    let prefix = scene.chat.reply_prefix.as_deref();
    let new = match among_customers {
        // Everybody reads it there, whatever it begins with.
        true => NewText::Words(customer::without_sign(text, prefix)),
        false => read(comment.visibility, text, prefix),
    };
    let (text, stays) = match new {
        NewText::Words(text) => (text, false),
        NewText::StaysInternal(text) => (text, true),
        NewText::Unclear => {
            let told = "This was a public reply, and its text no longer says so: the comment stays as it was. Begin it as you \
                        did at first.";
            return Ok(Deed::refused("it does not say any more that it is public")
                .on(Some(comment.ticket_id))
                .saying(Message::text(told)));
        }
    };
    let mut ticket = store::lock(scene.conn, comment.ticket_id).await?;
    let ctx = context(scene, author);
    let edited = desk::edit_comment(scene.conn, &ctx, &mut ticket, comment.id, author, text).await;
    let reach = match edited {
        Ok(reach) => reach,
        Err(error) => return refused(&ticket, error),
    };
    let mut deed = Deed::done().on(Some(ticket.id));
    deed.settlement.comment = Some(comment.id);
    Ok(if stays {
        deed.saying(Message::text(
            "This stays an internal note: the customer gets nothing. Write it anew to answer them.",
        ))
    } else if reach.mailed() > 0 && known.is_staff() {
        deed.saying(Message::text(
            "The reply had left already by mail and cannot be unsent: the customer has the words as they were.",
        ))
    } else if reach.held > 0 && known.is_staff() {
        let told = command::edited(scene.conn, scene.settings, &ticket, comment.id, reach).await?;
        deed.saying(answer(told))
    } else {
        deed
    })
}

/// A message was deleted. Who did it is not known; the comment is its author's.
pub(super) async fn deleted(
    scene: &mut Scene<'_>,
    post: &str,
    among_customers: bool,
) -> anyhow::Result<Deed> {
    let Some(comment) = comment_of(scene, post).await? else {
        return Ok(Deed::ignored("the message stands for no comment"));
    };
    let author = people::store::get(scene.conn, comment.author_id).await?;
    let mut ticket = store::lock(scene.conn, comment.ticket_id).await?;
    let ctx = context(scene, &author);
    let deleted = desk::delete_comment(scene.conn, &ctx, &mut ticket, comment.id, &author).await;
    let reach = match deleted {
        Ok(reach) => reach,
        Err(error) => return refused(&ticket, error),
    };
    let mut deed = Deed::done().on(Some(ticket.id));
    deed.settlement.comment = Some(comment.id);
    Ok(if reach.mailed() > 0 && !among_customers {
        deed.saying(Message::text(
            "The public reply that was deleted here had left already by mail and cannot be unsent: the customer has it.",
        ))
    } else {
        deed
    })
}

/// The comment that somebody's own message stands for.
async fn comment_of(scene: &mut Scene<'_>, post: &str) -> Result<Option<Comment>, sqlx::Error> {
    let post = PostRef {
        place: scene.event.place.clone(),
        id: post.to_owned(),
    };
    let found = chat_thread::post_at(scene.conn, &scene.chat.name, &post).await?;
    match found
        .filter(|found| !found.ours)
        .and_then(|found| found.comment_id)
    {
        Some(comment) => timeline::comment(scene.conn, comment).await,
        None => Ok(None),
    }
}

fn context<'a>(scene: &Scene<'a>, person: &Person) -> Context<'a> {
    Context {
        settings: scene.settings,
        now: scene.now,
        actor: Actor::Person(person.id),
        answering: true,
    }
}

fn refused(ticket: &Ticket, error: DeskError) -> anyhow::Result<Deed> {
    match command::Failure::from(error) {
        command::Failure::User(error) => Ok(Deed::refused(&error.what)
            .on(Some(ticket.id))
            .saying(Message::text(error.markdown()))),
        command::Failure::Other(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_stays_a_note_and_a_reply_a_reply() {
        let of = |visibility, text| read(visibility, text, Some(">>"));
        assert_eq!(of(Visibility::Internal, "new"), NewText::Words("new"));
        assert_eq!(of(Visibility::Internal, "/note new"), NewText::Words("new"));
        assert_eq!(
            of(Visibility::Internal, ">> new"),
            NewText::StaysInternal("new")
        );
        assert_eq!(
            of(Visibility::Internal, "/reply new"),
            NewText::StaysInternal("new")
        );
        assert_eq!(of(Visibility::Public, ">> new"), NewText::Words("new"));
        assert_eq!(of(Visibility::Public, "/reply new"), NewText::Words("new"));
        assert_eq!(of(Visibility::Public, "new"), NewText::Unclear);
        assert_eq!(of(Visibility::Public, "/note new"), NewText::Unclear);
    }
}
