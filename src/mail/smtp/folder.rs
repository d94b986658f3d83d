//! The route without a server: each message becomes an `.eml` file, for demonstrations and trials.

use std::{fs, io, io::Write, path::PathBuf};

use chrono::{DateTime, Utc};

use crate::clock::Clock;

use super::{Accepted, SendFailure};

#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    clock: Clock,
}

impl Folder {
    pub(super) fn new(path: PathBuf, clock: Clock) -> Self {
        Self { path, clock }
    }

    /// Writes the message as a server would deliver it: with the envelope on top (RFC 5321, section 4.4).
    pub(super) async fn write(
        &self,
        envelope_from: Option<&str>,
        to: &str,
        message: &[u8],
    ) -> Result<Accepted, SendFailure> {
        let mut bytes = format!(
            "Return-Path: <{}>\r\nDelivered-To: {to}\r\n",
            envelope_from.unwrap_or_default()
        )
        .into_bytes();
        bytes.extend_from_slice(message);
        let folder = self.path.clone();
        let stem = stem(self.clock.now(), to);
        let name = tokio::task::spawn_blocking(move || write(&folder, &stem, &bytes))
            .await
            .map_err(|error| SendFailure::Unreachable(error.to_string()))?
            .map_err(|error| {
                SendFailure::Unreachable(format!("{}: {error}", self.path.display()))
            })?;
        Ok(Accepted {
            by: self.path.display().to_string(),
            reply: name,
            refused_login: None,
        })
    }
}

/// A file name that sorts by time and shows the recipient: `20261120T091500.123-to-ada_at_example.net`.
fn stem(at: DateTime<Utc>, to: &str) -> String {
    let to: String = to
        .replace('@', "_at_")
        .chars()
        .map(|character| match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' | '+' => character,
            _ => '_',
        })
        .take(100)
        .collect();
    format!("{}-to-{to}", at.format("%Y%m%dT%H%M%S%.3f"))
}

/// The file appears whole or not at all, and never takes the place of another one.
fn write(folder: &std::path::Path, stem: &str, bytes: &[u8]) -> io::Result<String> {
    fs::create_dir_all(folder)?;
    let hidden = folder.join(format!(".{}.tmp", uuid::Uuid::new_v4()));
    let written = (|| {
        let mut file = fs::File::create_new(&hidden)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        for attempt in 0_u32.. {
            let name = match attempt {
                0 => format!("{stem}.eml"),
                more => format!("{stem}-{more}.eml"),
            };
            match fs::hard_link(&hidden, folder.join(&name)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                done => return done.map(|()| name),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    })();
    let removed = fs::remove_file(&hidden);
    let name = written?;
    removed?;
    Ok(name)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may end at once")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_messages_in_one_moment_are_two_whole_files() {
        let place = tempfile::tempdir().unwrap();
        let at = "2026-11-20T09:15:00.123Z".parse().unwrap();
        let folder = Folder::new(place.path().join("out"), Clock::manual(at));
        let message = b"Subject: x\r\n\r\nbody\r\n";
        let one = folder
            .write(None, "customer@example.net", message)
            .await
            .unwrap();
        let two = folder
            .write(Some("help@example.org"), "customer@example.net", message)
            .await
            .unwrap();
        assert_eq!(
            one.reply,
            "20261120T091500.123-to-customer_at_example.net.eml"
        );
        assert_eq!(
            two.reply,
            "20261120T091500.123-to-customer_at_example.net-1.eml"
        );
        let mut names: Vec<_> = fs::read_dir(place.path().join("out"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.len(), 2, "no temporary file is left: {names:?}");
        let text = fs::read_to_string(place.path().join("out").join(&one.reply)).unwrap();
        assert_eq!(
            text,
            "Return-Path: <>\r\nDelivered-To: customer@example.net\r\nSubject: x\r\n\r\nbody\r\n"
        );
    }

    #[test]
    fn a_hostile_recipient_stays_within_the_folder() {
        let at = DateTime::UNIX_EPOCH;
        let name = stem(at, "../../etc/pass wd@example.net");
        assert_eq!(
            name,
            "19700101T000000.000-to-.._.._etc_pass_wd_at_example.net"
        );
    }
}
