//! What tells one message from another, read before the message is understood.

use sha2::{Digest, Sha256};

use super::parse::headers::{self, Headers, unfold};
use super::parse::{lines, words};

/// The identity of a raw message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailIdentity {
    /// Its `Message-ID`, without angle brackets.
    pub message_id: Option<String>,
    /// What its conversation has in common: the first id of `References`, else of `In-Reply-To`, else its own.
    pub thread_key: Option<String>,
    /// SHA-256 over From, To, Cc, Date, Subject and the body, line ends normalised. Two deliveries of
    /// one message, which differ in trace fields only, have the same.
    pub content_hash: [u8; 32],
}

/// Header bytes that are looked at.
const HEADER_LIMIT: usize = 1 << 20;

/// Reads the identity. Linear in the size of `raw`; never fails.
pub fn identity(raw: &[u8]) -> MailIdentity {
    let converted = lines::from_bare_cr(raw);
    let raw = converted.as_deref().unwrap_or(raw);
    let block = headers::read(raw, 0, HEADER_LIMIT);
    let ids = |name: &str, bare| first_id(&block.headers, name, bare);
    let message_id = block.headers.all("message-id").find_map(words::own_id);
    let in_reply_to = block
        .headers
        .all("in-reply-to")
        .find_map(|value| words::answered(value, |_| false).ids.into_iter().next());
    let thread_key = ids("references", true)
        .or(in_reply_to)
        .or_else(|| message_id.clone());
    let mut digest = Sha256::new();
    for name in ["from", "to", "cc", "date", "subject"] {
        for value in block.headers.all(name) {
            digest.update(name.as_bytes());
            digest.update(b":");
            digest.update(unfold(value).as_bytes());
            digest.update(b"\n");
        }
    }
    digest.update(b"\n");
    update_body(&mut digest, raw.get(block.body..).unwrap_or_default());
    MailIdentity {
        message_id,
        thread_key,
        content_hash: digest.finalize().into(),
    }
}

fn first_id(headers: &Headers<'_>, name: &str, bare: bool) -> Option<String> {
    headers
        .all(name)
        .find_map(|value| words::message_ids(value, bare).into_iter().next())
}

/// Feeds the body with LF line ends and without the empty lines at its end, which transports add.
fn update_body(digest: &mut Sha256, body: &[u8]) {
    let mut empty = 0usize;
    for line in body.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            empty += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut empty) {
            digest.update(b"\n");
        }
        digest.update(line);
        digest.update(b"\n");
    }
}
