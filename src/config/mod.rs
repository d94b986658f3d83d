//! Configuration: one TOML file, checked as a whole before anything starts.
//!
//! [`load`] gives either the whole [`Settings`] or every problem at once. The way through: `document` reads and parses a
//! file, `read` takes values from its tables by the sections of `schema`, `desk_reader` and `service_reader` build the
//! settings, and `desk_check`, `workflow_check` and `service_check` say what does not fit together.

pub mod chat;
mod chat_reader;
mod customers_reader;
pub mod desk;
mod desk_check;
mod desk_reader;
pub mod docs;
mod document;
mod holidays;
pub mod hours;
mod lookup;
pub mod number;
pub mod problem;
mod read;
pub mod rule;
pub mod schedule;
mod schema;
mod secret;
pub mod service;
mod service_check;
mod service_reader;
mod single;
pub mod sla;
mod sla_check;
mod value;
mod workflow_check;

use std::path::Path;

use toml::de::DeValue;

pub use desk::DeskSettings;
pub use problem::{Problem, Problems};
pub use secret::Env;
pub use service::Settings;

use document::{Document, Report};
use problem::KeyPath;
use read::Table;
use schema::{DESK, ROOT};

/// Loads a configuration with its desk and its secrets. `env` looks up environment variables by name. Relative paths in
/// the file start from the file's folder; the paths given are absolute.
///
/// # Errors
/// Every problem of the file, and of the desk's file where it has one of its own.
pub fn load(path: &Path, env: Env<'_>) -> Result<Settings, Problems> {
    let mut problems = Vec::new();
    let settings = load_into(path, env, &mut problems);
    Problems::none_in(settings, problems)
}

/// Loads a desk from a file that holds nothing else.
///
/// # Errors
/// Every problem of the file.
pub fn load_desk(path: &Path) -> Result<DeskSettings, Problems> {
    let mut problems = Vec::new();
    let desk = kept(Document::read(path), &mut problems)
        .and_then(|document| desk_of(&document, &mut problems));
    Problems::none_in(desk, problems)
}

fn load_into(path: &Path, env: Env<'_>, problems: &mut Vec<Problem>) -> Option<Settings> {
    let document = kept(Document::read(path), problems)?;
    let root = kept(document.parse(), problems)?;
    let report = Report::new(&document, root.get_ref());
    let table = Table::open(&report, &ROOT, KeyPath::top(), Some(root.get_ref()));

    let mut of_the_desk = Vec::new();
    let desk = match table.value("desk").map(toml::Spanned::get_ref) {
        Some(DeValue::String(file)) => {
            let beside = path.parent().unwrap_or(Path::new("")).join(file.as_ref());
            included_desk(&table, &beside, &mut of_the_desk)
        }
        _ => table.table("desk").map(|table| checked_desk(&table)),
    };
    let desk_is_known = desk.is_some();
    let desk = desk.unwrap_or_else(|| desk_reader::read(&Table::absent(&report, &DESK)));
    let settings = service_reader::read(&table, desk, env);
    report.add_all(
        &KeyPath::top(),
        service_check::faults(&settings, desk_is_known),
    );

    problems.extend(report.into_problems());
    problems.extend(of_the_desk);
    Some(settings)
}

/// A desk file that is not there is a problem of the key that names it.
fn included_desk(
    table: &Table<'_>,
    path: &Path,
    problems: &mut Vec<Problem>,
) -> Option<DeskSettings> {
    match Document::read(path) {
        Ok(document) => desk_of(&document, problems),
        Err(problem) => {
            let what = format!("The desk's file {}: {}", path.display(), problem.what);
            table.refuse("desk", what, "Paths start from the folder of this file.");
            None
        }
    }
}

fn desk_of(document: &Document, problems: &mut Vec<Problem>) -> Option<DeskSettings> {
    let root = kept(document.parse(), problems)?;
    let report = Report::new(document, root.get_ref());
    let table = Table::open(&report, &DESK, KeyPath::top(), Some(root.get_ref()));
    let desk = checked_desk(&table);
    problems.extend(report.into_problems());
    Some(desk)
}

fn checked_desk(table: &Table<'_>) -> DeskSettings {
    let desk = desk_reader::read(table);
    table.report.add_all(&table.at, desk.faults());
    desk
}

fn kept<T>(result: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    result.map_err(|problem| problems.push(problem)).ok()
}

#[cfg(test)]
mod load_text;
#[cfg(test)]
mod tests;
