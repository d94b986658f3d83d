//! The settings of chat platforms.

use secrecy::SecretString;
use url::Url;

/// A bot on one Discord server.
#[derive(Debug, Clone)]
pub struct DiscordSettings {
    /// The platform's name in the configuration.
    pub name: String,
    /// The bot's token.
    pub token: SecretString,
    /// The server (Discord calls it a guild), by its id.
    pub guild: u64,
    /// Where the API is, if it is not Discord's own: a proxy, or a stand-in for tests. Its host is the only one that is
    /// talked to then, the gateway and files included.
    pub api_url: Option<Url>,
}
