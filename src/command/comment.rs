//! `reply`, `note` and `comment`: what is said on a ticket, and to whom.

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;

use super::grammar::OnTicket;
use super::problem::UserError;
use super::work::Work;
use super::{Failure, Offer, Reply as Answer};
use crate::config::Settings;
use crate::desk::{self, NewWords, Said};
use crate::ids::{CommentId, TicketId};
use crate::outbox::waiting::{self, Unreached};
use crate::ticket::{Ticket, Visibility};

/// Arguments of `reply`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Reply {
    #[command(flatten)]
    on: OnTicket,
    /// What the customer reads.
    #[arg(required = true, allow_hyphen_values = true)]
    text: String,
}

/// Arguments of `note`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Note {
    #[command(flatten)]
    on: OnTicket,
    /// What staff reads. `@handle` tells that agent of it.
    #[arg(required = true, allow_hyphen_values = true)]
    text: String,
}

/// Arguments of `comment`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Comment {
    #[command(flatten)]
    on: OnTicket,
    /// What you want to say.
    #[arg(required = true, allow_hyphen_values = true)]
    text: String,
}

impl Reply {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Answer, Failure> {
        say(work, &self.text, Visibility::Public, true).await
    }
}

impl Note {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Answer, Failure> {
        say(work, &self.text, Visibility::Internal, true).await
    }
}

impl Comment {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Answer, Failure> {
        say(work, &self.text, Visibility::Public, false).await
    }
}

/// Says something on the ticket, and says who will read it.
pub(super) async fn say(
    work: &mut Work<'_>,
    text: &str,
    visibility: Visibility,
    as_staff: bool,
) -> Result<Answer, Failure> {
    if text.trim().is_empty() {
        return Err(UserError::usage("There are no words.").about("text").into());
    }
    let author = work.person()?;
    let mut ticket = work.hold().await?;
    let said = Said {
        author,
        as_staff,
        visibility,
        words: words(work, text),
    };
    let ctx = work.context();
    let comment = desk::comment(work.conn, &ctx, &mut ticket, &said).await?;
    let word = readers(
        work.conn,
        work.scene.settings,
        ticket.id,
        comment.id,
        ctx.now,
    );
    let word = word.await?;
    let internal = visibility == Visibility::Internal;
    let data = json!({
        "number": ticket.number,
        "internal": internal,
        "as_staff": as_staff,
        "readers": word.readers,
        "unreached": word.unreached,
        "undo_seconds": word.undo_seconds,
    });
    let mut answer = work.reply("commented", &data)?.on(ticket.id);
    answer.comment = Some(comment.id);
    if as_staff && !internal {
        answer.offers.push(undo_of(&ticket, comment.id));
    }
    Ok(answer)
}

/// What becomes of public words.
#[derive(Debug, Serialize)]
pub(super) struct Readers {
    /// Who gets them.
    readers: Vec<String>,
    /// Who does not.
    unreached: Vec<Unreached>,
    /// How long they can be taken back.
    undo_seconds: u32,
}

/// What becomes of public words that were written at this moment.
pub(super) async fn readers(
    conn: &mut PgConnection,
    settings: &Settings,
    ticket: TicketId,
    comment: CommentId,
    at: DateTime<Utc>,
) -> Result<Readers, sqlx::Error> {
    let readers = waiting::customers(conn, ticket, comment).await?;
    let unreached = waiting::unreached(conn, ticket, at).await?;
    Ok(Readers {
        readers,
        unreached,
        undo_seconds: settings.notify.undo_seconds,
    })
}

/// The way to take back these very words, whatever was done since.
pub(super) fn undo_of(ticket: &Ticket, comment: CommentId) -> Offer {
    Offer {
        label: "Undo",
        line: format!("undo --ticket {} --comment {comment}", ticket.number),
        confirms: false,
    }
}

/// Words that came by a command, with the files that came with it.
pub(super) fn words<'a>(work: &Work<'a>, text: &'a str) -> NewWords<'a> {
    NewWords {
        body: text,
        full_text: None,
        html: None,
        files: work.caller.files,
        message_ids: &[],
        source: work.caller.source,
        inbound_id: None,
    }
}
