//! `message/delivery-status` (RFC 3464, and RFC 6533 for internationalised addresses).

use crate::mail::message::BouncedRecipient;
use crate::mail::parse::headers::{self, Headers};
use crate::mail::parse::walk::{self, Bounds, Tree};
use crate::mail::parse::{Parsed, transfer};

/// The recipients that the message's delivery report names. A gateway may have wrapped the whole bounce
/// as an attached message.
pub(crate) fn recipients(parsed: &Parsed<'_>) -> Vec<BouncedRecipient> {
    let own = in_tree(&parsed.tree);
    if !own.is_empty() {
        return own;
    }
    let wrapped = parsed
        .tree
        .parts
        .iter()
        .filter(|part| part.content_type == "message/rfc822");
    wrapped
        .take(3)
        .flat_map(|part| wrapped_report(&transfer::decode(part.body, &part.encoding())))
        .collect()
}

fn in_tree(tree: &Tree<'_>) -> Vec<BouncedRecipient> {
    tree.parts
        .iter()
        .filter(|part| {
            matches!(
                part.content_type.as_str(),
                "message/delivery-status" | "message/global-delivery-status"
            )
        })
        .flat_map(|part| read(&transfer::decode(part.body, &part.encoding())))
        .collect()
}

/// The report of an attached message that is a bounce itself, sent by a mail system.
fn wrapped_report(raw: &[u8]) -> Vec<BouncedRecipient> {
    let header = headers::read(raw, 0, 64 << 10).headers;
    let is_report = header
        .text("content-type")
        .is_some_and(|value| value.to_ascii_lowercase().starts_with("multipart/report"));
    if !is_report {
        return Vec::new();
    }
    in_tree(&walk::walk(
        raw,
        Bounds {
            header_bytes: 64 << 10,
            parts: 50,
            depth: 5,
        },
    ))
}

/// Reads the groups of fields; each group after the first is about one recipient, but some servers
/// put all into one.
pub(crate) fn read(body: &[u8]) -> Vec<BouncedRecipient> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < body.len() && found.len() < 1_000 {
        let block = headers::read(body, at, 256 << 10);
        if block.body <= at {
            break;
        }
        found.extend(recipient(&block.headers));
        at = block.body;
    }
    found
}

fn recipient(fields: &Headers<'_>) -> Option<BouncedRecipient> {
    let named = [
        "original-recipient",
        "final-recipient",
        "x-actual-recipient",
    ];
    if !named.iter().any(|name| fields.has(name)) {
        return None;
    }
    let address = |name: &str| fields.text(name).and_then(|value| address_of(&value));
    let recipient = address("final-recipient")
        .or_else(|| address("original-recipient"))
        .or_else(|| address("x-actual-recipient"));
    let diagnostic = fields.text("diagnostic-code").map(|value| {
        value
            .split_once(';')
            .map_or(value.clone(), |(_, text)| text.trim().to_owned())
    });
    let action = fields
        .text("action")
        .map(|value| super::keyword(&value))
        .unwrap_or_default();
    let status = fields
        .text("status")
        .and_then(|value| super::status::enhanced(&value));
    Some(super::settle(recipient, status, &action, diagnostic))
}

/// `rfc822; ann@example.org`, with or without the type, brackets and comments.
fn address_of(value: &str) -> Option<String> {
    let value = value.split_once(';').map_or(value, |(_, address)| address);
    super::address::first(value)
}
