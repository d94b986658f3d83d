//! HTML as text and made safe: no word is made up or lost, and nothing is run.
#![no_main]

use frontdesk::mail::html;
use frontdesk_fuzz as holds;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|markup: &str| {
    let safe = html::sanitise(markup).to_ascii_lowercase();
    for tag in ["<script", "<style", "<iframe", "<object", "<embed", "<form", "<input", "<meta", "<base", "<link"] {
        assert!(!safe.contains(tag), "{tag}");
    }
    let mail = format!("Content-Type: text/html; charset=utf-8\n\n{markup}");
    holds::reply_is_the_senders(&holds::read(mail.as_bytes()));

    let plain: String = markup.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    let escaped = plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let text = html::to_text(&escaped);
    assert!(text.split_whitespace().eq(plain.split_whitespace()), "{text:?} of {plain:?}");
});
