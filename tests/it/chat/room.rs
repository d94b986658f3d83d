//! A desk with a chat: places for billing and for all others, and the verbs of its people.

use frontdesk::chat::{AnswerHandle, ChatEvent, ChatFile, Chatter, EventKind, PostPlace};

use crate::harness::Desk;
use crate::recording::Deed;

/// Where tickets of the billing team stand.
pub const BILLING: &str = "c-billing";
/// Where all others stand.
pub const GENERAL: &str = "c-general";

/// Where customers open tickets and talk with the team.
pub const HELP: &str = "c-help";

/// A desk whose customers are in chat as well.
pub async fn desk_with_customers() -> Desk {
    desk_with(&format!("[chat.customers]\nplace = \"{HELP}\"\n")).await
}

/// A desk with a chat.
pub async fn desk() -> Desk {
    desk_with("").await
}

/// The same with more lines in its configuration.
pub async fn desk_with(more: &str) -> Desk {
    let chat = format!(
        r#"
[[chat]]
name = "chat"
reply_prefix = ">>"

[chat.discord]
token = {{ env = "CHAT" }}
server = "1"

[[chat.place]]
id = "{BILLING}"
team = "billing"

[[chat.place]]
id = "{GENERAL}"

[[chat.role]]
id = "r-agent"
role = "agent"

[[chat.role]]
id = "r-admin"
role = "admin"
{more}
"#
    );
    Desk::open_with(&chat).await
}

/// A mail from a customer.
pub fn mail(from: &str, id: &str, subject: &str, body: &str) -> String {
    format!(
        "From: {from}\nTo: support@desk.test\nSubject: {subject}\nMessage-ID: <{id}>\nDate: Fri, 20 Nov 2026 09:00:00 +0000\n\n{body}\n"
    )
}

/// The deeds as `kind place: text`, for a glance.
pub fn told(deeds: &[Deed]) -> Vec<String> {
    let tell = |deed: &Deed| {
        let place = deed.at.as_ref().map_or("-", |at| at.place.as_str());
        match deed.text().lines().next() {
            Some(first) => format!("{} {place}: {first}", deed.kind()),
            None => format!("{} {place}", deed.kind()),
        }
    };
    deeds.iter().map(tell).collect()
}

/// The thread that was opened.
pub fn thread(deeds: &[Deed]) -> PostPlace {
    let opened = deeds.iter().find(|deed| deed.kind() == "thread");
    opened
        .and_then(|deed| deed.at.clone())
        .unwrap_or_else(|| panic!("a thread in {deeds:#?}"))
}

/// Ada, whose account is linked.
pub fn ada() -> Chatter {
    chatter("u-ada", "Ada", &[])
}

/// Carla, a customer whose account is linked.
pub fn customer() -> Chatter {
    chatter("u-carla", "Carla", &[])
}

/// Somebody whom the desk does not know, with these roles on the platform.
pub fn stranger(roles: &[&str]) -> Chatter {
    chatter("u-stranger", "Sam Stranger", roles)
}

fn chatter(id: &str, name: &str, roles: &[&str]) -> Chatter {
    Chatter {
        id: id.to_owned(),
        name: name.to_owned(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
    }
}

fn event(
    desk: &Desk,
    who: &Chatter,
    at: &PostPlace,
    kind: impl FnOnce(String) -> EventKind,
) -> ChatEvent {
    let key = desk.chat().id();
    ChatEvent {
        platform: "chat".to_owned(),
        at: desk.now(),
        who: who.clone(),
        place: at.clone(),
        kind: kind(key.clone()),
        key,
    }
}

/// Somebody writes something.
pub fn said(desk: &Desk, who: &Chatter, at: &PostPlace, text: &str) -> ChatEvent {
    event(desk, who, at, |post| EventKind::Posted {
        post,
        text: text.to_owned(),
        reply_to: None,
        files: Vec::new(),
        to_us: false,
    })
}

/// The same with files.
pub fn with_files(mut event: ChatEvent, with: Vec<ChatFile>) -> ChatEvent {
    if let EventKind::Posted { files, .. } = &mut event.kind {
        *files = with;
    }
    event
}

/// Somebody presses a button.
pub fn pressed(desk: &Desk, who: &Chatter, at: &PostPlace, action: &str) -> ChatEvent {
    event(desk, who, at, |key| EventKind::Pressed {
        action: action.to_owned(),
        values: Vec::new(),
        post: None,
        answer: AnswerHandle(key),
    })
}

/// Somebody chooses an entry of somebody's own menu.
pub fn chosen(desk: &Desk, who: &Chatter, whom: &Chatter, entry: &str) -> ChatEvent {
    let hall = PostPlace {
        place: "c-hall".to_owned(),
        thread: None,
    };
    event(desk, who, &hall, |key| EventKind::OnPerson {
        name: entry.to_owned(),
        whom: whom.clone(),
        answer: AnswerHandle(key),
    })
}

/// Somebody sends a form with several fields in.
pub fn filled(
    desk: &Desk,
    who: &Chatter,
    at: &PostPlace,
    action: &str,
    values: &[(&str, &str)],
) -> ChatEvent {
    let values = values.iter();
    let values = values.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    event(desk, who, at, |key| EventKind::Submitted {
        action: action.to_owned(),
        values: values.collect(),
        answer: AnswerHandle(key),
    })
}

/// Somebody takes away or changes a message that was written before.
pub fn amended(desk: &Desk, who: &Chatter, said: &ChatEvent, text: Option<&str>) -> ChatEvent {
    event(desk, who, &said.place, |_| match text {
        Some(text) => EventKind::Edited {
            post: said.key.clone(),
            text: text.to_owned(),
        },
        None => EventKind::Deleted {
            post: said.key.clone(),
        },
    })
}

/// Somebody gives a command of the platform's own kind.
pub fn commanded(desk: &Desk, who: &Chatter, at: &PostPlace, line: &str) -> ChatEvent {
    event(desk, who, at, |key| EventKind::Command {
        line: line.to_owned(),
        files: Vec::new(),
        answer: AnswerHandle(key),
    })
}

/// Somebody sends a form in.
pub fn submitted(
    desk: &Desk,
    who: &Chatter,
    at: &PostPlace,
    action: &str,
    text: &str,
) -> ChatEvent {
    event(desk, who, at, |key| EventKind::Submitted {
        action: action.to_owned(),
        values: vec![("text".to_owned(), text.to_owned())],
        answer: AnswerHandle(key),
    })
}
