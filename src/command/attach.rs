//! `attach`: files on a ticket.

use clap::Args;

use super::comment;
use super::grammar::{Command, OnTicket};
use super::parse::parse;
use super::problem::UserError;
use super::work::Work;
use super::{Failure, Reply};
use crate::ticket::Visibility;

/// Arguments of `attach`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Attach {
    #[command(flatten)]
    on: OnTicket,
    /// Send them to the customer; otherwise only staff sees them.
    #[arg(long)]
    public: bool,
    /// A word about them; their names, where none is given.
    #[arg(allow_hyphen_values = true)]
    text: Option<String>,
}

impl Attach {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let names: Vec<&str> = work.caller.files.iter().map(|file| file.name).collect();
        if names.is_empty() {
            return Err(UserError::usage("There is no file.")
                .then("In chat the file goes with the command, in a mail with the mail; on the machine `--file PATH` adds one.")
                .into());
        }
        let names = names.join(", ");
        let text = self.text.as_deref().filter(|text| !text.trim().is_empty());
        let visibility = match self.public {
            true => Visibility::Public,
            false => Visibility::Internal,
        };
        comment::say(work, text.unwrap_or(&names), visibility, true).await
    }
}

/// Which of a mail's commands its files belong to: the first `attach`, else the first that takes files. Files are never
/// given twice, since what was meant for a note would leave with a reply that stands beside it.
#[must_use]
pub fn taker_of_files(lines: &[&str], in_thread: bool) -> Option<usize> {
    let commands: Vec<Option<Command>> = lines
        .iter()
        .map(|line| parse(line, in_thread).ok().map(|parsed| parsed.command))
        .collect();
    let first = |fits: &dyn Fn(&Command) -> bool| {
        let mut each = commands.iter();
        each.position(|command| command.as_ref().is_some_and(fits))
    };
    first(&is_attach).or_else(|| first(&Command::takes_files))
}

/// Whether one of a mail's commands is there for its files alone: they are not for what else the mail says then.
#[must_use]
pub fn takes_files_away(lines: &[&str], in_thread: bool) -> bool {
    let mut each = lines.iter();
    each.any(|line| parse(line, in_thread).is_ok_and(|parsed| is_attach(&parsed.command)))
}

fn is_attach(command: &Command) -> bool {
    matches!(command, Command::Attach(_))
}

#[cfg(test)]
mod tests {
    use super::taker_of_files;

    #[test]
    fn files_belong_to_one_command_and_to_attach_before_all_others() {
        let of = |lines: &[&str]| taker_of_files(lines, true);
        assert_eq!(of(&["take", "note see there", "reply hello"]), Some(1));
        assert_eq!(of(&["reply hello", "attach a log"]), Some(1));
        assert_eq!(of(&["resolve", "resolve it is done"]), Some(1));
        assert_eq!(of(&["nonsense", "canned use hello"]), Some(1));
        assert_eq!(of(&["take", "priority high"]), None);
    }
}
