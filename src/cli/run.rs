//! `frontdesk run`: the service.

use std::path::PathBuf;

use clap::Args;

use crate::app::{self, App};
use crate::clock::Clock;
use crate::supervise::Signals;
use crate::telemetry;

/// Arguments of `frontdesk run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", env = "FRONTDESK_CONFIG")]
    config: PathBuf,
}

/// Runs the service until a signal ends it.
pub(super) async fn run(arguments: &RunArguments) -> anyhow::Result<()> {
    let settings = app::load(&arguments.config)?;
    telemetry::init(&settings.log)?;
    let signals = Signals::listen()?;
    let mut app = App::open(settings, Clock::default()).await?;
    tracing::info!(desk = app.settings.desk.name, "Frontdesk is open");
    let late = app.serve(signals).await?;
    tracing::info!(cut_off = late.join(", "), "Frontdesk is closed");
    app.close().await
}
