//! Emoji on posts, and the menu of a message: taking, resolving, and opening a ticket from what somebody wrote.

use std::collections::BTreeMap;

use anyhow::Context as _;

use super::say::{Deed, Scene, files, run, with_files};
use super::who::Known;
use super::{OPEN_TICKET, TICKETS};
use crate::chat::{Chatter, Message, PostRef, text};
use crate::desk::{self, Chosen, Context, NewWords, Opening};
use crate::people::chat_account;
use crate::ticket::chat_thread;
use crate::ticket::number::{self, Occasion};
use crate::ticket::{Actor, Source, Visibility};

/// The longest subject that is taken from a message, in characters.
const SUBJECT_CHARS: usize = 100;

/// What stands above the conversation around a message.
const AROUND: &str = "What was said before it:\n\n";

/// The longest conversation that is noted, in characters.
const AROUND_CHARS: usize = 8_000;

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
        // What the platform did not tell was read with what stands around it.
        let read = scene.around.last();
        let text = text.or(read.map(|said| said.text.as_str()));
        let author = author.or(read.map(|said| &said.who));
        return match (text, author) {
            (Some(text), Some(author)) => open(scene, known, text, author).await,
            _ if !known.is_staff() => Ok(only_staff()),
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
        return Ok(unknown_entry());
    }
    open(scene, known, text, author).await
}

/// An entry of a person's own menu was chosen: their tickets, those that a colleague works or those that a customer asked.
pub(super) async fn on_person(
    scene: &mut Scene<'_>,
    known: &Known,
    name: &str,
    whom: &Chatter,
) -> anyhow::Result<Deed> {
    if name != TICKETS {
        return Ok(unknown_entry());
    }
    if !known.is_staff() {
        return Ok(
            Deed::refused("only staff lists somebody's tickets").saying(Message::text(
                "Only staff sees somebody else's tickets. `list` shows your own.",
            )),
        );
    }
    let person = chat_account::person(scene.conn, &scene.chat.name, &whom.id).await?;
    let line =
        person.and_then(
            |person| match (person.role.is_staff(), person.handle, person.address) {
                (true, Some(handle), _) => {
                    Some(format!("list --assignee {}", text::quoted(&handle)))
                }
                (_, _, Some(address)) => {
                    Some(format!("list --all --requester {}", text::quoted(&address)))
                }
                _ => None,
            },
        );
    let Some(line) = line else {
        let words = format!("The desk does not know {} yet.", text::escape(&whom.name));
        return Ok(Deed::refused("the person is not known").saying(Message::text(words)));
    };
    run(scene, known, None, &line).await
}

fn unknown_entry() -> Deed {
    Deed::refused("nobody knows this entry")
        .saying(Message::text("This entry does nothing any more."))
}

fn only_staff() -> Deed {
    Deed::refused("only staff opens tickets from messages").saying(Message::text(
        "Only staff opens a ticket from a message. `open SUBJECT` opens one of your own.",
    ))
}

/// What was said before the message, for staff: nothing where it stands alone. The newest of it is kept where it is long.
fn around(scene: &Scene<'_>) -> Option<String> {
    let (_, before) = scene.around.split_last()?;
    let zone = scene.settings.desk.zone;
    let most = scene.settings.desk.comment_max_chars;
    let mut room = most.map_or(AROUND_CHARS, |most| {
        AROUND_CHARS.min(usize::try_from(most).unwrap_or(AROUND_CHARS))
    });
    room = room.saturating_sub(AROUND.chars().count());
    let mut lines = Vec::new();
    for said in before.iter().rev() {
        let at = said.at.with_timezone(&zone).format("%-d %b %H:%M");
        let names = said.files.iter().map(|file| format!(" [{}]", file.name));
        let files: String = names.collect();
        let line = format!("{} ({at}): {}{files}", said.who.name, said.text.trim());
        let length = line.chars().count() + 1;
        if length > room {
            break;
        }
        room -= length;
        lines.push(line);
    }
    lines.reverse();
    (!lines.is_empty()).then(|| format!("{AROUND}{}", lines.join("\n")))
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
        return Ok(only_staff());
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
    let files = files(scene);
    let words = with_files(scene, words);
    let opening = Opening {
        number: &number,
        subject: &subject,
        requester: &requester,
        words: NewWords {
            body: &words,
            full_text: None,
            html: None,
            files: &files,
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
    let mut opened = desk::open(scene.conn, &ctx, &opening)
        .await
        .context("the ticket could not be opened")?;
    if let Some(note) = around(scene) {
        let said = desk::Said {
            author: actor,
            as_staff: true,
            visibility: Visibility::Internal,
            words: NewWords {
                body: &note,
                files: &[],
                ..opening.words
            },
        };
        desk::comment(scene.conn, &ctx, &mut opened.ticket, &said)
            .await
            .context("the conversation around the message could not be noted")?;
    }
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
