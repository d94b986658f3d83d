//! What becomes of a post that was given up: a customer's words go by mail, a panel is posted anew.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::super::reach;
use super::in_thread::InThread;
use super::{CUSTOMER, CUSTOMER_EDIT, CUSTOMER_THREAD, PANEL, panel};
use crate::config::Settings;
use crate::outbox::enqueue::enqueue;
use crate::outbox::store::Claimed;
use crate::ticket::customer_thread;

/// Takes another way for a post that was given up, within the transaction that settles it. Returns whether there is one:
/// then nobody need be told.
///
/// # Errors
/// If the database does not answer.
pub async fn lost(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    row: &Claimed,
) -> Result<bool, sqlx::Error> {
    match row.template.as_str() {
        PANEL => panel_lost(conn, settings, now, row).await,
        CUSTOMER_EDIT => Ok(true),
        CUSTOMER_THREAD | CUSTOMER => thread_lost(conn, settings, now, row).await,
        _ => Ok(false),
    }
}

/// Somebody took the panel's post away: there is to be another one. Where there was none, it cannot be posted at all.
async fn panel_lost(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    row: &Claimed,
) -> Result<bool, sqlx::Error> {
    let platform = super::platform_of(&row.draft);
    if customer_thread::panel(conn, platform).await?.is_none() {
        return Ok(false);
    }
    customer_thread::set_panel(conn, now, platform, None).await?;
    let chats = &mut settings.chats.iter();
    if let Some(chat) = chats.find(|chat| chat.name == platform) {
        panel::show(conn, now, chat).await?;
    }
    Ok(true)
}

/// Nothing reaches the customer's thread any more. What was to be said there is said by mail, where there is an address.
async fn thread_lost(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    row: &Claimed,
) -> Result<bool, sqlx::Error> {
    let Ok(told) = serde_json::from_value::<InThread>(row.draft.clone()) else {
        return Ok(false);
    };
    customer_thread::gone(conn, now, told.thread()).await?;
    let opens_for_words = row.template == CUSTOMER_THREAD && row.comment_id.is_some();
    if opens_for_words && told.letter() != Some("ticket_opened_customer") {
        // The words come behind it, and find the thread gone.
        return Ok(true);
    }
    let mail = reach::by_mail(conn, settings, now, row, &told).await?;
    let found = mail.is_some();
    enqueue(conn, now, mail.into_iter().collect()).await?;
    Ok(found)
}
