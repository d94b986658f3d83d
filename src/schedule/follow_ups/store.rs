//! The SQL of follow-ups.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::config::DeskSettings;
use crate::ids::TicketId;

/// After how long tickets are followed up: the desk's, and those of categories that differ. Nothing and 0 are never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    auto_close_hours: Option<i32>,
    nudge_days: Option<i32>,
    close_waiting_days: Option<i32>,
    categories: Vec<String>,
    their_auto_close_hours: Vec<Option<i32>>,
    their_nudge_days: Vec<Option<i32>>,
    their_close_waiting_days: Vec<Option<i32>>,
}

impl Terms {
    /// Whether no ticket is ever followed up.
    pub(super) fn are_none(&self) -> bool {
        let theirs = [&self.their_auto_close_hours, &self.their_nudge_days];
        let desk = [self.auto_close_hours, self.nudge_days];
        let all = desk.iter().chain(theirs.into_iter().flatten());
        all.flatten().all(|span| *span == 0)
    }

    /// The terms of a desk.
    pub(super) fn of(desk: &DeskSettings) -> Self {
        let span = |span: Option<u32>| span.and_then(|span| i32::try_from(span).ok());
        let own = || desk.category.iter();
        Self {
            auto_close_hours: span(desk.auto_close_hours),
            nudge_days: span(desk.nudge_days),
            close_waiting_days: span(desk.close_waiting_days),
            categories: own().map(|one| one.key.clone()).collect(),
            their_auto_close_hours: own().map(|one| span(one.auto_close_hours)).collect(),
            their_nudge_days: own().map(|one| span(one.nudge_days)).collect(),
            their_close_waiting_days: own().map(|one| span(one.close_waiting_days)).collect(),
        }
    }
}

/// A ticket that is to be followed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Due {
    /// The ticket.
    pub(super) ticket: TicketId,
    /// Since when it has waited for the customer; nothing for one that is resolved.
    pub(super) waiting_since: Option<DateTime<Utc>>,
    /// Whether it is asked after, rather than closed.
    pub(super) nudge: bool,
    /// For one that is asked after: when it closes if nobody answers.
    pub(super) closes_at: Option<DateTime<Utc>>,
}

/// Tickets that are to be followed up at `now`, those that have been due the longest first; no more than `limit`. They
/// are locked; tickets that another transaction works on are left for the next time.
///
/// A ticket waits since it was last given that status or answered in public by staff, whatever came later. Spans are
/// half-open: what becomes due at a moment is due at that very moment.
///
/// # Errors
/// If the database does not answer.
pub(super) async fn due_follow_ups(
    conn: &mut PgConnection,
    terms: &Terms,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Due>, sqlx::Error> {
    sqlx::query_as!(
        Due,
        r#"WITH own AS (
               SELECT * FROM unnest($5::text[], $6::int[], $7::int[], $8::int[])
                        AS own (category, auto_close_hours, nudge_days, close_days)
           ), resolved AS (
               SELECT ticket.id, NULL::timestamptz AS since, false AS nudge, NULL::timestamptz AS closes_at,
                      resolved_at + make_interval(hours => nullif(coalesce(own.auto_close_hours, $2), 0)) AS due_at
               FROM ticket LEFT JOIN own USING (category)
               WHERE status_kind = 'resolved' AND merged_into_id IS NULL
           ), waiting AS (
               SELECT ticket.id, nullif(coalesce(own.nudge_days, $3), 0) AS nudge_days,
                      nullif(coalesce(own.close_days, $4), 0) AS close_days,
                      coalesce((SELECT max(at) FROM event WHERE ticket_id = ticket.id
                                AND kind IN ('status_changed', 'replied')), opened_at) AS since
               FROM ticket LEFT JOIN own USING (category)
               WHERE status_kind = 'waiting' AND merged_into_id IS NULL AND snoozed_until IS NULL
                 -- Those whose customers were asked whether the matter is settled close by that.
                 AND NOT EXISTS (SELECT FROM close_request WHERE ticket_id = ticket.id AND answered_at IS NULL
                                 AND NOT EXISTS (SELECT FROM event WHERE event.ticket_id = ticket.id
                                                 AND kind = 'status_changed' AND at > asked_at))
           ), asked AS (
               SELECT waiting.*, nudged_at FROM waiting
               LEFT JOIN ticket_nudge ON ticket_id = id AND waiting_since = since
           ), unanswered AS (
               SELECT id, since, nudged_at IS NULL AS nudge,
                      greatest(since + make_interval(days => close_days),
                               coalesce(nudged_at, $1) + make_interval(days => close_days - nudge_days)) AS closes_at,
                      CASE WHEN nudged_at IS NULL THEN since + make_interval(days => nudge_days)
                      ELSE greatest(since + make_interval(days => close_days),
                                    nudged_at + make_interval(days => close_days - nudge_days)) END AS due_at
               FROM asked
           ), due AS (
               SELECT * FROM resolved WHERE due_at <= $1
               UNION ALL
               SELECT * FROM unanswered WHERE due_at <= $1
           )
           SELECT ticket.id AS "ticket!: TicketId", due.since AS "waiting_since?", due.nudge AS "nudge!",
                  due.closes_at AS "closes_at?"
           FROM due JOIN ticket USING (id)
           ORDER BY due.due_at, ticket.id LIMIT $9
           FOR UPDATE OF ticket SKIP LOCKED"#,
        now,
        terms.auto_close_hours,
        terms.nudge_days,
        terms.close_waiting_days,
        &terms.categories,
        &terms.their_auto_close_hours as &[Option<i32>],
        &terms.their_nudge_days as &[Option<i32>],
        &terms.their_close_waiting_days as &[Option<i32>],
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Writes down that a ticket was asked after in the time for which it waits.
///
/// # Errors
/// If the database does not answer, or it was asked after already.
pub(super) async fn record_nudge(
    conn: &mut PgConnection,
    ticket: TicketId,
    waiting_since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO ticket_nudge (ticket_id, waiting_since, nudged_at) VALUES ($1, $2, $3)",
        ticket.0,
        waiting_since,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
