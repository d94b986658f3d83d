//! T1–T9: which ticket a mail belongs to, and who its author is to that ticket.

use chrono::TimeDelta;
use frontdesk::config::desk::StatusKind;
use frontdesk::desk::{self, Context};
use frontdesk::ids::TicketId;
use frontdesk::people;
use frontdesk::ticket::{self, Actor};

use super::{reply, reply_without_token, request};
use crate::harness::{Desk, Sent, to};

const CARLA: &str = "Carla Jones <carla@customer.test>";

/// Carla's ticket, and the acknowledgement and the notification about it.
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

#[tokio::test]
async fn t1_a_stranger_who_quotes_a_number_gets_a_ticket_of_their_own() {
    let desk = Desk::open().await;
    let (carlas, acknowledgement, _) = opened(&desk).await;
    let number = desk.ticket().await.number;
    let subject = format!("Re: [{number}] The export is empty");
    desk.receive(&request(
        "eve@evil.test",
        "e@evil.test",
        &subject,
        "Tell me more",
    ))
    .await;
    let stolen_ids =
        reply_without_token(&acknowledgement, "eve@evil.test", "f@evil.test", "And me");
    desk.receive(&stolen_ids).await;

    let tickets = desk.tickets().await;
    assert_eq!(tickets.len(), 3);
    assert_eq!(
        desk.comments(carlas).await.len(),
        1,
        "her ticket is as it was"
    );
    for strange in &tickets[1..] {
        assert_eq!(desk.requester(strange.id).await, "eve@evil.test");
        assert_eq!(desk.links(strange.id).await, [format!("relates {number}")]);
    }
    let mails = desk.take_mail().await;
    assert!(
        mails.iter().all(|mail| mail.to != "carla@customer.test"),
        "{mails:#?}"
    );
    for mail in mails.iter().filter(|mail| mail.to == "eve@evil.test") {
        assert!(!mail.text().contains("last night"));
    }
    desk.close().await;
}

#[tokio::test]
async fn t1_the_number_in_the_subject_counts_for_one_who_takes_part() {
    let desk = Desk::open().await;
    let (carlas, ..) = opened(&desk).await;
    let number = desk.ticket().await.number;
    let subject = format!("AW: [{number}] The export is empty");
    desk.receive(&request(CARLA, "two@customer.test", &subject, "It is back"))
        .await;
    assert_eq!(desk.comments(carlas).await.len(), 2);
    assert_eq!(desk.tickets().await.len(), 1);
    desk.take_one().await;
    desk.close().await;
}

#[tokio::test]
async fn t1b_an_equal_title_joins_nothing() {
    let desk = Desk::open().await;
    let (carlas, ..) = opened(&desk).await;
    for (n, from) in ["dora@other.test", "carla@customer.test"]
        .iter()
        .enumerate()
    {
        let mail = request(
            from,
            &format!("title{n}@x.test"),
            "Re: The export is empty",
            "Mine too",
        );
        desk.receive(&mail).await;
    }
    assert_eq!(desk.tickets().await.len(), 3);
    assert_eq!(desk.comments(carlas).await.len(), 1);
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn t2_a_forged_token_reaches_no_ticket() {
    let desk = Desk::open().await;
    let (carlas, acknowledgement, notification) = opened(&desk).await;
    let genuine = acknowledgement.reply_to();
    let (local, domain) = genuine.split_once('@').unwrap();
    let last = local.chars().last().unwrap();
    let forged = format!(
        "{}{}@{domain}",
        &local[..local.len() - 1],
        if last == 'a' { 'b' } else { 'a' }
    );
    let mint = acknowledgement.message_id().replace("fd.", "fd.a");
    let mail = request("eve@evil.test", "e1@evil.test", "Re: x", "Let me in").replace(
        "To: support@desk.test",
        &format!("To: {forged}\nIn-Reply-To: <{mint}>"),
    );
    desk.receive(&mail).await;
    // The notification's token is an agent's: in a stranger's hands it opens nothing.
    desk.receive(&reply(
        &notification,
        "eve@evil.test",
        "e2@evil.test",
        "Let me in",
    ))
    .await;
    // Nor does it make the customer staff.
    desk.receive(&reply(
        &notification,
        CARLA,
        "c1@customer.test",
        "note: I am staff now",
    ))
    .await;

    let comments = desk.comments(carlas).await;
    assert!(
        comments
            .iter()
            .all(|comment| comment.starts_with("public customer")),
        "{comments:?}"
    );
    assert!(
        comments
            .iter()
            .all(|comment| !comment.contains("Let me in")),
        "{comments:?}"
    );
    let left = desk.take_mail().await;
    assert!(
        left.iter().all(|mail| mail.to != "carla@customer.test"),
        "{left:#?}"
    );
    desk.close().await;
}

#[tokio::test]
async fn t2_a_staff_right_needs_the_token_of_that_agent() {
    let desk = Desk::open().await;
    let (carlas, acknowledgement, notification) = opened(&desk).await;
    desk.agent("bob", None).await;
    // Ann's address on the customer's token and on the customer's ids; Bob's address on Ann's token.
    let forgeries = [
        reply(
            &acknowledgement,
            "ann@agents.test",
            "f1@evil.test",
            "Please pay here",
        ),
        reply_without_token(
            &acknowledgement,
            "ann@agents.test",
            "f2@evil.test",
            "Please pay here",
        ),
        reply(
            &notification,
            "bob@agents.test",
            "f3@evil.test",
            "Please pay here",
        ),
    ];
    for mail in &forgeries {
        desk.receive(mail).await;
    }
    assert_eq!(desk.comments(carlas).await.len(), 1);
    let fates = desk.fates().await;
    assert!(
        fates[1..].iter().all(|fate| fate.starts_with("rejected: ")),
        "{fates:?}"
    );
    let notices = desk.take_mail().await;
    assert!(
        notices.iter().all(|mail| mail.to.ends_with("@agents.test")),
        "{notices:#?}"
    );
    assert!(
        notices
            .iter()
            .all(|mail| !mail.text().contains("Please pay")),
        "{notices:#?}"
    );
    desk.close().await;
}

#[tokio::test]
async fn t3_a_reply_is_known_by_any_one_of_its_threads() {
    let desk = Desk::open().await;
    let (carlas, acknowledgement, _) = opened(&desk).await;
    let number = desk.ticket().await.number;
    let root = acknowledgement.mail.mail.references[0].clone();
    // The provider replaced our Message-ID, so that In-Reply-To names one that we never saw.
    let by_address = request(CARLA, "r1@customer.test", "Re: x", "by the address").replace(
        "To: support@desk.test",
        &format!(
            "To: {}\nIn-Reply-To: <0100abc@eu-west-1.provider.test>",
            acknowledgement.reply_to()
        ),
    );
    let by_root = request(CARLA, "r2@customer.test", "Re: x", "by the references").replace(
        "To: support@desk.test",
        &format!("To: support@desk.test\nIn-Reply-To: <0100abc@eu-west-1.provider.test>\nReferences: <{root}> <0100abc@eu-west-1.provider.test>"),
    );
    let by_tag = request(
        CARLA,
        "r3@customer.test",
        &format!("Re: [{number}] x"),
        "by the subject",
    );
    // Exchange rewrites the case of the plus-address.
    let folded = request(CARLA, "r4@customer.test", "Re: x", "by the folded address").replace(
        "To: support@desk.test",
        &format!("To: {}", acknowledgement.reply_to().to_uppercase()),
    );
    for mail in [by_address, by_root, by_tag, folded] {
        desk.receive(&mail).await;
    }
    let said = desk.comments(carlas).await;
    assert_eq!(
        said[1..],
        [
            "public customer: by the address",
            "public customer: by the references",
            "public customer: by the subject",
            "public customer: by the folded address",
        ]
    );
    assert_eq!(desk.take_one().await.to, "ann@agents.test");
    desk.close().await;
}

async fn set(desk: &Desk, ticket: TicketId, status: &str) {
    let mut tx = desk.app.pool.begin().await.unwrap();
    let ctx = Context {
        settings: &desk.app.settings,
        now: desk.now(),
        actor: Actor::System,
        answering: true,
    };
    let mut ticket = ticket::store::lock(&mut tx, ticket).await.unwrap();
    desk::change_status(&mut tx, &ctx, &mut ticket, status, None)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn t4_a_reply_to_a_ticket_that_was_closed_long_ago_opens_a_linked_one() {
    let desk = Desk::open().await;
    let (carlas, acknowledgement, _) = opened(&desk).await;
    let number = desk.ticket().await.number;
    set(&desk, carlas, "closed").await;
    let status_mail = desk.take_one().await;
    assert_eq!(status_mail.to, "carla@customer.test");

    desk.advance(TimeDelta::days(13));
    desk.receive(&reply(
        &status_mail,
        CARLA,
        "soon@customer.test",
        "Not quite",
    ))
    .await;
    let ticket = desk.ticket().await;
    assert_eq!(
        (ticket.status.as_str(), ticket.reopened_count),
        ("reopened", 1)
    );
    assert_eq!(ticket.closed_at, None);
    desk.take_one().await;

    set(&desk, carlas, "closed").await;
    desk.take_mail().await;
    desk.advance(TimeDelta::days(15));
    desk.receive(&reply(
        &acknowledgement,
        CARLA,
        "late@customer.test",
        "Another matter",
    ))
    .await;
    let tickets = desk.tickets().await;
    assert_eq!(tickets.len(), 2);
    assert_eq!(tickets[0].kind, StatusKind::Closed);
    assert_eq!(
        desk.links(tickets[1].id).await,
        [format!("follows {number}")]
    );
    assert_eq!(
        desk.comments(tickets[1].id).await,
        ["public customer: Another matter"]
    );
    let mails = desk.take_mail().await;
    let new = to(&mails, "carla@customer.test");
    assert!(
        new.subject().contains(&tickets[1].number),
        "{}",
        new.subject()
    );

    desk.receive(&reply(new, CARLA, "more@customer.test", "More of it"))
        .await;
    assert_eq!(desk.comments(tickets[1].id).await.len(), 2);
    assert_eq!(desk.tickets().await.len(), 2);
    desk.take_one().await;
    desk.close().await;
}

#[tokio::test]
async fn t5_a_reply_to_a_merged_ticket_reaches_the_one_that_took_it_in() {
    let desk = Desk::open().await;
    let (first, acknowledgement, _) = opened(&desk).await;
    for n in [2, 3] {
        let id = format!("m{n}@customer.test");
        desk.receive(&request(CARLA, &id, "Again", "The same"))
            .await;
    }
    desk.take_mail().await;
    let tickets = desk.tickets().await;
    let (second, root) = (tickets[1].id, tickets[2].id);
    for (husk, into) in [(first, second), (second, root)] {
        sqlx::query("UPDATE ticket SET merged_into_id = $2, status = 'closed', status_kind = 'closed' WHERE id = $1")
            .bind(husk.0)
            .bind(into.0)
            .execute(&desk.app.pool)
            .await
            .unwrap();
    }
    desk.receive(&reply(
        &acknowledgement,
        CARLA,
        "r1@customer.test",
        "By the token",
    ))
    .await;
    desk.receive(&reply_without_token(
        &acknowledgement,
        CARLA,
        "r2@customer.test",
        "By the ids",
    ))
    .await;
    // The three first mails stand on the root's timeline together.
    let said = desk.comments(root).await;
    assert_eq!(
        said[3..],
        [
            "public customer: By the token",
            "public customer: By the ids"
        ]
    );
    assert_eq!(desk.comments(first).await.len(), 1);
    // The first one's words and its own.
    assert_eq!(desk.comments(second).await.len(), 2);
    desk.take_one().await;
    desk.close().await;
}

#[tokio::test]
async fn t6_t7_those_in_copy_take_part_and_own_nothing() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    let mail = request(CARLA, "one@customer.test", "The export is empty", "Since last night.").replace(
        "To: support@desk.test",
        "To: Support <support@desk.test>, support+old@desk.test\nCc: Dan Doe <dan@customer.test>, ann@agents.test",
    );
    desk.receive(&mail).await;
    let ticket = desk.ticket().await;
    assert_eq!(desk.requester(ticket.id).await, "carla@customer.test");
    assert_eq!(desk.participants(ticket.id).await, ["dan@customer.test"]);
    let mails = desk.take_mail().await;
    let notification = to(&mails, "ann@agents.test");
    assert!(
        notification.text().contains("Dan Doe"),
        "the recipients are shown: {}",
        notification.text()
    );

    // Dan answers Carla's own mail, to all: he has no token.
    let dans = request(
        "dan@customer.test",
        "dan@customer.test",
        "Re: The export is empty",
        "For me too",
    )
    .replace(
        "Subject",
        "In-Reply-To: <one@customer.test>\nReferences: <one@customer.test>\nSubject",
    );
    desk.receive(&dans).await;
    let ticket = desk.ticket().await;
    assert_eq!(desk.requester(ticket.id).await, "carla@customer.test");
    assert_eq!(
        desk.comments(ticket.id).await[1],
        "public customer: For me too"
    );
    assert_eq!(desk.take_one().await.to, "ann@agents.test");

    desk.receive(&reply(
        notification,
        "ann@agents.test",
        "a@agents.test",
        "Fixed.",
    ))
    .await;
    let answers = desk.take_mail().await;
    assert_eq!(answers.len(), 2, "{answers:#?}");
    for address in ["carla@customer.test", "dan@customer.test"] {
        let answer = to(&answers, address);
        assert_eq!(answer.mail.mail.to[0].address, "carla@customer.test");
        assert_eq!(answer.mail.mail.cc[0].address, "dan@customer.test");
        assert!(answer.text().contains("Fixed."));
    }
    let addresses: Vec<_> = answers
        .iter()
        .map(|answer| answer.reply_to().to_owned())
        .collect();
    assert_ne!(addresses[0], addresses[1], "each has a token of their own");
    desk.close().await;
}

#[tokio::test]
async fn t7_somebody_a_customer_adds_later_is_answered_as_well() {
    let desk = Desk::open().await;
    let (ticket, acknowledgement, notification) = opened(&desk).await;
    let mail = reply(&acknowledgement, CARLA, "two@customer.test", "Adding Dan")
        .replace("Subject:", "Cc: dan@customer.test\nSubject:");
    desk.receive(&mail).await;
    desk.take_mail().await;
    assert_eq!(desk.participants(ticket).await, ["dan@customer.test"]);
    desk.receive(&reply(
        &notification,
        "ann@agents.test",
        "a@agents.test",
        "Fixed.",
    ))
    .await;
    let answers = desk.take_mail().await;
    to(&answers, "dan@customer.test");
    to(&answers, "carla@customer.test");
    desk.close().await;
}

fn forwarded(authentication: &str) -> String {
    format!(
        "{authentication}From: Ann <ann@agents.test>\nTo: support@desk.test\nSubject: Fwd: Broken door\n\
         Message-ID: <fwd@agents.test>\nDate: Fri, 20 Nov 2026 08:59:00 +0000\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\n\nHe called twice, careful with him.\n\n\
         ---------- Forwarded message ---------\nFrom: Fred Fox <fred@fox.test>\n\
         Date: Thu, Nov 19, 2026 at 6:12 PM\nSubject: Broken door\nTo: Ann <ann@agents.test>\n\n\n\
         The door of the van does not close.\n"
    )
}

const PASS: &str = "Authentication-Results: mx.desk.test; dkim=pass header.d=agents.test; dmarc=pass header.from=agents.test\n";

#[tokio::test]
async fn t8_when_an_agent_forwards_a_mail_its_author_is_the_requester() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    desk.receive(&forwarded(PASS)).await;
    let ticket = desk.ticket().await;
    assert_eq!(ticket.subject, "Broken door");
    assert_eq!(desk.requester(ticket.id).await, "fred@fox.test");
    assert_eq!(
        desk.comments(ticket.id).await,
        [
            "public customer: The door of the van does not close.",
            "internal staff: He called twice, careful with him.",
        ]
    );
    let public: (Option<String>, Option<String>) =
        sqlx::query_as("SELECT full_text, html FROM comment WHERE visibility = 'public'")
            .fetch_one(&desk.app.pool)
            .await
            .unwrap();
    assert!(!format!("{public:?}").contains("careful"), "{public:?}");
    let mails = desk.take_mail().await;
    let whole = String::from_utf8_lossy(&to(&mails, "fred@fox.test").raw).into_owned();
    assert!(!whole.contains("careful"), "{whole}");
    let told = to(&mails, "ann@agents.test");
    assert!(
        told.text().contains("fred@fox.test"),
        "the agent is told: {}",
        told.text()
    );
    desk.close().await;
}

#[tokio::test]
async fn t8_an_agent_who_forwards_our_own_mail_makes_us_no_customer() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    let mail = forwarded(PASS).replace(
        "Fred Fox <fred@fox.test>",
        "Example Support <support@desk.test>",
    );
    desk.receive(&mail).await;
    let ticket = desk.ticket().await;
    assert_eq!(desk.requester(ticket.id).await, "ann@agents.test");
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn t8_a_forged_authentication_result_grants_nothing() {
    let fail =
        "Authentication-Results: mx.desk.test; dkim=none; dmarc=fail header.from=agents.test\n";
    let of_another = "Authentication-Results: mx.evil.test; dmarc=pass header.from=agents.test\n";
    let unaligned = "Authentication-Results: mx.desk.test; dkim=pass header.d=evil.test; spf=pass smtp.mailfrom=agents.test\n";
    let nothing = "Authentication-Results: mx.desk.test; none\n";
    let cases = [
        String::new(),
        format!("{fail}{PASS}"),
        of_another.to_owned(),
        unaligned.to_owned(),
        format!("{nothing}{PASS}"),
        "Authentication-Results: \"mx.desk.test\"; dmarc=fail (x; dmarc=pass header.from=agents.test)\n".to_owned(),
        "Authentication-Results: x.mx.desk.test; dmarc=pass header.from=agents.test\n".to_owned(),
    ];
    for case in cases {
        let desk = Desk::open().await;
        desk.agent("ann", Some("support")).await;
        desk.receive(&forwarded(&case)).await;
        let ticket = desk.ticket().await;
        assert_eq!(desk.requester(ticket.id).await, "ann@agents.test", "{case}");
        assert_eq!(desk.comments(ticket.id).await.len(), 1, "{case}");
        let mails = desk.take_mail().await;
        assert!(
            mails.iter().all(|mail| mail.to != "fred@fox.test"),
            "{case}"
        );
        desk.close().await;
    }
}

#[tokio::test]
async fn t8_a_vouched_agent_answers_without_a_token() {
    let desk = Desk::open().await;
    let (carlas, _, notification) = opened(&desk).await;
    let mail = reply_without_token(
        &notification,
        "Ann <ann@agents.test>",
        "a@agents.test",
        "Fixed.",
    );
    desk.receive(&format!("{PASS}{mail}")).await;
    assert_eq!(desk.comments(carlas).await[1], "public staff: Fixed.");
    assert_eq!(desk.take_one().await.to, "carla@customer.test");
    desk.close().await;
}

#[tokio::test]
async fn what_an_archive_orders_was_done_long_ago() {
    let desk = Desk::open().await;
    let (carlas, _, notification) = opened(&desk).await;
    let ann = "Ann <ann@agents.test>";
    let old = |id: &str, words: &str| {
        let mail = reply_without_token(&notification, ann, id, words);
        format!("{PASS}{mail}").replace('\n', "\r\n").into_bytes()
    };
    let orders = [
        old("a1@agents.test", "/resolve"),
        old("a2@agents.test", "/reply It works again.\n/take"),
        format!(
            "{PASS}{}",
            request(
                ann,
                "a3@agents.test",
                "Old",
                "/open New --requester eve@evil.test"
            )
        )
        .replace('\n', "\r\n")
        .into_bytes(),
    ];
    for raw in orders {
        desk.store_bytes("support", raw, false).await;
    }
    desk.process().await;
    assert!(desk.take_mail().await.is_empty());
    let tickets = desk.tickets().await;
    let first = tickets.iter().find(|ticket| ticket.id == carlas).unwrap();
    assert!(first.resolved_at.is_none() && first.assignee_id.is_none());
    assert!(tickets.iter().all(|ticket| ticket.subject != "New"));
    desk.close().await;
}

#[tokio::test]
async fn t8_the_token_of_an_agent_who_left_opens_nothing() {
    let desk = Desk::open().await;
    let (carlas, _, notification) = opened(&desk).await;
    desk.agent("bob", Some("support")).await;
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let ann = people::store::by_handle(&mut conn, "ann")
        .await
        .unwrap()
        .unwrap();
    people::store::set_role(&mut conn, ann.id, ann.role, None, Some(desk.now()))
        .await
        .unwrap();
    drop(conn);
    desk.receive(&reply(
        &notification,
        "ann@agents.test",
        "a@agents.test",
        "I am still here",
    ))
    .await;
    assert_eq!(desk.comments(carlas).await.len(), 1);
    let left = desk.take_mail().await;
    assert!(
        left.iter().all(|mail| mail.to != "carla@customer.test"),
        "{left:#?}"
    );
    desk.close().await;
}

#[tokio::test]
async fn t9_an_answer_goes_to_the_requester_as_they_are_when_it_is_written() {
    let desk = Desk::open().await;
    let (carlas, _, notification) = opened(&desk).await;
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let new = people::store::NewPerson {
        name: "Dora",
        address: "dora@customer.test",
        role: people::Role::Customer,
        handle: None,
    };
    let dora = people::store::find_or_create(&mut conn, desk.now(), new)
        .await
        .unwrap();
    let mut ticket = ticket::store::lock(&mut conn, carlas).await.unwrap();
    ticket.requester_id = dora.id;
    ticket::store::update(&mut conn, &ticket).await.unwrap();
    drop(conn);
    desk.receive(&reply(
        &notification,
        "ann@agents.test",
        "a@agents.test",
        "Fixed.",
    ))
    .await;
    let answer = desk.take_one().await;
    assert_eq!(answer.to, "dora@customer.test");
    assert_eq!(answer.mail.mail.to[0].address, "dora@customer.test");
    desk.close().await;
}
