//! `link`, `unlink`, `merge`, `unmerge`, `split`, `spam` and `unspam`: how a ticket stands to others, and what it is not.

use clap::{Args, ValueEnum};
use serde_json::json;

use super::find;
use super::grammar::OnTicket;
use super::open;
use super::work::Work;
use super::{Failure, Reply};
use crate::desk;
use crate::ids::CommentId;
use crate::ticket;

/// Arguments of `link` and `unlink`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Link {
    #[command(flatten)]
    on: OnTicket,
    /// How it stands to the other one.
    #[arg(required = true, value_enum)]
    kind: Kind,
    /// The other ticket's number.
    #[arg(required = true)]
    other: String,
}

/// How a ticket stands to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// They have to do with each other.
    Relates,
    /// The other one cannot be done before this one.
    Blocks,
    /// This one says the same as the other one.
    #[value(alias = "duplicate")]
    Duplicates,
    /// This one goes on where the other one ended.
    Follows,
}

/// Arguments of `merge`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Merge {
    #[command(flatten)]
    on: OnTicket,
    /// The number of the ticket that takes it in.
    #[arg(required = true)]
    into: String,
}

/// Arguments of `unmerge` and `unspam`, which need nothing more.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Only {
    #[command(flatten)]
    on: OnTicket,
}

/// Arguments of `split`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Split {
    #[command(flatten)]
    on: OnTicket,
    /// The comment's id, as `show` gives it.
    #[arg(required = true)]
    comment: u32,
    /// The new ticket's subject.
    #[arg(required = true, allow_hyphen_values = true)]
    subject: String,
}

/// Arguments of `spam`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Spam {
    #[command(flatten)]
    on: OnTicket,
    /// Why; only staff reads it.
    #[arg(allow_hyphen_values = true)]
    reason: Option<String>,
}

impl From<Kind> for ticket::link::Link {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Relates => Self::Relates,
            Kind::Blocks => Self::Blocks,
            Kind::Duplicates => Self::Duplicates,
            Kind::Follows => Self::Follows,
        }
    }
}

impl Link {
    pub(super) async fn add(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        self.change(work, true).await
    }

    pub(super) async fn remove(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        self.change(work, false).await
    }

    async fn change(&self, work: &mut Work<'_>, add: bool) -> Result<Reply, Failure> {
        let other = find::other(work, "other", &self.other).await?;
        let other = ticket::store::get(work.conn, other).await?;
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        let kind = ticket::link::Link::from(self.kind);
        let changed = match add {
            true => desk::link(work.conn, &ctx, &mut ticket, &other, kind).await?,
            false => desk::unlink(work.conn, &ctx, &mut ticket, &other, kind).await?,
        };
        let data = json!({
            "number": ticket.number,
            "kind": kind.word(),
            "other": other.number,
            "linked": add,
            "changed": changed,
        });
        Ok(work.reply("linked", &data)?.on(ticket.id))
    }
}

impl Merge {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let into = find::other(work, "into", &self.into).await?;
        let husk = work.look().await?.id;
        let ctx = work.context();
        let (husk, root) = desk::merge(work.conn, &ctx, husk, into)
            .await
            .map_err(|error| Failure::from(error).about("into"))?;
        let data = json!({"number": husk.number, "other": root.number, "merged": true});
        Ok(work.reply("merged", &data)?.on(root.id))
    }
}

pub(super) async fn unmerge(work: &mut Work<'_>) -> Result<Reply, Failure> {
    let husk = work.look().await?;
    let other = husk.merged_into_id;
    let ctx = work.context();
    let husk = desk::unmerge(work.conn, &ctx, husk.id).await?;
    let other = match other {
        Some(id) => Some(ticket::store::get(work.conn, id).await?.number),
        None => None,
    };
    let data = json!({"number": husk.number, "other": other, "merged": false});
    Ok(work.reply("merged", &data)?.on(husk.id))
}

impl Split {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let number = open::number(work, &Default::default()).await?;
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        let id = CommentId(self.comment.into());
        let opened = desk::split(work.conn, &ctx, &mut ticket, id, &number, &self.subject)
            .await
            .map_err(|error| Failure::from(error).about("comment"))?;
        let data = json!({"number": ticket.number, "other": opened.ticket.number, "subject": opened.ticket.subject});
        Ok(work.reply("split", &data)?.on(opened.ticket.id))
    }
}

impl Spam {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        let changed = desk::mark_spam(work.conn, &ctx, &mut ticket, self.reason.as_deref()).await?;
        let data = json!({"number": ticket.number, "spam": true, "changed": changed});
        Ok(work.reply("spam", &data)?.on(ticket.id))
    }
}

pub(super) async fn unspam(work: &mut Work<'_>) -> Result<Reply, Failure> {
    let mut ticket = work.hold().await?;
    let ctx = work.context();
    let changed = desk::unmark_spam(work.conn, &ctx, &mut ticket).await?;
    let data = json!({"number": ticket.number, "spam": false, "changed": changed});
    Ok(work.reply("spam", &data)?.on(ticket.id))
}
