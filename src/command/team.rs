//! `team`: which team has a ticket, and who is in which.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::agent;
use super::grammar::OnTicket;
use super::problem::UserError;
use super::work::{Work, known};
use super::{Failure, Reply};
use crate::desk;
use crate::people;

/// What `team` does.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Team {
    /// Hand a ticket over to another team; where it came from is kept. `to` may be left out: `team billing`.
    To(To),
    /// Put an agent into a team, or say that they lead it.
    Add(Add),
    /// Take an agent out of a team.
    Remove(Member),
    /// List the teams and who is in them.
    List,
}

/// Arguments of `team to`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct To {
    #[command(flatten)]
    on: OnTicket,
    /// The team's key or name.
    #[arg(required = true)]
    team: String,
}

/// Arguments of `team add`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Add {
    #[command(flatten)]
    member: Member,
    /// They lead it.
    #[arg(long)]
    lead: bool,
}

/// A team and somebody in it.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Member {
    /// The team's key or name.
    #[arg(required = true)]
    team: String,
    /// The agent's handle.
    #[arg(required = true)]
    handle: String,
}

impl Team {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        match self {
            Self::To(to) => to.run(work).await,
            Self::Add(add) => add.run(work).await,
            Self::Remove(member) => member.remove(work).await,
            Self::List => list(work).await,
        }
    }
}

impl To {
    async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let team = key(work, &self.team)?;
        let mut ticket = work.hold().await?;
        let already = ticket.team.as_deref() == Some(team);
        let from = ticket.team.clone().filter(|_| !already);
        let ctx = work.context();
        desk::route_to_team(work.conn, &ctx, &mut ticket, team).await?;
        let data = json!({"number": ticket.number, "team": team, "from": from, "already": already});
        Ok(work.reply("handed_over", &data)?.on(ticket.id))
    }
}

impl Add {
    async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let team = key(work, &self.member.team)?;
        let person = agent::staff(work, "handle", &self.member.handle).await?;
        let ctx = work.context();
        desk::join_team(work.conn, &ctx, &person, team, self.lead).await?;
        let deed = if self.lead { "leads" } else { "joined" };
        let data = json!({"deed": deed, "handle": person.handle, "team": team});
        work.reply("teams", &data)
    }
}

impl Member {
    async fn remove(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let team = key(work, &self.team)?;
        let person = agent::staff(work, "handle", &self.handle).await?;
        if !desk::leave_team(work.conn, &person, team).await? {
            let handle = person.handle.as_deref().unwrap_or(&person.name);
            return Err(UserError::refused(format!("{handle} is not in {team}."))
                .then("`team list` shows who is.")
                .about("handle")
                .into());
        }
        let data = json!({"deed": "left", "handle": person.handle, "team": team});
        work.reply("teams", &data)
    }
}

async fn list(work: &mut Work<'_>) -> Result<Reply, Failure> {
    let memberships = people::store::memberships(work.conn).await?;
    let all: Vec<Value> = work
        .desk()
        .team
        .iter()
        .map(|team| {
            let members: Vec<Value> = memberships
                .iter()
                .filter(|membership| membership.team == team.key)
                .map(|membership| json!({"handle": membership.handle, "leads": membership.is_lead}))
                .collect();
            json!({"key": team.key, "name": team.name, "members": members})
        })
        .collect();
    work.reply("teams", &json!({"deed": "listed", "all": all}))
}

fn key<'d>(work: &Work<'d>, given: &str) -> Result<&'d str, UserError> {
    let all = work.desk().team.iter();
    let all = all.map(|team| (team.key.as_str(), team.name.as_str()));
    known("team", "team", given, all)
}
