//! What became of an agent's commands.

use crate::ids::InboundId;

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
}
