//! Lists, searches, histories and transcripts, for staff and for customers.

use chrono::TimeDelta;

use super::{Bench, request};

#[tokio::test]
async fn tickets_are_listed_and_found() {
    let bench = Bench::new().await;
    bench.desk.receive(&request("Dora", "Another matter")).await;
    bench.ann("take #").await;
    let said = bench.ann("list").await;
    assert!(said.starts_with("2 tickets:"), "{said}");
    let said = bench.ann("list --mine --status \"In progress\"").await;
    assert!(
        said.starts_with("1 ticket:") && said.contains("The export is empty"),
        "{said}"
    );
    assert_eq!(
        bench.ann("list --unassigned --team billing").await,
        "No tickets."
    );
    bench.ann("resolve #").await;
    assert!(!bench.ann("list").await.contains("export"));
    assert!(bench.ann("list --all").await.contains("export"));
    assert!(bench.ann("search export").await.starts_with("1 ticket:"));
    let error = bench
        .desk
        .command(&bench.ann, "list --kind opne")
        .await
        .unwrap_err();
    assert_eq!(error.nearest.as_deref(), Some("open"));
    bench.close().await;
}

#[tokio::test]
async fn what_is_overdue_says_so_in_the_list() {
    let bench = Bench::new().await;
    let opened = bench.ticket.opened_at;
    assert!(!bench.ann("list").await.contains("overdue"));
    // The first answer is promised within 240 minutes.
    bench
        .desk
        .advance(opened + TimeDelta::minutes(240) - bench.desk.now());
    let said = bench.ann("list").await;
    assert!(said.contains(" Open, overdue, medium"), "{said}");
    let said = bench.desk.command(&bench.carla, "list").await.unwrap();
    assert!(!said.text.contains("overdue"), "{}", said.text);
    bench.ann("reply # We look into it.").await;
    assert!(!bench.ann("list").await.contains("overdue"));
    bench.ann("due # in 2 hours").await;
    bench.desk.advance(TimeDelta::hours(2));
    assert!(bench.ann("list").await.contains(", overdue, "));
    bench.ann("resolve #").await;
    assert!(!bench.ann("list --all").await.contains("overdue"));
    bench.close().await;
}

#[tokio::test]
async fn a_customer_lists_and_finds_what_is_theirs() {
    let bench = Bench::new().await;
    bench.desk.receive(&request("Dora", "Another matter")).await;
    bench.ann("note # secretnote").await;
    let say = async |line: &str| bench.desk.command(&bench.carla, line).await;
    let list = say("list").await.unwrap();
    assert!(list.text.contains("The export is empty") && !list.text.contains("Another matter"));
    for hidden in ["support", "medium"] {
        assert!(
            !format!("{}{}", list.text, list.data).contains(hidden),
            "{hidden}"
        );
    }
    assert_eq!(
        say("search secretnote").await.unwrap().plain(),
        "No tickets."
    );
    assert!(say("list --assignee ann").await.is_err());
    bench.close().await;
}

#[tokio::test]
async fn a_number_may_be_shortened_where_that_leaves_no_doubt() {
    let bench = Bench::new().await;
    let reply = bench.desk.command(&bench.ann, "take 1").await.unwrap();
    assert_eq!(reply.ticket, Some(bench.ticket.id));
    let error = bench
        .desk
        .command(&bench.carla, "show 2")
        .await
        .unwrap_err();
    assert!(error.what.starts_with("There is no ticket"), "{error}");
    bench.close().await;
}

#[tokio::test]
async fn what_happened_is_shown_and_written_into_a_file() {
    let bench = Bench::new().await;
    bench.ann("note # secretnote").await;
    bench.ann("priority # high").await;
    assert!(
        bench
            .ann("history #")
            .await
            .contains("priority changed: high, was medium")
    );
    let line = format!("transcript {} --format html", bench.number());
    let text =
        |reply: frontdesk::command::Reply| String::from_utf8(reply.file.unwrap().content).unwrap();
    let staff = text(bench.desk.command(&bench.ann, &line).await.unwrap());
    let carla = text(bench.desk.command(&bench.carla, &line).await.unwrap());
    assert!(staff.contains("secretnote") && carla.contains("Please help."));
    assert!(!carla.contains("secretnote") && !carla.contains("priority"));
    bench.close().await;
}
