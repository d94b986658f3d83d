//! What people do on a platform.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::PostPlace;
use super::message::ChatFile;

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatEvent {
    /// The platform's name in the configuration.
    pub platform: String,
    /// What is the same whenever this very thing is told again, within platform and place: the id of the message or of
    /// the interaction. Slack tells the same message again under a new event id, so that id is not it
    /// (node-slack-sdk #2141).
    pub key: String,
    /// When it was done, as the platform says.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub who: Chatter,
    /// Where.
    pub place: PostPlace,
    /// What.
    pub kind: EventKind,
}

/// Somebody on a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chatter {
    /// The id, which does not change.
    pub id: String,
    /// The name to show.
    pub name: String,
    /// Ids of the roles (Discord) or user groups (Slack) they have.
    pub roles: Vec<String>,
}

/// A post by its place and id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PostRef {
    /// Where it stands.
    pub place: PostPlace,
    /// Its id there.
    pub id: String,
}

/// A post as it is read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Its id.
    pub post: String,
    /// When it was posted.
    pub at: DateTime<Utc>,
    /// Who posted it; what roles they have is not known.
    pub who: Chatter,
    /// Its text, as in [`EventKind::Posted`].
    pub text: String,
    /// Its files.
    pub files: Vec<ChatFile>,
}

/// By what an interaction is answered; opaque, and good for some minutes only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerHandle(pub String);

/// What was done. Messages of bots, ours included, are no events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A message was posted.
    Posted {
        /// Its id.
        post: String,
        /// Its text; mentions of people stand as `@name`, our own as nothing.
        text: String,
        /// The post that it replies to.
        reply_to: Option<PostRef>,
        /// Its files.
        files: Vec<ChatFile>,
        /// Whether it is said to us: by mention, or in a direct conversation.
        to_us: bool,
    },
    /// A message was edited.
    Edited {
        /// Its id.
        post: String,
        /// Its text now.
        text: String,
    },
    /// A message was deleted; who did it is not known, and `who` is its author where that is, or empty.
    Deleted {
        /// Its id.
        post: String,
    },
    /// A message was marked with an emoji. The message is given, since it may be any; what it says can be read by
    /// [`ChatPlatform::around`](super::ChatPlatform::around) where the platform did not tell.
    Reacted {
        /// The message.
        post: PostRef,
        /// The Unicode emoji, or the name of a custom one.
        emoji: String,
        /// The message's text, where the platform gave it.
        text: Option<String>,
        /// Who wrote the message, where the platform said so.
        author: Option<Chatter>,
    },
    /// A command of the platform's own kind (a slash command), written out as a line of the one grammar.
    Command {
        /// `show TKT-1`.
        line: String,
        /// Its files.
        files: Vec<ChatFile>,
        /// By what it is answered.
        answer: AnswerHandle,
    },
    /// An option is being typed and wants completing.
    Completing {
        /// The line so far, without what is being typed.
        line: String,
        /// The option.
        option: String,
        /// What is typed of it.
        typed: String,
        /// By what it is answered.
        answer: AnswerHandle,
    },
    /// A button was pressed, or something chosen from a list.
    Pressed {
        /// The action of the button.
        action: String,
        /// What was chosen.
        values: Vec<String>,
        /// The message it is on.
        post: Option<PostRef>,
        /// By what it is answered.
        answer: AnswerHandle,
    },
    /// A form was sent in.
    Submitted {
        /// The action of the form.
        action: String,
        /// What was filled in, by the fields' keys.
        values: Vec<(String, String)>,
        /// By what it is answered.
        answer: AnswerHandle,
    },
    /// An entry of a person's own menu was chosen.
    OnPerson {
        /// Its name.
        name: String,
        /// The person.
        whom: Chatter,
        /// By what it is answered.
        answer: AnswerHandle,
    },
    /// An entry of a message's own menu was chosen.
    Shortcut {
        /// Its name.
        name: String,
        /// The message.
        post: PostRef,
        /// The message's text.
        text: String,
        /// Who wrote it.
        author: Chatter,
        /// By what it is answered.
        answer: AnswerHandle,
    },
}
