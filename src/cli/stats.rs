//! `frontdesk stats`: how the desk stood over a period.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use chrono_tz::Tz;
use clap::{Args, ValueEnum};
use sqlx::PgConnection;

use super::open::DeskArgument;
use super::page;
use crate::app::App;
use crate::ids::{OrganizationId, PersonId};
use crate::people;
use crate::plot;
use crate::report::period::Period;
use crate::report::stats::{self, Stats};
use crate::report::{Dimension, Filter, store, words};

/// Arguments of `frontdesk stats`.
#[derive(Debug, Args)]
pub struct StatsArguments {
    #[command(flatten)]
    desk: DeskArgument,
    /// The period: today, yesterday, week, last-week, month, last-month, year, last-year, 30d, 2026-11-20, 2026-11,
    /// 2026, or 2026-11-01..2026-11-20.
    #[arg(default_value = "30d")]
    period: String,
    /// Break the figures down.
    #[arg(long)]
    by: Option<Dimension>,
    /// Only tickets of this team; may be given more than once, as the others below.
    #[arg(long)]
    team: Vec<String>,
    /// Only tickets of this category.
    #[arg(long)]
    category: Vec<String>,
    /// Only tickets of this type.
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Only tickets of this priority.
    #[arg(long)]
    priority: Vec<String>,
    /// Only tickets that this agent has, by handle.
    #[arg(long, value_name = "HANDLE")]
    agent: Vec<String>,
    /// Only tickets of this organization, by name.
    #[arg(long, value_name = "NAME")]
    organization: Vec<String>,
    /// Only tickets that this mailbox answers for.
    #[arg(long)]
    mailbox: Vec<String>,
    /// The zone whose days count, such as Europe/Berlin; the desk's if it is not given.
    #[arg(long)]
    zone: Option<Tz>,
    /// The form.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write to this file instead of the terminal.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For reading.
    Text,
    /// A line a day, or a line a group with --by.
    Csv,
    /// Everything.
    Json,
    /// New and resolved by day, as a drawing.
    Svg,
    /// The same as an image.
    Png,
}

/// Prints the figures.
pub(super) async fn run(arguments: &StatsArguments) -> anyhow::Result<()> {
    let work = async |app: &App| {
        let bytes = bytes(app, arguments).await?;
        match &arguments.out {
            Some(file) => std::fs::write(file, bytes)
                .with_context(|| format!("{} cannot be written", file.display())),
            None => page::print_bytes(&bytes),
        }
    };
    arguments.desk.work(work).await
}

async fn bytes(app: &App, arguments: &StatsArguments) -> anyhow::Result<Vec<u8>> {
    let now = app.clock.now();
    let zone = arguments.zone.unwrap_or(app.settings.desk.zone);
    let period = Period::parse(&arguments.period, now, zone).map_err(anyhow::Error::msg)?;
    let mut conn = app.pool.acquire().await?;
    let filter = filter(&mut conn, app, arguments).await?;
    let stats = stats::compute(
        &mut conn,
        &app.settings.desk,
        &period,
        &filter,
        arguments.by,
        now,
    )
    .await?;
    Ok(match arguments.format {
        Format::Text => text(&stats).into_bytes(),
        Format::Csv => stats.csv().into_bytes(),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&stats)?).into_bytes(),
        Format::Svg => plot::svg(&stats.chart())?.into_bytes(),
        Format::Png => plot::png(&stats.chart())?,
    })
}

async fn filter(
    conn: &mut PgConnection,
    app: &App,
    arguments: &StatsArguments,
) -> anyhow::Result<Filter> {
    let desk = &app.settings.desk;
    known(
        "team",
        &arguments.team,
        desk.team.iter().map(|one| &one.key),
    )?;
    known(
        "category",
        &arguments.category,
        desk.category.iter().map(|one| &one.key),
    )?;
    known(
        "type",
        &arguments.types,
        desk.types.iter().map(|one| &one.key),
    )?;
    known(
        "priority",
        &arguments.priority,
        desk.priority.iter().map(|one| &one.key),
    )?;
    known(
        "mailbox",
        &arguments.mailbox,
        app.settings.mailboxes.iter().map(|one| &one.name),
    )?;
    let mut agents: Vec<PersonId> = Vec::new();
    for handle in &arguments.agent {
        let person = people::store::by_handle(&mut *conn, handle).await?;
        let person = person.with_context(|| {
            format!("there is no agent {handle:?}; `frontdesk agent list` shows those there are")
        })?;
        agents.push(person.id);
    }
    let mut organizations: Vec<OrganizationId> = Vec::new();
    for name in &arguments.organization {
        let id = store::organization_by_name(&mut *conn, name).await?;
        organizations.push(id.with_context(|| format!("there is no organization {name:?}"))?);
    }
    Ok(Filter {
        teams: arguments.team.clone(),
        categories: arguments.category.clone(),
        types: arguments.types.clone(),
        priorities: arguments.priority.clone(),
        agents,
        organizations,
        mailboxes: arguments.mailbox.clone(),
    })
}

/// Refuses a word that the desk does not have.
fn known<'a>(
    what: &str,
    wanted: &[String],
    there: impl Iterator<Item = &'a String>,
) -> anyhow::Result<()> {
    let there: Vec<&str> = there.map(String::as_str).collect();
    match wanted.iter().find(|word| !there.contains(&word.as_str())) {
        Some(word) => bail!(
            "there is no {what} {word:?}; there are: {}",
            there.join(", ")
        ),
        None => Ok(()),
    }
}

fn text(stats: &Stats) -> String {
    let mut table = page::Table::new(&["", "", "BEFORE"]);
    for line in stats.lines() {
        table.row([line.name, &line.value, line.change.as_deref().unwrap_or("")]);
    }
    let mut text = format!("{}\n\n{}", stats.period, table.text());
    if let Some(by) = stats.by {
        let heading = by.name().to_uppercase();
        let mut table = page::Table::new(&[
            &heading,
            "NEW",
            "RESOLVED",
            "REOPENED",
            "BACKLOG",
            "ANSWERED IN",
            "RESOLVED IN",
        ]);
        for group in &stats.groups {
            let median = |spread: Option<crate::report::figures::Spread>| {
                spread.map_or_else(
                    || words::NONE.to_owned(),
                    |spread| words::duration(spread.median_seconds),
                )
            };
            table.row([
                &page::one_line(&group.name),
                &words::count(group.flow.new),
                &words::count(group.flow.resolved),
                &words::count(group.flow.reopened),
                &words::count(group.backlog.all),
                &median(group.flow.first_response),
                &median(group.flow.resolution),
            ]);
        }
        text.push('\n');
        text.push_str(&table.text());
    }
    text
}
