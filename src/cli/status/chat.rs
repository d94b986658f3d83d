//! How the chats stand.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::super::page;
use crate::config::Settings;
use crate::conversation::Standing;

/// One chat of the configuration.
#[derive(Debug, Serialize)]
pub(super) struct ChatReport {
    name: String,
    checked_at: Option<DateTime<Utc>>,
    missing: Vec<String>,
    last_error: Option<String>,
    credential_refused: bool,
}

/// The chats of the configuration, with what is known of each.
pub(super) fn of(settings: &Settings, standings: Vec<Standing>) -> Vec<ChatReport> {
    let one = |name: &String| {
        let standing = standings.iter().find(|one| one.platform == *name);
        ChatReport {
            name: name.clone(),
            checked_at: standing.and_then(|one| one.checked_at),
            missing: standing.map_or_else(Vec::new, |one| one.missing.clone()),
            last_error: standing.and_then(|one| one.last_error.clone()),
            credential_refused: standing.is_some_and(|one| one.credential_bad),
        }
    };
    settings.chats.iter().map(|chat| one(&chat.name)).collect()
}

/// What needs a person, one sentence each, with what to do.
pub(super) fn attention(chat: &ChatReport) -> Vec<String> {
    let name = &chat.name;
    let error = chat.last_error.as_deref().unwrap_or("no reason known");
    if chat.credential_refused {
        return vec![format!(
            "The chat {name} refuses the login: {error}. Put the token right in the configuration."
        )];
    }
    if chat.last_error.is_some() {
        return vec![format!("The chat {name} cannot be listened to: {error}.")];
    }
    if chat.checked_at.is_none() {
        return vec![format!(
            "The chat {name} was never connected. Is `frontdesk run` running?"
        )];
    }
    let missing = chat.missing.iter();
    missing
        .map(|missing| format!("The chat {name} lacks something: {missing}"))
        .collect()
}

/// The chats as a table; nothing where there are none.
pub(super) fn table(chats: &[ChatReport], ago: &dyn Fn(Option<DateTime<Utc>>) -> String) -> String {
    if chats.is_empty() {
        return String::new();
    }
    let mut table = page::Table::new(&["CHAT", "CHECKED", "LACKS", "TROUBLE"]);
    for chat in chats {
        let lacks = match chat.missing.len() {
            0 => "nothing".to_owned(),
            many => page::count(many, "thing", "things"),
        };
        let trouble = chat.last_error.as_deref().unwrap_or_default();
        table.row([&chat.name, &ago(chat.checked_at), &lacks, trouble]);
    }
    format!("{}\n", table.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat() -> ChatReport {
        ChatReport {
            name: "discord".to_owned(),
            checked_at: DateTime::from_timestamp(1_790_000_000, 0),
            missing: Vec::new(),
            last_error: None,
            credential_refused: false,
        }
    }

    #[test]
    fn a_chat_that_has_everything_needs_nobody() {
        assert!(attention(&chat()).is_empty());
    }

    #[test]
    fn what_is_missing_and_a_refused_login_need_somebody() {
        let missing = ChatReport {
            missing: vec!["Send Messages in 1: no posts".to_owned()],
            ..chat()
        };
        let sentence = "The chat discord lacks something: Send Messages in 1: no posts";
        assert_eq!(attention(&missing), [sentence]);
        let refused = ChatReport {
            credential_refused: true,
            last_error: Some("401".to_owned()),
            ..chat()
        };
        let sentence =
            "The chat discord refuses the login: 401. Put the token right in the configuration.";
        assert_eq!(attention(&refused), [sentence]);
    }
}
