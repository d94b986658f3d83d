//! How long a year of slots takes for a thousand schedules in as many zones as there are.
#![allow(clippy::unwrap_used, reason = "a benchmark may fail loudly")]

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::when::Recurrence;

const SCHEDULES: usize = 1_000;

fn main() {
    let texts = [
        "0 8 * * *",
        "30 9 * * mon-fri",
        "0 7 * * mon",
        "0 6 1 * *",
        "0 */6 * * *",
    ];
    let start: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
    let end = start + TimeDelta::days(365);
    let begun = Instant::now();
    let mut slots = 0;
    let zones = chrono_tz::TZ_VARIANTS.iter().cycle();
    for (text, zone) in texts.iter().cycle().zip(zones).take(SCHEDULES) {
        let recurrence = Recurrence::parse(text).unwrap();
        let year = recurrence.slots(*zone, start);
        slots += year.take_while(|at| *at <= end).count();
    }
    let spent = begun.elapsed().as_secs_f64();
    println!(
        "a year of {SCHEDULES} schedules: {slots} slots in {spent:.2} s (at most 1 s is wanted)"
    );
}
