//! Which target holds for a ticket. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::calendar::Calendar;
use crate::config::DeskSettings;
use crate::config::sla::SlaTarget;

/// What a target promises.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Kind {
    /// A first public reply by a person of the team.
    FirstResponse,
    /// A public reply to what the customer wrote since the last one.
    NextResponse,
    /// The resolution.
    Resolution,
}

impl Kind {
    /// All of them, in the order in which a ticket meets them.
    pub const ALL: [Self; 3] = [Self::FirstResponse, Self::NextResponse, Self::Resolution];

    /// The word by which it is stored.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::FirstResponse => "first_response",
            Self::NextResponse => "next_response",
            Self::Resolution => "resolution",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// The words people read.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FirstResponse => "first response",
            Self::NextResponse => "next response",
            Self::Resolution => "resolution",
        }
    }

    fn minutes(self, entry: &SlaTarget) -> Option<u32> {
        match self {
            Self::FirstResponse => entry.first_response_minutes,
            Self::NextResponse => entry.next_response_minutes,
            Self::Resolution => entry.resolution_minutes,
        }
    }
}

/// What is looked at of a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The priority's key.
    pub priority: String,
    /// The team's key.
    pub team: Option<String>,
    /// The type's key.
    pub ticket_type: Option<String>,
    /// The category's key.
    pub category: Option<String>,
    /// The name of the requester's organization.
    pub organization: Option<String>,
}

/// A target that holds for a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'d> {
    /// The entry of the configuration that it comes from.
    pub entry: &'d SlaTarget,
    /// Where that entry stands in the desk's list, from 0.
    pub position: usize,
    /// The minutes that it grants, 1 or more, in the hours of the entry's calendar.
    pub minutes: u32,
}

/// The target of this kind: the one of the most special entry that has it. Nothing where none has it, or where
/// that entry takes it away.
#[must_use]
pub fn target<'d>(desk: &'d DeskSettings, ticket: &Attributes, kind: Kind) -> Option<Target<'d>> {
    let having = desk.sla.iter().enumerate();
    let having =
        having.filter_map(|(position, entry)| Some((position, entry, kind.minutes(entry)?)));
    let (position, entry, minutes) = having
        .filter(|(_, entry, _)| holds(entry, ticket))
        // Two of one rank would be for the same tickets, which the configuration refuses.
        .max_by_key(|(_, entry, _)| rank(entry))?;
    (minutes > 0).then_some(Target {
        entry,
        position,
        minutes,
    })
}

fn holds(entry: &SlaTarget, ticket: &Attributes) -> bool {
    let wanted = |wanted: &Option<String>, given: Option<&str>| {
        wanted.is_none() || wanted.as_deref() == given
    };
    wanted(&entry.priority, Some(&ticket.priority))
        && wanted(&entry.team, ticket.team.as_deref())
        && wanted(&entry.ticket_type, ticket.ticket_type.as_deref())
        && wanted(&entry.category, ticket.category.as_deref())
        && wanted(&entry.organization, ticket.organization.as_deref())
}

/// What goes before what, the first of them first.
fn rank(entry: &SlaTarget) -> [bool; 5] {
    [
        entry.organization.is_some(),
        entry.category.is_some(),
        entry.ticket_type.is_some(),
        entry.team.is_some(),
        entry.priority.is_some(),
    ]
}

/// How time is counted: by a calendar, or every hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    /// Every hour counts.
    Wall,
    /// The hours of a calendar count.
    Business(Calendar),
}

impl Measure {
    /// By the desk's calendar of this key; every hour where none is named.
    #[must_use]
    pub fn of(desk: &DeskSettings, calendar: Option<&str>) -> Self {
        let named = desk
            .calendar
            .iter()
            .find(|one| Some(one.key.as_str()) == calendar);
        named.map_or(Self::Wall, |one| Self::Business(Calendar::of(one)))
    }

    /// The time that counts in `[from, to)`.
    #[must_use]
    pub fn between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        match self {
            Self::Wall => (to - from).max(TimeDelta::zero()),
            Self::Business(calendar) => calendar.between(from, to),
        }
    }

    /// The first moment by which so much has counted since `from`; nothing where it never comes.
    #[must_use]
    pub fn add(&self, from: DateTime<Utc>, time: TimeDelta) -> Option<DateTime<Utc>> {
        match self {
            Self::Wall => from.checked_add_signed(time),
            Self::Business(calendar) => calendar.add(from, time),
        }
    }

    /// The first moment from `at` on that counts; `at` itself where none ever does.
    #[must_use]
    pub fn next_open(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Wall => at,
            Self::Business(calendar) => calendar.next_open(at).unwrap_or(at),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config;

    fn desk(sla: Vec<SlaTarget>) -> DeskSettings {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config/desks/saas.toml");
        let mut desk = config::load_desk(std::path::Path::new(path)).unwrap();
        desk.sla = sla;
        desk
    }

    fn word(word: &str) -> Option<String> {
        Some(word.to_owned())
    }

    fn ticket() -> Attributes {
        Attributes {
            priority: "high".to_owned(),
            team: word("billing"),
            ticket_type: word("incident"),
            category: word("invoices"),
            organization: word("Kanal 9"),
        }
    }

    fn minutes(desk: &DeskSettings, ticket: &Attributes, kind: Kind) -> Option<u32> {
        target(desk, ticket, kind).map(|target| target.minutes)
    }

    #[test]
    fn the_most_special_entry_that_has_a_target_gives_it() {
        let desk = desk(vec![
            SlaTarget {
                organization: word("Kanal 9"),
                first_response_minutes: Some(5),
                ..SlaTarget::default()
            },
            SlaTarget {
                priority: word("high"),
                team: word("billing"),
                first_response_minutes: Some(30),
                resolution_minutes: Some(300),
                ..SlaTarget::default()
            },
            SlaTarget {
                priority: word("high"),
                first_response_minutes: Some(60),
                next_response_minutes: Some(90),
                resolution_minutes: Some(600),
                ..SlaTarget::default()
            },
        ]);
        assert_eq!(minutes(&desk, &ticket(), Kind::FirstResponse), Some(5));
        assert_eq!(minutes(&desk, &ticket(), Kind::Resolution), Some(300));
        assert_eq!(minutes(&desk, &ticket(), Kind::NextResponse), Some(90));
        let other = Attributes {
            organization: None,
            team: None,
            ..ticket()
        };
        assert_eq!(minutes(&desk, &other, Kind::FirstResponse), Some(60));
        let low = Attributes {
            priority: "low".to_owned(),
            ..other
        };
        assert_eq!(minutes(&desk, &low, Kind::FirstResponse), None);
    }

    #[test]
    fn one_attribute_goes_before_another_whatever_their_number() {
        let all_but_organization = SlaTarget {
            priority: word("high"),
            team: word("billing"),
            ticket_type: word("incident"),
            category: word("invoices"),
            resolution_minutes: Some(4),
            ..SlaTarget::default()
        };
        let mut entries = vec![all_but_organization.clone()];
        let organization = SlaTarget {
            organization: word("Kanal 9"),
            resolution_minutes: Some(5),
            ..SlaTarget::default()
        };
        entries.insert(0, organization);
        assert_eq!(
            minutes(&desk(entries), &ticket(), Kind::Resolution),
            Some(5)
        );
        let category = SlaTarget {
            category: word("invoices"),
            resolution_minutes: Some(3),
            ..SlaTarget::default()
        };
        let others = SlaTarget {
            category: None,
            ..all_but_organization
        };
        let desk = desk(vec![others, category]);
        assert_eq!(minutes(&desk, &ticket(), Kind::Resolution), Some(3));
    }

    #[test]
    fn zero_takes_the_target_of_a_wider_entry_away() {
        let desk = desk(vec![
            SlaTarget {
                resolution_minutes: Some(600),
                ..SlaTarget::default()
            },
            SlaTarget {
                category: word("invoices"),
                resolution_minutes: Some(0),
                ..SlaTarget::default()
            },
        ]);
        assert_eq!(minutes(&desk, &ticket(), Kind::Resolution), None);
        let other = Attributes {
            category: None,
            ..ticket()
        };
        assert_eq!(minutes(&desk, &other, Kind::Resolution), Some(600));
    }
}
