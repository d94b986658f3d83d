//! What an event comes to: the command or comment that it stands for, done, and the answer to it.

use sqlx::{PgConnection, PgPool};

use super::forms::{self, Action};
use super::store::Settlement;
use super::who::{self, Known};
use super::words::Words;
use super::{amend, customer, menu, panel, react};
use crate::chat::{Button, ChatEvent, ChatFile, EventKind, Message, PostRef, Said, Tone};
use crate::command::{self, Account, Caller, Failure, Reply};
use crate::config::Settings;
use crate::config::chat::ChatSettings;
use crate::ids::TicketId;
use crate::ticket::Source;
use crate::ticket::chat_thread::{self, NewPost};
use crate::ticket::customer_thread;
use crate::ticket::timeline::NewFile;

/// The longest line that a button carries, in bytes, with `run:` before it.
const BUTTON_BYTES: usize = 96;

/// What is said to somebody whom the team's thread does not hear.
const STRANGER: &str = "I don't know you, so what you wrote in the ticket's thread stands nowhere else: only staff is heard \
there. `connect ADDRESS` makes you known, by a code that is mailed to you.";

/// Everything around one event.
pub(super) struct Scene<'a> {
    pub(super) conn: &'a mut PgConnection,
    pub(super) settings: &'a Settings,
    pub(super) numbers: &'a PgPool,
    pub(super) chat: &'a ChatSettings,
    pub(super) now: chrono::DateTime<chrono::Utc>,
    pub(super) event: &'a ChatEvent,
    /// The files that came with it, or why one did not.
    pub(super) files: &'a [Result<ChatFile, String>],
    /// The conversation around the message that it is about, the message itself last.
    pub(super) around: &'a [Said],
}

/// What was done about an event.
#[derive(Debug, Default)]
pub(super) struct Deed {
    pub(super) settlement: Settlement,
    /// What whoever did it is told.
    pub(super) answer: Option<Message>,
    /// Whether the answer may stand where everybody there reads it, outside the places of staff.
    pub(super) openly: bool,
}

impl Deed {
    fn of(state: &'static str, reason: Option<&str>) -> Self {
        Self {
            settlement: Settlement {
                state,
                reason: reason.map(str::to_owned),
                ..Settlement::default()
            },
            answer: None,
            openly: false,
        }
    }

    /// It was done.
    pub(super) fn done() -> Self {
        Self::of("done", None)
    }

    /// It asks for nothing.
    pub(super) fn ignored(reason: &str) -> Self {
        Self::of("ignored", Some(reason))
    }

    /// Whoever did it may not, or it cannot be done.
    pub(super) fn refused(reason: &str) -> Self {
        Self::of("refused", Some(reason))
    }

    /// With an answer.
    pub(super) fn saying(mut self, message: Message) -> Self {
        self.answer = Some(message);
        self
    }

    pub(super) fn on(mut self, ticket: Option<TicketId>) -> Self {
        self.settlement.ticket = ticket;
        self
    }
}

/// Does what an event asks for.
pub(super) async fn act(scene: &mut Scene<'_>) -> anyhow::Result<Deed> {
    let event = scene.event;
    let known = who::look(scene.conn, scene.now, scene.chat, &event.who).await?;
    let person = known.person.as_ref().map(|person| person.id);
    let own = customer_thread::at(scene.conn, &scene.chat.name, &event.place).await?;
    let beside = own.is_none() && customer::is_beside(scene.conn, scene.chat, event).await?;
    let among_customers = own.is_some() || beside;
    let here = match &own {
        Some(own) => Some(own.ticket_id),
        None => chat_thread::ticket_at(scene.conn, &scene.chat.name, &event.place).await?,
    };
    let mut deed = match &event.kind {
        EventKind::Posted { post, text, .. } if let Some(own) = &own => {
            customer::posted(scene, &known, own, post, text).await?
        }
        EventKind::Posted {
            post,
            text,
            reply_to,
            to_us,
            ..
        } => {
            let theirs = match beside {
                true => customer::beside(scene, &known, post, text, *to_us).await?,
                false => None,
            };
            let ticket = match (here, reply_to) {
                (None, Some(reply_to)) => meant(scene, reply_to).await?,
                _ => here,
            };
            match theirs {
                Some(deed) => deed,
                None => posted(scene, &known, ticket, post, text, *to_us).await?,
            }
        }
        EventKind::Command { line, .. } => run(scene, &known, here, line).await?,
        EventKind::Pressed { action, values, .. } => {
            pressed(scene, &known, here, action, values).await?
        }
        EventKind::Submitted { action, values, .. } => {
            submitted(scene, &known, action, values).await?
        }
        EventKind::Reacted {
            post,
            emoji,
            text,
            author,
        } => react::reacted(scene, &known, post, emoji, text.as_deref(), author.as_ref()).await?,
        EventKind::Shortcut {
            name, text, author, ..
        } => react::shortcut(scene, &known, name, text, author).await?,
        EventKind::OnPerson { name, whom, .. } => {
            react::on_person(scene, &known, name, whom).await?
        }
        EventKind::Edited { post, text } => {
            amend::edited(scene, &known, post, text, among_customers).await?
        }
        EventKind::Deleted { post } => match panel::taken_away(scene, post).await? {
            Some(deed) => deed,
            None => amend::deleted(scene, post, among_customers).await?,
        },
        EventKind::Completing { .. } => Deed::ignored("completions are answered at once"),
    };
    deed.settlement.person = deed.settlement.person.or(person);
    Ok(deed)
}

/// The ticket of a post that was replied to.
async fn meant(scene: &mut Scene<'_>, post: &PostRef) -> Result<Option<TicketId>, sqlx::Error> {
    let found = chat_thread::post_at(scene.conn, &scene.chat.name, post).await?;
    Ok(found.map(|post| post.ticket_id))
}

async fn posted(
    scene: &mut Scene<'_>,
    known: &Known,
    ticket: Option<TicketId>,
    post: &str,
    text: &str,
    to_us: bool,
) -> anyhow::Result<Deed> {
    let Some(ticket) = ticket else {
        return if to_us {
            run(scene, known, None, text.trim().trim_start_matches('/')).await
        } else {
            Ok(Deed::ignored("it was written to nobody here"))
        };
    };
    let words = Words::of(text, to_us, scene.chat.reply_prefix.as_deref());
    if !known.is_staff() && !matches!(words, Words::Command(_)) {
        return Ok(Deed::refused("only staff is heard in a ticket's thread")
            .on(Some(ticket))
            .saying(Message::text(STRANGER)));
    }
    let (line, is_note) = match words {
        Words::Command(line) => (line.to_owned(), false),
        Words::Reply(text) => (format!("reply -- {}", with_files(scene, text)), false),
        Words::Note(text) => (format!("note -- {}", with_files(scene, text)), true),
    };
    let mut deed = run(scene, known, Some(ticket), &line).await?;
    if let Some(comment) = deed.settlement.comment {
        let new = NewPost {
            platform: &scene.chat.name,
            ticket_id: deed.settlement.ticket.unwrap_or(ticket),
            comment_id: Some(comment),
            ours: false,
        };
        let here = PostRef {
            place: scene.event.place.clone(),
            id: post.to_owned(),
        };
        chat_thread::remember(scene.conn, scene.now, &new, &[here]).await?;
        if is_note {
            // It stands where it was written; a word about it would only be noise.
            deed.answer = None;
        }
    }
    Ok(deed)
}

/// The words, with a line for each file that could not be kept. Files alone are named, so that the comment says something.
pub(super) fn with_files(scene: &Scene<'_>, text: &str) -> String {
    let mut words = text.trim().to_owned();
    if words.is_empty() {
        let names: Vec<&str> = scene
            .files
            .iter()
            .flatten()
            .map(|file| file.name.as_str())
            .collect();
        words = names.join(", ");
    }
    for lost in scene.files.iter().filter_map(|file| file.as_ref().err()) {
        words.push_str(&format!(
            "\n\n(A file that came with this is not kept: {lost})"
        ));
    }
    words.trim().to_owned()
}

/// The files that came with it, as a comment takes them.
pub(super) fn files<'a>(scene: &Scene<'a>) -> Vec<NewFile<'a>> {
    let files = scene.files.iter().flatten();
    files
        .map(|file| NewFile {
            name: &file.name,
            content_type: &file.content_type,
            content_id: None,
            inline: false,
            content: &file.content,
        })
        .collect()
}

/// Has a command done.
pub(super) async fn run(
    scene: &mut Scene<'_>,
    known: &Known,
    ticket: Option<TicketId>,
    line: &str,
) -> anyhow::Result<Deed> {
    let files = files(scene);
    let caller = Caller {
        person: known.person.as_ref(),
        role: known.role,
        source: Source::Chat,
        ticket,
        account: Some(Account {
            platform: &scene.chat.name,
            user: &scene.event.who.id,
        }),
        files: &files,
    };
    let around = command::Scene {
        settings: scene.settings,
        numbers: scene.numbers,
        now: scene.now,
    };
    match command::run(scene.conn, &around, &caller, line).await {
        Ok(reply) => {
            let mut deed = Deed::done().on(reply.ticket.or(ticket));
            deed.settlement.comment = reply.comment;
            Ok(deed.saying(answer(reply)))
        }
        Err(Failure::User(error)) => {
            let words = error.markdown();
            Ok(Deed::refused(&error.what)
                .on(ticket)
                .saying(Message::text(words)))
        }
        Err(Failure::Other(error)) => Err(error),
    }
}

/// A command's answer as a post: what may be said next stands on buttons.
pub(super) fn answer(reply: Reply) -> Message {
    let buttons: Vec<Button> = reply
        .offers
        .iter()
        .filter(|offer| offer.line.len() <= BUTTON_BYTES)
        .take(5)
        .map(|offer| Button {
            action: format!("run:{}", offer.line),
            label: offer.label.to_owned(),
            tone: if offer.confirms {
                Tone::Good
            } else {
                Tone::Plain
            },
        })
        .collect();
    Message {
        buttons: if buttons.is_empty() {
            Vec::new()
        } else {
            vec![buttons]
        },
        files: reply
            .file
            .into_iter()
            .map(|file| ChatFile {
                size: u64::try_from(file.content.len()).unwrap_or(u64::MAX),
                name: file.name,
                content_type: file.content_type.to_owned(),
                url: None,
                content: file.content,
            })
            .collect(),
        ..Message::text(reply.text)
    }
}

async fn pressed(
    scene: &mut Scene<'_>,
    known: &Known,
    here: Option<TicketId>,
    action: &str,
    values: &[String],
) -> anyhow::Result<Deed> {
    // A list's entries are actions themselves.
    let action = values.first().map_or(action, String::as_str);
    match forms::read(action) {
        Some(Action::Plain(word, ticket)) => run(scene, known, Some(ticket), word).await,
        Some(Action::Line(line)) => run(scene, known, here, &line).await,
        Some(Action::On(ticket, line)) => run(scene, known, Some(ticket), &line).await,
        Some(Action::More(ticket)) => menu::more(scene, known, ticket).await,
        Some(Action::Whole(comment)) => menu::whole(scene, known, comment).await,
        Some(Action::Rate(ticket, score)) => {
            customer::rate(scene, known, ticket, score, None).await
        }
        Some(Action::Accept(ticket)) => customer::accept(scene, known, ticket).await,
        Some(
            Action::Words(..)
            | Action::Later(_)
            | Action::Panel(_)
            | Action::Word(..)
            | Action::Missing(_),
        ) => Ok(Deed::ignored("its form was opened")),
        None => Ok(Deed::refused("nobody knows this button")
            .saying(Message::text("This button does nothing any more."))),
    }
}

async fn submitted(
    scene: &mut Scene<'_>,
    known: &Known,
    action: &str,
    values: &[(String, String)],
) -> anyhow::Result<Deed> {
    let text = values.iter().find(|(key, _)| key == "text");
    match (forms::read(action), text) {
        (Some(Action::Panel(category)), _) => {
            panel::submitted(scene, known, category.as_deref(), values).await
        }
        (Some(Action::Word(ticket, score)), Some((_, words))) => {
            customer::rate(scene, known, ticket, score, Some(words)).await
        }
        (Some(Action::Missing(ticket)), Some((_, text))) => {
            customer::missing(scene, known, ticket, text).await
        }
        (Some(Action::Words(word, ticket)), Some((_, text))) => {
            let line = format!("{word} -- {}", text.trim());
            run(scene, known, Some(ticket), &line).await
        }
        (Some(Action::Later(reminder)), Some((_, text))) => {
            let line = format!("reminder later {reminder} {}", text.trim());
            run(scene, known, None, &line).await
        }
        _ => Ok(Deed::refused("nobody knows this form")
            .saying(Message::text("This form leads nowhere any more."))),
    }
}
