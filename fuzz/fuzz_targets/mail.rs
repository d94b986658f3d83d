//! A whole message: nothing panics, and what is shown of it can be stored and printed.
#![no_main]

use frontdesk::config::service::MailLimits;
use frontdesk::mail::{identity, inspect, understand};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let understood = understand(raw, &MailLimits::default());
    assert!(!understood.mail.text.contains('\0'));
    let _ = inspect::to_page(&understood);
    let _ = inspect::to_json(&understood);
    let _ = identity(raw);
});
