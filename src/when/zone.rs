//! Wall time and the moments it stands for.

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

/// Further than any zone is from UTC, and than any two transitions of one zone are from each other.
const FAR: TimeDelta = TimeDelta::hours(30);

/// The moment at which the clocks of the zone first show this wall time or a later one: a time that clocks show
/// twice is the first of the two, a time that they skip is the first moment after the gap.
#[must_use]
pub fn instant(zone: Tz, wall: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&wall) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at.to_utc(),
        MappedLocalTime::None => after_gap(zone, wall),
    }
}

/// The wall time at this moment.
#[must_use]
pub fn wall(zone: Tz, at: DateTime<Utc>) -> NaiveDateTime {
    at.with_timezone(&zone).naive_local()
}

/// Halves the span around the gap, down to a second: before it, clocks show an earlier time, after it a later one.
fn after_gap(zone: Tz, skipped: NaiveDateTime) -> DateTime<Utc> {
    let (mut before, mut after) = (skipped.and_utc() - FAR, skipped.and_utc() + FAR);
    while after - before > TimeDelta::seconds(1) {
        let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
        if wall(zone, middle) < skipped {
            before = middle;
        } else {
            after = middle;
        }
    }
    after
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    fn at(zone: Tz, wall: &str) -> String {
        instant(zone, wall.parse().unwrap()).to_rfc3339()
    }

    #[test]
    fn a_skipped_time_is_the_first_moment_after_the_gap() {
        let berlin = Tz::Europe__Berlin;
        assert_eq!(
            at(berlin, "2026-03-29T01:59:00"),
            "2026-03-29T00:59:00+00:00"
        );
        assert_eq!(
            at(berlin, "2026-03-29T02:00:00"),
            "2026-03-29T01:00:00+00:00"
        );
        assert_eq!(
            at(berlin, "2026-03-29T02:59:59"),
            "2026-03-29T01:00:00+00:00"
        );
        assert_eq!(
            at(berlin, "2026-03-29T03:00:00"),
            "2026-03-29T01:00:00+00:00"
        );
    }

    /// Samoa had no 30 December 2011: it moved to the other side of the date line.
    #[test]
    fn a_skipped_day_ends_at_the_next_midnight() {
        let apia = Tz::Pacific__Apia;
        assert_eq!(at(apia, "2011-12-30T00:00:00"), "2011-12-30T10:00:00+00:00");
        assert_eq!(at(apia, "2011-12-30T23:59:00"), "2011-12-30T10:00:00+00:00");
    }

    #[test]
    fn a_repeated_time_is_the_first_of_the_two() {
        let new_york = Tz::America__New_York;
        assert_eq!(
            at(new_york, "2026-11-01T01:30:00"),
            "2026-11-01T05:30:00+00:00"
        );
        assert_eq!(
            at(new_york, "2026-11-01T02:00:00"),
            "2026-11-01T07:00:00+00:00"
        );
    }
}
