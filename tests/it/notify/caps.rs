//! Caps and the breaker.

use frontdesk::ids::InboundId;
use frontdesk::notify::{Happening, Rejection, Why};
use frontdesk::ticket::{Actor, Visibility};

use super::world::{World, ticket, told};

fn rejection(inbound: i64, to: &str) -> Happening<'_> {
    Happening::MailRejected(Rejection {
        inbound: InboundId(inbound),
        mailbox: "support",
        to,
        name: "Eve",
        subject: "Hello\r\nBcc: x@y.example",
        message_id: Some("q1@customer.example"),
        reason: "It is too large.",
        remedy: "Send less.",
    })
}

#[tokio::test]
async fn l1_an_address_gets_so_many_automatic_answers_in_an_hour() {
    let mut world = World::new().await;
    world.settings.caps.answers_per_sender_per_hour = 2;
    for number in 0..3 {
        let id = format!("TKT-1{number}");
        world.ticket = ticket(&mut *world.conn().await, &id, world.jane, Some("support")).await;
        let published = world.opened().await;
        let acknowledged = told(&published).contains(&"jane: ticket_opened_customer".to_owned());
        assert_eq!(acknowledged, number < 2);
        let withheld: Vec<_> = published.withheld.iter().map(|w| w.reason).collect();
        assert_eq!(
            withheld,
            if number < 2 {
                vec![]
            } else {
                vec![Why::SenderCap]
            }
        );
        assert!(told(&published).contains(&"ada: ticket_opened_staff".to_owned()));
    }
    world.later(3_601);
    world.ticket = ticket(
        &mut *world.conn().await,
        "TKT-20",
        world.jane,
        Some("support"),
    )
    .await;
    assert!(told(&world.opened().await).contains(&"jane: ticket_opened_customer".to_owned()));
}

#[tokio::test]
async fn l1_a_ticket_gets_so_many_automatic_answers_in_an_hour_and_peoples_words_go_on() {
    let mut world = World::new().await;
    world.settings.caps.answers_per_ticket_per_hour = 3;
    world.status(Actor::System).await;
    world.later(1);
    let published = world.status(Actor::System).await;
    assert_eq!(
        told(&published)
            .iter()
            .filter(|told| told.contains("customer"))
            .count(),
        1
    );
    assert_eq!(published.withheld[0].reason, Why::TicketCap);
    let published = world.said(world.ada, Visibility::Public, "done").await;
    assert_eq!(
        told(&published)
            .iter()
            .filter(|told| told.contains("customer"))
            .count(),
        2
    );
}

#[tokio::test]
async fn l1_what_agents_do_to_tickets_is_told_and_uses_up_nobodys_share_of_answers() {
    let mut world = World::new().await;
    world.settings.caps.answers_per_sender_per_hour = 2;
    world.settings.caps.answers_per_ticket_per_hour = 2;
    for _ in 0..4 {
        world.later(1);
        let published = world.status(Actor::Person(world.ada)).await;
        assert_eq!(published.withheld, vec![]);
        assert!(told(&published).contains(&"jane: status_changed_customer".to_owned()));
    }
    world.ticket = ticket(
        &mut *world.conn().await,
        "TKT-2",
        world.jane,
        Some("support"),
    )
    .await;
    assert!(told(&world.opened().await).contains(&"jane: ticket_opened_customer".to_owned()));
}

#[tokio::test]
async fn l1_the_breaker_opens_tells_the_operators_once_and_closes_by_itself() {
    let mut world = World::new().await;
    world.settings.caps.answers_per_minute = 4;
    world.settings.caps.answers_per_sender_per_hour = 100;
    let mut opened = 0;
    let mut alarms = 0;
    for inbound in 0..10 {
        let to = format!("eve{inbound}@customer.example");
        let published = world.publish(&rejection(inbound, &to)).await;
        opened += i32::from(published.breaker_opened);
        alarms += told(&published)
            .iter()
            .filter(|told| told.contains("alarm"))
            .count();
        if inbound >= 4 {
            assert_eq!(published.withheld[0].reason, Why::BreakerOpen);
        }
    }
    assert_eq!((opened, alarms), (1, 1));
    let published = world.opened().await;
    assert_eq!(published.withheld[0].reason, Why::BreakerOpen);
    assert!(!published.breaker_opened);
    assert_eq!(told(&published).len(), 3, "staff hears");
    let published = world.said(world.ada, Visibility::Public, "done").await;
    assert_eq!(
        told(&published)
            .iter()
            .filter(|told| told.contains("customer"))
            .count(),
        2
    );
    world.later(i64::from(world.settings.caps.breaker_minutes) * 60 + 1);
    world.ticket = ticket(
        &mut *world.conn().await,
        "TKT-2",
        world.jane,
        Some("support"),
    )
    .await;
    assert!(told(&world.opened().await).contains(&"jane: ticket_opened_customer".to_owned()));
}

#[tokio::test]
async fn l1_acknowledgements_open_the_breaker_too() {
    let mut world = World::new().await;
    world.settings.caps.answers_per_minute = 2;
    for number in 0..3 {
        let id = format!("TKT-1{number}");
        world.ticket = ticket(&mut *world.conn().await, &id, world.jane, Some("support")).await;
        assert_eq!(world.opened().await.breaker_opened, number == 2);
    }
    let rows = world.rows().await;
    let alarm = rows.iter().find(|row| row.template == "alarm").unwrap();
    assert_eq!(
        (alarm.audience.as_str(), alarm.address.as_str()),
        ("operator", "operator@frontdesk.example")
    );
}

#[tokio::test]
async fn l3_rejections_never_go_to_ourselves_or_to_addresses_that_nobody_reads() {
    let world = World::new().await;
    for (inbound, (to, why)) in [
        ("Support@frontdesk.example", Why::OwnAddress),
        ("support+x@frontdesk.example", Why::OwnAddress),
        ("MAILER-DAEMON@mx.example", Why::NoReplyAddress),
        ("noreply@shop.example", Why::NoReplyAddress),
    ]
    .into_iter()
    .enumerate()
    {
        let published = world.publish(&rejection(inbound as i64, to)).await;
        assert!(published.told.is_empty());
        assert_eq!(published.withheld[0].reason, why, "{to}");
    }
}

#[tokio::test]
async fn a_rejection_is_told_once_a_mail() {
    let world = World::new().await;
    assert_eq!(
        told(&world.publish(&rejection(1, "Eve@customer.example")).await),
        ["eve: mail_rejected"]
    );
    assert!(
        world
            .publish(&rejection(1, "eve@customer.example"))
            .await
            .told
            .is_empty()
    );
    let rows = world.rows().await;
    assert!(rows[0].automatic);
    assert_eq!(rows[0].draft["subject"], "Hello Bcc: x@y.example");
}

#[tokio::test]
async fn an_alarm_is_told_once_a_key() {
    let mut world = World::new().await;
    world.settings.notify.operators = vec![
        "Ops@example.com".into(),
        "ops@example.com".into(),
        "two@example.com".into(),
    ];
    let alarm = |key| Happening::Alarm { key, text: "look" };
    assert_eq!(world.publish(&alarm("a")).await.told.len(), 2);
    assert_eq!(world.publish(&alarm("a")).await.told.len(), 0);
    assert_eq!(world.publish(&alarm("b")).await.told.len(), 2);
    world.settings.notify.operators.clear();
    assert_eq!(
        world.publish(&alarm("c")).await.withheld[0].reason,
        Why::NobodyThere
    );
}
