//! Mail from a Maildir: one file a mail, in `new/` until somebody has taken it, then in `cur/`.
//!
//! What waits is every file in `new/` and every file in `cur/` without the flag `S` (seen). A mail client
//! on the same Maildir that marks mail as seen takes it away from Frontdesk.

use std::{
    collections::HashSet,
    fs, io,
    io::Read,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::config::service::{AfterFetch, MailLimits};

use super::source::{
    Batch, Cursor, FetchedMail, MailSource, Position, SourceError, Wake, head_bytes,
};

/// How often a waiting source looks. Looking costs two calls to the file system unless something changed.
const LOOK: Duration = Duration::from_millis(500);
/// Bytes in one batch, all of which are in memory at once. One mail may be larger.
const BATCH_BYTES: u64 = 64 << 20;

/// A Maildir.
#[derive(Debug)]
pub struct MaildirSource {
    root: PathBuf,
    after: AfterFetch,
    limits: MailLimits,
    /// Names this process's cursors, so that those of an earlier one mean nothing.
    session: u32,
    /// The last batch that was given out.
    batch: u32,
    given: Vec<String>,
    /// What is known to be safe but may still lie there.
    safe: HashSet<String>,
    /// When `new/` and `cur/` had last changed as the last listing began.
    looked: Option<[Option<SystemTime>; 2]>,
}

/// A file that waits.
#[derive(Debug, Clone)]
struct Waiting {
    /// Its name without flags.
    key: String,
    path: PathBuf,
    delivered_at: (u64, u32),
    size: u64,
}

impl MaildirSource {
    /// A source on this folder, which holds `new/`, `cur/` and `tmp/`.
    #[must_use]
    pub fn new(root: PathBuf, after: AfterFetch, limits: MailLimits) -> Self {
        Self {
            root,
            after,
            limits,
            session: rand::random(),
            batch: 0,
            given: Vec::new(),
            safe: HashSet::new(),
            looked: None,
        }
    }

    async fn fetch_batch(&mut self, cursor: Cursor, max: usize) -> Result<Batch, SourceError> {
        if cursor.uid_validity == Some(self.session) && cursor.last_uid == self.batch {
            self.safe.extend(self.given.drain(..));
        } else {
            self.given.clear();
        }
        let root = self.root.clone();
        let looked = changes(&root);
        let listed = blocking(move || list(&root)).await?;
        self.looked = Some(looked);
        let there: HashSet<&str> = listed.iter().map(|file| file.key.as_str()).collect();
        self.safe.retain(|key| there.contains(key.as_str()));
        let waiting: Vec<Waiting> = listed
            .iter()
            .filter(|file| !self.safe.contains(&file.key))
            .cloned()
            .collect();
        let waiting_in_all = waiting.len();
        let limits = self.limits;
        let read = blocking(move || Ok(read(waiting, max.max(1), &limits))).await?;
        let more = waiting_in_all > read.looked_at;
        self.given = read.keys;
        if !self.given.is_empty() {
            self.batch = self.batch.wrapping_add(1);
        }
        Ok(Batch {
            mails: read.mails,
            cursor: if self.given.is_empty() {
                cursor
            } else {
                Cursor {
                    uid_validity: Some(self.session),
                    last_uid: self.batch,
                }
            },
            more,
            unreadable: read.unreadable,
        })
    }

    async fn acknowledge_all(
        &self,
        positions: &[Position],
        after: AfterFetch,
    ) -> Result<(), SourceError> {
        let keys: HashSet<String> = positions
            .iter()
            .filter_map(|position| match position {
                Position::Maildir { file } => Some(file.clone()),
                _ => None,
            })
            .collect();
        if keys.is_empty() {
            return Ok(());
        }
        let root = self.root.clone();
        blocking(move || settle(&root, &after, &keys)).await
    }

    async fn wait_for_mail(
        &self,
        at_most: Duration,
        stop: &CancellationToken,
    ) -> Result<Wake, SourceError> {
        let until = Instant::now() + at_most;
        loop {
            let pause = LOOK.min(until.saturating_duration_since(Instant::now()));
            if stop.run_until_cancelled(sleep(pause)).await.is_none() {
                return Ok(Wake::Stopped);
            }
            if self.looked != Some(changes(&self.root)) {
                return Ok(Wake::Mail);
            }
            if Instant::now() >= until {
                return Ok(Wake::Elapsed);
            }
        }
    }
}

impl MailSource for MaildirSource {
    fn fetch<'a>(
        &'a mut self,
        cursor: &'a Cursor,
        max: usize,
    ) -> BoxFuture<'a, Result<Batch, SourceError>> {
        Box::pin(self.fetch_batch(*cursor, max))
    }

    fn acknowledge<'a>(
        &'a mut self,
        positions: &'a [Position],
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(self.acknowledge_all(positions, self.after.clone()))
    }

    fn keep<'a>(&'a mut self, positions: &'a [Position]) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(self.acknowledge_all(positions, AfterFetch::Keep))
    }

    fn wait<'a>(
        &'a mut self,
        at_most: Duration,
        stop: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<Wake, SourceError>> {
        Box::pin(self.wait_for_mail(at_most, stop))
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(SourceError::Storage(error.to_string())))
}

fn failed(path: &Path, error: &io::Error) -> SourceError {
    SourceError::Storage(format!("{}: {error}", path.display()))
}

/// When `new/` and `cur/` last changed.
fn changes(root: &Path) -> [Option<SystemTime>; 2] {
    ["new", "cur"].map(|folder| {
        fs::metadata(root.join(folder))
            .and_then(|data| data.modified())
            .ok()
    })
}

/// A file's name; bytes that are no text stand as `%FF`, since every mail needs a name by which it is known.
fn name_of(entry: &fs::DirEntry) -> String {
    entry.file_name().into_string().unwrap_or_else(|name| {
        let bytes = name.as_encoded_bytes().iter();
        let text = bytes.map(|byte| match byte {
            b' '..=b'~' => char::from(*byte).to_string(),
            _ => format!("%{byte:02X}"),
        });
        text.collect()
    })
}

/// A file's name without its flags, and the flags (`NAME:2,FLAGS`).
fn split(name: &str) -> (&str, &str) {
    match name.split_once(":2,") {
        Some((key, flags)) => (key, flags),
        None => (name.split_once(':').map_or(name, |(key, _)| key), ""),
    }
}

/// The time in a name of the form `SECONDS.M<microseconds>P<pid>….HOST`.
fn delivered_at(name: &str) -> Option<(u64, u32)> {
    let (seconds, rest) = name.split_once('.')?;
    let micros = rest
        .split_once('M')
        .map(|(_, digits)| digits)
        .map(|digits| {
            let end = digits
                .find(|character: char| !character.is_ascii_digit())
                .unwrap_or(digits.len());
            digits.get(..end).unwrap_or_default()
        })
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0);
    Some((seconds.parse().ok()?, micros))
}

/// All files that wait, oldest first.
fn list(root: &Path) -> Result<Vec<Waiting>, SourceError> {
    let mut files = Vec::new();
    for folder in ["new", "cur"] {
        let folder = root.join(folder);
        for entry in fs::read_dir(&folder).map_err(|error| failed(&folder, &error))? {
            let entry = entry.map_err(|error| failed(&folder, &error))?;
            let name = name_of(&entry);
            let (key, flags) = split(&name);
            if name.starts_with('.') || key.is_empty() || flags.contains('S') {
                continue;
            }
            // A mail client may move a file between the two calls: the next listing has it.
            let Ok(data) = entry.metadata() else { continue };
            if !data.is_file() {
                continue;
            }
            let changed = || {
                let age = data.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
                Some((age.as_secs(), age.subsec_micros()))
            };
            files.push(Waiting {
                key: key.to_owned(),
                path: entry.path(),
                delivered_at: delivered_at(key).or_else(changed).unwrap_or_default(),
                size: data.len(),
            });
        }
    }
    files.sort_by(|one, other| (one.delivered_at, &one.key).cmp(&(other.delivered_at, &other.key)));
    files.dedup_by(|one, other| one.key == other.key);
    Ok(files)
}

#[derive(Default)]
struct Taken {
    mails: Vec<FetchedMail>,
    unreadable: Vec<(Position, String)>,
    keys: Vec<String>,
    looked_at: usize,
}

fn read(waiting: Vec<Waiting>, max: usize, limits: &MailLimits) -> Taken {
    let mut done = Taken::default();
    let mut bytes = 0_u64;
    for file in waiting {
        if done.keys.len() >= max || (bytes > BATCH_BYTES && !done.keys.is_empty()) {
            break;
        }
        done.looked_at += 1;
        let truncated = file.size > limits.message_bytes;
        let length = if truncated {
            head_bytes(limits)
        } else {
            // A file in a Maildir does not grow; if it does all the same, it does so within bounds.
            limits.message_bytes
        };
        let position = Position::Maildir {
            file: file.key.clone(),
        };
        match contents(&file.path, length) {
            Ok(raw) => {
                bytes = bytes.saturating_add(u64::try_from(raw.len()).unwrap_or(u64::MAX));
                let (seconds, micros) = file.delivered_at;
                done.mails.push(FetchedMail {
                    position,
                    raw,
                    size: file.size,
                    truncated,
                    received_at: i64::try_from(seconds).ok().and_then(|at| {
                        DateTime::<Utc>::from_timestamp(at, micros.checked_mul(1_000)?)
                    }),
                });
            }
            // Taken or moved by somebody else in this moment.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => done.unreadable.push((position, error.to_string())),
        }
        done.keys.push(file.key);
    }
    done
}

fn contents(path: &Path, length: u64) -> io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    fs::File::open(path)?.take(length).read_to_end(&mut raw)?;
    Ok(raw)
}

/// Does what `after` says with the files of these names, wherever they lie by now.
fn settle(root: &Path, after: &AfterFetch, keys: &HashSet<String>) -> Result<(), SourceError> {
    let target = match after {
        AfterFetch::Keep => root.join("cur"),
        AfterFetch::Move(folder) => subfolder(root, folder)?.join("cur"),
        AfterFetch::Delete => PathBuf::new(),
    };
    for folder in ["new", "cur"] {
        let folder = root.join(folder);
        for entry in fs::read_dir(&folder).map_err(|error| failed(&folder, &error))? {
            let entry = entry.map_err(|error| failed(&folder, &error))?;
            let name = name_of(&entry);
            let (key, flags) = split(&name);
            if !keys.contains(key) {
                continue;
            }
            let path = entry.path();
            let done = if *after == AfterFetch::Delete {
                fs::remove_file(&path)
            } else {
                let to = target.join(format!("{key}:2,{}", with_seen(flags)));
                if to == path {
                    Ok(())
                } else {
                    fs::rename(&path, to)
                }
            };
            match done {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed(&path, &error));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Flags stand in ASCII order, each once.
fn with_seen(flags: &str) -> String {
    let mut flags: Vec<char> = flags.chars().chain(['S']).collect();
    flags.sort_unstable();
    flags.dedup();
    flags.into_iter().collect()
}

/// The Maildir++ folder of this name, made if it is missing. `/` separates levels, which Maildir++ writes as a dot.
fn subfolder(root: &Path, name: &str) -> Result<PathBuf, SourceError> {
    let levels: Vec<&str> = name.split(['/', '.']).collect();
    if levels.iter().any(|level| level.is_empty()) {
        return Err(SourceError::Folder(format!("{name:?} is no folder name")));
    }
    let folder = root.join(format!(".{}", levels.join(".")));
    for part in ["tmp", "new", "cur"] {
        let part = folder.join(part);
        fs::create_dir_all(&part).map_err(|error| failed(&part, &error))?;
    }
    let mark = folder.join("maildirfolder");
    if !mark.exists() {
        fs::write(&mark, b"").map_err(|error| failed(&mark, &error))?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests;
