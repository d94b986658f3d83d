//! The `frontdesk` program.

use std::process::ExitCode;

use clap::Parser as _;
use frontdesk::cli::{self, Cli};

fn main() -> ExitCode {
    match cli::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ExitCode::from(cli::report(&error)),
    }
}
