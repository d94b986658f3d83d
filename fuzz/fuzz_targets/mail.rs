//! A whole message: it can be shown, its reply is its own, and its line ends do not matter.
#![no_main]

use frontdesk_fuzz as holds;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let understood = holds::read(raw);
    holds::can_be_shown(raw, &understood);
    holds::reply_is_the_senders(&understood);
    holds::line_ends_are_equal(raw);
});
