//! `frontdesk agent`, `team` and `suppression`.

use super::desk::{CliDesk, redacted};

#[tokio::test]
async fn agents_are_added_listed_barred_and_let_in_again() {
    let desk = CliDesk::new().await;
    desk.run(&[
        "agent",
        "add",
        "ann",
        "Ann@agents.test",
        "--name",
        "Ann Lee",
        "--team",
        "support",
        "--team",
        "billing",
    ])
    .good();
    desk.run(&[
        "agent",
        "add",
        "bob",
        "bob@agents.test",
        "--role",
        "manager",
    ])
    .good();
    desk.run(&["agent", "disable", "bob"]).good();
    insta::assert_snapshot!(desk.run(&["agent", "list"]).good());
    desk.run(&["agent", "enable", "bob"]).good();
    assert!(!desk.run(&["agent", "list"]).good().contains("disabled"));
}

#[tokio::test]
async fn a_customer_may_become_an_agent_and_a_handle_belongs_to_one() {
    let desk = CliDesk::new().await;
    desk.deliver(&super::desk::mail("carla@customer.test", "Hello", "Hi"));
    desk.process().await;
    desk.run(&["agent", "add", "carla", "carla@customer.test"])
        .good();
    assert_eq!(
        desk.number("SELECT count(*) FROM person WHERE role = 'agent' AND handle = 'carla'")
            .await,
        1
    );
    let ran = desk.run(&["agent", "add", "Carla", "other@customer.test"]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.err.contains("the handle Carla belongs to"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn what_cannot_be_an_agent_is_refused_with_what_would_be_right() {
    let desk = CliDesk::new().await;
    for (arguments, says) in [
        (&["agent", "add", "ann", "ann"][..], "`ann` is no address"),
        (
            &["agent", "add", "a b", "ann@agents.test"],
            "`a b` is no handle",
        ),
        (
            &["agent", "add", "ann", "support@desk.test"],
            "an address of the desk itself",
        ),
        (
            &["agent", "add", "ann", "ann@agents.test", "--team", "suport"],
            "there is no team `suport`",
        ),
        (
            &["agent", "disable", "nobody"],
            "there is no agent `nobody`",
        ),
        (
            &["team", "add", "support", "nobody"],
            "there is no agent `nobody`",
        ),
        (
            &["suppression", "lift", "carla@customer.test"],
            "is not suppressed",
        ),
    ] {
        let ran = desk.run(arguments);
        assert_eq!(ran.status, 1, "{ran:#?}");
        assert!(ran.err.contains(says), "{ran:#?}");
    }
    assert_eq!(desk.number("SELECT count(*) FROM person").await, 0);
}

#[tokio::test]
async fn teams_are_listed_with_their_members() {
    let desk = CliDesk::new().await;
    desk.run(&["agent", "add", "ann", "ann@agents.test"]).good();
    desk.run(&[
        "agent",
        "add",
        "bob",
        "bob@agents.test",
        "--team",
        "billing",
    ])
    .good();
    desk.run(&["team", "add", "support", "ann", "--lead"])
        .good();
    desk.run(&["team", "add", "support", "bob"]).good();
    desk.run(&["team", "remove", "billing", "bob"]).good();
    insta::assert_snapshot!(desk.run(&["team", "list"]).good());
    let ran = desk.run(&["team", "remove", "billing", "bob"]);
    assert!(ran.err.contains("bob is not in billing"), "{}", ran.err);
}

#[tokio::test]
async fn a_suppressed_address_is_listed_and_lifted() {
    let desk = CliDesk::new().await;
    assert_eq!(
        desk.run(&["suppression", "list"]).good(),
        "No address is suppressed.\n"
    );
    desk.sql("INSERT INTO suppression (address, reason, created_at) VALUES ('carla@customer.test', '550 5.1.1 no such user', now())").await;
    insta::assert_snapshot!(redacted(
        &desk.run(&["suppression", "list"]).good(),
        desk.folder.path()
    ));
    desk.run(&["suppression", "lift", "Carla@customer.test"])
        .good();
    assert_eq!(
        desk.run(&["suppression", "list"]).good(),
        "No address is suppressed.\n"
    );
}
