//! `frontdesk mail inspect`: explain messages. It needs no configuration, no database and no network.

use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};

use crate::config::service::MailLimits;
use crate::mail::{self, inspect};

/// Arguments of `frontdesk mail`.
#[derive(Debug, Args)]
pub struct MailArguments {
    /// What to do with the mail.
    #[command(subcommand)]
    command: MailCommand,
}

#[derive(Debug, Subcommand)]
enum MailCommand {
    /// Explain a message: who wrote it, what is new in it, what kind of mail it is.
    ///
    /// The message is read from standard input unless a file or folder is named.
    Inspect(InspectArguments),
}

#[derive(Debug, Args)]
struct InspectArguments {
    /// Print JSON, one object per message, instead of a page.
    #[arg(long)]
    json: bool,
    /// Read all messages of this mbox file.
    #[arg(long, value_name = "FILE", conflicts_with = "path")]
    mbox: Option<PathBuf>,
    /// Read this message, or every message in this folder (a Maildir, too).
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
}

/// Runs a mail command.
pub(super) fn run(arguments: MailArguments) -> anyhow::Result<()> {
    match arguments.command {
        MailCommand::Inspect(arguments) => inspect_all(&arguments),
    }
}

fn inspect_all(arguments: &InspectArguments) -> anyhow::Result<()> {
    let mut output = Output {
        json: arguments.json,
        first: true,
        writer: BufWriter::new(io::stdout().lock()),
    };
    let result = match (&arguments.mbox, &arguments.path) {
        (Some(mbox), _) => from_mbox(mbox, &mut output),
        (None, Some(path)) if path.is_dir() => from_folder(path, &mut output),
        (None, Some(path)) => from_file(path, &mut output),
        (None, None) => from_stdin(&mut output),
    };
    result.and_then(|()| {
        output
            .writer
            .flush()
            .context("cannot write to standard output")
    })
}

struct Output<W: Write> {
    json: bool,
    first: bool,
    writer: W,
}

impl<W: Write> Output<W> {
    /// Explains one message.
    fn explain(&mut self, raw: &[u8]) -> anyhow::Result<()> {
        let understood = mail::understand(raw, &MailLimits::default());
        let written = if self.json {
            serde_json::to_writer(&mut self.writer, &inspect::to_json(&understood))
                .map_err(io::Error::from)
                .and_then(|()| writeln!(self.writer))
        } else {
            let rule = if std::mem::take(&mut self.first) {
                ""
            } else {
                "\n────────\n\n"
            };
            write!(self.writer, "{rule}{}", inspect::to_page(&understood))
        };
        written.context("cannot write to standard output")
    }
}

fn from_stdin<W: Write>(output: &mut Output<W>) -> anyhow::Result<()> {
    let mut raw = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut raw)
        .context("cannot read standard input")?;
    output.explain(&raw)
}

fn from_file<W: Write>(path: &Path, output: &mut Output<W>) -> anyhow::Result<()> {
    let raw = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    output.explain(&raw)
}

/// Every file of a folder in the order of names, subfolders included.
fn from_folder<W: Write>(folder: &Path, output: &mut Output<W>) -> anyhow::Result<()> {
    let mut paths = Vec::new();
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        paths.push(
            entry
                .with_context(|| format!("cannot read {}", folder.display()))?
                .path(),
        );
    }
    paths.sort();
    for path in paths {
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            from_folder(&path, output)?;
        } else {
            from_file(&path, output)?;
        }
    }
    Ok(())
}

/// Every message of an mbox file (RFC 4155): a line `From ` after an empty line starts a message.
fn from_mbox<W: Write>(path: &Path, output: &mut Output<W>) -> anyhow::Result<()> {
    let all = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut message = Vec::new();
    let mut after_empty = true;
    for line in all.split_inclusive(|&byte| byte == b'\n') {
        if after_empty && line.starts_with(b"From ") {
            if !message.is_empty() {
                output.explain(&message)?;
            }
            message.clear();
        } else {
            message.extend_from_slice(unescaped(line));
        }
        after_empty = line.trim_ascii().is_empty();
    }
    if message.is_empty() {
        Ok(())
    } else {
        output.explain(&message)
    }
}

/// `>From ` in a body stands for `From ` (mboxrd: one `>` less).
fn unescaped(line: &[u8]) -> &[u8] {
    let quotes = line.iter().take_while(|&&byte| byte == b'>').count();
    let quoted = quotes > 0
        && line
            .get(quotes..)
            .is_some_and(|rest| rest.starts_with(b"From "));
    if quoted {
        line.get(1..).unwrap_or(line)
    } else {
        line
    }
}
