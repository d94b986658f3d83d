//! `frontdesk outbox`.

use super::desk::{CliDesk, mail, redacted};

/// A desk with one acknowledgement that waits.
async fn desk() -> CliDesk {
    let desk = CliDesk::new().await;
    desk.deliver(&mail(
        "Carla <carla@customer.test>",
        "The export is empty",
        "Hi",
    ));
    desk.process().await;
    desk
}

#[tokio::test]
async fn the_list_says_what_waits_and_what_left() {
    let desk = desk().await;
    let list = desk.run(&["outbox", "list", "--state", "pending"]).good();
    insta::assert_snapshot!(redacted(&list, desk.folder.path()));
    desk.send().await;
    assert_eq!(
        desk.run(&["outbox", "list", "--state", "pending"]).good(),
        "No such mail.\n"
    );
    assert_eq!(desk.run(&["outbox", "list"]).good().lines().count(), 2);
}

#[tokio::test]
async fn a_row_is_shown_as_the_mail_that_its_reader_gets() {
    let desk = desk().await;
    let shown = desk.run(&["outbox", "show", "1"]).good();
    insta::assert_snapshot!(redacted(&shown, desk.folder.path()));
    let raw = desk.run(&["outbox", "show", "1", "--raw"]).good();
    assert!(
        raw.contains("\r\nAuto-Submitted: auto-replied\r\n"),
        "{raw}"
    );
    let ran = desk.run(&["outbox", "show", "9"]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.err.contains("there is no outgoing mail 9"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn a_row_can_be_cancelled_and_sent_after_all() {
    let desk = desk().await;
    desk.run(&["outbox", "cancel", "1"]).good();
    desk.send().await;
    assert_eq!(
        desk.number("SELECT count(*) FROM outbox WHERE state = 'dead'")
            .await,
        1
    );
    assert_eq!(
        desk.number("SELECT count(*) FROM event WHERE kind = 'delivery_cancelled'")
            .await,
        1
    );
    let ran = desk.run(&["outbox", "cancel", "1"]);
    assert_eq!(ran.status, 1);
    assert!(ran.err.contains("outgoing mail 1 is dead"), "{}", ran.err);
    desk.run(&["outbox", "retry", "--dead"]).good();
    assert_eq!(
        desk.number("SELECT count(*) FROM outbox WHERE state = 'dead'")
            .await,
        1,
        "a person cancelled it: it was not given up"
    );
    desk.run(&["outbox", "retry", "1"]).good();
    desk.send().await;
    let ran = desk.run(&["outbox", "retry", "1"]);
    assert!(ran.err.contains("outgoing mail 1 is sent"), "{}", ran.err);
}

#[tokio::test]
async fn all_that_was_given_up_is_sent_again() {
    let desk = desk().await;
    desk.sql(
        "UPDATE outbox SET state = 'dead', settled_at = now(), last_error = 'no route', attempt = 9,
         errors = '[{\"at\": \"2026-11-20T09:00:00Z\", \"error\": \"no route\"}]'",
    )
    .await;
    let status = desk.run(&["status"]);
    assert_eq!(status.status, 1);
    assert!(
        status
            .out
            .contains("1 outgoing mail was given up within a day"),
        "{}",
        status.out
    );
    desk.run(&["outbox", "retry", "--dead"]).good();
    desk.send().await;
    assert_eq!(
        desk.number("SELECT count(*) FROM outbox WHERE state = 'sent'")
            .await,
        1
    );
}
