//! What customers see and may do.

use super::{Bench, request};

#[tokio::test]
async fn a_customer_sees_their_ticket_without_what_is_internal() {
    let bench = Bench::new().await;
    bench.ann("take #").await;
    bench.ann("note # secretnote").await;
    bench.ann("reply # Which browser is it?").await;
    let line = format!("show {} --all", bench.number());
    let reply = bench.desk.command(&bench.carla, &line).await.unwrap();
    let all = format!("{}{}", reply.text, reply.data);
    assert!(
        all.contains("The export is empty") && all.contains("Which browser"),
        "{all}"
    );
    for hidden in ["secretnote", "support", "medium", "agents.test", "assignee"] {
        assert!(!all.contains(hidden), "{hidden} in {all}");
    }
    let staff = bench.desk.command(&bench.ann, &line).await.unwrap();
    assert!(staff.text.contains("secretnote"));
    bench.close().await;
}

#[tokio::test]
async fn somebody_elses_ticket_does_not_exist_for_a_customer() {
    let bench = Bench::new().await;
    bench.desk.receive(&request("Dora", "Another matter")).await;
    let dora = bench.desk.person("dora@customer.test").await;
    for line in ["show NUMBER", "reopen NUMBER", "comment NUMBER hello"] {
        let foreign = line.replace("NUMBER", bench.number());
        let missing = line.replace("NUMBER", "TKT-0");
        let foreign = bench.desk.command(&dora, &foreign).await.unwrap_err();
        let missing = bench.desk.command(&dora, &missing).await.unwrap_err();
        assert_eq!(
            foreign
                .to_string()
                .replace(bench.number(), "TKT-0")
                .replace('^', ""),
            missing.to_string().replace('^', "")
        );
    }
    bench.close().await;
}

#[tokio::test]
async fn a_customer_speaks_and_reopens_on_their_own_ticket() {
    let bench = Bench::new().await;
    bench.ann("resolve #").await;
    bench.desk.take_mail().await;
    let reopen = format!("reopen {}", bench.number());
    bench.desk.command(&bench.carla, &reopen).await.unwrap();
    assert_eq!(bench.desk.ticket().await.status, "reopened");
    let line = format!("comment {} It is still empty.", bench.number());
    bench.desk.command(&bench.carla, &line).await.unwrap();
    assert_eq!(
        bench.desk.comments(bench.ticket.id).await.last().unwrap(),
        "public customer: It is still empty."
    );
    bench.close().await;
}

#[tokio::test]
async fn a_customer_opens_tickets_for_themselves_only() {
    let bench = Bench::new().await;
    bench
        .desk
        .command(&bench.carla, "open It hangs again")
        .await
        .unwrap();
    assert_eq!(bench.desk.tickets().await[1].requester_id, bench.carla.id);
    let line = "open It hangs --requester dora@customer.test";
    let error = bench.desk.command(&bench.carla, line).await.unwrap_err();
    assert_eq!(error.what, "Only staff open tickets for somebody else.");
    bench.close().await;
}

#[tokio::test]
async fn staff_without_rights_is_a_customer() {
    let bench = Bench::new().await;
    let mut ann = bench.ann.clone();
    ann.disabled = true;
    let line = format!("take {}", bench.number());
    let error = bench.desk.command(&ann, &line).await.unwrap_err();
    assert_eq!(error.what, "`take` is for agents, managers and admins.");
    bench.close().await;
}
