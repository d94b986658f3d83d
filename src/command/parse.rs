//! From a line to a command: which words are its name, which value belongs to which argument, and what to say where
//! that fails. Pure; whether the desk knows a value is looked at when the command runs.

use std::ops::Range;

use super::grammar::{self, Command};
use super::problem::UserError;
use super::reading::Reading;
use super::split::{Reader, Token, Unclosed};
use crate::config::problem::{listed, nearest, shown};

/// A line that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed<'a> {
    /// What it says.
    pub command: Command,
    /// The command's words, such as `canned list`.
    pub path: String,
    /// The line.
    pub line: &'a str,
    /// Whether the command is about a ticket.
    pub about_ticket: bool,
    /// The ticket that the line names.
    pub ticket: Option<String>,
    /// Where each argument stands.
    pub(super) places: Vec<(String, Range<usize>)>,
}

impl Parsed<'_> {
    /// Puts the mark of an error under the argument that it is about.
    #[must_use]
    pub fn located(&self, error: UserError) -> UserError {
        if error.mark.is_some() {
            return error;
        }
        let place = error
            .argument
            .and_then(|argument| self.places.iter().find(|(name, _)| name == argument));
        match place {
            Some((_, span)) => error.at(self.line, span.clone()),
            None => error,
        }
    }
}

/// Understands a line. `implied` says whether it is said in a ticket's own thread, where that ticket is meant if none
/// is named.
///
/// # Errors
/// What cannot be understood, with a mark under it.
pub fn parse(line: &str, implied: bool) -> Result<Parsed<'_>, UserError> {
    let mut reader = Reader::new(line);
    let (path, command) = command_of(line, &mut reader)?;
    let asks_for_help = help(line, &path);
    if command.has_subcommands() {
        return Ok(asks_for_help);
    }
    let parsed = Reading::new(line, path, command, implied).finish(reader)?;
    Ok(parsed.unwrap_or(asks_for_help))
}

/// The command that the line begins with, and its words.
fn command_of(
    line: &str,
    reader: &mut Reader<'_>,
) -> Result<(String, &'static clap::Command), UserError> {
    let mut command = grammar::grammar();
    let mut path = String::new();
    while command.has_subcommands() {
        let before = reader.clone();
        let token = next(line, reader)?;
        let word = token.as_ref().map(|token| token.text.to_lowercase());
        if !path.is_empty() && word.as_deref() == Some("--help") {
            return Ok((path, command));
        }
        let named = token.as_ref().filter(|token| !token.quoted);
        let named = named.zip(word.as_deref());
        let found = named.and_then(|(_, word)| command.find_subcommand(word));
        let short = || command.find_subcommand(grammar::in_short(&path)?);
        command = match (found, short(), &token) {
            (Some(found), ..) => found,
            (None, Some(short), _) => {
                *reader = before;
                short
            }
            (None, None, Some(token)) => return Err(unknown_command(line, &path, token, command)),
            (None, None, None) => return Err(unfinished(line, &path, command)),
        };
        if !path.is_empty() {
            path.push(' ');
        }
        path.push_str(command.get_name());
    }
    Ok((path, command))
}

fn names(command: &'static clap::Command) -> Vec<&'static str> {
    command
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect()
}

/// A line that ends before the command's name does.
fn unfinished(line: &str, path: &str, command: &'static clap::Command) -> UserError {
    if path.is_empty() {
        return UserError::usage("There is nothing to do.").then("`help` says what can be typed.");
    }
    UserError::usage(format!("`{path}` needs a second word."))
        .then(format!("There are {}.", listed(&names(command))))
        .at(line, line.trim_end().len()..line.len())
}

fn unknown_command(
    line: &str,
    path: &str,
    token: &Token,
    command: &'static clap::Command,
) -> UserError {
    let names = names(command);
    let whole = format!("{path} {}", shown(&token.text));
    let mut error = UserError::usage(format!("There is no command `{}`.", whole.trim_start()));
    error.nearest =
        nearest(&token.text, &names).map(|name| format!("{path} {name}").trim_start().to_owned());
    let next = if path.is_empty() {
        "`help` says what can be typed.".to_owned()
    } else {
        format!("`{path}` takes {}.", listed(&names))
    };
    error.then(next).at(line, token.span.clone())
}

fn help<'a>(line: &'a str, path: &str) -> Parsed<'a> {
    Parsed {
        command: Command::Help(super::help::Help {
            command: Some(path.to_owned()),
        }),
        path: "help".to_owned(),
        line,
        about_ticket: false,
        ticket: None,
        places: Vec::new(),
    }
}

pub(super) fn next(line: &str, reader: &mut Reader<'_>) -> Result<Option<Token>, UserError> {
    reader
        .next()
        .map_err(|unclosed| never_closed(line, unclosed))
}

pub(super) fn never_closed(line: &str, Unclosed(span): Unclosed) -> UserError {
    UserError::usage("This quote is never closed.")
        .then("Close it, or leave it out.")
        .at(line, span)
}
