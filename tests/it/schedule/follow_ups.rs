//! Tickets on which nobody writes any more.

use std::sync::Arc;

use chrono::TimeDelta;
use frontdesk::people;

use super::{number, question, set_status, time};
use crate::harness::{Desk, to};

/// A desk with one ticket of Carla's that Ann has given the status.
async fn desk_with(status: &str) -> Desk {
    let desk = Desk::open().await;
    let ann = desk.agent("ann", Some("support")).await;
    desk.receive(&question("carla@customer.test", "Export"))
        .await;
    set_status(&desk, &desk.ticket().await, &ann, status).await;
    desk.take_mail().await;
    desk
}

/// The same, where waiting tickets are asked after and closed.
async fn waiting_desk() -> Desk {
    let mut desk = desk_with("waiting_on_customer").await;
    let settings = Arc::make_mut(&mut desk.app.settings);
    settings.desk.nudge_days = Some(3);
    settings.desk.close_waiting_days = Some(7);
    desk
}

#[tokio::test]
async fn d3_a_resolved_ticket_closes_at_the_very_moment_and_says_how_to_reopen() {
    let desk = desk_with("resolved").await;
    // It was resolved on Friday at 09:00.
    desk.tick_at(time("2026-11-22T08:55:00Z")).await;
    assert_eq!(desk.ticket().await.status, "resolved");
    desk.tick_at(time("2026-11-22T09:00:00Z")).await;
    assert_eq!(desk.ticket().await.status, "closed");
    let mail = desk.take_one().await;
    assert_eq!(mail.to, "carla@customer.test");
    assert!(
        mail.text()
            .contains("reply to this mail and we take it up again"),
        "{}",
        mail.text()
    );
    assert!(
        desk.events(desk.ticket().await.id).await.contains(
            &"status_changed status=closed (nobody wrote since it was resolved)".to_owned()
        )
    );
    desk.close().await;
}

#[tokio::test]
async fn d3_nothing_closes_at_night() {
    let desk = Desk::open().await;
    let ann = desk.agent("ann", Some("support")).await;
    desk.advance(time("2026-11-20T21:00:00Z") - desk.now());
    desk.receive(&question("carla@customer.test", "Export"))
        .await;
    set_status(&desk, &desk.ticket().await, &ann, "resolved").await;
    desk.take_mail().await;
    desk.tick_at(time("2026-11-22T22:00:00Z")).await;
    desk.tick_at(time("2026-11-23T07:55:00Z")).await;
    assert_eq!(desk.ticket().await.status, "resolved");
    desk.tick_at(time("2026-11-23T08:00:00Z")).await;
    assert_eq!(desk.ticket().await.status, "closed");
    desk.take_one().await;
    desk.close().await;
}

#[tokio::test]
async fn d3_nothing_closes_outside_the_calendar() {
    let mut desk = desk_with("resolved").await;
    let settings = Arc::make_mut(&mut desk.app.settings);
    settings.desk.follow_up_calendar = Some("office".to_owned());
    settings
        .desk
        .calendar
        .push(frontdesk::config::desk::Calendar {
            key: "office".to_owned(),
            zone: chrono_tz::Tz::Europe__Berlin,
            hours: vec!["mon-fri 09:00-17:00".to_owned()],
            holidays: vec!["2026-11-23".to_owned()],
        });
    // Due on Sunday; Monday is a holiday; the office opens on Tuesday at eight by UTC.
    for at in [
        "2026-11-22T10:00:00Z",
        "2026-11-23T10:00:00Z",
        "2026-11-24T07:55:00Z",
    ] {
        desk.tick_at(time(at)).await;
        assert_eq!(desk.ticket().await.status, "resolved", "{at}");
    }
    desk.tick_at(time("2026-11-24T08:00:00Z")).await;
    assert_eq!(desk.ticket().await.status, "closed");
    desk.take_one().await;
    desk.close().await;
}

#[tokio::test]
async fn a_category_has_its_own_terms() {
    let mut desk = desk_with("resolved").await;
    let settings = Arc::make_mut(&mut desk.app.settings);
    for category in &mut settings.desk.category {
        category.auto_close_hours = (category.key == "general_inquiry").then_some(0);
    }
    desk.tick_at(time("2026-12-20T09:00:00Z")).await;
    assert_eq!(desk.ticket().await.status, "resolved");
    let settings = Arc::make_mut(&mut desk.app.settings);
    for category in &mut settings.desk.category {
        category.auto_close_hours = (category.key == "general_inquiry").then_some(24 * 31);
    }
    desk.tick_at(time("2026-12-21T08:55:00Z")).await;
    assert_eq!(desk.ticket().await.status, "resolved");
    desk.tick_at(time("2026-12-21T09:00:00Z")).await;
    assert_eq!(desk.ticket().await.status, "closed");
    desk.take_one().await;
    desk.close().await;
}

#[tokio::test]
async fn a_waiting_ticket_is_asked_after_once_and_then_closed() {
    let desk = waiting_desk().await;
    desk.tick_at(time("2026-11-23T08:55:00Z")).await;
    assert!(desk.take_mail().await.is_empty());
    desk.tick_at(time("2026-11-23T09:00:00Z")).await;
    let nudge = desk.take_one().await;
    assert_eq!(nudge.to, "carla@customer.test");
    assert!(
        nudge
            .text()
            .contains("we put it away on Friday, 27 November 2026"),
        "{}",
        nudge.text()
    );
    assert_eq!(
        nudge.header("Auto-Submitted").as_deref(),
        Some("auto-generated")
    );
    desk.tick_at(time("2026-11-27T08:55:00Z")).await;
    assert!(desk.take_mail().await.is_empty());
    desk.tick_at(time("2026-11-27T09:00:00Z")).await;
    assert_eq!(desk.ticket().await.status, "closed");
    desk.take_one().await;
    desk.close().await;
}

#[tokio::test]
async fn an_answer_ends_the_wait_and_a_new_wait_is_asked_after_again() {
    let desk = waiting_desk().await;
    desk.tick_at(time("2026-11-23T09:00:00Z")).await;
    let nudge = desk.take_one().await;
    let answer = format!(
        "From: <carla@customer.test>\nTo: {}\nSubject: {}\nMessage-ID: <answer@customer.test>\n\nYes, please.\n",
        nudge.reply_to(),
        nudge.subject()
    );
    desk.receive(&answer).await;
    desk.take_mail().await;
    desk.tick_at(time("2026-12-05T12:00:00Z")).await;
    assert_eq!(desk.ticket().await.status, "in_progress");
    let ann = desk.agent("ann", Some("support")).await;
    set_status(&desk, &desk.ticket().await, &ann, "waiting_on_customer").await;
    desk.take_mail().await;
    desk.tick_at(time("2026-12-08T13:00:00Z")).await;
    let mails = desk.take_mail().await;
    let nudge = to(&mails, "carla@customer.test");
    assert!(nudge.text().contains("have not heard from you since"));
    desk.close().await;
}

/// The program was down when the ticket should have been asked after: it is asked first, and closes the usual time
/// later.
#[tokio::test]
async fn a_ticket_never_closes_on_somebody_who_was_not_asked() {
    let desk = waiting_desk().await;
    desk.tick_at(time("2026-11-20T10:00:00Z")).await;
    desk.advance(time("2026-12-01T12:00:00Z") - desk.now());
    desk.app.ticker().step().await.unwrap();
    let nudge = desk.take_one().await;
    assert!(
        nudge.text().contains("on Saturday, 5 December 2026"),
        "{}",
        nudge.text()
    );
    desk.tick_at(time("2026-12-05T11:55:00Z")).await;
    assert_eq!(desk.ticket().await.status, "waiting_on_customer");
    desk.tick_at(time("2026-12-05T12:00:00Z")).await;
    assert_eq!(desk.ticket().await.status, "closed");
    desk.take_one().await;
    desk.close().await;
}

#[tokio::test]
async fn an_address_that_bounces_is_not_asked() {
    let desk = waiting_desk().await;
    let mut conn = desk.app.pool.acquire().await.unwrap();
    people::store::suppress(
        &mut conn,
        desk.now(),
        "carla@customer.test",
        "no such user",
        None,
    )
    .await
    .unwrap();
    drop(conn);
    desk.tick_at(time("2026-11-23T09:00:00Z")).await;
    desk.tick_at(time("2026-11-27T09:00:00Z")).await;
    assert!(desk.take_mail().await.is_empty());
    assert_eq!(desk.ticket().await.status, "closed");
    desk.close().await;
}

/// More is due than automatic mail may go out in a minute: all of it is done, without opening the breaker.
#[tokio::test]
async fn d4_everything_that_is_due_is_followed_up() {
    let desk = Desk::open_with("[caps]\nanswers_per_minute = 10\n").await;
    let ann = desk.agent("ann", Some("support")).await;
    for at in 0..12 {
        desk.receive(&question(
            &format!("c{at}@customer.test"),
            &format!("Export {at}"),
        ))
        .await;
        desk.take_mail().await;
    }
    for ticket in desk.tickets().await {
        set_status(&desk, &ticket, &ann, "resolved").await;
        desk.take_mail().await;
    }
    desk.tick_at(time("2026-11-23T09:00:00Z")).await;
    let closed = "SELECT count(*) FROM ticket WHERE status = 'closed'";
    assert_eq!(number(&desk, closed).await, 5);
    let ticker = desk.app.ticker();
    ticker.step().await.unwrap();
    assert_eq!(number(&desk, closed).await, 5);
    for expected in [10, 12] {
        desk.advance(TimeDelta::minutes(1));
        ticker.step().await.unwrap();
        assert_eq!(number(&desk, closed).await, expected);
    }
    let mails = desk.take_mail().await;
    assert_eq!(mails.len(), 12);
    to(&mails, "c11@customer.test");
    assert_eq!(number(&desk, "SELECT count(*) FROM breaker").await, 0);
    assert_eq!(
        number(&desk, "SELECT sum(done)::bigint FROM schedule_slot").await,
        12
    );
    desk.close().await;
}
