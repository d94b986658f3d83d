//! A text: every line of the reply is a line of the text.
#![no_main]

use frontdesk::config::service::MailLimits;
use frontdesk::mail::understand;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let raw = format!("Content-Type: text/plain; charset=utf-8\n\n{text}");
    let understood = understand(raw.as_bytes(), &MailLimits::default());
    for line in understood.reply.lines() {
        assert!(understood.mail.text.contains(line));
    }
});
