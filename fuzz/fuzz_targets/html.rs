//! HTML as text, and made safe.
#![no_main]

use frontdesk::mail::html;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|markup: &str| {
    let _ = html::to_text(markup);
    let safe = html::sanitise(markup).to_ascii_lowercase();
    assert!(!safe.contains("<script"));
});
