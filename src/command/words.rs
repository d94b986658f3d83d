//! `edit`, `delete` and `undo`: one's own words and deeds, put better or taken back.

use clap::Args;
use serde_json::json;

use super::grammar::OnTicket;
use super::work::Work;
use super::{Failure, Reply};
use crate::desk;
use crate::ids::CommentId;
use crate::notify::withdraw::Reach;
use crate::ticket::Ticket;

/// Arguments of `edit`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Edit {
    #[command(flatten)]
    on: OnTicket,
    /// The comment's id, as `show` gives it.
    #[arg(required = true)]
    comment: u32,
    /// The new words.
    #[arg(required = true, allow_hyphen_values = true)]
    text: String,
}

/// Arguments of `delete`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Delete {
    #[command(flatten)]
    on: OnTicket,
    /// The comment's id, as `show` gives it.
    #[arg(required = true)]
    comment: u32,
}

impl Edit {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let author = work.person()?;
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        let id = CommentId(self.comment.into());
        let reach = desk::edit_comment(work.conn, &ctx, &mut ticket, id, author, &self.text)
            .await
            .map_err(|error| Failure::from(error).about("comment"))?;
        say(work, &ticket, id, "edited", reach)
    }
}

impl Delete {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let author = work.person()?;
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        let id = CommentId(self.comment.into());
        let reach = desk::delete_comment(work.conn, &ctx, &mut ticket, id, author)
            .await
            .map_err(|error| Failure::from(error).about("comment"))?;
        say(work, &ticket, id, "deleted", reach)
    }
}

fn say(
    work: &Work<'_>,
    ticket: &Ticket,
    comment: CommentId,
    deed: &str,
    reach: Reach,
) -> Result<Reply, Failure> {
    let data = json!({
        "number": ticket.number,
        "comment": comment,
        "deed": deed,
        "held": reach.held,
        "left": reach.mailed(),
    });
    let mut reply = work.reply("words", &data)?.on(ticket.id);
    reply.comment = Some(comment);
    Ok(reply)
}

pub(super) async fn undo(work: &mut Work<'_>) -> Result<Reply, Failure> {
    let person = work.person()?;
    let mut ticket = work.hold().await?;
    let ctx = work.context();
    let deeds = desk::undo(work.conn, &ctx, &mut ticket, person).await?;
    let taken_back: Vec<_> = deeds
        .iter()
        .map(|deed| json!({"kind": deed.kind.replace('_', " "), "field": deed.field, "old": deed.old, "new": deed.new}))
        .collect();
    let data = json!({"number": ticket.number, "taken_back": taken_back});
    Ok(work.reply("undone", &data)?.on(ticket.id))
}
