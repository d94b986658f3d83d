//! Bounces: delivery status notifications (RFC 3464), and what servers write that send none.

pub(crate) mod address;
mod prose;
mod report;
mod returned;
pub(crate) mod status;
mod whom;

use super::message::BouncedRecipient;
use super::parse::Parsed;

/// The recipients that a bounce speaks of; `None` when the message is no bounce.
pub(crate) fn recipients(parsed: &Parsed<'_>) -> Option<Vec<BouncedRecipient>> {
    let mut reported = report::recipients(parsed);
    if reported
        .iter()
        .any(|recipient| recipient.recipient.is_some())
    {
        return Some(reported);
    }
    if let Some(first) = reported.first_mut() {
        // The report names nobody that can be read; the prose above it may.
        let told = prose::recipients(parsed).unwrap_or_default();
        first.recipient = told.into_iter().find_map(|recipient| recipient.recipient);
        return Some(reported);
    }
    prose::recipients(parsed)
}

/// Ids in the returned message: its own Message-ID first, then its References.
pub(crate) fn returned_ids(parsed: &Parsed<'_>) -> Vec<String> {
    returned::ids(parsed)
}

/// The first word of a value in lower case, without punctuation.
fn keyword(value: &str) -> String {
    value
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .find(|word| !word.is_empty())
        .unwrap_or_default()
        .to_ascii_lowercase()
}

/// Puts what is known of a recipient together: the action follows from the status and the other way round.
fn settle(
    recipient: Option<String>,
    status: Option<String>,
    action: &str,
    diagnostic: Option<String>,
) -> BouncedRecipient {
    let said = diagnostic.as_deref().unwrap_or_default();
    let vague = |code: &String| code.ends_with(".0.0");
    let status = match status {
        Some(code) if !vague(&code) => Some(code),
        other => {
            let class = other.as_ref().and_then(|code| code.chars().next());
            status::enhanced(said)
                .or_else(|| status::reply(said).map(|code| status::from_reply(code).to_owned()))
                .filter(|code| class.is_none() || code.chars().next() == class)
                .or(other)
        }
    };
    let action = match (
        action,
        status.as_deref().and_then(|code| code.chars().next()),
    ) {
        ("failed" | "delayed" | "delivered" | "relayed" | "expanded", _) => action,
        ("failure" | "fail", _) => "failed",
        ("delay" | "deferred", Some('4') | None) => "delayed",
        (_, Some('4')) => "delayed",
        (_, Some('2')) => "delivered",
        _ => "failed",
    };
    let status = status.unwrap_or_else(|| match action {
        "delayed" => "4.0.0".to_owned(),
        "failed" => "5.0.0".to_owned(),
        _ => "2.0.0".to_owned(),
    });
    BouncedRecipient {
        recipient,
        status,
        action: action.to_owned(),
        diagnostic,
    }
}

#[cfg(test)]
#[allow(clippy::panic, clippy::indexing_slicing)]
mod tests;
