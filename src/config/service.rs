//! The service around the desk: where mail comes from and goes to, limits, keys, the database.

use std::path::PathBuf;

use secrecy::SecretString;

use super::chat::ChatSettings;
use super::desk::DeskSettings;
use super::schedule::ScheduleSettings;

/// The whole configuration after loading: checked, with secrets read.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The desk.
    pub desk: DeskSettings,
    /// The database.
    pub database: Database,
    /// Where mail comes from.
    pub mailboxes: Vec<MailboxSettings>,
    /// Where mail goes, in order of preference.
    pub outgoing: Outgoing,
    /// Where the team works.
    pub chats: Vec<ChatSettings>,
    /// Limits on what comes in.
    pub limits: MailLimits,
    /// Keys for reply tokens, newest first; the first one signs, all of them verify.
    pub reply_keys: Vec<ReplyKey>,
    /// Caps on automatic answers.
    pub caps: Caps,
    /// What is told to whom, and when.
    pub notify: Notify,
    /// What runs by the clock, with what runs by itself.
    pub schedules: Vec<ScheduleSettings>,
    /// Logs.
    pub log: Log,
    /// How long a drain may take after SIGTERM.
    pub drain_seconds: u32,
}

/// PostgreSQL.
#[derive(Debug, Clone)]
pub enum Database {
    /// A server that somebody else runs.
    Url(SecretString),
    /// A private cluster in this folder, started and stopped by Frontdesk.
    Embedded(PathBuf),
}

/// One mailbox.
#[derive(Debug, Clone)]
pub struct MailboxSettings {
    /// Its name in commands, logs and the cursor; it must not change.
    pub name: String,
    /// The address that customers write to and that answers come from.
    pub address: String,
    /// Other addresses that end in this mailbox.
    pub aliases: Vec<String>,
    /// Where its mail lies.
    pub source: Source,
    /// What becomes of a message on the server after it is safe in the database.
    pub after: AfterFetch,
    /// Seconds between polls; IDLE makes it faster, polling stays behind it.
    pub poll_seconds: u32,
    /// Whether the server keeps `local+detail@domain` deliverable, so that Reply-To may carry a token.
    pub plus_addressing: bool,
    /// What tickets from this mailbox start with.
    pub team: Option<String>,
    /// See `team`.
    pub category: Option<String>,
    /// See `team`.
    pub ticket_type: Option<String>,
    /// See `team`.
    pub priority: Option<String>,
    /// A number format of its own.
    pub number: Option<String>,
    /// Custom fields that tickets from this mailbox start with.
    pub fields: std::collections::BTreeMap<String, String>,
    /// Whether automatic mail that is no reply (monitoring, newsletters) opens tickets, unanswered, instead of being ignored.
    pub accept_automatic: bool,
    /// authserv-ids whose Authentication-Results are believed.
    pub trusted_authserv: Vec<String>,
}

/// Where a mailbox's mail lies.
#[derive(Debug, Clone)]
pub enum Source {
    /// An IMAP server.
    Imap(Box<ImapSettings>),
    /// A Maildir folder.
    Maildir(PathBuf),
    /// Nowhere: mail is only handed in by `frontdesk deliver`.
    Pipe,
}

/// How to reach a mail server securely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS; if the server does not offer it, nothing is sent.
    Starttls,
    /// Plain text; accepted for loopback only.
    None,
}

/// How to log in.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// User and password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// XOAUTH2.
    OAuth {
        /// The user.
        user: String,
        /// Where tokens come from.
        token: TokenSource,
    },
}

/// Where OAuth access tokens come from.
#[derive(Debug, Clone)]
pub enum TokenSource {
    /// The first line that a command prints.
    Command(Vec<String>),
    /// The first line of a file, read anew at each login.
    File(PathBuf),
    /// A refresh token, exchanged at an endpoint (RFC 6749, section 6).
    Refresh {
        /// The token endpoint.
        endpoint: String,
        /// The client.
        client_id: String,
        /// Its secret, where it has one.
        client_secret: Option<SecretString>,
        /// The refresh token.
        refresh_token: SecretString,
        /// The file it came from, in which a new one takes its place.
        refresh_token_file: Option<PathBuf>,
        /// The scope, where the endpoint wants one.
        scope: Option<String>,
    },
}

/// An IMAP server.
#[derive(Debug, Clone)]
pub struct ImapSettings {
    /// Its name, which is also the name on its certificate.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How to reach it.
    pub tls: TlsMode,
    /// A file of additional root certificates (PEM).
    pub ca_file: Option<PathBuf>,
    /// How to log in.
    pub credentials: Credentials,
    /// The folder to read.
    pub folder: String,
    /// Whether to use IDLE where the server has it.
    pub idle: bool,
    /// The deadline of each command.
    pub timeout_seconds: u32,
}

/// What becomes of a message on the server after the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterFetch {
    /// It stays and is flagged `\Seen` and `$Frontdesk`.
    Keep,
    /// It is moved to this folder.
    Move(String),
    /// It is deleted.
    Delete,
}

/// Outgoing mail.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Where mail goes.
    pub route: OutgoingRoute,
    /// DKIM signing.
    pub dkim: Option<Dkim>,
    /// How many messages may be on their way at once.
    pub concurrency: u32,
    /// A transient failure is retried for this many hours in all.
    pub retry_hours: u32,
}

/// Where outgoing mail goes.
#[derive(Debug, Clone)]
pub enum OutgoingRoute {
    /// SMTP servers in order of preference.
    Smtp(Vec<SmtpServer>),
    /// `.eml` files in a folder, one a message.
    Folder(PathBuf),
}

/// An SMTP server.
#[derive(Debug, Clone)]
pub struct SmtpServer {
    /// Its name, which is also the name on its certificate.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How to reach it.
    pub tls: TlsMode,
    /// A file of additional root certificates (PEM).
    pub ca_file: Option<PathBuf>,
    /// How to log in; absent means no login.
    pub credentials: Option<Credentials>,
    /// How many messages it takes a minute; absent means no limit.
    pub per_minute: Option<u32>,
    /// The deadline of one message.
    pub timeout_seconds: u32,
}

/// A DKIM key.
#[derive(Debug, Clone)]
pub struct Dkim {
    /// The domain that signs.
    pub domain: String,
    /// The selector.
    pub selector: String,
    /// The private key (PEM, RSA or Ed25519).
    pub private_key: SecretString,
}

/// Limits on one incoming message. Each ends in a kept mail with a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailLimits {
    /// The largest message that is fetched whole.
    pub message_bytes: u64,
    /// The longest header.
    pub header_bytes: u64,
    /// MIME parts in all.
    pub parts: u32,
    /// Depth of the MIME tree, attached messages included.
    pub depth: u32,
    /// Attachments that are kept one by one.
    pub attachments: u32,
    /// The largest attachment that is kept one by one.
    pub attachment_bytes: u64,
    /// The longest text body.
    pub text_bytes: u64,
    /// The time one message may take to parse, in milliseconds.
    pub parse_millis: u64,
}

impl Default for MailLimits {
    fn default() -> Self {
        Self {
            message_bytes: 50 << 20,
            header_bytes: 256 << 10,
            parts: 500,
            depth: 20,
            attachments: 100,
            attachment_bytes: 25 << 20,
            text_bytes: 1 << 20,
            parse_millis: 5_000,
        }
    }
}

/// A key that signs reply tokens.
#[derive(Debug, Clone)]
pub struct ReplyKey {
    /// Its number, 0–255, which stands in the token.
    pub id: u8,
    /// At least 32 bytes.
    pub secret: SecretString,
}

/// Caps that end mail loops nobody foresaw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Automatic answers to one address in an hour.
    pub answers_per_sender_per_hour: u32,
    /// Automatic answers about one ticket in an hour.
    pub answers_per_ticket_per_hour: u32,
    /// Mails from one address in an hour; those above it are quarantined.
    pub mails_per_sender_per_hour: u32,
    /// Automatic answers to all in a minute; above it the breaker opens.
    pub answers_per_minute: u32,
    /// How long the breaker stays open.
    pub breaker_minutes: u32,
}

/// What is told to whom, and when.
#[derive(Debug, Clone)]
pub struct Notify {
    /// A public reply waits this long before it leaves, so that it can be undone.
    pub undo_seconds: u32,
    /// Events on one ticket within this span are one mail to an agent.
    pub burst_seconds: u32,
    /// Whether a new ticket is acknowledged to its requester.
    pub acknowledge: bool,
    /// Addresses that are told when the machinery needs help.
    pub operators: Vec<String>,
    /// A folder whose templates replace the built-in ones of the same name.
    pub templates: Option<PathBuf>,
}

/// Logs.
#[derive(Debug, Clone)]
pub struct Log {
    /// A filter such as `info` or `frontdesk=debug`.
    pub filter: String,
    /// JSON lines instead of text.
    pub json: bool,
}
