//! `frontdesk stats`: how the desk stood over a period.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::open::DeskArgument;
use super::page;
use crate::app::App;
use crate::command::Stats as Wanted;
use crate::report::stats::Stats;
use crate::report::words;

/// Arguments of `frontdesk stats`.
#[derive(Debug, Args)]
pub struct StatsArguments {
    #[command(flatten)]
    desk: DeskArgument,
    #[command(flatten)]
    wanted: Wanted,
    /// Write to this file instead of the terminal.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
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
    let mut conn = app.pool.acquire().await?;
    let stats = arguments
        .wanted
        .compute(&mut conn, &app.settings, app.clock.now())
        .await?;
    let file = arguments.wanted.format.file(&stats)?;
    Ok(file.map_or_else(|| text(&stats).into_bytes(), |file| file.content))
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
