//! Who somebody on a platform is to the desk, and what they may do here.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::chat::Chatter;
use crate::config::chat::{ChatSettings, PlatformSettings};
use crate::people::{Person, Role, chat_account, store};

/// Somebody on a platform.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// The person, where the desk knows one. The role in it is the one that counts here.
    pub(super) person: Option<Person>,
    /// What they may do: the higher of what their person may and what the platform's roles give.
    pub(super) role: Role,
}

impl Known {
    /// Whether they may do here what staff does.
    pub(super) fn is_staff(&self) -> bool {
        self.role.is_staff() && self.person.as_ref().is_some_and(|person| !person.disabled)
    }
}

/// Looks who it is. Somebody whom the platform's roles make staff and whom the desk does not know yet is written down, so
/// that what they do has an author; in the database they stay without rights, which end with the role.
pub(super) async fn look(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    chat: &ChatSettings,
    chatter: &Chatter,
) -> Result<Known, sqlx::Error> {
    let mapped = chat
        .role_of(&chatter.roles)
        .map_or(Role::Customer, Role::from_key);
    let mut person = match &chat.platform {
        PlatformSettings::Terminal(terminal) => store::by_handle(conn, &terminal.handle).await?,
        _ => chat_account::person(conn, &chat.name, &chatter.id).await?,
    };
    if person.is_none() && mapped.is_staff() {
        person =
            Some(chat_account::adopt(conn, now, &chat.name, &chatter.id, &chatter.name).await?);
    }
    let role = match &person {
        Some(person) if person.disabled => Role::Customer,
        Some(person) => person.role.max(mapped),
        None => Role::Customer,
    };
    if let Some(person) = &mut person {
        person.role = role;
    }
    Ok(Known { person, role })
}
