//! I8 and numbers: many at once, on the real processor.

use std::collections::BTreeSet;
use std::time::Duration;

use super::request;
use crate::harness::Desk;

/// Several copies of the processor work until nothing waits.
async fn process_by(copies: usize, desk: &Desk) {
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..copies {
        let processor = desk.app.processor();
        running.spawn(async move { while processor.step().await.unwrap() > 0 {} });
    }
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
}

async fn hundred_numbers(format: &str, matches: impl Fn(&str) -> bool) {
    let mailbox = format!(
        "[[mailbox]]\nname = \"many\"\naddress = \"many@desk.test\"\npipe = true\nnumber = \"{format}\"\n{}\n\
         [caps]\nanswers_per_minute = 1000\n",
        if format.contains("project") {
            "fields = { project = \"Apollo 11\" }"
        } else {
            ""
        }
    );
    let desk = Desk::of("post-production", &mailbox).await;
    desk.agent("ann", Some("vfx")).await;
    for n in 0..100 {
        let mail = request(
            &format!("p{n}@customer.test"),
            &format!("{n}@customer.test"),
            "Matter",
            "Text",
        );
        desk.store_in("many", &mail).await;
    }
    process_by(4, &desk).await;
    let fates = desk.fates().await;
    assert!(
        fates.iter().all(|fate| fate == "processed"),
        "{format}: {fates:?}"
    );
    let numbers: BTreeSet<String> = desk
        .tickets()
        .await
        .into_iter()
        .map(|ticket| ticket.number)
        .collect();
    assert_eq!(numbers.len(), 100, "{format}");
    assert!(
        numbers.iter().all(|number| matches(number)),
        "{format}: {numbers:?}"
    );
    let attempts: i32 = sqlx::query_scalar("SELECT max(attempt) FROM inbound_mail")
        .fetch_one(&desk.app.pool)
        .await
        .unwrap();
    assert_eq!(attempts, 1, "{format}: none was tried twice");
    desk.take_mail().await;
    desk.close().await;
}

fn digits(text: &str, count: std::ops::RangeInclusive<usize>) -> bool {
    count.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_tickets_at_once_have_numbers_of_their_own_counted_by_date() {
    hundred_numbers("TKT-{date}-{seq:4}", |number| {
        number
            .strip_prefix("TKT-20261120-")
            .is_some_and(|rest| digits(rest, 4..=4))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_tickets_at_once_have_numbers_of_their_own_counted_by_project() {
    hundred_numbers("TICK-{project}-{seq}", |number| {
        number
            .strip_prefix("TICK-APOLLO11-")
            .is_some_and(|rest| digits(rest, 1..=3))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_tickets_at_once_have_numbers_of_their_own_without_separators() {
    hundred_numbers("TKT{date}{seq:3}", |number| {
        number
            .strip_prefix("TKT20261120")
            .is_some_and(|rest| digits(rest, 3..=3))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_tickets_at_once_have_numbers_of_their_own_by_chance() {
    hundred_numbers("TKT-{random:6}", |number| {
        number
            .strip_prefix("TKT-")
            .is_some_and(|rest| rest.len() == 6 && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_waits_for_no_other_opening() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    desk.receive(&request(
        "a@customer.test",
        "a@customer.test",
        "First",
        "Text",
    ))
    .await;
    // An opening of today that does not end: it holds its ticket's row, not the counter.
    let mut held = desk.app.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM ticket FOR UPDATE")
        .execute(&mut *held)
        .await
        .unwrap();
    desk.store(&request(
        "b@customer.test",
        "b@customer.test",
        "Second",
        "Text",
    ))
    .await;
    let processed = tokio::time::timeout(Duration::from_secs(30), desk.process()).await;
    assert!(processed.is_ok(), "the second opening waited for the first");
    held.rollback().await.unwrap();
    let numbers: Vec<_> = desk
        .tickets()
        .await
        .into_iter()
        .map(|ticket| ticket.number)
        .collect();
    assert_eq!(numbers, ["TKT-20261120-0001", "TKT-20261120-0002"]);
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i8_several_workers_make_one_ticket_of_each_mail() {
    let desk = Desk::open_with("[caps]\nanswers_per_minute = 1000\n").await;
    desk.agent("ann", Some("support")).await;
    for n in 0..60 {
        let from = format!("p{}@customer.test", n % 20);
        desk.store(&request(
            &from,
            &format!("{n}@customer.test"),
            "Matter",
            &format!("Text {n}"),
        ))
        .await;
    }
    process_by(4, &desk).await;
    assert_eq!(desk.tickets().await.len(), 60);
    assert_eq!(desk.count("comment").await, 60);
    assert_eq!(desk.count("person WHERE role = 'customer'").await, 20);
    assert_eq!(desk.fates().await, vec!["processed"; 60]);
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i8_the_same_mail_fetched_twice_at_once_is_one() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    let mails: Vec<String> = (0..20)
        .map(|n| {
            request(
                "a@customer.test",
                &format!("{n}@customer.test"),
                "Matter",
                &format!("Text {n}"),
            )
        })
        .collect();
    let there: Vec<(u32, &str)> = (1..).zip(mails.iter().map(String::as_str)).collect();
    let mut back = there.clone();
    back.reverse();
    tokio::join!(
        desk.fetch("support", 7, &there),
        desk.fetch("support", 8, &back)
    );
    process_by(2, &desk).await;
    assert_eq!(desk.count("inbound_mail").await, 20);
    assert_eq!(desk.count("inbound_delivery").await, 40);
    assert_eq!(desk.tickets().await.len(), 20);
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_among_the_same_people_and_with_the_same_files_do_not_lock_each_other_out() {
    let desk = Desk::open_with("[caps]\nanswers_per_minute = 1000\n").await;
    desk.agent("ann", Some("support")).await;
    for n in 0..48 {
        // Everybody writes to everybody, in ever another order, with the same two files.
        let people: Vec<String> = (0..8)
            .map(|m| format!("p{}@round{}.test", (n * 3 + m * 5) % 8, n / 8))
            .collect();
        let (first, second) = if n % 2 == 0 {
            ("one", "two")
        } else {
            ("two", "one")
        };
        let file = |name: &str| {
            format!(
                "--b\nContent-Type: text/x-thing\nContent-Disposition: attachment; filename={name}\n\n{name} of {}\n",
                n / 8
            )
        };
        let mail = format!(
            "From: {}\nTo: support@desk.test, {}\nSubject: Round\nMessage-ID: <{n}@round.test>\nMIME-Version: 1.0\n\
             Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nText {n}\n{}{}--b--\n",
            people[0],
            people[1..].join(", "),
            file(first),
            file(second),
        );
        desk.store(&mail).await;
    }
    process_by(4, &desk).await;
    let attempts: Vec<(i32, String)> = sqlx::query_as("SELECT attempt, state FROM inbound_mail")
        .fetch_all(&desk.app.pool)
        .await
        .unwrap();
    assert!(
        attempts
            .iter()
            .all(|row| *row == (1, "processed".to_owned())),
        "{attempts:?}"
    );
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_that_several_workers_raise_at_once_is_one() {
    let desk = Desk::open().await;
    for n in 0..40 {
        let spam = request(
            "s@hostile.test",
            &format!("{n}@hostile.test"),
            "Win",
            "money",
        )
        .replace("Subject:", "X-Spam-Flag: YES\nSubject:");
        desk.store(&spam).await;
    }
    process_by(4, &desk).await;
    assert_eq!(
        desk.count("inbound_mail WHERE state = 'quarantined' AND attempt = 1")
            .await,
        40
    );
    assert_eq!(desk.take_one().await.to, "operator@desk.test");
    desk.close().await;
}
