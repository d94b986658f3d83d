//! The breaker: when too many automatic answers go out in a minute, they stop for a while.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::Why;
use crate::config::service::Caps;

/// The breaker's row.
pub(super) const AUTOMATIC_ANSWERS: &str = "automatic_answers";

/// What the operators are told.
pub(super) struct Opened {
    /// The alarm's key.
    pub(super) key: String,
    /// The alarm's text.
    pub(super) text: String,
}

/// Opens the breaker; nothing where it is open already, or another transaction opened it first.
pub(super) async fn open(
    conn: &mut PgConnection,
    caps: &Caps,
    now: DateTime<Utc>,
) -> Result<Option<Opened>, sqlx::Error> {
    let until = now + TimeDelta::minutes(i64::from(caps.breaker_minutes));
    let reason = format!(
        "more than {} automatic answers went out within one minute",
        caps.answers_per_minute
    );
    let opened = sqlx::query_scalar!(
        "INSERT INTO breaker AS held (name, opened_at, until, reason) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE
         SET opened_at = excluded.opened_at, until = excluded.until, reason = excluded.reason
         WHERE held.until <= excluded.opened_at
         RETURNING opened_at",
        AUTOMATIC_ANSWERS,
        now,
        until,
        reason
    )
    .fetch_optional(conn)
    .await?;
    Ok(opened.map(|at| Opened {
        key: format!("breaker:{AUTOMATIC_ANSWERS}:{}", at.timestamp()),
        text: format!(
            "Automatic answers are stopped until {}: {reason}. Acknowledgements, status mails and \
             rejections are withheld until then; people's replies and notifications to agents go out as \
             usual. Look for a mail loop: a sender that answers each of our answers. Each answer that was \
             withheld stands on its ticket's timeline.",
            until.format("%Y-%m-%d %H:%M UTC")
        ),
    }))
}

/// A breaker that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenBreaker {
    /// Its name.
    pub name: String,
    /// Until when it stays open.
    pub until: DateTime<Utc>,
    /// Why it opened.
    pub reason: String,
}

/// The breakers that are open now.
///
/// # Errors
/// If the database does not answer.
pub async fn open_now(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vec<OpenBreaker>, sqlx::Error> {
    sqlx::query_as!(
        OpenBreaker,
        "SELECT name, until, reason FROM breaker WHERE until > $1 ORDER BY name",
        now
    )
    .fetch_all(conn)
    .await
}

/// What stands against automatic answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Guard {
    /// The breaker is open.
    pub(super) open: bool,
    /// As many answers as may go out in a minute went out: the breaker is to be opened.
    pub(super) flooded: bool,
    /// Answers in the past minute; counted only where it matters.
    pub(super) recent: i64,
    /// Answers about the ticket in the past hour.
    pub(super) ticket_answers: i64,
}

impl Guard {
    /// Takes in the answers that were granted at the same moment for other happenings.
    pub(super) fn count(&mut self, granted: i64, caps: &Caps) {
        self.flooded |= self.recent + granted >= i64::from(caps.answers_per_minute);
    }

    /// Whether no automatic mail may go out at all.
    pub(super) fn is_closed(self) -> bool {
        self.open || self.flooded
    }

    /// Why one more automatic answer may not go out; `more` were granted already for the same happening.
    pub(super) fn refuses(self, answers: i64, more: i64, caps: &Caps) -> Option<Why> {
        if self.is_closed() {
            Some(Why::BreakerOpen)
        } else if answers >= i64::from(caps.answers_per_sender_per_hour) {
            Some(Why::SenderCap)
        } else if self.ticket_answers + more >= i64::from(caps.answers_per_ticket_per_hour) {
            Some(Why::TicketCap)
        } else {
            None
        }
    }
}
