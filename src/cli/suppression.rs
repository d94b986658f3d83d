//! `frontdesk suppression`: addresses that are written to no more, since a server said for good that they do
//! not exist.

use clap::{Args, Subcommand};

use super::open::DeskArgument;
use super::page;
use crate::app::App;
use crate::people::store;

/// Arguments of `frontdesk suppression`.
#[derive(Debug, Args)]
pub struct SuppressionArguments {
    #[command(flatten)]
    desk: DeskArgument,
    #[command(subcommand)]
    command: SuppressionCommand,
}

#[derive(Debug, Subcommand)]
enum SuppressionCommand {
    /// List the suppressed addresses and why.
    List,
    /// Write to an address again.
    Lift(LiftArguments),
}

#[derive(Debug, Args)]
struct LiftArguments {
    /// The address.
    address: String,
}

/// Runs a suppression command.
pub(super) async fn run(arguments: &SuppressionArguments) -> anyhow::Result<()> {
    let work = async |app: &App| match &arguments.command {
        SuppressionCommand::List => list(app).await,
        SuppressionCommand::Lift(arguments) => lift(app, &arguments.address).await,
    };
    arguments.desk.work(work).await
}

async fn list(app: &App) -> anyhow::Result<()> {
    let mut conn = app.pool.acquire().await?;
    let all = store::suppressions(&mut conn).await?;
    if all.is_empty() {
        return page::print("No address is suppressed.\n");
    }
    let mut table = page::Table::new(&["ADDRESS", "SINCE", "WHY"]);
    for one in &all {
        let since = page::moment(one.created_at, app.settings.desk.zone);
        table.row([&one.address, &since, &one.reason]);
    }
    page::print(&table.text())
}

async fn lift(app: &App, address: &str) -> anyhow::Result<()> {
    let mut conn = app.pool.acquire().await?;
    if !store::lift_suppression(&mut conn, app.clock.now(), address).await? {
        anyhow::bail!(
            "{} is not suppressed; `frontdesk suppression list` shows the addresses that are",
            page::one_line(address)
        );
    }
    page::print(&format!(
        "{} is written to again.\n",
        page::one_line(address)
    ))
}
