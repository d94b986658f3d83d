//! By which way a customer is reached: where they wrote last, by mail or in their own thread in chat, and never both.
//!
//! | they wrote last | they are reached                                                                    |
//! |-----------------|--------------------------------------------------------------------------------------|
//! | in chat         | in their thread on this ticket; one is opened where they have an account and none yet |
//! | by mail         | by mail                                                                              |
//! | not at all      | by mail; in chat where they have no address                                          |
//!
//! A thread that is gone is passed over: mail takes its place.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

use super::address;
use super::audience::Decision;
use super::draft::{PublicComment, clean};
use super::facts::{Facts, Part};
use super::posts::InThread;
use super::question::Question;
use super::rows::{domain, mailbox, only, value};
use crate::config::Settings;
use crate::ids::{CustomerThreadId, PersonId, TicketId};
use crate::outbox::store::Claimed;
use crate::outbox::{Audience, Channel, NewRow};
use crate::people;
use crate::ticket::customer_thread::{self, CustomerThread, NewCustomerThread};
use crate::ticket::token::{ReplyToken, mint_message_id, unique};
use crate::ticket::{Source, Ticket, timeline};

/// The way to a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Reach {
    /// By mail.
    #[default]
    Mail,
    /// In the thread that they have.
    Thread(CustomerThread),
    /// In a thread that is still to be opened.
    Account(Account),
}

/// An account for which a thread may be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    platform: String,
    user: String,
}

/// The threads in which people are told, by the person.
pub(super) type Threads = BTreeMap<PersonId, CustomerThread>;

/// Finds the way to each customer around the ticket. Where no platform of the configuration has customers, nothing is
/// asked, and all of them are reached by mail.
pub(super) async fn load(
    conn: &mut PgConnection,
    settings: &Settings,
    ticket: TicketId,
    facts: &mut Facts,
) -> Result<(), sqlx::Error> {
    let platforms = platforms(settings);
    let customers = facts
        .with(Part::Requester)
        .chain(facts.with(Part::Participant));
    let mut ids: Vec<i64> = customers.map(|person| person.id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    if platforms.is_empty() || ids.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query!(
        r#"WITH RECURSIVE family AS (
               SELECT $1::bigint AS id UNION SELECT ticket.id FROM ticket JOIN family ON merged_into_id = family.id)
           SELECT asked.id AS "person!: PersonId", held.id AS "thread_row?: CustomerThreadId",
                  held.platform AS "platform?", held.place AS "place?", held.thread AS "thread?",
                  held.ticket_id AS "ticket?: TicketId", held.user_id AS "user?",
                  account.platform AS "account_platform?", account.user_id AS "account_user?",
                  (SELECT source FROM comment JOIN family ON family.id = comment.ticket_id
                   WHERE author_id = asked.id ORDER BY comment.id DESC LIMIT 1) AS "wrote?: Source",
                  EXISTS (SELECT FROM customer_thread JOIN family ON family.id = ticket_id
                          WHERE person_id = asked.id AND gone_at IS NOT NULL) AS "lost!"
           FROM unnest($2::bigint[]) AS asked (id)
           LEFT JOIN LATERAL (
               SELECT customer_thread.* FROM customer_thread JOIN family ON family.id = ticket_id
               WHERE person_id = asked.id AND gone_at IS NULL AND platform = ANY($3)
               ORDER BY ticket_id <> $1, customer_thread.id DESC LIMIT 1) AS held ON true
           LEFT JOIN LATERAL (
               SELECT platform, user_id FROM chat_account WHERE person_id = asked.id AND platform = ANY($3)
               ORDER BY wrote_at DESC NULLS LAST, created_at DESC LIMIT 1) AS account ON true"#,
        ticket.0,
        &ids,
        &platforms,
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let Some(person) = facts.people.get_mut(&row.person) else {
            continue;
        };
        let thread = row.thread_row.and_then(|id| {
            Some(CustomerThread {
                id,
                platform: row.platform?,
                place: row.place?,
                thread: row.thread,
                ticket_id: row.ticket?,
                person_id: row.person,
                user_id: row.user?,
                gone: false,
            })
        });
        let account = row.account_platform.zip(row.account_user);
        let account = account.map(|(platform, user)| Account { platform, user });
        let there = thread.is_some() || !row.lost;
        let in_chat = there && row.wrote == Some(Source::Chat) && !person.role.is_staff();
        let by_mail = person.without_mail(settings).is_none();
        person.reach = way(in_chat, by_mail, thread, account);
    }
    Ok(())
}

/// Chooses the way. Whoever has a thread goes on in it where there is no mail either way.
fn way(
    in_chat: bool,
    by_mail: bool,
    thread: Option<CustomerThread>,
    account: Option<Account>,
) -> Reach {
    match (in_chat, by_mail, thread, account) {
        (true, _, Some(thread), _) | (false, false, Some(thread), _) => Reach::Thread(thread),
        (true, _, None, Some(account)) | (false, false, None, Some(account)) => {
            Reach::Account(account)
        }
        _ => Reach::Mail,
    }
}

fn platforms(settings: &Settings) -> Vec<String> {
    let chats = settings.chats.iter();
    chats
        .filter(|chat| chat.customers.is_some())
        .map(|chat| chat.name.clone())
        .collect()
}

/// The threads of those who are told in chat; one that is still to be opened is asked for.
pub(super) async fn threads(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    question: &Question<'_>,
    decided: &Decision<'_>,
) -> Result<Threads, sqlx::Error> {
    let mut threads = Threads::new();
    for customer in &decided.customers {
        let person = customer.person();
        let thread = match &person.reach {
            Reach::Mail => continue,
            Reach::Thread(thread) => thread.clone(),
            Reach::Account(account) => {
                let Some(place) = place_of(settings, &account.platform) else {
                    continue;
                };
                let new = NewCustomerThread {
                    platform: &account.platform,
                    place,
                    ticket_id: question.ticket.id,
                    person_id: person.id,
                    user_id: &account.user,
                };
                customer_thread::ask(conn, now, &new).await?
            }
        };
        threads.insert(person.id, thread);
    }
    Ok(threads)
}

fn place_of<'s>(settings: &'s Settings, platform: &str) -> Option<&'s str> {
    let chat = settings.chats.iter().find(|chat| chat.name == platform)?;
    chat.customers
        .as_ref()
        .map(|customers| customers.place.as_str())
}

/// What a customer was to be told in a thread that nothing reaches any more, as a mail; nothing where they have no
/// address that can be written to, or nothing is left to say.
pub(super) async fn by_mail(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    row: &Claimed,
    told: &InThread,
) -> Result<Option<NewRow>, sqlx::Error> {
    let (Some(ticket), Some(person), Some(letter)) =
        (row.ticket_id, row.recipient_id, told.letter())
    else {
        return Ok(None);
    };
    let ticket: Ticket = crate::ticket::store::get(conn, ticket).await?;
    let person = people::store::get(conn, person).await?;
    let Some(to) = person.address.clone().filter(|_| !person.disabled) else {
        return Ok(None);
    };
    let suppressed = super::facts::writable(conn, std::slice::from_ref(&to))
        .await?
        .is_empty();
    if suppressed || address::unwritable(settings, &to).is_some() {
        return Ok(None);
    }
    let Value::Object(mut draft) = told.draft.clone() else {
        return Ok(None);
    };
    let has_words = draft.get("text").is_some_and(Value::is_string);
    draft.insert("mail".to_owned(), value(&only(&person.name, &to)));
    if let Some(comment) = row.comment_id.filter(|_| has_words) {
        let comment = timeline::comment(conn, comment).await?;
        let Some(public) = comment.as_ref().and_then(PublicComment::of) else {
            return Ok(None);
        };
        draft.insert("text".to_owned(), clean(public.body()).into());
    }
    let mailbox = mailbox(settings, ticket.mailbox.as_deref());
    let token = ReplyToken {
        ticket: ticket.id,
        person: person.id,
    };
    let token = token.sign(&settings.reply_keys);
    Ok(Some(NewRow {
        channel: Channel::Mail,
        dedupe_key: format!("by_mail:{}", row.id),
        conversation: format!("ticket:{}:{}", ticket.id, person.id),
        audience: Audience::Customer,
        template: letter,
        draft: draft.into(),
        ticket_id: Some(ticket.id),
        comment_id: row.comment_id,
        recipient_id: Some(person.id),
        address: to,
        mailbox: mailbox.map(|mailbox| mailbox.name.clone()),
        message_id: mint_message_id(token.as_deref(), &unique(), domain(mailbox)),
        automatic: row.automatic,
        bundle: None,
        due_at: now,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread() -> CustomerThread {
        CustomerThread {
            id: CustomerThreadId(1),
            platform: "chat".to_owned(),
            place: "help".to_owned(),
            thread: Some("t1".to_owned()),
            ticket_id: TicketId(1),
            person_id: PersonId(1),
            user_id: "u1".to_owned(),
            gone: false,
        }
    }

    #[test]
    fn people_are_reached_where_they_wrote_last() {
        let account = || {
            Some(Account {
                platform: "chat".to_owned(),
                user: "u1".to_owned(),
            })
        };
        let held = || Reach::Thread(thread());
        let new = || account().map(Reach::Account).unwrap_or_default();
        // They wrote in chat, and may have an address besides.
        assert_eq!(way(true, true, Some(thread()), account()), held());
        assert_eq!(way(true, false, Some(thread()), account()), held());
        assert_eq!(way(true, true, None, account()), new());
        assert_eq!(way(true, true, None, None), Reach::Mail);
        // They wrote by mail, or not at all.
        assert_eq!(way(false, true, Some(thread()), account()), Reach::Mail);
        assert_eq!(way(false, true, None, account()), Reach::Mail);
        // There is no mail.
        assert_eq!(way(false, false, Some(thread()), account()), held());
        assert_eq!(way(false, false, None, account()), new());
        assert_eq!(way(false, false, None, None), Reach::Mail);
    }
}
