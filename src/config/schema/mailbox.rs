//! The keys of a mailbox and of logging in to a mail server.

use super::{Key, Kind, Section, count};

/// One mailbox.
pub(super) static MAILBOX: Section = Section {
    about: "A mailbox that is read. Exactly one of `imap`, `maildir` and `pipe` says where its mail lies.",
    keys: &[
        Key::required(
            "name",
            Kind::Word,
            "Its name in commands, in logs and at the cursor that remembers what has been read; it must not change.",
        ),
        Key::required(
            "address",
            Kind::Address,
            "The address that customers write to and that answers come from.",
        ),
        Key::optional(
            "aliases",
            Kind::List(&Kind::Address),
            "none",
            "Other addresses whose mail ends in this mailbox.",
        ),
        Key::optional(
            "imap",
            Kind::Table(&IMAP),
            "another source",
            "The mail lies on an IMAP server.",
        ),
        Key::optional(
            "maildir",
            Kind::Path,
            "another source",
            "The mail lies in this Maildir folder.",
        ),
        Key::switch(
            "pipe",
            false,
            "The mail lies nowhere: it is only handed in by `frontdesk deliver`.",
        ),
        Key::text(
            "after",
            Kind::After,
            "keep",
            "What becomes of a message in the mailbox after it is safe in the database. `\"keep\"`: it stays and is flagged `\\Seen` and `$Frontdesk`. `{ move = \"Archive\" }`: it is moved to this folder. `\"delete\"`: it is deleted.",
        ),
        Key::number(
            "poll_seconds",
            60,
            count(1, 86_400, "seconds"),
            "The time between polls. IDLE makes it faster; polling stays behind it.",
        ),
        Key::switch(
            "plus_addressing",
            false,
            "Whether the server delivers `local+detail@domain` to this mailbox, so that the Reply-To of our mail may carry a reply token. Gmail, Microsoft 365 and Fastmail do; Postfix does with `recipient_delimiter = +`.",
        ),
        Key::optional(
            "team",
            Kind::Of("team"),
            "by category",
            "The team that tickets from this mailbox start with.",
        ),
        Key::optional(
            "category",
            Kind::Of("category"),
            "the desk's default",
            "The category that tickets from this mailbox start with.",
        ),
        Key::optional(
            "ticket_type",
            Kind::Of("type"),
            "the desk's default",
            "The type that tickets from this mailbox start with.",
        ),
        Key::optional(
            "priority",
            Kind::Of("priority"),
            "the desk's default",
            "The priority that tickets from this mailbox start with.",
        ),
        Key::optional(
            "number",
            Kind::NumberFormat,
            "the desk's",
            "A number format of its own.",
        ),
        Key::optional(
            "fields",
            Kind::FieldValues,
            "the fields' defaults",
            "Custom fields that tickets from this mailbox start with: `{ project = \"APOLLO\" }`.",
        ),
        Key::switch(
            "accept_automatic",
            false,
            "Whether automatic mail that is no reply (monitoring, newsletters) opens tickets, unanswered, instead of being ignored.",
        ),
        Key::optional(
            "trusted_authserv",
            Kind::List(&Kind::Line),
            "none is believed",
            "authserv-ids (RFC 8601) whose Authentication-Results are believed. Name your own receiving server only: it must remove headers of the same name that come from outside.",
        ),
    ],
};

static IMAP: Section = Section {
    about: "An IMAP server.",
    keys: &[
        Key::required(
            "host",
            Kind::Host,
            "Its name, which is also the name on its certificate.",
        ),
        Key::optional(
            "port",
            count(1, 65_535, ""),
            "993 with `tls`, else 143",
            "Its port.",
        ),
        Key::text("tls", TLS, "tls", "How the connection is secured."),
        Key::optional(
            "ca_file",
            Kind::ExistingFile,
            "public authorities only",
            "A file of additional root certificates (PEM).",
        ),
        Key::text("folder", Kind::Line, "INBOX", "The folder that is read."),
        Key::switch("idle", true, "Whether to use IDLE where the server has it."),
        Key::number(
            "timeout_seconds",
            60,
            count(1, 3_600, "seconds"),
            "The deadline of each command.",
        ),
        Key::required("login", Kind::Table(&LOGIN), "How to log in."),
    ],
};

/// How a connection is secured.
pub(super) const TLS: Kind = Kind::Choice(&[
    ("tls", "TLS from the first byte"),
    (
        "starttls",
        "STARTTLS; a server that does not offer it is not used",
    ),
    ("none", "plain text; for the loopback only"),
]);

/// How to log in.
pub(super) static LOGIN: Section = Section {
    about: "How to log in. Exactly one of `password` and `token`.",
    keys: &[
        Key::required("user", Kind::Line, "The user."),
        Key::optional(
            "password",
            Kind::Secret { at_least: 1 },
            "`token`",
            "The password (LOGIN, or PLAIN for SMTP).",
        ),
        Key::optional(
            "token",
            Kind::Table(&TOKEN),
            "`password`",
            "Where OAuth 2 access tokens come from (XOAUTH2).",
        ),
    ],
};

static TOKEN: Section = Section {
    about: "Where OAuth 2 access tokens come from. Exactly one of `command`, `file` and `endpoint`.",
    keys: &[
        Key::optional(
            "command",
            Kind::List(&Kind::Line),
            "another source",
            "A program and its arguments; the first line it prints is the token.",
        ),
        Key::optional(
            "file",
            Kind::Path,
            "another source",
            "A file whose first line is the token; it is read anew at each login, and something else keeps it fresh.",
        ),
        Key::optional(
            "endpoint",
            Kind::Endpoint,
            "another source",
            "A token endpoint at which `refresh_token` is exchanged (RFC 6749, section 6).",
        ),
        Key::optional(
            "client_id",
            Kind::Line,
            "needed with `endpoint`",
            "The client.",
        ),
        Key::optional(
            "client_secret",
            Kind::Secret { at_least: 1 },
            "a public client",
            "The client's secret.",
        ),
        Key::optional(
            "refresh_token",
            Kind::Secret { at_least: 1 },
            "needed with `endpoint`",
            "The refresh token. Where the endpoint replaces it, the new one is written to the `file` it came from; one from `env` \
is then good until Frontdesk stops. A file is read anew each time, so that a new authorization needs no restart.",
        ),
        Key::optional(
            "scope",
            Kind::Line,
            "the endpoint's own",
            "The scope that is asked for.",
        ),
    ],
};
