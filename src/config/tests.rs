#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::load_text::{env, settings};
use super::schema::Section;
use super::service::{Credentials, OutgoingRoute, Source};
use super::*;

fn config(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("config")
        .join(name)
}

fn example() -> String {
    std::fs::read_to_string(config("frontdesk.toml")).unwrap()
}

#[test]
fn the_example_loads() {
    let settings = load(&config("frontdesk.toml"), &env).unwrap_or_else(|all| panic!("{all}"));
    assert_eq!(settings.mailboxes.len(), 4);
    assert_eq!(settings.reply_keys.first().map(|key| key.id), Some(2));
    assert!(matches!(settings.outgoing.route, OutgoingRoute::Smtp(servers) if servers.len() == 2));
}

#[test]
fn the_demo_loads() {
    let settings = load(&config("demo.toml"), &env).unwrap_or_else(|all| panic!("{all}"));
    assert!(matches!(settings.database, service::Database::Embedded(_)));
    assert!(matches!(
        settings.mailboxes.first().map(|one| &one.source),
        Some(Source::Maildir(_))
    ));
    assert!(matches!(settings.outgoing.route, OutgoingRoute::Folder(_)));
}

#[test]
fn every_desk_loads() {
    let mut count = 0;
    for entry in std::fs::read_dir(config("desks")).unwrap() {
        load_desk(&entry.unwrap().path()).unwrap_or_else(|all| panic!("{all}"));
        count += 1;
    }
    assert_eq!(count, 5);
}

/// Writes docs/configuration.md where it is asked to (`make docs`), and compares otherwise.
#[test]
fn the_documentation_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let there = std::fs::read_to_string(path).unwrap();
    assert!(there == docs::markdown(), "run `make docs`");
}

/// The keys of a section that stand nowhere below the tables given, as full names.
fn absent_keys(section: &Section, name: &str, tables: &[&DeTable<'_>]) -> Vec<String> {
    let mut absent = Vec::new();
    for key in section.keys {
        let name = format!("{name}.{}", key.name);
        let values: Vec<_> = tables
            .iter()
            .filter_map(|table| table.get(key.name))
            .collect();
        if values.is_empty() {
            absent.push(name);
            continue;
        }
        if let Some(section) = key.kind.section() {
            let lists = values.iter().filter_map(|value| value.get_ref().as_array());
            let mut below: Vec<_> = values
                .iter()
                .filter_map(|value| value.get_ref().as_table())
                .collect();
            below.extend(
                lists
                    .flat_map(|list| list.iter())
                    .filter_map(|one| one.get_ref().as_table()),
            );
            absent.extend(absent_keys(section, &name, &below));
        }
    }
    absent
}

/// Settings that exclude others stand in the example behind a `# `.
#[test]
fn every_key_stands_in_the_example() {
    let text: Vec<String> = example()
        .lines()
        .filter(|line| !line.starts_with("# desk = "))
        .map(|line| {
            let setting = line.strip_prefix("# ").filter(|rest| {
                let word = rest.split(" = ").next().unwrap_or("");
                rest.contains(" = ") && word.chars().all(|c| c.is_ascii_lowercase() || c == '_')
            });
            setting.unwrap_or(line).to_owned()
        })
        .collect();
    let text = text.join("\n");
    let table = DeTable::parse(&text).unwrap();
    // The second SMTP login may have a token as the first IMAP login has.
    let login_again = "frontdesk.outgoing.smtp.login.token";
    let absent: BTreeSet<String> = absent_keys(&ROOT, "frontdesk", &[table.get_ref()])
        .into_iter()
        .filter(|name| !name.starts_with(login_again))
        .collect();
    assert_eq!(absent, BTreeSet::new());
}

/// Every mistake of the two files is told, once, with its place and what would be right; no secret is repeated.
#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let env = |name: &str| (name == "SHORT_KEY").then(|| "hunter2".to_owned());
    let problems = load(Path::new("src/config/wrong/service.toml"), &env).unwrap_err();
    let told = problems
        .to_string()
        .replace(env!("CARGO_MANIFEST_DIR"), "/root");
    assert!(!told.contains("hunter2"), "{told}");
    insta::assert_snapshot!(told);
}

/// Where the scalar values of a table stand, with their keys.
fn scalars(table: &DeTable<'_>, path: &KeyPath, found: &mut Vec<(KeyPath, Range<usize>)>) {
    for (key, value) in table {
        value_scalars(value, &path.key(key.get_ref()), found);
    }
}

fn value_scalars(
    value: &Spanned<DeValue<'_>>,
    path: &KeyPath,
    found: &mut Vec<(KeyPath, Range<usize>)>,
) {
    match value.get_ref() {
        DeValue::Table(table) => scalars(table, path, found),
        DeValue::Array(list) => {
            for (item, value) in list.iter().enumerate() {
                value_scalars(value, &path.item(item), found);
            }
        }
        _ => found.push((path.clone(), value.span())),
    }
}

/// A value of a type that no key takes is found at every key of the example: no key is taken in and not looked at.
#[test]
fn every_key_is_read() {
    let text = example();
    let table = DeTable::parse(&text).unwrap();
    let mut found = Vec::new();
    scalars(table.get_ref(), &KeyPath::top(), &mut found);
    assert!(found.len() > 150);
    for (path, span) in found {
        let mut wrong = text.clone();
        wrong.replace_range(span, "1979-05-27");
        let told = settings(&wrong).unwrap_err();
        let path = path.to_string();
        let told_of = |one: &Problem| !one.key.is_empty() && path.starts_with(&one.key);
        let told_of = told.as_slice().iter().any(told_of);
        assert!(told_of, "{path}: {told}");
        assert!(!told.to_string().contains("secret-word"), "{told}");
    }
}

#[test]
fn defaults_are_those_of_the_types() {
    let text = std::fs::read_to_string(config("demo.toml")).unwrap();
    let settings = load(&config("demo.toml"), &env).unwrap();
    assert!(!text.contains("[limits]"));
    assert_eq!(settings.limits, service::MailLimits::default());

    let desk = "name = 'A'\ninitial_status = 'a'\nactive_status = 'a'\nreopened_status = 'a'\n\
                default_priority = 'p'\n[[priority]]\nkey = 'p'\nname = 'P'\n\
                [[status]]\nkey = 'a'\nname = 'A'\nkind = 'open'\nto = ['z']\n\
                [[status]]\nkey = 'z'\nname = 'Z'\nkind = 'closed'\nto = ['a']\n";
    let by_serde: DeskSettings = toml::from_str(desk).unwrap();
    assert_eq!(load_text::desk(desk).unwrap(), by_serde);
}

#[test]
fn desks_have_the_shape_of_their_types() {
    for entry in std::fs::read_dir(config("desks")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let by_serde: DeskSettings = toml::from_str(&text).unwrap();
        assert_eq!(load_desk(&path).unwrap(), by_serde);
    }
}

#[test]
fn a_mistake_of_grammar_is_one_problem_with_its_line() {
    let told =
        settings("drain_seconds = 20\n\n[database\nembedded = 'x'\n[[mailbox]\n").unwrap_err();
    let [problem] = told.as_slice() else {
        panic!("{told}")
    };
    assert_eq!(problem.line, 3);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let told = load(Path::new("/nowhere/frontdesk.toml"), &env).unwrap_err();
    assert!(
        told.to_string().starts_with("/nowhere/frontdesk.toml\n"),
        "{told}"
    );
}

#[test]
fn a_desk_that_is_not_there_is_a_problem_of_the_line_that_names_it() {
    let demo = std::fs::read_to_string(config("demo.toml")).unwrap();
    let told = settings(&demo).unwrap_err();
    let [problem] = told.as_slice() else {
        panic!("{told}")
    };
    let line = demo.lines().position(|line| line.starts_with("desk = "));
    assert_eq!(
        (problem.line, problem.key.as_str()),
        (line.unwrap() + 1, "desk")
    );
}

#[test]
fn an_included_desk_is_looked_for_beside_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let desk = folder.path().join("desks");
    std::fs::create_dir(&desk).unwrap();
    std::fs::copy(config("desks/saas.toml"), desk.join("saas.toml")).unwrap();
    let path = folder.path().join("frontdesk.toml");
    std::fs::copy(config("demo.toml"), &path).unwrap();
    let settings = load(&path, &env).unwrap_or_else(|all| panic!("{all}"));
    assert_eq!(settings.desk.status.len(), 6);
    let OutgoingRoute::Folder(outgoing) = settings.outgoing.route else {
        panic!("the demo writes files");
    };
    assert_eq!(outgoing, folder.path().join("../data/outgoing"));
}

/// Relative paths are those of the file, wherever the program was started.
#[test]
fn a_secret_comes_from_a_file_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let text = example().replace(
        "password = { env = \"IMAP_PASSWORD\" }",
        "password = { file = \"imap-password\" }",
    );
    std::fs::write(folder.path().join("imap-password"), "pass word \r\n").unwrap();
    let path = folder.path().join("frontdesk.toml");
    std::fs::write(&path, text).unwrap();
    let settings = load(&path, &env).unwrap_or_else(|all| panic!("{all}"));
    let Some(Source::Imap(imap)) = settings.mailboxes.first().map(|one| &one.source) else {
        panic!("the first mailbox is on IMAP");
    };
    let Credentials::Password { password, .. } = &imap.credentials else {
        panic!("it has a password");
    };
    assert_eq!(password.expose_secret(), "pass word ");
}

#[test]
fn no_secret_shows_in_debug_output() {
    let settings = load(&config("frontdesk.toml"), &env).unwrap();
    assert!(!format!("{settings:?}").contains("secret-word"));
}

#[test]
fn each_alternative_of_the_example_loads() {
    let swaps = [
        ("url = { env = \"DATABASE_URL\" }", "embedded = \"pg\""),
        (
            "endpoint = \"https://login.example.com/oauth2/v2.0/token\"\nclient_id = \"frontdesk\"\nclient_secret = { env = \"OAUTH_CLIENT_SECRET\" }\nrefresh_token = { env = \"OAUTH_REFRESH_TOKEN\" }\nscope = \"https://outlook.example.com/IMAP.AccessAsUser.All offline_access\"\n",
            "command = [\"/usr/local/bin/oauth-token\", \"billing\"]\n",
        ),
        ("after = \"keep\"", "after = \"delete\""),
        ("tls = \"starttls\"", "tls = \"tls\""),
        ("type = \"text\"", "type = \"link\""),
        ("default = \"GENERAL\"", ""),
    ];
    for (from, to) in swaps {
        let text = example();
        assert!(text.contains(from), "{from}");
        let text = text.replacen(from, to, 1);
        let result = settings(&text);
        match to {
            "type = \"link\"" => assert!(result.is_err(), "GENERAL is no link"),
            _ => assert!(result.is_ok(), "{}", result.unwrap_err()),
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    /// Whatever stands where a secret should, is not repeated.
    #[test]
    fn a_secret_in_the_file_is_never_repeated(secret in "[a-zA-Z0-9 +/=._-]{8,60}", key in 0_usize..6) {
        let secret = format!("zq{secret}qz");
        let keys = ["url = ", "secret = ", "password = ", "client_secret = ", "refresh_token = ", "private_key = "];
        let key = keys.get(key).unwrap();
        for wrong in [format!("'{secret}'"), format!("['{secret}']"), format!("{{ env = '{secret} x' }}"), format!("{{ vault = '{secret}' }}"), format!("'{secret}' oops")] {
            let text: Vec<String> = example().lines().map(|line| match line.starts_with(key) {
                true => format!("{key}{wrong}"),
                false => line.to_owned(),
            }).collect();
            let told = settings(&text.join("\n")).unwrap_err();
            proptest::prop_assert!(!format!("{told} {told:?}").contains(&secret), "{told}");
        }
    }

    /// No file makes the loader fail in any other way than by problems, each of them at a place in the file.
    #[test]
    fn any_damage_ends_in_problems(at in 0_usize..10_000, length in 0_usize..40, with in "[\\[\\]{}=\"'a-z0-9.# \n-]{0,8}") {
        let mut text = example();
        let lines = text.lines().count() + with.lines().count() + 1;
        let start = text.floor_char_boundary(at);
        let end = text.floor_char_boundary(start + length);
        text.replace_range(start..end, &with);
        if let Err(told) = settings(&text) {
            for problem in told.as_slice() {
                proptest::prop_assert!((1..=lines).contains(&problem.line) && problem.column > 0, "{problem}");
            }
        }
    }
}

/// Windows editors put a mark before the text and end lines with CR LF.
#[test]
fn a_file_from_windows_is_read_and_its_lines_are_counted() {
    let text = format!("\u{feff}{}", example().replace('\n', "\r\n"));
    settings(&text).unwrap_or_else(|all| panic!("{all}"));
    let told = settings(&text.replace("drain_seconds", "drain_second")).unwrap_err();
    let line = example()
        .lines()
        .position(|line| line.starts_with("drain_seconds"));
    let place = told.as_slice().first().map(|one| (one.line, one.column));
    assert_eq!(place, Some((line.unwrap() + 1, 1)));
}

/// A calendar that is always open needs no hours.
#[test]
fn notices_may_leave_at_any_hour() {
    let text = example().replace(
        "\nquiet_minutes = 15\n",
        "\nquiet_minutes = 15\ncalendar = \"always\"\n",
    );
    let (before, after) = text.split_once("calendar = \"always\"\n").unwrap();
    let text = format!(
        "{before}calendar = \"always\"\n{}",
        after.replacen("calendar = \"office\"\n", "", 1)
    );
    let settings = settings(&text).unwrap_or_else(|all| panic!("{all}"));
    let calendar = settings.desk.sla_watch.calendar;
    assert_eq!(calendar.as_deref(), Some(sla::SlaWatch::ALWAYS));
}
