//! Commands at the head of an agent's mail, and the one answer that says what became of them.

use sqlx::PgConnection;

use super::act::Scene;
use crate::command::{self, Caller, Failure, ReplyFile, Reported};
use crate::ids::TicketId;
use crate::notify::{self, GivenFile, Happening, Outcome};
use crate::people::Person;
use crate::ticket::Source;
use crate::ticket::timeline::NewFile;

/// A mail's text: what it orders, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Orders<'a> {
    /// The commands, without their `/`.
    pub(super) commands: Vec<&'a str>,
    /// What is left.
    pub(super) words: &'a str,
}

impl<'a> Orders<'a> {
    /// A text that orders nothing.
    pub(super) fn none(words: &'a str) -> Self {
        Self {
            commands: Vec::new(),
            words,
        }
    }
}

/// Parts a text. Commands are the lines at its head that begin with `/` and a word of letters, up to the first other
/// line: `/etc/hosts is gone` is none.
pub(super) fn orders(text: &str) -> Orders<'_> {
    let mut words = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let mut commands = Vec::new();
    loop {
        let line = words.lines().next().unwrap_or_default();
        let Some(command) = command_in(line) else {
            break;
        };
        commands.push(command);
        let rest = words.get(line.len()..).unwrap_or_default();
        words = rest
            .strip_prefix("\r\n")
            .or(rest.strip_prefix('\n'))
            .unwrap_or(rest);
    }
    let words = if commands.is_empty() {
        text
    } else {
        words.trim_start()
    };
    Orders { commands, words }
}

fn command_in(line: &str) -> Option<&str> {
    let command = line.trim().strip_prefix('/')?;
    let name = command.split(char::is_whitespace).next()?;
    let is_word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic());
    is_word.then_some(command)
}

/// Gives each command in its turn, about `ticket` where it names none, and tells the agent once what became of them. A
/// command that fails stops no other.
pub(super) async fn give(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    agent: &Person,
    ticket: Option<TicketId>,
    files: &[NewFile<'_>],
    commands: &[&str],
) -> anyhow::Result<()> {
    let surroundings = command::Scene {
        settings: scene.settings,
        numbers: scene.numbers,
        now: scene.now,
    };
    let caller = Caller {
        person: Some(agent),
        role: agent.role,
        source: Source::Mail,
        ticket,
        account: None,
        files: &[],
    };
    let taker = command::taker_of_files(commands, ticket.is_some());
    let mut outcomes = Vec::new();
    for (place, line) in commands.iter().enumerate() {
        let files = if taker == Some(place) { files } else { &[] };
        let caller = Caller { files, ..caller };
        let done = command::run(conn, &surroundings, &caller, line).await;
        let (done, words, file) = match done {
            Ok(reply) => (true, reply.plain(), reply.file),
            Err(Failure::User(error)) => (false, error.to_string(), None),
            Err(Failure::Other(error)) => (false, Reported::new(&error).to_string(), None),
        };
        let given = |file: ReplyFile| GivenFile::new(&file.name, file.content_type, &file.content);
        outcomes.push(Outcome {
            command: (*line).to_owned(),
            done,
            words,
            file: file.map(given),
        });
    }
    let (Some(from), true) = (&scene.mail.mail.from, scene.claimed.answering) else {
        return Ok(());
    };
    let happening = Happening::CommandsGiven(notify::CommandsGiven {
        inbound: scene.claimed.id,
        mailbox: &scene.mailbox.name,
        to: agent.address.as_deref().unwrap_or(&from.address),
        name: &agent.name,
        subject: &scene.mail.mail.subject,
        message_id: scene.mail.mail.message_id.as_deref(),
        outcomes: &outcomes,
    });
    notify::publish(conn, scene.settings, scene.now, &happening).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_stand_at_the_head_up_to_the_first_other_line() {
        let all = orders("\r\n/take\r\n/priority high\r\n\r\nWe look into it.\r\n/close\r\n");
        assert_eq!(all.commands, ["take", "priority high"]);
        assert_eq!(all.words, "We look into it.\r\n/close\r\n");
        assert_eq!(orders("/resolve").commands, ["resolve"]);
        assert_eq!(orders("/resolve").words, "");
    }

    #[test]
    fn paths_and_quotations_are_no_commands() {
        for text in [
            "/etc/hosts is gone",
            "> /close",
            "Hi\n/close",
            "/ close",
            "//close",
            "",
        ] {
            assert_eq!(
                orders(text),
                Orders {
                    commands: vec![],
                    words: text
                }
            );
        }
    }
}
