//! The panel: the post with a button for each category, by which customers open tickets.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;

use super::super::render::Templates;
use super::super::rows::value;
use super::PANEL;
use super::write::{Post, Written};
use crate::chat::{Act, Button, Done, Message, PostPlace, Tone};
use crate::config::Settings;
use crate::config::chat::{ChatCustomers, ChatSettings};
use crate::outbox::enqueue::enqueue;
use crate::outbox::store::Claimed;
use crate::outbox::{Audience, Channel, NewRow};
use crate::ticket::customer_thread;
use crate::ticket::token::unique;

/// How many buttons stand beside each other.
const IN_A_ROW: usize = 5;

/// What the panel's row holds.
#[derive(Debug, Serialize, Deserialize)]
struct Draft {
    platform: String,
    /// Where the panel stands from now on; nothing where it is taken away.
    place: Option<String>,
}

/// Has the panel of a platform posted, or brought up to date; one that the configuration has no more is taken away.
///
/// # Errors
/// If the database does not answer.
pub async fn show(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    chat: &ChatSettings,
) -> Result<(), sqlx::Error> {
    let platform = &chat.name;
    let place = chat
        .customers
        .as_ref()
        .map(|customers| customers.place.clone());
    if place.is_none() && customer_thread::panel(conn, platform).await?.is_none() {
        return Ok(());
    }
    let row = NewRow {
        channel: Channel::Chat,
        dedupe_key: format!("chat:{platform}:panel:{}", unique()),
        conversation: format!("chat:{platform}:panel"),
        audience: Audience::Staff,
        template: PANEL,
        address: format!("{platform}:{}", place.as_deref().unwrap_or("panel")),
        draft: value(&Draft {
            platform: platform.clone(),
            place,
        }),
        ticket_id: None,
        comment_id: None,
        recipient_id: None,
        mailbox: None,
        message_id: format!("chat.{}", unique()),
        automatic: false,
        bundle: None,
        due_at: now,
    };
    enqueue(conn, now, vec![row]).await?;
    Ok(())
}

/// Says what is to be done for the panel as the configuration stands.
pub(super) async fn write(
    conn: &mut PgConnection,
    settings: &Settings,
    templates: &Templates,
    row: &Claimed,
) -> Written {
    let draft: Draft = match serde_json::from_value(row.draft.clone()) {
        Ok(draft) => draft,
        Err(error) => return Ok(Err(error.into())),
    };
    let old = customer_thread::panel(conn, &draft.platform).await?;
    let chats = &mut settings.chats.iter();
    let chat = chats.find(|chat| chat.name == draft.platform);
    let customers = chat.and_then(|chat| chat.customers.as_ref());
    let Some(customers) = customers else {
        let acts = old.map(|post| Act::Delete { post });
        return Ok(Ok(acts.map_or(Post::Nothing, |act| Post::Acts(vec![act]))));
    };
    let message = match message(settings, templates, customers) {
        Ok(message) => message,
        Err(error) => return Ok(Err(error.into())),
    };
    let place = PostPlace {
        place: customers.place.clone(),
        thread: None,
    };
    Ok(Ok(Post::Acts(match old {
        Some(post) if post.place == place => vec![Act::Edit { post, message }],
        Some(post) => vec![Act::Post { place, message }, Act::Delete { post }],
        None => vec![Act::Post { place, message }],
    })))
}

fn message(
    settings: &Settings,
    templates: &Templates,
    customers: &ChatCustomers,
) -> Result<Message, super::super::render::RenderError> {
    let desk = &settings.desk;
    let text = templates.post("panel", &json!({ "desk": desk.name }))?;
    let named = |key: &String| desk.category(key);
    let categories: Vec<_> = match customers.categories.as_slice() {
        [] => desk.category.iter().collect(),
        keys => keys.iter().filter_map(named).collect(),
    };
    let button = |key: &str, label: &str| Button {
        action: format!("panel:{key}"),
        label: label.to_owned(),
        tone: Tone::Plain,
    };
    let buttons: Vec<Button> = match categories.is_empty() {
        true => vec![button("", "Open a ticket")],
        false => categories
            .iter()
            .map(|category| button(&category.key, &category.name))
            .collect(),
    };
    Ok(Message {
        buttons: buttons.chunks(IN_A_ROW).map(<[Button]>::to_vec).collect(),
        ..Message::text(text)
    })
}

/// Takes note of where the panel stands.
pub(super) async fn settle(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    row: &Claimed,
    done: &Done,
) -> Result<(), sqlx::Error> {
    let platform = super::platform_of(&row.draft);
    customer_thread::set_panel(conn, now, platform, done.post.as_ref()).await
}
