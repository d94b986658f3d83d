//! `watch`, `unwatch`, `cc` and `requester`: the people around a ticket.

use clap::{Args, Subcommand};
use serde_json::json;

use super::grammar::OnTicket;
use super::problem::UserError;
use super::work::Work;
use super::{Failure, Reply};
use crate::config::problem::shown;
use crate::desk;
use crate::people::{self, Person};
use crate::ticket::Ticket;

/// Arguments of `watch` and `unwatch`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Watch {
    #[command(flatten)]
    on: OnTicket,
    /// The agent's handle; you, where none is given.
    handle: Option<String>,
}

/// What `cc` does.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Cc {
    /// Let somebody take part in a ticket: they get every answer from now on, and may write.
    Add(Address),
    /// Leave somebody out of a ticket from now on.
    Remove(Address),
}

/// Arguments of `cc add`, `cc remove` and `requester`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Address {
    #[command(flatten)]
    on: OnTicket,
    /// The mail address.
    #[arg(required = true)]
    address: String,
}

impl Watch {
    pub(super) async fn watch(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let person = self.person(work).await?;
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        let changed = desk::watch(work.conn, &ctx, &mut ticket, &person).await?;
        say(work, &ticket, "watches", called(&person), changed)
    }

    pub(super) async fn unwatch(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let person = self.person(work).await?;
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        let changed = desk::unwatch(work.conn, &ctx, &mut ticket, &person).await?;
        say(work, &ticket, "unwatched", called(&person), changed)
    }

    async fn person(&self, work: &mut Work<'_>) -> Result<Person, Failure> {
        match &self.handle {
            Some(handle) => work.agent("handle", handle).await,
            None => Ok(work.person()?.clone()),
        }
    }
}

impl Cc {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        match self {
            Self::Add(Address { address, .. }) => {
                let (person, changed) = desk::add_cc(work.conn, &ctx, &mut ticket, address)
                    .await
                    .map_err(|error| Failure::from(error).about("address"))?;
                say(work, &ticket, "added", written_to(&person), changed)
            }
            Self::Remove(Address { address, .. }) => {
                let person = people::store::by_address(work.conn, address.trim()).await?;
                let Some(person) = person else {
                    let what = format!("Nobody here has the address `{}`.", shown(address));
                    return Err(UserError::refused(what)
                        .then("`show` says who takes part.")
                        .about("address")
                        .into());
                };
                let changed = desk::remove_cc(work.conn, &ctx, &mut ticket, &person)
                    .await
                    .map_err(|error| Failure::from(error).about("address"))?;
                say(work, &ticket, "removed", written_to(&person), changed)
            }
        }
    }
}

impl Address {
    /// Makes the address's person the requester.
    pub(super) async fn ask(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let mut ticket = work.hold().await?;
        let before = ticket.requester_id;
        let ctx = work.context();
        let person = desk::change_requester(work.conn, &ctx, &mut ticket, &self.address)
            .await
            .map_err(|error| Failure::from(error).about("address"))?;
        let changed = before != person.id;
        say(work, &ticket, "requester", written_to(&person), changed)
    }
}

fn called(person: &Person) -> &str {
    person.handle.as_deref().unwrap_or(&person.name)
}

fn written_to(person: &Person) -> &str {
    person.address.as_deref().unwrap_or(&person.name)
}

fn say(
    work: &Work<'_>,
    ticket: &Ticket,
    deed: &str,
    who: &str,
    changed: bool,
) -> Result<Reply, Failure> {
    let data = json!({"number": ticket.number, "deed": deed, "who": who, "changed": changed});
    Ok(work.reply("party", &data)?.on(ticket.id))
}
