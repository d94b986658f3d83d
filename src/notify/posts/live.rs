//! A ticket's card and a comment's post as they stand, for whoever looks on right now.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::super::render::Templates;
use super::write::Scene;
use super::{Draft, PostError, card};
use crate::chat::Message;
use crate::config::Settings;
use crate::ticket::{Comment, Ticket, store};

/// The title of a ticket's thread, and its card.
///
/// # Errors
/// If the database does not answer; within, if the template fails.
pub async fn card_now(
    conn: &mut PgConnection,
    settings: &Settings,
    templates: &Templates,
    ticket: &Ticket,
    now: DateTime<Utc>,
) -> Result<Result<(String, Message), PostError>, sqlx::Error> {
    let message = card::message(conn, settings, templates, ticket, false, now).await?;
    Ok(message
        .map(|message| (card::title(ticket), message))
        .map_err(PostError::from))
}

/// The post of a comment, with its files.
///
/// # Errors
/// If the database does not answer; within, if the template fails.
pub async fn comment_now(
    conn: &mut PgConnection,
    settings: &Settings,
    templates: &Templates,
    comment: &Comment,
) -> Result<Result<Message, PostError>, sqlx::Error> {
    let ticket = store::get(conn, comment.ticket_id).await?;
    let mut scene = Scene {
        conn,
        settings,
        templates,
        now: comment.created_at,
        draft: Draft::default(),
        ticket,
        thread: None,
    };
    scene.comment_message(comment, true).await
}
