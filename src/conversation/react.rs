//! Emoji on posts, and the menu of a message: taking, resolving, and opening a ticket from what somebody wrote.

use std::collections::BTreeMap;

use anyhow::Context as _;

use super::OPEN_TICKET;
use super::say::{Deed, Scene, run};
use super::who::Known;
use crate::chat::{Chatter, Message, PostRef, text};
use crate::desk::{self, Chosen, Context, NewWords, Opening};
use crate::people::chat_account;
use crate::ticket::chat_thread;
use crate::ticket::number::{self, Occasion};
use crate::ticket::{Actor, Source};

/// The longest subject that is taken from a message, in characters.
const SUBJECT_CHARS: usize = 100;

/// A post was marked with an emoji.
pub(super) async fn reacted(
    scene: &mut Scene<'_>,
    known: &Known,
    post: &PostRef,
    emoji: &str,
    text: Option<&str>,
    author: Option<&Chatter>,
) -> anyhow::Result<Deed> {
    let chat = scene.chat;
    if emoji == chat.emoji.open {
        return match (text, author) {
            (Some(text), Some(author)) => open(scene, known, text, author).await,
            _ => Ok(Deed::ignored(
                "the platform did not say what the message is",
            )),
        };
    }
    let word = if emoji == chat.emoji.take {
        "take"
    } else if emoji == chat.emoji.resolve {
        "resolve"
    } else {
        return Ok(Deed::ignored("the emoji means nothing here"));
    };
    let ticket = match chat_thread::post_at(scene.conn, &chat.name, post).await? {
        Some(found) => Some(found.ticket_id),
        None => chat_thread::ticket_at(scene.conn, &chat.name, &post.place).await?,
    };
    let Some(ticket) = ticket else {
        return Ok(Deed::ignored("the post belongs to no ticket"));
    };
    let mut deed = run(scene, known, Some(ticket), word).await?;
    if deed.settlement.state == "done" {
        // The card shows it.
        deed.answer = None;
    }
    Ok(deed)
}

/// An entry of a message's own menu was chosen.
pub(super) async fn shortcut(
    scene: &mut Scene<'_>,
    known: &Known,
    name: &str,
    text: &str,
    author: &Chatter,
) -> anyhow::Result<Deed> {
    if name != OPEN_TICKET {
        return Ok(Deed::refused("nobody knows this entry")
            .saying(Message::text("This entry does nothing any more.")));
    }
    open(scene, known, text, author).await
}

/// Opens a ticket from what somebody wrote. They are its requester, whoever they are.
async fn open(
    scene: &mut Scene<'_>,
    known: &Known,
    text: &str,
    author: &Chatter,
) -> anyhow::Result<Deed> {
    let actor = known.person.as_ref().filter(|_| known.is_staff());
    let Some(actor) = actor else {
        return Ok(
            Deed::refused("only staff opens tickets from messages").saying(Message::text(
                "Only staff opens a ticket from a message. `open SUBJECT` opens one of your own.",
            )),
        );
    };
    let name = &scene.chat.name;
    let requester = match chat_account::person(scene.conn, name, &author.id).await? {
        Some(person) => person,
        None => chat_account::adopt(scene.conn, scene.now, name, &author.id, &author.name).await?,
    };
    let ctx = Context {
        settings: scene.settings,
        now: scene.now,
        actor: Actor::Person(actor.id),
        answering: true,
    };
    let chosen = BTreeMap::new();
    let fields = desk::starting_fields(&scene.settings.desk, None, &chosen);
    let occasion = Occasion {
        now: scene.now,
        zone: scene.settings.desk.zone,
        fields: &fields,
    };
    let format = desk::number_format(&scene.settings.desk, None);
    let number = number::reserve(scene.numbers, format, occasion).await?;
    let words = if text.trim().is_empty() {
        "(no text)"
    } else {
        text.trim()
    };
    let subject = text::shortened(words.lines().next().unwrap_or_default(), SUBJECT_CHARS);
    let opening = Opening {
        number: &number,
        subject: &subject,
        requester: &requester,
        words: NewWords {
            body: words,
            full_text: None,
            html: None,
            files: &[],
            message_ids: &[],
            source: Source::Chat,
            inbound_id: None,
        },
        mailbox: None,
        category: None,
        chosen: Chosen::default(),
        fields: &fields,
        participants: &[],
        linked: None,
        acknowledge: requester.id != actor.id,
        tell_actor: false,
    };
    let opened = desk::open(scene.conn, &ctx, &opening)
        .await
        .context("the ticket could not be opened")?;
    let mut deed = Deed::done()
        .on(Some(opened.ticket.id))
        .saying(Message::text(format!(
            "**{}** is open, for {}.",
            text::escape(&opened.ticket.number),
            text::escape(&requester.name)
        )));
    deed.settlement.comment = Some(opened.comment.id);
    Ok(deed)
}
