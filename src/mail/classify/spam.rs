//! What filters on the way here said (the verdict is theirs, not ours).

use crate::mail::parse::headers::Headers;

/// Whether a filter marked the message as spam.
pub(crate) fn is_spam(headers: &Headers<'_>) -> bool {
    let starts = |name: &str, words: &[&str]| {
        headers.all(name).any(|value| {
            let value = String::from_utf8_lossy(value.trim_ascii()).to_ascii_lowercase();
            words.iter().any(|word| value.starts_with(word))
        })
    };
    starts("x-spam-flag", &["yes", "true"])
        || starts("x-spam-status", &["yes", "spam"])
        || starts("x-spam", &["yes", "true", "spam"])
        || starts("x-spamd-result", &["default: true"])
        || starts("x-spam-verdict", &["spam"])
        || starts(
            "x-rspamd-action",
            &["reject", "add header", "rewrite subject"],
        )
        || starts("x-bogosity", &["yes", "spam"])
        || starts("x-gmx-antispam", &["1", "2", "3", "4", "5"])
        || starts("x-amavis-alert", &["infected", "banned"])
        || starts("x-proofpoint-spam-details", &["rule=spam"])
        || microsoft(headers)
}

/// Microsoft's spam confidence level: 5 and above is spam (Exchange Online Protection).
fn microsoft(headers: &Headers<'_>) -> bool {
    let level = |text: &str| {
        text.trim()
            .parse::<i32>()
            .is_ok_and(|level| (5..=9).contains(&level))
    };
    headers
        .text("x-ms-exchange-organization-scl")
        .is_some_and(|value| level(&value))
        || headers
            .text("x-forefront-antispam-report")
            .is_some_and(|value| {
                value
                    .split(';')
                    .filter_map(|pair| pair.split_once(':'))
                    .any(|(key, value)| key.trim() == "SFV" && value.trim() == "SPM")
            })
}
