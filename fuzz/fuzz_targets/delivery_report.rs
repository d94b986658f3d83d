//! A delivery report, and a bounce in prose, of any content in a sound frame.
#![no_main]

use frontdesk_fuzz as holds;
use libfuzzer_sys::fuzz_target;

const REPORT: &str = "From: MAILER-DAEMON@example.com\nSubject: failure notice\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n";
const PROSE: &str = "Return-Path: <>\nFrom: MAILER-DAEMON@example.com\nSubject: failure notice\n\n";

fuzz_target!(|content: &str| {
    for frame in [REPORT, PROSE] {
        let raw = format!("{frame}{content}");
        holds::bounce_is_in_form(&raw, &holds::read(raw.as_bytes()));
        holds::line_ends_are_equal(raw.as_bytes());
    }
});
