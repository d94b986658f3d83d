//! The chat platforms of a configuration.

use std::sync::Arc;

use crate::chat::discord::Discord;
use crate::chat::slack::Slack;
use crate::chat::{ChatPlatform, Platforms};
use crate::clock::Clock;
use crate::command;
use crate::config::Settings;
use crate::config::chat::PlatformSettings;
use crate::conversation;

/// The chat platforms of a configuration, not connected yet.
///
/// # Errors
/// If a platform's settings cannot be used.
pub fn unconnected(settings: &Settings, clock: &Clock) -> anyhow::Result<Platforms> {
    let mut platforms = Platforms::new();
    for chat in &settings.chats {
        let surface = conversation::surface(command::specs(settings), settings, &chat.name);
        let platform: Arc<dyn ChatPlatform> = match &chat.platform {
            PlatformSettings::Discord(discord) => {
                Arc::new(Discord::new(discord.clone(), surface, clock.clone())?)
            }
            PlatformSettings::Slack(slack) => {
                Arc::new(Slack::new(slack.clone(), surface, clock.clone())?)
            }
            // Opened by whoever sits at it.
            PlatformSettings::Terminal(_) => continue,
        };
        platforms.insert(chat.name.clone(), platform);
    }
    Ok(platforms)
}
