//! Prints docs/configuration.md from the schema.

use super::schema::{Absent, Key, Kind, ROOT, Section};

const HEAD: &str = "# Configuration

Frontdesk is configured by one [TOML](https://toml.io) file. [config/frontdesk.toml](../config/frontdesk.toml) is an
example with every setting, [config/desks/](../config/desks) has whole desks to copy. `frontdesk check-config FILE` names
everything that is wrong, with file, line, key and what would be right, and ends with status 78 if anything is; unknown
keys are wrong. In its messages entries of a list are counted from 1: `mailbox[1].imap.port` belongs to the first
`[[mailbox]]`.

- **Paths** start from the folder of the file in which they stand.
- **Secrets** never stand in the file. A secret is `{ env = \"NAME\" }`, the value of an environment variable, or
  `{ file = \"path\" }`, what stands in a file; a line break at its end does not count. They show in no message and no log.
- **Words** by which commands and other keys refer to something begin with a lower-case letter, followed by lower-case
  letters, digits, `_` and `-`, 40 characters at the most.

This page is printed by `frontdesk docs configuration`; `make docs` writes it anew.
";

/// The whole of docs/configuration.md.
#[must_use]
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n## The top of the file\n\n");
    keys(&ROOT, &mut page);
    below(&ROOT, "", &mut page);
    page
}

fn below(section: &Section, path: &str, page: &mut String) {
    for key in section.keys {
        let Some(child) = key.kind.section() else {
            continue;
        };
        let path = match path {
            "" => key.name.to_owned(),
            _ => format!("{path}.{}", key.name),
        };
        let title = match key.kind {
            Kind::Tables(_) => format!("[[{path}]]"),
            _ => format!("[{path}]"),
        };
        page.push_str(&format!("\n## `{title}`\n\n{}\n\n", child.about));
        keys(child, page);
        below(child, &path, page);
    }
}

fn keys(section: &Section, page: &mut String) {
    page.push_str("| Key | Type | Default | What it does |\n|---|---|---|---|\n");
    for key in section.keys {
        page.push_str(&row(key));
    }
}

fn row(key: &Key) -> String {
    let mut about = key.about.to_owned();
    if let Kind::Choice(words) = key.kind {
        for (word, meaning) in words {
            about.push_str(&format!("<br>`\"{word}\"`: {meaning}"));
        }
    }
    let absent = match key.absent {
        Absent::Required => "**required**".to_owned(),
        Absent::Means(what) => what.to_owned(),
        Absent::Text(text) => format!("`\"{text}\"`"),
        Absent::Number(number) => format!("`{}`", grouped(number)),
        Absent::Switch(on) => format!("`{on}`"),
    };
    let cells = [kind(key.kind), absent, about].map(|cell| cell.replace('|', "\\|"));
    format!("| `{}` | {} |\n", key.name, cells.join(" | "))
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Line => "text".to_owned(),
        Kind::Word => "word".to_owned(),
        Kind::Of(list) => format!("key of a {list}"),
        Kind::Choice(_) => "one of the values".to_owned(),
        Kind::Number { min, max, unit: "" } => format!("{} to {}", grouped(min), grouped(max)),
        Kind::Number { min, max, unit } => format!("{unit}, {} to {}", grouped(min), grouped(max)),
        Kind::Switch => "`true` or `false`".to_owned(),
        Kind::Address => "mail address".to_owned(),
        Kind::Domain => "domain".to_owned(),
        Kind::Host => "host name or IP address".to_owned(),
        Kind::Endpoint => "https address".to_owned(),
        Kind::Path => "path".to_owned(),
        Kind::ExistingFile => "path of a file".to_owned(),
        Kind::Zone => "IANA time zone".to_owned(),
        Kind::NumberFormat => "number format".to_owned(),
        Kind::Hours => "working hours".to_owned(),
        Kind::Date => "date, YYYY-MM-DD".to_owned(),
        Kind::Recurrence => "recurrence".to_owned(),
        Kind::Filter => "log filter".to_owned(),
        Kind::Secret { at_least: 0 | 1 } => "secret".to_owned(),
        Kind::Secret { at_least } => format!("secret, at least {at_least} bytes"),
        Kind::After => "`\"keep\"`, `\"delete\"` or `{ move = \"folder\" }`".to_owned(),
        Kind::List(of) => format!("list: {}", self::kind(*of)),
        Kind::FieldValues => "table of fields and values".to_owned(),
        Kind::Table(_) => "table".to_owned(),
        Kind::Tables(_) => "list of tables".to_owned(),
        Kind::TableOrFile(_) => "table, or path of a file".to_owned(),
    }
}

/// A number as TOML takes it, with its thousands apart: `26_214_400`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}
