//! Service levels on a whole desk. The desk for software services promises a first response within 240 minutes
//! and a resolution within 1440 for tickets of its middle priority, whatever the hour.

mod clocks;
mod explain;
mod watch;

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::desk::{self, NewWords, Said};
use frontdesk::ids::TicketId;
use frontdesk::people::Person;
use frontdesk::ticket::{Source, Visibility};

use crate::desk::act;
use crate::harness::Desk;

/// A clock as it is written down.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Clock {
    pub kind: String,
    pub started_at: DateTime<Utc>,
    pub target_minutes: i32,
    pub due_at: Option<DateTime<Utc>>,
    pub met_at: Option<DateTime<Utc>>,
}

/// The clocks of a ticket, in the order of their start.
pub async fn clocks(desk: &Desk, ticket: TicketId) -> Vec<Clock> {
    sqlx::query_as(
        "SELECT kind, started_at, target_minutes, due_at, met_at FROM ticket_clock
         WHERE ticket_id = $1 ORDER BY started_at, kind",
    )
    .bind(ticket)
    .fetch_all(&desk.app.pool)
    .await
    .unwrap()
}

/// The only clock of this kind.
pub async fn clock(desk: &Desk, ticket: TicketId, kind: &str) -> Clock {
    let mut clocks = clocks(desk, ticket).await;
    clocks.retain(|clock| clock.kind == kind);
    assert_eq!(clocks.len(), 1, "{clocks:#?}");
    clocks.remove(0)
}

/// An agent writes.
pub async fn writes(desk: &Desk, ticket: TicketId, by: &Person, visibility: Visibility) {
    let said = Said {
        author: by,
        as_staff: true,
        visibility,
        words: NewWords {
            body: "We look into it.",
            full_text: None,
            html: None,
            files: &[],
            message_ids: &[],
            source: Source::Command,
            inbound_id: None,
        },
    };
    act(desk, by, ticket, async |conn, ctx, ticket| {
        desk::comment(conn, ctx, ticket, &said).await
    })
    .await
    .unwrap();
}

/// An agent changes the status.
pub async fn becomes(desk: &Desk, ticket: TicketId, by: &Person, status: &str) {
    act(desk, by, ticket, async |conn, ctx, ticket| {
        desk::change_status(conn, ctx, ticket, status, None).await
    })
    .await
    .unwrap();
}

pub fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}
