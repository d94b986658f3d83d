//! An archive of mail: where each message lies and how old it is, found without holding more than one in memory.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::config::service::MailLimits;
use crate::mail;

/// Where a message lies.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// From this byte of the mbox file, so many.
    Span(u64, u64),
    /// A file of its own.
    File(PathBuf),
}

/// A message of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    place: Place,
    /// Its `Date`; where it has none, that of the message before it in the archive.
    pub(super) date: Option<DateTime<Utc>>,
}

/// The messages of an archive, oldest first.
#[derive(Debug)]
pub(super) struct Archive {
    path: PathBuf,
    /// The messages.
    pub(super) entries: Vec<Entry>,
}

impl Archive {
    /// The messages of an mbox file.
    pub(super) fn mbox(path: &Path, limits: &MailLimits) -> io::Result<Self> {
        let file = BufReader::new(File::open(path)?);
        Ok(Self::sorted(path, find_messages(file, limits)?))
    }

    /// The files in `new/` and `cur/`, by name where their dates do not tell.
    pub(super) fn maildir(path: &Path, limits: &MailLimits) -> io::Result<Self> {
        let mut files = Vec::new();
        for folder in ["new", "cur"] {
            for entry in fs::read_dir(path.join(folder))? {
                let entry = entry?;
                let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
                if !hidden && entry.file_type()?.is_file() {
                    files.push(entry.path());
                }
            }
        }
        files.sort_by(|one, other| one.file_name().cmp(&other.file_name()));
        let mut entries = Vec::with_capacity(files.len());
        for file in files {
            let mut head = Head::new(limits);
            let mut reader = BufReader::new(File::open(&file)?);
            let mut line = Vec::new();
            while !head.is_whole() && next_line(&mut reader, &mut line)? > 0 {
                head.add(&line);
            }
            entries.push(Entry {
                date: head.date(limits),
                place: Place::File(file),
            });
        }
        Ok(Self::sorted(path, entries))
    }

    fn sorted(path: &Path, mut entries: Vec<Entry>) -> Self {
        let mut last = None;
        for entry in &mut entries {
            entry.date = entry.date.or(last);
            last = entry.date;
        }
        entries.sort_by_key(|entry| entry.date); // stable: file order where dates are the same
        Self {
            path: path.to_owned(),
            entries,
        }
    }

    /// Opens the archive for reading messages.
    pub(super) fn open(&self) -> io::Result<Reader> {
        let mbox = self.path.is_file().then(|| File::open(&self.path));
        Ok(Reader {
            mbox: mbox.transpose()?.map(BufReader::new),
        })
    }
}

/// Reads messages of an archive.
#[derive(Debug)]
pub(super) struct Reader {
    mbox: Option<BufReader<File>>,
}

impl Reader {
    /// A message as it was before it was put into the archive, at most `limit` bytes of it; and its whole size.
    pub(super) fn read(&mut self, entry: &Entry, limit: u64) -> io::Result<(Vec<u8>, u64)> {
        let mut raw = Vec::new();
        match (&entry.place, &mut self.mbox) {
            (Place::Span(from, length), Some(mbox)) => {
                mbox.seek(SeekFrom::Start(*from))?;
                mbox.by_ref()
                    .take((*length).min(limit))
                    .read_to_end(&mut raw)?;
                let raw = unquoted(&raw);
                let kept = u64::try_from(raw.len()).unwrap_or(u64::MAX);
                Ok((raw, if *length > limit { *length } else { kept }))
            }
            (Place::File(path), _) => {
                let file = File::open(path)?;
                let size = file.metadata()?.len();
                file.take(limit).read_to_end(&mut raw)?;
                let kept = u64::try_from(raw.len()).unwrap_or(u64::MAX);
                Ok((raw, size.max(kept)))
            }
            (Place::Span(..), None) => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// Whether a line after an empty one begins a message: `From `, an address and a date with a time (RFC 4155), or
/// any `From ` at the start of the file. Archives of old programs leave `From ` in bodies as it was.
fn begins_a_message(line: &[u8], at: u64) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else {
        return false;
    };
    let is_time = |word: &[u8]| {
        let clock = |byte: &u8| byte.is_ascii_digit() || *byte == b':';
        word.len() >= 4 && word.contains(&b':') && word.iter().all(clock)
    };
    at == 0 || rest.split(|byte| byte.is_ascii_whitespace()).any(is_time)
}

/// Finds the messages of an mbox.
fn find_messages(mut file: impl BufRead, limits: &MailLimits) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut line = Vec::new();
    let mut at = 0_u64;
    let mut after_empty = true;
    let mut current: Option<(u64, Head)> = None;
    let close = |current: Option<(u64, Head)>, end: u64, entries: &mut Vec<Entry>| {
        if let Some((from, head)) = current.filter(|(from, _)| end > *from) {
            entries.push(Entry {
                place: Place::Span(from, end - from),
                date: head.date(limits),
            });
        }
    };
    loop {
        let length = next_line(&mut file, &mut line)?;
        if length == 0 {
            break;
        }
        let next = at + length;
        if after_empty && begins_a_message(&line, at) {
            close(current.take(), at, &mut entries);
            current = Some((next, Head::new(limits)));
        } else if let Some((_, head)) = &mut current {
            head.add(&line);
        }
        after_empty = line.trim_ascii().is_empty();
        at = next;
    }
    close(current, at, &mut entries);
    Ok(entries)
}

/// The longest piece of a line that is looked at; the rest of the line is passed over.
const LONGEST_LINE: u64 = 64 << 10;

/// Reads a line's beginning into `line` and gives the whole line's length; 0 at the end.
fn next_line(file: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    line.clear();
    let mut length = file.by_ref().take(LONGEST_LINE).read_until(b'\n', line)?;
    if length > 0 && !line.ends_with(b"\n") {
        length += file.skip_until(b'\n')?;
    }
    Ok(u64::try_from(length).unwrap_or(u64::MAX))
}

/// A message's header, as far as the limit allows.
#[derive(Debug)]
struct Head {
    bytes: Vec<u8>,
    whole: bool,
    longest: u64,
}

impl Head {
    fn new(limits: &MailLimits) -> Self {
        Self {
            bytes: Vec::new(),
            whole: false,
            longest: limits.header_bytes,
        }
    }

    fn is_whole(&self) -> bool {
        self.whole
    }

    fn add(&mut self, line: &[u8]) {
        if self.whole {
            return;
        }
        self.bytes.extend_from_slice(line);
        let full = u64::try_from(self.bytes.len()).is_ok_and(|length| length > self.longest);
        self.whole = full || line.trim_ascii().is_empty();
    }

    fn date(&self, limits: &MailLimits) -> Option<DateTime<Utc>> {
        mail::understand(&self.bytes, limits).mail.date
    }
}

/// `>From ` in a body stands for `From ` (mboxrd: one `>` less), and the empty line before the next message is the
/// archive's own.
fn unquoted(raw: &[u8]) -> Vec<u8> {
    let raw = raw
        .strip_suffix(b"\r\n\r\n")
        .map(|rest| [rest, b"\r\n"].concat())
        .or_else(|| raw.strip_suffix(b"\n\n").map(|rest| [rest, b"\n"].concat()))
        .unwrap_or_else(|| raw.to_vec());
    let mut message = Vec::with_capacity(raw.len());
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        let quotes = line.iter().take_while(|byte| **byte == b'>').count();
        let quoted = quotes > 0
            && line
                .get(quotes..)
                .is_some_and(|rest| rest.starts_with(b"From "));
        message.extend_from_slice(if quoted {
            line.get(1..).unwrap_or(line)
        } else {
            line
        });
    }
    message
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test may fail loudly"
    )]
    use super::*;

    const MBOX: &str = "\
From carla@customer.test Fri Nov 20 09:00:00 2026
Date: Fri, 20 Nov 2026 09:00:00 +0000
Subject: second

From here on it is quoted by nobody.
>From the archive's point of view this was a line of the body.
>>From twice

From dora@customer.test Thu Nov 19 09:00:00 2026
Date: Thu, 19 Nov 2026 09:00:00 +0000
Subject: first

Hi

From nobody Thu Nov 19 09:00:00 2026
Subject: without a date, after the first

Hi
";

    fn read(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mbox");
        fs::write(&path, text).unwrap();
        let archive = Archive::mbox(&path, &MailLimits::default()).unwrap();
        let mut reader = archive.open().unwrap();
        let read =
            |entry: &Entry| String::from_utf8(reader.read(entry, 1 << 20).unwrap().0).unwrap();
        archive.entries.iter().map(read).collect()
    }

    #[test]
    fn messages_come_oldest_first_and_one_without_a_date_after_the_one_before_it() {
        let messages = read(MBOX);
        let subjects: Vec<&str> = messages
            .iter()
            .map(|message| {
                message
                    .lines()
                    .find_map(|line| line.strip_prefix("Subject: "))
                    .unwrap()
            })
            .collect();
        assert_eq!(
            subjects,
            ["first", "without a date, after the first", "second"]
        );
    }

    #[test]
    fn a_body_is_what_it_was_before_it_was_put_away() {
        let messages = read(MBOX);
        assert!(messages[2].ends_with(
            "\n\nFrom here on it is quoted by nobody.\nFrom the archive's point of view this was a line of the body.\n>From twice\n"
        ), "{:?}", messages[2]);
        assert!(messages[0].ends_with("\n\nHi\n"));
    }

    #[test]
    fn what_is_no_mbox_holds_no_message() {
        assert_eq!(read("Subject: hello\n\nbody\n"), Vec::<String>::new());
        assert_eq!(read(""), Vec::<String>::new());
    }

    #[test]
    fn a_message_over_the_limit_is_read_in_part_with_its_whole_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mbox");
        fs::write(
            &path,
            format!("From x\nSubject: long\n\n{}\n", "a".repeat(500_000)),
        )
        .unwrap();
        let archive = Archive::mbox(&path, &MailLimits::default()).unwrap();
        let (raw, size) = archive
            .open()
            .unwrap()
            .read(&archive.entries[0], 100)
            .unwrap();
        assert_eq!((raw.len(), size), (100, 500_016));
    }
}
