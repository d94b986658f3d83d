//! Reads a table by its section of the schema: defaults, types, ranges, forms and unknown keys.
//!
//! A reader always gives a value; where the file has none that can be used, a problem is in the report and the value is
//! a placeholder that never leaves the loader.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::Report;
use super::problem::{Fault, KeyPath, listed, shown};
use super::schema::{Absent, Key, Kind, Section};
use super::single::{expected, one_text, range, unknown_key, wrong_type};

/// One table of a file, or its absence.
pub(super) struct Table<'a> {
    /// Where it stands.
    pub at: KeyPath,
    /// Where problems go.
    pub report: &'a Report<'a>,
    section: &'static Section,
    table: Option<&'a DeTable<'a>>,
}

impl<'a> Table<'a> {
    /// Opens a table and reports the keys in it that the section does not know.
    pub fn open(
        report: &'a Report<'a>,
        section: &'static Section,
        at: KeyPath,
        table: Option<&'a DeTable<'a>>,
    ) -> Self {
        for (key, _) in table.into_iter().flat_map(DeTable::iter) {
            if section.find(key.get_ref()).is_none() {
                unknown_key(report, section, &at, key.get_ref(), key.span());
            }
        }
        Self {
            at,
            report,
            section,
            table,
        }
    }

    /// A table of which nothing could be read: placeholders, and no problems beside the one that is known.
    pub fn absent(report: &'a Report<'a>, section: &'static Section) -> Self {
        Self {
            at: KeyPath::top(),
            report,
            section,
            table: None,
        }
    }

    /// Whether the key stands in the file.
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// What the schema wants at a key.
    pub fn kind(&self, name: &str) -> Option<Kind> {
        self.section.find(name).map(|key| key.kind)
    }

    /// Adds a problem about a key of this table.
    pub fn refuse(&self, name: &str, what: impl Into<String>, hint: impl Into<String>) {
        self.report.add(Fault::new(self.at.key(name), what, hint));
    }

    /// The text of a key; empty where it is missing.
    pub fn text(&self, name: &str) -> String {
        self.text_if_any(name).unwrap_or_default()
    }

    /// The text of a key that may be absent.
    pub fn text_if_any(&self, name: &str) -> Option<String> {
        let key = self.section.find(name)?;
        match self.value(name) {
            Some(value) => one_text(self.report, key.kind, &self.at.key(name), value),
            None => match key.absent {
                Absent::Text(default) => Some(default.to_owned()),
                _ => self.missing(key),
            },
        }
    }

    /// The texts of a list.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let Some(key) = self.section.find(name) else {
            return Vec::new();
        };
        let Kind::List(of) = key.kind else {
            return Vec::new();
        };
        let at = self.at.key(name);
        match self.value(name).map(|value| (value, value.get_ref())) {
            None => self.missing(key).unwrap_or_default(),
            Some((_, DeValue::Array(list))) => list
                .iter()
                .enumerate()
                .map(|(item, value)| {
                    one_text(self.report, *of, &at.item(item), value).unwrap_or_default()
                })
                .collect(),
            Some((value, _)) => {
                wrong_type(
                    self.report,
                    at,
                    value,
                    "a list of texts such as [\"one\", \"two\"]",
                );
                Vec::new()
            }
        }
    }

    /// A number; 0 where it is missing.
    pub fn number<N: TryFrom<u64> + Default>(&self, name: &str) -> N {
        self.number_if_any(name).unwrap_or_default()
    }

    /// A number that may be absent.
    pub fn number_if_any<N: TryFrom<u64>>(&self, name: &str) -> Option<N> {
        let key = self.section.find(name)?;
        let Kind::Number { min, max, unit } = key.kind else {
            return None;
        };
        let Some(value) = self.value(name) else {
            return match key.absent {
                Absent::Number(default) => N::try_from(default).ok(),
                _ => self.missing(key),
            };
        };
        let DeValue::Integer(integer) = value.get_ref() else {
            wrong_type(
                self.report,
                self.at.key(name),
                value,
                "a whole number without quotes",
            );
            return None;
        };
        let number = i128::from_str_radix(integer.as_str(), integer.radix()).ok();
        match number.and_then(|number| u64::try_from(number).ok()) {
            Some(number) if (min..=max).contains(&number) => N::try_from(number).ok(),
            _ => {
                let what = format!("{} is out of range.", shown(&integer.to_string()));
                self.refuse(name, what, range(min, max, unit));
                None
            }
        }
    }

    /// A switch.
    pub fn switch(&self, name: &str) -> bool {
        let default = match self.section.find(name).map(|key| key.absent) {
            Some(Absent::Switch(default)) => default,
            _ => false,
        };
        match self.value(name).map(|value| (value, value.get_ref())) {
            None => default,
            Some((_, DeValue::Boolean(on))) => *on,
            Some((value, _)) => {
                wrong_type(
                    self.report,
                    self.at.key(name),
                    value,
                    "true or false without quotes",
                );
                default
            }
        }
    }

    /// A path, seen from the folder of the file.
    pub fn path_if_any(&self, name: &str) -> Option<PathBuf> {
        let text = self.text_if_any(name)?;
        let path = self.report.document.resolve(&text);
        let must_exist = self
            .section
            .find(name)
            .is_some_and(|key| matches!(key.kind, Kind::ExistingFile));
        if must_exist && !path.is_file() {
            let what = format!("There is no file {}.", shown(&path.to_string_lossy()));
            self.refuse(
                name,
                what,
                "Paths start from the folder of the configuration file.",
            );
        }
        Some(path)
    }

    /// A table below; a missing one is read as empty where its keys have defaults.
    pub fn table(&self, name: &str) -> Option<Table<'a>> {
        let key = self.section.find(name)?;
        let section = key.kind.section()?;
        let at = self.at.key(name);
        match self.value(name).map(|value| (value, value.get_ref())) {
            Some((_, DeValue::Table(table))) => {
                Some(Table::open(self.report, section, at, Some(table)))
            }
            Some((value, _)) => {
                let want = format!("a table, which begins with a line [{}]", at.header());
                wrong_type(self.report, at, value, &want);
                None
            }
            None => self.missing(key),
        }
    }

    /// A table below whose keys all have defaults.
    pub fn table_or_defaults(&self, name: &str) -> Table<'a> {
        self.table(name).unwrap_or_else(|| Table {
            at: self.at.key(name),
            report: self.report,
            section: self
                .section
                .find(name)
                .and_then(|key| key.kind.section())
                .unwrap_or(self.section),
            table: None,
        })
    }

    /// A list of tables below.
    pub fn tables(&self, name: &str) -> Vec<Table<'a>> {
        let Some(key) = self.section.find(name) else {
            return Vec::new();
        };
        let Some(section) = key.kind.section() else {
            return Vec::new();
        };
        let at = self.at.key(name);
        let want = format!(
            "a list of tables, each of which begins with a line [[{}]]",
            at.header()
        );
        match self.value(name).map(|value| (value, value.get_ref())) {
            None => self.missing(key).unwrap_or_default(),
            Some((value, DeValue::Array(list))) => {
                if list.is_empty() && matches!(key.absent, Absent::Required) {
                    wrong_type(
                        self.report,
                        at.clone(),
                        value,
                        &format!("{want}, with at least one"),
                    );
                }
                list.iter()
                    .enumerate()
                    .filter_map(|(item, value)| match value.get_ref() {
                        DeValue::Table(table) => Some(Table::open(
                            self.report,
                            section,
                            at.item(item),
                            Some(table),
                        )),
                        _ => {
                            wrong_type(self.report, at.item(item), value, &want);
                            None
                        }
                    })
                    .collect()
            }
            Some((value, _)) => {
                wrong_type(self.report, at, value, &want);
                Vec::new()
            }
        }
    }

    /// A table of custom fields and their values.
    pub fn field_values(&self, name: &str) -> BTreeMap<String, String> {
        match self.value(name).map(|value| (value, value.get_ref())) {
            None => BTreeMap::new(),
            Some((_, DeValue::Table(table))) => table
                .iter()
                .filter_map(|(key, value)| {
                    let at = self.at.key(name).key(key.get_ref());
                    let text = one_text(self.report, Kind::Line, &at, value)?;
                    Some((key.get_ref().to_string(), text))
                })
                .collect(),
            Some((value, _)) => {
                let want = "a table such as { project = \"APOLLO\" }";
                wrong_type(self.report, self.at.key(name), value, want);
                BTreeMap::new()
            }
        }
    }

    /// Reports unless exactly one of the keys is there. Gives that one.
    pub fn exactly_one(&self, names: &[&'static str]) -> Option<&'static str> {
        let there: Vec<&'static str> = names
            .iter()
            .copied()
            .filter(|name| self.has(name))
            .collect();
        match there.as_slice() {
            [one] => Some(one),
            [] => {
                let what = format!("One of {} is missing.", listed(names));
                self.report.add(Fault::new(
                    self.at.clone(),
                    what,
                    "Exactly one of them must be there.",
                ));
                None
            }
            [_, .., last] => {
                let what = format!("{} exclude each other.", listed(&there));
                self.refuse(last, what, "Keep exactly one of them.");
                None
            }
        }
    }

    /// What stands at a key.
    pub fn value(&self, name: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        debug_assert!(
            self.section.find(name).is_some(),
            "`{name}` is not in the schema"
        );
        self.table?.get(name)
    }

    fn missing<T>(&self, key: &Key) -> Option<T> {
        if matches!(key.absent, Absent::Required) && self.table.is_some() {
            let hint = format!(
                "{} {}",
                expected(key.kind, &self.at.key(key.name)),
                key.about
            );
            self.refuse(key.name, format!("`{}` is missing.", key.name), hint.trim());
        }
        None
    }
}
