//! `frontdesk demo`: the desk at work, on a database of its own, without an account or a server.

mod place;
mod stage;
mod story;
mod visit;
mod voice;

use std::io::{IsTerminal as _, stdin, stdout};
use std::path::PathBuf;

use clap::Args;

use super::open;
use crate::clock::Clock;
use crate::supervise::Signals;
use crate::telemetry;
use place::Place;
use stage::Stage;
use voice::Voice;

/// Arguments of `frontdesk demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// The folder for everything that the demo makes; it is emptied first. One in the system's temporary folder
    /// where none is named.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Stay after the story and take commands, as on a terminal.
    #[arg(long)]
    stay: bool,
}

/// Tells the story, and then lets the visitor go on.
pub(super) async fn run(arguments: &DemoArguments) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let place = Place::prepare(arguments.folder.as_deref()).await?;
    let settings = place.settings().await?;
    telemetry::init(&settings.log)?;
    let voice = Voice::new();
    let stays = arguments.stay || (stdin().is_terminal() && stdout().is_terminal());
    story::opening(&voice, &place, &settings)?;
    let clock = Clock::manual(story::begins_at(Clock::default().now()));
    let told = open::on_at(settings.clone(), clock.clone(), async |app| {
        let mut stage = Stage::set(app, clock.clone(), &place).await?;
        tokio::select! {
            told = story::tell(&mut stage, &voice) => told.map(|()| true),
            _ = signals.next() => Ok(false),
        }
    })
    .await?;
    if told && stays {
        visit::stay(settings, &place, &voice).await?;
    } else if told {
        story::farewell(&voice, &place)?;
    }
    Ok(())
}
