//! What goes with the news of an ending: the question whether it is one, and how it was.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use sqlx::PgConnection;

use super::question::{Matter, Question};
use crate::config::Settings;
use crate::config::desk::StatusKind;
use crate::ticket::{close_request, rating, workflow};

/// What goes with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Closing {
    /// The customer is asked whether the matter is settled; then the ticket closes if nobody answers.
    pub(super) asks: Option<DateTime<Utc>>,
    /// The customer is asked how it was.
    pub(super) rates: bool,
    /// The customer gets all that was said, in chat.
    pub(super) transcript: bool,
}

/// The same, as a letter's values.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Ending {
    /// Where the reader is asked whether the matter is settled: the day on which the ticket closes if nobody answers.
    asks: Option<String>,
    /// Whether the reader is asked how it was.
    rates: bool,
    /// Whether all that was said goes with it, in chat.
    transcript: bool,
}

impl Closing {
    /// The letter's values.
    pub(super) fn ending(self, zone: Tz) -> Ending {
        Ending {
            asks: self.asks.map(|at| day(at, zone)),
            rates: self.rates,
            transcript: self.transcript,
        }
    }
}

/// A day, for people.
pub(super) fn day(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%A, %-d %B %Y").to_string()
}

/// Asks what goes with it. Only news for customers of an ending need anything.
pub(super) async fn load(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    question: &Question<'_>,
) -> Result<Closing, sqlx::Error> {
    let ticket = question.ticket;
    if !matches!(question.matter, Matter::StaffWrote | Matter::Status) {
        return Ok(Closing::default());
    }
    if ticket.kind == StatusKind::Waiting {
        return Ok(Closing {
            asks: close_request::standing(conn, ticket.id, Some(now)).await?,
            ..Closing::default()
        });
    }
    let Some(moved) = question.moved.filter(|_| workflow::is_done(ticket.kind)) else {
        return Ok(Closing::default());
    };
    let from = settings.desk.status(moved.from);
    let was_done = from.is_some_and(|from| workflow::is_done(from.kind));
    let rated = rating::in_round(conn, ticket.id, ticket.reopened_count).await?;
    Ok(Closing {
        asks: None,
        rates: rated.is_none(),
        transcript: !was_done || rating::said_since(conn, ticket.id, ticket.resolved_at).await?,
    })
}
