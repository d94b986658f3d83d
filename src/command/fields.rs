//! `priority`, `category`, `type`, `tag`, `field`, `subject`: what a ticket says of itself.

use clap::Args;
use serde_json::json;

use super::grammar::OnTicket;
use super::problem::UserError;
use super::work::{Work, known};
use super::{Failure, Reply};
use crate::desk;
use crate::ticket::Ticket;

/// The word that empties a value.
const NONE: &str = "none";

/// Arguments of `priority`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Priority {
    #[command(flatten)]
    on: OnTicket,
    /// The priority, such as `high`.
    #[arg(required = true)]
    priority: String,
    /// Why; only staff reads it.
    #[arg(allow_hyphen_values = true)]
    reason: Option<String>,
}

/// Arguments of `category`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Category {
    #[command(flatten)]
    on: OnTicket,
    /// The category, such as `billing`; `none` takes it away.
    #[arg(required = true)]
    category: String,
}

/// Arguments of `type`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Type {
    #[command(flatten)]
    on: OnTicket,
    /// The type, such as `bug`; `none` takes it away.
    #[arg(id = "type", required = true)]
    ticket_type: String,
}

/// Arguments of `tag`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Tag {
    #[command(flatten)]
    on: OnTicket,
    /// `vip` or `+vip` puts a tag on, `-vip` takes it off.
    #[arg(required = true)]
    tags: Vec<String>,
}

/// Arguments of `field`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Field {
    #[command(flatten)]
    on: OnTicket,
    /// The field's key.
    #[arg(required = true)]
    key: String,
    /// Its value; it is emptied where none is given.
    #[arg(allow_hyphen_values = true)]
    value: Option<String>,
}

/// Arguments of `subject`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Subject {
    #[command(flatten)]
    on: OnTicket,
    /// The new subject.
    #[arg(required = true, allow_hyphen_values = true)]
    subject: String,
}

impl Priority {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let all = work.desk().priority.iter();
        let all = all.map(|one| (one.key.as_str(), one.name.as_str()));
        let key = known("priority", "priority", &self.priority, all)?;
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        let reason = self.reason.as_deref();
        let changed = desk::set_priority(work.conn, &ctx, &mut ticket, key, reason).await?;
        say(work, &ticket, "priority", Some(key), changed)
    }
}

impl Category {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let all = work.desk().category.iter();
        let all = all.map(|one| (one.key.as_str(), one.name.as_str()));
        let key = optional("category", &self.category, all)?;
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        let changed = desk::set_category(work.conn, &ctx, &mut ticket, key, None).await?;
        say(work, &ticket, "category", key, changed)
    }
}

impl Type {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let all = work.desk().types.iter();
        let all = all.map(|one| (one.key.as_str(), one.name.as_str()));
        let key = optional("type", &self.ticket_type, all)?;
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        let changed = desk::set_type(work.conn, &ctx, &mut ticket, key, None).await?;
        say(work, &ticket, "type", key, changed)
    }
}

impl Tag {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let words = || {
            self.tags
                .iter()
                .flat_map(|given| given.split([',', ' ']))
                .filter(|word| !word.is_empty())
        };
        let add: Vec<&str> = words()
            .filter(|word| !word.starts_with('-'))
            .map(|word| word.trim_start_matches('+'))
            .collect();
        let remove: Vec<&str> = words().filter_map(|word| word.strip_prefix('-')).collect();
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        let changed = desk::change_tags(work.conn, &ctx, &mut ticket, &add, &remove, None)
            .await
            .map_err(|error| Failure::from(error).about("tags"))?;
        let tags = ticket.tags.join(", ");
        let tags = Some(tags.as_str()).filter(|tags| !tags.is_empty());
        say(work, &ticket, "tags", tags, changed)
    }
}

impl Field {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let all = work.desk().field.iter();
        let all = all.map(|one| (one.key.as_str(), one.name.as_str()));
        let key = known("key", "field", &self.key, all)?;
        let value = self
            .value
            .as_deref()
            .filter(|value| !value.trim().is_empty());
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        let changed = desk::set_field(work.conn, &ctx, &mut ticket, key, value, None)
            .await
            .map_err(|error| Failure::from(error).about("value"))?;
        say(work, &ticket, key, value, changed)
    }
}

impl Subject {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        let changed = desk::set_subject(work.conn, &ctx, &mut ticket, &self.subject, None)
            .await
            .map_err(|error| Failure::from(error).about("subject"))?;
        let subject = ticket.subject.clone();
        say(work, &ticket, "subject", Some(&subject), changed)
    }
}

/// A word of the desk, or none.
fn optional<'d>(
    thing: &'static str,
    given: &str,
    all: impl Iterator<Item = (&'d str, &'d str)>,
) -> Result<Option<&'d str>, UserError> {
    if given.eq_ignore_ascii_case(NONE) {
        return Ok(None);
    }
    known(thing, thing, given, all).map(Some)
}

/// Says what the value is now.
pub(super) fn say(
    work: &Work<'_>,
    ticket: &Ticket,
    field: &str,
    value: Option<&str>,
    changed: bool,
) -> Result<Reply, Failure> {
    let data = json!({
        "number": ticket.number,
        "field": field,
        "value": value,
        "changed": changed,
        "team": ticket.team,
    });
    Ok(work.reply("changed", &data)?.on(ticket.id))
}
