//! Reports: how the desk stood over a period, and what needs a person now.
//!
//! Each figure is defined in docs/reports.md and computed in SQL, in [`store`] and nowhere else. Periods are
//! whole days of the reader's zone, half-open; see [`period`].

pub mod compare;
mod csv;
pub mod digest;
pub mod figures;
pub mod period;
pub mod pictures;
pub mod preview;
pub mod stats;
pub mod store;
pub mod subscription;
pub mod words;
mod write;

pub use write::{WrittenDigest, request, write_digests};

use serde::{Deserialize, Serialize};

use crate::config::DeskSettings;
use crate::config::desk::StatusKind;
use crate::ids::{OrganizationId, PersonId};

/// Which tickets a report is about. An empty list stands for all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// The teams that have them.
    pub teams: Vec<String>,
    /// Their categories.
    pub categories: Vec<String>,
    /// Their types.
    pub types: Vec<String>,
    /// Their priorities.
    pub priorities: Vec<String>,
    /// The agents who have them.
    pub agents: Vec<PersonId>,
    /// The organizations of their requesters.
    pub organizations: Vec<OrganizationId>,
    /// The mailboxes that answer for them.
    pub mailboxes: Vec<String>,
}

/// By what a report is broken down. Tickets count where they are now, not where they were then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// The team that has the ticket.
    Team,
    /// The category.
    Category,
    /// The type.
    Type,
    /// The priority.
    Priority,
    /// The agent who has the ticket.
    Agent,
    /// The requester's organization.
    Organization,
    /// The mailbox that answers for the ticket.
    Mailbox,
}

impl Dimension {
    /// All of them, in the order in which reports list them.
    pub const ALL: [Self; 7] = [
        Self::Team,
        Self::Category,
        Self::Type,
        Self::Priority,
        Self::Agent,
        Self::Organization,
        Self::Mailbox,
    ];

    /// The word people read.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Team => "Team",
            Self::Category => "Category",
            Self::Type => "Type",
            Self::Priority => "Priority",
            Self::Agent => "Agent",
            Self::Organization => "Organization",
            Self::Mailbox => "Mailbox",
        }
    }

    /// What a ticket without one is called.
    #[must_use]
    pub fn absent(self) -> &'static str {
        match self {
            Self::Team => "no team",
            Self::Category => "no category",
            Self::Type => "no type",
            Self::Priority => "no priority",
            Self::Agent => "nobody",
            Self::Organization => "no organization",
            Self::Mailbox => "no mailbox",
        }
    }

    /// The column of `ticket`.
    pub(crate) fn column(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Category => "category",
            Self::Type => "ticket_type",
            Self::Priority => "priority",
            Self::Agent => "assignee_id",
            Self::Organization => "organization_id",
            Self::Mailbox => "mailbox",
        }
    }
}

/// The statuses that end a ticket, by their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endings {
    /// Those of kind resolved or closed.
    pub done: Vec<String>,
    /// Those of kind closed.
    pub closed: Vec<String>,
}

impl Endings {
    /// The endings of this desk.
    #[must_use]
    pub fn of(desk: &DeskSettings) -> Self {
        let of_kinds = |kinds: &[StatusKind]| {
            let wanted = desk
                .status
                .iter()
                .filter(|status| kinds.contains(&status.kind));
            wanted.map(|status| status.key.clone()).collect()
        };
        Self {
            done: of_kinds(&[StatusKind::Resolved, StatusKind::Closed]),
            closed: of_kinds(&[StatusKind::Closed]),
        }
    }
}
