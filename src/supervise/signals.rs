//! SIGTERM and SIGINT: the first asks for a drain, the second does not ask.

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// A signal that asks the process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT, a Ctrl-C at the terminal.
    Interrupt,
    /// SIGTERM, from a service manager.
    Terminate,
}

impl Signal {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }

    /// The exit status of a process that it ended, as shells count: 128 and the signal's number.
    #[must_use]
    pub fn exit_code(self) -> i32 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// The signals sent to this process from [`Signals::listen`] on; none of them ends it any more by itself.
#[derive(Debug)]
pub struct Signals {
    interrupt: Stream,
    terminate: Stream,
}

impl Signals {
    /// Starts to listen.
    ///
    /// # Errors
    /// The operating system refuses the handlers.
    pub fn listen() -> Result<Self> {
        let stream = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self {
            interrupt: stream(SignalKind::interrupt())?,
            terminate: stream(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }

    /// From now on the next signal ends the process at once, whatever it is doing.
    pub fn end_on_next(mut self) {
        tokio::spawn(async move {
            let signal = self.next().await;
            tracing::warn!(
                signal = signal.name(),
                "A second {} came: ending at once.",
                signal.name()
            );
            std::process::exit(signal.exit_code());
        });
    }
}
