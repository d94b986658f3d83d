//! The map of the house, held by reading the source: which room imports which, and how long a file is.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The floors, from the top down. A room imports from the floors below its own.
const FLOORS: &[(&str, &[&str])] = &[
    ("top", &["app", "cli"]),
    (
        "drivers",
        &["inbound", "delivery", "conversation", "schedule"],
    ),
    ("commands", &["command"]),
    (
        "domain",
        &[
            "desk", "notify", "outbox", "ticket", "people", "sla", "report",
        ],
    ),
    ("wires", &["mail", "chat", "plot"]),
    (
        "base",
        &[
            "config",
            "clock",
            "crew",
            "ids",
            "db",
            "supervise",
            "telemetry",
            "wake",
            "when",
        ],
    ),
];

/// The imports that are allowed within a floor. Drivers and wires have none: they never know each other.
const WITHIN_A_FLOOR: &[(&str, &[&str])] = &[
    ("app", &["cli"]),
    ("cli", &["app"]),
    ("desk", &["notify", "outbox", "ticket", "people", "sla"]),
    ("notify", &["outbox", "ticket", "people"]),
    ("ticket", &["people"]),
    ("sla", &["notify", "ticket", "people"]),
    ("report", &["notify", "outbox", "ticket", "people", "sla"]),
    ("config", &["when"]),
    ("crew", &["wake"]),
    ("telemetry", &["config"]),
];

/// How many lines a file may have, its tests aside.
const LONGEST_FILE: usize = 400;

#[test]
fn imports_go_down_only() {
    let mut wrong = String::new();
    for file in sources() {
        let Some(room) = file.room() else { continue };
        if floor(&room).is_none() {
            writeln!(
                wrong,
                "{}: the room {room} stands on no floor of the map",
                file.path.display()
            )
            .unwrap();
        }
        for (line, other) in file.imports() {
            if let Err(reason) = allowed(&room, &other) {
                writeln!(
                    wrong,
                    "{}:{line}: {room} imports {other}: {reason}",
                    file.path.display()
                )
                .unwrap();
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "The map in src/lib.rs is broken:\n{wrong}"
    );
}

#[test]
fn files_stay_short() {
    let mut wrong = String::new();
    for file in sources() {
        let lines = file.lines_without_tests();
        if lines > LONGEST_FILE {
            let path = file.path.display();
            writeln!(
                wrong,
                "{path}:{LONGEST_FILE}: {lines} lines without its tests; split it by what it does"
            )
            .unwrap();
        }
    }
    assert!(
        wrong.is_empty(),
        "Files are longer than {LONGEST_FILE} lines:\n{wrong}"
    );
}

#[test]
fn no_room_is_a_lumber_room() {
    let lumber = ["util", "utils", "common", "helper", "helpers", "misc"];
    let wrong: Vec<_> = sources()
        .into_iter()
        .map(|file| file.path)
        .filter(|path| {
            path.iter().any(|part| {
                lumber
                    .iter()
                    .any(|name| part == *name || part == format!("{name}.rs").as_str())
            })
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "Name these files by what they do: {wrong:?}"
    );
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|(_, rooms)| rooms.contains(&room))
}

fn allowed(room: &str, other: &str) -> Result<(), String> {
    let (Some(from), Some(to)) = (floor(room), floor(other)) else {
        return Ok(()); // an unknown room is reported by its own files
    };
    let neighbours = WITHIN_A_FLOOR.iter().find(|(name, _)| *name == room);
    let neighbours = neighbours.map_or(&[][..], |(_, others)| *others);
    if room == other || from < to || (from == to && neighbours.contains(&other)) {
        return Ok(());
    }
    let (from_name, to_name) = (FLOORS[from].0, FLOORS[to].0);
    Err(if from == to {
        format!("rooms of one floor ({from_name}) know each other only where the map says so")
    } else {
        format!("{to_name} is above {from_name}, and imports go down")
    })
}

/// A file below src/, read as Rust's own tokens: comments and strings are no code.
struct Source {
    path: PathBuf,
    text: String,
    tokens: Vec<TokenTree>,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    collect(&root.join("src"), &mut paths);
    paths.sort();
    let sources: Vec<_> = paths.iter().map(|path| Source::read(root, path)).collect();
    assert!(sources.len() > 5, "src/ was not found");
    sources
}

/// All files but those that hold tests only.
fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let tests = stem == "tests" || stem.ends_with("_tests");
        if path.is_dir() && !tests {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !tests {
            paths.push(path);
        }
    }
}

impl Source {
    fn read(root: &Path, path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let path = path.strip_prefix(root).unwrap().to_owned();
        Self::parse(path, text)
    }

    fn parse(path: PathBuf, text: String) -> Self {
        let tokens: TokenStream = text
            .parse()
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self {
            path,
            text,
            tokens: tokens.into_iter().collect(),
        }
    }

    /// The modules that this file is, from the crate's root: `src/db/mod.rs` is `db`.
    fn modules(&self) -> Vec<String> {
        let below: PathBuf = self.path.iter().skip(1).collect();
        let mut modules: Vec<String> = below
            .with_extension("")
            .iter()
            .map(|part| part.to_str().unwrap().to_owned())
            .collect();
        if modules
            .last()
            .is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str()))
        {
            modules.pop();
        }
        modules
    }

    /// The room that this file belongs to; lib.rs and main.rs belong to none.
    fn room(&self) -> Option<String> {
        self.modules().into_iter().next()
    }

    /// Every room that is named by `crate::` or by `super::` beyond the own one, with its line.
    fn imports(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        imports_in(&self.tokens, self.modules().len(), &mut found);
        found
    }

    fn lines_without_tests(&self) -> usize {
        let mut tests = 0;
        lines_of_tests(&self.tokens, &mut tests);
        self.text.lines().count() - tests
    }
}

fn imports_in(tokens: &[TokenTree], depth: usize, found: &mut Vec<(usize, String)>) {
    let mut at = 0;
    while at < tokens.len() {
        if let Some(after) = end_of_test_item(tokens, at) {
            at = after;
            continue;
        }
        match &tokens[at] {
            TokenTree::Group(group) => {
                imports_in(&inner(group), depth, found);
                at += 1;
            }
            TokenTree::Ident(ident) if ident == "crate" => {
                at += 1;
                rooms_after(&tokens[at..], found);
            }
            TokenTree::Ident(ident) if ident == "super" => {
                let mut steps = 1;
                at += 1;
                while is_path_separator(&tokens[at..])
                    && matches!(tokens.get(at + 2), Some(TokenTree::Ident(next)) if next == "super")
                {
                    steps += 1;
                    at += 3;
                }
                if steps >= depth {
                    rooms_after(&tokens[at..], found);
                }
            }
            _ => at += 1,
        }
    }
}

/// Reads what follows `crate`: `::room` or `::{room::x, other}`.
fn rooms_after(tokens: &[TokenTree], found: &mut Vec<(usize, String)>) {
    if !is_path_separator(tokens) {
        return;
    }
    match tokens.get(2) {
        Some(TokenTree::Ident(room)) => found.push((room.span().start().line, room.to_string())),
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            let tokens = inner(group);
            for part in tokens
                .split(|token| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ','))
            {
                if let Some(TokenTree::Ident(room)) = part.first() {
                    found.push((room.span().start().line, room.to_string()));
                }
            }
        }
        _ => {}
    }
}

fn is_path_separator(tokens: &[TokenTree]) -> bool {
    let colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    colon(0) && colon(1)
}

/// Where the item that begins at `at` with `#[cfg(test)]` ends, if there is one.
fn end_of_test_item(tokens: &[TokenTree], at: usize) -> Option<usize> {
    let (Some(TokenTree::Punct(hash)), Some(TokenTree::Group(attribute))) =
        (tokens.get(at), tokens.get(at + 1))
    else {
        return None;
    };
    let attribute: String = attribute.stream().to_string().split_whitespace().collect();
    if hash.as_char() != '#' || attribute != "cfg(test)" {
        return None;
    }
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    };
    let rest = tokens.get(at + 2..)?;
    Some(at + 2 + rest.iter().position(ends)? + 1)
}

fn lines_of_tests(tokens: &[TokenTree], lines: &mut usize) {
    let mut at = 0;
    while at < tokens.len() {
        if let Some(after) = end_of_test_item(tokens, at) {
            *lines += tokens[after - 1].span().end().line - tokens[at].span().start().line + 1;
            at = after;
            continue;
        }
        if let TokenTree::Group(group) = &tokens[at] {
            lines_of_tests(&inner(group), lines);
        }
        at += 1;
    }
}

fn inner(group: &Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}

fn imports_of(path: &str, text: &str) -> Vec<(usize, String)> {
    Source::parse(path.into(), text.to_owned()).imports()
}

#[test]
fn imports_are_read_from_every_way_of_writing_them() {
    let text = "use crate::{db, ticket::{store, Ticket}};\nuse crate::ids::TicketId as Id;\n\
                fn f() { let x = vec![crate::mail::parse(b\"\")]; }\n\
                // crate::comment\nconst S: &str = \"crate::string\";\n/// [`crate::doc`]\npub(crate) struct T;";
    let found = imports_of("src/people/store.rs", text);
    let found: Vec<_> = found
        .iter()
        .map(|(line, room)| (*line, room.as_str()))
        .collect();
    assert_eq!(found, [(1, "db"), (1, "ticket"), (2, "ids"), (3, "mail")]);
}

#[test]
fn leaving_the_room_by_super_counts() {
    assert_eq!(
        imports_of("src/people/store.rs", "use super::super::desk::open;"),
        [(1, "desk".to_owned())]
    );
    assert_eq!(
        imports_of("src/people/mod.rs", "use super::desk;"),
        [(1, "desk".to_owned())]
    );
    assert_eq!(imports_of("src/people/store.rs", "use super::Person;"), []);
}

#[test]
fn tests_may_import_what_they_like_and_are_not_counted() {
    let text = "fn f() {}\n#[cfg(test)]\nmod tests {\n    use crate::desk;\n}\nfn g() {}\n";
    assert_eq!(imports_of("src/ids.rs", text), []);
    let source = Source::parse("src/ids.rs".into(), text.to_owned());
    assert_eq!(source.lines_without_tests(), 2);
}

#[test]
fn the_map_says_who_may_know_whom() {
    for (room, other) in [
        ("inbound", "desk"),
        ("inbound", "mail"),
        ("delivery", "outbox"),
        ("desk", "notify"),
        ("notify", "mail"),
        ("ticket", "people"),
        ("mail", "config"),
        ("app", "inbound"),
        ("cli", "app"),
        ("db", "db"),
    ] {
        assert_eq!(allowed(room, other), Ok(()), "{room} → {other}");
    }
    for (room, other) in [
        ("inbound", "delivery"),
        ("inbound", "app"),
        ("mail", "ticket"),
        ("mail", "chat"),
        ("people", "ticket"),
        ("outbox", "notify"),
        ("notify", "desk"),
        ("ticket", "outbox"),
        ("db", "mail"),
        ("clock", "config"),
    ] {
        assert!(allowed(room, other).is_err(), "{room} → {other}");
    }
}
