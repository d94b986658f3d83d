//! `list` and `search`: which tickets there are.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::filter::{self, Filter};
use super::work::{Work, status_name};
use super::{Failure, Reply};
use crate::ids::TicketId;
use crate::sla;
use crate::ticket::Ticket;
use crate::ticket::query::{self, Count, PAGE, Page, Sort, TicketFilter};
use crate::ticket::workflow;

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
    /// What was opened first first.
    Oldest,
}

impl From<Order> for Sort {
    fn from(order: Order) -> Self {
        match order {
            Order::Updated => Self::Updated,
            Order::Opened => Self::Opened,
            Order::Due => Self::Due,
            Order::Priority => Self::Priority,
            Order::Oldest => Self::Oldest,
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
            sight: filter::sight(work)?,
            text: Some(self.text.join(" ")),
            ..TicketFilter::default()
        };
        page(work, &filter, Sort::Updated, self.page).await
    }
}

async fn page(
    work: &mut Work<'_>,
    filter: &TicketFilter,
    sort: Sort,
    page: u32,
) -> Result<Reply, Failure> {
    let desk = work.desk();
    let found = query::list(work.conn, desk, filter, sort, page).await?;
    let (count, more_than) = match found.count.or_else(|| known_count(&found, page)) {
        Some(count) => (count, false),
        None => match query::count(work.conn, filter).await? {
            Count::Exactly(count) => (count, false),
            Count::MoreThan(count) => (count, true),
        },
    };
    let (staff, now) = (work.is_staff(), work.scene.now);
    let ids: Vec<TicketId> = found
        .tickets
        .iter()
        .map(|listed| listed.ticket.id)
        .collect();
    let missed = match staff {
        true => sla::overdue(work.conn, now, &ids).await?,
        false => BTreeMap::new(),
    };
    let is_late = |ticket: &Ticket| {
        let is_past = ticket.due_at.is_some_and(|at| at <= now);
        staff && !workflow::is_done(ticket.kind) && (is_past || missed.contains_key(&ticket.id))
    };
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
                "late": is_late(ticket),
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

/// How many tickets fit, where the last page says so by itself: counting looks for them all once more.
fn known_count(found: &Page, page: u32) -> Option<i64> {
    let here = i64::try_from(found.tickets.len()).ok()?;
    let before = i64::from(page.max(1) - 1) * i64::from(PAGE);
    (!found.more && (here > 0 || before == 0)).then_some(before + here)
}
