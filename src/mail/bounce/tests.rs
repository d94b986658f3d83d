//! Bounces as mail servers write them.

use crate::config::service::MailLimits;
use crate::mail::message::{BouncedRecipient, Origin};
use crate::mail::understand;

fn bounce(raw: &str) -> Vec<BouncedRecipient> {
    match understand(raw.as_bytes(), &MailLimits::default()).origin {
        Origin::Bounce(recipients) => recipients,
        other => panic!("no bounce but {other:?}:\n{raw}"),
    }
}

fn daemon(subject: &str, body: &str) -> String {
    format!(
        "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example.com>\nTo: desk@example.com\nSubject: {subject}\n\n{body}\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <desk@example.com>\nReceived: by mx.example.com\nMessage-ID: <ours@example.com>\nReferences: <root@example.com>\nFrom: desk@example.com\nTo: ann@example.org\nSubject: Printer\n\nHello\n"
    )
}

#[test]
fn a_delivery_report_names_recipients_status_and_action() {
    let raw = "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.com\nSubject: Undelivered Mail Returned to Sender\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nI'm sorry.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\nFinal-Recipient: rfc822; ann@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <ann@example.org>: User unknown\n\nFinal-Recipient: rfc822;<bob@example.org>\nAction: delayed\nStatus: 4.4.1\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <ours@example.com>\nReferences: <root@example.com>\n\nHello\n--b--\n";
    let found = bounce(raw);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].recipient.as_deref(), Some("ann@example.org"));
    assert_eq!(
        (found[0].status.as_str(), found[0].action.as_str()),
        ("5.1.1", "failed")
    );
    assert_eq!(
        found[0].diagnostic.as_deref(),
        Some("550 5.1.1 <ann@example.org>: User unknown")
    );
    assert_eq!(found[1].recipient.as_deref(), Some("bob@example.org"));
    assert_eq!(
        (found[1].status.as_str(), found[1].action.as_str()),
        ("4.4.1", "delayed")
    );
    let ids = understand(raw.as_bytes(), &MailLimits::default()).returned_ids;
    assert_eq!(ids, ["ours@example.com", "root@example.com"]);
}

#[test]
fn a_vague_status_is_made_precise_by_what_the_server_said() {
    let raw = "From: MAILER-DAEMON@mx.example.com\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\nFinal-Recipient: rfc822; ann@example.org\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox full\n--b--\n";
    assert_eq!(bounce(raw)[0].status, "5.2.2");
}

/// Servers' own forms: the prose, the recipient, the class of the status, the action.
const FORMS: &[(&str, &str, &str, &str, &str)] = &[
    (
        "qmail",
        "failure notice",
        "Hi. This is the qmail-send program at mx.example.com.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n\n<ann@example.org>:\nSorry, no mailbox here by that name. (#5.1.1)",
        "5.1.1",
        "failed",
    ),
    (
        "Exim",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  ann@example.org\n    SMTP error from remote mail server after RCPT TO:<ann@example.org>:\n    host mx.example.org [192.0.2.1]: 550 5.7.1 Rejected",
        "5.7.1",
        "failed",
    ),
    (
        "Exim, given up",
        "Mail delivery failed: returning message to sender",
        "A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  ann@example.org\n    retry timeout exceeded",
        "4.4.7",
        "failed",
    ),
    (
        "Exim, warning",
        "Warning: message 1abc delayed 24 hours",
        "A message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue.\nThe address to which the message has not yet been delivered is:\n\n  ann@example.org\n\nNo action is required on your part. Delivery attempts will continue.",
        "4.0.0",
        "delayed",
    ),
    (
        "sendmail",
        "Returned mail: see transcript for details",
        "   ----- The following addresses had permanent fatal errors -----\n<ann@example.org>\n    (reason: 550 5.1.1 <ann@example.org>... User unknown)\n\n   ----- Transcript of session follows -----\n550 5.1.1 <ann@example.org>... User unknown",
        "5.1.1",
        "failed",
    ),
    (
        "Exchange 2003",
        "Undeliverable: Printer",
        "Your message did not reach some or all of the intended recipients.\n\nThe following recipient(s) could not be reached:\n\n      ann@example.org on 1/3/2023 10:00 AM\n            The e-mail account does not exist at the organization this message was sent to. <mx.example.org #5.1.1>",
        "5.1.1",
        "failed",
    ),
    (
        "Yahoo",
        "Failure Notice",
        "Sorry, we were unable to deliver your message to the following address.\n\n<ann@example.org>:\n552: 5.2.2 Mailbox over quota",
        "5.2.2",
        "failed",
    ),
    (
        "Google",
        "Delivery Status Notification (Failure)",
        "Delivery to the following recipient failed permanently:\n\n     ann@example.org\n\nTechnical details of permanent failure: \nThe error that the other server returned was: 550 5.1.1 No such user",
        "5.1.1",
        "failed",
    ),
    (
        "Google, delay",
        "Delivery Status Notification (Delay)",
        "This is an automatically generated Delivery Status Notification\n\nTHIS IS A WARNING MESSAGE ONLY.\n\nYOU DO NOT NEED TO RESEND YOUR MESSAGE.\n\nDelivery to the following recipient has been delayed:\n\n     ann@example.org\n\nMessage will be retried for 2 more day(s)",
        "4.0.0",
        "delayed",
    ),
    (
        "Courier",
        "NOTICE: mail delivery status.",
        "This is a delivery status notification from mx.example.com.\n\n<ann@example.org>:\n     mx.example.org [192.0.2.1]:\n     >>> RCPT TO:<ann@example.org>\n     <<< 550 5.1.1 Unknown user",
        "5.1.1",
        "failed",
    ),
    (
        "a full mailbox without a code",
        "Mail delivery failed",
        "Your message to ann@example.org could not be delivered: the mailbox is full.",
        "5.2.2",
        "failed",
    ),
];

#[test]
fn servers_own_forms_are_read() {
    for (server, subject, body, status, action) in FORMS {
        let found = bounce(&daemon(subject, body));
        assert_eq!(
            found[0].recipient.as_deref(),
            Some("ann@example.org"),
            "{server}"
        );
        assert_eq!(
            (found[0].status.as_str(), found[0].action.as_str()),
            (*status, *action),
            "{server}"
        );
    }
}

#[test]
fn the_returned_message_below_the_prose_gives_its_ids() {
    let raw = daemon(FORMS[0].1, FORMS[0].2);
    let ids = understand(raw.as_bytes(), &MailLimits::default()).returned_ids;
    assert_eq!(ids, ["ours@example.com", "root@example.com"]);
}

#[test]
fn the_failed_recipients_field_is_enough() {
    let raw = "From: a@example.com\nX-Failed-Recipients: ann@example.org, bob@example.org\nSubject: x\n\nGone.\n";
    let names: Vec<_> = bounce(raw)
        .into_iter()
        .filter_map(|found| found.recipient)
        .collect();
    assert_eq!(names, ["ann@example.org", "bob@example.org"]);
}

#[test]
fn people_who_write_of_bounces_and_absences_are_no_bounces() {
    for raw in [
        "From: ann@example.org\nSubject: My mail was returned\n\nI got: 550 5.1.1 <x@example.org> User unknown. Why?\n",
        "Return-Path: <>\nAuto-Submitted: auto-replied\nFrom: ann@example.org\nSubject: Away\n\nI am away; mail me at ann2@example.org.\n",
        "From: ann@example.org\nSubject: Delivery failed\n\nThe parcel could not be delivered.\n",
    ] {
        let origin = understand(raw.as_bytes(), &MailLimits::default()).origin;
        assert!(!matches!(origin, Origin::Bounce(_)), "{raw}");
    }
}
