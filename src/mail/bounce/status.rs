//! Enhanced status codes (RFC 3463) and reply codes (RFC 5321, 4.2).

use std::sync::LazyLock;

use regex::Regex;

use crate::mail::effort;

static ENHANCED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^0-9.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:$|[^0-9.]|\.(?:$|[^0-9]))").ok()
});
static REPLY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|[^0-9.A-Za-z_-])([45][0-9][0-9])(?:[ \t-]|$|[,.;:)])").ok());

/// The first enhanced status code in a text.
pub(crate) fn enhanced(text: &str) -> Option<String> {
    effort::spend(text.len());
    let found = ENHANCED.as_ref()?.captures(text)?;
    found.get(1).map(|code| code.as_str().to_owned())
}

/// The first reply code of a failure in a text.
pub(crate) fn reply(text: &str) -> Option<u16> {
    effort::spend(text.len());
    let found = REPLY.as_ref()?.captures(text)?;
    found.get(1)?.as_str().parse().ok()
}

/// The enhanced code nearest in meaning to a reply code.
pub(crate) fn from_reply(code: u16) -> &'static str {
    match code {
        421 => "4.4.2",
        422 | 452 => "4.2.2",
        450 => "4.2.0",
        400..=499 => "4.0.0",
        550 | 551 | 553 => "5.1.1",
        552 => "5.2.2",
        554 => "5.7.1",
        _ => "5.0.0",
    }
}

/// What servers say without a code, and the enhanced code that means the same.
const WORDS: &[(&str, &str)] = &[
    ("retry timeout exceeded", "4.4.7"),
    ("retry time not reached", "4.4.7"),
    ("connection timed out", "4.4.1"),
    ("connection refused", "4.4.1"),
    ("host not reachable", "4.4.1"),
    ("no route to host", "4.4.1"),
    ("network error", "4.4.1"),
    ("over quota", "5.2.2"),
    ("quota exceeded", "5.2.2"),
    ("exceeded the quota", "5.2.2"),
    ("mailbox is full", "5.2.2"),
    ("mailbox full", "5.2.2"),
    ("mailfolder is full", "5.2.2"),
    ("too large", "5.3.4"),
    ("message size exceeds", "5.3.4"),
    ("host unknown", "5.1.2"),
    ("unknown host", "5.1.2"),
    ("domain not found", "5.1.2"),
    ("no mx record", "5.1.2"),
    ("dns lookup failure", "5.1.2"),
    ("user unknown", "5.1.1"),
    ("unknown user", "5.1.1"),
    ("unknown recipient", "5.1.1"),
    ("no such user", "5.1.1"),
    ("not recognized", "5.1.1"),
    ("does not exist", "5.1.1"),
    ("doesn't have", "5.1.1"),
    ("invalid user", "5.1.1"),
    ("invalid address", "5.1.1"),
    ("too many hops", "5.4.6"),
    ("mail loop", "5.4.6"),
    ("virus", "5.7.0"),
    ("spam", "5.7.1"),
    ("blacklist", "5.7.1"),
    ("access denied", "5.7.1"),
];

/// The code that the words of a server mean.
pub(crate) fn from_words(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    WORDS
        .iter()
        .find(|(words, _)| lower.contains(words))
        .map(|(_, code)| *code)
}
