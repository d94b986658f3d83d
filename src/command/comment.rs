//! `reply`, `note` and `comment`: what is said on a ticket, and to whom.

use clap::Args;
use serde_json::json;

use super::grammar::OnTicket;
use super::problem::UserError;
use super::work::Work;
use super::{Failure, Offer, Reply as Answer};
use crate::desk::{self, NewWords, Said};
use crate::outbox;
use crate::ticket::Visibility;

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
    let readers = outbox::waiting::customers(work.conn, ticket.id, comment.id).await?;
    let unreached = outbox::waiting::unreached(work.conn, ticket.id, ctx.now).await?;
    let internal = visibility == Visibility::Internal;
    let data = json!({
        "number": ticket.number,
        "internal": internal,
        "as_staff": as_staff,
        "readers": readers,
        "unreached": unreached,
        "undo_seconds": work.scene.settings.notify.undo_seconds,
    });
    let mut answer = work.reply("commented", &data)?.on(ticket.id);
    answer.comment = Some(comment.id);
    if as_staff && !internal {
        answer.offers.push(Offer {
            label: "Undo",
            line: format!("undo --ticket {}", ticket.number),
            confirms: false,
        });
    }
    Ok(answer)
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
