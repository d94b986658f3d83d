//! A customer's own thread: what staff writes there is a public reply, since everybody there has read it, and what the
//! customer writes is a comment of theirs. Nothing that is typed there is a command; slash commands are answered privately.

use chrono::TimeDelta;
use sqlx::PgConnection;

use super::say::{Deed, Scene, run, with_files};
use super::store;
use super::who::Known;
use super::words::Words;
use crate::chat::{Button, ChatEvent, EventKind, Message, PostRef, Tone, text};
use crate::command;
use crate::config::chat::ChatSettings;
use crate::desk::{self, Context};
use crate::ids::TicketId;
use crate::notify::posts;
use crate::outbox::waiting;
use crate::people::chat_account;
use crate::ticket::chat_thread::{self, NewPost};
use crate::ticket::customer_thread::{self, CustomerThread};
use crate::ticket::workflow::{self, Reaction};
use crate::ticket::{Actor, close_request, store as tickets};

/// What an agent is told who types a command before the customer's eyes.
const BEFORE_THEIR_EYES: &str = "Nothing was done: the customer reads what is typed in that thread, this line too. Delete it there, \
and type it in the ticket's own thread, or as a slash command.";

/// What somebody is told whose words stand in no ticket's thread.
const BESIDE: &str = "What you wrote here stands nowhere else: it is in no ticket's thread. Write it in the thread of its ticket.";

/// Whether a message was written, changed or taken away in a customer's thread, or the panel was taken away. What else is said
/// in the place of customers is nobody's business.
pub(super) async fn is_theirs(
    conn: &mut PgConnection,
    chat: &ChatSettings,
    event: &ChatEvent,
) -> Result<bool, sqlx::Error> {
    if let (EventKind::Deleted { post }, None) = (&event.kind, &event.place.thread) {
        let panel = customer_thread::panel(conn, &event.platform).await?;
        if panel.is_some_and(|panel| panel.id == *post && panel.place == event.place) {
            return Ok(true);
        }
    }
    let thread = customer_thread::at(conn, &event.platform, &event.place).await?;
    Ok(thread.is_some() || is_beside(conn, chat, event).await?)
}

/// Whether it stands in a conversation that was opened for customers' threads, and in none of them: where the platform has no
/// private threads, people see the conversation's own box first, and type there. The channel of all customers is none.
pub(super) async fn is_beside(
    conn: &mut PgConnection,
    chat: &ChatSettings,
    event: &ChatEvent,
) -> Result<bool, sqlx::Error> {
    let place = event.place.place.as_str();
    let of_all = chat
        .customers
        .as_ref()
        .map(|customers| customers.place.as_str());
    if event.place.thread.is_some() || of_all.is_none_or(|of_all| of_all == place) {
        return Ok(false);
    }
    customer_thread::any_in(conn, &event.platform, place).await
}

/// A message was written beside customers' threads: a customer means their newest ticket there that is open. Nothing where
/// it is no ticket's business: they have none that is open, and speak to us alone.
pub(super) async fn beside(
    scene: &mut Scene<'_>,
    known: &Known,
    post: &str,
    text: &str,
    to_us: bool,
) -> anyhow::Result<Option<Deed>> {
    let (place, user) = (&scene.event.place.place, &scene.event.who.id);
    let thread = customer_thread::newest_open(scene.conn, &scene.chat.name, place, user).await?;
    if let Some(thread) = thread {
        return posted(scene, known, &thread, post, text).await.map(Some);
    }
    if to_us {
        return Ok(None);
    }
    Ok(Some(Deed {
        openly: !known.is_staff(),
        ..Deed::refused("it was written beside the threads of tickets")
            .saying(Message::text(BESIDE))
    }))
}

/// A message was written in a customer's thread.
pub(super) async fn posted(
    scene: &mut Scene<'_>,
    known: &Known,
    thread: &CustomerThread,
    post: &str,
    text: &str,
) -> anyhow::Result<Deed> {
    let line = match known.is_staff() {
        true => {
            let prefix = scene.chat.reply_prefix.as_deref();
            let Some(words) = public_words(text, prefix) else {
                return Ok(
                    Deed::refused("a command that the customer reads is not done")
                        .on(Some(thread.ticket_id))
                        .saying(Message::text(BEFORE_THEIR_EYES)),
                );
            };
            format!("reply -- {}", with_files(scene, words))
        }
        false => {
            if let Some(deed) = not_heard(scene, known, thread).await? {
                return Ok(deed);
            }
            format!("comment -- {}", with_files(scene, text))
        }
    };
    let mut deed = run(scene, known, Some(thread.ticket_id), &line).await?;
    deed.openly = !known.is_staff();
    let Some(comment) = deed.settlement.comment else {
        return Ok(deed);
    };
    let new = NewPost {
        platform: &scene.chat.name,
        ticket_id: deed.settlement.ticket.unwrap_or(thread.ticket_id),
        comment_id: Some(comment),
        ours: false,
    };
    let here = PostRef {
        place: scene.event.place.clone(),
        id: post.to_owned(),
    };
    chat_thread::remember(scene.conn, scene.now, &new, &[here]).await?;
    let address = posts::address(&thread.platform, &thread.user_id);
    waiting::seen_by(scene.conn, scene.now, comment, &address).await?;
    // It stands where everybody reads it; a word about it would only be noise.
    deed.answer = None;
    Ok(deed)
}

/// What staff says in a customer's thread; nothing where it is a command.
fn public_words<'t>(text: &'t str, prefix: Option<&str>) -> Option<&'t str> {
    match Words::of(text, false, prefix) {
        Words::Reply(words) | Words::Note(words) => Some(words),
        Words::Command(line) => match line.split_once(char::is_whitespace) {
            Some(("reply", words)) => Some(words.trim()),
            _ => None,
        },
    }
}

/// The same of an edited message, which says what it says.
pub(super) fn without_sign<'t>(text: &'t str, prefix: Option<&str>) -> &'t str {
    public_words(text, prefix).unwrap_or(text.trim())
}

/// Why somebody who is not of the team is not heard, if they are not.
async fn not_heard(
    scene: &mut Scene<'_>,
    known: &Known,
    thread: &CustomerThread,
) -> anyhow::Result<Option<Deed>> {
    let refused = |reason: &str| Deed::refused(reason).on(Some(thread.ticket_id));
    let Some(person) = &known.person else {
        return Ok(Some(
            refused("only the customer and the team are heard in this thread").saying(Message::text(
                "What you wrote in that thread stands nowhere else: only the customer and the team are heard there.",
            )),
        ));
    };
    let most = scene
        .chat
        .customers
        .as_ref()
        .map_or(0, |customers| customers.messages_per_hour);
    let since = scene.now - TimeDelta::hours(1);
    let done = store::done_by(scene.conn, person.id, since).await?;
    if done >= i64::from(most) {
        let deed = refused("more than one may write in an hour");
        let told = "You have written more than one may in an hour. What you write now is not kept; come back later.";
        // It is told once.
        return Ok(Some(match done == i64::from(most) {
            true => Deed {
                openly: true,
                ..deed.saying(Message::text(told))
            },
            false => deed,
        }));
    }
    let ticket = tickets::root(scene.conn, thread.ticket_id).await?;
    let desk = &scene.settings.desk;
    let closed = ticket
        .as_ref()
        .filter(|ticket| workflow::reaction(desk, ticket, scene.now) == Reaction::OpenAnother);
    if let Some(ticket) = closed {
        let told = format!(
            "**{}** was closed more than {} days ago. Open a new ticket, and name it there.",
            text::escape(&ticket.number),
            desk.reopen_days
        );
        return Ok(Some(Deed {
            openly: true,
            ..refused("the ticket has been closed for too long").saying(Message::text(told))
        }));
    }
    chat_account::wrote(scene.conn, scene.now, &scene.chat.name, &scene.event.who.id).await?;
    Ok(None)
}

/// A customer says how they liked it. Who may is the desk's to say; whoever did may add a word.
pub(super) async fn rate(
    scene: &mut Scene<'_>,
    known: &Known,
    ticket: TicketId,
    score: u8,
    words: Option<&str>,
) -> anyhow::Result<Deed> {
    let line = match words.map(str::trim).filter(|words| !words.is_empty()) {
        Some(words) => format!("rate {score} -- {words}"),
        None => format!("rate {score}"),
    };
    let mut deed = run(scene, known, Some(ticket), &line).await?;
    if let (Some(answer), true, None) = (&mut deed.answer, deed.settlement.state == "done", words) {
        answer.buttons.push(vec![Button {
            action: format!("word:{ticket}:{score}"),
            label: "Add a word".to_owned(),
            tone: Tone::Plain,
        }]);
    }
    Ok(deed)
}

/// A customer says that the matter is settled.
pub(super) async fn accept(
    scene: &mut Scene<'_>,
    known: &Known,
    ticket: TicketId,
) -> anyhow::Result<Deed> {
    let Some(person) = &known.person else {
        return Ok(Deed::refused("nobody knows who that is")
            .on(Some(ticket))
            .saying(Message::text(
                "Only those who take part in this ticket answer that.",
            )));
    };
    let mut ticket = tickets::lock(scene.conn, ticket).await?;
    let ctx = Context {
        settings: scene.settings,
        now: scene.now,
        actor: Actor::Person(person.id),
        answering: true,
    };
    let asked = close_request::standing(scene.conn, ticket.id, None)
        .await?
        .is_some();
    match desk::accept_close(scene.conn, &ctx, &mut ticket, person, asked).await {
        Ok(_) => Ok(Deed::done()
            .on(Some(ticket.id))
            .saying(Message::text("Thank you. It is marked as settled."))),
        Err(error) => match command::Failure::from(error) {
            command::Failure::User(error) => Ok(Deed::refused(&error.what)
                .on(Some(ticket.id))
                .saying(Message::text(error.markdown()))),
            command::Failure::Other(error) => Err(error),
        },
    }
}

/// A customer says what is missing: a comment of theirs.
pub(super) async fn missing(
    scene: &mut Scene<'_>,
    known: &Known,
    ticket: TicketId,
    words: &str,
) -> anyhow::Result<Deed> {
    let line = format!("comment -- {}", words.trim());
    let deed = run(scene, known, Some(ticket), &line).await?;
    if deed.settlement.state == "done" {
        chat_account::wrote(scene.conn, scene.now, &scene.chat.name, &scene.event.who.id).await?;
    }
    Ok(deed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_staff_writes_before_the_customer_is_public_and_no_command() {
        let of = |text| public_words(text, Some(">>"));
        assert_eq!(of("Hello"), Some("Hello"));
        assert_eq!(of(">> Hello"), Some("Hello"));
        assert_eq!(of("/reply Hello"), Some("Hello"));
        assert_eq!(of("/note between us"), None);
        assert_eq!(of("/resolve"), None);
        assert_eq!(of("note this"), Some("note this"));
    }
}
