//! A slash command written out as a line of the one grammar.

use serenity::all::{CommandDataOption, CommandDataOptionValue, CommandDataResolved};

use crate::chat::{ChatFile, CommandSpec, Written, text::quoted};

use super::receive::chat_file;

/// What was typed into a slash command.
#[derive(Debug, Default)]
pub(super) struct Typed {
    /// The line.
    pub line: String,
    /// The files given as options.
    pub files: Vec<ChatFile>,
    /// The option that is being typed, and what is typed of it; it is not in the line.
    pub completing: Option<(String, String)>,
}

/// Writes a command out. `commands` say how each option is written; one that is not among them is written as a flag.
pub(super) fn typed(
    commands: &[CommandSpec],
    name: &str,
    options: &[CommandDataOption],
    resolved: &CommandDataResolved,
) -> Typed {
    let mut typed = Typed {
        line: name.to_owned(),
        ..Typed::default()
    };
    let mut spec = commands.iter().find(|command| command.name == name);
    let mut options = options;
    // A subcommand (group) is an option that holds the next level's.
    while let [option] = options {
        let (CommandDataOptionValue::SubCommand(inner)
        | CommandDataOptionValue::SubCommandGroup(inner)) = &option.value
        else {
            break;
        };
        typed.line += &format!(" {}", option.name);
        spec = spec.and_then(|spec| {
            let mut below = spec.subcommands.iter();
            below.find(|command| command.name == option.name)
        });
        options = inner;
    }
    write_options(&mut typed, spec, options, resolved);
    typed
}

fn write_options(
    typed: &mut Typed,
    spec: Option<&CommandSpec>,
    options: &[CommandDataOption],
    resolved: &CommandDataResolved,
) {
    let known = spec.map_or(&[][..], |spec| &spec.options);
    let given = |name: &str| options.iter().find(|option| option.name == name);
    let unknown = |option: &&CommandDataOption| known.iter().all(|spec| spec.name != option.name);
    let mut rest = None;
    // Arguments in the grammar's order, whatever order Discord sends them in; then flags; then the rest of the line.
    for (option, written) in known
        .iter()
        .filter(|spec| spec.written == Written::Argument)
        .chain(
            known
                .iter()
                .filter(|spec| spec.written != Written::Argument),
        )
        .filter_map(|spec| Some((given(&spec.name)?, spec.written)))
        .chain(
            options
                .iter()
                .filter(unknown)
                .map(|option| (option, Written::Flag)),
        )
    {
        let value = match &option.value {
            CommandDataOptionValue::Autocomplete { value, .. } => {
                typed.completing = Some((option.name.clone(), value.clone()));
                continue;
            }
            CommandDataOptionValue::Attachment(id) => {
                typed
                    .files
                    .extend(resolved.attachments.get(id).map(chat_file));
                continue;
            }
            CommandDataOptionValue::Boolean(on) => {
                if *on {
                    typed.line += &format!(" --{}", option.name);
                }
                continue;
            }
            CommandDataOptionValue::String(value) => value.clone(),
            CommandDataOptionValue::Integer(value) => value.to_string(),
            CommandDataOptionValue::Number(value) => value.to_string(),
            _ => continue,
        };
        match written {
            Written::Argument => typed.line += &format!(" {}", quoted(&value)),
            Written::Flag => typed.line += &format!(" --{} {}", option.name, quoted(&value)),
            Written::Rest => rest = Some(value),
        }
    }
    if let Some(rest) = rest {
        typed.line += &format!(" {rest}");
    }
}
