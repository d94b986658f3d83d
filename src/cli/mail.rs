//! `frontdesk mail inspect`: explain messages. It needs no configuration, no database and no network, unless it is asked
//! what would become of them.

use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::Utc;
use clap::{Args, Subcommand};
use serde_json::json;
use sqlx::PgConnection;

use super::open::DeskArgument;
use super::page;
use crate::app;
use crate::config::Settings;
use crate::config::service::MailLimits;
use crate::inbound::foresee::{Foreseen, foresee};
use crate::mail::message::UnderstoodMail;
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
    /// Say what would become of the message if it came now, and why. It takes the configuration and the database,
    /// and changes nothing.
    #[arg(long)]
    route: bool,
    /// The mailbox it would come to; without it, the one that it is addressed to.
    #[arg(long, value_name = "NAME", requires = "route")]
    mailbox: Option<String>,
    #[command(flatten)]
    desk: DeskArgument,
    /// Read all messages of this mbox file.
    #[arg(long, value_name = "FILE", conflicts_with = "path")]
    mbox: Option<PathBuf>,
    /// Read this message, or every message in this folder (a Maildir, too).
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
}

/// Runs a mail command.
pub(super) async fn run(arguments: MailArguments) -> anyhow::Result<()> {
    match arguments.command {
        MailCommand::Inspect(arguments) if arguments.route => route_all(&arguments).await,
        MailCommand::Inspect(arguments) => inspect_all(&arguments),
    }
}

fn inspect_all(arguments: &InspectArguments) -> anyhow::Result<()> {
    let mut output = Output::new(arguments);
    for raw in messages(arguments)? {
        let understood = mail::understand(&raw?, &MailLimits::default());
        output.explain(&understood, None)?;
    }
    output.finish()
}

async fn route_all(arguments: &InspectArguments) -> anyhow::Result<()> {
    let settings = arguments.desk.load()?;
    app::look(&settings, async |conn| {
        let mut output = Output::new(arguments);
        for raw in messages(arguments)? {
            let raw = raw?;
            let understood = mail::understand(&raw, &settings.limits);
            let named = arguments.mailbox.as_deref();
            let foreseen = foreseen(conn, &settings, named, &raw, &understood).await?;
            output.explain(&understood, Some(&foreseen))?;
        }
        output.finish()
    })
    .await
}

async fn foreseen(
    conn: &mut PgConnection,
    settings: &Settings,
    mailbox: Option<&str>,
    raw: &[u8],
    understood: &UnderstoodMail,
) -> anyhow::Result<Foreseen> {
    let found = foresee(conn, settings, mailbox, raw, understood, Utc::now()).await;
    match found {
        // A table that is not there yet, or not like that (PostgreSQL, appendix A).
        Err(error) if of_another_version(&error) => Err(error.context(
            "the database is of another version; `frontdesk status` brings it up to date",
        )),
        other => other,
    }
}

fn of_another_version(error: &anyhow::Error) -> bool {
    let code = error
        .downcast_ref::<sqlx::Error>()
        .and_then(sqlx::Error::as_database_error)
        .and_then(|error| error.code());
    matches!(code.as_deref(), Some("42P01" | "42703"))
}

struct Output<W: Write> {
    json: bool,
    first: bool,
    writer: W,
}

impl Output<BufWriter<io::StdoutLock<'static>>> {
    fn new(arguments: &InspectArguments) -> Self {
        Self {
            json: arguments.json,
            first: true,
            writer: BufWriter::new(io::stdout().lock()),
        }
    }
}

impl<W: Write> Output<W> {
    /// Explains one message.
    fn explain(
        &mut self,
        understood: &UnderstoodMail,
        foreseen: Option<&Foreseen>,
    ) -> anyhow::Result<()> {
        let written = if self.json {
            let mut object = inspect::to_json(understood);
            if let (Some(foreseen), Some(fields)) = (foreseen, object.as_object_mut()) {
                fields.insert("route".to_owned(), json!(foreseen));
            }
            serde_json::to_writer(&mut self.writer, &object)
                .map_err(io::Error::from)
                .and_then(|()| writeln!(self.writer))
        } else {
            let rule = if std::mem::take(&mut self.first) {
                ""
            } else {
                "\n────────\n\n"
            };
            let fate = foreseen.map(to_page).unwrap_or_default();
            write!(self.writer, "{rule}{fate}{}", inspect::to_page(understood))
        };
        written.context("cannot write to standard output")
    }

    fn finish(mut self) -> anyhow::Result<()> {
        self.writer
            .flush()
            .context("cannot write to standard output")
    }
}

/// What would become of a message, above what it is.
fn to_page(foreseen: &Foreseen) -> String {
    let mut text = String::new();
    let mut line = |name: &str, words: &str| {
        text.push_str(&format!("{name:<13} {}\n", page::one_line(words)));
    };
    line("Would become", &foreseen.outcome);
    line("State", foreseen.state);
    line("Mailbox", &foreseen.mailbox);
    let mut name = "Because";
    for reason in &foreseen.because {
        line(std::mem::take(&mut name), reason);
    }
    text.push('\n');
    text
}

type Message = anyhow::Result<Vec<u8>>;

/// The messages that the arguments name, one read after the other.
fn messages(arguments: &InspectArguments) -> anyhow::Result<Box<dyn Iterator<Item = Message>>> {
    Ok(match (&arguments.mbox, &arguments.path) {
        (Some(mbox), _) => Box::new(Mbox::open(mbox)?.map(Ok)),
        (None, Some(path)) if path.is_dir() => {
            let mut paths = Vec::new();
            gather(path, &mut paths)?;
            Box::new(paths.into_iter().map(|path| read(&path)))
        }
        (None, Some(path)) => Box::new(std::iter::once(read(path))),
        (None, None) => Box::new(std::iter::once(from_stdin())),
    })
}

fn from_stdin() -> Message {
    let mut raw = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut raw)
        .context("cannot read standard input")?;
    Ok(raw)
}

fn read(path: &Path) -> Message {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Every file of a folder in the order of names, subfolders included.
fn gather(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let cannot = || format!("cannot read {}", folder.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(cannot)? {
        paths.push(entry.with_context(cannot)?.path());
    }
    paths.sort();
    for path in paths.into_iter().filter(|path| !path.is_symlink()) {
        if path.is_dir() {
            gather(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

/// The messages of an mbox file (RFC 4155): a line `From ` after an empty line starts a message.
struct Mbox {
    bytes: Vec<u8>,
    at: usize,
}

impl Mbox {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let bytes = read(path)?;
        Ok(Self { bytes, at: 0 })
    }
}

impl Iterator for Mbox {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut message = Vec::new();
        let mut after_empty = true;
        let rest = self.bytes.get(self.at..)?;
        for line in rest.split_inclusive(|&byte| byte == b'\n') {
            let starts = after_empty && line.starts_with(b"From ");
            if starts && !message.is_empty() {
                return Some(message);
            }
            if !starts {
                message.extend_from_slice(unescaped(line));
            }
            after_empty = line.trim_ascii().is_empty();
            self.at += line.len();
        }
        (!message.is_empty()).then_some(message)
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
