//! Subscriptions: who gets which digest, and when.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::period::Period;
use crate::ids::{PersonId, SubscriptionId};
use crate::notify::By;
use crate::when::zone;

/// The digests there are.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum DigestKind {
    /// How the desk stood yesterday, each day.
    Daily,
    /// How the desk stood last week, each Monday.
    Weekly,
    /// How the desk stood last month, each first of a month.
    Monthly,
    /// What waits for the reader, each day.
    Mine,
}

impl DigestKind {
    /// The word by which it is stored and written in commands.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Mine => "mine",
        }
    }

    /// The newest moment at or before `now` at which it is due: at this hour on the wall, in this zone. Where
    /// clocks skip the hour it is the first moment after, where they show it twice the first time.
    #[must_use]
    pub fn slot(self, zone: Tz, hour: u32, now: DateTime<Utc>) -> DateTime<Utc> {
        let today = now.with_timezone(&zone).date_naive();
        let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        let at = |day: NaiveDate| zone::instant(zone, day.and_time(time));
        let (this, earlier) = match self {
            Self::Daily | Self::Mine => (today, today.checked_sub_days(Days::new(1))),
            Self::Weekly => {
                let monday = Period::week(zone, today).first;
                (monday, monday.checked_sub_days(Days::new(7)))
            }
            Self::Monthly => {
                let first = Period::month(zone, today).first;
                (first, first.checked_sub_months(Months::new(1)))
            }
        };
        if at(this) <= now {
            at(this)
        } else {
            at(earlier.unwrap_or(this))
        }
    }

    /// What the digest of that moment is about: the day, the week from Monday, or the month that ended last.
    #[must_use]
    pub fn period(self, zone: Tz, slot: DateTime<Utc>) -> Period {
        let today = slot.with_timezone(&zone).date_naive();
        match self {
            Self::Daily | Self::Mine => Period::day(zone, today).before(),
            Self::Weekly => Period::week(zone, today).before(),
            Self::Monthly => Period::month(zone, today).before(),
        }
    }

    /// The days that its charts show: they end with the period, and go further back.
    #[must_use]
    pub fn charted(self, period: &Period) -> Period {
        let days = match self {
            Self::Daily | Self::Mine => 14,
            Self::Weekly => 42,
            Self::Monthly => {
                u64::from(period.after.pred_opt().map_or(28, |last| last.day())).max(28) + 62
            }
        };
        Period::last_days(period.zone, period.after, days)
    }
}

/// A subscription to be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewSubscription<'a> {
    /// Whose it is.
    pub person: PersonId,
    /// To what.
    pub digest: DigestKind,
    /// The teams it is about; empty for the whole desk.
    pub teams: &'a [String],
    /// The hour on the wall at which it comes, 0 to 23.
    pub hour: u8,
    /// The zone of that hour; absent for the person's own, and the desk's where they have none.
    pub zone: Option<Tz>,
    /// Whether it comes when there is nothing to say.
    pub even_if_empty: bool,
    /// After how many hours a ticket that nobody has needs a person.
    pub unassigned_hours: i32,
    /// By what it comes.
    pub by: By,
    /// Where in chat it is posted, by the platform's name and the place; absent for the reader's own eyes.
    pub place: Option<(&'a str, &'a str)>,
}

/// A subscription that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The row.
    pub id: SubscriptionId,
    /// Whose it is.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Their handle.
    pub handle: String,
    /// Where they are written to.
    pub address: Option<String>,
    /// To what.
    pub digest: DigestKind,
    /// The teams it is about; empty for the whole desk.
    pub teams: Vec<String>,
    /// The hour on the wall at which it comes.
    pub hour: i32,
    /// The name of the zone of that hour; absent for the desk's.
    pub zone: Option<String>,
    /// Whether it comes when there is nothing to say.
    pub even_if_empty: bool,
    /// After how many hours a ticket that nobody has needs a person.
    pub unassigned_hours: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The newest moment that was worked.
    pub last_slot_at: Option<DateTime<Utc>>,
    /// By what it comes.
    pub by: By,
    /// The platform of the place in which it is posted.
    pub platform: Option<String>,
    /// The place in chat in which it is posted; absent for the reader's own eyes.
    pub place: Option<String>,
}

impl Subscription {
    /// The zone in which the reader reads; the desk's where theirs is not known.
    #[must_use]
    pub fn zone(&self, desk: Tz) -> Tz {
        self.zone
            .as_deref()
            .and_then(|name| name.parse().ok())
            .unwrap_or(desk)
    }

    /// The moment that is due by `now` and was not worked yet. A moment that passed while nothing ran is caught
    /// up: the newest one, once.
    #[must_use]
    pub fn due(&self, desk: Tz, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let hour = u32::try_from(self.hour).unwrap_or(8);
        let slot = self.digest.slot(self.zone(desk), hour, now);
        let worked = self.last_slot_at.is_some_and(|last| slot <= last);
        (!worked && slot >= self.created_at).then_some(slot)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chrono_tz::{America, Europe};

    use super::*;

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn each_digest_has_its_moments() {
        // A Friday, a little before and after eight in Berlin.
        let (early, late) = (
            instant("2026-11-20T06:59:59Z"),
            instant("2026-11-20T07:00:00Z"),
        );
        let slot = |kind: DigestKind, now| kind.slot(Europe::Berlin, 8, now);
        assert_eq!(
            slot(DigestKind::Daily, early),
            instant("2026-11-19T07:00:00Z")
        );
        assert_eq!(slot(DigestKind::Daily, late), late);
        assert_eq!(slot(DigestKind::Mine, late), late);
        assert_eq!(
            slot(DigestKind::Weekly, late),
            instant("2026-11-16T07:00:00Z")
        );
        assert_eq!(
            slot(DigestKind::Monthly, late),
            instant("2026-11-01T07:00:00Z")
        );
        // In New York it is still the day before at that time.
        assert_eq!(
            DigestKind::Daily.slot(America::New_York, 8, late),
            instant("2026-11-19T13:00:00Z")
        );
    }

    #[test]
    fn a_skipped_hour_and_a_repeated_one_give_one_moment_each() {
        let slots = |first: &str, last: &str| {
            let (mut now, last) = (instant(first), instant(last));
            let mut slots = Vec::new();
            while now < last {
                slots.push(DigestKind::Daily.slot(Europe::Berlin, 2, now));
                now += chrono::TimeDelta::minutes(10);
            }
            slots.dedup();
            slots
        };
        let spring = slots("2026-03-28T02:00:00Z", "2026-03-30T02:00:00Z");
        assert_eq!(
            spring,
            [
                "2026-03-28T01:00:00Z",
                "2026-03-29T01:00:00Z",
                "2026-03-30T00:00:00Z"
            ]
            .map(instant)
        );
        let autumn = slots("2026-10-24T02:00:00Z", "2026-10-26T02:00:00Z");
        assert_eq!(
            autumn,
            [
                "2026-10-24T00:00:00Z",
                "2026-10-25T00:00:00Z",
                "2026-10-26T01:00:00Z"
            ]
            .map(instant)
        );
    }

    #[test]
    fn each_digest_is_about_what_ended_last() {
        let monday = instant("2026-11-02T07:00:00Z");
        let title = |kind: DigestKind| kind.period(Europe::Berlin, monday).title();
        assert_eq!(title(DigestKind::Daily), "Sunday 1 November 2026");
        assert_eq!(title(DigestKind::Weekly), "26 October – 1 November 2026");
        assert_eq!(title(DigestKind::Monthly), "October 2026");
    }
}
