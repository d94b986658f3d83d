//! Rows that are posted in a customer's own thread.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;

use super::super::rows::value;
use super::{CUSTOMER, CUSTOMER_THREAD};
use crate::ids::CustomerThreadId;
use crate::outbox::enqueue::enqueue;
use crate::outbox::{Audience, Channel, NewRow};
use crate::people::chat_account::ChatAccount;
use crate::ticket::Ticket;
use crate::ticket::customer_thread::{self, CustomerThread, NewCustomerThread};
use crate::ticket::token::unique;

/// The letters that customers get; what is told in a thread goes by the same name.
const LETTERS: [&str; 4] = [
    "ticket_opened_customer",
    "comment_added_customer",
    "status_changed_customer",
    "nudge_customer",
];

/// What a row for a customer's thread holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in super::super) struct InThread {
    pub(super) platform: String,
    place: String,
    thread: CustomerThreadId,
    user: String,
    /// The letter that would say it by mail; empty where nothing is to be said.
    letter: String,
    /// The values of that letter.
    pub(in super::super) draft: Value,
}

impl InThread {
    /// What a letter says, said in a thread.
    pub(in super::super) fn of(thread: &CustomerThread, letter: &str, draft: Value) -> Self {
        Self {
            platform: thread.platform.clone(),
            place: thread.place.clone(),
            thread: thread.id,
            user: thread.user_id.clone(),
            letter: letter.to_owned(),
            draft,
        }
    }

    /// The letter's name.
    pub(in super::super) fn letter(&self) -> Option<&'static str> {
        LETTERS.into_iter().find(|letter| **letter == self.letter)
    }

    /// The thread's row.
    pub(super) fn thread(&self) -> CustomerThreadId {
        self.thread
    }

    /// A row that says it, or that opens the thread in which it will be said.
    pub(in super::super) fn row(&self, event: &str, opening: bool) -> NewRow {
        let (template, key) = match opening {
            true => (CUSTOMER_THREAD, format!("{event}:thread:{}", self.thread)),
            false => (CUSTOMER, format!("{event}:in:{}", self.thread)),
        };
        self.of_template(template, key)
    }

    pub(super) fn of_template(&self, template: &'static str, dedupe_key: String) -> NewRow {
        NewRow {
            channel: Channel::Chat,
            dedupe_key,
            conversation: format!("chat:{}:customer:{}", self.platform, self.thread),
            audience: Audience::Customer,
            template,
            draft: value(self),
            ticket_id: None,
            comment_id: None,
            recipient_id: None,
            address: address(&self.platform, &self.user),
            mailbox: None,
            message_id: format!("chat.{}", unique()),
            automatic: true,
            bundle: None,
            due_at: DateTime::default(),
        }
    }
}

/// How an account stands as an address in the outbox.
#[must_use]
pub fn address(platform: &str, user: &str) -> String {
    format!("{platform}:{user}")
}

/// Has a customer's thread on a ticket opened, where they have none yet: a ticket that was opened in chat is talked about
/// there, whether or not its arrival is acknowledged.
///
/// # Errors
/// If the database does not answer.
pub async fn open_thread(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    place: &str,
    ticket: &Ticket,
    account: &ChatAccount,
) -> Result<(), sqlx::Error> {
    let new = NewCustomerThread {
        platform: &account.platform,
        place,
        ticket_id: ticket.id,
        person_id: account.person_id,
        user_id: &account.user_id,
    };
    let thread = customer_thread::ask(conn, now, &new).await?;
    let row = NewRow {
        ticket_id: Some(ticket.id),
        recipient_id: Some(account.person_id),
        due_at: now,
        ..InThread::of(&thread, "", Value::Null).row(&format!("opened:{}", ticket.id), true)
    };
    enqueue(conn, now, vec![row]).await?;
    Ok(())
}
