//! Which tickets a list or a bulk change is about.

use clap::{Args, ValueEnum};

use super::Failure;
use super::due::{self, Span};
use super::problem::UserError;
use super::stats::{all_known, organization};
use super::work::{Work, pair};
use crate::config::desk::StatusKind;
use crate::config::problem::shown;
use crate::people;
use crate::ticket::query::{Sight, TicketFilter};

/// Which tickets. Different options must all fit; of one option that is given several times, any.
#[derive(Debug, Clone, PartialEq, Default, Args)]
pub struct Filter {
    /// Also those that are resolved or closed.
    #[arg(long)]
    all: bool,
    /// A status, by key or name.
    #[arg(long)]
    status: Vec<String>,
    /// What the status means.
    #[arg(long, value_enum)]
    kind: Vec<Kind>,
    /// A priority.
    #[arg(long)]
    priority: Vec<String>,
    /// A category.
    #[arg(long)]
    category: Vec<String>,
    /// A type.
    #[arg(long = "type", id = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// A team.
    #[arg(long)]
    team: Vec<String>,
    /// The agent who has it.
    #[arg(long, value_name = "HANDLE")]
    assignee: Option<String>,
    /// Nobody has it.
    #[arg(long)]
    unassigned: bool,
    /// You have it.
    #[arg(long)]
    mine: bool,
    /// You watch it.
    #[arg(long)]
    watching: bool,
    /// Who asked, by mail address.
    #[arg(long, value_name = "ADDRESS")]
    requester: Option<String>,
    /// Whose requester belongs to this organization, by its name.
    #[arg(long, value_name = "NAME")]
    organization: Option<String>,
    /// A tag; of several it has all.
    #[arg(long)]
    tag: Vec<String>,
    /// A custom field's value, such as `project=apollo`.
    #[arg(long, value_name = "KEY=VALUE")]
    field: Vec<String>,
    /// When it is due: `today`, `tomorrow`, `week`, `next-week`, a day, `none`, or a time, which means before it.
    #[arg(long, value_name = "WHEN")]
    due: Option<String>,
    /// Past its due time or past what was promised, and not done.
    #[arg(long)]
    overdue: bool,
    /// Put off: lists of what is to be done leave these out.
    #[arg(long)]
    snoozed: bool,
}

/// What a status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Nobody has looked at it yet.
    New,
    /// Somebody works on it.
    Open,
    /// Waiting for the customer.
    Waiting,
    /// Answered for good.
    Resolved,
    /// Put away.
    Closed,
}

impl From<Kind> for StatusKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::New => Self::New,
            Kind::Open => Self::Open,
            Kind::Waiting => Self::Waiting,
            Kind::Resolved => Self::Resolved,
            Kind::Closed => Self::Closed,
        }
    }
}

/// For whose eyes a list is.
pub(super) fn sight(work: &Work<'_>) -> Result<Sight, UserError> {
    if work.is_staff() {
        return Ok(Sight::Staff);
    }
    Ok(Sight::Customer(work.person()?.id))
}

impl Filter {
    /// The filter with everything looked up that it names.
    pub(super) async fn resolve(&self, work: &mut Work<'_>) -> Result<TicketFilter, Failure> {
        let sight = sight(work)?;
        if sight != Sight::Staff && !self.is_for_customers() {
            return Err(UserError::forbidden("These options are for staff.")
                .then("You may give words to look for, `--status`, `--kind`, `--all` and `--page`.")
                .into());
        }
        let desk = work.desk();
        let mut kinds: Vec<StatusKind> = self.kind.iter().map(|kind| (*kind).into()).collect();
        if !self.all && kinds.is_empty() && self.status.is_empty() {
            kinds = TicketFilter::active().kinds;
        }
        let statuses = desk.status.iter().map(|one| pair(&one.key, &one.name));
        let priorities = desk.priority.iter().map(|one| pair(&one.key, &one.name));
        let categories = desk.category.iter().map(|one| pair(&one.key, &one.name));
        let types = desk.types.iter().map(|one| pair(&one.key, &one.name));
        let teams = desk.team.iter().map(|one| pair(&one.key, &one.name));
        let mut filter = TicketFilter {
            sight,
            kinds,
            statuses: all_known("status", &self.status, statuses)?,
            priorities: all_known("priority", &self.priority, priorities)?,
            categories: all_known("category", &self.category, categories)?,
            types: all_known("type", &self.types, types)?,
            teams: all_known("team", &self.team, teams)?,
            unassigned: self.unassigned,
            tags: self.tag.iter().map(|tag| tag.to_lowercase()).collect(),
            fields: super::open::fields(work, &self.field)?,
            snoozed: match (self.snoozed, sight) {
                (true, _) => Some(true),
                (false, Sight::Customer(_)) => None,
                (false, Sight::Staff) => (!self.all).then_some(false),
            },
            overdue_at: self.overdue.then_some(work.scene.now),
            ..TicketFilter::default()
        };
        if let Some(handle) = &self.assignee {
            filter.assignee = Some(work.agent("assignee", handle).await?.id);
        }
        if self.mine {
            filter.assignee = Some(work.person()?.id);
        }
        if self.watching {
            filter.watcher = Some(work.person()?.id);
        }
        if let Some(address) = &self.requester {
            let found = people::store::by_address(work.conn, address.trim()).await?;
            let unknown = || {
                let what = format!("Nobody has written from `{}`.", shown(address));
                UserError::refused(what).about("requester")
            };
            filter.requester = Some(found.ok_or_else(unknown)?.id);
        }
        if let Some(name) = &self.organization {
            filter.organization = Some(organization(work.conn, name).await?);
        }
        if let Some(text) = &self.due {
            match due::span(work, text).await? {
                Span::Within(from, before) => {
                    (filter.due_from, filter.due_before) = (from, Some(before));
                }
                Span::Never => filter.never_due = true,
            }
        }
        Ok(filter)
    }

    /// Whether it leaves nothing out.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether nothing is asked that would tell a customer how staff works.
    fn is_for_customers(&self) -> bool {
        let visible = Self {
            all: self.all,
            status: self.status.clone(),
            kind: self.kind.clone(),
            ..Self::default()
        };
        *self == visible
    }
}
