//! Abuse reports (ARF, RFC 5965).

use crate::mail::parse::headers;
use crate::mail::parse::{Parsed, transfer};

/// The feedback type, if the message is a report.
pub(crate) fn kind(parsed: &Parsed<'_>) -> Option<String> {
    let part = parsed
        .tree
        .parts
        .iter()
        .find(|part| part.content_type == "message/feedback-report");
    if let Some(part) = part {
        let body = transfer::decode(part.body, &part.encoding());
        let fields = headers::read(&body, 0, 64 << 10).headers;
        let named = fields.text("feedback-type").unwrap_or_default();
        let kind = named.split_ascii_whitespace().next().unwrap_or("abuse");
        return Some(kind.to_ascii_lowercase());
    }
    let root = parsed.tree.parts.first()?;
    let report = root
        .parameter("report-type")
        .is_some_and(|kind| kind.eq_ignore_ascii_case("feedback-report"));
    // Microsoft's complaint forwarding has no report part: the complaint is the attached message.
    let complaint = root.headers.has("x-hmxmroriginalrecipient")
        || parsed
            .tree
            .parts
            .iter()
            .any(|part| part.headers.has("x-hmxmroriginalrecipient"));
    let from_staff = parsed
        .mail
        .from
        .as_ref()
        .is_some_and(|from| from.address.eq_ignore_ascii_case("staff@hotmail.com"));
    (report || (complaint && from_staff)).then(|| "abuse".to_owned())
}
