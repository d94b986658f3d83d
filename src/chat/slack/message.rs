//! A message of Slack's as it is told or read, and what the house takes from it.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::chat::ChatFile;

/// A message. Slack leaves out what is empty, or says `null`.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default)]
pub(super) struct Told {
    pub subtype: Option<String>,
    pub user: Option<String>,
    pub bot_id: Option<String>,
    pub text: Option<String>,
    pub ts: Option<String>,
    pub thread_ts: Option<String>,
    pub edited: Option<Edited>,
    pub files: Option<Vec<File>>,
    pub attachments: Option<Vec<Attachment>>,
    pub metadata: Option<Metadata>,
    /// The newest message of the thread that it begins.
    pub latest_reply: Option<String>,
}

#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default)]
pub(super) struct Edited {
    pub ts: String,
}

/// Something attached to a message: here, another message that it passes on.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default)]
pub(super) struct Attachment {
    is_share: bool,
    text: Option<String>,
    files: Option<Vec<File>>,
}

#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default)]
pub(super) struct File {
    name: Option<String>,
    title: Option<String>,
    mimetype: Option<String>,
    size: Option<u64>,
    url_private_download: Option<String>,
    url_private: Option<String>,
    mode: Option<String>,
}

#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default)]
pub(super) struct Metadata {
    pub event_type: String,
    pub event_payload: serde_json::Value,
}

impl Told {
    /// Its id.
    pub fn ts(&self) -> &str {
        self.ts.as_deref().unwrap_or_default()
    }

    /// Whether a person said it, as against an app or Slack itself.
    pub fn by_a_person(&self) -> bool {
        let said = matches!(
            self.subtype.as_deref(),
            None | Some("file_share" | "thread_broadcast" | "me_message")
        );
        let user = self.user.as_deref();
        said && self.bot_id.is_none() && user.is_some_and(|user| user != "USLACKBOT")
    }

    /// The thread it stands in, if it does not begin one.
    pub fn thread(&self) -> Option<String> {
        let thread = self.thread_ts.clone();
        thread.filter(|thread| thread != self.ts())
    }

    /// Its text in Slack's dialect, with what it passes on.
    pub fn words(&self) -> String {
        let mut words = self.text.clone().unwrap_or_default();
        for shared in self.shared() {
            let text = shared.text.as_deref().unwrap_or_default();
            if !words.is_empty() && !text.is_empty() {
                words.push('\n');
            }
            words.push_str(text);
        }
        words
    }

    fn shared(&self) -> impl Iterator<Item = &Attachment> {
        let all = self.attachments.iter().flatten();
        all.filter(|attachment| attachment.is_share)
    }

    /// Its files, with those of what it passes on.
    pub fn files(&self) -> Vec<ChatFile> {
        let own = self.files.iter().flatten();
        let shared = self.shared().flat_map(|it| it.files.iter().flatten());
        own.chain(shared)
            .filter(|file| file.mode.as_deref() != Some("tombstone"))
            .map(chat_file)
            .collect()
    }
}

fn chat_file(file: &File) -> ChatFile {
    let name = file.name.as_ref().or(file.title.as_ref());
    let url = file.url_private_download.as_ref();
    ChatFile {
        name: name.cloned().unwrap_or_else(|| "file".to_owned()),
        content_type: file
            .mimetype
            .clone()
            .unwrap_or_else(|| "application/octet-stream".to_owned()),
        size: file.size.unwrap_or_default(),
        url: url.or(file.url_private.as_ref()).cloned(),
        content: Vec::new(),
    }
}

/// The time that a message's id says: `1700000000.000200`, in seconds.
pub(super) fn time(ts: &str) -> Option<DateTime<Utc>> {
    let (seconds, micros) = ts.split_once('.').unwrap_or((ts, "0"));
    let nanos = micros.parse::<u32>().ok()?.checked_mul(1_000)?;
    DateTime::from_timestamp(seconds.parse().ok()?, nanos)
}

/// The id that a message of that time would have.
pub(super) fn ts(at: DateTime<Utc>) -> String {
    format!("{}.{:06}", at.timestamp(), at.timestamp_subsec_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_time() {
        let at = time("1700000000.000200").unwrap_or_default();
        assert_eq!(at.timestamp_micros(), 1_700_000_000_000_200);
        assert_eq!(ts(at), "1700000000.000200");
        assert_eq!(time("x"), None);
    }
}
