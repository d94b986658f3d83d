//! A received message as the rest of Frontdesk sees it: decoded, bounded, and free of MIME.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// An address with its display name, both decoded. The address keeps the case it was written in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mailbox {
    /// The display name; empty where the header has none.
    pub name: String,
    /// The `local@domain` part without angle brackets.
    pub address: String,
}

/// Who the transport says sent the message: the `Return-Path` written at final delivery (RFC 5321, 4.4).
/// It is never mixed with `From`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvelopeSender {
    /// `<>`: a bounce or another mail that must never be answered.
    Null,
    /// An address.
    Address(String),
}

/// One part that is kept as a file: an attachment, an inline image, an attached message, a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The decoded file name, made safe for showing; a name is made up from the type where none was given.
    pub name: String,
    /// `type/subtype` in lower case.
    pub content_type: String,
    /// The `Content-ID` without angle brackets, by which HTML refers to inline images.
    pub content_id: Option<String>,
    /// Whether the part is shown within the text rather than listed below it.
    pub inline: bool,
    /// The decoded bytes.
    pub content: Vec<u8>,
}

/// A limit that a message ran into. The message is kept; the notice says what is missing from the parsed view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "limit")]
pub enum Notice {
    /// The attachment was larger than allowed and is kept only inside the raw message.
    AttachmentTooLarge {
        /// Its file name.
        name: String,
        /// Its decoded size.
        bytes: u64,
    },
    /// There were more attachments than allowed; the rest is kept only inside the raw message.
    TooManyAttachments {
        /// How many were left out.
        left_out: u64,
    },
    /// The MIME tree was deeper or wider than allowed.
    TooManyParts,
    /// The header was longer than allowed and was cut.
    HeaderTooLong {
        /// Its size.
        bytes: u64,
    },
    /// The text was longer than allowed and was cut.
    TextTooLong {
        /// Its size.
        bytes: u64,
    },
    /// The whole message was larger than the mailbox accepts; only its header was read.
    MessageTooLarge {
        /// Its size as the server tells it.
        bytes: u64,
    },
}

/// One method's verdict in an `Authentication-Results` header (RFC 8601).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuthenticationVerdict {
    /// The authserv-id of the server that wrote the header, in lower case.
    pub authserv_id: String,
    /// Which of the message's `Authentication-Results` fields it stands in; 0 is the topmost.
    pub header: u32,
    /// `spf`, `dkim`, `dmarc`, … in lower case.
    pub method: String,
    /// `pass`, `fail`, `none`, … in lower case.
    pub result: String,
    /// The domain that the verdict is about (`header.from`, `header.d`, `smtp.mailfrom`), in lower case.
    pub domain: Option<String>,
}

/// What a parsed message holds. Ids are without angle brackets.
#[derive(Debug, Clone, Default)]
pub struct ParsedMail {
    /// The first author.
    pub from: Option<Mailbox>,
    /// `Sender`, where it stands beside `From`.
    pub sender: Option<Mailbox>,
    /// `Reply-To`.
    pub reply_to: Vec<Mailbox>,
    /// `To`, groups flattened.
    pub to: Vec<Mailbox>,
    /// `Cc`, groups flattened.
    pub cc: Vec<Mailbox>,
    /// Decoded and unfolded; empty when absent.
    pub subject: String,
    /// `Message-ID`.
    pub message_id: Option<String>,
    /// The ids in `In-Reply-To`; free text and bare addresses there are not ids.
    pub in_reply_to: Vec<String>,
    /// Addresses that stand in `In-Reply-To` in the brackets of an id: "Message from Ann <ann@example.org> of …".
    /// They are people: nothing is threaded by them.
    pub people_in_reply_to: Vec<String>,
    /// The ids in `References`, oldest first.
    pub references: Vec<String>,
    /// `Date`, where it can be understood.
    pub date: Option<DateTime<Utc>>,
    /// `Return-Path`, where the delivering server wrote one.
    pub envelope_sender: Option<EnvelopeSender>,
    /// `Delivered-To`, `X-Original-To` and `Envelope-To`, in that order.
    pub delivered_to: Vec<String>,
    /// All `Authentication-Results` headers, topmost first. Whom to believe is the caller's to say.
    pub authentication: Vec<AuthenticationVerdict>,
    /// The values of `X-Frontdesk`, by which an installation knows its own mail when it comes back.
    pub own_marks: Vec<String>,
    /// The whole text body.
    pub text: String,
    /// The HTML body as it was sent. It is hostile: sanitise before showing.
    pub html: Option<String>,
    /// Everything that is not the body.
    pub attachments: Vec<Attachment>,
    /// The limits that the message ran into.
    pub notices: Vec<Notice>,
    /// The same as declared, where bytes contradict the declared charset and the fields above hold a
    /// better reading.
    pub as_declared: Option<AsDeclared>,
}

/// What the declared charsets alone make of a message, U+FFFD for each byte they do not know. Other
/// parsers stop there; it is shown by `frontdesk mail inspect` and used for nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AsDeclared {
    /// The subject.
    pub subject: Option<String>,
    /// The text.
    pub text: Option<String>,
    /// Names of attachments, by their position in the list.
    pub attachment_names: Vec<(usize, String)>,
}

/// What kind of sender wrote the message. Decides whether it may ever be answered automatically.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Origin {
    /// A person, as far as can be told.
    Person,
    /// An automatic reply: out of office, ticket acknowledgement (RFC 3834).
    AutoReply {
        /// The header or habit that gave it away, for the row that is kept.
        because: String,
    },
    /// Other automatic mail: monitoring, newsletters, mailing lists, `Precedence: bulk`.
    Automatic {
        /// The header or habit that gave it away.
        because: String,
        /// Whether it came through a mailing list.
        list: bool,
    },
    /// A delivery status notification, or a bounce in a server's own form.
    Bounce(Vec<BouncedRecipient>),
    /// An abuse report (ARF, RFC 5965).
    Feedback {
        /// `abuse`, `fraud`, …
        feedback_type: String,
    },
}

/// What a bounce says of one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BouncedRecipient {
    /// The address that failed, where the bounce names it.
    pub recipient: Option<String>,
    /// The enhanced status code (RFC 3463), derived where the server gave none.
    pub status: String,
    /// `failed`, `delayed`, `delivered`, `relayed` or `expanded`.
    pub action: String,
    /// What the remote server said.
    pub diagnostic: Option<String>,
}

/// A message that stands inside another one because somebody forwarded it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Forwarded {
    /// Its author.
    pub from: Option<Mailbox>,
    /// Its recipients.
    pub to: Vec<Mailbox>,
    /// Its copies.
    pub cc: Vec<Mailbox>,
    /// Its subject.
    pub subject: Option<String>,
    /// Its date, as written.
    pub date: Option<String>,
    /// Its text.
    pub body: String,
}

/// A parsed message together with what it means.
#[derive(Debug, Clone)]
pub struct UnderstoodMail {
    /// The message.
    pub mail: ParsedMail,
    /// What kind of sender wrote it.
    pub origin: Origin,
    /// Whether it came through a mailing list, whoever wrote it.
    pub list: bool,
    /// For a bounce: ids found in the returned message (its own Message-ID first, then its References).
    pub returned_ids: Vec<String>,
    /// Whether an upstream filter marked it as spam.
    pub spam: bool,
    /// The new words: without quotes, attribution and signature. Empty for a mail that was passed on without a
    /// word; all of the text where nothing of it could be told to be new.
    pub reply: String,
    /// The message that this one forwards.
    pub forwarded: Option<Forwarded>,
}

impl UnderstoodMail {
    /// Its author's address, lower-cased.
    #[must_use]
    pub fn sender(&self) -> Option<String> {
        let from = self.mail.from.as_ref()?;
        Some(from.address.to_lowercase())
    }
}

impl BouncedRecipient {
    /// Whether the server has given up, rather than still trying or having delivered.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.action == "failed"
    }

    /// Whether the recipient did not get the message, yet or for good; not so for a receipt.
    #[must_use]
    pub fn is_trouble(&self) -> bool {
        matches!(self.action.as_str(), "failed" | "delayed")
    }

    /// Whether another attempt would be no use: a status of class 5 (RFC 3463, section 2) that speaks of the
    /// address or the server's refusal, not of a full mailbox (`5.2.2`), which empties again.
    #[must_use]
    pub fn is_hard(&self) -> bool {
        self.status.starts_with('5') && self.status != "5.2.2"
    }
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AttachmentTooLarge { name, bytes } => {
                write!(
                    f,
                    "the attachment {name} ({bytes} bytes) is over the limit and stays in the raw message"
                )
            }
            Self::TooManyAttachments { left_out } => {
                write!(
                    f,
                    "{left_out} attachments are over the limit and stay in the raw message"
                )
            }
            Self::TooManyParts => {
                write!(
                    f,
                    "the message has more parts than the limit; the rest stays in the raw message"
                )
            }
            Self::HeaderTooLong { bytes } => {
                write!(
                    f,
                    "the header ({bytes} bytes) is over the limit and was cut"
                )
            }
            Self::TextTooLong { bytes } => {
                write!(
                    f,
                    "the text ({bytes} bytes) is over the limit and was cut; all of it is in the raw message"
                )
            }
            Self::MessageTooLarge { bytes } => {
                write!(
                    f,
                    "the message ({bytes} bytes) is over the limit; only its beginning was kept"
                )
            }
        }
    }
}
