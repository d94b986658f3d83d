//! The grammar: every command with its arguments. The doc comments are the help on every surface and the text of
//! docs/commands.md; the arguments become the options of slash commands.
//!
//! An argument without a `long` is given by its place, and may always be given by its name too: `assign TKT-1 ann` is
//! `assign --ticket TKT-1 --handle ann`. One that allows hyphens takes the rest of the line and all lines below it, as
//! they are. The argument `ticket` is left out in a ticket's own thread.

use std::sync::LazyLock;

use clap::{Arg, ArgAction, Args, FromArgMatches as _, Subcommand};

use super::agent::Agent;
use super::assign::{Assign, Take, Unassign};
use super::attach::Attach;
use super::bulk::Bulk;
use super::canned::Canned;
use super::comment::{Comment, Note, Reply};
use super::connect::Connect;
use super::digest::Digest;
use super::due::Due;
use super::fields::{Category, Field, Priority, Subject, Tag, Type};
use super::help::Help;
use super::list::{List, Search};
use super::open::Open;
use super::party::{Address, Cc, Watch};
use super::presence::Away;
use super::record::{History, Rate, Transcript};
use super::remind::{Remind, Reminder};
use super::show::Show;
use super::sla::Sla;
use super::snooze::{Snooze, Unsnooze};
use super::stats::Stats;
use super::status::{Close, Reopen, Resolve, Status};
use super::team::Team;
use super::ties::{Link, Merge, Only, Spam, Split};
use super::words::{Delete, Edit, Undo};
use super::zone::Zone;

/// Everything that can be said to the desk.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Command {
    /// Open a ticket.
    Open(Open),
    /// Show a ticket with its newest comments.
    Show(Show),
    /// Say what was promised on a ticket, and how its clocks stand.
    Sla(Sla),
    /// List tickets, those first that changed last.
    List(List),
    /// Look for words in subjects, comments, people and numbers, also of tickets that are done.
    Search(Search),
    /// Show what happened to a ticket.
    History(History),
    /// Get a ticket from its first word to its last as a file.
    Transcript(Transcript),
    /// Take a ticket yourself.
    Take(Take),
    /// Give a ticket to an agent.
    Assign(Assign),
    /// Take a ticket from whoever has it.
    Unassign(Unassign),
    /// Hand a ticket over to another team, or say who is in which.
    #[command(subcommand)]
    Team(Team),
    /// Change a ticket's status.
    Status(Status),
    /// Settle a ticket, with a closing word to the customer if you like.
    Resolve(Resolve),
    /// Put a ticket away.
    Close(Close),
    /// Take a ticket up again.
    Reopen(Reopen),
    /// Put a ticket out of sight until a time, or until its customer writes.
    Snooze(Snooze),
    /// Bring a ticket back that was put off.
    Unsnooze(Unsnooze),
    /// Change a ticket's priority.
    Priority(Priority),
    /// Change a ticket's category. While nobody works on it, it goes to the category's team.
    Category(Category),
    /// Change a ticket's type.
    Type(Type),
    /// Say when a ticket is due. What was understood is said back.
    Due(Due),
    /// Put tags on a ticket, and take others off.
    Tag(Tag),
    /// Fill or empty a custom field of a ticket.
    Field(Field),
    /// Change a ticket's subject.
    Subject(Subject),
    /// Hear of everything that happens to a ticket.
    Watch(Watch),
    /// Hear no more of a ticket.
    Unwatch(Watch),
    /// Say who else takes part in a ticket.
    #[command(subcommand)]
    Cc(Cc),
    /// Make somebody else a ticket's requester.
    Requester(Address),
    /// Answer the customer in public.
    Reply(Reply),
    /// Write an internal note. No customer sees it.
    Note(Note),
    /// Put the files that come with it on a ticket.
    Attach(Attach),
    /// Edit a comment of your own; what it said before is kept.
    Edit(Edit),
    /// Delete a comment of your own.
    Delete(Delete),
    /// Take back your own last change to a ticket, or one reply of yours, within the undo time.
    Undo(Undo),
    /// Use and keep replies that are written once and used often.
    #[command(subcommand)]
    Canned(Canned),
    /// Link a ticket with another one.
    Link(Link),
    /// Take a link away.
    Unlink(Link),
    /// Merge a ticket into another one.
    Merge(Merge),
    /// Take a merge back.
    Unmerge(Only),
    /// Make a comment a ticket of its own.
    Split(Split),
    /// Put a ticket away as spam; nobody is told, and more from its sender is held back.
    Spam(Spam),
    /// Say that a ticket is no spam.
    Unspam(Only),
    /// Change many tickets at once: shown first, done when you confirm it.
    Bulk(Bulk),
    /// Show how the desk stood over a period, in short.
    Stats(Stats),
    /// Say which digests are sent to you, and look at them.
    #[command(subcommand)]
    Digest(Digest),
    /// Say who works here.
    #[command(subcommand)]
    Agent(Agent),
    /// Say how you liked the way a ticket was settled.
    Rate(Rate),
    /// Say something on a ticket of your own.
    Comment(Comment),
    /// Make this chat account yours, by a code that is mailed to you.
    Connect(Connect),
    /// Be reminded of something, of a ticket or of none.
    Remind(Remind),
    /// List your reminders, and those that you set for others.
    Reminders,
    /// Say what becomes of a reminder.
    #[command(subcommand)]
    Reminder(Reminder),
    /// Be given no tickets by turn or load for a while.
    Away(Away),
    /// Be given tickets again.
    Back,
    /// Say in which zone you live, or choose it: reminders, times that you type and your digests go by it.
    Zone(Zone),
    /// Say who you are to the desk, and what you may do.
    Whoami,
    /// Say what can be typed, or how one command goes.
    Help(Help),
}

impl Command {
    /// Whether the files that come with it become part of a ticket.
    pub(super) fn takes_files(&self) -> bool {
        match self {
            Self::Resolve(resolve) => resolve.says_something(),
            Self::Canned(canned) => matches!(canned, Canned::Use(_)),
            _ => matches!(
                self,
                Self::Open(_) | Self::Reply(_) | Self::Note(_) | Self::Comment(_) | Self::Attach(_)
            ),
        }
    }
}

/// The ticket a command is about.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct OnTicket {
    /// The ticket's number; in its own thread it is left out.
    pub ticket: Option<String>,
}

/// The name of the argument that names the ticket.
pub const TICKET: &str = "ticket";

/// Groups of which one command needs no second word: `team billing` is `team to billing`.
const IN_SHORT: &[(&str, &str)] = &[("team", "to")];

/// The second word that goes without saying behind this one.
pub(super) fn in_short(path: &str) -> Option<&'static str> {
    let found = IN_SHORT.iter().find(|(group, _)| *group == path);
    found.map(|(_, word)| *word)
}

/// The grammar as it is written: places and names.
pub(super) fn grammar() -> &'static clap::Command {
    static GRAMMAR: LazyLock<clap::Command> = LazyLock::new(|| {
        let root = clap::Command::new("frontdesk")
            .no_binary_name(true)
            .disable_help_flag(true)
            .disable_help_subcommand(true)
            .subcommand_required(true);
        Command::augment_subcommands(root)
    });
    &GRAMMAR
}

/// The same with every argument by its name: what a line is brought to before it is read.
fn named() -> clap::Command {
    static NAMED: LazyLock<clap::Command> = LazyLock::new(|| name_all(grammar().clone()));
    NAMED.clone()
}

fn name_all(command: clap::Command) -> clap::Command {
    command
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .mut_args(|arg| {
            let arg = match arg.get_long() {
                Some(_) => arg,
                None => {
                    let name = arg.get_id().clone();
                    arg.long(name)
                }
            };
            let values = takes_value(&arg);
            arg.allow_hyphen_values(values)
        })
        .mut_subcommands(name_all)
}

/// Reads what a line was brought to.
///
/// # Errors
/// If a value is none of those that its argument takes.
pub(super) fn read(canonical: &[String]) -> Result<Command, clap::Error> {
    let matches = named().try_get_matches_from(canonical)?;
    Command::from_arg_matches(&matches)
}

/// The word by which an argument can always be given.
pub(super) fn name_of(arg: &Arg) -> &str {
    arg.get_long().unwrap_or(arg.get_id().as_str())
}

/// Whether the argument is given by its place.
pub(super) fn has_place(arg: &Arg) -> bool {
    arg.get_long().is_none()
}

/// Whether the argument takes the rest of the line as it is.
pub(super) fn is_rest(arg: &Arg) -> bool {
    has_place(arg) && arg.is_allow_hyphen_values_set()
}

/// Whether the argument may be given several times.
pub(super) fn repeats(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

/// Whether the argument takes a value; otherwise it is given or not.
pub(super) fn takes_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

/// The value's name in a line of usage.
pub(super) fn value_name(arg: &Arg) -> String {
    match arg.get_value_names().and_then(<[_]>::first) {
        Some(name) => name.to_string(),
        None => arg.get_id().as_str().to_uppercase(),
    }
}

/// How a command is written: `assign [TICKET] HANDLE`.
pub(super) fn usage(path: &str, command: &clap::Command) -> String {
    let mut usage = path.to_owned();
    if command.has_subcommands() {
        let names: Vec<&str> = command
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        return format!("{usage} {}", names.join("|"));
    }
    let (placed, named): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().partition(|arg| has_place(arg));
    // What takes the rest of the line stands last, so the options stand before it.
    let (rest, placed): (Vec<&Arg>, Vec<&Arg>) = placed.into_iter().partition(|arg| is_rest(arg));
    for arg in placed.into_iter().chain(named).chain(rest) {
        let dots = if repeats(arg) { "…" } else { "" };
        let word = match (has_place(arg), takes_value(arg)) {
            (true, _) => format!("{}{dots}", value_name(arg)),
            (false, true) => format!("--{} {}{dots}", name_of(arg), value_name(arg)),
            (false, false) => format!("--{}", name_of(arg)),
        };
        if arg.is_required_set() {
            usage.push_str(&format!(" {word}"));
        } else {
            usage.push_str(&format!(" [{word}]"));
        }
    }
    usage
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        // The places are read by us; clap reads the names.
        named().debug_assert();
    }

    #[test]
    fn usage_shows_places_options_and_the_rest() {
        let shown = |name: &str| {
            grammar()
                .find_subcommand(name)
                .map(|command| usage(name, command))
        };
        assert_eq!(shown("assign").as_deref(), Some("assign [TICKET] HANDLE"));
        assert_eq!(shown("reply").as_deref(), Some("reply [TICKET] TEXT"));
        assert_eq!(shown("whoami").as_deref(), Some("whoami"));
    }

    /// Every command about a ticket names it first and by the same word, so that it can be left out everywhere.
    #[test]
    fn the_ticket_comes_first() {
        fn walk(command: &clap::Command) {
            let at = command
                .get_arguments()
                .position(|arg| arg.get_id().as_str() == TICKET);
            assert!(at.is_none_or(|at| at == 0), "{}", command.get_name());
            command.get_subcommands().for_each(walk);
        }
        walk(grammar());
    }

    #[test]
    fn everything_has_help_and_what_takes_the_rest_comes_last() {
        fn walk(command: &clap::Command) {
            for arg in command.get_arguments() {
                assert!(
                    arg.get_help().is_some(),
                    "{} {}",
                    command.get_name(),
                    arg.get_id()
                );
            }
            let placed: Vec<&Arg> = command
                .get_arguments()
                .filter(|arg| has_place(arg))
                .collect();
            let rest = placed.iter().position(|arg| is_rest(arg));
            assert!(
                rest.is_none_or(|at| at + 1 == placed.len()),
                "{}",
                command.get_name()
            );
            for child in command.get_subcommands() {
                assert!(child.get_about().is_some(), "{}", child.get_name());
                walk(child);
            }
        }
        walk(grammar());
    }
}
