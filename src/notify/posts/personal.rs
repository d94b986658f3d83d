//! What goes to one person in chat, or to a place and is no ticket's: reminders, digests and alarms. Their rows hold what
//! the mail's row would hold, so that a mail goes out where chat refuses them for good.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::super::draft::Head;
use super::super::render::{RenderError, Templates};
use super::{Draft, Post, PostError, Written, card};
use crate::chat::{Act, Button, Card, ChatFile, Choice, Choices, Message, PostPlace, Tone};
use crate::config::Settings;
use crate::config::chat::ChatSettings;
use crate::outbox::store::Claimed;
use crate::outbox::{Channel, NewRow};
use crate::people::chat_account::{self, ChatAccount};
use crate::plot::{self, Chart};

/// The rows of reminders, of digests, of agents' own lists, and of alarms.
const REMINDER: &str = "chat_reminder";
const DIGEST: &str = "chat_digest";
const MORNING: &str = "chat_morning";
const ALARM: &str = "chat_alarm";
const ALL: [&str; 4] = [REMINDER, DIGEST, MORNING, ALARM];

/// How many reminders the lists of one message name; platforms take no more.
const LISTED: usize = 25;

/// Whether a row of this template is written here.
pub(super) fn is_personal(template: &str) -> bool {
    ALL.contains(&template)
}

/// The row that writes to a person alone what the mail would tell them.
pub(in super::super) fn to_person(mail: NewRow, account: &ChatAccount) -> NewRow {
    let address = format!("{}:@{}", account.platform, account.user_id);
    let to = json!({"platform": account.platform, "user": account.user_id});
    in_chat(mail, address, &to)
}

/// The row that posts in a place what the mail would tell its reader.
pub(in super::super) fn to_place(mail: NewRow, platform: &str, place: &str) -> NewRow {
    let address = format!("{platform}:{place}");
    in_chat(
        mail,
        address,
        &json!({"platform": platform, "place": place}),
    )
}

fn in_chat(mail: NewRow, address: String, to: &Value) -> NewRow {
    let mut draft = mail.draft;
    if let (Some(draft), Some(to)) = (draft.as_object_mut(), to.as_object()) {
        draft.extend(to.clone());
    }
    NewRow {
        channel: Channel::Chat,
        dedupe_key: format!("chat:{}", mail.dedupe_key),
        conversation: format!("chat:{address}"),
        template: match mail.template {
            "reminder" => REMINDER,
            "morning" => MORNING,
            "alarm" => ALARM,
            _ => DIGEST,
        },
        draft,
        message_id: format!("chat.{}", mail.message_id),
        mailbox: None,
        automatic: false,
        address,
        ..mail
    }
}

/// The mail that tells what chat would not take; nothing for rows that are no such matter, or whose reader has no
/// address. Where the mail went out anyway, it has the same key.
#[must_use]
pub fn by_mail_instead(
    row: &Claimed,
    dedupe_key: &str,
    mailbox: Option<String>,
    now: DateTime<Utc>,
) -> Option<NewRow> {
    let template = match row.template.as_str() {
        REMINDER => "reminder",
        DIGEST => "digest",
        MORNING => "morning",
        _ => return None,
    };
    let head: Head = serde_json::from_value(row.draft.get("mail")?.clone()).ok()?;
    let address = head.to.into_iter().next()?.address;
    let message_id = row.message_id.strip_prefix("chat.")?.to_owned();
    (!address.is_empty()).then(|| NewRow {
        channel: Channel::Mail,
        dedupe_key: dedupe_key
            .strip_prefix("chat:")
            .unwrap_or(dedupe_key)
            .to_owned(),
        conversation: format!("instead:{}", row.id),
        audience: row.audience,
        template,
        draft: row.draft.clone(),
        ticket_id: None,
        comment_id: None,
        recipient_id: row.recipient_id,
        address,
        mailbox,
        message_id,
        automatic: true,
        bundle: None,
        due_at: now,
    })
}

/// Says what is to be done for a row.
pub(super) async fn write(
    conn: &mut PgConnection,
    settings: &Settings,
    templates: &Templates,
    draft: &Draft,
    row: &Claimed,
) -> Written {
    let place = match (draft.user.as_str(), draft.place.as_str()) {
        ("", place) => Some(place),
        _ => None,
    };
    let may_go = match place {
        Some(place) => {
            let mut chats = settings.chats.iter();
            let is_told = |chat: &ChatSettings| match row.template.as_str() {
                ALARM => chat.operators.as_deref() == Some(place),
                _ => chat.has_place(place),
            };
            chats.any(|chat| chat.name == draft.platform && is_told(chat))
        }
        None => is_theirs(conn, draft, row).await?,
    };
    if !may_go {
        let to = place.map_or_else(|| format!("@{}", draft.user), str::to_owned);
        return Ok(Err(PostError::Place(to)));
    }
    let message = match row.template.as_str() {
        REMINDER => reminder(templates, &row.draft).map_err(PostError::from),
        ALARM => {
            let text = templates.post("alarm", &row.draft);
            text.map(Message::text).map_err(PostError::from)
        }
        _ => digest(templates, &row.draft),
    };
    Ok(message.map(|message| {
        Post::Acts(vec![match place {
            Some(place) => Act::Post {
                place: PostPlace {
                    place: place.to_owned(),
                    thread: None,
                },
                message,
            },
            None => Act::Direct {
                user: draft.user.clone(),
                message,
            },
        }])
    }))
}

/// Whether the account is still the reader's, and the reader still staff.
async fn is_theirs(
    conn: &mut PgConnection,
    draft: &Draft,
    row: &Claimed,
) -> Result<bool, sqlx::Error> {
    let person = chat_account::person(conn, &draft.platform, &draft.user).await?;
    Ok(
        person
            .is_some_and(|person| person.is_active_staff() && Some(person.id) == row.recipient_id),
    )
}

/// One reminder has buttons; of several, each stands in lists.
fn reminder(templates: &Templates, draft: &Value) -> Result<Message, RenderError> {
    let text = templates.post("reminder", draft)?;
    let all: Vec<(i64, String)> = listed(draft, "reminders")
        .filter_map(|one| {
            let words = [text_of(one, "text"), text_of(one, "number")];
            let words = words.into_iter().find(|words| !words.is_empty());
            Some((one.get("id")?.as_i64()?, words.unwrap_or_default()))
        })
        .collect();
    let mut message = Message::text(text);
    match all.as_slice() {
        [(id, _)] => {
            let button = |(label, action): (&str, String), tone| Button {
                action,
                label: label.to_owned(),
                tone,
            };
            let [done, later @ ..] = deeds(*id);
            let mut row = vec![button(done, Tone::Good)];
            row.extend(later.map(|deed| button(deed, Tone::Plain)));
            message.buttons = vec![row];
        }
        all => message.choices = lists(all),
    }
    Ok(message)
}

/// What can be done with a reminder, and the actions that do it.
fn deeds(id: i64) -> [(&'static str, String); 5] {
    [
        ("Done", format!("run:reminder done {id}")),
        ("In 1 hour", format!("run:reminder later {id} in 1 hour")),
        ("Tomorrow", format!("run:reminder later {id} tomorrow")),
        ("Next week", format!("run:reminder later {id} next week")),
        ("Another time …", format!("later:{id}")),
    ]
}

fn lists(all: &[(i64, String)]) -> Vec<Choices> {
    let names = deeds(0).map(|(label, _)| label);
    let list = |(at, label): (usize, &'static str)| Choices {
        action: format!("reminders:{at}"),
        label: label.to_owned(),
        choices: all
            .iter()
            .take(LISTED)
            .filter_map(|(id, words)| {
                let (_, value) = deeds(*id).into_iter().nth(at)?;
                let words: String = words.chars().take(60).collect();
                Some(Choice {
                    value,
                    label: format!("{id} {words}").trim_end().to_owned(),
                })
            })
            .collect(),
    };
    names.into_iter().enumerate().map(list).collect()
}

/// A card with the figures, what needs a person, and the charts as one image.
fn digest(templates: &Templates, draft: &Value) -> Result<Message, PostError> {
    let text = templates.post("digest", draft)?;
    let parsed: Card = card::parse(&templates.post("digest_card", draft)?);
    let charts: Vec<Chart> = listed(draft, "charts")
        .filter_map(|picture| serde_json::from_value(picture.get("chart")?.clone()).ok())
        .collect();
    let mut files = Vec::new();
    if !charts.is_empty() {
        let content =
            plot::png_of_all(&charts).map_err(|error| PostError::Picture(error.to_string()))?;
        files.push(ChatFile {
            name: "charts.png".to_owned(),
            content_type: "image/png".to_owned(),
            size: u64::try_from(content.len()).unwrap_or(u64::MAX),
            url: None,
            content,
        });
    }
    Ok(Message {
        card: (!parsed.fields.is_empty()).then_some(parsed),
        files,
        ..Message::text(text)
    })
}

fn listed<'a>(draft: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    draft
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn text_of(value: &Value, key: &str) -> String {
    value
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
