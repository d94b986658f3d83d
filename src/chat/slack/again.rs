//! What an earlier attempt at an act left behind. Slack knows no nonce, so each post of ours has one in its metadata, and
//! before an attempt is repeated the conversation is read back for it. A shared file has no metadata: it is known by its
//! name.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::chat::{ChatFailure, PostPlace};

use super::gap::{self, Question};
use super::message::ts;
use super::{Me, Shared};

/// What our metadata is called.
const EVENT: &str = "frontdesk_post";
/// How far Slack's clock may be from ours.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// What is there already.
#[derive(Debug, Default)]
pub(super) struct Before {
    posts: HashMap<String, String>,
    files: Vec<String>,
}

impl Before {
    /// Reads what stands in a place since an earlier attempt; nothing where there was none.
    ///
    /// # Errors
    /// If Slack does not answer: then it is not known, and nothing may be posted.
    pub async fn read(
        shared: &Shared,
        place: &PostPlace,
        since: Option<DateTime<Utc>>,
    ) -> Result<Self, ChatFailure> {
        let Some(since) = since else {
            return Ok(Self::default());
        };
        let Me { user, bot, .. } = shared.ask_me().await?;
        let question = Question {
            oldest: Some(ts(since - SKEW)),
            metadata: true,
            ..Question::default()
        };
        let mut before = Self::default();
        for message in gap::messages(shared, place, &question).await? {
            let ours = message.bot_id.as_ref().is_some_and(|id| id == bot)
                || message.user.as_ref().is_some_and(|id| id == user);
            if !ours {
                continue;
            }
            before
                .files
                .extend(message.files().into_iter().map(|file| file.name));
            let metadata = message.metadata.as_ref();
            let nonce = metadata
                .filter(|metadata| metadata.event_type == EVENT)
                .and_then(|metadata| metadata.event_payload.get("nonce")?.as_str());
            if let (Some(nonce), Some(ts)) = (nonce, &message.ts) {
                before.posts.insert(nonce.to_owned(), ts.clone());
            }
        }
        Ok(before)
    }

    /// The post that was made under a nonce.
    pub fn post(&self, nonce: &str) -> Option<&String> {
        self.posts.get(nonce)
    }

    /// Whether a file of this name was shared; it counts once.
    pub fn take_file(&mut self, name: &str) -> bool {
        let at = self.files.iter().position(|file| file == name);
        at.is_some_and(|at| {
            self.files.swap_remove(at);
            true
        })
    }
}

/// The name of one post of an act.
pub(super) fn nonce_of(nonce: &str, part: &str) -> String {
    let hash = Sha256::digest(format!("{nonce}\n{part}"));
    let mut hex = HEXLOWER.encode(&hash);
    hex.truncate(32);
    hex
}

/// The metadata that a post bears.
pub(super) fn metadata(nonce: &str) -> Value {
    json!({"event_type": EVENT, "event_payload": {"nonce": nonce}})
}
