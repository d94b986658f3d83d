//! What became of an agent's commands.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::draft::one_line;
use crate::ids::InboundId;
use crate::mail::message::Attachment;

/// What became of the commands in an agent's mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandsGiven<'a> {
    /// The mail.
    pub inbound: InboundId,
    /// The mailbox it came to.
    pub mailbox: &'a str,
    /// The agent's own address.
    pub to: &'a str,
    /// The agent's name.
    pub name: &'a str,
    /// The mail's subject.
    pub subject: &'a str,
    /// The mail's Message-ID.
    pub message_id: Option<&'a str>,
    /// Each command, in order.
    pub outcomes: &'a [Outcome],
}

/// What became of one command.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Outcome {
    /// The command as it was written.
    pub command: String,
    /// Whether it was done.
    pub done: bool,
    /// What was done, or why not, as plain text.
    pub words: String,
    /// A file that the command gives, such as a transcript.
    pub file: Option<GivenFile>,
}

/// A file that goes with the answer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GivenFile {
    /// Its name.
    pub name: String,
    /// `type/subtype`.
    pub content_type: String,
    /// Its bytes, as base64: the draft is JSON.
    pub content: String,
}

impl GivenFile {
    /// A file for the answer.
    #[must_use]
    pub fn new(name: &str, content_type: &str, content: &[u8]) -> Self {
        Self {
            name: one_line(name),
            content_type: content_type.to_owned(),
            content: STANDARD.encode(content),
        }
    }
}

/// The files in a draft of an answer to commands.
pub(super) fn files(draft: &serde_json::Value) -> Result<Vec<Attachment>, serde_json::Error> {
    let outcomes = draft
        .get("outcomes")
        .and_then(|outcomes| outcomes.as_array());
    let mut files = Vec::new();
    for outcome in outcomes.into_iter().flatten() {
        let Some(file) = outcome.get("file").filter(|file| !file.is_null()) else {
            continue;
        };
        let file: GivenFile = serde_json::from_value(file.clone())?;
        let content = STANDARD.decode(&file.content);
        files.push(Attachment {
            name: file.name,
            content_type: file.content_type,
            content_id: None,
            inline: false,
            content: content.map_err(serde::de::Error::custom)?,
        });
    }
    Ok(files)
}
