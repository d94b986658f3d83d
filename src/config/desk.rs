//! The desk: how tickets are named, numbered, ordered and moved. All of it is configuration.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::rule::Rule;
use super::sla::{SlaTarget, SlaWatch};

/// A whole desk as `[desk]` and its lists describe it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeskSettings {
    /// The name that customers read as the sender of mail, such as `Example Support`.
    pub name: String,
    /// The IANA zone of the desk's dates, such as `Europe/Berlin`.
    #[serde(default = "utc")]
    pub zone: Tz,
    /// How tickets are numbered. Placeholders: `{date}` (YYYYMMDD in the desk's zone), `{seq}` or `{seq:4}`
    /// (counts within the text before it), `{random:6}` (letters and digits that cannot be confused),
    /// `{project}` or any other custom field's key.
    #[serde(default = "default_number")]
    pub number: String,
    /// A reply to a ticket that has been closed for longer opens a new, linked ticket.
    #[serde(default = "default_reopen_days")]
    pub reopen_days: u32,
    /// Resolved tickets close after this many hours; absent means never.
    #[serde(default)]
    pub auto_close_hours: Option<u32>,
    /// How long a customer has to say whether the matter is settled before the ticket closes, in hours.
    #[serde(default = "close_request_hours")]
    pub close_request_hours: u32,
    /// A ticket that has waited for the customer for so many days is asked after once; absent means never.
    #[serde(default)]
    pub nudge_days: Option<u32>,
    /// A ticket that has waited for the customer for so many days closes; absent means never.
    #[serde(default)]
    pub close_waiting_days: Option<u32>,
    /// The calendar in whose hours tickets close by themselves and are asked after; absent means every day from 08:00
    /// to 20:00 in the desk's zone.
    #[serde(default)]
    pub follow_up_calendar: Option<String>,
    /// The calendar in whose hours reports count first responses and resolutions; absent means every hour.
    #[serde(default)]
    pub report_calendar: Option<String>,
    /// The longest comment that is accepted from a command, in characters; absent means no limit. Mail is never cut.
    #[serde(default)]
    pub comment_max_chars: Option<u32>,
    /// The status of a new ticket.
    pub initial_status: String,
    /// The status that an unassigned, untouched ticket takes when somebody is assigned; absent means no change.
    #[serde(default)]
    pub assigned_status: Option<String>,
    /// The status a waiting ticket takes when the customer writes.
    pub active_status: String,
    /// The status a resolved or closed ticket takes when the customer writes.
    pub reopened_status: String,
    /// The priority of a ticket that names none.
    pub default_priority: String,
    /// The type of a ticket that names none.
    #[serde(default)]
    pub default_type: Option<String>,
    /// The category of a ticket that names none.
    #[serde(default)]
    pub default_category: Option<String>,
    /// The statuses, in the order in which they are listed.
    pub status: Vec<Status>,
    /// The priorities, most urgent first.
    pub priority: Vec<Priority>,
    /// The types.
    #[serde(default, rename = "type")]
    pub types: Vec<Named>,
    /// The categories and the team that gets each.
    #[serde(default)]
    pub category: Vec<Category>,
    /// The teams. Who is in them is kept in the database.
    #[serde(default)]
    pub team: Vec<Team>,
    /// Custom fields.
    #[serde(default)]
    pub field: Vec<Field>,
    /// Service-level targets.
    #[serde(default)]
    pub sla: Vec<SlaTarget>,
    /// Who is told of targets that are near or missed.
    #[serde(default)]
    pub sla_watch: SlaWatch,
    /// Business calendars.
    #[serde(default)]
    pub calendar: Vec<Calendar>,
    /// What new tickets get by what they say and who sent them, tried in order.
    #[serde(default)]
    pub rule: Vec<Rule>,
    /// Organizations and the mail domains that belong to them; created at start where they are missing.
    #[serde(default)]
    pub organization: Vec<Organization>,
}

/// What a status means to the machinery. Names are the desk's own; only the kind is ever looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum StatusKind {
    /// Nobody has looked at it yet.
    New,
    /// Somebody is, or should be, working on it.
    Open,
    /// Waiting for the customer.
    Waiting,
    /// Answered for good as far as the team knows.
    Resolved,
    /// Put away.
    Closed,
}

/// One status of the workflow.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// The word used in commands.
    pub key: String,
    /// The word people read.
    pub name: String,
    /// What it means to the machinery.
    pub kind: StatusKind,
    /// The statuses that may follow.
    pub to: Vec<String>,
    /// What the status means for the customer, as a sentence for the status mail.
    #[serde(default)]
    pub meaning: Option<String>,
    /// Whether entering it needs a reason.
    #[serde(default)]
    pub needs_reason: bool,
}

/// One priority.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Priority {
    /// The word used in commands.
    pub key: String,
    /// The word people read.
    pub name: String,
}

/// A key and a name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The word used in commands.
    pub key: String,
    /// The word people read.
    pub name: String,
}

/// One team.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// The word used in commands.
    pub key: String,
    /// The word people read.
    pub name: String,
    /// How its tickets are shared among those who are present; absent leaves them to be taken.
    #[serde(default)]
    pub assign: Option<Assign>,
    /// The calendar in whose hours its people are present; absent means always.
    #[serde(default)]
    pub assign_calendar: Option<String>,
}

/// How a team's tickets are shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Assign {
    /// One after the other.
    RoundRobin,
    /// Whoever has the fewest.
    LeastLoaded,
}

/// One category.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// The word used in commands.
    pub key: String,
    /// The word people read.
    pub name: String,
    /// The team that gets its tickets; absent leaves them unrouted.
    #[serde(default)]
    pub team: Option<String>,
    /// The desk's value for this category; 0 is never.
    #[serde(default)]
    pub auto_close_hours: Option<u32>,
    /// The desk's value for this category; 0 is never.
    #[serde(default)]
    pub nudge_days: Option<u32>,
    /// The desk's value for this category; 0 is never.
    #[serde(default)]
    pub close_waiting_days: Option<u32>,
}

/// One custom field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The word used in commands and in the number format.
    pub key: String,
    /// The word people read.
    pub name: String,
    /// What may stand in it.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// The allowed values of a `choice`.
    #[serde(default)]
    pub choices: Vec<String>,
    /// The value of a ticket that names none; mail cannot name any.
    #[serde(default)]
    pub default: Option<String>,
}

/// What may stand in a custom field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Any text of one line.
    Text,
    /// A decimal number.
    Number,
    /// A date, YYYY-MM-DD.
    Date,
    /// One of `choices`.
    Choice,
    /// An `http` or `https` address.
    Link,
}

/// Working hours.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// The word by which others name it.
    pub key: String,
    /// The IANA zone of its hours.
    pub zone: Tz,
    /// Ranges such as `mon 09:00-12:30`; a range may cross midnight.
    pub hours: Vec<String>,
    /// Days off, YYYY-MM-DD; those of a `holidays_file` stand here as well.
    #[serde(default)]
    pub holidays: Vec<String>,
}

/// One organization.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// Its name.
    pub name: String,
    /// The mail domains of its people, such as `example.com`.
    #[serde(default)]
    pub domains: Vec<String>,
}

fn close_request_hours() -> u32 {
    72
}

fn utc() -> Tz {
    Tz::UTC
}

fn default_number() -> String {
    "TKT-{date}-{seq:4}".to_owned()
}

fn default_reopen_days() -> u32 {
    14
}
