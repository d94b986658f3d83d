//! When a failed row is tried again. Pure.

use chrono::{DateTime, TimeDelta, Utc};

/// What went wrong, as far as the next attempt is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The server refused this message for now (a 4xx answer): it may need hours, as with greylisting.
    Message,
    /// No server could be reached or logged in to: nothing is wrong with the message, and it should leave soon
    /// after the server is back.
    Server,
}

/// The delay before the first repetition.
const FIRST: TimeDelta = TimeDelta::seconds(15);

/// When to try again after `attempt` attempts (1 or more), or `None` if the row has been tried for
/// `retry_hours` since it was created.
///
/// Delays double from 15 s up to 2 h for a refused message, up to 1 min for an absent server. `jitter`, from
/// 0 to 1, moves the delay by a fifth either way, so that rows that failed together do not return together.
#[must_use]
pub fn next_attempt(
    trouble: Trouble,
    attempt: i32,
    created_at: DateTime<Utc>,
    retry_hours: u32,
    now: DateTime<Utc>,
    jitter: f64,
) -> Option<DateTime<Utc>> {
    let longest = match trouble {
        Trouble::Message => TimeDelta::hours(2),
        Trouble::Server => TimeDelta::minutes(1),
    };
    let doublings = u32::try_from(attempt.clamp(1, 16) - 1).unwrap_or(0);
    let delay = (FIRST * 2_i32.pow(doublings)).min(longest);
    let spread = 0.8 + 0.4 * jitter.clamp(0.0, 1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "at most two hours in milliseconds"
    )]
    let due_at = now + TimeDelta::milliseconds((delay.num_milliseconds() as f64 * spread) as i64);
    let end = created_at + TimeDelta::hours(i64::from(retry_hours));
    (due_at <= end).then_some(due_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap_or_default()
    }

    fn delay(trouble: Trouble, attempt: i32, jitter: f64) -> Option<i64> {
        next_attempt(trouble, attempt, at(0), 72, at(0), jitter)
            .map(|due| (due - at(0)).num_seconds())
    }

    #[test]
    fn delays_double_up_to_their_longest() {
        let of_message: Vec<_> = (1..=11).map(|n| delay(Trouble::Message, n, 0.5)).collect();
        let expected = [15, 30, 60, 120, 240, 480, 960, 1920, 3840, 7200, 7200];
        assert_eq!(of_message, expected.map(Some).to_vec());
        assert_eq!(delay(Trouble::Server, 9, 0.5), Some(60));
    }

    #[test]
    fn jitter_moves_a_delay_by_a_fifth_either_way() {
        assert_eq!(delay(Trouble::Message, 1, 0.0), Some(12));
        assert_eq!(delay(Trouble::Message, 1, 1.0), Some(18));
    }

    #[test]
    fn a_row_is_given_up_when_its_time_is_over() {
        let late = at(72 * 3600 - 10);
        assert_eq!(
            next_attempt(Trouble::Message, 3, at(0), 72, late, 0.5),
            None
        );
    }
}
