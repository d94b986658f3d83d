//! The words behind a command's name: which value belongs to which argument.

use std::ops::Range;

use clap::Arg;
use clap::error::{ContextKind, ContextValue};

use super::grammar::{self, TICKET};
use super::parse::{Parsed, never_closed, next};
use super::problem::UserError;
use super::split::{Reader, Token};
use crate::config::problem::{listed, nearest, shown};

/// How the words of a command ended.
#[derive(PartialEq, Eq)]
enum End {
    Complete,
    AsksForHelp,
}

/// A command while its arguments are read.
pub(super) struct Reading<'a> {
    line: &'a str,
    path: String,
    command: &'static clap::Command,
    implied: bool,
    /// What was given by its place and waits for its argument.
    given: Vec<Token>,
    values: Vec<Given>,
}

/// An argument with its value, which a switch has not, and where that stands.
struct Given {
    arg: &'static Arg,
    value: Option<String>,
    span: Range<usize>,
}

impl<'a> Reading<'a> {
    /// A command of which nothing is read yet but its name. `implied` says whether a ticket is meant where none is named.
    pub(super) fn new(
        line: &'a str,
        path: String,
        command: &'static clap::Command,
        implied: bool,
    ) -> Self {
        Self {
            line,
            path,
            command,
            implied,
            given: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Reads what stands behind the name; gives nothing where the line asks how the command goes.
    pub(super) fn finish(
        mut self,
        mut reader: Reader<'a>,
    ) -> Result<Option<Parsed<'a>>, UserError> {
        let below = takes_lines_below(self.command).then(|| reader.stop_at_line_end());
        if self.read(reader)? == End::AsksForHelp {
            return Ok(None);
        }
        self.place()?;
        self.take_below(below.flatten());
        self.parsed().map(Some)
    }

    /// Reads the words behind the command's name.
    fn read(&mut self, mut reader: Reader<'a>) -> Result<End, UserError> {
        let mut options = true;
        loop {
            let before = reader.clone();
            let token = match (reader.next(), self.rest()) {
                (Ok(None), _) => return Ok(End::Complete),
                (Ok(Some(token)), _) => Some(token),
                // A text may hold any quote.
                (Err(_), Some(_)) => None,
                (Err(unclosed), None) => return Err(never_closed(self.line, unclosed)),
            };
            let option = token.as_ref().filter(|_| options).and_then(option_name);
            let option = option.map(str::to_owned);
            if let Some(token) = token.as_ref().filter(|_| options && self.rest().is_none()) {
                self.one_dash(token)?;
            }
            match (option.as_deref(), self.rest(), token) {
                (Some(""), ..) => options = false,
                (Some("help"), ..) => return Ok(End::AsksForHelp),
                (Some(name), _, Some(token)) => self.option(name, token, &mut reader)?,
                (_, Some(arg), _) => {
                    reader = before;
                    let (text, span) = reader.rest();
                    let value = Some(text.to_owned());
                    self.values.push(Given { arg, value, span });
                }
                (_, None, token) => self.given.extend(token),
            }
        }
    }

    /// The arguments that are given by their place and were not given by name.
    fn places(&self) -> impl Iterator<Item = &'static Arg> {
        self.command
            .get_arguments()
            .filter(|arg| grammar::has_place(arg) && !self.has(arg))
    }

    /// Gives the lines below the first to the argument that takes the rest.
    fn take_below(&mut self, below: Option<(&str, Range<usize>)>) {
        let arg = self.places().find(|arg| grammar::is_rest(arg));
        if let (Some(arg), Some((text, span))) = (arg, below) {
            let value = Some(text.to_owned());
            self.values.push(Given { arg, value, span });
        }
    }

    fn has(&self, arg: &Arg) -> bool {
        self.values
            .iter()
            .any(|given| given.arg.get_id() == arg.get_id())
    }

    /// The argument that takes the rest of the line, where its turn has come.
    fn rest(&self) -> Option<&'static Arg> {
        let rest = self.places().find(|arg| grammar::is_rest(arg))?;
        if takes_lines_below(self.command) {
            return None;
        }
        let before = self
            .places()
            .filter(|arg| !grammar::is_rest(arg))
            .filter(|arg| !self.implied || !is_ticket(arg));
        (self.given.len() >= before.count()).then_some(rest)
    }

    fn option(
        &mut self,
        name: &str,
        token: Token,
        reader: &mut Reader<'a>,
    ) -> Result<(), UserError> {
        let Some(arg) = self
            .command
            .get_arguments()
            .find(|arg| grammar::name_of(arg) == name)
        else {
            return Err(self.unknown_option(name, &token));
        };
        if self.has(arg) && !grammar::repeats(arg) {
            let what = format!("`--{name}` is given twice.");
            return Err(UserError::usage(what)
                .then(self.usage())
                .at(self.line, token.span));
        }
        let own = token
            .text
            .split_once('=')
            .map(|(_, value)| value.to_owned());
        let (value, span) = match (grammar::takes_value(arg), own) {
            (false, None) => (None, token.span),
            (false, Some(_)) => {
                let what = format!("`--{name}` takes no value.");
                return Err(UserError::usage(what)
                    .then(self.usage())
                    .at(self.line, token.span));
            }
            (true, Some(value)) => (Some(value), token.span),
            (true, None) => match next(self.line, reader)? {
                Some(value) => (Some(value.text), value.span),
                None => {
                    let what = format!("`--{name}` needs a value.");
                    return Err(UserError::usage(what)
                        .then(self.usage())
                        .at(self.line, token.span));
                }
            },
        };
        self.values.push(Given { arg, value, span });
        Ok(())
    }

    /// Where words of any number are taken, one that begins with a hyphen is a word to leave out: whoever wrote
    /// `list -overdue` meant something else.
    fn one_dash(&self, token: &Token) -> Result<(), UserError> {
        let word = token.text.strip_prefix('-').filter(|_| !token.quoted);
        let Some(word) = word.filter(|word| !word.starts_with('-')) else {
            return Ok(());
        };
        let mut options = self.command.get_arguments();
        let name = word.split('=').next().unwrap_or(word);
        let meant = options.any(|arg| !grammar::has_place(arg) && grammar::name_of(arg) == name);
        if !meant {
            return Ok(());
        }
        let mut error = UserError::usage(format!("An option begins with two hyphens: `--{name}`."));
        error.nearest = Some(format!("-{}", token.text));
        let next = format!("As a word it stands in quotes: `\"{}\"`.", token.text);
        Err(error.then(next).at(self.line, token.span.clone()))
    }

    fn unknown_option(&self, name: &str, token: &Token) -> UserError {
        let names: Vec<&str> = self.command.get_arguments().map(grammar::name_of).collect();
        let what = format!("`{}` has no option `--{}`.", self.path, shown(name));
        let mut error = UserError::usage(what);
        error.nearest = nearest(name, &names).map(|name| format!("--{name}"));
        error.then(self.usage()).at(self.line, token.span.clone())
    }

    /// Gives what stands in places to its arguments.
    fn place(&mut self) -> Result<(), UserError> {
        let slots: Vec<&'static Arg> = self.places().filter(|arg| !grammar::is_rest(arg)).collect();
        let takes_text = self.command.get_arguments().any(grammar::is_rest);
        let endless = slots.last().is_some_and(|arg| grammar::repeats(arg));
        let others = slots.iter().filter(|arg| !is_ticket(arg)).count();
        if !takes_text && !endless {
            let first = self.given.first();
            let numbered =
                first.is_some_and(|token| token.text.contains(|c: char| c.is_ascii_digit()));
            let wanted = if self.implied && !numbered {
                others
            } else {
                slots.len()
            };
            self.leave_out_little_words(wanted);
        }
        // In a ticket's thread another ticket can stand in its place only where that leaves no doubt.
        let names_ticket = !self.implied || !takes_text && !endless && self.given.len() > others;
        let mut slots = slots
            .into_iter()
            .filter(|arg| names_ticket || !is_ticket(arg))
            .peekable();
        for token in std::mem::take(&mut self.given) {
            let arg = slots
                .next_if(|arg| !grammar::repeats(arg))
                .or_else(|| slots.peek().copied());
            let Some(arg) = arg else {
                let what = format!("`{}` does not go on here.", self.path);
                return Err(UserError::usage(what)
                    .then(self.usage())
                    .at(self.line, token.span));
            };
            let (value, span) = (Some(token.text), token.span);
            self.values.push(Given { arg, value, span });
        }
        Ok(())
    }

    /// People write `assign TKT-1 to ann` and `merge 7 into 5`: little words between the values say nothing.
    fn leave_out_little_words(&mut self, wanted: usize) {
        while self.given.len() > wanted {
            let little = |token: &Token| {
                !token.quoted && LITTLE_WORDS.contains(&token.text.to_lowercase().as_str())
            };
            match self.given.iter().position(little) {
                Some(at) => drop(self.given.remove(at)),
                None => return,
            }
        }
    }

    fn parsed(self) -> Result<Parsed<'a>, UserError> {
        let mut arguments = self.command.get_arguments();
        if let Some(missing) = arguments.find(|arg| arg.is_required_set() && !self.has(arg)) {
            let about = missing
                .get_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            let what = format!(
                "`{}` needs {}: {}",
                self.path,
                grammar::value_name(missing),
                lower(&about)
            );
            let end = self.line.trim_end().len();
            return Err(UserError::usage(what)
                .then(self.usage())
                .at(self.line, end..end));
        }
        let mut canonical: Vec<String> = self.path.split(' ').map(str::to_owned).collect();
        for given in &self.values {
            let name = grammar::name_of(given.arg);
            canonical.push(match &given.value {
                Some(value) => format!("--{name}={value}"),
                None => format!("--{name}"),
            });
        }
        let command = grammar::read(&canonical).map_err(|error| self.bad_value(&error))?;
        let ticket = self.values.iter().find(|given| is_ticket(given.arg));
        Ok(Parsed {
            about_ticket: self.command.get_arguments().any(is_ticket),
            ticket: ticket.and_then(|given| given.value.clone()),
            places: self
                .values
                .iter()
                .map(|given| (given.arg.get_id().to_string(), given.span.clone()))
                .collect(),
            command,
            path: self.path,
            line: self.line,
        })
    }

    /// What clap says of a value, in our words and with its place.
    fn bad_value(&self, error: &clap::Error) -> UserError {
        let text = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.as_str()),
            _ => None,
        };
        let known: &[String] = match error.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(known)) => known,
            _ => &[],
        };
        let value = text(ContextKind::InvalidValue).unwrap_or_default();
        let argument = text(ContextKind::InvalidArg).unwrap_or_default();
        let given = self.values.iter().find(|given| {
            let name = grammar::name_of(given.arg);
            let words = argument.trim_start_matches("--");
            words.split([' ', '=']).next() == Some(name) && given.value.as_deref() == Some(value)
        });
        let Some(given) = given else {
            let first = error.to_string();
            let first = first
                .lines()
                .next()
                .unwrap_or_default()
                .trim_start_matches("error: ");
            return UserError::usage(format!("{first}.")).then(self.usage());
        };
        let what = match std::error::Error::source(error) {
            Some(source) => format!("`{}` does not fit: {source}.", shown(value)),
            None => format!("`{}` does not fit.", shown(value)),
        };
        let mut wrong = UserError::usage(what);
        wrong.nearest = nearest(value, known).map(str::to_owned);
        let next = if known.is_empty() {
            self.usage()
        } else {
            format!(
                "{} is one of {}.",
                grammar::value_name(given.arg),
                listed(known)
            )
        };
        wrong.then(next).at(self.line, given.span.clone())
    }

    /// How the command goes, as what to type next.
    fn usage(&self) -> String {
        format!("Type `{}`.", grammar::usage(&self.path, self.command))
    }
}

/// Words that may stand between values.
const LITTLE_WORDS: [&str; 6] = ["to", "into", "of", "with", "from", "ticket"];

/// Whether words of any number come before the argument that takes the rest: then it takes the lines below the first.
fn takes_lines_below(command: &clap::Command) -> bool {
    let places = || {
        command
            .get_arguments()
            .filter(|arg| grammar::has_place(arg))
    };
    places().any(grammar::is_rest) && places().any(grammar::repeats)
}

fn is_ticket(arg: &Arg) -> bool {
    arg.get_id().as_str() == TICKET
}

/// The name of the option that a token is: `--name` or `--name=value`, also with the dash that phones make of two
/// hyphens. Two hyphens alone end the options and give the empty name.
fn option_name(token: &Token) -> Option<&str> {
    if token.quoted {
        return None;
    }
    let dashed = token.text.strip_prefix("--");
    let name = match dashed {
        Some(name) => name,
        None => token
            .text
            .strip_prefix(['—', '–'])
            .filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))?,
    };
    Some(name.split('=').next().unwrap_or(name))
}

/// A help text within a sentence.
fn lower(help: &str) -> String {
    let mut chars = help.chars();
    let first: String = chars
        .next()
        .into_iter()
        .flat_map(char::to_lowercase)
        .collect();
    format!("{first}{}", chars.as_str())
}
