//! What is fetched from a platform before an event is handled, outside any transaction: its files, and the conversation
//! around a message.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::handle::DEADLINE;
use super::who;
use crate::chat::{ChatEvent, ChatFailure, ChatFile, ChatPlatform, EventKind, Said};
use crate::config::Settings;
use crate::config::chat::ChatSettings;

/// How much of a conversation goes with a ticket that is opened from a message, the message included.
const AROUND: u8 = 20;

/// The files that came with an event.
pub(super) fn files_of(event: &ChatEvent) -> &[ChatFile] {
    match &event.kind {
        EventKind::Posted { files, .. } | EventKind::Command { files, .. } => files,
        _ => &[],
    }
}

/// Files, fetched now: their addresses expire. At the last attempt one that cannot be had is left out, and the words say so;
/// the words themselves are never held up by it for good.
pub(super) async fn files(
    platform: &dyn ChatPlatform,
    settings: &Settings,
    wanted: &[ChatFile],
    last: bool,
) -> anyhow::Result<Vec<Result<ChatFile, String>>> {
    let most = settings.limits.attachment_bytes;
    let mut fetched = Vec::new();
    for file in wanted {
        let Some(url) = file.url.as_deref().filter(|_| file.size <= most) else {
            fetched.push(Err(format!("{} (too large)", file.name)));
            continue;
        };
        let content = tokio::time::timeout(DEADLINE, platform.file(url, most)).await;
        match content {
            Ok(Ok(content)) => fetched.push(Ok(ChatFile {
                content,
                ..file.clone()
            })),
            Ok(Err(ChatFailure::Permanent { text })) => {
                fetched.push(Err(format!("{} ({text})", file.name)));
            }
            Ok(Err(failure)) if last => fetched.push(Err(format!("{} ({failure})", file.name))),
            Err(_) if last => {
                fetched.push(Err(format!("{} (it did not come in time)", file.name)));
            }
            Ok(Err(failure)) => return Err(failure.into()),
            Err(_) => anyhow::bail!("the file {} did not come in time", file.name),
        }
    }
    Ok(fetched)
}

/// The conversation before the message that a ticket is to be opened from, the message itself last. Only staff opens tickets
/// that way, so nothing is read for anybody else.
pub(super) async fn around(
    pool: &PgPool,
    chat: &ChatSettings,
    platform: &dyn ChatPlatform,
    now: DateTime<Utc>,
    event: &ChatEvent,
    last: bool,
) -> anyhow::Result<Vec<Said>> {
    let post = match &event.kind {
        EventKind::Reacted { post, emoji, .. } if *emoji == chat.emoji.open => post,
        EventKind::Shortcut { post, .. } => post,
        _ => return Ok(Vec::new()),
    };
    let mut tx = pool.begin().await?;
    let known = who::look(&mut tx, now, chat, &event.who).await?;
    tx.rollback().await?;
    if !known.is_staff() {
        return Ok(Vec::new());
    }
    let said = tokio::time::timeout(DEADLINE, platform.around(post, AROUND)).await;
    match said {
        Ok(Ok(mut said)) => {
            // What was posted behind it, or another message, is none of it.
            let at = said.iter().position(|said| said.post == post.id);
            said.truncate(at.map_or(0, |at| at + 1));
            Ok(said)
        }
        Ok(Err(failure @ (ChatFailure::Transient { .. } | ChatFailure::Unreachable(_))))
            if !last =>
        {
            Err(failure.into())
        }
        Ok(Err(failure)) => {
            tracing::warn!(%failure, "The conversation around a message cannot be read");
            Ok(Vec::new())
        }
        Err(_) if last => Ok(Vec::new()),
        Err(_) => anyhow::bail!("the conversation around a message did not come in time"),
    }
}
