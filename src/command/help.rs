//! `help`: what can be typed, made from the grammar.

use clap::Args;
use serde_json::{Value, json};

use super::authorize;
use super::grammar::{self, grammar};
use super::problem::UserError;
use super::work::Work;
use super::{Failure, Reply};
use crate::config::problem::{nearest, shown};
use crate::people::Role;

/// Arguments of `help`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Help {
    /// The command to explain; all are listed where none is named.
    #[arg(allow_hyphen_values = true)]
    pub command: Option<String>,
}

impl Help {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Reply, Failure> {
        match self
            .command
            .as_deref()
            .map(str::trim)
            .filter(|path| !path.is_empty())
        {
            Some(path) => explain(work, path),
            None => list(work),
        }
    }
}

fn list(work: &Work<'_>) -> Result<Reply, Failure> {
    let role = work.caller.role();
    let commands: Vec<Value> = grammar()
        .get_subcommands()
        .filter(|command| is_open_to(role, command))
        .map(|command| json!({"name": command.get_name(), "about": about(command)}))
        .collect();
    work.reply("help", &json!({"commands": commands}))
}

fn explain(work: &Work<'_>, path: &str) -> Result<Reply, Failure> {
    let mut command = grammar();
    let mut names = Vec::new();
    for word in path.trim_start_matches('/').split_whitespace() {
        let known: Vec<&str> = command
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        command = command
            .find_subcommand(word.to_lowercase())
            .ok_or_else(|| {
                let mut error = UserError::usage(format!("There is no command `{}`.", shown(path)));
                error.nearest = nearest(word, &known).map(str::to_owned);
                error.about("command").then("`help` lists them.")
            })?;
        names.push(command.get_name());
    }
    let path = names.join(" ");
    let arguments: Vec<Value> = command
        .get_arguments()
        .map(|arg| {
            json!({
                "word": if grammar::has_place(arg) { grammar::value_name(arg) } else { format!("--{}", grammar::name_of(arg)) },
                "about": arg.get_help().map(ToString::to_string),
            })
        })
        .collect();
    let children: Vec<Value> = command
        .get_subcommands()
        .map(|child| json!({"name": format!("{path} {}", child.get_name()), "about": about(child)}))
        .collect();
    let long = command.get_long_about().or(command.get_about());
    let data = json!({
        "name": path,
        "about": long.map(ToString::to_string),
        "usage": grammar::usage(&path, command),
        "arguments": arguments,
        "children": children,
    });
    work.reply("help_command", &data)
}

/// Whether somebody of this role may give the command, or one of its group.
fn is_open_to(role: Role, command: &clap::Command) -> bool {
    let name = command.get_name();
    if !command.has_subcommands() {
        return authorize::right(name).is_open_to(role);
    }
    command
        .get_subcommands()
        .any(|child| authorize::right(&format!("{name} {}", child.get_name())).is_open_to(role))
}

fn about(command: &clap::Command) -> String {
    command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default()
}
