//! What the commands that work on a desk share: the configuration, the open desk, and what they read.

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::exit::{self, Exit};
use crate::app::{self, App};
use crate::clock::Clock;
use crate::config::Settings;

/// The longest text that a command reads from standard input, in bytes.
const LONGEST_TEXT: u64 = 1 << 20;

/// Which desk a command works on.
#[derive(Debug, Clone, Args)]
pub struct DeskArgument {
    /// The configuration file.
    #[arg(long, value_name = "FILE", env = "FRONTDESK_CONFIG", global = true)]
    config: Option<PathBuf>,
}

impl DeskArgument {
    /// Loads the configuration.
    pub(super) fn load(&self) -> anyhow::Result<Settings> {
        let Some(path) = &self.config else {
            return Err(Exit::new(
                exit::USAGE,
                "which configuration? Give --config FILE, or set FRONTDESK_CONFIG",
            )
            .into());
        };
        app::load(path)
    }

    /// Opens the desk, works on it, and lets go of it.
    pub(super) async fn work<T>(
        &self,
        work: impl AsyncFnOnce(&App) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let settings = self.load()?;
        on(settings, work).await
    }
}

/// Opens the desk of these settings, works on it, and lets go of it.
pub(super) async fn on<T>(
    settings: Settings,
    work: impl AsyncFnOnce(&App) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    on_at(settings, Clock::default(), work).await
}

/// The same by another clock.
pub(super) async fn on_at<T>(
    settings: Settings,
    clock: Clock,
    work: impl AsyncFnOnce(&App) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let app = App::open(settings, clock).await?;
    let done = work(&app).await;
    let closed = app.close().await;
    let value = done?;
    closed?;
    Ok(value)
}

/// The words that somebody wrote to standard input.
pub(super) fn words_from_stdin() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(LONGEST_TEXT + 1)
        .read_to_end(&mut bytes)
        .context("cannot read the text from standard input")?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST_TEXT) {
        anyhow::bail!("the text is longer than {LONGEST_TEXT} bytes; nothing was written");
    }
    let text = String::from_utf8(bytes).context("the text is not UTF-8; nothing was written")?;
    if text.trim().is_empty() {
        anyhow::bail!(
            "the text is empty; write it to standard input, as in `echo \"Hello\" | frontdesk …`"
        );
    }
    Ok(text.trim_end().to_owned())
}
