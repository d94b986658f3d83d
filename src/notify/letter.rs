//! From a row of the outbox to the mail that leaves: rendered, threaded, addressed, composed.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

use super::draft::Head;
use super::given;
use super::render::{RenderError, Templates};
use super::rows::{domain, mailbox};
use crate::config::Settings;
use crate::config::service::MailboxSettings;
use crate::ids::CommentId;
use crate::mail::compose::{Automation, ComposeError, OutgoingMail, compose};
use crate::mail::message::{Attachment, Mailbox};
use crate::outbox::Audience;
use crate::outbox::store::Claimed;
use crate::plot::{self, Chart, PlotError};
use crate::ticket::timeline;
use crate::ticket::token::{
    BounceToken, ReplyToken, own_mark, plus_address, read_message_id, root_message_id,
};

/// How many earlier ids are asked for; the mail keeps fewer.
const NEWEST: i64 = 40;

/// A mail, ready for a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// `MAIL FROM`; nothing is the null sender `<>`.
    pub envelope_from: Option<String>,
    /// `RCPT TO`.
    pub envelope_to: String,
    /// The message.
    pub bytes: Vec<u8>,
}

/// What a row's mail needs besides its draft.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Enclosed {
    /// The newest Message-IDs of the conversation so far, oldest first.
    pub references: Vec<String>,
    /// Files.
    pub files: Vec<Attachment>,
}

/// Why a row cannot become a mail. No later attempt would go better.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// The draft does not say to whom it is, or holds a file that is none.
    #[error("the draft cannot be read: {0}")]
    Draft(#[from] serde_json::Error),
    /// There is no mailbox to send from.
    #[error("no mailbox is configured")]
    NoMailbox,
    /// The template fails.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The mail cannot be composed.
    #[error(transparent)]
    Compose(#[from] ComposeError),
    /// A chart cannot be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
}

/// Asks for what goes with the row: the ids it answers to and its files.
///
/// A customer's mail refers to what that customer was sent and to what customers wrote. Ids that were minted
/// for somebody else, which hold that person's token, and ids of staff's own mail programs never stand in it.
///
/// # Errors
/// If the database does not answer.
pub async fn enclose(conn: &mut PgConnection, row: &Claimed) -> Result<Enclosed, sqlx::Error> {
    let (Some(ticket), Some(recipient)) = (row.ticket_id, row.recipient_id) else {
        return Ok(Enclosed::default());
    };
    let mut references = sqlx::query_scalar!(
        r#"SELECT message_id AS "message_id!" FROM (
               SELECT id, message_id, coalesce(settled_at, created_at) AS at FROM outbox
               WHERE ticket_id = $1 AND recipient_id = $2 AND state = 'sent' AND id <> $3 AND channel = 'mail'
               UNION ALL
               SELECT inbound_mail.id, inbound_mail.message_id, inbound_mail.received_at
               FROM inbound_mail JOIN comment ON comment.id = inbound_mail.comment_id
               WHERE inbound_mail.ticket_id = $1 AND inbound_mail.message_id IS NOT NULL
                 AND ($4 OR comment.visibility = 'public' AND NOT comment.by_staff)
           ) AS earlier ORDER BY at DESC, id DESC LIMIT $5"#,
        ticket.0,
        recipient.0,
        row.id.0,
        row.audience == Audience::Staff,
        NEWEST,
    )
    .fetch_all(&mut *conn)
    .await?;
    references.reverse();
    let mut files = Vec::new();
    for (comment, attached) in wanted_files(row) {
        let held = timeline::files(&mut *conn, comment).await?;
        files.extend(
            held.into_iter()
                .zip(attached)
                .filter_map(|(file, attached)| {
                    attached.then_some(Attachment {
                        name: file.name,
                        content_type: file.content_type,
                        content_id: file.content_id,
                        inline: file.inline,
                        content: file.content,
                    })
                }),
        );
    }
    Ok(Enclosed { references, files })
}

/// The comments whose files go with the row, and which of them do, in the order in which the draft lists them.
fn wanted_files(row: &Claimed) -> Vec<(CommentId, Vec<bool>)> {
    let flags = |listed: &Value| -> Vec<bool> {
        let listed = listed.as_array().into_iter().flatten();
        listed
            .map(|file| file.get("attached").and_then(Value::as_bool) == Some(true))
            .collect()
    };
    let mut wanted = Vec::new();
    match row.audience {
        Audience::Customer => {
            if let (Some(comment), Some(listed)) = (row.comment_id, row.draft.get("files")) {
                wanted.push((comment, flags(listed)));
            }
        }
        Audience::Staff => {
            let events = row.draft.get("events").and_then(Value::as_array);
            for event in events.into_iter().flatten() {
                let comment = event.get("comment").and_then(Value::as_i64).map(CommentId);
                if let (Some(comment), Some(listed)) = (comment, event.get("files")) {
                    wanted.push((comment, flags(listed)));
                }
            }
        }
        Audience::Operator => {}
    }
    wanted.retain(|(_, attached)| attached.contains(&true));
    wanted
}

/// Writes the mail.
///
/// # Errors
/// If the draft, the template or an address is unsound; the row will never leave then.
pub fn write(
    settings: &Settings,
    templates: &Templates,
    now: DateTime<Utc>,
    row: &Claimed,
    enclosed: Enclosed,
) -> Result<Letter, LetterError> {
    let mailbox = mailbox(settings, row.mailbox.as_deref()).ok_or(LetterError::NoMailbox)?;
    let head: Head = serde_json::from_value(row.draft.get("mail").cloned().unwrap_or_default())?;
    let rendered = templates.render(&row.template, &row.draft)?;
    let root =
        read_message_id(&row.message_id).map(|token| root_message_id(token, domain(Some(mailbox))));
    let earlier = earlier(row, enclosed.references);
    let mut attachments = enclosed.files;
    attachments.extend(pictures(&row.draft)?);
    attachments.extend(given::files(&row.draft)?);
    let mail = OutgoingMail {
        from: named(settings, mailbox.address.clone()),
        to: head.to.into_iter().map(Mailbox::from).collect(),
        cc: head.cc.into_iter().map(Mailbox::from).collect(),
        reply_to: reply_address(settings, mailbox, row).map(|address| named(settings, address)),
        subject: tagged(rendered.subject, &row.draft),
        message_id: row.message_id.clone(),
        in_reply_to: earlier.last().cloned(),
        // The conversation's own root stands first, so that it is the last to be cut away.
        references: root.into_iter().chain(earlier).collect(),
        date: now,
        automation: automation(row),
        mark: own_mark(&settings.reply_keys),
        list_unsubscribe: text_of(&row.draft, "unsubscribe"),
        text: rendered.text,
        html: Some(rendered.html),
        attachments,
    };
    Ok(Letter {
        envelope_from: envelope_sender(settings, mailbox, row),
        envelope_to: row.address.clone(),
        bytes: compose(&mail)?,
    })
}

/// The charts of a digest, drawn. The draft holds the numbers, so that a second attempt sends the same image.
fn pictures(draft: &Value) -> Result<Vec<Attachment>, LetterError> {
    let listed = draft.get("charts").and_then(Value::as_array);
    let mut pictures = Vec::new();
    for listed in listed.into_iter().flatten() {
        let chart: Chart =
            serde_json::from_value(listed.get("chart").cloned().unwrap_or_default())?;
        let id = text_of(listed, "cid");
        pictures.push(Attachment {
            name: format!("{}.png", id.as_deref().unwrap_or("chart")),
            content_type: "image/png".to_owned(),
            content_id: id,
            inline: true,
            content: plot::png(&chart)?,
        });
    }
    Ok(pictures)
}

fn text_of(draft: &Value, key: &str) -> Option<String> {
    draft.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn named(settings: &Settings, address: String) -> Mailbox {
    Mailbox {
        name: settings.desk.name.clone(),
        address,
    }
}

/// What came before in the conversation: for a refused mail, that mail.
fn earlier(row: &Claimed, mut earlier: Vec<String>) -> Vec<String> {
    let refused = row.draft.get("in_reply_to").and_then(Value::as_str);
    earlier.extend(refused.map(str::to_owned));
    earlier
}

/// The mailbox's address with the reader's token, where the server delivers such addresses.
fn reply_address(settings: &Settings, mailbox: &MailboxSettings, row: &Claimed) -> Option<String> {
    let token = ReplyToken {
        ticket: row.ticket_id?,
        person: row.recipient_id?,
    }
    .sign(&settings.reply_keys)?;
    plus_address(&mailbox.address, &token).filter(|_| mailbox.plus_addressing)
}

/// Nobody for what nobody wrote (RFC 3834, section 3.3), so that nothing can come back to it; else an address
/// that tells which row a bounce is about.
fn envelope_sender(
    settings: &Settings,
    mailbox: &MailboxSettings,
    row: &Claimed,
) -> Option<String> {
    if row.automatic {
        return None;
    }
    let plus = BounceToken { outbox: row.id }
        .sign(&settings.reply_keys)
        .and_then(|token| plus_address(&mailbox.address, &token))
        .filter(|_| mailbox.plus_addressing);
    Some(plus.unwrap_or_else(|| mailbox.address.clone()))
}

/// An answer to a mail is `auto-replied`, news is `auto-generated`, a person's words are neither.
fn automation(row: &Claimed) -> Automation {
    let asked = row.draft.get("asked").and_then(Value::as_bool) == Some(true);
    match row.template.as_str() {
        _ if !row.automatic => Automation::Person,
        "mail_rejected" | "commands_given" => Automation::Replied,
        "ticket_opened_customer" if asked => Automation::Replied,
        _ => Automation::Generated,
    }
}

/// The subject with the ticket's number, where an operator's template left it out: it is the last thread to
/// the ticket where a provider replaced our ids.
fn tagged(subject: String, draft: &Value) -> String {
    let number = draft.pointer("/ticket/number").and_then(Value::as_str);
    match number {
        Some(number) if !subject.contains(number) => format!("[{number}] {subject}"),
        _ => subject,
    }
}
