//! What is posted, in the platforms' common measure.

use serde::{Deserialize, Serialize};

/// A message. Its text and its card's are Markdown of the plainest kind: `**bold**`, `*italic*`, `` `code` ``, code
/// blocks, `> quote`, lists and bare addresses; a backslash makes the mark behind it a plain one. Somebody else's words
/// go in through [`escape`](super::text::escape). A platform turns that into its own dialect and pings nobody who is not
/// in `mentions`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Message {
    /// The text; what is longer than the platform takes is split, or becomes a file.
    pub text: String,
    /// A card below it.
    pub card: Option<Card>,
    /// Buttons, in rows of at most five.
    pub buttons: Vec<Vec<Button>>,
    /// Lists to choose from, each on a row of its own below the buttons; five rows in all.
    pub choices: Vec<Choices>,
    /// Files.
    pub files: Vec<ChatFile>,
    /// Ids of the people whom it pings. Who is not named in the text as `<@id>` is named before it.
    pub mentions: Vec<String>,
}

impl Message {
    /// A message of text alone.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }
}

/// A box with a title and named values: an embed on Discord, blocks on Slack.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Card {
    /// One line.
    pub title: String,
    /// Text below the title.
    pub body: String,
    /// Names and values.
    pub fields: Vec<(String, String)>,
    /// One small line at the foot.
    pub footer: String,
    /// What it feels like.
    pub tone: Tone,
}

/// What a card or a button feels like; a platform makes a colour of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// The thing to do.
    Good,
    /// Look at this.
    Warning,
    /// Cannot be taken back, or is late.
    Danger,
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What comes back when it is pressed: at most 100 bytes, so that every platform carries it.
    pub action: String,
    /// What stands on it.
    pub label: String,
    /// What it feels like.
    #[serde(default)]
    pub tone: Tone,
}

/// A list to choose one entry from. It comes back as a press of its action with the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// What comes back, at most 100 bytes.
    pub action: String,
    /// What stands there while nothing is chosen.
    pub label: String,
    /// The entries, at most 25.
    pub choices: Vec<Choice>,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What comes back, at most 100 bytes. Where it is the action of a form, choosing it opens the form.
    pub value: String,
    /// What stands there.
    pub label: String,
}

/// A file, either by its bytes (outgoing) or by the address it lies at for a while (incoming).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatFile {
    /// Its name.
    pub name: String,
    /// `type/subtype`.
    pub content_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// Where it lies.
    pub url: Option<String>,
    /// Its bytes. They are never stored in a draft: the worker that sends reads them from their table.
    #[serde(skip)]
    pub content: Vec<u8>,
}

/// A form that is filled in and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// What comes back when it is sent in.
    pub action: String,
    /// Its title, at most 24 characters (Slack).
    pub title: String,
    /// Its fields, at most five (Discord).
    pub fields: Vec<FormField>,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormField {
    /// Its key.
    pub key: String,
    /// Its label.
    pub label: String,
    /// Whether it takes several lines.
    pub long: bool,
    /// Whether it must be filled in.
    pub required: bool,
    /// What stands there at first.
    pub value: String,
    /// The most characters it takes.
    pub most: u16,
}
