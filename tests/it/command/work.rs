//! What staff does to a ticket.

use frontdesk::config::desk::StatusKind;
use frontdesk::people;

use super::Bench;
use crate::harness::to;

#[tokio::test]
async fn a_ticket_is_taken_given_away_and_let_go() {
    let bench = Bench::new().await;
    let said = bench.ann("take #").await;
    assert_eq!(
        said,
        format!("ann has {} now; it is In progress.", bench.number())
    );
    assert_eq!(bench.desk.ticket().await.assignee_id, Some(bench.ann.id));
    let said = bench.ann("take #").await;
    assert!(said.contains("already"), "{said}");

    bench.ann("assign # @Bob").await;
    assert_eq!(bench.desk.ticket().await.assignee_id, Some(bench.bob.id));
    let mails = bench.desk.take_mail().await;
    assert!(
        to(&mails, "bob@agents.test")
            .text()
            .contains(bench.number())
    );

    let said = bench.ann("unassign #").await;
    assert_eq!(said, format!("Nobody has {} now.", bench.number()));
    assert_eq!(bench.desk.ticket().await.assignee_id, None);
    bench.close().await;
}

#[tokio::test]
async fn a_ticket_is_handed_over_and_keeps_where_it_came_from() {
    let bench = Bench::new().await;
    let said = bench.ann("team # Engineering").await;
    assert!(
        said.contains("is with engineering now; it came from support"),
        "{said}"
    );
    let ticket = bench.desk.ticket().await;
    assert_eq!(ticket.team.as_deref(), Some("engineering"));
    assert_eq!(ticket.source_team.as_deref(), Some("support"));
    bench.close().await;
}

#[tokio::test]
async fn the_status_is_changed_by_key_by_name_and_by_its_own_words() {
    let bench = Bench::new().await;
    let said = bench
        .ann("status # \"Waiting on customer\" wants a screenshot")
        .await;
    assert_eq!(
        said,
        format!("{} went from Open to Waiting on customer.", bench.number())
    );
    let events = bench.desk.events(bench.ticket.id).await;
    assert_eq!(
        events.last().map(String::as_str),
        Some("status_changed status=waiting_on_customer (wants a screenshot)")
    );
    bench.ann("resolve #").await;
    assert_eq!(bench.desk.ticket().await.kind, StatusKind::Resolved);
    bench.ann("close # done").await;
    assert_eq!(bench.desk.ticket().await.kind, StatusKind::Closed);
    bench.ann("reopen #").await;
    assert_eq!(bench.desk.ticket().await.status, "reopened");
    bench.close().await;
}

#[tokio::test]
async fn a_reply_reaches_the_customer_and_a_note_does_not() {
    let bench = Bench::new().await;
    let said = bench
        .ann("note # She is on the \"old\" plan,\n-- so `mind` it")
        .await;
    assert!(said.contains("No customer sees it"), "{said}");
    let said = bench.ann("reply # Please try again\n\nAnn").await;
    assert!(
        said.contains("It goes to carla@customer.test in 10 seconds"),
        "{said}"
    );
    assert_eq!(
        bench.desk.comments(bench.ticket.id).await[1..],
        [
            "internal staff: She is on the \"old\" plan,\n-- so `mind` it",
            "public staff: Please try again\n\nAnn",
        ]
    );
    let mails = bench.desk.take_mail().await;
    let mail = to(&mails, "carla@customer.test");
    assert!(mail.text().contains("Please try again\n\nAnn"));
    assert!(!mail.text().contains("old"));
    bench.close().await;
}

#[tokio::test]
async fn a_ticket_is_opened_for_a_customer() {
    let bench = Bench::new().await;
    let line = "open The printer burns --category billing --requester dora@customer.test\nSince noon.\n\nIt is hot.";
    let reply = bench.desk.command(&bench.ann, line).await.unwrap();
    let tickets = bench.desk.tickets().await;
    let ticket = &tickets[1];
    assert_eq!(reply.ticket, Some(ticket.id));
    assert_eq!(ticket.subject, "The printer burns");
    assert_eq!(ticket.team.as_deref(), Some("billing"));
    assert_eq!(
        bench.desk.comments(ticket.id).await,
        ["public customer: Since noon.\n\nIt is hot."]
    );
    let mails = bench.desk.take_mail().await;
    assert!(
        to(&mails, "dora@customer.test")
            .subject()
            .contains(&ticket.number)
    );
    bench.close().await;
}

#[tokio::test]
async fn in_its_own_thread_the_ticket_is_left_out() {
    let bench = Bench::new().await;
    let thread = Some(bench.ticket.id);
    bench
        .desk
        .receive(&super::request("Dora", "Another matter"))
        .await;
    let other = bench.desk.tickets().await[1].clone();
    let say = async |line: &str| {
        bench
            .desk
            .command_in(&bench.ann, thread, line)
            .await
            .unwrap()
    };
    assert_eq!(say("take").await.ticket, thread);
    assert_eq!(say("assign bob").await.ticket, thread);
    assert_eq!(say("note 2 of them are broken").await.ticket, thread);
    assert_eq!(
        bench.desk.comments(bench.ticket.id).await.last().unwrap(),
        "internal staff: 2 of them are broken"
    );
    assert_eq!(
        say(&format!("take {}", other.number)).await.ticket,
        Some(other.id)
    );
    assert_eq!(
        say(&format!("note --ticket #{} look here", other.number))
            .await
            .ticket,
        Some(other.id)
    );
    bench.close().await;
}

#[tokio::test]
async fn a_failed_command_leaves_nothing_and_the_transaction_goes_on() {
    let bench = Bench::new().await;
    bench.ann("close #").await;
    let before = bench.desk.events(bench.ticket.id).await;
    let line = format!("status {} resolved", bench.number());
    let error = bench.desk.command(&bench.ann, &line).await.unwrap_err();
    assert!(error.what.contains("stays as it is"), "{error}");
    assert_eq!(bench.desk.events(bench.ticket.id).await, before);
    bench.close().await;
}

#[tokio::test]
async fn whoever_answers_is_told_whom_the_answer_does_not_reach() {
    let bench = Bench::new().await;
    let mut conn = bench.desk.app.pool.acquire().await.unwrap();
    people::store::suppress(
        &mut conn,
        bench.desk.now(),
        "carla@customer.test",
        "no such user",
        None,
    )
    .await
    .unwrap();
    drop(conn);
    let said = bench.ann("reply # It is fixed.").await;
    assert!(said.contains("goes to nobody"), "{said}");
    assert!(
        said.contains(
            "It does not reach carla@customer.test: mail to this address came back for good"
        ),
        "{said}"
    );
    bench.close().await;
}

#[tokio::test]
async fn an_answer_that_waits_goes_to_the_customers_whom_the_ticket_has_by_then() {
    let bench = Bench::new().await;
    bench.ann("cc add # dan@customer.test").await;
    bench.ann("reply # It is fixed.").await;
    bench.ann("requester # dora@customer.test").await;
    bench.ann("cc remove # dan@customer.test").await;
    let mails = bench.desk.take_mail().await;
    let answer = to(&mails, "dora@customer.test");
    assert!(answer.text().contains("It is fixed."));
    assert_eq!(answer.mail.mail.to[0].address, "dora@customer.test");
    // Carla wrote to it, and goes on taking part.
    assert_eq!(answer.mail.mail.cc[0].address, "carla@customer.test");
    let customers: Vec<&str> = mails
        .iter()
        .map(|mail| mail.to.as_str())
        .filter(|to| to.ends_with("@customer.test"))
        .collect();
    assert_eq!(customers.len(), 2, "{customers:?}");
    assert!(!customers.contains(&"dan@customer.test"));
    bench.close().await;
}
