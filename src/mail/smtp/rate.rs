//! A limit on messages a minute, as the servers that have one count it: in any 60 seconds.

use std::{collections::VecDeque, sync::Mutex, sync::PoisonError, time::Duration};

use tokio::time::{Instant, sleep_until};

const MINUTE: Duration = Duration::from_secs(60);

/// Gives out turns, first come, first served.
#[derive(Debug)]
pub(super) struct RateLimit {
    per_minute: usize,
    /// When the last `per_minute` turns were or will be, oldest first.
    turns: Mutex<VecDeque<Instant>>,
}

impl RateLimit {
    pub(super) fn new(per_minute: u32) -> Self {
        Self {
            per_minute: usize::try_from(per_minute.max(1)).unwrap_or(usize::MAX),
            turns: Mutex::new(VecDeque::new()),
        }
    }

    /// Waits for a turn. If there is none before `deadline`, none is taken, and the time until there
    /// would have been one is given at once.
    pub(super) async fn turn(&self, deadline: Instant) -> Result<(), Duration> {
        let now = Instant::now();
        let at = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            let at = match turns.front() {
                Some(first) if turns.len() >= self.per_minute => now.max(*first + MINUTE),
                _ => now,
            };
            if at > deadline {
                return Err(at - now);
            }
            if turns.len() >= self.per_minute {
                turns.pop_front();
            }
            turns.push_back(at);
            at
        };
        sleep_until(at).await;
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may end at once")]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn never_more_than_the_limit_in_any_minute() {
        let limit = RateLimit::new(3);
        let start = Instant::now();
        let mut turns = Vec::new();
        for _ in 0..10 {
            limit.turn(start + Duration::from_secs(600)).await.unwrap();
            turns.push(Instant::now());
        }
        assert_eq!(
            turns.get(2),
            Some(&start),
            "a burst up to the limit does not wait"
        );
        for (early, late) in turns.iter().zip(turns.iter().skip(3)) {
            assert!(*late - *early >= MINUTE);
        }
        assert_eq!(*turns.last().unwrap() - start, 3 * MINUTE);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_turn_obeys_the_deadline() {
        let limit = RateLimit::new(1);
        let start = Instant::now();
        limit.turn(start).await.unwrap();
        let wait = limit
            .turn(start + Duration::from_secs(10))
            .await
            .unwrap_err();
        assert_eq!(wait, MINUTE);
        assert_eq!(Instant::now(), start, "it did not wait in vain");
        // The refused turn was not used up.
        limit.turn(start + MINUTE).await.unwrap();
        assert_eq!(Instant::now(), start + MINUTE);
    }
}
