//! From values to the bytes of a message (RFC 5322, MIME).
//!
//! Lines end in CRLF and stay below 998 octets, text is quoted-printable and files are base64, so that no
//! server on the way has to change a byte and a DKIM signature holds.
//!
//! `Precedence: bulk` is not written. It was never standardised, RFC 3834 puts `Auto-Submitted` in its place,
//! and filters take it for advertising, which would cost customers their acknowledgements. Microsoft's
//! servers, which do not read `Auto-Submitted` in every case, are told by `X-Auto-Response-Suppress`.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use lettre::address::AddressError;
use lettre::address::Envelope;
use lettre::message::header::{
    self, ContentDisposition, ContentTransferEncoding, ContentType, HeaderName, HeaderValue,
};
use lettre::message::{Body, Mailboxes, Message, MessageBuilder, MultiPart, SinglePart};

use super::address::sendable;
use super::message::{Attachment, Mailbox};

/// How many ids `References` holds at most: the first and the newest.
const REFERENCES: usize = 20;
/// The longest id that is passed on, in octets; longer ones would not fit into a line.
const ID_OCTETS: usize = 900;
/// The longest subject or name, in characters.
const LINE_CHARS: usize = 400;

/// Who is behind a message (RFC 3834, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Automation {
    /// A person wrote it: no `Auto-Submitted`.
    Person,
    /// It answers a message by itself: `auto-replied`.
    Replied,
    /// It was caused by something else: `auto-generated`.
    Generated,
}

/// A message to be composed. Ids are without angle brackets.
#[derive(Debug, Clone, PartialEq)]
pub struct OutgoingMail {
    /// `From`.
    pub from: Mailbox,
    /// `To` as shown; it need not be where this copy goes. Addresses that cannot stand in a header are left out.
    pub to: Vec<Mailbox>,
    /// `Cc` as shown.
    pub cc: Vec<Mailbox>,
    /// `Reply-To`.
    pub reply_to: Option<Mailbox>,
    /// `Subject`.
    pub subject: String,
    /// `Message-ID`.
    pub message_id: String,
    /// `In-Reply-To`.
    pub in_reply_to: Option<String>,
    /// `References`, oldest first; doubles and ids that cannot stand in a header are left out.
    pub references: Vec<String>,
    /// `Date`.
    pub date: DateTime<Utc>,
    /// Who is behind it.
    pub automation: Automation,
    /// `X-Frontdesk`, by which we know our own mail when it comes back.
    pub mark: Option<String>,
    /// An address or link for `List-Unsubscribe` (RFC 2369), for mail that somebody subscribed to.
    pub list_unsubscribe: Option<String>,
    /// The plain text. It stands alone.
    pub text: String,
    /// The same as HTML.
    pub html: Option<String>,
    /// Files. Those that are inline and that the HTML refers to by `cid:` stand beside the HTML.
    pub attachments: Vec<Attachment>,
}

/// Why a message cannot be composed. No later attempt would go better.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// An address is not one.
    #[error("{address:?} is not a mail address: {source}")]
    Address {
        /// The text.
        address: String,
        /// Why.
        source: AddressError,
    },
    /// The Message-ID cannot stand in a header.
    #[error("{0:?} cannot be a Message-ID")]
    MessageId(String),
    /// Nobody to show in `To` and `Cc`.
    #[error("the message has no recipient")]
    NoRecipient,
    /// lettre refuses it.
    #[error("the message cannot be built: {0}")]
    Build(#[from] lettre::error::Error),
}

/// Composes the message.
///
/// # Errors
/// If our own address or the Message-ID cannot be written down, or none of those it is shown to can. Everything else
/// is made to fit.
pub fn compose(mail: &OutgoingMail) -> Result<Vec<u8>, ComposeError> {
    let builder = with_fields(with_addresses(Message::builder(), mail)?, mail)?;
    let message = match body(mail) {
        Content::Single(part) => builder.singlepart(part)?,
        Content::Multi(part) => builder.multipart(part)?,
    };
    Ok(message.formatted())
}

fn with_addresses(
    builder: MessageBuilder,
    mail: &OutgoingMail,
) -> Result<MessageBuilder, ComposeError> {
    if mail.to.is_empty() && mail.cc.is_empty() {
        return Err(ComposeError::NoRecipient);
    }
    let mut builder = builder.header(header::From::from(mailboxes([&mail.from])?));
    let (to, cc) = (writable(&mail.to), writable(&mail.cc));
    if to.is_empty() && cc.is_empty() {
        // Says which of them cannot be written.
        mailboxes(mail.to.iter().chain(&mail.cc))?;
    }
    let shown = to.iter().chain(&cc);
    let shown = shown
        .filter_map(|one| sendable(&one.address).ok())
        .collect();
    if !to.is_empty() {
        builder = builder.header(header::To::from(mailboxes(to)?));
    }
    if !cc.is_empty() {
        builder = builder.header(header::Cc::from(mailboxes(cc)?));
    }
    if let Some(reply_to) = &mail.reply_to {
        builder = builder.header(header::ReplyTo::from(mailboxes([reply_to])?));
    }
    // lettre wants one to build a message, and would read the headers for it, where it takes no quoted local part. The
    // mail leaves in an envelope of its own.
    Ok(builder.envelope(Envelope::new(None, shown)?))
}

/// Those whose address can stand in a header. One that cannot must not keep the mail from the others; the copy that
/// is for it fails by itself.
fn writable(shown: &[Mailbox]) -> Vec<&Mailbox> {
    let mut shown: Vec<&Mailbox> = shown.iter().collect();
    shown.retain(|one| sendable(&one.address).is_ok());
    shown
}

fn mailboxes<'a>(shown: impl IntoIterator<Item = &'a Mailbox>) -> Result<Mailboxes, ComposeError> {
    let mut list = Mailboxes::new();
    for one in shown {
        let address = sendable(&one.address).map_err(|source| ComposeError::Address {
            address: one.address.clone(),
            source,
        })?;
        let name = one_line(&one.name);
        list.push(lettre::message::Mailbox::new(
            (!name.is_empty()).then_some(name),
            address,
        ));
    }
    Ok(list)
}

fn with_fields(
    builder: MessageBuilder,
    mail: &OutgoingMail,
) -> Result<MessageBuilder, ComposeError> {
    let id = id_text(&mail.message_id)
        .ok_or_else(|| ComposeError::MessageId(mail.message_id.clone()))?;
    let mut builder = builder
        .subject(one_line(&mail.subject))
        .date(mail.date.into())
        .raw_header(folded("Message-ID", &[id]));
    if let Some(id) = mail.in_reply_to.as_deref().and_then(id_text) {
        builder = builder.raw_header(folded("In-Reply-To", &[id]));
    }
    let references = references(&mail.references);
    if !references.is_empty() {
        builder = builder.raw_header(folded("References", &references));
    }
    let automatic = match mail.automation {
        Automation::Person => None,
        Automation::Replied => Some("auto-replied"),
        Automation::Generated => Some("auto-generated"),
    };
    if let Some(automatic) = automatic {
        builder = builder
            .raw_header(folded("Auto-Submitted", &[automatic.to_owned()]))
            .raw_header(folded("X-Auto-Response-Suppress", &["All".to_owned()]));
    }
    if let Some(mark) = mail.mark.as_deref().and_then(word) {
        builder = builder.raw_header(folded("X-Frontdesk", &[mark.to_owned()]));
    }
    if let Some(target) = mail.list_unsubscribe.as_deref().and_then(id_text) {
        builder = builder.raw_header(folded("List-Unsubscribe", &[target]));
    }
    Ok(builder)
}

/// Every id once, the first and the newest where there are too many. The first is what a mail client hangs
/// the thread on.
fn references(ids: &[String]) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut kept: Vec<String> = ids
        .iter()
        .filter_map(|id| id_text(id))
        .filter(|id| seen.insert(id.clone()))
        .collect();
    if kept.len() > REFERENCES {
        kept.drain(1..=kept.len() - REFERENCES);
    }
    kept
}

/// The id in angle brackets, if nothing in it would break a header.
fn id_text(id: &str) -> Option<String> {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    let plain = word(id)? == id && !id.contains(['<', '>']) && id.len() <= ID_OCTETS;
    plain.then(|| format!("<{id}>"))
}

/// Printable ASCII without spaces.
fn word(text: &str) -> Option<&str> {
    let plain =
        !text.is_empty() && text.len() <= ID_OCTETS && text.bytes().all(|b| b.is_ascii_graphic());
    plain.then_some(text)
}

/// A header of words, one a line after the first, so that no line grows long.
fn folded(name: &'static str, words: &[String]) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(
        HeaderName::new_from_ascii_str(name),
        words.join(" "),
        words.join("\r\n "),
    )
}

/// Text on one line without control characters, cut where no header should be longer.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if !word.is_empty() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    if let Some((at, _)) = line.char_indices().nth(LINE_CHARS) {
        line.truncate(at);
        line.push('…');
    }
    line
}

enum Content {
    Single(SinglePart),
    Multi(MultiPart),
}

fn body(mail: &OutgoingMail) -> Content {
    let html = mail.html.as_deref();
    let (inline, files): (Vec<_>, Vec<_>) = mail
        .attachments
        .iter()
        .partition(|file| stands_in(file, html.unwrap_or_default()));
    let text = text_part(&mail.text, ContentType::TEXT_PLAIN);
    let shown = match html {
        None => Content::Single(text),
        Some(html) => {
            let html = text_part(html, ContentType::TEXT_HTML);
            let alternative = MultiPart::alternative().singlepart(text);
            Content::Multi(if inline.is_empty() {
                alternative.singlepart(html)
            } else {
                let related = MultiPart::related().singlepart(html);
                alternative.multipart(inline.into_iter().fold(related, |related, file| {
                    related.singlepart(file_part(file, true))
                }))
            })
        }
    };
    if files.is_empty() {
        return shown;
    }
    let mixed = match shown {
        Content::Single(part) => MultiPart::mixed().singlepart(part),
        Content::Multi(part) => MultiPart::mixed().multipart(part),
    };
    Content::Multi(files.into_iter().fold(mixed, |mixed, file| {
        mixed.singlepart(file_part(file, false))
    }))
}

/// Whether the HTML shows the file.
fn stands_in(file: &Attachment, html: &str) -> bool {
    let id = file.content_id.as_deref().and_then(word);
    file.inline && id.is_some_and(|id| html.contains(&format!("cid:{id}")))
}

fn text_part(text: &str, kind: ContentType) -> SinglePart {
    SinglePart::builder()
        .header(kind)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(text.to_owned())
}

fn file_part(file: &Attachment, inline: bool) -> SinglePart {
    let name = one_line(&file.name);
    let mut builder = SinglePart::builder().header(file_type(&file.content_type));
    builder = builder.header(if inline {
        ContentDisposition::inline_with_name(&name)
    } else {
        ContentDisposition::attachment(&name)
    });
    if let Some(id) = file
        .content_id
        .as_deref()
        .filter(|_| inline)
        .and_then(id_text)
    {
        builder = builder.header(header::ContentId::from(id));
    }
    let body = Body::new_with_encoding(file.content.clone(), ContentTransferEncoding::Base64);
    builder.body(body.unwrap_or_else(Body::new))
}

/// The type, where it may be sent in base64: messages and multiparts may not (RFC 2046, sections 5.1 and
/// 5.2.1) and go as plain files.
fn file_type(kind: &str) -> ContentType {
    let composite = ["message/", "multipart/"]
        .iter()
        .any(|head| kind.starts_with(head));
    let fallback = "application/octet-stream";
    let kind = if composite || kind.len() > 100 {
        fallback
    } else {
        kind
    };
    ContentType::parse(kind)
        .or_else(|_| ContentType::parse(fallback))
        .unwrap_or(ContentType::TEXT_PLAIN)
}

#[cfg(test)]
mod tests;
