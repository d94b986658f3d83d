//! Loading what the database knows about a mail, for [`super::route`].

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::route::{Candidate, Facts, Trail};
use super::store::{self, Author, Claimed};
use super::unsubscribe;
use crate::config::Settings;
use crate::config::service::MailboxSettings;
use crate::ids::{OutboxId, PersonId, TicketId};
use crate::mail::message::{AuthenticationVerdict, Origin, UnderstoodMail};
use crate::notify;
use crate::outbox;
use crate::people::{self, Person};
use crate::ticket::token::{self, ReplyToken, Token};
use crate::ticket::{self, number, thread};

/// How many ids of a mail are looked up, newest first. More are a list's history or an attack.
const IDS_LOOKED_UP: usize = 50;

/// What people decided about a mail, apart from what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leave {
    /// Whether anybody may be written to because of it.
    pub answering: bool,
    /// Whether a person let it pass after it had been held back.
    pub accepted: bool,
}

impl From<&Claimed> for Leave {
    fn from(claimed: &Claimed) -> Self {
        Self {
            answering: claimed.answering,
            accepted: claimed.accepted,
        }
    }
}

/// Loads the facts. Nothing is written.
///
/// # Errors
/// If the database does not answer.
pub async fn load(
    conn: &mut PgConnection,
    settings: &Settings,
    mailbox: &MailboxSettings,
    leave: Leave,
    mail: &UnderstoodMail,
    now: DateTime<Utc>,
) -> Result<Facts, sqlx::Error> {
    let from: Vec<&str> = mail
        .mail
        .from
        .iter()
        .map(|from| from.address.as_str())
        .collect();
    let author = authors(conn, &from, now).await?.pop().unwrap_or_default();
    let tokens = tokens_of(settings, mail);
    let returned = match &mail.origin {
        Origin::Bounce(_) => returned(conn, settings, mail, &tokens).await?,
        _ => None,
    };
    let sender = author.person.as_ref();
    Ok(Facts {
        candidates: candidates(conn, settings, mail, sender, &tokens).await?,
        returned,
        ..of_first_mail(settings, mailbox, leave, mail, author)
    })
}

/// What is known of those who write from these addresses; in their order.
pub(super) async fn authors(
    conn: &mut PgConnection,
    addresses: &[&str],
    now: DateTime<Utc>,
) -> Result<Vec<Author>, sqlx::Error> {
    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    store::authors(conn, addresses, now - TimeDelta::hours(1)).await
}

/// Whether the mail by itself can belong to nothing that the desk knows: it answers nothing, and names no ticket.
pub(super) fn is_first_mail(settings: &Settings, mail: &UnderstoodMail) -> bool {
    let bounce = matches!(mail.origin, Origin::Bounce(_));
    !bounce
        && answered_ids(mail).is_empty()
        && number::in_subject(&mail.mail.subject).is_empty()
        && tokens_of(settings, mail).is_empty()
}

/// The facts about a mail that belongs to nothing that the desk knows.
pub(super) fn of_first_mail(
    settings: &Settings,
    mailbox: &MailboxSettings,
    leave: Leave,
    mail: &UnderstoodMail,
    author: Author,
) -> Facts {
    let from = mail.mail.from.as_ref().map(|from| from.address.as_str());
    Facts {
        from_ourselves: is_ourselves(settings, mail, from),
        vouched: is_vouched(mailbox, &mail.mail.authentication, from),
        candidates: Vec::new(),
        returned: None,
        unsubscribes: unsubscribe::asked(settings, mail),
        // An archive holds years of mail, taken in within a minute.
        recent_from_sender: if leave.answering { author.recent } else { 0 },
        blocked: author.blocked,
        mails_per_sender_per_hour: settings.caps.mails_per_sender_per_hour,
        accept_automatic: mailbox.accept_automatic || leave.accepted,
        accepted: leave.accepted,
        sender: author.person,
    }
}

/// The ids that the mail answers, oldest first.
fn answered_ids(mail: &UnderstoodMail) -> Vec<String> {
    let mut ids = mail.mail.references.clone();
    ids.extend(mail.mail.in_reply_to.iter().cloned());
    let surplus = ids.len().saturating_sub(IDS_LOOKED_UP);
    ids.drain(..surplus);
    ids
}

/// The addresses that the mail was sent to, as far as it says.
pub(super) fn recipients(mail: &UnderstoodMail) -> impl Iterator<Item = &str> {
    let shown = mail.mail.to.iter().chain(&mail.mail.cc);
    mail.mail
        .delivered_to
        .iter()
        .map(String::as_str)
        .chain(shown.map(|mailbox| mailbox.address.as_str()))
}

/// The verified tokens in the plus-addresses it was sent to. Those in Message-IDs are no proof of their
/// own: everybody in a conversation sees its ids.
fn tokens_of(settings: &Settings, mail: &UnderstoodMail) -> Vec<Token> {
    recipients(mail)
        .filter_map(|address| {
            settings
                .mailboxes
                .iter()
                .find_map(|mailbox| token::read_plus_address(address, mailbox))
        })
        .filter_map(|text| token::verify(&settings.reply_keys, text))
        .collect()
}

/// The message of ours that a bounce returns: by the token of its envelope sender, or by its Message-ID.
async fn returned(
    conn: &mut PgConnection,
    settings: &Settings,
    mail: &UnderstoodMail,
    tokens: &[Token],
) -> Result<Option<OutboxId>, sqlx::Error> {
    if let Some(bounce) = tokens.iter().find_map(|token| token.bounce()) {
        return Ok(Some(bounce.outbox));
    }
    let minted: Vec<String> = mail
        .returned_ids
        .iter()
        .chain(&mail.mail.in_reply_to)
        .chain(&mail.mail.references)
        .filter(|id| {
            token::read_message_id(id)
                .is_some_and(|text| token::verify(&settings.reply_keys, text).is_some())
        })
        .cloned()
        .collect();
    if minted.is_empty() {
        return Ok(None);
    }
    outbox::store::by_message_id(conn, &minted).await
}

async fn candidates(
    conn: &mut PgConnection,
    settings: &Settings,
    mail: &UnderstoodMail,
    sender: Option<&Person>,
    tokens: &[Token],
) -> Result<Vec<Candidate>, sqlx::Error> {
    let mut trails: Vec<(TicketId, Trail)> = tokens
        .iter()
        .filter_map(|token| token.reply())
        .map(|ReplyToken { ticket, person }| (ticket, Trail::Token(person)))
        .collect();
    let ids = answered_ids(mail);
    trails.extend(minted(settings, sender, &ids));
    for ticket in thread::tickets_of(conn, &with_provider_ids(ids)).await? {
        trails.push((ticket, Trail::Reference));
    }
    for number in number::in_subject(&mail.mail.subject) {
        if let Some(ticket) = ticket::store::by_number(conn, &number).await? {
            trails.push((ticket, Trail::Subject));
        }
    }
    let mut candidates = Vec::with_capacity(trails.len());
    let mut seen = HashSet::new();
    for (ticket, trail) in trails {
        if !seen.insert((ticket, trail)) {
            continue;
        }
        candidates.extend(candidate(conn, ticket, trail).await?);
    }
    Ok(candidates)
}

/// The tickets of the ids that we minted, newest first. An id shows that its reader took part once, which
/// whoever they write to can copy; for staff it is proof as the plus-address is, since an id that was minted
/// for an agent stands in no mail to anybody else.
fn minted(settings: &Settings, sender: Option<&Person>, ids: &[String]) -> Vec<(TicketId, Trail)> {
    let own = |token: &ReplyToken| {
        sender.is_some_and(|sender| sender.is_active_staff() && sender.id == token.person)
    };
    ids.iter()
        .rev()
        .filter_map(|id| token::verify(&settings.reply_keys, token::read_message_id(id)?)?.reply())
        .map(|token| {
            let trail = if own(&token) {
                Trail::Token(token.person)
            } else {
                Trail::Reference
            };
            (token.ticket, trail)
        })
        .collect()
}

/// Amazon SES puts an id of its own in place of ours; of it only the local part is told when the mail is sent.
fn with_provider_ids(mut ids: Vec<String>) -> Vec<String> {
    let provided: Vec<String> = ids
        .iter()
        .filter_map(|id| id.split_once('@'))
        .filter(|(_, domain)| domain.ends_with("amazonses.com"))
        .map(|(local, _)| local.to_owned())
        .collect();
    ids.extend(provided);
    ids
}

async fn candidate(
    conn: &mut PgConnection,
    ticket: TicketId,
    trail: Trail,
) -> Result<Option<Candidate>, sqlx::Error> {
    let Some(ticket) = ticket::store::root(conn, ticket).await? else {
        return Ok(None);
    };
    let token_of_staff = match trail {
        Trail::Token(person) => is_staff(conn, person).await?,
        Trail::Reference | Trail::Subject => false,
    };
    let parties = ticket::store::parties(conn, ticket.id).await?;
    Ok(Some(Candidate {
        ticket,
        trail,
        token_of_staff,
        parties,
    }))
}

async fn is_staff(conn: &mut PgConnection, person: PersonId) -> Result<bool, sqlx::Error> {
    match people::store::get(conn, person).await {
        Ok(person) => Ok(person.role.is_staff()),
        Err(sqlx::Error::RowNotFound) => Ok(true), // a token of nobody gives nobody a right
        Err(error) => Err(error),
    }
}

/// Whether the mail comes from the desk itself: from a mailbox's address, or with our own signed mark.
fn is_ourselves(settings: &Settings, mail: &UnderstoodMail, from: Option<&str>) -> bool {
    let own_address = from.is_some_and(|from| notify::is_own(settings, from));
    own_address
        || mail
            .mail
            .own_marks
            .iter()
            .any(|mark| token::is_own_mark(&settings.reply_keys, mark))
}

/// Whether a server that the mailbox trusts says that the From address is genuine: DMARC passed for its
/// domain, or DKIM with a signature of that very domain. Only the topmost header of that server counts,
/// since a sender can write further ones below it (RFC 8601, section 5).
fn is_vouched(
    mailbox: &MailboxSettings,
    verdicts: &[AuthenticationVerdict],
    from: Option<&str>,
) -> bool {
    let Some((_, domain)) = from.and_then(|from| from.rsplit_once('@')) else {
        return false;
    };
    let trusted = |verdict: &&AuthenticationVerdict| {
        mailbox
            .trusted_authserv
            .iter()
            .any(|id| id.eq_ignore_ascii_case(&verdict.authserv_id))
    };
    let Some(topmost) = verdicts.iter().find(trusted) else {
        return false;
    };
    verdicts.iter().any(|verdict| {
        let aligned = verdict
            .domain
            .as_deref()
            .is_some_and(|of| of.eq_ignore_ascii_case(domain));
        let by = matches!(verdict.method.as_str(), "dmarc" | "dkim");
        verdict.header == topmost.header && aligned && by && verdict.result == "pass"
    })
}
