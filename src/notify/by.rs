//! By what somebody wants to be told of what is theirs alone: reminders and digests.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::facts::PersonFacts;
use super::outcome::Why;
use super::posts;
use super::rows::mailbox;
use crate::config::Settings;
use crate::ids::PersonId;
use crate::outbox::{self, store::Claimed};
use crate::people::Role;
use crate::people::chat_account::ChatAccount;

/// By mail, by chat, or by both. Somebody whom chat does not reach is told by mail instead.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
    clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum By {
    /// A mail.
    #[default]
    Mail,
    /// A direct message in chat.
    Chat,
    /// Both.
    Both,
}

impl By {
    /// Whether a mail is wanted.
    #[must_use]
    pub fn mail(self) -> bool {
        self != Self::Chat
    }

    /// Whether chat is wanted.
    #[must_use]
    pub fn chat(self) -> bool {
        self != Self::Mail
    }

    /// The words for a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Mail => "by mail",
            Self::Chat => "by chat",
            Self::Both => "by mail and chat",
        }
    }
}

/// How one person of the staff can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    pub(super) name: String,
    /// The address, or why nothing may go there.
    pub(super) mail: Result<String, Why>,
    /// Their account on a platform that the configuration has: on the first of them.
    pub(super) chat: Option<ChatAccount>,
}

impl Reach {
    /// Whether they can be written to in chat.
    #[must_use]
    pub fn has_chat(&self) -> bool {
        self.chat.is_some()
    }

    /// By what they are told who want to be told so: by mail where chat does not reach them, and the other way round.
    pub(super) fn settle(&self, by: By) -> Result<By, Why> {
        self.choose(by, self.chat.is_some())
    }

    /// The same where what is told in chat may stand in a place of the configuration.
    pub(super) fn settle_in(
        &self,
        settings: &Settings,
        by: By,
        place: Option<(&str, &str)>,
    ) -> Result<By, Why> {
        let Some((platform, place)) = place else {
            return self.settle(by);
        };
        let mut chats = settings.chats.iter();
        let there = chats.any(|chat| chat.name == platform && chat.has_place(place));
        self.choose(by, there)
    }

    /// Whether they are reached at all.
    #[must_use]
    pub fn is_reached(&self, settings: &Settings, by: By, place: Option<(&str, &str)>) -> bool {
        self.settle_in(settings, by, place).is_ok()
    }

    /// Somebody of whom nothing is known but a name and, perhaps, an address: for a preview.
    #[must_use]
    pub fn by_mail_alone(name: &str, address: &str) -> Self {
        Self {
            name: name.to_owned(),
            mail: Ok(address.to_owned()),
            chat: None,
        }
    }

    fn choose(&self, by: By, has_chat: bool) -> Result<By, Why> {
        match (&self.mail, has_chat) {
            (Err(why), false) => Err(*why),
            (Ok(_), false) => Ok(By::Mail),
            (Err(_), true) => Ok(By::Chat),
            (Ok(_), true) => Ok(by),
        }
    }
}

/// How each of these people is reached; those who are no active staff are left out.
///
/// # Errors
/// If the database does not answer.
pub async fn reach(
    conn: &mut PgConnection,
    settings: &Settings,
    people: &[PersonId],
) -> Result<BTreeMap<PersonId, Reach>, sqlx::Error> {
    let ids: Vec<i64> = people.iter().map(|person| person.0).collect();
    let platforms: Vec<String> = settings
        .chats
        .iter()
        .map(|chat| chat.name.clone())
        .collect();
    let rows = sqlx::query!(
        r#"SELECT person.id AS "id: PersonId", person.name, person.role, held.address AS "address?",
                  EXISTS (SELECT FROM suppression WHERE suppression.address = held.address AND lifted_at IS NULL)
                      AS "suppressed!",
                  account.platform AS "platform?", account.user_id AS "user_id?"
           FROM person
           LEFT JOIN person_address AS held ON held.person_id = person.id AND held.is_primary
           LEFT JOIN LATERAL (
               SELECT platform, user_id FROM chat_account
               WHERE chat_account.person_id = person.id AND platform = ANY ($2)
               ORDER BY array_position($2, platform), user_id LIMIT 1) AS account ON true
           WHERE person.id = ANY ($1) AND person.role <> 'customer' AND person.disabled_at IS NULL"#,
        &ids,
        &platforms
    )
    .fetch_all(conn)
    .await?;
    let reached = rows.into_iter().map(|row| {
        let facts = PersonFacts {
            id: row.id,
            name: row.name,
            role: Role::from_key(&row.role),
            disabled: false,
            address: row.address,
            suppressed: row.suppressed,
            answers: 0,
            reach: super::reach::Reach::Mail,
        };
        let mail = match (facts.unreachable(settings), facts.address) {
            (Some(why), _) => Err(why),
            (None, Some(address)) => Ok(address),
            (None, None) => Err(Why::NoAddress),
        };
        let chat = row.platform.zip(row.user_id);
        let reach = Reach {
            name: facts.name,
            mail,
            chat: chat.map(|(platform, user_id)| ChatAccount {
                platform,
                user_id,
                person_id: row.id,
            }),
        };
        (row.id, reach)
    });
    Ok(reached.collect())
}

/// Has a mail tell what chat refused for good, where it is somebody's own matter and they have an address. Returns whether
/// one does.
///
/// # Errors
/// If the database does not answer.
pub async fn mail_instead(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    row: &Claimed,
) -> Result<bool, sqlx::Error> {
    let mailbox = mailbox(settings, None).map(|mailbox| mailbox.name.clone());
    let key = outbox::store::dedupe_key(&mut *conn, row.id).await?;
    let Some(mail) = posts::by_mail_instead(row, &key, mailbox, now) else {
        return Ok(false);
    };
    outbox::enqueue::enqueue(conn, now, vec![mail]).await?;
    Ok(true)
}
