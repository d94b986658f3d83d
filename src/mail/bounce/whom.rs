//! Whom a bounce is about, found in its prose.

use super::{address, returned, status};
use crate::mail::effort;
use crate::mail::message::ParsedMail;
use crate::mail::parse::Parsed;
use crate::mail::reply::lines::bare;

/// Recipients that one bounce may name.
pub(super) const MOST: usize = 200;

/// Whom the bounce is about, by the surest sign that it gives.
pub(super) fn addresses(parsed: &Parsed<'_>, prose: &str, named: Vec<String>) -> Vec<String> {
    let mail = &parsed.mail;
    let listed = from_lines(prose, mail, |own| !own);
    if !named.is_empty() {
        // The field has the address after rewriting, the text the one that was written to.
        let told = named
            .iter()
            .any(|address| find_ignoring_case(prose, address).is_some());
        let mut all = named;
        if !told {
            listed
                .into_iter()
                .for_each(|address| add(&mut all, address));
        }
        return all;
    }
    [
        listed,
        // Who writes to himself has himself in the list.
        from_lines(prose, mail, |_| true),
        from_dialogue(prose, mail),
        from_anywhere(prose, mail),
        undeliverable_to(&mail.text, mail),
        returned::recipients(parsed),
    ]
    .into_iter()
    .find(|list| !list.is_empty())
    .unwrap_or_default()
}

/// Whether the prose lists an address that is not the sender's.
pub(super) fn has_failure_list(prose: &str, mail: &ParsedMail) -> bool {
    prose
        .lines()
        .filter_map(line_recipient)
        .any(|found| !is_own(&found, mail))
}

/// Where an address stands in a text, whatever its case.
pub(super) fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    let wanted = wanted.as_bytes();
    let first = wanted.first()?;
    let found = text.as_bytes().windows(wanted.len()).position(|window| {
        window
            .first()
            .is_some_and(|byte| byte.eq_ignore_ascii_case(first))
            && window.eq_ignore_ascii_case(wanted)
    });
    effort::spend(found.unwrap_or(text.len()));
    found
}

/// "undeliverable to ann@example.org", below a copy of the header (IMail Server).
fn undeliverable_to(text: &str, mail: &ParsedMail) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines().take(2_000) {
        if line.to_lowercase().contains("undeliverable to") {
            for address in address::all(line).filter(|address| !is_own(address, mail)) {
                add(&mut found, address);
            }
        }
    }
    found
}

/// Whether the address is that of the sender of the original or of the system that writes.
fn is_own(address: &str, mail: &ParsedMail) -> bool {
    let is = |other: &str| other.eq_ignore_ascii_case(address);
    let local = address
        .split('@')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    mail.to.iter().any(|mailbox| is(&mailbox.address))
        || mail.from.as_ref().is_some_and(|from| is(&from.address))
        || mail.delivered_to.iter().any(|other| is(other))
        || matches!(local.as_str(), "mailer-daemon" | "postmaster" | "abuse")
}

fn add(found: &mut Vec<String>, address: String) {
    if found.len() < MOST
        && !found
            .iter()
            .any(|known| known.eq_ignore_ascii_case(&address))
    {
        found.push(address);
    }
}

/// Addresses that stand alone on a line, or at its start with the reason behind. `wanted` is asked
/// whether an address may be taken, by whether it is the original sender's.
fn from_lines(prose: &str, mail: &ParsedMail, wanted: impl Fn(bool) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for address in prose.lines().filter_map(line_recipient) {
        if wanted(is_own(&address, mail)) {
            add(&mut found, address);
        }
    }
    found
}

/// The address that a line is about: ` <ann@example.org>:`, `* ann@example.org`, `ann@example.org [User unknown]`.
fn line_recipient(line: &str) -> Option<String> {
    let line = bare(line);
    if line.len() > 600 || !line.contains('@') {
        return None;
    }
    let start = line.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, '*' | '•' | '-' | '>' | '"' | '\'')
    });
    let lower = start.to_ascii_lowercase();
    let label = [
        "address:",
        "recipient:",
        "recipients:",
        "failed recipient:",
        "user:",
        "rcpt to:",
        "recipient address:",
        "intended recipient:",
        "[status: error, address:",
        "final-recipient:",
        "original-recipient:",
    ]
    .iter()
    .find(|label| lower.starts_with(*label));
    let start = match label {
        Some(label) => start.get(label.len()..).unwrap_or_default().trim_start(),
        None => start,
    };
    let bracketed = start.starts_with('<');
    let (from, to, address) = address::spans(start).next()?;
    if from > usize::from(bracketed) + usize::from(start.starts_with("<<")) {
        return None;
    }
    let after = start.get(to..).unwrap_or_default();
    let after = after.trim_start_matches('>');
    let sound = after.is_empty()
        || after.starts_with([':', ' ', '\t', ';', ',', '.', '(', '[', '-', '）', '、'])
        || label.is_some();
    sound.then_some(address)
}

/// Addresses in the words that servers exchanged: `RCPT TO:<ann@example.org>`, `550 5.1.1 <ann@…>`,
/// "delivering your mail to <ann@…>".
fn from_dialogue(prose: &str, mail: &ParsedMail) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose.lines().take(2_000) {
        let lower = line.to_lowercase();
        if lower.contains("mail from") {
            continue;
        }
        let speaks = lower.contains("rcpt to")
            || lower.contains("recipient")
            || lower.contains("mail to")
            || lower.contains("message to")
            || lower.contains("delivered to")
            || lower.contains("deliver to")
            || lower.contains("address")
            || lower.contains("mailbox")
            || lower.contains("user")
            || status::reply(line).is_some();
        if speaks {
            for address in address::all(line)
                .filter(|address| !is_own(address, mail))
                .take(MOST)
            {
                add(&mut found, address);
            }
        }
    }
    found
}

/// Any other address that is not the sender's.
fn from_anywhere(prose: &str, mail: &ParsedMail) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose.lines().take(2_000) {
        let lower = line.trim_start().to_lowercase();
        if lower.starts_with("from ")
            || lower.starts_with("from:")
            || lower.contains("mail from")
            || lower.contains("contact")
            || lower.contains("http")
        {
            continue;
        }
        for address in address::all(line).filter(|address| !is_own(address, mail)) {
            add(&mut found, address);
        }
    }
    found
}
