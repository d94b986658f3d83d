//! `history`, `transcript` and `rate`: what happened to a ticket, as a list or as a file, and how it was liked.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::filter::sight;
use super::grammar::OnTicket;
use super::work::Work;
use super::{Failure, Reply, ReplyFile};
use crate::desk;
use crate::notify::render::{self, Format};
use crate::ticket::transcript::{self, Entry};

/// How many entries of the history are shown where not all are asked for.
const NEWEST: usize = 30;

/// Arguments of `history`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct History {
    #[command(flatten)]
    on: OnTicket,
    /// Everything, not only the newest.
    #[arg(long)]
    all: bool,
}

/// Arguments of `transcript`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Transcript {
    #[command(flatten)]
    on: OnTicket,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = Kind::Markdown)]
    format: Kind,
}

/// How a transcript is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Markdown.
    Markdown,
    /// A page of its own.
    Html,
    /// JSON, for programs.
    Json,
}

/// Arguments of `rate`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Rate {
    #[command(flatten)]
    on: OnTicket,
    /// From 1 (bad) to 5 (very good).
    #[arg(required = true)]
    score: u32,
    /// A word about it.
    #[arg(allow_hyphen_values = true)]
    words: Option<String>,
}

impl History {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let sight = sight(work)?;
        let ticket = work.look().await?;
        let record = transcript::of(work.conn, &ticket, sight).await?;
        let earlier = match self.all {
            true => 0,
            false => record.entries.len().saturating_sub(NEWEST),
        };
        let entries: Vec<Value> = record.entries.iter().skip(earlier).map(of_entry).collect();
        let data = json!({"number": ticket.number, "entries": entries, "earlier": earlier});
        Ok(work.reply("history", &data)?.on(ticket.id))
    }
}

fn of_entry(entry: &Entry) -> Value {
    match entry {
        Entry::Comment {
            at,
            author,
            internal,
            text,
            ..
        } => json!({
            "at": at,
            "who": author,
            "what": if *internal { "note" } else { "comment" },
            "text": text,
        }),
        Entry::Event {
            at,
            actor,
            what,
            field,
            old,
            new,
            reason,
            delivery,
        } => json!({
            "at": at,
            "who": actor,
            "what": what.replace('_', " "),
            "field": field,
            "old": old,
            "new": new,
            "reason": reason,
            "delivery": delivery,
        }),
    }
}

impl Transcript {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let sight = sight(work)?;
        let ticket = work.look().await?;
        let record = transcript::of(work.conn, &ticket, sight).await?;
        let (format, content_type) = match self.format {
            Kind::Markdown => (Format::Markdown, "text/markdown"),
            Kind::Html => (Format::Html, "text/html"),
            Kind::Json => (Format::Json, "application/json"),
        };
        let desk = work.desk();
        let text = render::transcript(&record, &desk.name, desk.zone, format)
            .map_err(anyhow::Error::new)?;
        let data = json!({"number": ticket.number, "entries": record.entries.len()});
        let mut reply = work.reply("transcript", &data)?.on(ticket.id);
        reply.file = Some(ReplyFile {
            name: format!("{}.{}", ticket.number, format.extension()),
            content_type,
            content: text.into_bytes(),
        });
        Ok(reply)
    }
}

impl Rate {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let person = work.person()?;
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        let score = i16::try_from(self.score).unwrap_or(i16::MAX);
        desk::rate(
            work.conn,
            &ctx,
            &mut ticket,
            person,
            score,
            self.words.as_deref(),
        )
        .await
        .map_err(|error| Failure::from(error).about("score"))?;
        let data = json!({"number": ticket.number, "score": score});
        Ok(work.reply("rated", &data)?.on(ticket.id))
    }
}
