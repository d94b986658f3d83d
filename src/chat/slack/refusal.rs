//! What Slack says when it refuses, told apart by what to do about it.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde::Deserialize;

use crate::chat::ChatFailure;

/// The pause where Slack says "too often" and not how long.
const USUAL_PAUSE: Duration = Duration::from_secs(30);

/// A failure, with Slack's own word for it where there is one (`already_reacted`).
#[derive(Debug)]
pub(super) struct Refused {
    /// Empty if there is none.
    pub code: String,
    /// What to do about it.
    pub failure: ChatFailure,
}

impl From<Refused> for ChatFailure {
    fn from(refused: Refused) -> Self {
        refused.failure
    }
}

impl From<ChatFailure> for Refused {
    fn from(failure: ChatFailure) -> Self {
        let code = String::new();
        Self { code, failure }
    }
}

/// What Slack says when it refuses.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Complaint {
    pub ok: bool,
    error: Option<String>,
    needed: Option<String>,
    response_metadata: Option<Remarks>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Remarks {
    messages: Option<Vec<String>>,
}

/// How long Slack wants to be left alone, if it says.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get("retry-after")?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

/// What an answer that is no success means.
pub(super) fn judge(
    method: &str,
    status: u16,
    headers: &HeaderMap,
    complaint: Complaint,
) -> Refused {
    let code = complaint.error.unwrap_or_default();
    let mut text = match (status, code.as_str()) {
        (200, "") => format!("{method}: Slack's answer makes no sense"),
        (200, code) => format!("{method}: {code}"),
        (status, code) => format!("{method}: {status} {code}").trim_end().to_owned(),
    };
    if let Some(needed) = complaint.needed {
        text += &format!(" (the scope {needed} is needed)");
    }
    let remarks = complaint.response_metadata.unwrap_or_default().messages;
    for remark in remarks.unwrap_or_default() {
        text += &format!("; {remark}");
    }
    let after = retry_after(headers);
    let failure = match (status, code.as_str()) {
        (429, _) | (_, "ratelimited" | "rate_limited") => ChatFailure::Transient {
            retry_after: Some(after.unwrap_or(USUAL_PAUSE)),
            text,
        },
        (500.., _)
        | (
            _,
            "internal_error"
            | "fatal_error"
            | "service_unavailable"
            | "request_timeout"
            | "team_added_to_org"
            | "accesslimited"
            | "too_many_websockets",
        ) => ChatFailure::Transient {
            retry_after: after,
            text,
        },
        (401, _)
        | (
            _,
            "invalid_auth"
            | "not_authed"
            | "account_inactive"
            | "token_revoked"
            | "token_expired"
            | "org_login_required"
            | "not_allowed_token_type",
        ) => ChatFailure::Credential(text),
        _ => ChatFailure::Permanent { text },
    };
    Refused { code, failure }
}
