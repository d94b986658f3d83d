//! `frontdesk ticket`.

use super::desk::{CliDesk, mail, redacted};

/// A desk with an agent and a ticket.
async fn desk() -> (CliDesk, String) {
    let desk = CliDesk::new().await;
    desk.run(&[
        "agent",
        "add",
        "ann",
        "ann@agents.test",
        "--team",
        "support",
    ])
    .good();
    desk.deliver(&mail(
        "Carla <carla@customer.test>",
        "The export is empty",
        "Since last night.\r\n\u{1b}[2J",
    ));
    desk.process().await;
    let list = desk.run(&["ticket", "list"]).good();
    let number = list
        .lines()
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned();
    (desk, number)
}

#[tokio::test]
async fn a_ticket_is_worked_from_the_command_line() {
    let (desk, number) = desk().await;
    let number = number.as_str();
    desk.run(&["ticket", "assign", number, "ann"]).good();
    desk.pipe(
        &["ticket", "note", number, "--as", "ann"],
        b"She is on the old plan.\n",
    )
    .good();
    desk.pipe(
        &["ticket", "reply", number, "--as", "ann"],
        b"Please try again now.\n",
    )
    .good();
    desk.run(&["ticket", "team", number, "engineering", "--as", "ann"])
        .good();
    desk.run(&[
        "ticket", "status", number, "resolved", "--as", "ann", "--reason", "fixed",
    ])
    .good();
    assert_eq!(desk.run(&["ticket", "list"]).good(), "No tickets.\n");
    let list = desk.run(&["ticket", "list", "--all"]).good();
    let shown = desk.run(&["ticket", "show", &number.to_lowercase()]).good();
    insta::assert_snapshot!(redacted(&format!("{list}\n{shown}"), desk.folder.path()));
    let to_carla = desk.run(&["outbox", "list"]).good();
    assert!(to_carla.contains("comment_added_customer"), "{to_carla}");
    assert_eq!(
        desk.number("SELECT count(*) FROM outbox WHERE audience = 'customer' AND draft::text LIKE '%old plan%'").await,
        0
    );
}

#[tokio::test]
async fn what_the_desk_does_not_allow_is_refused_with_what_it_does() {
    let (desk, number) = desk().await;
    let number = number.as_str();
    desk.run(&["agent", "add", "bob", "bob@agents.test"]).good();
    desk.run(&["agent", "disable", "bob"]).good();
    for (arguments, says) in [
        (
            &["ticket", "status", number, "reopened", "--as", "ann"][..],
            "from `open` a ticket can't go to `reopened`; it can go to in_progress",
        ),
        (
            &["ticket", "status", number, "gone", "--as", "ann"],
            "there is no status `gone`",
        ),
        (
            &["ticket", "status", number, "closed", "--as", "carla"],
            "there is no agent `carla`",
        ),
        (
            &["ticket", "status", number, "closed", "--as", "bob"],
            "bob is disabled",
        ),
        (&["ticket", "assign", number, "bob"], "bob is disabled"),
        (
            &["ticket", "team", number, "suport"],
            "there is no team `suport`",
        ),
        (&["ticket", "show", "TKT-0"], "there is no ticket TKT-0"),
        (
            &["ticket", "reply", number, "--as", "ann"],
            "the text is empty",
        ),
    ] {
        let ran = desk.run(arguments);
        assert_eq!(ran.status, 1, "{ran:#?}");
        assert!(ran.err.contains(says), "{ran:#?}");
    }
    assert_eq!(
        desk.number("SELECT count(*) FROM event WHERE kind <> 'opened'")
            .await,
        0
    );
}
