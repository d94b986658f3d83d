//! Slash commands and the entries of people's and messages' menus: what Discord has is compared with what there should be, and only
//! what differs is made, changed or taken away. Overwriting everything at each start would count against the daily limit
//! of new commands.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use serenity::all::{ApplicationId, CommandId, GuildId, LightMethod, Request, Route};

use crate::chat::{ChatFailure, CommandOption, CommandSpec, OptionKind, text};

use super::Shared;

/// What Discord takes of each.
const MOST_OPTIONS: usize = 25;
const LONGEST_ABOUT: usize = 100;
/// Of a command with everything in it.
const MOST_CHARACTERS: usize = 8_000;

/// The kinds of commands.
const SLASH: u8 = 1;
const USER: u8 = 2;
const MESSAGE: u8 = 3;

#[derive(Deserialize)]
struct Registered {
    id: CommandId,
    #[serde(flatten)]
    command: Map<String, Value>,
}

/// Brings Discord's commands in line. A failure is logged; the commands stay as they were, and the next session tries
/// again.
pub(super) async fn register(shared: &Shared) {
    match bring_in_line(shared).await {
        Ok(0) => {}
        Ok(changes) => tracing::info!(changes, "Discord's commands were brought in line."),
        Err(error) => tracing::error!(%error, "Discord's commands cannot be registered."),
    }
}

async fn bring_in_line(shared: &Shared) -> Result<usize, ChatFailure> {
    let rest = &shared.rest;
    let application_id = rest.application().await?;
    let guild_id = GuildId::new(shared.settings.guild.max(1));
    let all = Route::GuildCommands {
        application_id,
        guild_id,
    };
    let mut there: Vec<Registered> = rest.get(all).await?;
    let mut changes = 0;
    for wanted in wanted(shared) {
        let same = |other: &Registered| {
            other.command.get("name") == wanted.get("name") && kind(&other.command) == kind(&wanted)
        };
        let body = Value::Object(wanted.clone());
        match there.iter().position(same) {
            None => {
                let _: Value = rest.put_in(LightMethod::Post, all, &body, None).await?;
                changes += 1;
            }
            Some(at) => {
                let registered = there.swap_remove(at);
                if essence(&Value::Object(registered.command)) != essence(&body) {
                    let route = one(application_id, guild_id, registered.id);
                    let _: Value = rest.put_in(LightMethod::Patch, route, &body, None).await?;
                    changes += 1;
                }
            }
        }
    }
    for Registered { id, .. } in there {
        let route = one(application_id, guild_id, id);
        let () = rest.ask(Request::new(route, LightMethod::Delete)).await?;
        changes += 1;
    }
    Ok(changes)
}

fn one<'a>(application_id: ApplicationId, guild_id: GuildId, command_id: CommandId) -> Route<'a> {
    Route::GuildCommand {
        application_id,
        guild_id,
        command_id,
    }
}

fn kind(command: &Map<String, Value>) -> u64 {
    command.get("type").and_then(Value::as_u64).unwrap_or(1)
}

/// Everything there should be.
fn wanted(shared: &Shared) -> Vec<Map<String, Value>> {
    let commands = shared.surface.commands.iter().map(slash);
    let entries = |names: &[String], kind: u8| {
        let entry = |name: &String| {
            let mut entry = Map::new();
            entry.insert("name".to_owned(), json!(text::shortened(name, 32)));
            entry.insert("type".to_owned(), json!(kind));
            entry
        };
        names.iter().map(entry).collect::<Vec<_>>()
    };
    commands
        .chain(entries(&shared.surface.on_people, USER))
        .chain(entries(&shared.surface.shortcuts, MESSAGE))
        .collect()
}

/// A slash command. Lists of choices count towards what all of it may hold; where it would be too much, they are completed
/// while they are typed.
fn slash(spec: &CommandSpec) -> Map<String, Value> {
    let with = |lists: bool| {
        let mut command = described(&spec.name, &spec.about);
        command.insert("type".to_owned(), json!(SLASH));
        let options = options(spec, 0, lists);
        if !options.is_empty() {
            command.insert("options".to_owned(), json!(options));
        }
        command
    };
    let whole = with(true);
    match characters(&Value::Object(whole.clone())) <= MOST_CHARACTERS {
        true => whole,
        false => with(false),
    }
}

/// The characters that count: names, descriptions and values, of the command and of all in it.
fn characters(part: &Value) -> usize {
    let of = |key: &str| {
        part.get(key)
            .and_then(Value::as_str)
            .map_or(0, |text| text.chars().count())
    };
    let inner = ["options", "choices"]
        .into_iter()
        .filter_map(|key| part.get(key)?.as_array());
    of("name") + of("description") + of("value") + inner.flatten().map(characters).sum::<usize>()
}

fn described(name: &str, about: &str) -> Map<String, Value> {
    let about = if about.trim().is_empty() { name } else { about };
    let mut map = Map::new();
    map.insert("name".to_owned(), json!(name));
    map.insert(
        "description".to_owned(),
        json!(text::shortened(about, LONGEST_ABOUT)),
    );
    map
}

/// The subcommands or the options of a command, the required ones first, as Discord wants them. It knows two levels of
/// subcommands: groups, and commands in them.
fn options(spec: &CommandSpec, depth: u8, lists: bool) -> Vec<Value> {
    if !spec.subcommands.is_empty() {
        let below = spec.subcommands.iter().take(MOST_OPTIONS);
        let below = below.map(|sub| {
            let group = depth == 0 && !sub.subcommands.is_empty();
            let mut entry = described(&sub.name, &sub.about);
            entry.insert("type".to_owned(), json!(if group { 2 } else { 1 }));
            let inner = options(sub, depth + 1, lists);
            if !inner.is_empty() {
                entry.insert("options".to_owned(), json!(inner));
            }
            Value::Object(entry)
        });
        return below.collect();
    }
    let (required, others): (Vec<_>, Vec<_>) = spec.options.iter().partition(|it| it.required);
    let all = required.into_iter().chain(others);
    all.take(MOST_OPTIONS).map(|it| option(it, lists)).collect()
}

fn option(option: &CommandOption, lists: bool) -> Value {
    let mut entry = described(&option.name, &option.about);
    let kind = match option.kind {
        OptionKind::Text | OptionKind::Completed | OptionKind::Choice(_) => 3,
        OptionKind::Integer => 4,
        OptionKind::Switch => 5,
        OptionKind::File => 11,
    };
    entry.insert("type".to_owned(), json!(kind));
    if option.required {
        entry.insert("required".to_owned(), json!(true));
    }
    match &option.kind {
        OptionKind::Choice(choices) if lists && choices.len() <= MOST_OPTIONS => {
            let choices = choices
                .iter()
                .map(|(value, name)| json!({"name": text::shortened(name, 100), "value": value}));
            entry.insert("choices".to_owned(), choices.collect());
        }
        // What does not fit into a list is completed while it is typed.
        OptionKind::Choice(_) | OptionKind::Completed => {
            entry.insert("autocomplete".to_owned(), json!(true));
        }
        _ => {}
    }
    Value::Object(entry)
}

/// A command without what Discord adds to it and without what goes without saying.
fn essence(command: &Value) -> Value {
    let Some(map) = command.as_object() else {
        return command.clone();
    };
    let kept = [
        "name",
        "description",
        "type",
        "required",
        "autocomplete",
        "value",
    ];
    let mut essence: Map<String, Value> = map
        .iter()
        .filter(|(key, value)| {
            let unsaid = **value == json!(false) || **value == json!("") || value.is_null();
            kept.contains(&key.as_str()) && !unsaid
        })
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for list in ["options", "choices"] {
        let inner = map.get(list).and_then(Value::as_array);
        if let Some(inner) = inner.filter(|inner| !inner.is_empty()) {
            essence.insert(list.to_owned(), inner.iter().map(self::essence).collect());
        }
    }
    Value::Object(essence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(choices: usize) -> CommandSpec {
        let choice = |n: usize| (format!("category-{n:03}"), "x".repeat(100));
        let option = |n: usize| CommandOption {
            name: format!("option-{n}"),
            about: "y".repeat(100),
            required: false,
            kind: OptionKind::Choice((0..choices).map(choice).collect()),
            written: crate::chat::Written::Flag,
        };
        CommandSpec {
            name: "open".to_owned(),
            about: "Open a ticket.".to_owned(),
            options: (0..5).map(option).collect(),
            subcommands: Vec::new(),
        }
    }

    #[test]
    fn lists_that_make_a_command_too_long_are_completed_while_they_are_typed() {
        let short = Value::Object(slash(&spec(10)));
        assert!(short.pointer("/options/0/choices").is_some());
        let long = Value::Object(slash(&spec(25)));
        assert!(long.pointer("/options/0/choices").is_none());
        assert_eq!(long.pointer("/options/0/autocomplete"), Some(&json!(true)));
        assert!(characters(&long) <= MOST_CHARACTERS);
    }
}
