//! Reads the service around the desk from the top table.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use toml::de::DeValue;

use super::chat_reader;
use super::desk::DeskSettings;
use super::problem::Fault;
use super::read::Table;
use super::schema::Kind;
use super::secret::{self, Env};
use super::service::{
    AfterFetch, Caps, Credentials, Database, Dkim, ImapSettings, Log, MailLimits, MailboxSettings,
    Notify, Outgoing, OutgoingRoute, ReplyKey, Settings, SmtpServer, Source, TlsMode, TokenSource,
};
use super::value::is_loopback;

/// Reads everything but the desk, which may stand in a file of its own.
pub(super) fn read(table: &Table<'_>, desk: DeskSettings, env: Env<'_>) -> Settings {
    Settings {
        schedules: super::schedule::read(table, &desk),
        desk,
        database: match table.table("database") {
            Some(database) => read_database(&database, env),
            None => Database::Embedded(PathBuf::new()),
        },
        mailboxes: (table.tables("mailbox").iter())
            .map(|mailbox| read_mailbox(mailbox, env))
            .collect(),
        outgoing: read_outgoing(&table.table("outgoing"), env),
        chats: (table.tables("chat").iter())
            .map(|chat| chat_reader::read(chat, env))
            .collect(),
        limits: read_limits(&table.table_or_defaults("limits")),
        reply_keys: (table.tables("reply_key").iter())
            .map(|key| ReplyKey {
                id: key.number("id"),
                secret: required_secret(key, "secret", env),
            })
            .collect(),
        caps: read_caps(&table.table_or_defaults("caps")),
        notify: read_notify(&table.table_or_defaults("notify")),
        log: {
            let log = table.table_or_defaults("log");
            Log {
                filter: log.text("filter"),
                json: log.switch("json"),
            }
        },
        drain_seconds: table.number("drain_seconds"),
    }
}

pub(super) fn required_secret(table: &Table<'_>, name: &str, env: Env<'_>) -> SecretString {
    if !table.has(name) {
        table.refuse(name, format!("`{name}` is missing."), secret::HOW);
    }
    optional_secret(table, name, env).unwrap_or_default()
}

fn optional_secret(table: &Table<'_>, name: &str, env: Env<'_>) -> Option<SecretString> {
    let kind = table.kind(name).unwrap_or(Kind::Secret { at_least: 1 });
    secret::read(table, name, kind, env)
}

fn read_database(table: &Table<'_>, env: Env<'_>) -> Database {
    if table.exactly_one(&["url", "embedded"]) == Some("url") {
        let url = optional_secret(table, "url", env);
        let is_url = |url: &SecretString| {
            let url = url::Url::parse(url.expose_secret());
            url.is_ok_and(|url| matches!(url.scheme(), "postgres" | "postgresql"))
        };
        if url.as_ref().is_some_and(|url| !is_url(url)) {
            let what = "The secret is no address of a PostgreSQL server.";
            table.refuse(
                "url",
                what,
                "It is written postgres://user:password@host/database.",
            );
        }
        return Database::Url(url.unwrap_or_default());
    }
    Database::Embedded(table.path_if_any("embedded").unwrap_or_default())
}

fn read_mailbox(table: &Table<'_>, env: Env<'_>) -> MailboxSettings {
    MailboxSettings {
        name: table.text("name"),
        address: table.text("address"),
        aliases: table.texts("aliases"),
        source: read_source(table, env),
        after: read_after(table),
        poll_seconds: table.number("poll_seconds"),
        plus_addressing: table.switch("plus_addressing"),
        team: table.text_if_any("team"),
        category: table.text_if_any("category"),
        ticket_type: table.text_if_any("ticket_type"),
        priority: table.text_if_any("priority"),
        number: table.text_if_any("number"),
        fields: table.field_values("fields"),
        accept_automatic: table.switch("accept_automatic"),
        trusted_authserv: table.texts("trusted_authserv"),
    }
}

fn read_source(table: &Table<'_>, env: Env<'_>) -> Source {
    let imap = table.table("imap");
    let maildir = table.path_if_any("maildir");
    let pipe = table.switch("pipe");
    let source = table.exactly_one(&["imap", "maildir", "pipe"]);
    if source == Some("pipe") && !pipe {
        let what = "This mailbox has no source of mail.";
        table.refuse(
            "pipe",
            what,
            "Write pipe = true, or imap or maildir instead.",
        );
    }
    match (imap, maildir) {
        (Some(imap), _) => Source::Imap(Box::new(read_imap(&imap, env))),
        (None, Some(maildir)) => Source::Maildir(maildir),
        (None, None) => Source::Pipe,
    }
}

fn read_after(table: &Table<'_>) -> AfterFetch {
    let hint = "Write \"keep\", \"delete\" or { move = \"Archive\" } with the name of a folder.";
    let Some(value) = table.value("after") else {
        return AfterFetch::Keep;
    };
    match value.get_ref() {
        DeValue::String(word) if word == "keep" => return AfterFetch::Keep,
        DeValue::String(word) if word == "delete" => return AfterFetch::Delete,
        DeValue::Table(entry) if entry.len() == 1 => {
            if let Some(folder) = entry
                .get("move")
                .and_then(|folder| folder.get_ref().as_str())
                && super::value::check(Kind::Line, folder).is_ok()
            {
                return AfterFetch::Move(folder.to_owned());
            }
        }
        _ => {}
    }
    table.refuse(
        "after",
        "This does not say what becomes of a handled message.",
        hint,
    );
    AfterFetch::Keep
}

fn read_imap(table: &Table<'_>, env: Env<'_>) -> ImapSettings {
    let tls = read_tls(table);
    ImapSettings {
        host: table.text("host"),
        port: port(table, if tls == TlsMode::Tls { 993 } else { 143 }),
        tls,
        ca_file: table.path_if_any("ca_file"),
        credentials: match table.table("login") {
            Some(login) => read_login(&login, env),
            None => no_login(),
        },
        folder: table.text("folder"),
        idle: table.switch("idle"),
        timeout_seconds: table.number("timeout_seconds"),
    }
}

/// A placeholder; that the login is missing is in the report.
fn no_login() -> Credentials {
    Credentials::Password {
        user: String::new(),
        password: SecretString::default(),
    }
}

fn port(table: &Table<'_>, default: u16) -> u16 {
    table.number_if_any("port").unwrap_or(default)
}

/// Passwords and mail go in plain text only where nobody can listen.
fn read_tls(table: &Table<'_>) -> TlsMode {
    let host = table.text("host");
    match table.text("tls").as_str() {
        "starttls" => TlsMode::Starttls,
        "none" => {
            if !is_loopback(&host) {
                let what = format!(
                    "The connection to {} would be plain text.",
                    super::problem::shown(&host)
                );
                let hint = "Write \"tls\" or \"starttls\"; \"none\" is accepted for localhost, 127.0.0.1 and ::1 only.";
                table.refuse("tls", what, hint);
            }
            TlsMode::None
        }
        _ => TlsMode::Tls,
    }
}

fn read_login(table: &Table<'_>, env: Env<'_>) -> Credentials {
    let user = table.text("user");
    if table.exactly_one(&["password", "token"]) == Some("token") {
        let token = match table.table("token") {
            Some(token) => read_token(&token, env),
            None => TokenSource::Command(Vec::new()),
        };
        return Credentials::OAuth { user, token };
    }
    Credentials::Password {
        user,
        password: optional_secret(table, "password", env).unwrap_or_default(),
    }
}

fn read_token(table: &Table<'_>, env: Env<'_>) -> TokenSource {
    let source = table.exactly_one(&["command", "file", "endpoint"]);
    let refresh = TokenSource::Refresh {
        endpoint: table.text_if_any("endpoint").unwrap_or_default(),
        client_id: table.text_if_any("client_id").unwrap_or_default(),
        client_secret: optional_secret(table, "client_secret", env),
        refresh_token: optional_secret(table, "refresh_token", env).unwrap_or_default(),
        refresh_token_file: secret::file_of(table, "refresh_token"),
        scope: table.text_if_any("scope"),
    };
    let file = table.path_if_any("file");
    let command = table.texts("command");
    if source == Some("endpoint") {
        for name in ["client_id", "refresh_token"] {
            if !table.has(name) {
                let what = format!("`{name}` is missing.");
                table.refuse(name, what, "An endpoint needs client_id and refresh_token.");
            }
        }
        return refresh;
    }
    for name in ["client_id", "client_secret", "refresh_token", "scope"] {
        if source.is_some() && table.has(name) {
            let what = format!("`{name}` has no meaning here.");
            table.refuse(name, what, "It belongs to `endpoint`.");
        }
    }
    match file {
        Some(file) => TokenSource::File(file),
        None => {
            if source == Some("command") && command.is_empty() {
                let hint =
                    "Write the program and its arguments: [\"/usr/local/bin/token\", \"support\"].";
                table.refuse("command", "This names no program.", hint);
            }
            TokenSource::Command(command)
        }
    }
}

fn read_outgoing(table: &Option<Table<'_>>, env: Env<'_>) -> Outgoing {
    let Some(table) = table else {
        return Outgoing {
            route: OutgoingRoute::Smtp(Vec::new()),
            dkim: None,
            concurrency: 0,
            retry_hours: 0,
        };
    };
    let folder = table.path_if_any("folder");
    let servers = table.tables("smtp");
    let servers = servers
        .iter()
        .map(|server| read_smtp(server, env))
        .collect();
    if table.exactly_one(&["smtp", "folder"]) == Some("smtp") && Vec::is_empty(&servers) {
        let what = "This names no server.";
        table.refuse(
            "smtp",
            what,
            "Begin at least one with a line [[outgoing.smtp]].",
        );
    }
    Outgoing {
        route: match folder {
            Some(folder) => OutgoingRoute::Folder(folder),
            None => OutgoingRoute::Smtp(servers),
        },
        dkim: table.table("dkim").map(|dkim| read_dkim(&dkim, env)),
        concurrency: table.number("concurrency"),
        retry_hours: table.number("retry_hours"),
    }
}

fn read_smtp(table: &Table<'_>, env: Env<'_>) -> SmtpServer {
    let tls = read_tls(table);
    let default = match tls {
        TlsMode::Tls => 465,
        TlsMode::Starttls => 587,
        TlsMode::None => 25,
    };
    SmtpServer {
        host: table.text("host"),
        port: port(table, default),
        tls,
        ca_file: table.path_if_any("ca_file"),
        credentials: table.table("login").map(|login| read_login(&login, env)),
        per_minute: table.number_if_any("per_minute"),
        timeout_seconds: table.number("timeout_seconds"),
    }
}

fn read_dkim(table: &Table<'_>, env: Env<'_>) -> Dkim {
    let private_key = required_secret(table, "private_key", env);
    let pem = private_key.expose_secret();
    let is_pem = pem.contains("-----BEGIN ") && pem.contains("PRIVATE KEY-----");
    if !pem.is_empty() && !is_pem {
        let at = table.at.key("private_key");
        let hint = "It begins with -----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----.";
        table
            .report
            .add(Fault::new(at, "The secret is no private key in PEM.", hint));
    }
    Dkim {
        domain: table.text("domain"),
        selector: table.text("selector"),
        private_key,
    }
}

fn read_limits(table: &Table<'_>) -> MailLimits {
    MailLimits {
        message_bytes: table.number("message_bytes"),
        header_bytes: table.number("header_bytes"),
        parts: table.number("parts"),
        depth: table.number("depth"),
        attachments: table.number("attachments"),
        attachment_bytes: table.number("attachment_bytes"),
        text_bytes: table.number("text_bytes"),
        parse_millis: table.number("parse_millis"),
    }
}

fn read_caps(table: &Table<'_>) -> Caps {
    Caps {
        answers_per_sender_per_hour: table.number("answers_per_sender_per_hour"),
        answers_per_ticket_per_hour: table.number("answers_per_ticket_per_hour"),
        mails_per_sender_per_hour: table.number("mails_per_sender_per_hour"),
        answers_per_minute: table.number("answers_per_minute"),
        breaker_minutes: table.number("breaker_minutes"),
    }
}

fn read_notify(table: &Table<'_>) -> Notify {
    let templates = table.path_if_any("templates");
    if let Some(folder) = templates.as_ref().filter(|folder| !folder.is_dir()) {
        let what = format!(
            "There is no folder {}.",
            super::problem::shown(&folder.to_string_lossy())
        );
        table.refuse(
            "templates",
            what,
            "Paths start from the folder of the configuration file.",
        );
    }
    Notify {
        undo_seconds: table.number("undo_seconds"),
        burst_seconds: table.number("burst_seconds"),
        acknowledge: table.switch("acknowledge"),
        operators: table.texts("operators"),
        templates,
    }
}
