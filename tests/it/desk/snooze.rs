//! Tickets that are put off.

use std::sync::Arc;

use frontdesk::people::Person;

use super::{CARLA, asked};
use crate::field::request;
use crate::harness::Desk;

async fn say(desk: &Desk, who: &Person, line: &str) -> String {
    match desk.command(who, line).await {
        Ok(reply) => reply.plain(),
        Err(error) => panic!("{line}: {error}"),
    }
}

async fn put_off() -> (Desk, Person, String) {
    let mut desk = Desk::open().await;
    Arc::make_mut(&mut desk.app.settings).desk.sla.clear();
    let (ticket, ann) = asked(&desk).await;
    let said = say(
        &desk,
        &ann,
        &format!("snooze {} until monday 9am", ticket.number),
    )
    .await;
    assert!(
        said.starts_with(&format!(
            "{} is put off until Mon 23 Nov 2026, 09:00 UTC",
            ticket.number
        )),
        "{said}"
    );
    (desk, ann, ticket.number)
}

#[tokio::test]
async fn a_ticket_is_out_of_sight_until_its_time_and_comes_back_once() {
    let (desk, ann, number) = put_off().await;
    assert!(!say(&desk, &ann, "list").await.contains(&number));
    assert!(say(&desk, &ann, "list --snoozed").await.contains(&number));
    assert!(say(&desk, &ann, "list --all").await.contains(&number));
    let shown = say(&desk, &ann, &format!("show {number}")).await;
    assert!(shown.contains("Put off: until"), "{shown}");
    desk.tick_at("2026-11-23T08:59:59Z".parse().unwrap()).await;
    assert!(desk.ticket().await.snoozed_until.is_some());
    let (one, two) = (desk.app.ticker(), desk.app.ticker());
    desk.advance(chrono::TimeDelta::seconds(1));
    let (first, second) = tokio::join!(one.step(), two.step());
    first.unwrap();
    second.unwrap();
    let ticket = desk.ticket().await;
    assert_eq!(ticket.snoozed_until, None);
    let events = desk.events(ticket.id).await;
    let woke = events
        .iter()
        .filter(|event| event.starts_with("woke"))
        .count();
    assert_eq!(woke, 1, "{events:#?}");
    assert!(say(&desk, &ann, "list").await.contains(&number));
    desk.close().await;
}

#[tokio::test]
async fn the_customers_word_brings_it_back_and_so_do_unsnooze_and_undo() {
    let (desk, ann, number) = put_off().await;
    let reply = request(
        CARLA,
        "b@customer.test",
        &format!("Re: [{number}] The import"),
        "Any news?",
    );
    desk.receive(&reply).await;
    assert_eq!(desk.ticket().await.snoozed_until, None);
    let again = desk
        .command(&ann, &format!("unsnooze {number}"))
        .await
        .unwrap_err();
    assert!(again.to_string().contains("is not put off"), "{again}");

    say(&desk, &ann, &format!("snooze {number} in 2 hours")).await;
    say(&desk, &ann, &format!("unsnooze {number}")).await;
    assert_eq!(desk.ticket().await.snoozed_until, None);
    desk.take_mail().await;

    say(&desk, &ann, &format!("snooze {number} in 2 hours")).await;
    say(&desk, &ann, &format!("undo {number}")).await;
    assert_eq!(desk.ticket().await.snoozed_until, None);

    say(&desk, &ann, &format!("snooze {number} in 2 hours")).await;
    say(&desk, &ann, &format!("close {number}")).await;
    assert_eq!(desk.ticket().await.snoozed_until, None);
    let refused = desk
        .command(&ann, &format!("snooze {number} in 2 hours"))
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("nobody waits for it"),
        "{refused}"
    );
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn its_clocks_stand_meanwhile() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let due = async || -> chrono::DateTime<chrono::Utc> {
        sqlx::query_scalar("SELECT due_at FROM ticket_clock WHERE kind = 'first_response'")
            .fetch_one(&desk.app.pool)
            .await
            .unwrap()
    };
    let before = due().await;
    say(&desk, &ann, &format!("snooze {} in 3 hours", ticket.number)).await;
    assert_eq!(due().await, before + chrono::TimeDelta::hours(3));
    say(&desk, &ann, &format!("undo {}", ticket.number)).await;
    assert_eq!(due().await, before);
    desk.close().await;
}
