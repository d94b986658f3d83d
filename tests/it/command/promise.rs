//! What was promised, as it is told by command.

use chrono::TimeDelta;

use super::Bench;

#[tokio::test]
async fn a_ticket_says_what_was_promised_and_how_its_clocks_stand() {
    let bench = Bench::new().await;
    let said = bench.ann("sla #").await;
    assert!(
        said.contains("First response within 4 h (target for priority medium)"),
        "{said}"
    );
    assert!(said.contains("Resolution within 24 h"), "{said}");
    assert!(said.contains("No target here: next response"), "{said}");
    let said = bench.ann("show #").await;
    assert!(said.contains("First response: due 20"), "{said}");

    // Opened at 9:00; the first response is due at 13:00 and comes at 15:00.
    bench
        .desk
        .advance(bench.ticket.opened_at + TimeDelta::hours(6) - bench.desk.now());
    let said = bench.ann("show #").await;
    assert!(
        said.contains("First response: overdue since 2026-11-20 13:00"),
        "{said}"
    );
    let said = bench.ann("sla #").await;
    assert!(
        said.contains("Overdue since 2026-11-20 13:00, 2 h late"),
        "{said}"
    );
    bench.ann("reply # We look into it.").await;
    bench.ann("status # waiting_on_customer").await;
    let said = bench.ann("sla #").await;
    assert!(
        said.contains("Met 2026-11-20 15:00, after 6 h: 2 h late"),
        "{said}"
    );
    assert!(
        said.contains("Stood still from 2026-11-20 15:00: it waits for the customer"),
        "{said}"
    );
    assert!(
        said.contains("6 h used, 18 h left; it stands still"),
        "{said}"
    );
    bench.close().await;
}

#[tokio::test]
async fn a_customer_is_told_nothing_of_targets() {
    let bench = Bench::new().await;
    let line = format!("sla {}", bench.number());
    let told = bench.desk.command(&bench.carla, &line).await;
    assert!(told.is_err(), "{told:?}");
    let line = format!("show {}", bench.number());
    let said = bench
        .desk
        .command(&bench.carla, &line)
        .await
        .unwrap()
        .plain();
    assert!(!said.contains("response"), "{said}");
    bench.close().await;
}
