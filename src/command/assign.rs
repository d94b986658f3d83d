//! `take`, `assign` and `unassign`: who has a ticket.

use clap::Args;
use serde_json::json;

use super::grammar::OnTicket;
use super::work::{Work, status_name};
use super::{Failure, Reply};
use crate::desk;
use crate::people::Person;

/// Arguments of `take`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Take {
    #[command(flatten)]
    on: OnTicket,
}

/// Arguments of `assign`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Assign {
    #[command(flatten)]
    on: OnTicket,
    /// The agent's handle, such as `ann`, or `me`.
    #[arg(required = true)]
    handle: String,
}

/// Arguments of `unassign`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Unassign {
    #[command(flatten)]
    on: OnTicket,
}

pub(super) async fn take(work: &mut Work<'_>) -> Result<Reply, Failure> {
    let person = work.person()?;
    give(work, Some(person)).await
}

impl Assign {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let person = work.agent("handle", &self.handle).await?;
        give(work, Some(&person)).await
    }
}

pub(super) async fn unassign(work: &mut Work<'_>) -> Result<Reply, Failure> {
    give(work, None).await
}

async fn give(work: &mut Work<'_>, to: Option<&Person>) -> Result<Reply, Failure> {
    let mut ticket = work.hold().await?;
    let already = ticket.assignee_id == to.map(|person| person.id);
    let ctx = work.context();
    desk::assign(work.conn, &ctx, &mut ticket, to).await?;
    let assignee = to.map(|person| person.handle.as_deref().unwrap_or(&person.name));
    let data = json!({
        "number": ticket.number,
        "assignee": assignee,
        "status": status_name(work.desk(), &ticket.status),
        "already": already,
    });
    Ok(work.reply("assigned", &data)?.on(ticket.id))
}
