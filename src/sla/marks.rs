//! The moments at which somebody is told of a target. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::clock::Clock;
use super::policy::Measure;
use crate::config::sla::{EscalateTo, Escalation, SlaWatch};

/// What somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A share of the time is used.
    Share,
    /// So many minutes are left.
    Minutes,
    /// The target is missed.
    Breach,
    /// It is still not met so long after that.
    Escalation(Escalation),
}

impl Mark {
    /// The name by which it is stored. An escalation is told apart by its delay and its audience, so that the
    /// steps may be changed in the configuration without one being told twice.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Share => "share".to_owned(),
            Self::Minutes => "minutes".to_owned(),
            Self::Breach => "breach".to_owned(),
            Self::Escalation(step) => format!("{}+{}", whom(step.to), step.after_minutes),
        }
    }

    /// The mark of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "share" => Some(Self::Share),
            "minutes" => Some(Self::Minutes),
            "breach" => Some(Self::Breach),
            _ => {
                let (to, minutes) = name.split_once('+')?;
                let audiences = [
                    EscalateTo::Team,
                    EscalateTo::Lead,
                    EscalateTo::Managers,
                    EscalateTo::Admins,
                ];
                Some(Self::Escalation(Escalation {
                    after_minutes: minutes.parse().ok()?,
                    to: audiences.into_iter().find(|one| whom(*one) == to)?,
                }))
            }
        }
    }
}

fn whom(to: EscalateTo) -> &'static str {
    match to {
        EscalateTo::Team => "team",
        EscalateTo::Lead => "lead",
        EscalateTo::Managers => "managers",
        EscalateTo::Admins => "admins",
    }
}

/// The marks of a target of so many minutes, and what the clock shows at each, earliest first.
#[must_use]
pub fn of_target(watch: &SlaWatch, minutes: u32) -> Vec<(Mark, TimeDelta)> {
    let target = TimeDelta::minutes(i64::from(minutes));
    let mut marks = vec![(Mark::Breach, target)];
    if watch.warn_percent > 0 {
        marks.push((
            Mark::Share,
            target * i32::try_from(watch.warn_percent).unwrap_or(0) / 100,
        ));
    }
    if watch.warn_minutes > 0 && watch.warn_minutes < minutes {
        let left = TimeDelta::minutes(i64::from(watch.warn_minutes));
        marks.push((Mark::Minutes, target - left));
    }
    for &step in &watch.escalate {
        let delay = TimeDelta::minutes(i64::from(step.after_minutes));
        marks.push((Mark::Escalation(step), target + delay));
    }
    marks.sort_by_key(|(_, shows)| *shows);
    marks
}

/// When each mark of a clock is to be told, as things stand: not while the clock stands still, not before the
/// ticket was answered for `quiet_minutes`, and in the hours of `office` only. Nothing once the clock was met.
#[must_use]
pub fn moments(
    clock: &Clock,
    measure: &Measure,
    office: &Measure,
    watch: &SlaWatch,
    minutes: u32,
    answered_at: Option<DateTime<Utc>>,
) -> Vec<(Mark, DateTime<Utc>)> {
    let Some(leg) = clock.legs.last() else {
        return Vec::new();
    };
    if clock.met_at.is_some() || leg.pause.is_some() {
        return Vec::new();
    }
    let quiet = TimeDelta::minutes(i64::from(watch.quiet_minutes));
    let earliest = answered_at.map_or(leg.from, |at| leg.from.max(at + quiet));
    of_target(watch, minutes)
        .into_iter()
        .filter_map(|(mark, shows)| {
            let at = clock.reaches(measure, shows)?;
            Some((mark, office.next_open(at.max(earliest))))
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::config::desk::{self, StatusKind};
    use crate::sla::calendar::Calendar;
    use crate::sla::clock::{History, Turn, What, clocks};

    fn watch() -> SlaWatch {
        SlaWatch {
            warn_percent: 50,
            warn_minutes: 10,
            quiet_minutes: 30,
            calendar: None,
            escalate: vec![Escalation {
                after_minutes: 60,
                to: EscalateTo::Managers,
            }],
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-11-{text}:00Z").parse().unwrap()
    }

    fn moments_of(
        opened: &str,
        turns: &[(&str, What)],
        minutes: u32,
    ) -> Vec<(Mark, DateTime<Utc>)> {
        let history = History {
            opened_at: at(opened),
            opened_as: StatusKind::New,
            owed: true,
            turns: turns
                .iter()
                .map(|&(text, what)| Turn { at: at(text), what })
                .collect(),
        };
        let clock = clocks(&history)
            .into_iter()
            .find(|clock| clock.kind == crate::sla::Kind::Resolution);
        let office = Measure::Business(Calendar::of(&desk::Calendar {
            key: "office".to_owned(),
            zone: chrono_tz::Tz::UTC,
            hours: vec!["mon-fri 09:00-17:00".to_owned()],
            holidays: Vec::new(),
        }));
        let answered = crate::sla::clock::answered_at(&history);
        moments(
            &clock.unwrap(),
            &Measure::Wall,
            &office,
            &watch(),
            minutes,
            answered,
        )
    }

    #[test]
    fn names_lead_back_to_their_marks() {
        for (mark, _) in of_target(&watch(), 60) {
            assert_eq!(Mark::from_name(&mark.name()), Some(mark));
        }
        assert_eq!(Mark::from_name("boss+5"), None);
        assert_eq!(Mark::from_name("lead+x"), None);
    }

    #[test]
    fn a_share_and_a_number_of_minutes_come_before_the_target_and_the_chain_after_it() {
        let marks = moments_of("20T10:00", &[], 60);
        let moments: Vec<_> = marks.iter().map(|(_, at)| *at).collect();
        assert_eq!(
            moments,
            [
                at("20T10:30"),
                at("20T10:50"),
                at("20T11:00"),
                at("20T12:00")
            ]
        );
        // A target that is not longer than the warning has none by minutes.
        assert_eq!(of_target(&watch(), 10).len(), 3);
    }

    /// Friday's last moment of work is not one of them: notices wait for Monday.
    #[test]
    fn d3_notices_wait_for_working_hours() {
        let marks = moments_of("20T16:30", &[], 60);
        let monday = at("23T09:00");
        let moments: Vec<_> = marks.iter().map(|(_, at)| *at).collect();
        assert_eq!(moments, [monday, monday, monday, monday]);
    }

    #[test]
    fn a_ticket_that_was_just_answered_is_left_in_peace() {
        let marks = moments_of("20T10:00", &[("20T10:29", What::StaffAnswered)], 60);
        assert_eq!(marks[0], (Mark::Share, at("20T10:59")));
        assert_eq!(marks[2], (Mark::Breach, at("20T11:00")));
    }

    #[test]
    fn nothing_is_told_of_a_clock_that_stands_still_or_was_met() {
        let waits = ("20T10:05", What::Became(StatusKind::Waiting));
        assert_eq!(moments_of("20T10:00", &[waits], 60), []);
        let resolved = ("20T10:05", What::Became(StatusKind::Resolved));
        assert_eq!(moments_of("20T10:00", &[resolved], 60), []);
        // Half of the hour was used up when it was put off; that is told when it comes back.
        let snoozed = ("20T10:40", What::SnoozedUntil(at("20T12:00")));
        let marks = moments_of("20T10:00", &[snoozed], 60);
        assert_eq!(marks[0], (Mark::Share, at("20T12:00")));
        assert_eq!(marks[2], (Mark::Breach, at("20T12:20")));
    }
}
