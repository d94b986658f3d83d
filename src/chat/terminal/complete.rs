//! What could stand where the cursor is: from the commands as they are registered, and, for the desk's own words, by asking
//! as any platform does.

use crate::chat::{CommandOption, CommandSpec, OptionKind, text};

/// The terminal's own words.
const OWN: [&str; 4] = ["thread", "back", "quit", "help"];

/// What is offered.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Offer {
    /// The byte at which what is offered begins.
    pub start: usize,
    /// What is known without asking: what to write, and what to show.
    pub known: Vec<(String, String)>,
    /// The options to ask for.
    pub ask: Vec<String>,
    /// What is typed of the word.
    pub typed: String,
    /// What stands before each answer.
    pub before: &'static str,
}

/// What could be typed behind `line`, which ends at the cursor.
pub(super) fn offer(commands: &[CommandSpec], line: &str, in_thread: bool) -> Offer {
    if let Some(typed) = line.strip_prefix('#')
        && !typed.contains(char::is_whitespace)
    {
        return asking(0, typed, "#", "ticket");
    }
    let bare = match line.strip_prefix('/') {
        Some(bare) => bare,
        None if in_thread => return Offer::default(),
        None => line,
    };
    let word_at = line
        .rfind(char::is_whitespace)
        .map_or(line.len() - bare.len(), |at| at + 1);
    let typed = line.get(word_at..).unwrap_or_default();
    let before = line
        .get(line.len() - bare.len()..word_at)
        .unwrap_or_default();
    let mut words = before.split_whitespace();
    let Some(first) = words.next() else {
        let names = commands.iter().map(|spec| (&spec.name, &spec.about));
        let mut known = starting(typed, names);
        known.extend(
            OWN.iter()
                .filter(|own| own.starts_with(typed))
                .map(|own| same(own)),
        );
        known.sort();
        known.dedup_by(|one, other| one.0 == other.0);
        return Offer {
            start: word_at,
            known,
            ..Offer::default()
        };
    };
    if first == "thread" {
        return asking(word_at, typed, "", "ticket");
    }
    let Some(mut spec) = commands.iter().find(|spec| spec.name == first) else {
        return Offer::default();
    };
    let mut last = None;
    for word in words {
        match spec.subcommands.iter().find(|below| below.name == word) {
            Some(below) => spec = below,
            None => last = Some(word),
        }
    }
    if !spec.subcommands.is_empty() {
        let names = spec
            .subcommands
            .iter()
            .map(|spec| (&spec.name, &spec.about));
        return Offer {
            start: word_at,
            known: starting(typed, names),
            ..Offer::default()
        };
    }
    options(spec, word_at, typed, last, before, in_thread)
}

fn options(
    spec: &CommandSpec,
    start: usize,
    typed: &str,
    last: Option<&str>,
    before: &str,
    in_thread: bool,
) -> Offer {
    let mut offer = Offer {
        start,
        typed: typed.to_owned(),
        ..Offer::default()
    };
    let named = |option: &&CommandOption| last == Some(format!("--{}", option.name).as_str());
    if let Some(option) = spec.options.iter().find(named)
        && option.kind != OptionKind::Switch
    {
        values(option, typed, &mut offer);
        return offer;
    }
    if typed.starts_with('-') {
        for option in &spec.options {
            let flag = format!("--{}", option.name);
            let given = before.split_whitespace().any(|word| word == flag);
            if flag.starts_with(typed) && !given {
                offer
                    .known
                    .push((flag.clone(), format!("{flag}  {}", option.about)));
            }
        }
        return offer;
    }
    for option in &spec.options {
        if !(in_thread && option.name == "ticket") {
            values(option, typed, &mut offer);
        }
    }
    offer
}

fn values(option: &CommandOption, typed: &str, offer: &mut Offer) {
    match &option.kind {
        OptionKind::Choice(choices) => {
            let fits = choices.iter().filter(|(key, _)| key.starts_with(typed));
            offer
                .known
                .extend(fits.map(|(key, name)| (text::quoted(key), name.clone())));
        }
        OptionKind::Completed => offer.ask.push(option.name.clone()),
        OptionKind::Text | OptionKind::Integer | OptionKind::Switch | OptionKind::File => {}
    }
}

fn asking(start: usize, typed: &str, before: &'static str, option: &str) -> Offer {
    Offer {
        start,
        ask: vec![option.to_owned()],
        typed: typed.to_owned(),
        before,
        ..Offer::default()
    }
}

fn starting<'s>(
    typed: &str,
    names: impl Iterator<Item = (&'s String, &'s String)>,
) -> Vec<(String, String)> {
    names
        .filter(|(name, _)| name.starts_with(typed))
        .map(|(name, about)| (name.clone(), format!("{name}  {about}")))
        .collect()
}

fn same(word: &str) -> (String, String) {
    (word.to_owned(), word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Written;

    fn commands() -> Vec<CommandSpec> {
        let option = |name: &str, kind| CommandOption {
            name: name.to_owned(),
            about: String::new(),
            required: false,
            kind,
            written: Written::Flag,
        };
        let command = |name: &str, options, subcommands| CommandSpec {
            name: name.to_owned(),
            about: String::new(),
            options,
            subcommands,
        };
        let choice = OptionKind::Choice(vec![("open".to_owned(), "Open".to_owned())]);
        let handle = || option("handle", OptionKind::Completed);
        vec![
            command(
                "assign",
                vec![handle(), option("ticket", OptionKind::Completed)],
                vec![],
            ),
            command("status", vec![option("status", choice)], vec![]),
            command(
                "cc",
                vec![],
                vec![command(
                    "add",
                    vec![option("address", OptionKind::Text)],
                    vec![],
                )],
            ),
            command(
                "list",
                vec![
                    option("mine", OptionKind::Switch),
                    option("assignee", OptionKind::Completed),
                ],
                vec![],
            ),
        ]
    }

    fn known(line: &str, in_thread: bool) -> Vec<String> {
        let offer = offer(&commands(), line, in_thread);
        offer.known.into_iter().map(|(write, _)| write).collect()
    }

    #[test]
    fn words_of_the_grammar_are_offered() {
        assert_eq!(known("as", false), ["assign"]);
        assert_eq!(known("/as", true), ["assign"]);
        assert_eq!(known("as", true), [""; 0], "plain text is a note");
        assert_eq!(known("cc ", false), ["add"]);
        assert_eq!(known("list --", false), ["--mine", "--assignee"]);
        assert_eq!(known("list --mine --m", false), [""; 0]);
        assert_eq!(known("status o", false), ["open"]);
        assert_eq!(known("nonsense ", false), [""; 0]);
    }

    #[test]
    fn the_desks_own_words_are_asked_for() {
        let asked = |line, in_thread| offer(&commands(), line, in_thread).ask;
        assert_eq!(asked("assign a", false), ["handle", "ticket"]);
        assert_eq!(asked("/assign a", true), ["handle"]);
        assert_eq!(asked("list --assignee a", false), ["assignee"]);
        assert_eq!(asked("list --mine ", false), ["assignee"]);
        let number = offer(&commands(), "#TKT", true);
        assert_eq!(
            (number.ask, number.before, number.start),
            (vec!["ticket".to_owned()], "#", 0)
        );
        let offer = offer(&commands(), "/assign an", true);
        assert_eq!((offer.start, offer.typed.as_str()), (8, "an"));
    }
}
