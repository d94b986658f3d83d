//! `frontdesk schedule`.

use super::desk::{CliDesk, mail};

#[tokio::test]
async fn a_schedule_is_listed_tried_and_run() {
    let desk = CliDesk::new().await;
    let list = desk.run(&["schedule", "list"]).good();
    assert!(
        list.starts_with("follow_ups: */5 * * * * (UTC)\n"),
        "{list}"
    );
    assert!(list.contains("\n    last   never\n    next   "), "{list}");

    desk.run(&["agent", "add", "ann", "ann@agents.test"]).good();
    desk.deliver(&mail("Carla <carla@customer.test>", "Export", "Hi"));
    desk.process().await;
    desk.sql("UPDATE ticket SET status = 'resolved', status_kind = 'resolved', resolved_at = '2025-11-20 09:00Z'")
        .await;
    let run = |more: &[&'static str]| {
        let mut arguments = vec!["schedule", "run", "follow_ups", "--at"];
        arguments.extend(more);
        desk.run(&arguments)
    };
    let closed = "SELECT count(*) FROM ticket WHERE status = 'closed'";
    let early = run(&["2025-11-22T08:59:59Z", "--dry-run"]).good();
    assert_eq!(early, "Nothing is due.\n");
    let tried = run(&["2025-11-22T09:00:00Z", "--dry-run"]).good();
    assert!(tried.starts_with("It would have done this, and nothing was changed:\n    closed "));
    assert_eq!(desk.number(closed).await, 0);
    let done = run(&["2025-11-22T09:00:00Z"]).good();
    assert!(done.starts_with("Done:\n    closed "), "{done}");
    assert_eq!(desk.number(closed).await, 1);

    let again = run(&["2025-11-22T09:00:00Z"]);
    assert_eq!(again.status, 1);
    assert!(again.err.contains("ran already"), "{}", again.err);
    let list = desk.run(&["schedule", "list"]).good();
    assert!(
        list.contains("\n    last   2025-11-22 09:00, ran, 1 done\n"),
        "{list}"
    );

    // What is to come may be looked at, and not taken ahead of its time.
    let ahead = run(&["2099-01-01T09:00:00Z"]);
    assert_eq!(ahead.status, 1);
    assert!(ahead.err.contains("--dry-run shows"), "{}", ahead.err);
    assert_eq!(run(&["2099-01-01T09:00:00Z", "--dry-run"]).status, 0);
    assert_eq!(desk.run(&["schedule", "list"]).good(), list);

    let unknown = desk.run(&["schedule", "run", "nightly"]);
    assert_eq!(unknown.status, 1);
    assert!(
        unknown
            .err
            .contains("there is no schedule nightly; there are follow_ups"),
        "{}",
        unknown.err
    );
}
