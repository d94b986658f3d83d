//! What stands below the news of an ending in a customer's thread: buttons, and all that was said as a file.

use serde_json::Value;
use sqlx::PgConnection;

use super::super::render::{Format, transcript};
use super::write::PostError;
use crate::chat::{Button, ChatFile, Message, Tone};
use crate::config::Settings;
use crate::ticket::Ticket;
use crate::ticket::query::Sight;
use crate::ticket::transcript as record;

/// Adds them to the message, as the letter's draft says.
pub(super) async fn add(
    conn: &mut PgConnection,
    settings: &Settings,
    ticket: &Ticket,
    draft: &Value,
    message: &mut Message,
) -> Result<Result<(), PostError>, sqlx::Error> {
    let says = |key: &str| {
        draft
            .get(key)
            .is_some_and(|value| value.as_bool() == Some(true))
    };
    let button = |action: String, label: &str, tone| Button {
        action,
        label: label.to_owned(),
        tone,
    };
    if draft.get("asks").is_some_and(Value::is_string) {
        message.buttons.push(vec![
            button(
                format!("accept:{}", ticket.id),
                "Yes, it is settled",
                Tone::Good,
            ),
            button(
                format!("missing:{}", ticket.id),
                "Something is missing",
                Tone::Plain,
            ),
        ]);
    } else if says("rates") {
        let scores = 1..=5;
        let row = scores.map(|score| {
            let label = "★".repeat(usize::try_from(score).unwrap_or(1));
            button(format!("rate:{}:{score}", ticket.id), &label, Tone::Plain)
        });
        message.buttons.push(row.collect());
    }
    if says("transcript") {
        // As the customer may read it: without notes and without what staff does among itself.
        let said = record::of(conn, ticket, Sight::Customer(ticket.requester_id)).await?;
        let desk = &settings.desk;
        let text = match transcript(&said, &desk.name, desk.zone, Format::Html) {
            Ok(text) => text,
            Err(error) => return Ok(Err(error.into())),
        };
        let content = text.into_bytes();
        message.files.push(ChatFile {
            name: format!("{}.{}", ticket.number, Format::Html.extension()),
            content_type: "text/html".to_owned(),
            size: u64::try_from(content.len()).unwrap_or(u64::MAX),
            url: None,
            content,
        });
    }
    Ok(Ok(()))
}
