#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use super::*;

fn now() -> DateTime<Utc> {
    "2026-11-20T09:00:00Z".parse().unwrap()
}

fn ago(minutes: i64) -> Option<DateTime<Utc>> {
    Some(now() - TimeDelta::minutes(minutes))
}

fn mailbox() -> MailboxReport {
    MailboxReport {
        name: "support".to_owned(),
        source: "imap",
        last_success_at: ago(1),
        last_error: None,
        last_error_at: None,
        credential_refused: false,
        login_ends_at: None,
        poll: TimeDelta::seconds(60),
    }
}

fn state(state: &str, mails: i64) -> StateReport {
    StateReport {
        state: state.to_owned(),
        mails,
        lately: mails,
        oldest_due_at: ago(60),
    }
}

fn report() -> Report {
    Report {
        at: now(),
        mailboxes: vec![mailbox()],
        inbound: vec![state("processed", 7)],
        ..Report::default()
    }
}

#[test]
fn a_healthy_desk_needs_nobody() {
    assert_eq!(attention(&report()), Vec::<String>::new());
}

#[test]
fn a_login_that_ends_soon_is_counted_down() {
    let mut mailbox = mailbox();
    mailbox.login_ends_at = Some(now() + TimeDelta::days(15));
    assert_eq!(of_mailbox(&mailbox, now()), None);
    mailbox.login_ends_at = Some(now() + TimeDelta::days(3));
    let said = of_mailbox(&mailbox, now()).unwrap();
    assert!(said.contains("support ends in 3 days"), "{said}");
    mailbox.login_ends_at = ago(1);
    let said = of_mailbox(&mailbox, now()).unwrap();
    assert!(said.contains("has ended"), "{said}");
}

#[test]
fn trouble_that_passed_needs_nobody_and_trouble_that_stands_does() {
    let mut mailbox = mailbox();
    mailbox.last_error = Some("the server cannot be reached".to_owned());
    mailbox.last_error_at = ago(5);
    assert_eq!(of_mailbox(&mailbox, now()), None);
    mailbox.last_success_at = ago(10);
    assert!(
        of_mailbox(&mailbox, now())
            .unwrap()
            .contains("cannot be reached")
    );
    mailbox.credential_refused = true;
    assert!(
        of_mailbox(&mailbox, now())
            .unwrap()
            .contains("refuses the login")
    );
}

#[test]
fn a_mailbox_that_nobody_reads_is_named() {
    let mut mailbox = mailbox();
    mailbox.last_success_at = ago(60);
    assert!(
        of_mailbox(&mailbox, now())
            .unwrap()
            .contains("60 minutes ago")
    );
    mailbox.last_success_at = None;
    assert!(of_mailbox(&mailbox, now()).unwrap().contains("never read"));
    mailbox.source = "pipe";
    assert_eq!(of_mailbox(&mailbox, now()), None);
}

#[test]
fn mails_that_wait_failed_or_are_held_back_need_a_look() {
    for (name, needs) in [
        ("failed", true),
        ("quarantined", true),
        ("received", true),
        ("processing", true),
        ("processed", false),
        ("ignored", false),
        ("rejected", false),
    ] {
        assert_eq!(of_state(&state(name, 1), now()).is_some(), needs, "{name}");
    }
    let mut old = state("quarantined", 1);
    old.lately = 0;
    assert_eq!(of_state(&old, now()), None);
    let mut fresh = state("received", 1);
    fresh.oldest_due_at = ago(1);
    assert_eq!(of_state(&fresh, now()), None);
}

#[test]
fn an_outbox_that_does_not_empty_needs_a_look() {
    let mut outbox = OutboxReport {
        pending: 1,
        oldest_waiting_at: ago(59),
        ..OutboxReport::default()
    };
    assert!(of_outbox(&outbox, now()).is_empty());
    outbox.oldest_waiting_at = ago(61);
    outbox.last_error = Some("421 come back later".to_owned());
    assert!(
        of_outbox(&outbox, now())
            .concat()
            .contains("421 come back later")
    );
    outbox.oldest_due_at = ago(6);
    assert!(of_outbox(&outbox, now()).concat().contains("overdue"));
    outbox.given_up_within_a_day = 2;
    assert_eq!(of_outbox(&outbox, now()).len(), 2);
}

#[test]
fn the_page_says_what_to_do() {
    let mut report = report();
    report.inbound.push(state("failed", 1));
    report.outbox.pending = 2;
    report.outbox.oldest_waiting_at = ago(3);
    report.attention = attention(&report);
    insta::assert_snapshot!(to_page(&report, chrono_tz::UTC));
}
