//! One change to many tickets.

use chrono::TimeDelta;
use frontdesk::command::{Fault, Reply};
use frontdesk::people::Person;
use serde_json::Value;

use super::{Bench, request};

/// Tickets of Dora's with the tag `outage`, as many as wanted, besides Carla's.
async fn outage(bench: &Bench, count: usize) -> Vec<String> {
    let mut numbers = Vec::new();
    for n in 1..=count {
        let subject = format!("Outage {n}");
        bench.desk.receive(&request("Dora", &subject)).await;
        let number = bench.desk.tickets().await.pop().unwrap().number;
        give(bench, &bench.ann, &format!("tag {number} outage")).await;
        numbers.push(number);
    }
    bench.desk.take_mail().await;
    bench.desk.advance(TimeDelta::minutes(5));
    numbers
}

async fn give(bench: &Bench, who: &Person, line: &str) -> Reply {
    match bench.desk.command(who, line).await {
        Ok(reply) => reply,
        Err(error) => panic!("{line}: {error}"),
    }
}

fn counts(reply: &Reply) -> [u64; 5] {
    ["done", "unchanged", "failed", "left_out", "new"]
        .map(|key| reply.data[key].as_u64().unwrap_or_default())
}

#[tokio::test]
async fn nothing_is_done_before_it_is_confirmed_and_then_to_those_that_were_shown() {
    let bench = Bench::new().await;
    let numbers = outage(&bench, 3).await;
    let shown = give(&bench, &bench.ann, "bulk --tag outage priority high").await;
    assert_eq!(shown.data["count"], 3);
    assert!(shown.plain().contains(&numbers[0]), "{}", shown.plain());
    let priorities = async || -> Vec<String> {
        let tickets = bench.desk.tickets().await;
        tickets.into_iter().map(|ticket| ticket.priority).collect()
    };
    assert_eq!(priorities().await, ["medium"; 4]);

    // Meanwhile one does not fit any more, another has it already, and a third fits by now.
    give(&bench, &bench.bob, &format!("tag {} -outage", numbers[0])).await;
    give(&bench, &bench.bob, &format!("priority {} high", numbers[1])).await;
    give(
        &bench,
        &bench.bob,
        &format!("tag {} outage", bench.number()),
    )
    .await;

    let confirm = shown.offers[0].line.clone();
    let foreign = bench.desk.command(&bench.bob, &confirm).await.unwrap_err();
    assert_eq!(foreign.fault, Fault::Refused);
    assert_eq!(priorities().await, ["medium", "medium", "high", "medium"]);

    let done = give(&bench, &bench.ann, &confirm).await;
    assert_eq!(counts(&done), [1, 1, 0, 1, 1], "{}", done.plain());
    assert_eq!(priorities().await, ["medium", "medium", "high", "high"]);
    assert!(
        done.plain().contains("does not fit any more"),
        "{}",
        done.plain()
    );
    let last = &bench.desk.tickets().await[3];
    let events = bench.desk.events(last.id).await;
    let changes = events
        .iter()
        .filter(|event| event.starts_with("priority_changed"));
    assert_eq!(changes.count(), 1, "{events:?}");

    // Saying it twice does it once.
    let again = give(&bench, &bench.ann, &confirm).await;
    assert_eq!(again.data["done"], 1);
    assert_eq!(bench.desk.events(last.id).await, events);
    bench.close().await;
}

#[tokio::test]
async fn each_ticket_that_fails_is_named_and_holds_up_no_other() {
    let bench = Bench::new().await;
    let numbers = outage(&bench, 3).await;
    give(&bench, &bench.ann, &format!("close {}", numbers[1])).await;
    let shown = give(
        &bench,
        &bench.ann,
        "bulk --tag outage --all status in_progress Back at work",
    )
    .await;
    let done = give(&bench, &bench.ann, &shown.offers[0].line).await;
    assert_eq!(counts(&done), [2, 0, 1, 0, 0], "{}", done.plain());
    let trouble = done.data["trouble"].as_array().unwrap();
    assert_eq!(trouble.len(), 1);
    assert_eq!(trouble[0]["number"], Value::from(numbers[1].as_str()));
    bench.close().await;
}

#[tokio::test]
async fn what_many_tickets_cannot_have_in_common_is_refused_before_anything_is_shown() {
    let bench = Bench::new().await;
    outage(&bench, 1).await;
    for (line, word) in [
        ("bulk --tag outage", "What is to be done"),
        ("bulk close", "Which tickets"),
        ("bulk --tag outage show", "no change"),
        ("bulk --tag outage edit 1 x", "no change"),
        ("bulk --tag outage list", "no change"),
        ("bulk --tag outage bulk --tag x close", "no change"),
        ("bulk --tag outage priority hihg", ""),
        ("bulk --tag outage clsoe", "no command"),
        ("bulk --tag nothing close", "No ticket fits"),
        ("bulk --yes nothing", "shown no change"),
        ("bulk --yes x close", "stand alone"),
    ] {
        let done = bench.desk.command(&bench.ann, line).await;
        match word {
            // Whether the desk knows the word is looked at with the ticket; each says so.
            "" => assert!(done.is_ok(), "{line}"),
            word => {
                let error = done.expect_err(line);
                assert!(error.what.contains(word), "{line}: {error}");
            }
        }
    }
    bench.close().await;
}

#[tokio::test]
async fn a_bulk_change_is_taken_back_within_the_undo_time() {
    let bench = Bench::new().await;
    let numbers = outage(&bench, 3).await;
    let shown = give(&bench, &bench.ann, "bulk --tag outage due tomorrow 17:00").await;
    let done = give(&bench, &bench.ann, &shown.offers[0].line).await;
    let due = async || -> Vec<bool> {
        let tickets = bench.desk.tickets().await;
        tickets[1..]
            .iter()
            .map(|ticket| ticket.due_at.is_some())
            .collect()
    };
    assert_eq!(due().await, [true, true, true]);
    bench.desk.advance(TimeDelta::seconds(1));
    give(&bench, &bench.ann, &format!("due {} in 3 days", numbers[0])).await;
    let undone = give(&bench, &bench.ann, &done.offers[0].line).await;
    assert_eq!(undone.data["undone"], 2, "{}", undone.plain());
    assert_eq!(due().await, [true, false, false]);

    let shown = give(&bench, &bench.ann, "bulk --tag outage priority low").await;
    let done = give(&bench, &bench.ann, &shown.offers[0].line).await;
    bench.desk.advance(TimeDelta::hours(1));
    let late = bench.desk.command(&bench.ann, &done.offers[0].line).await;
    assert!(late.unwrap_err().what.contains("within the last"));
    bench.close().await;
}

#[tokio::test]
async fn more_than_a_transaction_should_hold_is_done_in_several() {
    let bench = Bench::new().await;
    let copies = "INSERT INTO ticket (number, subject, priority, status, status_kind, requester_id, tags, source, opened_at, updated_at)
        SELECT 'COPY-' || n, 'Copy ' || n, priority, status, status_kind, requester_id, '{copy}', source, opened_at, updated_at
        FROM ticket, generate_series(1, 250) AS n";
    sqlx::query(copies)
        .execute(&bench.desk.app.pool)
        .await
        .unwrap();
    let shown = give(&bench, &bench.ann, "bulk --tag copy priority high").await;
    assert_eq!(shown.data["count"], 250);
    let begun = give(&bench, &bench.ann, &shown.offers[0].line).await;
    assert_eq!(begun.data["done"], 100);
    assert_eq!(begun.data["waiting"], 150);
    bench
        .desk
        .tick_at(bench.desk.now() + TimeDelta::seconds(5))
        .await;
    let through = give(&bench, &bench.ann, &shown.offers[0].line).await;
    assert_eq!(through.data["done"], 250, "{}", through.plain());
    let told = bench.desk.take_mail().await;
    let told: Vec<String> = told
        .iter()
        .filter(|mail| mail.to == "ann@agents.test")
        .map(|mail| mail.text().to_owned())
        .collect();
    assert!(
        told.iter().any(|text| text.contains("250 tickets")),
        "{told:?}"
    );
    bench.close().await;
}
