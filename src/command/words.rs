//! `edit`, `delete` and `undo`: one's own words and deeds, put better or taken back.

use clap::Args;
use serde_json::json;
use sqlx::PgConnection;

use super::comment::{readers, undo_of};
use super::grammar::OnTicket;
use super::work::Work;
use super::{Failure, Reply};
use crate::config::Settings;
use crate::desk;
use crate::ids::CommentId;
use crate::notify::withdraw::Reach;
use crate::ticket::{Ticket, timeline};

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

/// Arguments of `undo`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Undo {
    #[command(flatten)]
    on: OnTicket,
    /// The id of a comment of your own, which alone is taken back, as `show` gives it.
    #[arg(long)]
    comment: Option<u32>,
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
        Ok(edited(work.conn, work.scene.settings, &ticket, id, reach).await?)
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

/// What is said of a comment that was edited or deleted.
fn say(
    work: &Work<'_>,
    ticket: &Ticket,
    comment: CommentId,
    deed: &str,
    reach: Reach,
) -> Result<Reply, Failure> {
    let data = data(ticket, comment, deed, reach);
    let mut reply = work.reply("words", &data)?.on(ticket.id);
    reply.comment = Some(comment);
    Ok(reply)
}

fn data(ticket: &Ticket, comment: CommentId, deed: &str, reach: Reach) -> serde_json::Value {
    json!({
        "number": ticket.number,
        "comment": comment,
        "deed": deed,
        "held": reach.held,
        "left": reach.mailed(),
        "word": null,
    })
}

/// What its author is told of a comment that was edited: where some of it has not left yet, who will get it, and the way
/// to take it back.
///
/// # Errors
/// If the database does not answer.
pub async fn edited(
    conn: &mut PgConnection,
    settings: &Settings,
    ticket: &Ticket,
    comment: CommentId,
    reach: Reach,
) -> anyhow::Result<Reply> {
    let mut data = data(ticket, comment, "edited", reach);
    let mut offers = Vec::new();
    if reach.held > 0
        && let Some(held) = timeline::comment(conn, comment).await?
        && held.by_staff
    {
        let word = readers(conn, settings, held.ticket_id, comment, held.created_at).await?;
        if let Some(data) = data.as_object_mut() {
            data.insert("word".to_owned(), json!(word));
        }
        offers.push(undo_of(ticket, comment));
    }
    let mut reply = Reply::of("words", settings.desk.zone, &data)?.on(ticket.id);
    reply.comment = Some(comment);
    reply.offers = offers;
    Ok(reply)
}

impl Undo {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let person = work.person()?;
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        let deeds = match self.comment {
            Some(id) => {
                let id = CommentId(id.into());
                desk::undo_comment(work.conn, &ctx, &mut ticket, person, id).await
            }
            None => desk::undo(work.conn, &ctx, &mut ticket, person).await,
        }?;
        let taken_back: Vec<_> = deeds
            .iter()
            .map(|deed| json!({"kind": deed.kind.replace('_', " "), "field": deed.field, "old": deed.old, "new": deed.new}))
            .collect();
        let data = json!({"number": ticket.number, "taken_back": taken_back});
        Ok(work.reply("undone", &data)?.on(ticket.id))
    }
}
