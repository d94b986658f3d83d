//! `frontdesk docs`: pages of docs/ that are printed from the program itself.

mod picture;

use std::io::Read as _;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::page;
use crate::{command, config};

/// Arguments of `frontdesk docs`.
#[derive(Debug, Args)]
pub struct DocsArguments {
    /// The page.
    page: Page,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Page {
    /// docs/configuration.md: every key of the configuration.
    Configuration,
    /// docs/commands.md: every command of the desk.
    Commands,
    /// docs/pictures/demo.svg: a terminal's text and colours, from standard input.
    Picture,
}

/// Prints a page.
pub fn run(arguments: &DocsArguments) -> anyhow::Result<()> {
    match arguments.page {
        Page::Configuration => page::print(&config::docs::markdown()),
        Page::Commands => page::print(&command::docs::markdown()),
        Page::Picture => {
            let mut text = String::new();
            let read = std::io::stdin().lock().read_to_string(&mut text);
            read.context("cannot read the text from standard input")?;
            page::print(&picture::svg(&text))
        }
    }
}
