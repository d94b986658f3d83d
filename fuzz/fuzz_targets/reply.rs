//! A text: the reply is made of its lines, and reading the reply again changes nothing.
#![no_main]

use frontdesk_fuzz as holds;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let of = |text: &str| holds::read(format!("Content-Type: text/plain; charset=utf-8\n\n{text}").as_bytes());
    let once = of(text);
    holds::reply_is_the_senders(&once);
    if once.forwarded.is_none() {
        let again = of(&once.reply);
        assert_eq!(again.reply, once.reply, "read again, the reply is another");
    }
});
