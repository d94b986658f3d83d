//! `take`, `assign`, `unassign` and `team`: who has a ticket.

use clap::Args;
use serde_json::json;

use super::grammar::OnTicket;
use super::work::{Work, known, status_name};
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

/// Arguments of `team`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Team {
    #[command(flatten)]
    on: OnTicket,
    /// The team's key or name.
    #[arg(required = true)]
    team: String,
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

impl Team {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let teams = &work.desk().team;
        let all = teams
            .iter()
            .map(|team| (team.key.as_str(), team.name.as_str()));
        let team = known("team", "team", &self.team, all)?;
        let mut ticket = work.hold().await?;
        let already = ticket.team.as_deref() == Some(team);
        let from = ticket.team.clone().filter(|_| !already);
        let ctx = work.context();
        desk::route_to_team(work.conn, &ctx, &mut ticket, team).await?;
        let data = json!({"number": ticket.number, "team": team, "from": from, "already": already});
        Ok(work.reply("handed_over", &data)?.on(ticket.id))
    }
}
