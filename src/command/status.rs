//! `status`, `resolve`, `close` and `reopen`: where a ticket stands.

use clap::Args;
use serde_json::json;

use super::grammar::OnTicket;
use super::problem::UserError;
use super::work::{Work, known, status_name};
use super::{Failure, Reply};
use crate::config::desk::StatusKind;
use crate::desk;
use crate::ticket::Ticket;
use crate::ticket::workflow;

/// Arguments of `status`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Status {
    #[command(flatten)]
    on: OnTicket,
    /// The status, such as `resolved`.
    #[arg(required = true)]
    status: String,
    /// Why; only staff reads it.
    #[arg(allow_hyphen_values = true)]
    reason: Option<String>,
}

/// Arguments of `resolve`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Resolve {
    #[command(flatten)]
    on: OnTicket,
}

/// Arguments of `close`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Close {
    #[command(flatten)]
    on: OnTicket,
    /// Why; only staff reads it.
    #[arg(allow_hyphen_values = true)]
    reason: Option<String>,
}

/// Arguments of `reopen`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Reopen {
    #[command(flatten)]
    on: OnTicket,
    /// Why.
    #[arg(allow_hyphen_values = true)]
    reason: Option<String>,
}

impl Status {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let all = work.desk().status.iter();
        let all = all.map(|status| (status.key.as_str(), status.name.as_str()));
        let to = known("status", "status", &self.status, all)?;
        let ticket = work.hold().await?;
        change(work, ticket, to, self.reason.as_deref()).await
    }
}

pub(super) async fn resolve(work: &mut Work<'_>) -> Result<Reply, Failure> {
    let ticket = work.hold().await?;
    let to = of_kind(work, &ticket, StatusKind::Resolved)?;
    change(work, ticket, to, None).await
}

impl Close {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let ticket = work.hold().await?;
        let to = of_kind(work, &ticket, StatusKind::Closed)?;
        change(work, ticket, to, self.reason.as_deref()).await
    }
}

impl Reopen {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let ticket = work.hold().await?;
        if !workflow::is_done(ticket.kind) {
            let name = status_name(work.desk(), &ticket.status);
            return Err(UserError::refused(format!(
                "{} is not done: it is {name}.",
                ticket.number
            ))
            .into());
        }
        let to = &work.desk().reopened_status;
        change(work, ticket, to, self.reason.as_deref()).await
    }
}

/// The desk's status of a kind: one that may follow where there is one, so that a desk with several can order them.
fn of_kind<'a>(work: &Work<'a>, ticket: &Ticket, kind: StatusKind) -> Result<&'a str, UserError> {
    let desk = work.desk();
    let mut all = desk.status.iter().filter(|status| status.kind == kind);
    let first = all.clone().next();
    all.find(|status| desk.may_follow(&ticket.status, &status.key))
        .or(first)
        .map(|status| status.key.as_str())
        .ok_or_else(|| {
            UserError::refused(format!(
                "This desk has no status that means {}.",
                kind.word()
            ))
        })
}

async fn change(
    work: &mut Work<'_>,
    mut ticket: Ticket,
    to: &str,
    reason: Option<&str>,
) -> Result<Reply, Failure> {
    let ctx = work.context();
    let change = desk::change_status(work.conn, &ctx, &mut ticket, to, reason)
        .await
        .map_err(|error| on_ticket(error, &ticket))?;
    let data = json!({
        "number": ticket.number,
        "from": status_name(work.desk(), &change.from),
        "to": status_name(work.desk(), &change.to),
        "status": change.to,
    });
    Ok(work.reply("status", &data)?.on(ticket.id))
}

/// Says of which ticket the desk speaks.
fn on_ticket(error: desk::DeskError, ticket: &Ticket) -> Failure {
    match Failure::from(error) {
        Failure::User(mut error) => {
            error.what = format!("{} stays as it is. {}", ticket.number, error.what);
            error.about("status").into()
        }
        other => other,
    }
}
