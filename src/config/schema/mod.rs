//! Every key of the configuration, once: its type, default, range, unit and meaning. The reader takes its defaults
//! and checks from here, and docs/configuration.md is printed from here.

mod chat;
mod desk;
mod mailbox;
mod rule;
mod schedule;
mod service;
mod sla;

pub(super) use desk::DESK;
pub(super) use service::ROOT;

/// One table of the file.
#[derive(Debug)]
pub(super) struct Section {
    /// What the table is for, as Markdown.
    pub about: &'static str,
    /// Its keys, in the order of the documentation.
    pub keys: &'static [Key],
}

/// One key.
#[derive(Debug)]
pub(super) struct Key {
    /// As it stands in the file.
    pub name: &'static str,
    /// What may stand there.
    pub kind: Kind,
    /// What holds where it is absent.
    pub absent: Absent,
    /// What it does, as Markdown.
    pub about: &'static str,
}

/// What may stand at a key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Text of one line, not empty.
    Line,
    /// A word by which commands and other keys refer to the entry.
    Word,
    /// A word that stands as the `key` in one of the desk's lists, such as `status`.
    Of(&'static str),
    /// One of these words; the second of each pair says what it means.
    Choice(&'static [(&'static str, &'static str)]),
    /// A whole number in a range, with its unit.
    Number {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
        /// What is counted.
        unit: &'static str,
    },
    /// `true` or `false`.
    Switch,
    /// `local@domain`.
    Address,
    /// A mail domain.
    Domain,
    /// A host name or IP address.
    Host,
    /// An `https` address; `http` on the loopback only.
    Endpoint,
    /// A path, relative to the folder of the configuration file.
    Path,
    /// A path of a file that must be there.
    ExistingFile,
    /// An IANA time zone.
    Zone,
    /// A number format.
    NumberFormat,
    /// A range of working hours.
    Hours,
    /// YYYY-MM-DD.
    Date,
    /// A recurrence, as in a crontab.
    Recurrence,
    /// A log filter.
    Filter,
    /// `{ env = … }` or `{ file = … }`, with the least length in bytes.
    Secret {
        /// The least length in bytes.
        at_least: usize,
    },
    /// `"keep"`, `"delete"` or `{ move = "folder" }`.
    After,
    /// A list of such values.
    List(&'static Kind),
    /// Custom fields and their values.
    FieldValues,
    /// A table.
    Table(&'static Section),
    /// A list of tables.
    Tables(&'static Section),
    /// A table, or the path of a file that holds its keys.
    TableOrFile(&'static Section),
}

/// What holds where a key is absent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Absent {
    /// The key must be there.
    Required,
    /// Nothing; the text says what that means.
    Means(&'static str),
    /// This text.
    Text(&'static str),
    /// This number.
    Number(u64),
    /// This switch.
    Switch(bool),
}

impl Key {
    const fn required(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self {
            name,
            kind,
            absent: Absent::Required,
            about,
        }
    }

    const fn optional(
        name: &'static str,
        kind: Kind,
        means: &'static str,
        about: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            absent: Absent::Means(means),
            about,
        }
    }

    const fn text(
        name: &'static str,
        kind: Kind,
        default: &'static str,
        about: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            absent: Absent::Text(default),
            about,
        }
    }

    const fn switch(name: &'static str, default: bool, about: &'static str) -> Self {
        Self {
            name,
            kind: Kind::Switch,
            absent: Absent::Switch(default),
            about,
        }
    }

    const fn number(name: &'static str, default: u64, kind: Kind, about: &'static str) -> Self {
        Self {
            name,
            kind,
            absent: Absent::Number(default),
            about,
        }
    }
}

const fn count(min: u64, max: u64, unit: &'static str) -> Kind {
    Kind::Number { min, max, unit }
}

impl Section {
    /// The key of this name.
    pub fn find(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Kind {
    /// The section below, where there is one.
    pub fn section(&self) -> Option<&'static Section> {
        match self {
            Self::Table(section) | Self::Tables(section) | Self::TableOrFile(section) => {
                Some(section)
            }
            _ => None,
        }
    }
}
