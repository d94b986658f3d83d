//! When Slack may be asked again: about one message a second and channel, with short bursts, and never while it wants to
//! be left alone.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The pace of messages in a channel (Slack: "no more than one message per second per channel").
const INTERVAL: Duration = Duration::from_secs(1);
/// How many may leave at once where a channel was quiet ("short bursts").
const BURST: u32 = 5;
/// How many channels are remembered before those that are at rest are forgotten.
const MANY: usize = 1_000;

/// What was sent lately, by channel or method.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<HashMap<String, Instant>>);

impl Pace {
    /// How long to wait before the next message to a channel. It counts as sent unless that is longer than `most`.
    pub fn take(&self, channel: &str, now: Instant, most: Duration) -> Duration {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() > MANY {
            taken.retain(|_, until| *until > now);
        }
        let before = taken.get(channel).copied().unwrap_or(now).max(now);
        let wait = (before + INTERVAL)
            .saturating_duration_since(now)
            .saturating_sub(INTERVAL * BURST);
        if wait <= most {
            taken.insert(channel.to_owned(), before + INTERVAL);
        }
        wait
    }

    /// Slack wants to be left alone about this until then.
    pub fn pause(&self, about: &str, until: Instant) {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = until + INTERVAL * (BURST - 1);
        let known = taken.entry(about.to_owned()).or_insert(full);
        *known = full.max(*known);
    }

    /// How long Slack still wants to be left alone about this.
    pub fn paused(&self, about: &str, now: Instant) -> Duration {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = taken.get(about).copied().unwrap_or(now);
        until
            .saturating_duration_since(now)
            .saturating_sub(INTERVAL * (BURST - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_burst_leaves_at_once_and_then_one_a_second() {
        let (pace, now) = (Pace::default(), Instant::now());
        let waits: Vec<_> = (0..8).map(|_| pace.take("C1", now, LONG)).collect();
        let seconds = [0, 0, 0, 0, 0, 1, 2, 3].map(Duration::from_secs);
        assert_eq!(waits, seconds);
        assert_eq!(pace.take("C2", now, LONG), Duration::ZERO);
        // A quiet channel may burst again.
        let later = now + Duration::from_secs(20);
        assert_eq!(pace.take("C1", later, LONG), Duration::ZERO);
    }

    #[test]
    fn who_does_not_wait_takes_no_place() {
        let (pace, now) = (Pace::default(), Instant::now());
        for _ in 0..5 {
            pace.take("C1", now, LONG);
        }
        for _ in 0..3 {
            let wait = pace.take("C1", now, Duration::ZERO);
            assert_eq!(wait, Duration::from_secs(1));
        }
    }

    #[test]
    fn a_pause_holds_as_long_as_slack_says() {
        let (pace, now) = (Pace::default(), Instant::now());
        pace.pause("C1", now + Duration::from_secs(30));
        assert_eq!(pace.paused("C1", now), Duration::from_secs(30));
        assert_eq!(pace.take("C1", now, LONG), Duration::from_secs(30));
        assert_eq!(pace.paused("C2", now), Duration::ZERO);
    }
}
