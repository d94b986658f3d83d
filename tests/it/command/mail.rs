//! Commands at the head of an agent's mail.

use super::{Bench, request};
use crate::harness::{Desk, Sent, to};

/// An agent's desk with the notification of a customer's mail.
async fn notified() -> (Desk, Sent) {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    desk.receive(&request("Carla", "The export is empty")).await;
    let mut mails = desk.take_mail().await;
    let at = mails
        .iter()
        .position(|mail| mail.to == "ann@agents.test")
        .unwrap();
    (desk, mails.remove(at))
}

/// Ann's answer to it.
fn answer(notification: &Sent, id: &str, text: &str) -> String {
    format!(
        "From: Ann <ann@agents.test>\nTo: {}\nSubject: Re: {}\nMessage-ID: <{id}@agents.test>\nIn-Reply-To: <{}>\n\n\
         {text}\n\nOn Fri, Nov 20, 2026 at 9:02 AM Example Desk <support@desk.test> wrote:\n> /close\n> Hello\n",
        notification.reply_to(),
        notification.subject(),
        notification.message_id(),
    )
}

#[tokio::test]
async fn commands_are_done_and_stripped_and_one_that_fails_loses_nothing() {
    let (desk, notification) = notified().await;
    let text = "/priority high\n/prioritty low\n/note She is on the secretplan\n\nWe are looking into it.\n/close";
    desk.receive(&answer(&notification, "a1", text)).await;
    let ticket = desk.ticket().await;
    assert_eq!(
        (ticket.priority.as_str(), ticket.status.as_str()),
        ("high", "open")
    );
    assert_eq!(
        desk.comments(ticket.id).await[1..],
        [
            "internal staff: She is on the secretplan",
            "public staff: We are looking into it.\n/close",
        ]
    );
    let mails = desk.take_mail().await;
    assert_eq!(mails.len(), 2, "{mails:#?}");
    let to_carla = to(&mails, "carla@customer.test");
    let whole = String::from_utf8_lossy(&to_carla.raw);
    for hidden in ["secretplan", "/priority", "/note"] {
        assert!(!whole.contains(hidden), "{hidden} in {whole}");
    }
    let to_ann = to(&mails, "ann@agents.test");
    assert_eq!(to_ann.mail.mail.in_reply_to, ["a1@agents.test"]);
    assert_eq!(
        to_ann.header("Auto-Submitted").as_deref(),
        Some("auto-replied")
    );
    insta::assert_snapshot!(format!(
        "Subject: {}\n\n{}",
        to_ann.subject(),
        to_ann.text()
    ));
    desk.close().await;
}

#[tokio::test]
async fn a_mail_of_commands_alone_posts_no_comment() {
    let (desk, notification) = notified().await;
    desk.receive(&answer(&notification, "a1", "/priority high\n/tag +vip"))
        .await;
    let ticket = desk.ticket().await;
    assert_eq!(ticket.tags, ["vip"]);
    assert_eq!(desk.comments(ticket.id).await.len(), 1);
    assert_eq!(desk.fates().await[1], "processed: commands of an agent");
    let answer = desk.take_one().await;
    assert_eq!(answer.to, "ann@agents.test");
    assert!(
        answer.subject().starts_with("Done: "),
        "{}",
        answer.subject()
    );
    desk.close().await;
}

#[tokio::test]
async fn nobody_else_orders_anything() {
    let bench = Bench::new().await;
    let first = bench.ticket.clone();
    // A customer's lines are words, and so are those of somebody who only says that she is Ann.
    bench
        .desk
        .receive(&request("Dora", "Another matter").replace("Please help.", "/close\n\nPlease."))
        .await;
    bench
        .desk
        .receive(
            &request("Ann", "A forged one")
                .replace("ann@customer.test", "ann@agents.test")
                .replace("Please help.", &format!("/close {}", first.number)),
        )
        .await;
    let tickets = bench.desk.tickets().await;
    assert!(
        tickets.iter().all(|ticket| ticket.status == "open"),
        "{tickets:#?}"
    );
    assert_eq!(
        bench.desk.comments(tickets[1].id).await,
        ["public customer: /close\n\nPlease."]
    );
    bench.close().await;
}

#[tokio::test]
async fn a_proven_agent_works_any_ticket_by_a_new_mail() {
    let bench = Bench::new().await;
    let mail = |id: &str, text: &str| {
        format!(
            "Authentication-Results: mx.desk.test; dmarc=pass header.from=agents.test\n\
             From: Ann <ann@agents.test>\nTo: support@desk.test\nSubject: Orders\nMessage-ID: <{id}@agents.test>\n\n{text}\n"
        )
    };
    let line = format!("/priority {} urgent", bench.number());
    bench.desk.receive(&mail("a1", &line)).await;
    assert_eq!(bench.desk.ticket().await.priority, "urgent");
    bench
        .desk
        .receive(&mail("a2", "/priority low\n\nThe printer burns."))
        .await;
    let opened = bench.desk.tickets().await.remove(1);
    assert_eq!(opened.priority, "low");
    assert_eq!(
        bench.desk.comments(opened.id).await,
        ["public customer: The printer burns."]
    );
    bench.close().await;
}

/// The same with a file.
fn with_file(answer: &str, content: &str) -> String {
    let (head, text) = answer.split_once("\n\n").unwrap();
    format!(
        "{head}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b\"\n\n--b\nContent-Type: text/plain\n\n{text}\n\
         --b\nContent-Type: text/plain; name=\"internal.log\"\n\
         Content-Disposition: attachment; filename=\"internal.log\"\n\n{content}\n--b--\n"
    )
}

/// How many files each comment has, in order.
async fn files(desk: &Desk) -> Vec<usize> {
    let ticket = desk.ticket().await;
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let comments = frontdesk::ticket::timeline::comments(&mut conn, ticket.id);
    let comments = comments.await.unwrap();
    let count = |comment: &frontdesk::ticket::Comment| comment.attachments.len();
    comments.iter().map(count).collect()
}

#[tokio::test]
async fn a_file_goes_with_one_command_and_no_file_of_staffs_leaves_with_a_reply() {
    for orders in [
        "/attach internal log\n/reply We are on it",
        "/reply We are on it\n/attach internal log",
        "/note internal log\n/reply We are on it",
        "/attach internal log\n\nWe are on it",
        "/priority high\n/note internal log\n/resolve We are on it",
    ] {
        let (desk, notification) = notified().await;
        let mail = with_file(&answer(&notification, "a1", orders), "secretplan");
        desk.receive(&mail).await;
        let mails = desk.take_mail().await;
        let to_carla = to(&mails, "carla@customer.test");
        assert!(to_carla.text().contains("We are on it"), "{orders}");
        assert!(to_carla.mail.mail.attachments.is_empty(), "{orders}");
        let whole = String::from_utf8_lossy(&to_carla.raw);
        assert!(!whole.contains("internal"), "{orders}: {whole}");
        let mut with_files = files(&desk).await;
        with_files.sort_unstable();
        assert_eq!(with_files, [0, 0, 1], "{orders}");
        desk.close().await;
    }
}

#[tokio::test]
async fn the_file_of_an_answer_goes_with_the_one_mail() {
    let (desk, notification) = notified().await;
    desk.receive(&answer(&notification, "a1", "/transcript\n/priority high"))
        .await;
    let mail = desk.take_one().await;
    assert_eq!(mail.to, "ann@agents.test");
    let files = &mail.mail.mail.attachments;
    assert_eq!(files.len(), 1, "{}", mail.text());
    let transcript = String::from_utf8_lossy(&files[0].content);
    assert!(transcript.contains("Please help."), "{transcript}");
    assert!(
        mail.text()
            .contains(&format!("Attached: {}", files[0].name)),
        "{}",
        mail.text()
    );
    desk.close().await;
}
