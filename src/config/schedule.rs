//! What runs by the clock, and when.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::desk::DeskSettings;
use super::desk_check::twice;
use super::read::Table;
use crate::when::Recurrence;

/// One schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleSettings {
    /// The word by which commands and logs name it.
    pub name: String,
    /// When it runs.
    pub recurrence: Recurrence,
    /// The zone whose clocks say when.
    pub zone: Tz,
    /// What it does.
    pub job: Job,
    /// What becomes of a slot that was missed.
    pub missed: Missed,
}

/// What a schedule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Closes what was resolved for long enough, and asks after what waits for the customer.
    FollowUps,
    /// Sends each digest that is due by its subscriber's clock.
    Digests,
}

/// What becomes of slots at which nobody was there to run them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// The newest of them runs as soon as somebody is there; it stands for those before it.
    CatchUpOnce,
    /// They are passed over.
    Skip,
}

impl ScheduleSettings {
    /// The slots after `last`, up to and with `now`: in order, each once.
    pub fn slots(
        &self,
        last: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = DateTime<Utc>> {
        self.recurrence
            .slots(self.zone, last)
            .take_while(move |at| *at <= now)
    }

    /// The slots to come.
    pub fn next(&self, now: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        self.recurrence.slots(self.zone, now)
    }

    /// What its slots depend on: where it changes, slots before the change are nobody's.
    #[must_use]
    pub fn rule(&self) -> String {
        format!("{} {}", self.recurrence, self.zone)
    }
}

impl Job {
    const ALL: [Self; 2] = [Self::FollowUps, Self::Digests];

    /// The word of the configuration file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::FollowUps => "follow_ups",
            Self::Digests => "digests",
        }
    }
}

/// What runs by itself where no schedule names it, by clocks that are never changed: an hour that comes twice in the desk's
/// zone comes once to readers elsewhere. Subscribers in zones that are half an hour off have their digests on time, too.
const BY_THEMSELVES: [(Job, &str); 2] = [
    (Job::FollowUps, "*/5 * * * *"),
    (Job::Digests, "*/15 * * * *"),
];

/// Reads the schedules, and adds those that run by themselves.
pub(super) fn read(table: &Table<'_>, desk: &DeskSettings) -> Vec<ScheduleSettings> {
    let tables = table.tables("schedule");
    unique(table, &tables);
    let mut all: Vec<ScheduleSettings> =
        tables.iter().filter_map(|entry| one(entry, desk)).collect();
    for (job, cron) in BY_THEMSELVES {
        if !all.iter().any(|one| one.job == job)
            && let Ok(recurrence) = Recurrence::parse(cron)
        {
            all.push(ScheduleSettings {
                name: job.word().to_owned(),
                recurrence,
                zone: Tz::UTC,
                job,
                missed: Missed::CatchUpOnce,
            });
        }
    }
    all
}

/// A schedule is known by its name, also to the database.
fn unique(table: &Table<'_>, tables: &[Table<'_>]) {
    let names: Vec<String> = tables.iter().map(|entry| entry.text("name")).collect();
    let places = tables.iter().map(|entry| entry.at.key("name"));
    let mut faults = Vec::new();
    twice(
        names.iter().map(String::as_str).zip(places),
        "schedule",
        &mut faults,
    );
    for fault in faults {
        table.report.add(fault);
    }
}

/// Nothing where what or when cannot be read; that is in the report.
fn one(entry: &Table<'_>, desk: &DeskSettings) -> Option<ScheduleSettings> {
    let (name, cron, job) = (entry.text("name"), entry.text("cron"), entry.text("job"));
    let zone = match entry.text_if_any("zone") {
        Some(zone) => zone.parse().unwrap_or(Tz::UTC),
        None => desk.zone,
    };
    let missed = match entry.text("missed").as_str() {
        "skip" => Missed::Skip,
        _ => Missed::CatchUpOnce,
    };
    Some(ScheduleSettings {
        name,
        recurrence: Recurrence::parse(&cron).ok()?,
        zone,
        job: Job::ALL.into_iter().find(|one| one.word() == job)?,
        missed,
    })
}
