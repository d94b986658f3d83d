//! Endings by mail: how it was, in a number; and whether the matter is settled.

use super::{CARLA, asked};
use crate::field::{reply, reply_without_token};
use crate::harness::{Desk, Sent, to};

const ADDRESS: &str = "carla@customer.test";

/// The closing mail of a ticket that Ann resolves.
async fn resolved(desk: &Desk, line: &str) -> Sent {
    let (ticket, ann) = asked(desk).await;
    desk.command(&ann, &format!("{line} {}", ticket.number))
        .await
        .unwrap();
    let mut mails = desk.take_mail().await;
    let at = mails.iter().position(|mail| mail.to == ADDRESS).unwrap();
    mails.remove(at)
}

async fn ratings(desk: &Desk) -> Vec<(i16, Option<String>)> {
    sqlx::query_as("SELECT score, words FROM rating ORDER BY id")
        .fetch_all(&desk.app.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_number_in_the_first_line_of_an_answer_to_the_closing_mail_rates_and_reopens_nothing() {
    let desk = Desk::open().await;
    let closing = resolved(&desk, "resolve").await;
    assert!(
        closing
            .text()
            .contains("a number from 1 (bad) to 5 (very good)"),
        "{}",
        closing.text()
    );
    desk.receive(&reply(
        &closing,
        CARLA,
        "r1@customer.test",
        "4\n\nQuick, thank you.",
    ))
    .await;
    assert_eq!(
        ratings(&desk).await,
        [(4, Some("Quick, thank you.".to_owned()))]
    );
    let ticket = desk.ticket().await;
    assert_eq!(ticket.status, "resolved");
    assert_eq!(desk.comments(ticket.id).await.len(), 1);
    assert_eq!(desk.fates().await[1], "processed: a rating: 4 of 5");
    // Another one takes its place, and nobody is written to about either.
    desk.receive(&reply(&closing, CARLA, "r2@customer.test", "2 stars"))
        .await;
    assert_eq!(ratings(&desk).await, [(2, None)]);
    assert!(desk.take_mail().await.is_empty());
    desk.close().await;
}

#[tokio::test]
async fn what_is_no_rating_is_said_and_takes_the_ticket_up_again() {
    for words in ["6", "5 rows are missing again", "4.5", "0"] {
        let desk = Desk::open().await;
        let closing = resolved(&desk, "resolve").await;
        desk.receive(&reply(&closing, CARLA, "r@customer.test", words))
            .await;
        assert_eq!(ratings(&desk).await, []);
        let ticket = desk.ticket().await;
        assert_ne!(ticket.status, "resolved", "{words}");
        assert_eq!(
            desk.comments(ticket.id).await[1],
            format!("public customer: {words}")
        );
        desk.take_mail().await;
        desk.close().await;
    }
}

#[tokio::test]
async fn a_number_that_answers_another_mail_or_comes_from_somebody_else_is_no_rating() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let answer = format!("reply {} How many rows are missing?", ticket.number);
    desk.command(&ann, &answer).await.unwrap();
    let mails = desk.take_mail().await;
    let question = to(&mails, ADDRESS);
    desk.command(&ann, &format!("resolve {}", ticket.number))
        .await
        .unwrap();
    let mails = desk.take_mail().await;
    let closing = to(&mails, ADDRESS);
    // It says how many rows are missing.
    desk.receive(&reply(question, CARLA, "r1@customer.test", "3"))
        .await;
    assert_eq!(ratings(&desk).await, []);
    assert_ne!(desk.ticket().await.status, "resolved");
    desk.take_mail().await;
    // A stranger has the number of the ticket, and no part in it.
    desk.command(&ann, &format!("resolve {}", ticket.number))
        .await
        .unwrap();
    desk.take_mail().await;
    let stranger = reply_without_token(closing, "Eve <eve@evil.test>", "r2@evil.test", "1");
    desk.receive(&stranger).await;
    assert_eq!(ratings(&desk).await, []);
    assert_eq!(desk.tickets().await[0].status, "resolved");
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn the_requesters_rating_stands_before_that_of_others() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let friend = format!("cc add {} friend@customer.test", ticket.number);
    desk.command(&ann, &friend).await.unwrap();
    desk.command(&ann, &format!("resolve {}", ticket.number))
        .await
        .unwrap();
    let mails = desk.take_mail().await;
    let theirs = to(&mails, "friend@customer.test");
    desk.receive(&reply(
        theirs,
        "friend@customer.test",
        "f1@customer.test",
        "2",
    ))
    .await;
    assert_eq!(ratings(&desk).await, [(2, None)]);
    desk.receive(&reply(to(&mails, ADDRESS), CARLA, "r1@customer.test", "5"))
        .await;
    assert_eq!(ratings(&desk).await, [(5, None)]);
    // What the friend says now is said, and a person reads it.
    desk.receive(&reply(
        theirs,
        "friend@customer.test",
        "f2@customer.test",
        "1",
    ))
    .await;
    assert_eq!(ratings(&desk).await, [(5, None)]);
    assert_eq!(desk.comments(ticket.id).await[1], "public customer: 1");
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn a_customer_who_is_asked_by_mail_agrees_in_the_first_line() {
    let desk = Desk::open().await;
    let question = resolved(&desk, "resolve --ask").await;
    assert!(
        question.text().contains("Reply with “yes”"),
        "{}",
        question.text()
    );
    assert!(
        question
            .text()
            .contains("we close it on Monday, 23 November 2026"),
        "{}",
        question.text()
    );
    assert_eq!(desk.ticket().await.status, "waiting_on_customer");
    desk.receive(&reply(
        &question,
        CARLA,
        "r@customer.test",
        "Yes, thanks!\n\nBest\nCarla",
    ))
    .await;
    let ticket = desk.ticket().await;
    assert_eq!(ticket.status, "resolved");
    assert!(desk.comments(ticket.id).await[1].starts_with("public customer: Yes, thanks!"));
    let events = desk.events(ticket.id).await;
    let agreed = "status_changed status=resolved (the customer agreed)";
    assert!(events.contains(&agreed.to_owned()), "{events:#?}");
    // They are asked how it was.
    let mails = desk.take_mail().await;
    assert!(to(&mails, ADDRESS).text().contains("a number from 1 (bad)"));
    desk.close().await;
}

#[tokio::test]
async fn whatever_else_is_answered_takes_it_up_again() {
    let desk = Desk::open().await;
    let question = resolved(&desk, "resolve --ask").await;
    desk.receive(&reply(
        &question,
        CARLA,
        "r@customer.test",
        "Yes, but row 9 is empty.",
    ))
    .await;
    let ticket = desk.ticket().await;
    assert!(!["resolved", "waiting_on_customer"].contains(&ticket.status.as_str()));
    desk.take_mail().await;
    // The question is over: a late yes is only said.
    desk.receive(&reply(&question, CARLA, "r2@customer.test", "Yes"))
        .await;
    assert_ne!(desk.ticket().await.status, "resolved");
    desk.take_mail().await;
    desk.close().await;
}
