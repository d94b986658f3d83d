//! The main walk: a customer writes, an agent answers by mail, the customer reads and writes again.

use chrono::TimeDelta;

use crate::harness::{Desk, to};

const REQUEST: &str = "\
From: Carla Jones <carla@customer.test>
To: support@desk.test
Subject: The export is empty
Message-ID: <one@customer.test>
Date: Fri, 20 Nov 2026 08:59:00 +0000

Hello,

the export of last night is empty.

Carla
";

#[tokio::test]
async fn a_customer_writes_and_is_answered_and_it_all_stays_one_ticket() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    desk.receive(REQUEST).await;

    let mails = desk.take_mail().await;
    let ticket = desk.ticket().await;
    assert_eq!(ticket.subject, "The export is empty");
    assert_eq!(mails.len(), 2, "{mails:#?}");
    let acknowledgement = to(&mails, "carla@customer.test");
    let notification = to(&mails, "ann@agents.test");
    assert_eq!(acknowledgement.mail.mail.in_reply_to, ["one@customer.test"]);
    assert!(acknowledgement.subject().contains(&ticket.number));
    assert_eq!(
        acknowledgement.header("Auto-Submitted").as_deref(),
        Some("auto-replied")
    );
    assert!(
        notification
            .text()
            .contains("the export of last night is empty")
    );

    let answer = format!(
        "From: Ann <ann@agents.test>\nTo: {}\nSubject: Re: {}\nMessage-ID: <a1@agents.test>\n\
         In-Reply-To: <{}>\n\nWe are looking into it.\n\nOn Fri, Nov 20, 2026 at 9:02 AM Example Desk <support@desk.test> wrote:\n> Hello\n",
        notification.reply_to(),
        notification.subject(),
        notification.message_id(),
    );
    desk.receive(&answer).await;
    let reply = desk.take_one().await;
    assert_eq!(reply.to, "carla@customer.test");
    assert!(reply.text().contains("We are looking into it."));
    let whole = String::from_utf8_lossy(&reply.raw);
    assert!(
        !whole.contains("agents.test"),
        "the agent's address stays inside:\n{whole}"
    );
    assert_eq!(reply.header("Auto-Submitted"), None);
    assert!(
        reply
            .mail
            .mail
            .references
            .contains(&"one@customer.test".to_owned())
    );
    assert!(
        reply
            .mail
            .mail
            .references
            .contains(&acknowledgement.message_id().to_owned())
    );

    let thanks = format!(
        "From: carla@customer.test\nTo: {}\nSubject: Re: {}\nMessage-ID: <two@customer.test>\n\
         In-Reply-To: <{}>\n\nThank you.\n",
        reply.reply_to(),
        reply.subject(),
        reply.message_id(),
    );
    desk.receive(&thanks).await;
    let told = desk.take_one().await;
    assert_eq!(told.to, "ann@agents.test");

    let ticket = desk.ticket().await;
    assert_eq!(
        desk.comments(ticket.id).await,
        [
            "public customer: Hello,\n\nthe export of last night is empty.\n\nCarla",
            "public staff: We are looking into it.",
            "public customer: Thank you.",
        ]
    );
    assert!(ticket.first_responded_at.is_some());
    desk.close().await;
}

#[tokio::test]
async fn a_note_by_mail_reaches_no_customer() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    desk.receive(REQUEST).await;
    let mails = desk.take_mail().await;
    let note = format!(
        "From: ann@agents.test\nTo: {}\nSubject: Re: x\nMessage-ID: <n@agents.test>\n\nnote: she owes us money\n",
        to(&mails, "ann@agents.test").reply_to(),
    );
    desk.receive(&note).await;
    assert!(desk.take_mail().await.is_empty());
    let ticket = desk.ticket().await;
    assert_eq!(
        desk.comments(ticket.id).await[1],
        "internal staff: she owes us money"
    );
    assert_eq!(desk.fates().await, ["processed", "processed"]);
    assert_eq!(
        desk.events(ticket.id).await,
        [format!("opened ={}", ticket.number), "noted".to_owned()]
    );
    desk.close().await;
}

#[tokio::test]
async fn a_public_reply_waits_for_its_undo_time() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    desk.receive(REQUEST).await;
    let mails = desk.take_mail().await;
    let answer = format!(
        "From: ann@agents.test\nTo: {}\nSubject: Re: x\nMessage-ID: <a@agents.test>\n\nDone.\n",
        to(&mails, "ann@agents.test").reply_to(),
    );
    desk.receive(&answer).await;
    desk.advance(TimeDelta::seconds(9));
    desk.drain_outbox().await;
    let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox WHERE state = 'pending'")
        .fetch_one(&desk.app.pool)
        .await
        .unwrap();
    assert_eq!(waiting, 1);
    assert_eq!(desk.take_one().await.to, "carla@customer.test");
    desk.close().await;
}

#[tokio::test]
async fn without_plus_addresses_our_message_ids_lead_back() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    desk.receive(REQUEST).await;
    let mails = desk.take_mail().await;
    let notification = to(&mails, "ann@agents.test");
    let answer = format!(
        "From: ann@agents.test\nTo: support@desk.test\nSubject: Re: x\nMessage-ID: <a@agents.test>\n\
         In-Reply-To: <{}>\n\nDone.\n",
        notification.message_id(),
    );
    desk.receive(&answer).await;
    let reply = desk.take_one().await;
    let thanks = format!(
        "From: carla@customer.test\nTo: support@desk.test\nSubject: Thanks\nMessage-ID: <t@customer.test>\n\
         In-Reply-To: <{}>\n\nThank you.\n",
        reply.message_id(),
    );
    desk.receive(&thanks).await;
    let ticket = desk.ticket().await;
    assert_eq!(desk.comments(ticket.id).await.len(), 3);
    assert_eq!(desk.take_one().await.to, "ann@agents.test");

    // The same ids in a stranger's hands open a ticket of the stranger's own.
    let stolen = thanks
        .replace("carla@customer.test", "eve@elsewhere.test")
        .replace("<t@customer.test>", "<e@elsewhere.test>");
    desk.receive(&stolen).await;
    assert_eq!(desk.tickets().await.len(), 2);
    assert_eq!(desk.comments(ticket.id).await.len(), 3);
    let mails = desk.take_mail().await;
    to(&mails, "eve@elsewhere.test");
    to(&mails, "ann@agents.test");
    desk.close().await;
}

#[tokio::test]
async fn a_mail_that_a_customer_passes_on_without_a_word_is_not_empty() {
    let desk = Desk::open().await;
    desk.receive(
        "From: carla@customer.test\nTo: support@desk.test\nSubject: Fwd: Invoice\nMessage-ID: <f@customer.test>\n\n\
         ---------- Forwarded message ---------\nFrom: Bob <bob@vendor.test>\nDate: Thu, Nov 19, 2026 at 4:00 PM\n\
         Subject: Invoice\nTo: <carla@customer.test>\n\nPlease pay the enclosed invoice.\n",
    )
    .await;
    let ticket = desk.ticket().await;
    assert!(desk.comments(ticket.id).await[0].contains("Please pay the enclosed invoice."));
    assert_eq!(desk.take_one().await.to, "carla@customer.test");
    desk.close().await;
}

#[tokio::test]
async fn a_first_mail_is_not_cut_at_a_rule() {
    let desk = Desk::open().await;
    let eml = REQUEST.replace(
        "Carla\n",
        "---\n\nThe second export failed as well.\n\n-- \nCarla, +49 30 1\n",
    );
    desk.receive(&eml).await;
    let ticket = desk.ticket().await;
    let body = &desk.comments(ticket.id).await[0];
    assert!(body.contains("The second export failed as well."), "{body}");
    assert_eq!(desk.take_one().await.to, "carla@customer.test");
    desk.close().await;
}

/// NTT Docomo and KDDI gave out such addresses until 2009, and their owners still write from them.
#[tokio::test]
async fn a_customer_whose_address_is_no_dot_atom_is_answered() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    for (id, from) in [
        (1, "taro..kun.@docomo.test"),
        (2, "\"taro..kun.\"@docomo.test"),
    ] {
        let eml = format!(
            "From: Taro <{from}>\nTo: support@desk.test\nSubject: Request {id}\nMessage-ID: <{id}@docomo.test>\n\nHello\n"
        );
        desk.receive(&eml).await;
        let mails = desk.take_mail().await;
        let sent = to(&mails, "taro..kun.@docomo.test");
        let shown = sent.header("To").unwrap();
        assert!(shown.ends_with("<\"taro..kun.\"@docomo.test>"), "{shown}");
    }
    let tickets = desk.tickets().await;
    assert_eq!(tickets[0].requester_id, tickets[1].requester_id);
    desk.close().await;
}
