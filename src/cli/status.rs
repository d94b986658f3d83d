//! `frontdesk status`: how everything stands, and what needs a person.

mod chat;

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::Serialize;

use super::exit::Exit;
use super::open::{self, DeskArgument};
use super::page;
use crate::app::App;
use crate::config::Settings;
use crate::config::service::{MailboxSettings, Source};
use crate::inbound::{ledger, mailbox};
use crate::{conversation, notify, outbox, people};

/// What was given up or quarantined within this span needs a look.
const LATELY: TimeDelta = TimeDelta::hours(24);

/// How long something may be overdue before the service counts as not running.
const OVERDUE: TimeDelta = TimeDelta::minutes(5);

/// How long a mail may wait in the outbox, retries included.
const LONG_WAIT: TimeDelta = TimeDelta::hours(1);

/// Arguments of `frontdesk status`.
#[derive(Debug, Args)]
pub struct StatusArguments {
    #[command(flatten)]
    desk: DeskArgument,
    /// Print JSON for a program.
    #[arg(long)]
    json: bool,
}

/// How everything stands.
#[derive(Debug, Default, Serialize)]
struct Report {
    at: DateTime<Utc>,
    database: Option<String>,
    mailboxes: Vec<MailboxReport>,
    inbound: Vec<StateReport>,
    outbox: OutboxReport,
    chats: Vec<chat::ChatReport>,
    suppressed_addresses: usize,
    breakers: Vec<BreakerReport>,
    attention: Vec<String>,
}

#[derive(Debug, Serialize)]
struct MailboxReport {
    name: String,
    source: &'static str,
    last_success_at: Option<DateTime<Utc>>,
    last_error: Option<String>,
    last_error_at: Option<DateTime<Utc>>,
    credential_refused: bool,
    login_ends_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    poll: TimeDelta,
}

#[derive(Debug, Serialize)]
struct StateReport {
    state: String,
    mails: i64,
    #[serde(skip)]
    lately: i64,
    #[serde(skip)]
    oldest_due_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Default, Serialize)]
struct OutboxReport {
    pending: i64,
    retrying: i64,
    sending: i64,
    sent: i64,
    dead: i64,
    given_up_within_a_day: i64,
    oldest_waiting_at: Option<DateTime<Utc>>,
    last_error: Option<String>,
    #[serde(skip)]
    oldest_due_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize)]
struct BreakerReport {
    name: String,
    until: DateTime<Utc>,
    reason: String,
}

/// Says how everything stands; status 1 if something needs a person.
pub(super) async fn run(arguments: &StatusArguments) -> anyhow::Result<()> {
    let settings = arguments.desk.load()?;
    let zone = settings.desk.zone;
    let report = match open::on(settings, look).await {
        Ok(report) => report,
        Err(error) => unreachable(&error),
    };
    let text = if arguments.json {
        format!("{}\n", serde_json::to_string_pretty(&report)?)
    } else {
        to_page(&report, zone)
    };
    page::print(&text)?;
    if report.attention.is_empty() {
        return Ok(());
    }
    let things = page::count(report.attention.len(), "thing needs", "things need");
    Err(Exit::new(1, format!("{things} attention")).into())
}

fn unreachable(error: &anyhow::Error) -> Report {
    let words = format!("{error:#}");
    Report {
        at: Utc::now(),
        attention: vec![format!("The database does not answer: {words}.")],
        database: Some(words),
        ..Report::default()
    }
}

async fn look(app: &App) -> anyhow::Result<Report> {
    let now = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    let standings = mailbox::standings(&mut conn).await?;
    let outbox = outbox::store::standing(&mut conn, now - LATELY).await?;
    let mut report = Report {
        at: now,
        database: None,
        mailboxes: mailboxes(&app.settings, &standings),
        inbound: inbound(ledger::census(&mut conn, now - LATELY).await?),
        outbox: OutboxReport {
            pending: outbox.pending,
            retrying: outbox.retrying,
            sending: outbox.sending,
            sent: outbox.sent,
            dead: outbox.dead,
            given_up_within_a_day: outbox.given_up_lately,
            oldest_waiting_at: outbox.oldest_waiting_at,
            last_error: outbox.last_error,
            oldest_due_at: outbox.oldest_due_at,
        },
        chats: chat::of(&app.settings, conversation::standings(&mut conn).await?),
        suppressed_addresses: people::store::suppressions(&mut conn).await?.len(),
        breakers: breakers(notify::open_breakers(&mut conn, now).await?),
        attention: Vec::new(),
    };
    report.attention = attention(&report);
    Ok(report)
}

fn inbound(counts: Vec<ledger::Count>) -> Vec<StateReport> {
    let one = |count: ledger::Count| StateReport {
        state: count.state,
        mails: count.rows,
        lately: count.lately,
        oldest_due_at: count.oldest_due_at,
    };
    counts.into_iter().map(one).collect()
}

fn breakers(open: Vec<notify::OpenBreaker>) -> Vec<BreakerReport> {
    let one = |breaker: notify::OpenBreaker| BreakerReport {
        name: breaker.name,
        until: breaker.until,
        reason: breaker.reason,
    };
    open.into_iter().map(one).collect()
}

fn mailboxes(settings: &Settings, standings: &[mailbox::Standing]) -> Vec<MailboxReport> {
    let one = |mailbox: &MailboxSettings| {
        let standing = standings.iter().find(|one| one.name == mailbox.name);
        MailboxReport {
            name: mailbox.name.clone(),
            source: match mailbox.source {
                Source::Imap(_) => "imap",
                Source::Maildir(_) => "maildir",
                Source::Pipe => "pipe",
            },
            last_success_at: standing.and_then(|one| one.last_success_at),
            last_error: standing.and_then(|one| one.last_error.clone()),
            last_error_at: standing.and_then(|one| one.last_error_at),
            credential_refused: standing.is_some_and(|one| one.credential_bad),
            login_ends_at: standing.and_then(|one| one.login_ends_at),
            poll: TimeDelta::seconds(mailbox.poll_seconds.into()),
        }
    };
    settings.mailboxes.iter().map(one).collect()
}

/// What needs a person, one sentence each, with what to do.
fn attention(report: &Report) -> Vec<String> {
    let mut all: Vec<String> = report
        .mailboxes
        .iter()
        .filter_map(|mailbox| of_mailbox(mailbox, report.at))
        .collect();
    all.extend(
        report
            .inbound
            .iter()
            .filter_map(|state| of_state(state, report.at)),
    );
    all.extend(of_outbox(&report.outbox, report.at));
    all.extend(report.chats.iter().flat_map(chat::attention));
    all.extend(report.breakers.iter().map(|breaker| {
        format!(
            "Automatic answers are stopped: {}. Look for a mail loop.",
            breaker.reason
        )
    }));
    all
}

fn of_mailbox(mailbox: &MailboxReport, now: DateTime<Utc>) -> Option<String> {
    let name = &mailbox.name;
    let error = mailbox.last_error.as_deref().unwrap_or("no reason known");
    if mailbox.credential_refused {
        return Some(format!(
            "The mailbox {name} refuses the login: {error}. Put the credentials right in the configuration."
        ));
    }
    if mailbox.last_error_at > mailbox.last_success_at {
        return Some(format!("The mailbox {name} cannot be read: {error}."));
    }
    if mailbox.source == "pipe" {
        return None;
    }
    let left = mailbox.login_ends_at.map(|ends_at| ends_at - now);
    if let Some(left) = left.filter(|left| *left < mailbox::ENDS_SOON) {
        return Some(match left > TimeDelta::zero() {
            true => format!(
                "The login of the mailbox {name} ends in {}. Authorize it again before then.",
                page::span(left)
            ),
            false => format!("The login of the mailbox {name} has ended. Authorize it again."),
        });
    }
    let Some(last) = mailbox.last_success_at else {
        return Some(format!(
            "The mailbox {name} was never read. Is `frontdesk run` running?"
        ));
    };
    (now - last > mailbox.poll * 2 + OVERDUE).then(|| {
        format!(
            "The mailbox {name} was last read {} ago. Is `frontdesk run` running?",
            page::span(now - last)
        )
    })
}

fn of_state(state: &StateReport, now: DateTime<Utc>) -> Option<String> {
    let overdue = state.oldest_due_at.is_some_and(|at| now - at > OVERDUE);
    let mails = |number: i64| page::count(usize::try_from(number).unwrap_or(0), "mail", "mails");
    match state.state.as_str() {
        "failed" if state.mails > 0 => Some(format!(
            "{} could not be worked: `frontdesk inbound list --state failed`, then `frontdesk inbound replay --failed`.",
            mails(state.mails)
        )),
        "quarantined" if state.lately > 0 => Some(format!(
            "{} came into quarantine within a day: `frontdesk inbound list --state quarantined`.",
            mails(state.lately)
        )),
        "received" | "processing" if overdue => Some(format!(
            "{} should have been worked by now. Is `frontdesk run` running?",
            mails(state.mails)
        )),
        _ => None,
    }
}

fn of_outbox(outbox: &OutboxReport, now: DateTime<Utc>) -> Vec<String> {
    let mut all = Vec::new();
    if outbox.given_up_within_a_day > 0 {
        all.push(format!(
            "{} given up within a day: `frontdesk outbox list --state dead`, then `frontdesk outbox retry --dead`.",
            page::count(
                usize::try_from(outbox.given_up_within_a_day).unwrap_or(0),
                "outgoing mail was",
                "outgoing mails were"
            )
        ));
    }
    if outbox.oldest_due_at.is_some_and(|at| now - at > OVERDUE) {
        all.push("Outgoing mail is overdue. Is `frontdesk run` running?".to_owned());
    } else if let Some(at) = outbox.oldest_waiting_at.filter(|at| now - *at > LONG_WAIT) {
        let error = outbox.last_error.as_deref().unwrap_or("no reason known");
        all.push(format!(
            "Outgoing mail waits since {}: {error}. See `frontdesk outbox list --state pending`.",
            page::span(now - at)
        ));
    }
    all
}

fn to_page(report: &Report, zone: chrono_tz::Tz) -> String {
    let ago = |at: Option<DateTime<Utc>>| match at {
        Some(at) => format!("{} ago", page::span(report.at - at)),
        None => "never".to_owned(),
    };
    let mut text = String::new();
    if let Some(error) = &report.database {
        let _ = writeln!(
            text,
            "Database     does not answer: {}",
            page::one_line(error)
        );
        return text;
    }
    let _ = writeln!(text, "Database     answers\n");
    let mut table = page::Table::new(&["MAILBOX", "SOURCE", "LAST READ", "LAST TROUBLE"]);
    for mailbox in &report.mailboxes {
        let trouble = mailbox
            .last_error
            .as_ref()
            .map_or_else(String::new, |error| {
                format!("{}: {error}", ago(mailbox.last_error_at))
            });
        let read = match mailbox.source {
            "pipe" => "-".to_owned(),
            _ => ago(mailbox.last_success_at),
        };
        table.row([&mailbox.name, mailbox.source, &read, &trouble]);
    }
    let _ = writeln!(text, "{}", table.text());
    text.push_str(&chat::table(&report.chats, &ago));
    let states: Vec<String> = report
        .inbound
        .iter()
        .map(|state| format!("{} {}", state.mails, state.state))
        .collect();
    let states = if states.is_empty() {
        "nothing yet".to_owned()
    } else {
        states.join(", ")
    };
    let _ = writeln!(text, "Inbound      {states}");
    let outbox = &report.outbox;
    let _ = writeln!(
        text,
        "Outbox       {} pending ({} after a failure), {} sending, {} sent, {} dead",
        outbox.pending, outbox.retrying, outbox.sending, outbox.sent, outbox.dead
    );
    if outbox.oldest_waiting_at.is_some() {
        let _ = writeln!(
            text,
            "             the oldest that waits was written {}",
            ago(outbox.oldest_waiting_at)
        );
    }
    let _ = writeln!(
        text,
        "Suppressed   {}",
        page::count(report.suppressed_addresses, "address", "addresses")
    );
    if report.breakers.is_empty() {
        let _ = writeln!(text, "Breaker      closed");
    }
    for breaker in &report.breakers {
        let until = page::moment(breaker.until, zone);
        let _ = writeln!(
            text,
            "Breaker      open until {until}: {}",
            page::one_line(&breaker.reason)
        );
    }
    let _ = match report.attention.as_slice() {
        [] => writeln!(text, "\nNothing needs attention."),
        _ => writeln!(text, "\nNeeds attention:"),
    };
    for line in &report.attention {
        let _ = writeln!(text, "  - {}", page::one_line(line));
    }
    text
}

#[cfg(test)]
mod tests;
