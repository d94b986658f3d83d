//! `list` and `search`: which tickets there are.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::problem::UserError;
use super::work::{Work, known, pair, status_name};
use super::{Failure, Reply};
use crate::config::desk::StatusKind;
use crate::people;
use crate::ticket::query::{self, Count, PAGE, Sight, Sort, TicketFilter};

/// Arguments of `list`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct List {
    /// Words that stand in the subject, a comment, the requester's name or address, or the number.
    text: Vec<String>,
    #[command(flatten)]
    filter: Filter,
    /// In which order.
    #[arg(long, value_enum, default_value_t = Order::Updated)]
    sort: Order,
    /// Which page of 20.
    #[arg(long, default_value_t = 1)]
    page: u32,
}

/// Arguments of `search`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Search {
    /// Words that stand in the subject, a comment, the requester's name or address, or the number.
    #[arg(required = true)]
    text: Vec<String>,
    /// Which page of 20.
    #[arg(long, default_value_t = 1)]
    page: u32,
}

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
    /// A tag; of several it has all.
    #[arg(long)]
    tag: Vec<String>,
    /// A custom field's value, such as `project=apollo`.
    #[arg(long, value_name = "KEY=VALUE")]
    field: Vec<String>,
    /// Past its due time, and not done.
    #[arg(long)]
    overdue: bool,
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

/// An order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// What changed last first.
    Updated,
    /// What was opened last first.
    Opened,
    /// What is due first first.
    Due,
    /// What is most urgent first.
    Priority,
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

impl From<Order> for Sort {
    fn from(order: Order) -> Self {
        match order {
            Order::Updated => Self::Updated,
            Order::Opened => Self::Opened,
            Order::Due => Self::Due,
            Order::Priority => Self::Priority,
        }
    }
}

impl List {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let mut filter = self.filter.resolve(work).await?;
        filter.text = Some(self.text.join(" ")).filter(|text| !text.trim().is_empty());
        page(work, &filter, self.sort.into(), self.page).await
    }
}

impl Search {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let filter = TicketFilter {
            sight: sight(work)?,
            text: Some(self.text.join(" ")),
            ..TicketFilter::default()
        };
        page(work, &filter, Sort::Updated, self.page).await
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
    async fn resolve(&self, work: &mut Work<'_>) -> Result<TicketFilter, Failure> {
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
                let what = format!(
                    "Nobody has written from `{}`.",
                    crate::config::problem::shown(address)
                );
                UserError::refused(what).about("requester")
            };
            filter.requester = Some(found.ok_or_else(unknown)?.id);
        }
        Ok(filter)
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

fn all_known<'d>(
    thing: &'static str,
    given: &[String],
    all: impl Iterator<Item = (&'d str, &'d str)> + Clone,
) -> Result<Vec<String>, UserError> {
    given
        .iter()
        .map(|word| known(thing, thing, word, all.clone()).map(str::to_owned))
        .collect()
}

async fn page(
    work: &mut Work<'_>,
    filter: &TicketFilter,
    sort: Sort,
    page: u32,
) -> Result<Reply, Failure> {
    let desk = work.desk();
    let found = query::list(work.conn, desk, filter, sort, page).await?;
    let (count, more_than) = match query::count(work.conn, filter).await? {
        Count::Exactly(count) => (count, false),
        Count::MoreThan(count) => (count, true),
    };
    let staff = work.is_staff();
    let tickets: Vec<Value> = found
        .tickets
        .iter()
        .map(|listed| {
            let ticket = &listed.ticket;
            json!({
                "number": ticket.number,
                "subject": ticket.subject,
                "status": ticket.status,
                "status_name": status_name(desk, &ticket.status),
                "priority": Some(&ticket.priority).filter(|_| staff),
                "team": ticket.team.as_ref().filter(|_| staff),
                "assignee": listed.assignee.as_ref().filter(|_| staff),
                "requester": Some(&listed.requester).filter(|_| staff),
                "due_at": ticket.due_at.filter(|_| staff),
                "updated_at": ticket.updated_at,
            })
        })
        .collect();
    let data = json!({
        "tickets": tickets,
        "count": count,
        "more_than": more_than,
        "page": page.max(1),
        "per_page": PAGE,
        "more": found.more,
    });
    work.reply("list", &data)
}
