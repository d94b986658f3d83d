//! A delivery report of any content in a sound frame.
#![no_main]

use frontdesk::config::service::MailLimits;
use frontdesk::mail::understand;
use libfuzzer_sys::fuzz_target;

const FRAME: &[u8] = b"From: MAILER-DAEMON@example.com\nSubject: failure notice\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n";

fuzz_target!(|report: &[u8]| {
    let _ = understand(&[FRAME, report].concat(), &MailLimits::default());
    let prose = [&b"Return-Path: <>\nFrom: MAILER-DAEMON@example.com\nSubject: failure notice\n\n"[..], report].concat();
    let _ = understand(&prose, &MailLimits::default());
});
