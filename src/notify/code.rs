//! Mailing the code by which a chat account is connected with a person.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use super::draft::{Head, one_line};
use super::rows::{domain, mailbox, only, value};
use super::{address, facts};
use crate::config::Settings;
use crate::outbox::{self, Audience, Channel, NewRow};
use crate::people::Person;
use crate::people::connect::{Account, MINUTES};
use crate::ticket::token::{mint_message_id, unique};

/// A code that an account on a chat platform asked for.
#[derive(Debug, Clone, Copy)]
pub struct CodeAsked<'a> {
    /// The account.
    pub account: Account<'a>,
    /// Its name as people read it.
    pub shown: &'a str,
    /// The code.
    pub code: &'a str,
}

/// The mail with the code.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CodeDraft {
    mail: Head,
    desk: String,
    reader: String,
    account: String,
    platform: String,
    code: String,
    minutes: i64,
}

/// Mails a code to the person's address. Returns false if nothing may be written there.
///
/// # Errors
/// If the database does not answer.
pub async fn mail_code(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    person: &Person,
    asked: &CodeAsked<'_>,
) -> Result<bool, sqlx::Error> {
    let Some(address) = person.address.clone() else {
        return Ok(false);
    };
    let writable = facts::writable(conn, std::slice::from_ref(&address)).await?;
    if writable.is_empty() || address::unwritable(settings, &address).is_some() {
        return Ok(false);
    }
    let mailbox = mailbox(settings, None);
    let draft = CodeDraft {
        mail: only(&person.name, &address),
        desk: settings.desk.name.clone(),
        reader: one_line(&person.name),
        account: one_line(asked.shown),
        platform: one_line(asked.account.platform),
        code: asked.code.to_owned(),
        minutes: MINUTES,
    };
    let (platform, user) = (asked.account.platform, asked.account.user_id);
    let row = NewRow {
        channel: Channel::Mail,
        dedupe_key: format!("connect:{platform}:{user}:{}", now.timestamp_micros()),
        conversation: format!("connect:{}", person.id),
        audience: if person.role.is_staff() {
            Audience::Staff
        } else {
            Audience::Customer
        },
        template: "connect_code",
        draft: value(&draft),
        ticket_id: None,
        comment_id: None,
        recipient_id: Some(person.id),
        mailbox: mailbox.map(|mailbox| mailbox.name.clone()),
        message_id: mint_message_id(None, &unique(), domain(mailbox)),
        automatic: true,
        bundle: None,
        due_at: now,
        address,
    };
    outbox::enqueue::enqueue(conn, now, vec![row]).await?;
    Ok(true)
}

/// A draft to try the template with.
pub(super) fn sample() -> CodeDraft {
    CodeDraft {
        mail: only("Ann Smith", "ann@example.com"),
        desk: "Example Support".to_owned(),
        reader: "Ann Smith".to_owned(),
        account: "ann#1".to_owned(),
        platform: "discord".to_owned(),
        code: "7K2QXZ9M".to_owned(),
        minutes: MINUTES,
    }
}
