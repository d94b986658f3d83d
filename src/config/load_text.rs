//! Loading of texts, for tests.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{DeskSettings, Problems, Settings};

/// The variables that config/*.toml name. Each value holds `secret-word`.
pub(super) fn env(name: &str) -> Option<String> {
    let value = match name {
        "DATABASE_URL" => "postgres://frontdesk:secret-word@localhost/frontdesk",
        "DKIM_PRIVATE_KEY" => {
            "-----BEGIN PRIVATE KEY-----\nsecret-word\n-----END PRIVATE KEY-----\n"
        }
        "FRONTDESK_REPLY_KEY" | "FRONTDESK_OLD_REPLY_KEY" | "FRONTDESK_DEMO_REPLY_KEY" => {
            "secret-word-secret-word-secret-word"
        }
        "IMAP_PASSWORD"
        | "DISCORD_TOKEN"
        | "SMTP_PASSWORD"
        | "OAUTH_CLIENT_SECRET"
        | "OAUTH_REFRESH_TOKEN" => "secret-word",
        "SLACK_BOT_TOKEN" => "xoxb-secret-word",
        "SLACK_APP_TOKEN" => "xapp-secret-word",
        _ => return None,
    };
    Some(value.to_owned())
}

/// Loads a text as a configuration.
pub(super) fn settings(text: &str) -> Result<Settings, Problems> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frontdesk.toml");
    std::fs::write(&path, text).unwrap();
    super::load(&path, &env)
}

/// Loads a text as a desk.
pub(super) fn desk(text: &str) -> Result<DeskSettings, Problems> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.toml");
    std::fs::write(&path, text).unwrap();
    super::load_desk(&path)
}
