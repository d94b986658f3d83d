//! Chat platforms: one trait over Discord, Slack and the terminal, and the words that they share.
//!
//! A platform turns what people do into [`ChatEvent`]s and carries out [`Act`]s. It knows nothing of tickets. It
//! acknowledges an interaction inside the platform's deadline by itself, before anybody looks into the event:
//! Discord and Slack give three seconds, and a database may take longer (discord.js #9476).

pub mod discord;
mod event;
mod message;
pub mod slack;
pub mod terminal;
pub mod text;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use event::{AnswerHandle, ChatEvent, Chatter, EventKind, PostRef, Said};
pub use message::{Button, Card, ChatFile, Choice, Choices, Form, FormField, Message, Tone};

/// One chat platform with one account of ours.
///
/// Futures are boxed so that the platforms can stand behind one type.
pub trait ChatPlatform: Send + Sync + std::fmt::Debug {
    /// Connects and feeds `events` until `shutdown`; a lost connection is taken up again, and what was posted
    /// meanwhile behind the posts of `since`, each the newest that is known of its thread, is fed as well, oldest first.
    /// An event may come twice: its key says so.
    ///
    /// # Errors
    /// What cannot be mended by trying again: a refused token, a missing intent.
    fn run<'a>(
        &'a self,
        events: mpsc::Sender<ChatEvent>,
        since: Vec<PostRef>,
        shutdown: CancellationToken,
    ) -> BoxFuture<'a, Result<(), ChatFailure>>;

    /// Carries out one act. A platform sees to it that an attempt repeated makes nothing twice, as far as it can.
    ///
    /// # Errors
    /// See [`ChatFailure`].
    fn act<'a>(
        &'a self,
        act: &'a Act,
        attempt: Attempt<'a>,
    ) -> BoxFuture<'a, Result<Done, ChatFailure>>;

    /// The bytes of a file that came with an event. Its address expires, so this is done when the event is worked.
    ///
    /// # Errors
    /// See [`ChatFailure`].
    fn file<'a>(
        &'a self,
        url: &'a str,
        most_bytes: u64,
    ) -> BoxFuture<'a, Result<Vec<u8>, ChatFailure>>;

    /// A post and those before it in the same place, oldest first, at most `most` in all: the conversation around a
    /// message that somebody opens a ticket from. Posts of bots are among them. A platform that cannot look back gives
    /// nothing.
    ///
    /// # Errors
    /// See [`ChatFailure`].
    fn around<'a>(
        &'a self,
        _post: &'a PostRef,
        _most: u8,
    ) -> BoxFuture<'a, Result<Vec<Said>, ChatFailure>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Looks whether everything is there that the service will need in `places`: the token, intents, scopes and the
    /// permissions of each place. Gives what is missing, each with what it costs; empty means all is well.
    ///
    /// # Errors
    /// If the platform does not answer.
    fn check<'a>(
        &'a self,
        places: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Missing>, ChatFailure>>;

    /// How many characters one post may have.
    fn longest_post(&self) -> usize;
}

/// Platforms by their names in the configuration.
pub type Platforms = BTreeMap<String, Arc<dyn ChatPlatform>>;

/// What a platform must know in advance, since there is no time to ask when it happens.
#[derive(Clone)]
pub struct Surface {
    /// The commands to register.
    pub commands: Vec<CommandSpec>,
    /// The entries of a message's own menu, by the names that they show (1 to 24 characters). Choosing one is an
    /// [`EventKind::Shortcut`].
    pub shortcuts: Vec<String>,
    /// The entries of a person's own menu, where the platform has one. Choosing one is an [`EventKind::OnPerson`].
    pub on_people: Vec<String>,
    /// The form that an action opens, if it opens one. Platforms want a form as the very first answer, so this may not
    /// wait for anything.
    pub form: FormOf,
}

/// Gives the form that an action opens.
pub type FormOf = Arc<dyn Fn(&str) -> Option<Form> + Send + Sync>;

impl std::fmt::Debug for Surface {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surface")
            .field("commands", &self.commands)
            .field("shortcuts", &self.shortcuts)
            .field("on_people", &self.on_people)
            .finish_non_exhaustive()
    }
}

/// A command as a platform registers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandSpec {
    /// Its word.
    pub name: String,
    /// One line of help.
    pub about: String,
    /// Its arguments, the required ones first.
    pub options: Vec<CommandOption>,
    /// Its subcommands; a command that has any has no options of its own.
    pub subcommands: Vec<CommandSpec>,
}

/// An argument of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandOption {
    /// Its word: lower case, digits, `-`, `_`.
    pub name: String,
    /// One line of help.
    pub about: String,
    /// Whether it must be given.
    pub required: bool,
    /// What may be given.
    pub kind: OptionKind,
    /// How it stands in a line of the one grammar.
    pub written: Written,
}

/// How an option's value stands in a command's line. A value with white space or quotes in it is put in double quotes,
/// by [`text::quoted`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// By its place among the arguments.
    Argument,
    /// `--name value`; a switch is `--name`.
    Flag,
    /// The rest of the line, as it stands, without quotes: the text of a reply. It comes last, behind the flags.
    Rest,
}

/// What an argument may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionKind {
    /// Any text.
    Text,
    /// Text for which [`EventKind::Completing`] is asked while it is typed.
    Completed,
    /// One of these: the value, and the name to show.
    Choice(Vec<(String, String)>),
    /// A whole number.
    Integer,
    /// Given or not.
    Switch,
    /// A file.
    File,
}

/// One attempt at an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt<'a> {
    /// The act's own name, the same at every attempt at it.
    pub nonce: &'a str,
    /// Since when it may have been tried before, by whomever: what became of that may be unknown. Nothing, if this is the
    /// first attempt.
    pub tried_since: Option<DateTime<Utc>>,
}

impl<'a> Attempt<'a> {
    /// The first attempt, or the only one.
    #[must_use]
    pub fn first(nonce: &'a str) -> Self {
        Self {
            nonce,
            tried_since: None,
        }
    }
}

/// Something to be done on a platform.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Opens a thread (a post, where the place is a forum) that begins with the message. `only_for` makes it a private
    /// one with these people, by platform id.
    OpenThread {
        /// The channel.
        place: String,
        /// The thread's title.
        title: String,
        /// What it begins with.
        message: Message,
        /// Empty: everybody who sees the place.
        only_for: Vec<String>,
    },
    /// Posts into a place or thread.
    Post {
        /// Where.
        place: PostPlace,
        /// What.
        message: Message,
    },
    /// Puts another message in the place of a post of ours.
    Edit {
        /// Which.
        post: PostRef,
        /// What.
        message: Message,
    },
    /// Takes a post of ours away.
    Delete {
        /// Which.
        post: PostRef,
    },
    /// Writes to a person alone, outside any place.
    Direct {
        /// The person's id on the platform.
        user: String,
        /// What.
        message: Message,
    },
    /// Answers an interaction. Only its author sees it where `private`.
    Answer {
        /// What is answered.
        handle: AnswerHandle,
        /// With what.
        message: Message,
        /// For the author's eyes alone.
        private: bool,
    },
    /// Answers [`EventKind::Completing`]: the values, and the names to show.
    Complete {
        /// What is answered.
        handle: AnswerHandle,
        /// At most 25 are shown.
        choices: Vec<(String, String)>,
    },
    /// Marks a post with an emoji, so that its author sees that it was understood.
    React {
        /// Which.
        post: PostRef,
        /// A Unicode emoji.
        emoji: String,
    },
    /// Puts a thread away, or takes it out again.
    Archive {
        /// The thread.
        thread: PostPlace,
        /// Away or out.
        archived: bool,
    },
}

/// Where a post goes: a channel, or a thread in one. On Discord a thread is a channel with an id of its own; on Slack it
/// is the channel and the `ts` of the thread's first message.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct PostPlace {
    /// The channel.
    pub place: String,
    /// The thread within it.
    pub thread: Option<String>,
}

/// What became of an act.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Done {
    /// The thread that was opened.
    pub thread: Option<PostPlace>,
    /// The post that was made: the one that has the card and the buttons.
    pub post: Option<PostRef>,
    /// The other posts that a long text was split into, in their order.
    pub more: Vec<PostRef>,
}

/// Something that the service needs and does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What, by the platform's own name for it: a permission, a scope, an intent.
    pub what: String,
    /// Where, if it is about one place.
    pub place: Option<String>,
    /// What will not work without it.
    pub costs: String,
}

/// Why a platform did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChatFailure {
    /// Not now: too many requests, or an error of the server's own.
    #[error("not taken for now: {text}")]
    Transient {
        /// When the platform wants to be asked again.
        retry_after: Option<Duration>,
        /// What it said.
        text: String,
    },
    /// Never: the place or post is gone, a permission is missing, the content is refused.
    #[error("refused for good: {text}")]
    Permanent {
        /// What it said.
        text: String,
    },
    /// The token is not accepted.
    #[error("the login was refused: {0}")]
    Credential(String),
    /// No connection, or it broke.
    #[error("the platform cannot be reached: {0}")]
    Unreachable(String),
}
