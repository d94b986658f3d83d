//! Somebody's place at a terminal: the name of their chat, which is theirs while they sit there.

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection, PgPool};

use super::store;
use crate::config::chat::{ChatEmoji, ChatPlace, ChatSettings, PlatformSettings, TerminalSettings};

/// How many terminals one agent may have at once.
const MOST: u8 = 20;

/// A place at a terminal.
#[derive(Debug)]
pub struct Seat {
    /// The chat that is open there. It stands in no configuration, and nothing is kept for it while nobody is there.
    pub chat: ChatSettings,
    conn: PgConnection,
}

impl Seat {
    /// Takes a place for an agent, by their handle. What they left undone there is settled as such.
    ///
    /// # Errors
    /// If the database does not answer, or the agent has too many terminals open.
    pub async fn take(
        pool: &PgPool,
        now: DateTime<Utc>,
        handle: &str,
        place: &str,
    ) -> anyhow::Result<Self> {
        let mut conn = pool.acquire().await?.detach();
        for number in 1..=MOST {
            let chat = chat(handle, place, number);
            if store::try_lease(&mut conn, &chat.name).await? {
                store::abandon(&mut conn, now, &chat.name).await?;
                return Ok(Self { chat, conn });
            }
        }
        anyhow::bail!("{handle} has {MOST} terminals open; end one of them")
    }

    /// Gives the place up.
    pub async fn leave(self) {
        // The lease goes with the connection either way.
        let _ = self.conn.close().await;
    }
}

fn chat(handle: &str, place: &str, number: u8) -> ChatSettings {
    let name = match number {
        1 => format!("terminal:{handle}"),
        _ => format!("terminal:{handle}:{number}"),
    };
    ChatSettings {
        name,
        platform: PlatformSettings::Terminal(TerminalSettings {
            handle: handle.to_owned(),
        }),
        places: vec![ChatPlace {
            id: place.to_owned(),
            team: None,
            category: None,
        }],
        roles: Vec::new(),
        reply_prefix: Some(">>".to_owned()),
        emoji: ChatEmoji {
            take: String::new(),
            resolve: String::new(),
            open: String::new(),
        },
        customers: None,
        operators: None,
    }
}
