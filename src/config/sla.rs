//! Service levels: the targets, and who is told when one is near or missed.

use serde::{Deserialize, Serialize};

/// Targets for the tickets that have all the attributes named here, in working minutes of the calendar.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SlaTarget {
    /// The priority; absent means any, as with the other attributes.
    #[serde(default)]
    pub priority: Option<String>,
    /// The team.
    #[serde(default)]
    pub team: Option<String>,
    /// The type.
    #[serde(default, rename = "type")]
    pub ticket_type: Option<String>,
    /// The category.
    #[serde(default)]
    pub category: Option<String>,
    /// The name of the requester's organization.
    #[serde(default)]
    pub organization: Option<String>,
    /// Minutes to the first public reply; absent leaves it to a wider entry, 0 takes that one's target away.
    #[serde(default)]
    pub first_response_minutes: Option<u32>,
    /// Minutes to the next public reply once the customer has written again; absent and 0 as above.
    #[serde(default)]
    pub next_response_minutes: Option<u32>,
    /// Minutes to the resolution; absent and 0 as above.
    #[serde(default)]
    pub resolution_minutes: Option<u32>,
    /// The calendar whose hours count; absent counts every hour.
    #[serde(default)]
    pub calendar: Option<String>,
}

/// Who is told of targets that are near or missed, and when.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SlaWatch {
    /// Warn once this share of the time is used, in percent; 0 means no such warning.
    pub warn_percent: u32,
    /// Warn this many minutes before the target; 0 means no such warning.
    pub warn_minutes: u32,
    /// Say nothing of a ticket for so many minutes after staff answered it.
    pub quiet_minutes: u32,
    /// Notices leave in the hours of this calendar, or at any hour ([`SlaWatch::ALWAYS`]); absent means the hours of the
    /// target's own, and by day where that one counts every hour.
    #[serde(default)]
    pub calendar: Option<String>,
    /// Who is told after a breach, and how long after it.
    #[serde(default)]
    pub escalate: Vec<Escalation>,
}

impl SlaWatch {
    /// The calendar that is always open.
    pub const ALWAYS: &'static str = "always";
    /// When notices leave where neither the watch nor the target has a calendar, in the desk's zone.
    pub const DAYTIME: &'static str = "mon-sun 08:00-20:00";
}

/// One step after a breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// Minutes after the breach, counted as the target's are.
    pub after_minutes: u32,
    /// Who is told.
    pub to: EscalateTo,
}

/// Who is told of an escalation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EscalateTo {
    /// Everybody in the ticket's team.
    Team,
    /// Who leads the ticket's team.
    Lead,
    /// All managers.
    Managers,
    /// All admins.
    Admins,
}

impl Default for SlaWatch {
    fn default() -> Self {
        Self {
            warn_percent: 75,
            warn_minutes: 0,
            quiet_minutes: 15,
            calendar: None,
            escalate: Vec::new(),
        }
    }
}
