//! `frontdesk check-config`: everything that is wrong with a configuration, or what it sets up.

mod live;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::Args;

use super::page;
use crate::clock::Clock;
use crate::config::chat::{ChatSettings, PlatformSettings};
use crate::config::schedule::ScheduleSettings;
use crate::config::service::{
    Database, MailboxSettings, Outgoing, OutgoingRoute, SmtpServer, Source, TlsMode,
};
use crate::config::{self, DeskSettings, Settings};

/// How many slots of each schedule are shown.
const SLOTS: usize = 5;

/// Arguments of `frontdesk check-config`.
#[derive(Debug, Args)]
pub struct CheckConfigArguments {
    /// The configuration file.
    file: PathBuf,
    /// The file holds a desk and nothing else, as those in config/desks do.
    #[arg(long)]
    desk: bool,
    /// Ask the chat platforms, too: whether the login is accepted, and which permissions are missing where. Nothing is
    /// changed there. Ends with status 1 if anything is missing.
    #[arg(long, conflicts_with = "desk")]
    live: bool,
}

/// Checks a configuration and prints what it sets up. Secrets are read and not shown.
///
/// # Errors
/// [`config::Problems`], which end the program with status 78 (`EX_CONFIG` of sysexits.h).
pub async fn run(arguments: &CheckConfigArguments) -> anyhow::Result<()> {
    let file = &arguments.file;
    if arguments.desk {
        print!("{}", page(file, &of_desk(&config::load_desk(file)?)));
        return Ok(());
    }
    let settings = config::load(file, &|name| std::env::var(name).ok())?;
    let summary = of_settings(&settings, Clock::default().now());
    print!("{}", page(file, &summary));
    match arguments.live {
        true => live::look(&settings).await,
        false => Ok(()),
    }
}

type Lines = Vec<(&'static str, String)>;

fn page(file: &Path, lines: &Lines) -> String {
    let mut page = format!("{}: no problems.\n\n", file.display());
    for (name, text) in lines {
        let _ = writeln!(page, "{name:<10} {text}");
    }
    page
}

fn of_settings(settings: &Settings, now: DateTime<Utc>) -> Lines {
    let mut lines = of_desk(&settings.desk);
    lines.push((
        "Database",
        match &settings.database {
            Database::Url(_) => "a PostgreSQL server".to_owned(),
            Database::Embedded(folder) => format!("a private cluster in {}", folder.display()),
        },
    ));
    for (at, mailbox) in settings.mailboxes.iter().enumerate() {
        lines.push((if at == 0 { "Mailboxes" } else { "" }, of_mailbox(mailbox)));
    }
    lines.push(("Outgoing", of_outgoing(&settings.outgoing)));
    for (at, chat) in settings.chats.iter().enumerate() {
        lines.push((if at == 0 { "Chat" } else { "" }, of_chat(chat)));
    }
    lines.push((
        "Operators",
        match settings.notify.operators.as_slice() {
            [] => "none: nobody is told when the machinery needs help".to_owned(),
            all => all.join(", "),
        },
    ));
    for (at, schedule) in settings.schedules.iter().enumerate() {
        lines.push((
            if at == 0 { "Schedules" } else { "" },
            of_schedule(schedule, now),
        ));
    }
    lines
}

/// A schedule with its next slots, by the clocks of its zone.
fn of_schedule(schedule: &ScheduleSettings, now: DateTime<Utc>) -> String {
    let next: Vec<String> = schedule
        .next(now)
        .take(SLOTS)
        .map(|at| page::moment(at, schedule.zone))
        .collect();
    format!(
        "{}, {} in {}; next {}",
        schedule.name,
        schedule.recurrence,
        schedule.zone,
        next.join(", ")
    )
}

fn of_desk(desk: &DeskSettings) -> Lines {
    let counts = [
        (desk.status.len(), "status", "statuses"),
        (desk.priority.len(), "priority", "priorities"),
        (desk.types.len(), "type", "types"),
        (desk.category.len(), "category", "categories"),
        (desk.team.len(), "team", "teams"),
        (desk.field.len(), "custom field", "custom fields"),
        (desk.sla.len(), "target", "targets"),
        (desk.organization.len(), "organization", "organizations"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
        .collect();
    vec![
        ("Desk", format!("{}, tickets {}", desk.name, desk.number)),
        ("", counts.join(", ")),
    ]
}

fn of_mailbox(mailbox: &MailboxSettings) -> String {
    let source = match &mailbox.source {
        Source::Imap(imap) => format!(
            "IMAP {}:{} ({}), folder {}",
            imap.host,
            imap.port,
            of_tls(imap.tls),
            imap.folder
        ),
        Source::Maildir(folder) => format!("Maildir {}", folder.display()),
        Source::Pipe => "handed in by `frontdesk deliver`".to_owned(),
    };
    format!("{} <{}>, {source}", mailbox.name, mailbox.address)
}

fn of_outgoing(outgoing: &Outgoing) -> String {
    let mut text = match &outgoing.route {
        OutgoingRoute::Folder(folder) => format!(".eml files in {}", folder.display()),
        OutgoingRoute::Smtp(servers) => {
            let servers: Vec<String> = servers.iter().map(of_server).collect();
            servers.join(", then ")
        }
    };
    if let Some(dkim) = &outgoing.dkim {
        let _ = write!(text, ", DKIM {}._domainkey.{}", dkim.selector, dkim.domain);
    }
    text
}

fn of_chat(chat: &ChatSettings) -> String {
    let platform = match &chat.platform {
        PlatformSettings::Discord(discord) => format!("Discord server {}", discord.guild),
        PlatformSettings::Slack(_) => "Slack".to_owned(),
        PlatformSettings::Terminal(terminal) => format!("terminal of {}", terminal.handle),
    };
    let places = match chat.places.len() {
        1 => "1 place".to_owned(),
        many => format!("{many} places"),
    };
    format!("{}, {platform}, {places}", chat.name)
}

fn of_server(server: &SmtpServer) -> String {
    format!(
        "SMTP {}:{} ({})",
        server.host,
        server.port,
        of_tls(server.tls)
    )
}

fn of_tls(mode: TlsMode) -> &'static str {
    match mode {
        TlsMode::Tls => "TLS",
        TlsMode::Starttls => "STARTTLS",
        TlsMode::None => "plain text",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use std::path::Path;

    use super::{of_desk, of_settings, page};
    use crate::config;

    /// No value of these is shown.
    fn env(name: &str) -> Option<String> {
        let value = match name {
            "DATABASE_URL" => "postgres://secret@localhost/secret",
            "DKIM_PRIVATE_KEY" => "-----BEGIN PRIVATE KEY-----secret",
            "SLACK_BOT_TOKEN" => "xoxb-secret",
            "SLACK_APP_TOKEN" => "xapp-secret",
            _ => "secret-secret-secret-secret-secret",
        };
        Some(value.to_owned())
    }

    #[test]
    fn a_configuration_is_summed_up_without_its_secrets() {
        let file = Path::new("config/frontdesk.toml");
        let settings = config::load(file, &env).unwrap();
        // A Friday at noon: the next slots are after the weekend.
        let now = "2026-11-20T17:45:00Z".parse().unwrap();
        let page =
            page(file, &of_settings(&settings, now)).replace(env!("CARGO_MANIFEST_DIR"), "/root");
        assert!(!page.contains("secret"));
        insta::assert_snapshot!(page);
    }

    /// `EX_CONFIG` of sysexits.h; any other failure is 1.
    #[test]
    fn problems_end_the_program_with_status_78() {
        let none = |_: &str| None;
        let problems = config::load(Path::new("config/frontdesk.toml"), &none).unwrap_err();
        assert_eq!(crate::cli::report(&problems.into()), 78);
        assert_eq!(crate::cli::report(&anyhow::anyhow!("no database")), 1);
    }

    #[test]
    fn a_desk_is_summed_up() {
        let file = Path::new("config/desks/crm.toml");
        insta::assert_snapshot!(page(file, &of_desk(&config::load_desk(file).unwrap())));
    }
}
