//! All that Frontdesk knows of a message before it looks at tickets.

use super::message::{Forwarded, Origin, UnderstoodMail};
use super::parse::{self, Parsed, lines};
use super::{classify, forward, reply};
use crate::config::service::MailLimits;

/// Understands a raw message. It never fails: what cannot be read is empty, what exceeds the limits
/// is named in `mail.notices`. Time and memory are linear in the size of `raw`.
pub fn understand(raw: &[u8], limits: &MailLimits) -> UnderstoodMail {
    let converted = lines::from_bare_cr(raw);
    let raw = converted.as_deref().unwrap_or(raw);
    let parsed = parse::parse(raw, limits);
    let (origin, returned_ids) = classify::origin(&parsed);
    let spam = classify::is_spam(parsed.headers());
    let list = classify::is_list(&parsed);
    let (reply, forwarded) = words(&parsed, &origin);
    UnderstoodMail {
        mail: parsed.mail,
        origin,
        list,
        returned_ids,
        spam,
        reply,
        forwarded,
    }
}

/// Whether `reply` holds new words, rather than the whole text because nothing in it is new.
pub fn has_new_words(understood: &UnderstoodMail) -> bool {
    let text = understood.mail.text.trim_matches('\n');
    if understood.reply == text {
        !reply::own_words(text).trim().is_empty()
    } else {
        !understood.reply.trim().is_empty()
    }
}

/// The new words, and the message that is forwarded. The returned mail within a bounce is no forward.
fn words(parsed: &Parsed<'_>, origin: &Origin) -> (String, Option<Forwarded>) {
    let mail = &parsed.mail;
    if !matches!(origin, Origin::Bounce(_) | Origin::Feedback { .. })
        && let Some(found) = forward::find(parsed)
    {
        return (reply::own_words(&found.own), Some(found.forwarded));
    }
    let reply = reply::new_text(&mail.text, mail.html.as_deref(), parsed.text_is_rendered);
    (reply, None)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests;
