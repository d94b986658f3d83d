//! `frontdesk rules`: what the desk's rules make of a mail. It needs no database and no network.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::page;
use crate::config::{self, DeskSettings, Settings};
use crate::desk::rules::{self, Arrival, Decided};
use crate::mail;
use crate::mail::message::UnderstoodMail;

/// Arguments of `frontdesk rules`.
#[derive(Debug, Args)]
pub struct RulesArguments {
    #[command(subcommand)]
    command: RulesCommand,
}

#[derive(Debug, Subcommand)]
enum RulesCommand {
    /// Say which rules hold for a mail on standard input, why, and what the ticket would get. Nothing is changed.
    Test(TestArguments),
}

#[derive(Debug, Args)]
struct TestArguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", env = "FRONTDESK_CONFIG")]
    config: PathBuf,
    /// The mailbox it came to, whose defaults apply; the first one if it is not given.
    #[arg(long)]
    mailbox: Option<String>,
}

/// Runs a rules command.
pub(super) fn run(arguments: &RulesArguments) -> anyhow::Result<()> {
    match &arguments.command {
        RulesCommand::Test(arguments) => test(arguments),
    }
}

fn test(arguments: &TestArguments) -> anyhow::Result<()> {
    let settings = config::load(&arguments.config, &|name| std::env::var(name).ok())?;
    let mut raw = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut raw)
        .context("cannot read standard input")?;
    let understood = mail::understand(&raw, &settings.limits);
    page::print(&explain(
        &settings,
        arguments.mailbox.as_deref(),
        &understood,
    )?)
}

/// What the rules make of a mail.
fn explain(
    settings: &Settings,
    mailbox: Option<&str>,
    understood: &UnderstoodMail,
) -> anyhow::Result<String> {
    let desk = &settings.desk;
    let mut mailboxes = settings.mailboxes.iter();
    let mailbox = match mailbox {
        Some(name) => Some(
            mailboxes
                .find(|mailbox| mailbox.name == name)
                .with_context(|| format!("there is no mailbox {name:?} in the configuration"))?,
        ),
        None => mailboxes.next(),
    };
    let sender = understood
        .mail
        .from
        .as_ref()
        .map(|from| from.address.to_lowercase());
    let organization = sender
        .as_deref()
        .and_then(|sender| organization_of(desk, sender));
    let category = mailbox.and_then(|mailbox| mailbox.category.as_deref());
    let category = category.or(desk.default_category.as_deref());
    let arrival = Arrival {
        sender: sender.as_deref(),
        organization,
        subject: &understood.mail.subject,
        text: &understood.reply,
        category,
        chosen: false,
    };
    let decided = rules::decide(desk, &arrival);
    let mut text = format!(
        "From {}{}: {}\n\n",
        sender.as_deref().unwrap_or("nobody"),
        organization.map_or_else(String::new, |name| format!(" of {name}")),
        page::one_line(arrival.subject)
    );
    if desk.rule.is_empty() {
        text.push_str("The desk has no rules.\n");
    }
    for tried in &decided.tried {
        let _ = match &tried.verdict {
            Ok(why) => writeln!(
                text,
                "✓ {}: {}\n    → {}",
                tried.rule.name,
                why.join(" and "),
                rules::deeds(tried.rule)
            ),
            Err(why) => writeln!(text, "– {}: {why}", tried.rule.name),
        };
    }
    for rule in desk.rule.iter().skip(decided.tried.len()) {
        let _ = writeln!(text, "  {}: not tried any more", rule.name);
    }
    text.push_str(&outcome(
        desk,
        mailbox.and_then(|one| one.team.as_deref()),
        category,
        &decided,
    ));
    Ok(text)
}

fn outcome(
    desk: &DeskSettings,
    mailboxs_team: Option<&str>,
    category: Option<&str>,
    decided: &Decided<'_>,
) -> String {
    let category = decided.category.or(category);
    let by_category = category.and_then(|key| desk.team_for_category(key));
    let team = decided.team.or(mailboxs_team);
    let team = team.or(by_category.map(|team| team.key.as_str()));
    let mut text = String::from("\nThe ticket would get:\n");
    for (what, value) in [
        ("category", category),
        ("team", team),
        (
            "priority",
            decided.priority.or(Some(&desk.default_priority)),
        ),
        ("assignee", decided.assignee),
    ] {
        let _ = writeln!(text, "  {what:<9} {}", value.unwrap_or("none"));
    }
    if !decided.tags.is_empty() {
        let _ = writeln!(text, "  {:<9} {}", "tags", decided.tags.join(", "));
    }
    text
}

/// The organization to whose domains an address belongs, as the configuration has it.
fn organization_of<'d>(desk: &'d DeskSettings, address: &str) -> Option<&'d str> {
    let (_, domain) = address.rsplit_once('@')?;
    let mut all = desk.organization.iter();
    let found = all.find(|one| {
        one.domains
            .iter()
            .any(|own| own.eq_ignore_ascii_case(domain))
    });
    found.map(|one| one.name.as_str())
}
