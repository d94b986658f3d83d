//! What an option could be while it is typed. It is answered at once and written down nowhere: nothing comes of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::who;
use crate::chat::{Act, Attempt, ChatEvent, ChatPlatform, EventKind};
use crate::command::{self, Account, Caller, Scene};
use crate::config::Settings;
use crate::config::chat::ChatSettings;
use crate::ticket::{Source, chat_thread};

/// How long an answer may take: whoever types has typed on by then.
const DEADLINE: Duration = Duration::from_secs(3);

/// Answers what could be typed. One that fails is only missing.
pub(super) async fn answer(
    pool: &PgPool,
    settings: &Settings,
    chat: &ChatSettings,
    platform: &dyn ChatPlatform,
    now: DateTime<Utc>,
    event: &ChatEvent,
) {
    let EventKind::Completing {
        option,
        typed,
        answer,
        ..
    } = &event.kind
    else {
        return;
    };
    let looked_up = look_up(pool, settings, chat, now, event, option, typed);
    let choices = match tokio::time::timeout(DEADLINE, looked_up).await {
        Ok(Ok(choices)) => choices,
        Ok(Err(error)) => {
            tracing::warn!(chat = chat.name, %error, "Nothing could be offered for what is typed");
            return;
        }
        Err(_) => return,
    };
    let act = Act::Complete {
        handle: answer.clone(),
        choices,
    };
    // By the next letter it is asked again.
    let _ = tokio::time::timeout(DEADLINE, platform.act(&act, Attempt::first(&event.key))).await;
}

async fn look_up(
    pool: &PgPool,
    settings: &Settings,
    chat: &ChatSettings,
    now: DateTime<Utc>,
    event: &ChatEvent,
    option: &str,
    typed: &str,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let known = who::look(&mut tx, now, chat, &event.who).await?;
    let ticket = chat_thread::ticket_at(&mut tx, &chat.name, &event.place).await?;
    let scene = Scene {
        settings,
        numbers: pool,
        now,
    };
    let caller = Caller {
        person: known.person.as_ref(),
        role: known.role,
        source: Source::Chat,
        ticket,
        account: Some(Account {
            platform: &chat.name,
            user: &event.who.id,
        }),
        files: &[],
    };
    let choices = command::complete(&mut tx, &scene, &caller, option, typed).await?;
    tx.rollback().await?;
    Ok(choices)
}
