//! The grammar as chat platforms register it, and what is offered while somebody types.

use std::collections::BTreeSet;

use clap::Arg;
use clap::builder::ValueParser;
use sqlx::PgConnection;

use super::grammar::{self, TICKET, grammar};
use super::{Caller, Scene};
use crate::chat::text::shortened;
use crate::chat::{CommandOption, CommandSpec, OptionKind, Written};
use crate::config::{DeskSettings, Settings};
use crate::ticket::find::Found;
use crate::ticket::query::Sight;
use crate::{people, ticket};

/// The longest help of a command or an option that every platform takes.
const LONGEST_ABOUT: usize = 100;

/// The most choices that every platform takes, fixed ones as well as those offered while somebody types.
const MOST_CHOICES: usize = 25;

/// How many tickets are looked at for what is typed of their subjects, besides the one of the number.
const LOOKED_AT: i64 = 200;

/// The commands to register, with the desk's own words as choices. Every option is written as a flag: a value that
/// somebody typed into a field of its own is never taken for anything else.
#[must_use]
pub fn specs(settings: &Settings) -> Vec<CommandSpec> {
    grammar()
        .get_subcommands()
        .map(|command| spec(&settings.desk, command))
        .collect()
}

fn spec(desk: &DeskSettings, command: &clap::Command) -> CommandSpec {
    let mut options: Vec<CommandOption> = command
        .get_arguments()
        .map(|arg| CommandOption {
            name: grammar::name_of(arg).to_owned(),
            about: about(arg.get_help()),
            required: arg.is_required_set(),
            kind: kind(desk, arg),
            written: Written::Flag,
        })
        .collect();
    if takes_files(command) {
        options.push(CommandOption {
            name: "file".to_owned(),
            about: "A file that goes with it.".to_owned(),
            required: false,
            kind: OptionKind::File,
            written: Written::Flag,
        });
    }
    options.sort_by_key(|option| !option.required);
    CommandSpec {
        name: command.get_name().to_owned(),
        about: about(command.get_about()),
        options,
        subcommands: command
            .get_subcommands()
            .map(|child| spec(desk, child))
            .collect(),
    }
}

fn about(help: Option<&clap::builder::StyledStr>) -> String {
    let help = help.map(ToString::to_string).unwrap_or_default();
    shortened(&help.replace('`', "\""), LONGEST_ABOUT)
}

/// Whether the files that come with a command become part of the ticket.
fn takes_files(command: &clap::Command) -> bool {
    ["open", "reply", "note", "comment", "attach"].contains(&command.get_name())
}

fn kind(desk: &DeskSettings, arg: &Arg) -> OptionKind {
    if !grammar::takes_value(arg) {
        return OptionKind::Switch;
    }
    let whole = ValueParser::from(clap::value_parser!(u32)).type_id();
    if arg.get_value_parser().type_id() == whole {
        return OptionKind::Integer;
    }
    let choices = match words(desk, grammar::name_of(arg)) {
        Some(words) => words,
        None => arg
            .get_possible_values()
            .iter()
            .map(|value| (value.get_name().to_owned(), value.get_name().to_owned()))
            .collect(),
    };
    match choices.len() {
        0 if is_completed(grammar::name_of(arg)) => OptionKind::Completed,
        0 => OptionKind::Text,
        1..=MOST_CHOICES => OptionKind::Choice(choices),
        _ => OptionKind::Completed,
    }
}

/// The desk's words for an argument: keys, and the names to show.
fn words(desk: &DeskSettings, argument: &str) -> Option<Vec<(String, String)>> {
    let pair = |key: &String, name: &String| (key.clone(), name.clone());
    Some(match argument {
        "status" => desk
            .status
            .iter()
            .map(|one| pair(&one.key, &one.name))
            .collect(),
        "priority" => desk
            .priority
            .iter()
            .map(|one| pair(&one.key, &one.name))
            .collect(),
        "category" => desk
            .category
            .iter()
            .map(|one| pair(&one.key, &one.name))
            .collect(),
        "type" => desk
            .types
            .iter()
            .map(|one| pair(&one.key, &one.name))
            .collect(),
        "team" => desk
            .team
            .iter()
            .map(|one| pair(&one.key, &one.name))
            .collect(),
        "key" => desk
            .field
            .iter()
            .map(|one| pair(&one.key, &one.name))
            .collect(),
        _ => return None,
    })
}

fn is_completed(argument: &str) -> bool {
    matches!(
        argument,
        TICKET
            | "handle"
            | "assignee"
            | "agent"
            | "for"
            | "to"
            | "name"
            | "other"
            | "into"
            | "command"
            | "organization"
            | "tag"
            | "tags"
    )
}

/// What an argument could be, for what is typed of it: values, and the names to show. Customers are offered nothing of
/// what they may not see.
///
/// # Errors
/// If the database does not answer.
pub async fn complete(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    caller: &Caller<'_>,
    option: &str,
    typed: &str,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    let staff = caller.role().is_staff();
    let all = match option {
        "command" => grammar()
            .get_subcommands()
            .map(|command| {
                let name = command.get_name().to_owned();
                (
                    name.clone(),
                    format!("{name}: {}", about(command.get_about())),
                )
            })
            .collect(),
        TICKET | "other" | "into" if staff => return tickets(conn, typed).await,
        "handle" | "assignee" | "agent" | "for" | "to" if staff => handles(conn).await?,
        "organization" if staff => {
            let like = people::organization::like(conn, typed).await?;
            like.into_iter().map(|name| (name.clone(), name)).collect()
        }
        "tag" if staff => {
            let tags = ticket::listed::tags(conn).await?;
            tags.into_iter().map(|tag| (tag.clone(), tag)).collect()
        }
        "tags" if staff => return tags(conn, typed).await,
        "name" if staff => canned(conn).await?,
        _ => words(&scene.settings.desk, option).unwrap_or_default(),
    };
    let typed = bare(typed);
    let fits = |text: &str| text.to_lowercase().contains(&typed);
    let fitting = all.into_iter();
    Ok(shown(
        fitting.filter(|(value, name)| fits(value) || fits(name)),
    ))
}

/// What was typed, as it is looked for.
fn bare(typed: &str) -> String {
    typed.trim().trim_start_matches(['@', '#']).to_lowercase()
}

/// As many as every platform takes, with names as long as it takes them.
fn shown(all: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    all.take(MOST_CHOICES)
        .map(|(value, name)| (value, shortened(&name, LONGEST_ABOUT)))
        .collect()
}

/// The ticket whose number was typed, or its end; then the newest that are not done, and the newest of all.
async fn tickets(
    conn: &mut PgConnection,
    typed: &str,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    let mut all = Vec::new();
    match ticket::find::by_number(conn, Sight::Staff, typed).await? {
        Found::One(id) => all.push(ticket::store::get(conn, id).await?),
        Found::Several(numbers) => {
            for number in numbers {
                if let Some(id) = ticket::store::by_number(conn, &number).await? {
                    all.push(ticket::store::get(conn, id).await?);
                }
            }
        }
        Found::Nothing => {}
    }
    let found = all.len();
    for with_done in [false, true] {
        all.extend(ticket::store::newest(conn, with_done, LOOKED_AT).await?);
    }
    let mut seen = BTreeSet::new();
    all.retain(|ticket| seen.insert(ticket.id));
    let typed = bare(typed);
    let named = all.into_iter().enumerate().filter_map(|(place, ticket)| {
        let name = format!("{} {}", ticket.number, ticket.subject);
        let fits = place < found || name.to_lowercase().contains(&typed);
        fits.then_some((ticket.number, name))
    });
    Ok(shown(named))
}

/// Several tags stand in one value, each with its sign: the last one is completed, and the others stay.
async fn tags(conn: &mut PgConnection, typed: &str) -> Result<Vec<(String, String)>, sqlx::Error> {
    let last = typed.rfind([',', ' ']).map_or(0, |at| at + 1);
    let (before, last) = typed.split_at_checked(last).unwrap_or(("", typed));
    let begun = last.trim_start_matches(['+', '-']);
    let sign = last.strip_suffix(begun).unwrap_or_default();
    let begun = begun.to_lowercase();
    let all = ticket::listed::tags(conn).await?.into_iter();
    let fitting = all.filter(|tag| tag.to_lowercase().contains(&begun));
    let whole = fitting.map(|tag| format!("{before}{sign}{tag}"));
    // A value that is cut would be another one.
    let whole = whole.filter(|value| value.chars().count() <= LONGEST_ABOUT);
    Ok(shown(whole.map(|value| (value.clone(), value))))
}

async fn canned(conn: &mut PgConnection) -> Result<Vec<(String, String)>, sqlx::Error> {
    let all = ticket::canned::list(conn).await?;
    let named = all
        .into_iter()
        .map(|one| (one.name.clone(), format!("{}: {}", one.name, one.body)));
    Ok(named.collect())
}

async fn handles(conn: &mut PgConnection) -> Result<Vec<(String, String)>, sqlx::Error> {
    let staff = people::store::staff(conn).await?;
    let named = staff
        .into_iter()
        .filter(people::Person::is_active_staff)
        .filter_map(|person| {
            let handle = person.handle?;
            Some((handle.clone(), format!("{handle} ({})", person.name)))
        });
    Ok(named.collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    /// What Discord takes (and Slack, which takes more): 100 commands, 25 options, 100 characters of help.
    #[test]
    fn every_platform_takes_them() {
        fn check(spec: &CommandSpec) {
            let word = |name: &str| {
                (1..=32).contains(&name.len())
                    && name
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c))
            };
            assert!(word(&spec.name), "{spec:?}");
            assert!((1..=100).contains(&spec.about.chars().count()), "{spec:?}");
            assert!(
                spec.options.len() <= 25 && spec.subcommands.len() <= 25,
                "{spec:?}"
            );
            assert!(
                spec.options.is_empty() || spec.subcommands.is_empty(),
                "{spec:?}"
            );
            assert!(
                spec.options.is_sorted_by_key(|option| !option.required),
                "{spec:?}"
            );
            for option in &spec.options {
                assert!(word(&option.name), "{option:?}");
                assert!(
                    (1..=100).contains(&option.about.chars().count()),
                    "{option:?}"
                );
            }
            spec.subcommands.iter().for_each(check);
        }
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/desks/saas.toml");
        let desk = crate::config::load_desk(&file).unwrap();
        let specs: Vec<CommandSpec> = grammar()
            .get_subcommands()
            .map(|command| spec(&desk, command))
            .collect();
        assert!(specs.len() <= 100);
        specs.iter().for_each(check);
    }
}
