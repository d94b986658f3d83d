//! Secrets. They stand in environment variables or in files of their own, never in the configuration file, and no
//! message repeats them.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use toml::de::{DeTable, DeValue};

use super::problem::{Fault, KeyPath, shown};
use super::read::Table;
use super::schema::Kind;
use super::single::wrong_type;

/// Looks up an environment variable by name.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// How a secret is written.
pub(super) const HOW: &str =
    "Write { env = \"NAME\" } for an environment variable or { file = \"path\" } for a file.";

/// No secret is longer; a larger file was named by mistake.
const MOST_BYTES: u64 = 64 << 10;

/// Reads the secret at a key.
pub(super) fn read(
    table: &Table<'_>,
    name: &str,
    least: Kind,
    env: Env<'_>,
) -> Option<SecretString> {
    let value = table.value(name)?;
    let at = table.at.key(name);
    let secret = match value.get_ref() {
        DeValue::Table(source) => from_source(table, &at, source, env)?,
        DeValue::String(_) => {
            let what = "A secret must not stand in the configuration file.";
            table.report.add(Fault::new(at, what, HOW));
            return None;
        }
        _ => {
            let want = HOW.trim_start_matches("Write ").trim_end_matches('.');
            wrong_type(table.report, at, value, want);
            return None;
        }
    };
    let bytes = secret.expose_secret().len();
    match least {
        Kind::Secret { at_least } if bytes < at_least => {
            let what = format!("This secret has {bytes} bytes and needs at least {at_least}.");
            let hint = "A good one is printed by `openssl rand -base64 48`.";
            table.report.add(Fault::new(at, what, hint));
            None
        }
        _ => Some(secret),
    }
}

/// The file that the secret at a key comes from, where it comes from one.
pub(super) fn file_of(table: &Table<'_>, name: &str) -> Option<PathBuf> {
    let source = table.value(name)?.get_ref().as_table()?;
    let file = source.get("file")?.get_ref().as_str()?;
    Some(table.report.document.resolve(file))
}

fn from_source(
    table: &Table<'_>,
    at: &KeyPath,
    source: &DeTable<'_>,
    env: Env<'_>,
) -> Option<SecretString> {
    let refuse = |at: KeyPath, what: String, hint: &str| {
        table.report.add(Fault::new(at, what, hint));
        None
    };
    let mut entries = source.iter();
    let (Some((key, value)), None) = (entries.next(), entries.next()) else {
        return refuse(
            at.clone(),
            "A secret has exactly one source.".to_owned(),
            HOW,
        );
    };
    let key = key.get_ref().as_ref();
    let DeValue::String(text) = value.get_ref() else {
        wrong_type(table.report, at.key(key), value, "text in quotes");
        return None;
    };
    let found = match key {
        "env" => from_env(text, env),
        "file" => from_file(&table.report.document.resolve(text)),
        _ => {
            let what = "A secret comes from `env` or `file` only.".to_owned();
            return refuse(at.key(key), what, HOW);
        }
    };
    match found {
        Ok(secret) => Some(secret),
        Err((what, hint)) => refuse(at.key(key), what, hint),
    }
}

fn from_env(name: &str, env: Env<'_>) -> Result<SecretString, (String, &'static str)> {
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        // Somebody may have put the secret itself here, so it is not repeated.
        return Err((
            "This is no name of an environment variable.".to_owned(),
            "Write the name of the variable that holds the secret, such as IMAP_PASSWORD, not the secret.",
        ));
    }
    let hint = "Set it in the environment of the service.";
    match env(name) {
        None => Err((
            format!("The environment variable {} is not set.", shown(name)),
            hint,
        )),
        Some(value) if value.trim().is_empty() => Err((
            format!("The environment variable {} is empty.", shown(name)),
            hint,
        )),
        Some(value) => Ok(SecretString::from(value)),
    }
}

fn from_file(path: &Path) -> Result<SecretString, (String, &'static str)> {
    let name = shown(&path.to_string_lossy());
    let hint = "Paths start from the folder of the configuration file. The line break at the end does not count.";
    let mut text = String::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text));
    match read {
        Err(error) => Err((
            format!("The secret file {name} cannot be read: {error}."),
            hint,
        )),
        Ok(_) if text.len() as u64 > MOST_BYTES => Err((
            format!("The secret file {name} is larger than 64 KiB, which no secret is."),
            hint,
        )),
        Ok(_) if text.trim().is_empty() => Err((format!("The secret file {name} is empty."), hint)),
        Ok(_) => {
            let secret = text.trim_end_matches(['\n', '\r']);
            Ok(SecretString::from(secret))
        }
    }
}
