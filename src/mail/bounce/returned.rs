//! The message that a bounce returns: attached, or below the prose.

use super::address;
use crate::mail::parse::headers::{self, Headers};
use crate::mail::parse::{Parsed, transfer, words};

/// Bytes of a returned header that are read.
const HEADER_LIMIT: usize = 256 << 10;

/// The prose before a message that is returned within the text.
pub(super) fn before(text: &str) -> &str {
    start(text)
        .and_then(|start| text.get(..start))
        .unwrap_or(text)
}

/// Where a returned header starts in a text: the first line of a run of fields among which are those
/// that every message has. A line that announces it ends the prose, too.
fn start(text: &str) -> Option<usize> {
    let mut at = 0;
    let mut run: Option<(usize, u32, u32)> = None;
    let mut filled = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        if filled > 0 && announces(content) {
            return Some(at);
        }
        let folded = line.starts_with([' ', '\t']) && run.is_some();
        match headers::field_name(content.trim_start_matches('>').as_bytes()).map(|(name, _)| name)
        {
            Some(name) if !line.starts_with([' ', '\t']) => {
                let (start, fields, telling) = run.unwrap_or((at, 0, 0));
                let tells = matches!(
                    name.as_str(),
                    "received"
                        | "return-path"
                        | "message-id"
                        | "from"
                        | "subject"
                        | "date"
                        | "to"
                        | "mime-version"
                        | "dkim-signature"
                        | "x-mailer"
                );
                let (fields, telling) = (fields + 1, telling + u32::from(tells));
                if telling >= 3 || (telling >= 1 && name == "received" && fields >= 2) {
                    return Some(start);
                }
                run = Some((start, fields, telling));
            }
            _ if folded => {}
            _ => run = None,
        }
        filled += usize::from(!content.is_empty());
        at += line.len();
    }
    None
}

/// Lines below which servers put the returned message.
fn announces(line: &str) -> bool {
    let trimmed = line.trim();
    if trimmed.len() > 120 || trimmed.len() < 10 {
        return false;
    }
    let lower = trimmed.to_ascii_lowercase();
    let dashed = lower.starts_with("--") || lower.starts_with("==") || lower.starts_with("**");
    let core = lower.trim_matches(|c: char| matches!(c, '-' | '=' | '*' | ' ' | ':' | '.'));
    const STARTS: &[&str] = &[
        "below this line is a copy of",
        "this is a copy of",
        "this is a copy of your message",
        "the header of the original message",
        "message headers follow",
        "original message follows",
        "unsent message follows",
        "message header follows",
        "message text follows",
        "returned message follows",
        "enclosed is a copy of",
        "the following is a copy of",
        "here is a copy of",
        "a copy of the message",
        "a copy of your message",
        "body of message generated response",
        "returned message header",
        "the original message headers",
    ];
    STARTS.iter().any(|start| core.starts_with(start))
        || (dashed
            && (core.starts_with("original message")
                || core.starts_with("message header")
                || core.starts_with("returned message")
                || core.starts_with("returned mail")))
}

/// The headers of everything that is returned.
fn all_headers<T>(parsed: &Parsed<'_>, mut read: impl FnMut(&Headers<'_>) -> T) -> Vec<T> {
    let mut found = Vec::new();
    for part in &parsed.tree.parts {
        let returned = matches!(
            part.content_type.as_str(),
            "message/rfc822"
                | "text/rfc822-headers"
                | "message/rfc822-headers"
                | "text/rfc822"
                | "message/global"
                | "message/global-headers"
                | "message/partial"
        );
        if returned {
            let body = transfer::decode(part.body, &part.encoding());
            found.push(read(
                &headers::read(&body, first_field(&body), HEADER_LIMIT).headers,
            ));
        }
    }
    let text = &parsed.mail.text;
    if let Some(start) = start(text) {
        let rest = text.get(start..).unwrap_or_default().as_bytes();
        let at = first_field(rest);
        found.push(read(&headers::read(rest, at, HEADER_LIMIT).headers));
    }
    found
}

/// The offset of the first field: an announcement and empty lines may stand above.
fn first_field(bytes: &[u8]) -> usize {
    let mut at = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n').take(20) {
        if headers::field_name(line).is_some() && !line.trim_ascii_end().ends_with(b":") {
            return at;
        }
        at += line.len();
    }
    0
}

/// The ids of the returned message: its own first, then those it refers to.
pub(super) fn ids(parsed: &Parsed<'_>) -> Vec<String> {
    let mut ids = Vec::new();
    let found = all_headers(parsed, |fields| {
        ["message-id", "references", "in-reply-to"]
            .into_iter()
            .flat_map(|name| fields.all(name).map(move |value| (name, value)))
            .flat_map(|(name, value)| words::message_ids(value, name == "message-id"))
            .take(200)
            .collect::<Vec<_>>()
    });
    for id in found.into_iter().flatten() {
        if !ids.contains(&id) && ids.len() < 100 {
            ids.push(id);
        }
    }
    ids
}

/// To whom the returned message was addressed.
pub(super) fn recipients(parsed: &Parsed<'_>) -> Vec<String> {
    let found = all_headers(parsed, |fields| {
        fields
            .all("to")
            .flat_map(|value| address::all(&String::from_utf8_lossy(value)).collect::<Vec<_>>())
            .take(200)
            .collect::<Vec<_>>()
    });
    found
        .into_iter()
        .find(|list| !list.is_empty())
        .unwrap_or_default()
}

/// Whether the message returns another one.
pub(super) fn is_there(parsed: &Parsed<'_>) -> bool {
    !all_headers(parsed, |_| ()).is_empty()
}
