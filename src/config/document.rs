//! One TOML file: its text, and the problems that were found in it with their places.

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Fault, KeyPath, Problem, Step};

/// A file as it was read.
#[derive(Debug)]
pub(super) struct Document {
    /// The path as it is shown to people.
    pub shown: PathBuf,
    /// The absolute folder that relative paths start from.
    pub folder: PathBuf,
    /// What stands in it.
    pub text: String,
}

impl Document {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let problem = |what: String, hint: &str| Problem {
            file: path.to_owned(),
            line: 0,
            column: 0,
            key: String::new(),
            what,
            hint: Some(hint.to_owned()),
        };
        let bytes = std::fs::read(path).map_err(|error| {
            problem(
                format!("This file cannot be read: {error}."),
                "See that it is there and that the user who runs Frontdesk may read it.",
            )
        })?;
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let folder = absolute.parent().unwrap_or(Path::new("/")).to_owned();
        let text = String::from_utf8(bytes)
            .map_err(|_| problem("This file is not UTF-8.".to_owned(), "Save it as UTF-8."))?;
        Ok(Self {
            shown: path.to_owned(),
            folder,
            text,
        })
    }

    /// A path of the file, seen from the file's folder.
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// The tables of the file. A file that is no TOML is one problem: what stands after the first mistake cannot be trusted.
    pub fn parse(&self) -> Result<Spanned<DeTable<'_>>, Problem> {
        DeTable::parse(&self.text).map_err(|error| {
            let (line, column) = self.position(error.span().map_or(0, |span| span.start));
            Problem {
                file: self.shown.clone(),
                line,
                column,
                key: String::new(),
                // The message names what the grammar wants there and repeats nothing of the file.
                what: format!(
                    "This is no TOML: {}.",
                    error.message().trim_end_matches('.')
                ),
                hint: Some("Nothing else was checked.".to_owned()),
            }
        })
    }

    /// Line and column of a byte, counted from 1, the column in characters.
    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }
}

/// Collects the problems of one file.
pub(super) struct Report<'a> {
    /// The file.
    pub document: &'a Document,
    root: &'a DeTable<'a>,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Report<'a> {
    /// Starts an empty report.
    pub fn new(document: &'a Document, root: &'a DeTable<'a>) -> Self {
        Self {
            document,
            root,
            problems: RefCell::default(),
        }
    }

    /// Adds a fault, unless something was found wrong with the same key before: one mistake is told once.
    pub fn add(&self, fault: Fault) {
        let span = span_of(self.root, fault.at.steps(), 0..0);
        self.push(fault, span);
    }

    /// Adds a fault about the key itself rather than its value.
    pub fn add_at(&self, fault: Fault, span: Range<usize>) {
        self.push(fault, span);
    }

    fn push(&self, fault: Fault, span: Range<usize>) {
        let key = fault.at.to_string();
        let mut problems = self.problems.borrow_mut();
        if problems.iter().any(|known| known.key == key) {
            return;
        }
        let (line, column) = self.document.position(span.start);
        problems.push(Problem {
            file: self.document.shown.clone(),
            line,
            column,
            key,
            what: fault.what,
            hint: fault.hint,
        });
    }

    /// Adds what was found when the parts were put together. What was concluded from a value that is wrong itself is left
    /// out.
    pub fn add_all(&self, prefix: &KeyPath, faults: Vec<Fault>) {
        for fault in faults {
            let stands = !fault
                .grounds
                .iter()
                .any(|ground| self.has(&ground.under(prefix)));
            if stands {
                let at = fault.at.under(prefix);
                self.add(Fault { at, ..fault });
            }
        }
    }

    /// Whether something was found wrong with this key or with a key below it.
    fn has(&self, at: &KeyPath) -> bool {
        let at = at.to_string();
        let problems = self.problems.borrow();
        problems.iter().any(|known| {
            let below = known.key.strip_prefix(&at);
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }

    /// The problems.
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}

/// Where the value at a path stands; where it is absent, the nearest table above it.
fn span_of(table: &DeTable<'_>, steps: &[Step], above: Range<usize>) -> Range<usize> {
    match steps.split_first() {
        Some((Step::Key(name), rest)) => match table.get(name.as_str()) {
            Some(value) => span_in(value, rest),
            None => above,
        },
        _ => above,
    }
}

fn span_in(value: &Spanned<DeValue<'_>>, steps: &[Step]) -> Range<usize> {
    match (value.get_ref(), steps.split_first()) {
        (DeValue::Table(table), Some(_)) => span_of(table, steps, value.span()),
        (DeValue::Array(list), Some((Step::Item(at), rest))) => match list.get(*at) {
            Some(item) => span_in(item, rest),
            None => value.span(),
        },
        _ => value.span(),
    }
}
