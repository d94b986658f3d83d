//! What a ticket says of itself, and who is around it.

use super::Bench;

#[tokio::test]
async fn what_a_ticket_says_of_itself_is_changed() {
    let bench = Bench::new().await;
    let said = bench.ann("priority # High she is loud").await;
    assert_eq!(said, format!("{}: priority is high now.", bench.number()));
    let said = bench.ann("priority # high").await;
    assert!(said.starts_with("Nothing changes"), "{said}");
    let said = bench.ann("category # billing").await;
    assert!(
        said.ends_with("category is billing now; it is with billing."),
        "{said}"
    );
    bench.ann("category # none").await;
    let said = bench.ann("tag # vip +Late -vip").await;
    assert!(said.ends_with("tags are late now."), "{said}");
    bench.ann("subject # The \"export\" is empty").await;
    let ticket = bench.desk.ticket().await;
    assert_eq!(ticket.subject, "The \"export\" is empty");
    assert_eq!((ticket.priority.as_str(), ticket.category), ("high", None));
    assert_eq!(ticket.tags, ["late"]);
    bench.close().await;
}

#[tokio::test]
async fn people_are_brought_in_and_left_out() {
    let bench = Bench::new().await;
    let said = bench.ann("watch # bob").await;
    assert_eq!(said, format!("bob watches {}.", bench.number()));
    assert!(bench.ann("watch #").await.starts_with("ann watches"));
    let said = bench.ann("unwatch # bob").await;
    assert_eq!(said, format!("bob no longer watches {}.", bench.number()));
    let said = bench.ann("cc add # Dora@customer.test").await;
    assert!(said.starts_with("dora@customer.test takes part"), "{said}");
    let dora = bench.desk.person("dora@customer.test").await;
    let line = format!("comment {} Me too", bench.number());
    bench.desk.command(&dora, &line).await.unwrap();
    bench.ann("cc remove # dora@customer.test").await;
    let error = bench.desk.command(&dora, &line).await.unwrap_err();
    assert!(error.what.starts_with("There is no ticket"), "{error}");
    bench.ann("requester # dora@customer.test").await;
    assert_eq!(bench.desk.ticket().await.requester_id, dora.id);
    bench.close().await;
}
