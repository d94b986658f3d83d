//! The keys of the service around the desk.

use super::chat::CHAT;
use super::desk::DESK;
use super::mailbox::{LOGIN, MAILBOX, TLS};
use super::schedule::SCHEDULE;
use super::{Key, Kind, Section, count};

/// The whole file.
pub(in crate::config) static ROOT: Section = Section {
    about: "",
    keys: &[
        Key::required(
            "desk",
            Kind::TableOrFile(&DESK),
            "The desk, here or in a file of its own.",
        ),
        Key::number(
            "drain_seconds",
            20,
            count(1, 3_600, "seconds"),
            "How long work in hand may take to end after SIGTERM. A second SIGTERM ends at once.",
        ),
        Key::required("database", Kind::Table(&DATABASE), "The database."),
        Key::required(
            "reply_key",
            Kind::Tables(&REPLY_KEY),
            "The keys of reply tokens.",
        ),
        Key::required("mailbox", Kind::Tables(&MAILBOX), "Where mail comes from."),
        Key::required("outgoing", Kind::Table(&OUTGOING), "Where mail goes."),
        Key::optional(
            "chat",
            Kind::Tables(&CHAT),
            "the team works without chat",
            "Where the team works its tickets.",
        ),
        Key::optional(
            "limits",
            Kind::Table(&LIMITS),
            "the defaults",
            "Limits on incoming mail.",
        ),
        Key::optional(
            "caps",
            Kind::Table(&CAPS),
            "the defaults",
            "Caps on automatic answers.",
        ),
        Key::optional(
            "notify",
            Kind::Table(&NOTIFY),
            "the defaults",
            "What is told to whom, and when.",
        ),
        Key::optional(
            "schedule",
            Kind::Tables(&SCHEDULE),
            "what runs by itself",
            "What runs by the clock, and when.",
        ),
        Key::optional("log", Kind::Table(&LOG), "the defaults", "Logs."),
    ],
};

static DATABASE: Section = Section {
    about: "PostgreSQL. Exactly one of `url` and `embedded`.",
    keys: &[
        Key::optional(
            "url",
            Kind::Secret { at_least: 1 },
            "`embedded`",
            "The URL of a server, `postgres://user:password@host/database`. It holds a password and is treated as a secret.",
        ),
        Key::optional(
            "embedded",
            Kind::Path,
            "`url`",
            "The folder of a private cluster, made where it is missing, started and stopped by Frontdesk.",
        ),
    ],
};

static REPLY_KEY: Section = Section {
    about: "A key that signs reply tokens, newest first: the first one signs, all of them verify. To change keys, put a new one \
on top with a new `id`; take the old one away when nobody will answer mail signed with it any more.",
    keys: &[
        Key::required(
            "id",
            count(0, 255, ""),
            "Its number, which stands in the token.",
        ),
        Key::required(
            "secret",
            Kind::Secret { at_least: 32 },
            "At least 32 bytes, such as `openssl rand -base64 48` prints.",
        ),
    ],
};

static OUTGOING: Section = Section {
    about: "Outgoing mail. Exactly one of `smtp` and `folder`.",
    keys: &[
        Key::optional(
            "smtp",
            Kind::Tables(&SMTP),
            "`folder`",
            "Mail goes to these servers, in order of preference.",
        ),
        Key::optional(
            "folder",
            Kind::Path,
            "`smtp`",
            "Mail goes to this folder as `.eml` files, one a message, and nowhere else.",
        ),
        Key::optional("dkim", Kind::Table(&DKIM), "no signature", "DKIM signing."),
        Key::number(
            "concurrency",
            4,
            count(1, 256, "messages"),
            "How many messages may be on their way at once.",
        ),
        Key::number(
            "retry_hours",
            72,
            count(1, 720, "hours"),
            "A transient failure is retried for this long in all; then the message is dead and its author is told.",
        ),
    ],
};

static SMTP: Section = Section {
    about: "An SMTP server.",
    keys: &[
        Key::required(
            "host",
            Kind::Host,
            "Its name, which is also the name on its certificate.",
        ),
        Key::optional(
            "port",
            count(1, 65_535, ""),
            "465 with `tls`, 587 with `starttls`, 25 with `none`",
            "Its port.",
        ),
        Key::text("tls", TLS, "tls", "How the connection is secured."),
        Key::optional(
            "ca_file",
            Kind::ExistingFile,
            "public authorities only",
            "A file of additional root certificates (PEM).",
        ),
        Key::optional("login", Kind::Table(&LOGIN), "no login", "How to log in."),
        Key::optional(
            "per_minute",
            count(1, 1_000_000, "messages a minute"),
            "no limit",
            "How many messages it takes a minute.",
        ),
        Key::number(
            "timeout_seconds",
            60,
            count(1, 3_600, "seconds"),
            "The deadline of one message.",
        ),
    ],
};

static DKIM: Section = Section {
    about: "A DKIM key (RFC 6376).",
    keys: &[
        Key::required("domain", Kind::Domain, "The domain that signs."),
        Key::required(
            "selector",
            Kind::Domain,
            "The selector: the public key stands at `selector._domainkey.domain`.",
        ),
        Key::required(
            "private_key",
            Kind::Secret { at_least: 1 },
            "The private key (PEM, RSA or Ed25519).",
        ),
    ],
};

static LIMITS: Section = Section {
    about: "Limits on one incoming message. Each ends in a kept mail with a notice, never in a blocked mailbox.",
    keys: &[
        Key::number(
            "message_bytes",
            50 << 20,
            count(1 << 10, 1 << 30, "bytes"),
            "The largest message that is fetched whole.",
        ),
        Key::number(
            "header_bytes",
            256 << 10,
            count(1 << 10, 16 << 20, "bytes"),
            "The longest header.",
        ),
        Key::number(
            "parts",
            500,
            count(1, 100_000, "parts"),
            "MIME parts in all.",
        ),
        Key::number(
            "depth",
            20,
            count(1, 100, "levels"),
            "The depth of the MIME tree, attached messages included.",
        ),
        Key::number(
            "attachments",
            100,
            count(0, 10_000, "attachments"),
            "Attachments that are kept one by one.",
        ),
        Key::number(
            "attachment_bytes",
            25 << 20,
            count(0, 1 << 30, "bytes"),
            "The largest attachment that is kept one by one.",
        ),
        Key::number(
            "text_bytes",
            1 << 20,
            count(1 << 10, 64 << 20, "bytes"),
            "The longest text body.",
        ),
        Key::number(
            "parse_millis",
            5_000,
            count(10, 15_000, "milliseconds"),
            "The time one message may take to parse.",
        ),
    ],
};

static CAPS: Section = Section {
    about: "Caps that end mail loops nobody foresaw.",
    keys: &[
        Key::number(
            "answers_per_sender_per_hour",
            5,
            count(0, 100_000, "mails"),
            "Automatic answers to one address in an hour; news of a ticket's status is none.",
        ),
        Key::number(
            "answers_per_ticket_per_hour",
            10,
            count(0, 100_000, "mails"),
            "Automatic answers about one ticket in an hour; changes that a person made are always told.",
        ),
        Key::number(
            "mails_per_sender_per_hour",
            200,
            count(1, 1_000_000, "mails"),
            "Mails from one address in an hour; those above it are quarantined.",
        ),
        Key::number(
            "answers_per_minute",
            300,
            count(1, 1_000_000, "mails"),
            "Automatic answers to all in a minute; above it the breaker opens: no automatic answers leave, and the operators are told.",
        ),
        Key::number(
            "breaker_minutes",
            30,
            count(1, 10_080, "minutes"),
            "How long the breaker stays open.",
        ),
    ],
};

static NOTIFY: Section = Section {
    about: "What is told to whom, and when.",
    keys: &[
        Key::number(
            "undo_seconds",
            10,
            count(0, 3_600, "seconds"),
            "A public reply waits this long before it leaves, so that it can be undone.",
        ),
        Key::number(
            "burst_seconds",
            60,
            count(0, 3_600, "seconds"),
            "Events on one ticket within this span are one mail to an agent.",
        ),
        Key::switch(
            "acknowledge",
            true,
            "Whether a new ticket is acknowledged to its requester.",
        ),
        Key::optional(
            "operators",
            Kind::List(&Kind::Address),
            "nobody is told",
            "Addresses that are told when the machinery needs help. None of them may be one of the mailboxes' own.",
        ),
        Key::optional(
            "templates",
            Kind::Path,
            "the built-in ones",
            "A folder whose templates replace the built-in ones of the same name.",
        ),
    ],
};

static LOG: Section = Section {
    about: "Logs, on standard error.",
    keys: &[
        Key::text(
            "filter",
            Kind::Filter,
            "info",
            "What is logged: `error`, `warn`, `info`, `debug` or `trace`, also for one part: `info,frontdesk::inbound=debug`.",
        ),
        Key::switch("json", false, "JSON lines instead of text."),
    ],
};
