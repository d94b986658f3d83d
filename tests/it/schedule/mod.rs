//! What runs by the clock.

mod follow_ups;
mod reminders;
mod ticks;
mod week;

use chrono::{DateTime, Utc};
use frontdesk::desk::{self, Context};
use frontdesk::people::Person;
use frontdesk::ticket::{self, Actor, Ticket};

use crate::harness::Desk;

pub fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A mail of a customer's.
pub fn question(from: &str, subject: &str) -> String {
    format!(
        "From: <{from}>\nTo: support@desk.test\nSubject: {subject}\nMessage-ID: <{}@customer.test>\n\nPlease help.\n",
        subject.replace(' ', "-")
    )
}

/// An agent gives a ticket a status.
pub async fn set_status(desk: &Desk, ticket: &Ticket, by: &Person, status: &str) {
    let mut tx = desk.app.pool.begin().await.unwrap();
    let ctx = Context {
        settings: &desk.app.settings,
        now: desk.now(),
        actor: Actor::Person(by.id),
        answering: true,
    };
    let mut ticket = ticket::store::lock(&mut tx, ticket.id).await.unwrap();
    desk::change_status(&mut tx, &ctx, &mut ticket, status, None)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// A number that the database gives.
pub async fn number(desk: &Desk, query: &'static str) -> i64 {
    sqlx::query_scalar(query)
        .fetch_one(&desk.app.pool)
        .await
        .unwrap()
}
