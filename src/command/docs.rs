//! docs/commands.md, printed from the grammar.

use std::fmt::Write as _;

use super::authorize;
use super::grammar::{self, grammar};

const HEAD: &str = "# Commands

The same commands are understood everywhere: typed in chat, as slash commands, at the head of an agent's mail, on the
machine by `frontdesk do \"COMMAND\"`.

- **The ticket** is named by its number. In a ticket's own thread it is left out; another one is named there by
  `--ticket NUMBER`.
- **Options** (`--name VALUE`) stand before a text. Every argument can also be given by its name:
  `assign TKT-1 ann` is `assign --ticket TKT-1 --handle ann`. `--` ends the options.
- **A text** (the answer of `reply`, the words of `note`) is the rest of the line and all lines below it, as they are:
  nothing in it is looked at.
- **Values with blanks** stand in quotes (`\"…\"`) or backticks. What stands in quotes or in a code block is never a
  command or an option.
- **Words of the desk** (statuses, teams, categories, priorities, types) are given by key or by name, in any case.
- `COMMAND --help` says how a command goes, `help` lists those that one may give.

What cannot be done is told with a mark under the word that is wrong and with what was probably meant, to whoever typed
it and to nobody else, and nothing is changed.

## By mail

Lines that begin with `/` at the head of an agent's mail are commands, up to the first other line. They are about the
ticket that the mail answers, and are taken out of what is sent; a mail of commands alone posts nothing. The agent gets
one answer that says what each did, or why it did not, with the files that they give, such as a transcript; what else
the mail says is kept in any case. Files belong to what the mail says; in a mail of commands alone to the first `attach`,
else to the first command that takes files, and to no other: none leaves with a reply beside it. Commands are read from
mail of proven agents only (see docs/architecture.md, \"Whom to believe\"), never from what a mail quotes.

```
/take
/priority high
/note The customer called as well.

We are looking into it and write again at noon.
```

## On the machine

`frontdesk do \"take TKT-20261120-0042\" --as ann` gives one command and ends with 0 if it was done, 64 if it was not
understood, 77 if it may not be given, and 1 if the desk refuses it or something failed. `--ticket NUMBER` stands for
being in that ticket's thread, `--file PATH` sends a file along, `--stdin` puts the text on standard input behind the command, `--json` prints what was
done for programs, or why it was not (`fault` is `usage`, `forbidden`, `refused` or `failed`). Without `--as` the machine's operator acts, with an admin's rights; what needs an author is refused.

## Many tickets at once

`bulk` takes the filter of `list` and a change without a number: `bulk --tag outage --kind waiting close The outage is
over`. It answers with the count, the first tickets and a code, and changes nothing. `bulk --yes CODE`, or the button,
does it: to the tickets that were shown, less those that do not fit any more, each by its own rights and workflow, with
its own event. What failed is named ticket by ticket. More than a hundred are done in the background, a hundred in one
transaction, and whoever asked is told when it is through. `bulk --undo CODE` takes back what the undo time allows. A code
is good for an hour, and only for whom it was shown.

This page is printed by `frontdesk docs commands`; `make docs` writes it anew.

## The commands
";

/// The whole of docs/commands.md.
#[must_use]
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    for command in grammar().get_subcommands() {
        describe(command.get_name(), command, &mut page);
    }
    page
}

fn describe(path: &str, command: &clap::Command, page: &mut String) {
    if command.has_subcommands() {
        for child in command.get_subcommands() {
            describe(&format!("{path} {}", child.get_name()), child, page);
        }
        return;
    }
    let about = command.get_long_about().or(command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let usage = grammar::usage(path, command);
    let who = authorize::right(path).who();
    let end = if about.ends_with('.') { "" } else { "." };
    let _ = write!(
        page,
        "\n### `{path}`\n\n`{usage}`\n\n{about}{end} For {who}.\n"
    );
    if command.get_arguments().next().is_some() {
        page.push_str("\n| Argument | What it is |\n|---|---|\n");
    }
    for arg in command.get_arguments() {
        let word = if grammar::has_place(arg) {
            grammar::value_name(arg)
        } else if grammar::takes_value(arg) {
            format!("--{} {}", grammar::name_of(arg), grammar::value_name(arg))
        } else {
            format!("--{}", grammar::name_of(arg))
        };
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(page, "| `{word}` | {} |", help.replace('|', "\\|"));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

    #[test]
    fn the_documentation_is_up_to_date() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md");
        let there = std::fs::read_to_string(path).unwrap();
        assert!(there == super::markdown(), "run `make docs`");
    }
}
