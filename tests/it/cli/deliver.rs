//! `frontdesk deliver` as a mail server's pipe drives it.

use super::desk::{CliDesk, mail};

const CARLA: &str = "Carla <carla@customer.test>";

#[tokio::test]
async fn a_mail_is_safe_when_the_program_ends_with_0() {
    let desk = CliDesk::new().await;
    let ran = desk.pipe(
        &["deliver", "--mailbox", "support"],
        mail(CARLA, "Hello", "Hi").as_bytes(),
    );
    assert_eq!(
        (ran.status, ran.out.as_str(), ran.err.as_str()),
        (0, "", "")
    );
    assert_eq!(
        desk.number("SELECT count(*) FROM inbound_mail WHERE state = 'received' AND answering")
            .await,
        1
    );
    assert_eq!(
        desk.number("SELECT count(*) FROM ticket").await,
        0,
        "that is another copy's work"
    );
}

#[tokio::test]
async fn the_same_mail_handed_in_twice_is_one() {
    let desk = CliDesk::new().await;
    desk.deliver(&mail(CARLA, "Hello", "Hi"));
    desk.deliver(&mail(CARLA, "Hello", "Hi"));
    assert_eq!(desk.number("SELECT count(*) FROM inbound_mail").await, 1);
}

#[tokio::test]
async fn a_mail_over_the_limit_is_kept_and_its_ticket_says_so() {
    let desk = CliDesk::new().await;
    desk.configure(
        "[limits]\nmessage_bytes = 20000\n[[mailbox]]\nname = \"support\"\naddress = \"support@desk.test\"\npipe = true\n",
    );
    desk.deliver(&mail(
        CARLA,
        "Large",
        &"All work and no play.\r\n".repeat(2_000),
    ));
    assert_eq!(
        desk.number(
            "SELECT length(raw)::bigint FROM inbound_mail WHERE truncated AND size > 40000"
        )
        .await,
        20_000
    );
    desk.process().await;
    assert_eq!(
        desk.number(
            "SELECT count(*) FROM event WHERE kind = 'limited'
             AND reason LIKE '%the rest was handed in and is not here'"
        )
        .await,
        1
    );
}

#[tokio::test]
async fn an_unknown_mailbox_is_no_such_user() {
    let desk = CliDesk::new().await;
    let ran = desk.pipe(
        &["deliver", "--mailbox", "suport"],
        b"From: a@b.test\r\n\r\nHi",
    );
    assert_eq!(ran.status, 67, "{ran:#?}");
    assert_eq!(
        ran.err,
        "frontdesk: there is no mailbox `suport`; there is support\n"
    );
}

#[tokio::test]
async fn an_empty_mail_is_no_data() {
    let desk = CliDesk::new().await;
    assert_eq!(desk.pipe(&["deliver"], b"\r\n").status, 65);
}

#[tokio::test]
async fn a_wrong_configuration_says_so() {
    let desk = CliDesk::new().await;
    desk.configure("colour = \"blue\"");
    let ran = desk.pipe(&["deliver"], b"From: a@b.test\r\n\r\nHi");
    assert_eq!(ran.status, 78, "{ran:#?}");
    assert!(ran.err.contains("colour"), "{}", ran.err);
}

#[tokio::test]
async fn the_mail_server_is_told_to_try_again_while_the_database_is_away() {
    let mut desk = CliDesk::new().await;
    desk.lose_the_database();
    let ran = desk.pipe(&["deliver"], mail(CARLA, "Hello", "Hi").as_bytes());
    assert_eq!(ran.status, 75, "{ran:#?}");
    assert!(ran.err.contains("try again later"), "{}", ran.err);
}

#[tokio::test]
async fn several_mailboxes_want_a_name() {
    let two = "[[mailbox]]\nname = \"a\"\naddress = \"a@desk.test\"\npipe = true\n\
               [[mailbox]]\nname = \"b\"\naddress = \"b@desk.test\"\npipe = true\n";
    let desk = CliDesk::with(two).await;
    let ran = desk.pipe(&["deliver"], b"From: a@b.test\r\n\r\nHi");
    assert_eq!(ran.status, 64, "{ran:#?}");
    assert!(ran.err.contains("a, b"), "{}", ran.err);
}
