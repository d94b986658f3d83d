//! What is wrong with a configuration, said so that it can be put right.

use std::fmt;
use std::path::PathBuf;

/// One thing that is wrong. It never holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, as it was named on the command line or in the file that includes it.
    pub file: PathBuf,
    /// The line, counted from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// The column in characters, counted from 1; 0 where the file as a whole is meant.
    pub column: usize,
    /// The full key in that file, list entries counted from 1: `mailbox[1].imap.port`. Empty where no key is meant.
    pub key: String,
    /// What is wrong, as a sentence.
    pub what: String,
    /// What would be right, as a sentence.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        if !self.key.is_empty() {
            write!(f, "  {}", self.key)?;
        }
        write!(f, "\n    {}", self.what)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n    {hint}")?;
        }
        Ok(())
    }
}

/// Everything that is wrong, in the order of the files and lines. There is at least one problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Gives what was loaded where nothing is wrong with it.
    pub(super) fn none_in<T>(loaded: Option<T>, mut all: Vec<Problem>) -> Result<T, Self> {
        if let (Some(loaded), true) = (loaded, all.is_empty()) {
            return Ok(loaded);
        }
        // A stable sort: the files keep the order in which they were read.
        let mut files: Vec<PathBuf> = Vec::new();
        for problem in &all {
            if !files.contains(&problem.file) {
                files.push(problem.file.clone());
            }
        }
        all.sort_by_key(|problem| {
            let file = files.iter().position(|file| *file == problem.file);
            (file, problem.line, problem.column)
        });
        Err(Self(all))
    }

    /// The problems.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Something wrong at a key, before it is known in which file and line the key stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key.
    pub at: KeyPath,
    /// What is wrong, as a sentence.
    pub what: String,
    /// What would be right, as a sentence.
    pub hint: Option<String>,
    /// The keys from whose values the fault was concluded. Where one of them could not be read, the conclusion is void.
    pub grounds: Vec<KeyPath>,
}

impl Fault {
    /// Takes what is wrong and what would be right.
    pub fn new(at: KeyPath, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            at,
            what: what.into(),
            hint: Some(hint.into()),
            grounds: Vec::new(),
        }
    }

    /// Names the keys from whose values the fault was concluded, besides its own.
    #[must_use]
    pub fn concluded_from(mut self, grounds: impl IntoIterator<Item = KeyPath>) -> Self {
        self.grounds.extend(grounds);
        self
    }

    /// Takes what is wrong where that says all.
    pub fn plain(at: KeyPath, what: impl Into<String>) -> Self {
        Self {
            at,
            what: what.into(),
            hint: None,
            grounds: Vec::new(),
        }
    }
}

/// The way to a key from the top of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyPath(Vec<Step>);

/// One step of a [`KeyPath`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into a table.
    Key(String),
    /// Into a list, counted from 0.
    Item(usize),
}

impl KeyPath {
    /// The top of a file.
    #[must_use]
    pub fn top() -> Self {
        Self::default()
    }

    /// A key within this table.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Key(key.to_owned()));
        Self(steps)
    }

    /// An entry of this list, counted from 0.
    #[must_use]
    pub fn item(&self, at: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Item(at));
        Self(steps)
    }

    /// The path as it stands in the line that begins a table, where entries of lists have no numbers.
    #[must_use]
    pub fn header(&self) -> String {
        let keys = self.0.iter().filter(|step| matches!(step, Step::Key(_)));
        Self(keys.cloned().collect()).to_string()
    }

    /// The steps from the top.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// This path seen from the table at `prefix`.
    #[must_use]
    pub fn under(&self, prefix: &Self) -> Self {
        let mut steps = prefix.0.clone();
        steps.extend(self.0.iter().cloned());
        Self(steps)
    }
}

/// Entries of lists are counted from 1, as people count them.
impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Item(item) => write!(f, "[{}]", item + 1)?,
                Step::Key(key) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    if is_bare(key) {
                        f.write_str(key)?;
                    } else {
                        write!(f, "{:?}", shown(key))?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn is_bare(key: &str) -> bool {
    !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// A value for a message: cut after 60 characters and without control characters, since it may end on a terminal.
#[must_use]
pub fn shown(value: &str) -> String {
    let mut text: String = value
        .chars()
        .take(60)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if value.chars().nth(60).is_some() {
        text.push('…');
    }
    text
}

/// `a`, `b` and `c`, for messages.
#[must_use]
pub fn listed<S: AsRef<str>>(all: &[S]) -> String {
    let quoted: Vec<String> = all
        .iter()
        .map(|one| format!("`{}`", shown(one.as_ref())))
        .collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// The known word that somebody who wrote `word` most probably meant.
#[must_use]
pub fn nearest<'a, S: AsRef<str>>(word: &str, known: &'a [S]) -> Option<&'a str> {
    let word = word.to_lowercase();
    known
        .iter()
        .map(|candidate| {
            let candidate = candidate.as_ref();
            (
                strsim::jaro_winkler(&word, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
