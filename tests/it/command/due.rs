//! When tickets are due, and which of them are.

use chrono::TimeDelta;

use super::Bench;

#[tokio::test]
async fn a_due_time_is_said_back_changed_and_taken_away() {
    let bench = Bench::new().await;
    // Friday 20 November 2026, nine o'clock; the desk lives by UTC.
    let said = bench.ann("due # tomorrow 17:00").await;
    assert!(said.contains("Sat 21 Nov 2026, 17:00 UTC"), "{said}");
    let due = async || bench.desk.ticket().await.due_at.map(|at| at.to_rfc3339());
    assert_eq!(due().await.as_deref(), Some("2026-11-21T17:00:00+00:00"));
    bench.ann("due # in 3 days").await;
    assert_eq!(
        bench.desk.ticket().await.due_at,
        Some(bench.desk.now() + TimeDelta::days(3))
    );
    bench.ann("undo #").await;
    assert_eq!(due().await.as_deref(), Some("2026-11-21T17:00:00+00:00"));
    bench.ann("due # by 2026-12-24").await;
    assert_eq!(due().await.as_deref(), Some("2026-12-24T09:00:00+00:00"));
    let said = bench.ann("due # none").await;
    assert!(said.contains("no time any more"), "{said}");
    assert_eq!(due().await, None);
    for line in [
        "due # soon",
        "due # every monday",
        "due # friday please",
        "due #",
    ] {
        let line = line.replace('#', bench.number());
        let error = bench.desk.command(&bench.ann, &line).await.unwrap_err();
        assert!(error.mark.is_some(), "{line}: {error}");
    }
    assert_eq!(due().await, None);
    bench.close().await;
}

#[tokio::test]
async fn lists_ask_for_days_weeks_and_moments() {
    let bench = Bench::new().await;
    bench.ann("due # tomorrow 17:00").await;
    let listed = async |option: &str| {
        bench
            .ann(&format!("list {option}"))
            .await
            .contains(bench.number())
    };
    for fits in [
        "--due tomorrow",
        "--due week",
        "--due 2026-11-21",
        "--due 2026-11-20..2026-11-22",
        "--due month",
        "--due \"monday 8:00\"",
        "--due \"before 2026-11-22\"",
    ] {
        assert!(listed(fits).await, "{fits}");
    }
    for misses in [
        "--due today",
        "--due next-week",
        "--due \"tomorrow 16:00\"",
        "--due none",
        "--overdue",
    ] {
        assert!(!listed(misses).await, "{misses}");
    }
    bench.desk.advance(TimeDelta::days(2));
    assert!(listed("--overdue").await);
    bench.ann("due # none").await;
    assert!(listed("--due none").await);
    let error = bench.desk.command(&bench.ann, "list --due whenever").await;
    assert!(error.unwrap_err().what.contains("no time"));
    bench.close().await;
}

#[tokio::test]
async fn a_ticket_is_opened_with_everything_that_is_known_of_it() {
    let bench = Bench::new().await;
    let line = "open --priority high --team billing --due \"friday 14:00\" --tag vip --tag outage Invoice is wrong\nPlease look";
    bench.ann(line).await;
    let ticket = bench.desk.tickets().await.pop().unwrap();
    assert_eq!(
        (
            ticket.subject.as_str(),
            ticket.priority.as_str(),
            ticket.team.as_deref()
        ),
        ("Invoice is wrong", "high", Some("billing"))
    );
    assert_eq!(ticket.tags, ["outage", "vip"]);
    assert_eq!(
        ticket.due_at.map(|at| at.to_rfc3339()).as_deref(),
        Some("2026-11-20T14:00:00+00:00")
    );
    let refused = bench
        .desk
        .command(&bench.carla, "open --priority urgent Help")
        .await;
    assert!(refused.unwrap_err().what.contains("is for agents"));
    bench.close().await;
}
