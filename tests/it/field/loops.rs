//! L1–L6: automatic mail, bounces, caps, and the breaker.

use chrono::TimeDelta;
use frontdesk::config::desk::StatusKind;
use frontdesk::ids::TicketId;
use frontdesk::people;

use super::{bounce, bounce_of, reply, request};
use crate::harness::{Desk, Sent, to};

const CARLA: &str = "Carla Jones <carla@customer.test>";

async fn opened(desk: &Desk) -> (TicketId, Sent, Sent) {
    desk.agent("ann", Some("support")).await;
    desk.receive(&request(
        CARLA,
        "one@customer.test",
        "The export is empty",
        "Since last night.",
    ))
    .await;
    let mut mails = desk.take_mail().await;
    assert_eq!(mails.len(), 2, "{mails:#?}");
    mails.sort_by_key(|mail| mail.to.clone());
    let acknowledgement = mails.pop().unwrap();
    let notification = mails.pop().unwrap();
    (desk.ticket().await.id, acknowledgement, notification)
}

fn with(mail: &str, field: &str) -> String {
    mail.replacen("Subject:", &format!("{field}\nSubject:"), 1)
}

async fn suppressed(desk: &Desk) -> Vec<String> {
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let held = people::store::suppressions(&mut conn).await.unwrap();
    held.into_iter()
        .map(|suppression| suppression.address)
        .collect()
}

#[tokio::test]
async fn l1_automatic_answers_say_that_they_are_and_name_no_sender() {
    let desk = Desk::open().await;
    let (_, acknowledgement, notification) = opened(&desk).await;
    assert_eq!(
        acknowledgement.header("Auto-Submitted").as_deref(),
        Some("auto-replied")
    );
    assert_eq!(
        notification.header("Auto-Submitted").as_deref(),
        Some("auto-generated")
    );
    for mail in [&acknowledgement, &notification] {
        let suppress = mail.header("X-Auto-Response-Suppress").unwrap();
        assert!(suppress == "All" || suppress.contains("OOF"), "{suppress}");
        assert!(mail.mail.mail.own_marks.len() == 1, "our own mark");
    }
    desk.close().await;
}

#[tokio::test]
async fn l1_two_desks_that_acknowledge_each_other_stop_at_once() {
    let desk = Desk::open().await;
    let other = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    other.agent("bob", Some("support")).await;
    desk.receive(&request(
        "helpdesk@other.test",
        "q@other.test",
        "A question",
        "Text",
    ))
    .await;
    let mails = desk.take_mail().await;
    let ours = to(&mails, "helpdesk@other.test");
    // The other desk reads our acknowledgement.
    let raw = String::from_utf8(ours.raw.clone())
        .unwrap()
        .replace("\r\n", "\n");
    let strange = raw
        .replace("support@desk.test", "info@third.test")
        .replace("X-Frontdesk:", "X-Other:");
    other.receive(&strange).await;
    assert_eq!(other.tickets().await.len(), 0, "{:?}", other.fates().await);
    assert!(other.take_mail().await.is_empty());
    other.close().await;
    desk.close().await;
}

#[tokio::test]
async fn l1_one_sender_gets_so_many_automatic_answers_an_hour() {
    let desk = Desk::open_with("[caps]\nanswers_per_sender_per_hour = 3\n").await;
    desk.agent("ann", Some("support")).await;
    for n in 0..6 {
        desk.receive(&request(
            CARLA,
            &format!("{n}@customer.test"),
            &format!("Matter {n}"),
            "Text",
        ))
        .await;
    }
    let answers = desk.take_mail().await;
    let count = |mails: &[Sent]| {
        mails
            .iter()
            .filter(|mail| mail.to == "carla@customer.test")
            .count()
    };
    assert_eq!(count(&answers), 3);
    let tickets = desk.tickets().await;
    assert_eq!(tickets.len(), 6, "the cap withholds answers, not tickets");
    let events = desk.events(tickets[5].id).await;
    assert!(
        events
            .iter()
            .any(|event| event.starts_with("withheld =carla@customer.test")),
        "{events:?}"
    );
    desk.advance(TimeDelta::minutes(61));
    desk.receive(&request(CARLA, "later@customer.test", "Later", "Text"))
        .await;
    assert_eq!(count(&desk.take_mail().await), 1);
    desk.close().await;
}

#[tokio::test]
async fn l1_one_ticket_gives_so_many_automatic_answers_an_hour() {
    let desk = Desk::open_with("[caps]\nanswers_per_ticket_per_hour = 2\n").await;
    desk.agent("ann", Some("support")).await;
    let copies = "Cc: b@customer.test, c@customer.test, d@customer.test";
    desk.receive(&with(
        &request(CARLA, "one@customer.test", "Matter", "Text"),
        copies,
    ))
    .await;
    let ticket = desk.ticket().await;
    let mut tx = desk.app.pool.begin().await.unwrap();
    let ctx = frontdesk::desk::Context {
        settings: &desk.app.settings,
        now: desk.now(),
        actor: frontdesk::ticket::Actor::System,
        answering: true,
    };
    let mut held = frontdesk::ticket::store::lock(&mut tx, ticket.id)
        .await
        .unwrap();
    frontdesk::desk::change_status(&mut tx, &ctx, &mut held, "in_progress", None)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mails = desk.take_mail().await;
    let told = mails
        .iter()
        .filter(|mail| mail.to.ends_with("@customer.test"))
        .count();
    assert_eq!(told, 2, "the acknowledgement and one more: {mails:#?}");
    let events = desk.events(ticket.id).await;
    let withheld = events
        .iter()
        .filter(|event| event.starts_with("withheld"))
        .count();
    assert_eq!(withheld, 3, "{events:?}");
    desk.close().await;
}

#[tokio::test]
async fn l1_the_breaker_stops_automatic_answers_and_tells_the_operator() {
    let desk = Desk::open_with("[caps]\nanswers_per_minute = 5\nbreaker_minutes = 30\n").await;
    desk.agent("ann", Some("support")).await;
    for n in 0..12 {
        let from = format!("p{n}@flood.test");
        desk.receive(&request(
            &from,
            &format!("{n}@flood.test"),
            "Matter",
            "Text",
        ))
        .await;
    }
    let mails = desk.take_mail().await;
    let count =
        |mails: &[Sent], end: &str| mails.iter().filter(|mail| mail.to.ends_with(end)).count();
    assert_eq!(count(&mails, "@flood.test"), 5);
    assert_eq!(count(&mails, "operator@desk.test"), 1, "told once");
    assert_eq!(desk.tickets().await.len(), 12);
    // A person's own answer passes the open breaker.
    let notification = mails
        .iter()
        .find(|mail| mail.to == "ann@agents.test")
        .unwrap();
    desk.receive(&reply(
        notification,
        "ann@agents.test",
        "a@agents.test",
        "Hello",
    ))
    .await;
    assert_eq!(count(&desk.take_mail().await, "@flood.test"), 1);
    desk.advance(TimeDelta::minutes(31));
    desk.receive(&request(
        "late@flood.test",
        "late@flood.test",
        "Matter",
        "Text",
    ))
    .await;
    assert_eq!(
        count(&desk.take_mail().await, "late@flood.test"),
        1,
        "the breaker closes by itself"
    );
    desk.close().await;
}

#[tokio::test]
async fn l1_a_sender_who_floods_is_quarantined() {
    let desk = Desk::open_with("[caps]\nmails_per_sender_per_hour = 4\n").await;
    desk.agent("ann", Some("support")).await;
    for n in 0..7 {
        desk.receive(&request(
            CARLA,
            &format!("{n}@customer.test"),
            "Matter",
            "Text",
        ))
        .await;
    }
    let fates = desk.fates().await;
    assert_eq!(
        fates.iter().filter(|fate| *fate == "processed").count(),
        4,
        "{fates:?}"
    );
    assert_eq!(
        fates
            .iter()
            .filter(|fate| fate.starts_with("quarantined: "))
            .count(),
        3,
        "{fates:?}"
    );
    let told = desk.take_mail().await;
    to(&told, "operator@desk.test");
    desk.close().await;
}

#[tokio::test]
async fn l2_the_bounce_of_a_notification_touches_no_ticket() {
    let desk = Desk::open().await;
    let (ticket, _, notification) = opened(&desk).await;
    let before = (desk.ticket().await, desk.events(ticket).await);
    for (status, action) in [("4.2.0", "delayed"), ("5.1.1", "failed")] {
        let mail = bounce(
            &notification,
            notification.reply_to(),
            action,
            status,
            "550 5.1.1 no such user",
        );
        desk.receive(&mail).await;
    }
    assert!(desk.take_mail().await.is_empty(), "nobody is told by mail");
    assert_eq!((desk.ticket().await, desk.events(ticket).await), before);
    let fates = desk.fates().await;
    assert!(
        fates[1..]
            .iter()
            .all(|fate| fate.starts_with("processed: a delivery report")),
        "{fates:?}"
    );
    desk.close().await;
}

#[tokio::test]
async fn l2_an_agents_absence_note_changes_nothing_and_tells_nobody() {
    let desk = Desk::open().await;
    let (ticket, _, notification) = opened(&desk).await;
    let before = desk.ticket().await;
    let note = with(
        &reply(
            &notification,
            "ann@agents.test",
            "ooo@agents.test",
            "I am away.",
        ),
        "Auto-Submitted: auto-replied (vacation)",
    );
    desk.receive(&note).await;
    assert!(desk.take_mail().await.is_empty());
    assert_eq!(desk.ticket().await, before);
    assert_eq!(desk.comments(ticket).await.len(), 1);
    desk.close().await;
}

#[tokio::test]
async fn l3_our_own_mail_and_no_reply_addresses_start_no_ping_pong() {
    let desk = Desk::open().await;
    let (_, acknowledgement, _) = opened(&desk).await;
    // A forwarding rule of the customer sends our own mail back to us, as it is and with a new From.
    let returned = String::from_utf8(acknowledgement.raw.clone())
        .unwrap()
        .replace("\r\n", "\n");
    desk.receive(&returned).await;
    desk.receive(
        &returned
            .replacen("From: ", "X-From: ", 1)
            .replacen("Subject: ", "From: carla@customer.test\nSubject: ", 1)
            .replacen("Auto-Submitted:", "X-Was:", 1)
            .replacen("Message-ID: <", "Message-ID: <x", 1),
    )
    .await;
    desk.receive(&request(
        "Support+x@DESK.test",
        "own@desk.test",
        "Hello me",
        "Text",
    ))
    .await;
    let fates = desk.fates().await;
    assert!(
        fates[1..].iter().all(|fate| fate.starts_with("ignored: ")),
        "{fates:?}"
    );
    assert!(desk.take_mail().await.is_empty());

    desk.receive(&request(
        "No-Reply <no-reply@shop.test>",
        "order@shop.test",
        "Your order",
        "Text",
    ))
    .await;
    assert_eq!(
        desk.tickets().await.len(),
        2,
        "it is still a mail that somebody should see"
    );
    let mails = desk.take_mail().await;
    assert!(
        mails.iter().all(|mail| mail.to == "ann@agents.test"),
        "{mails:#?}"
    );
    desk.close().await;
}

/// Absence notes as Exchange, vacation(1), Gmail and an old autoresponder write them.
const ABSENCES: &[&str] = &[
    "Auto-Submitted: auto-replied",
    "Auto-Submitted: auto-generated (failure)\nX-Auto-Response-Suppress: All",
    "X-Autoreply: yes",
    "Precedence: auto_reply",
    "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply",
];

#[tokio::test]
async fn l4_an_absence_note_reopens_no_ticket() {
    let desk = Desk::open().await;
    let (id, acknowledgement, _) = opened(&desk).await;
    for (n, (status, kind)) in [
        ("waiting_on_customer", "waiting"),
        ("resolved", "resolved"),
        ("closed", "closed"),
    ]
    .iter()
    .enumerate()
    {
        sqlx::query(
            "UPDATE ticket SET status = $1, status_kind = $2, resolved_at = CASE WHEN $2 <> 'waiting' THEN updated_at END,
             closed_at = CASE WHEN $2 = 'closed' THEN updated_at END",
        )
        .bind(status)
        .bind(kind)
        .execute(&desk.app.pool)
        .await
        .unwrap();
        let before = desk.ticket().await;
        for (m, absence) in ABSENCES.iter().enumerate() {
            let note = with(
                &reply(
                    &acknowledgement,
                    CARLA,
                    &format!("ooo{n}.{m}@customer.test"),
                    "I am away until Monday.",
                ),
                absence,
            );
            desk.receive(&note).await;
        }
        assert_eq!(desk.ticket().await, before, "{status}");
    }
    assert_eq!(desk.comments(id).await.len(), 1);
    let events = desk.events(id).await;
    let noted = events
        .iter()
        .filter(|event| event.starts_with("automatic_reply"))
        .count();
    assert_eq!(noted, 3 * ABSENCES.len(), "{events:?}");
    assert!(
        desk.take_mail().await.is_empty(),
        "nobody is told and nobody is answered"
    );
    desk.close().await;
}

#[tokio::test]
async fn l5_a_forged_bounce_disables_nobody() {
    let desk = Desk::open().await;
    let (ticket, acknowledgement, _) = opened(&desk).await;
    let before = desk.events(ticket).await;
    let said = "550 5.1.1 no such user";
    let made_up = bounce_of(
        "whatever@desk.test",
        "carla@customer.test",
        "support@desk.test",
        "failed",
        "5.1.1",
        said,
    );
    // Somebody who was in copy knows an id, but not the signature of another.
    let altered = acknowledgement.message_id().replacen("fd.", "fd.b", 1);
    let forged = bounce_of(
        &altered,
        "carla@customer.test",
        "support@desk.test",
        "failed",
        "5.1.1",
        said,
    );
    desk.receive(&made_up).await;
    desk.receive(&forged).await;
    let fates = desk.fates().await;
    assert!(
        fates[1..].iter().all(|fate| fate.starts_with("ignored: ")),
        "{fates:?}"
    );
    assert!(suppressed(&desk).await.is_empty());
    assert_eq!(desk.events(ticket).await, before);
    assert!(desk.take_mail().await.is_empty());

    // A true one about Carla's mail that names another address harms that other address in no way.
    let about_dora = bounce_of(
        acknowledgement.message_id(),
        "dora@customer.test",
        "support@desk.test",
        "failed",
        "5.1.1",
        said,
    );
    desk.receive(&about_dora).await;
    assert!(
        !suppressed(&desk)
            .await
            .contains(&"dora@customer.test".to_owned())
    );
    desk.close().await;
}

#[tokio::test]
async fn l5_a_hard_bounce_suppresses_the_address_until_it_is_lifted() {
    let desk = Desk::open().await;
    let (ticket, _, notification) = opened(&desk).await;
    desk.receive(&reply(
        &notification,
        "ann@agents.test",
        "a1@agents.test",
        "First answer",
    ))
    .await;
    let answer = desk.take_one().await;
    desk.receive(&bounce(
        &answer,
        "support@desk.test",
        "failed",
        "5.1.1",
        "550 5.1.1 no such user",
    ))
    .await;
    assert_eq!(suppressed(&desk).await, ["carla@customer.test"]);
    let told = desk.take_one().await;
    assert_eq!(told.to, "ann@agents.test");
    assert!(
        told.text().contains("carla@customer.test") && told.text().contains("no such user"),
        "{}",
        told.text()
    );

    desk.receive(&reply(
        &notification,
        "ann@agents.test",
        "a2@agents.test",
        "Second answer",
    ))
    .await;
    assert!(
        desk.take_mail().await.is_empty(),
        "nothing goes to a suppressed address"
    );
    let events = desk.events(ticket).await;
    assert!(
        events
            .iter()
            .any(|event| event.starts_with("withheld =carla@customer.test")),
        "{events:?}"
    );

    let mut conn = desk.app.pool.acquire().await.unwrap();
    assert!(
        people::store::lift_suppression(&mut conn, desk.now(), "Carla@Customer.test")
            .await
            .unwrap()
    );
    assert!(
        !people::store::lift_suppression(&mut conn, desk.now(), "carla@customer.test")
            .await
            .unwrap()
    );
    drop(conn);
    desk.receive(&reply(
        &notification,
        "ann@agents.test",
        "a3@agents.test",
        "Third answer",
    ))
    .await;
    assert_eq!(desk.take_one().await.to, "carla@customer.test");
    desk.close().await;
}

#[tokio::test]
async fn l5_a_full_mailbox_and_a_delay_suppress_nobody() {
    let desk = Desk::open().await;
    let (ticket, _, notification) = opened(&desk).await;
    desk.receive(&reply(
        &notification,
        "ann@agents.test",
        "a1@agents.test",
        "First answer",
    ))
    .await;
    let answer = desk.take_one().await;
    desk.receive(&bounce(
        &answer,
        "support@desk.test",
        "delayed",
        "4.4.1",
        "connection timed out",
    ))
    .await;
    assert!(desk.take_mail().await.is_empty(), "a delay is no failure");
    desk.receive(&bounce(
        &answer,
        "support@desk.test",
        "failed",
        "5.2.2",
        "552 5.2.2 mailbox full",
    ))
    .await;
    assert!(suppressed(&desk).await.is_empty());
    let events = desk.events(ticket).await;
    assert!(
        events
            .iter()
            .any(|event| event.starts_with("delivery_delayed")),
        "{events:?}"
    );
    assert!(
        events
            .iter()
            .any(|event| event.starts_with("delivery_failed")),
        "{events:?}"
    );
    assert_eq!(
        desk.take_one().await.to,
        "ann@agents.test",
        "the author is told"
    );
    desk.close().await;
}

#[tokio::test]
async fn l5b_an_absence_note_to_nothing_opens_no_ticket() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    for (n, absence) in ABSENCES.iter().enumerate() {
        let note = request(
            CARLA,
            &format!("ooo{n}@customer.test"),
            "Automatic reply: Hello",
            "I am away.",
        );
        desk.receive(&with(&note, absence)).await;
    }
    let fates = desk.fates().await;
    assert!(
        fates.iter().all(|fate| fate.starts_with("ignored: ")),
        "{fates:?}"
    );
    assert!(desk.tickets().await.is_empty());
    assert!(desk.take_mail().await.is_empty());
    desk.close().await;
}

#[tokio::test]
async fn l6_headers_are_read_as_the_standard_says() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    let people = [
        "Auto-Submitted: no",
        "Auto-Submitted: No (a person wrote this)",
        "X-Auto-Response-Suppress: DR, RN",
        "X-Auto-Response-Suppress: None",
        "Precedence: first-class",
    ];
    let machines = [
        "Auto-Submitted: auto-generated; owner-email=\"a@b.test\"",
        "auto-submitted: AUTO-NOTIFIED",
        "X-Auto-Response-Suppress: DR, RN, OOF",
        "X-Auto-Response-Suppress: All",
        "Precedence: bulk",
        "List-Id: <news.shop.test>",
    ];
    for (n, field) in people.iter().enumerate() {
        let from = format!("person{n}@customer.test");
        desk.receive(&with(
            &request(&from, &format!("p{n}@customer.test"), "Hello", "Text"),
            field,
        ))
        .await;
    }
    assert_eq!(
        desk.tickets().await.len(),
        people.len(),
        "{:?}",
        desk.fates().await
    );
    let mails = desk.take_mail().await;
    for n in 0..people.len() {
        to(&mails, &format!("person{n}@customer.test"));
    }
    for (n, field) in machines.iter().enumerate() {
        desk.receive(&with(
            &request(CARLA, &format!("m{n}@customer.test"), "Hello", "Text"),
            field,
        ))
        .await;
    }
    assert_eq!(
        desk.tickets().await.len(),
        people.len(),
        "{:?}",
        desk.fates().await
    );
    assert!(desk.take_mail().await.is_empty());
    assert!(
        desk.tickets()
            .await
            .iter()
            .all(|ticket| ticket.kind == StatusKind::New)
    );
    desk.close().await;
}

#[tokio::test]
async fn l6_a_mailbox_for_alerts_takes_automatic_mail_and_answers_none() {
    let alerts = "[[mailbox]]\nname = \"alerts\"\naddress = \"alerts@desk.test\"\npipe = true\naccept_automatic = true\n";
    let desk = Desk::open_with(alerts).await;
    desk.agent("ann", Some("support")).await;
    let alert = with(
        &request("monitor@ops.test", "m@ops.test", "Disk full", "97 %"),
        "Auto-Submitted: auto-generated",
    );
    desk.store_in("alerts", &alert).await;
    desk.process().await;
    assert_eq!(desk.ticket().await.subject, "Disk full");
    assert_eq!(desk.take_one().await.to, "ann@agents.test");
    desk.close().await;
}
