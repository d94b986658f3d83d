//! `frontdesk inbound`.

use super::desk::{CliDesk, mail, redacted};

const MARKED: &str = "From: Carla <carla@customer.test>\r\nTo: support@desk.test\r\nSubject: Lottery\r\n\
                      Message-ID: <spam@mail.test>\r\nX-Spam-Flag: YES\r\n\r\nNo, really: my order is missing.\r\n";

#[tokio::test]
async fn the_list_says_what_became_of_each_mail_and_why() {
    let desk = CliDesk::new().await;
    desk.deliver(&mail(
        "Carla <carla@customer.test>",
        "The export is empty",
        "Hi",
    ));
    desk.deliver(MARKED);
    desk.process().await;
    let list = desk.run(&["inbound", "list"]).good();
    insta::assert_snapshot!(redacted(&list, desk.folder.path()));
    let held = desk
        .run(&["inbound", "list", "--state", "quarantined"])
        .good();
    assert_eq!(held.lines().count(), 2, "{held}");
    assert_eq!(
        desk.run(&["inbound", "list", "--state", "failed"]).good(),
        "No such mail.\n"
    );
    let one = desk.run(&["inbound", "list", "--limit", "1"]).good();
    assert!(
        one.ends_with("There are more; --limit NUMBER shows them.\n"),
        "{one}"
    );
}

#[tokio::test]
async fn a_mail_is_shown_with_its_fate_and_byte_for_byte() {
    let desk = CliDesk::new().await;
    desk.deliver(MARKED);
    desk.process().await;
    let shown = desk.run(&["inbound", "show", "1"]).good();
    insta::assert_snapshot!(redacted(&shown, desk.folder.path()));
    assert_eq!(desk.run(&["inbound", "show", "1", "--raw"]).good(), MARKED);
    let ran = desk.run(&["inbound", "show", "7"]);
    assert_eq!(ran.status, 1);
    assert!(ran.err.contains("there is no mail 7"), "{}", ran.err);
}

#[tokio::test]
async fn a_mail_held_back_as_spam_becomes_a_ticket_once_a_person_accepts_it() {
    let desk = CliDesk::new().await;
    desk.deliver(MARKED);
    desk.process().await;
    let again = desk.run(&["inbound", "replay", "1"]).good();
    assert!(
        again.starts_with("Mail 1: quarantined ("),
        "the reason still stands: {again}"
    );
    let out = desk.run(&["inbound", "replay", "--accept", "1"]).good();
    assert!(out.starts_with("Mail 1: processed, ticket TKT-"), "{out}");
    assert_eq!(desk.number("SELECT count(*) FROM ticket").await, 1);
    let ran = desk.run(&["inbound", "replay", "1"]);
    assert_eq!(ran.status, 1, "{ran:#?}");
    assert!(ran.err.contains("mail 1 is processed"), "{}", ran.err);
    assert_eq!(desk.number("SELECT count(*) FROM ticket").await, 1);
}

#[tokio::test]
async fn a_mail_over_its_senders_cap_becomes_a_ticket_once_a_person_accepts_it() {
    let desk = CliDesk::new().await;
    desk.configure(
        "[caps]\nmails_per_sender_per_hour = 1\n\
         [[mailbox]]\nname = \"support\"\naddress = \"support@desk.test\"\npipe = true\n",
    );
    desk.deliver(&mail("carla@customer.test", "One", "Hi"));
    desk.process().await;
    desk.deliver(&mail("carla@customer.test", "Two", "Hi"));
    desk.process().await;
    assert_eq!(
        desk.number("SELECT id FROM inbound_mail WHERE state = 'quarantined'")
            .await,
        2
    );
    let out = desk.run(&["inbound", "replay", "--accept", "2"]).good();
    assert!(out.starts_with("Mail 2: processed, ticket TKT-"), "{out}");
}

#[tokio::test]
async fn all_that_failed_is_worked_again() {
    let desk = CliDesk::new().await;
    desk.deliver(&mail("carla@customer.test", "One", "Hi"));
    desk.deliver(&mail("dora@customer.test", "Two", "Hi"));
    desk.sql("UPDATE inbound_mail SET state = 'failed', error = 'disk full', attempt = 5, settled_at = now()").await;
    let out = desk.run(&["inbound", "replay", "--failed"]).good();
    assert_eq!(
        out.lines()
            .filter(|line| line.contains(": processed, ticket TKT-"))
            .count(),
        2,
        "{out}"
    );
    assert_eq!(
        desk.run(&["inbound", "replay", "--failed"]).good(),
        "No mail failed.\n"
    );
}
