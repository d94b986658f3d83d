//! The figures of a period beside those of the period before.

use super::figures::Figures;
use super::words;
use crate::notify::digest::Figure;

/// The figures with their changes. More work done is good, waiting longer is bad; that more was asked is neither.
#[must_use]
pub fn lines(this: &Figures, before: &Figures) -> Vec<Figure> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a difference of counts that people read"
    )]
    let number = |key, name, of: fn(&Figures) -> i64, more_is_good: Option<bool>| {
        let difference = (of(this) - of(before)) as f64;
        #[expect(clippy::cast_possible_truncation, reason = "it was a whole number")]
        let change = words::change(difference, |value| words::count(value as i64));
        let good = more_is_good
            .filter(|_| difference != 0.0)
            .map(|good| good == (difference > 0.0));
        Figure {
            key,
            name,
            value: words::count(of(this)),
            change: Some(change),
            good,
        }
    };
    let measured = |key,
                    name,
                    more_is_good: bool,
                    of: fn(&Figures) -> Option<f64>,
                    word: fn(f64) -> String| {
        let (value, earlier) = (of(this), of(before));
        let difference = value.zip(earlier).map(|(value, earlier)| value - earlier);
        let change = difference.map(|difference| words::change(difference, word));
        let same = change.as_deref() == Some("±0");
        Figure {
            key,
            name,
            value: value.map_or_else(|| words::NONE.to_owned(), word),
            good: difference
                .filter(|_| !same)
                .map(|difference| more_is_good == (difference > 0.0)),
            change,
        }
    };
    vec![
        number("new", "New", |all| all.flow.new, None),
        number("resolved", "Resolved", |all| all.flow.resolved, Some(true)),
        number("closed", "Closed", |all| all.flow.closed, None),
        number("reopened", "Reopened", |all| all.flow.reopened, Some(false)),
        measured(
            "reopen_rate",
            "Reopen rate",
            false,
            |all| all.flow.reopen_rate(),
            words::percent,
        ),
        measured(
            "first_response_median",
            "First response, median",
            false,
            |all| all.flow.first_response.map(|it| it.median_seconds),
            words::duration,
        ),
        measured(
            "first_response_p90",
            "First response, 9 of 10 within",
            false,
            |all| all.flow.first_response.map(|it| it.p90_seconds),
            words::duration,
        ),
        measured(
            "resolution_median",
            "Resolution, median",
            false,
            |all| all.flow.resolution.map(|it| it.median_seconds),
            words::duration,
        ),
        measured(
            "resolution_p90",
            "Resolution, 9 of 10 within",
            false,
            |all| all.flow.resolution.map(|it| it.p90_seconds),
            words::duration,
        ),
        measured(
            "promises_kept",
            "Promises kept in time",
            true,
            |all| all.promises.kept_share(),
            words::percent,
        ),
        number("ratings", "Ratings", |all| all.ratings.given, None),
        measured(
            "rating_mean",
            "Rating, of 5",
            true,
            |all| all.ratings.mean(),
            words::score,
        ),
        number(
            "rated_badly",
            "Rated 1 or 2",
            |all| all.ratings.bad,
            Some(false),
        ),
        number("backlog", "Backlog", |all| all.backlog.all, Some(false)),
    ]
}
