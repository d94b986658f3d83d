//! The fields of a message: ids are ids, and line ends do not matter.
#![no_main]

use frontdesk_fuzz as holds;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|fields: &[u8]| {
    let raw = [fields, b"\n\nHello\n"].concat();
    let understood = holds::read(&raw);
    let mail = &understood.mail;
    let ids = mail.in_reply_to.iter().chain(&mail.references).chain(&mail.message_id);
    for id in ids {
        assert!(!id.is_empty() && !id.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>')), "{id:?}");
    }
    holds::can_be_shown(&raw, &understood);
    holds::line_ends_are_equal(&raw);
});
