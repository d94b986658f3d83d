//! I1–I14: whatever arrives ends in one row that says what became of it.

use chrono::TimeDelta;

use super::{reply, request};
use crate::harness::{Desk, to};

const PLAIN: &str = "\
From: Carla Jones <carla@customer.test>
To: support@desk.test
Subject: The export is empty
Message-ID: <one@customer.test>
Date: Fri, 20 Nov 2026 08:59:00 +0000

The export of last night is empty.
";

/// Mails that have brought other systems to a halt, each with its name.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let many = |count: usize, one: &dyn Fn(usize) -> String| -> String {
        (0..count).map(one).collect::<Vec<_>>().join(",\r\n ")
    };
    let mail = |head: &str, body: &str| format!("{head}\r\n\r\n{body}\r\n").into_bytes();
    let plain = |extra: &str, body: &str| {
        mail(
            &format!("From: h@hostile.test\r\nTo: support@desk.test\r\n{extra}"),
            body,
        )
    };
    let long = "x".repeat(5_000);
    vec![
        ("nothing at all", Vec::new()),
        ("no header", b"\r\nonly a body\r\n".to_vec()),
        ("no body", b"From: h@hostile.test\r\nSubject: No body".to_vec()),
        (
            "NUL everywhere",
            b"From: \"H\0h\" <h\0h@hostile.test>\r\nTo: \"S\0\" <support@desk.test>, p\0p@hostile.test\r\n\
              Subject: a\0b\r\nMessage-ID: <nul\0nul@hostile.test>\r\nIn-Reply-To: <a\0a@hostile.test>\r\n\
              References: <b\0b@hostile.test> <c\0c@hostile.test>\r\n\r\nbody\0body\r\n"
                .to_vec(),
        ),
        (
            "NUL in an encoded word and in files",
            plain(
                "Subject: =?utf-8?B?YQBi?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b",
                "--b\r\nContent-Type: text/html\r\n\r\n<p>a\0b&#0;c\r\n--b\r\nContent-Type: a\0/b\r\n\
                 Content-ID: <c\0d>\r\nContent-Disposition: attachment; filename=\"n\0n\"\r\n\r\nx\0\r\n--b--",
            ),
        ),
        (
            "8-bit header",
            b"From: J\xfcrgen <j@hostile.test>\r\nTo: support@desk.test\r\nSubject: Gr\xfc\xdfe \xff\xfe\r\n\r\n\xe4\xf6\xfc\r\n"
                .to_vec(),
        ),
        (
            "thousands of references",
            plain(
                &format!("References: {}", many(5_000, &|n| format!("<{n}@hostile.test>")).replace(',', "")),
                "x",
            ),
        ),
        ("long ids", plain(
            &format!("Message-ID: <{long}@hostile.test>\r\nIn-Reply-To: <{long}@hostile.test>\r\nReferences: <{}@hostile.test>", "y".repeat(900)),
            "x",
        )),
        ("an id of 990 letters that cannot be compressed", plain(
            &format!("Message-ID: <{}@hostile.test>", noise(975)), "x",
        )),
        ("an id of 990 characters of four bytes", plain(
            &format!("Message-ID: <{}@hostile.test>", wide(975)), "x",
        )),
        ("a subject of a megabyte", plain(&format!("Subject: {}", "s".repeat(1 << 20)), "x")),
        ("a folded subject of a megabyte", plain(&format!("Subject: {}", "word\r\n ".repeat(150_000)), "x")),
        ("no author", mail("To: support@desk.test\r\nSubject: Who", "x")),
        ("an empty author", mail("From: \r\nTo: support@desk.test", "x")),
        ("an author without an address", mail("From: The Boss\r\nTo: support@desk.test", "x")),
        ("an author without a domain", mail("From: boss\r\nTo: support@desk.test", "x")),
        ("an author without an end", mail("From: \"The Boss <boss@hostile.test\r\nTo: support@desk.test", "x")),
        ("a null author", mail("From: <>\r\nTo: support@desk.test", "x")),
        ("two at signs", mail("From: <a@b@hostile.test>\r\nTo: support@desk.test", "x")),
        ("an author as a group", mail("From: undisclosed:;\r\nTo: support@desk.test", "x")),
        ("a long author", mail(&format!("From: {} <{}@hostile.test>\r\nTo: support@desk.test", noise(9_000), noise(9_000)), "x")),
        ("an author in another alphabet", mail("From: =?utf-8?B?0JjQstCw0L0=?= <иван@пример.test>\r\nTo: support@desk.test", "x")),
        ("long recipients", mail(&format!("From: h@hostile.test\r\nTo: support@desk.test, {}@hostile.test, {}@hostile.test", noise(9_000), wide(900)), "x")),
        ("500 recipients", mail(
            &format!("From: h@hostile.test\r\nTo: support@desk.test,\r\n {}", many(500, &|n| format!("Person {n} <p{n}@hostile.test>"))),
            "x",
        )),
        ("a line break in a name", mail("From: =?utf-8?Q?a=0D=0ABcc:_x=40y.test?= <h@hostile.test>\r\nTo: support@desk.test\r\nSubject: =?utf-8?Q?a=0D=0ABcc:_x=40y.test?=", "x")),
        ("an unknown charset", plain("Content-Type: text/plain; charset=x-nobody", "h\u{fc}")),
        ("broken base64", plain("Content-Transfer-Encoding: base64\r\nContent-Type: text/plain", "@@@@====aGVsbG8")),
        ("an endless multipart", plain("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b", "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n--b")),
        ("a deep multipart", plain("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b0", &deep(200))),
        ("absurd dates", plain("Date: Fri, 31 Dec 262142 23:59:59 +9999\r\nSubject: Date", "x")),
        ("a number in every bracket", plain(&format!("Subject: {}", "[#TKT-1] ".repeat(2_000)), "x")),
        ("a report with NUL", plain(
            "Return-Path: <>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b",
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; a\0@b.test\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; no\0body\r\n\r\n--b--",
        )),
    ]
}

/// Letters that PostgreSQL cannot compress, always the same.
fn noise(length: usize) -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut text = String::new();
    for _ in 0..length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push(char::from(b'a' + u8::try_from(state % 26).unwrap()));
    }
    text
}

/// The same in characters of four bytes each.
fn wide(length: usize) -> String {
    noise(length)
        .bytes()
        .map(|letter| char::from_u32(0x1F300 + u32::from(letter) * 7 % 500).unwrap())
        .collect()
}

fn deep(levels: usize) -> String {
    let mut body = String::new();
    for level in 0..levels {
        body.push_str(&format!(
            "--b{level}\r\nContent-Type: multipart/mixed; boundary=b{}\r\n\r\n",
            level + 1
        ));
    }
    body
}

#[tokio::test]
async fn i1_one_bad_message_blocks_no_other() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    desk.store(PLAIN).await;
    for (_, raw) in hostile() {
        desk.store_bytes("support", raw, true).await;
    }
    let after = request(
        "dora@customer.test",
        "after@customer.test",
        "And I",
        "as well",
    );
    desk.store(&after).await;
    desk.process().await;
    let rows: Vec<(Vec<u8>, String, Option<String>)> =
        sqlx::query_as("SELECT raw, state, coalesce(reason, error) FROM inbound_mail")
            .fetch_all(&desk.app.pool)
            .await
            .unwrap();
    let mut troubles = Vec::new();
    for (name, raw) in hostile() {
        let row = rows.iter().find(|row| row.0 == raw);
        let Some((_, state, reason)) = row else {
            troubles.push(format!("{name}: no row"));
            continue;
        };
        let settled = ["processed", "ignored", "quarantined", "rejected"];
        if !settled.contains(&state.as_str()) {
            troubles.push(format!("{name}: {state} {reason:?}"));
        }
        if state != "processed" && reason.is_none() {
            troubles.push(format!("{name}: {state} without a reason"));
        }
    }
    assert!(troubles.is_empty(), "{troubles:#?}");
    let subjects: Vec<_> = desk
        .tickets()
        .await
        .into_iter()
        .map(|t| t.subject)
        .collect();
    assert!(subjects.contains(&"The export is empty".to_owned()));
    assert!(subjects.contains(&"And I".to_owned()));
    // What was taken in can also be told: every letter about it is composed.
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn i1_an_archive_with_bad_messages_is_taken_in_as_well() {
    let desk = Desk::open().await;
    for (_, raw) in hostile() {
        desk.store_bytes("support", raw, false).await;
    }
    for date in [
        "Sat, 01 Jan 0000 00:00:00 +0000",
        "Thu, 01 Jan 1970 00:00:00 +0000",
        "Fri, 31 Dec 9999 23:59:59 -1200",
    ] {
        let mail = format!(
            "From: old@hostile.test\r\nTo: support@desk.test\r\nDate: {date}\r\n\r\n{date}\r\n"
        );
        desk.store_bytes("support", mail.into_bytes(), false).await;
    }
    desk.process().await;
    let failed: Vec<(String, Option<String>)> = sqlx::query_as(
        "SELECT state, error FROM inbound_mail WHERE state IN ('received', 'processing', 'failed')",
    )
    .fetch_all(&desk.app.pool)
    .await
    .unwrap();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(desk.count("outbox").await, 0, "an archive answers nobody");
    desk.close().await;
}

#[tokio::test]
async fn i1_the_operator_is_told_of_quarantined_mail_once_an_hour() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    for n in 0..3 {
        let spam = request(
            "s@hostile.test",
            &format!("s{n}@hostile.test"),
            "Win",
            "money",
        )
        .replace("Subject", "X-Spam-Flag: YES\nSubject");
        desk.receive(&spam).await;
    }
    let told = desk.take_one().await;
    assert_eq!(told.to, "operator@desk.test");
    assert!(told.text().contains("marked it as spam"), "{}", told.text());
    assert!(told.text().contains("support"), "{}", told.text());
    desk.advance(TimeDelta::minutes(60));
    let spam = request("s@hostile.test", "later@hostile.test", "Win", "more")
        .replace("Subject", "X-Spam-Flag: YES\nSubject");
    desk.receive(&spam).await;
    assert_eq!(desk.take_one().await.to, "operator@desk.test");
    desk.close().await;
}

#[tokio::test]
async fn i4_mail_that_waited_for_weeks_is_taken_in() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    let old = request(
        "carla@customer.test",
        "old@customer.test",
        "Still there?",
        "Hello",
    )
    .replace("20 Nov 2026", "02 Oct 2026");
    desk.fetch("support", 7, &[(1, &old)]).await;
    desk.process().await;
    assert_eq!(desk.ticket().await.subject, "Still there?");
    assert_eq!(desk.take_mail().await.len(), 2);
    desk.close().await;
}

#[tokio::test]
async fn i5_a_mail_without_message_id_is_imported_once() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    let mail = PLAIN.replace("Message-ID: <one@customer.test>\n", "");
    let moved = format!("Received: from mx by imap; Fri, 20 Nov 2026 09:00:01 +0000\n{mail}");
    desk.fetch("support", 7, &[(1, &mail), (2, &moved)]).await;
    desk.process().await;
    desk.fetch("support", 7, &[(1, &mail)]).await;
    desk.process().await;
    assert_eq!(desk.fates().await, ["processed"]);
    assert_eq!(desk.ticket().await.subject, "The export is empty");
    assert_eq!(desk.take_mail().await.len(), 2);
    desk.close().await;
}

#[tokio::test]
async fn i5_two_different_mails_without_message_id_are_two() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    let mail = PLAIN.replace("Message-ID: <one@customer.test>\n", "");
    desk.receive(&mail).await;
    desk.receive(&mail.replace("last night", "last week")).await;
    assert_eq!(desk.tickets().await.len(), 2);
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn i5_a_new_uidvalidity_imports_nothing_twice() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    let other = request("dora@customer.test", "d@customer.test", "Mine", "too");
    desk.fetch("support", 7, &[(1, PLAIN), (2, &other)]).await;
    desk.process().await;
    desk.fetch("support", 8, &[(1, &other), (2, PLAIN)]).await;
    desk.process().await;
    assert_eq!(desk.tickets().await.len(), 2);
    assert_eq!(desk.count("inbound_mail").await, 2);
    assert_eq!(desk.count("inbound_delivery").await, 4);
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn i9_two_messages_with_one_message_id_are_both_taken() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    desk.receive(PLAIN).await;
    desk.receive(&PLAIN.replace("last night", "last week"))
        .await;
    assert_eq!(desk.fates().await, ["processed", "processed"]);
    let comments: i64 = desk.count("comment").await;
    assert_eq!(comments, 2, "nothing is swallowed");
    desk.take_mail().await;
    desk.close().await;
}

const SALES: &str = "\
[[mailbox]]
name = \"sales\"
address = \"sales@desk.test\"
pipe = true
plus_addressing = true
";

#[tokio::test]
async fn i10_the_same_mail_to_two_addresses_is_one_ticket() {
    let desk = Desk::open_with(SALES).await;
    desk.agent("ann", Some("support")).await;
    let mail = PLAIN.replace(
        "To: support@desk.test",
        "To: support@desk.test, Sales <sales@desk.test>",
    );
    desk.store_in(
        "support",
        &format!("Delivered-To: support@desk.test\n{mail}"),
    )
    .await;
    desk.store_in("sales", &format!("Delivered-To: sales@desk.test\n{mail}"))
        .await;
    desk.process().await;
    let ticket = desk.ticket().await;
    assert_eq!(ticket.mailbox.as_deref(), Some("support"));
    let deliveries: Vec<String> =
        sqlx::query_scalar("SELECT mailbox FROM inbound_delivery ORDER BY mailbox")
            .fetch_all(&desk.app.pool)
            .await
            .unwrap();
    assert_eq!(deliveries, ["sales", "support"]);
    let mails = desk.take_mail().await;
    to(&mails, "carla@customer.test");
    assert!(
        desk.participants(ticket.id).await.is_empty(),
        "our own addresses take no part"
    );
    desk.close().await;
}

#[tokio::test]
async fn i10_the_same_mail_after_it_was_settled_changes_nothing() {
    let desk = Desk::open_with(SALES).await;
    desk.agent("ann", Some("support")).await;
    desk.receive(PLAIN).await;
    desk.store_in("sales", PLAIN).await;
    desk.process().await;
    assert_eq!(desk.fates().await, ["processed"]);
    desk.ticket().await;
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn i11_what_is_over_a_limit_is_replaced_by_a_notice_and_the_mail_is_kept() {
    let desk = Desk::open_with("[limits]\nattachments = 3\nattachment_bytes = 1_000\n").await;
    desk.agent("ann", Some("support")).await;
    let part = |name: &str, size: usize| {
        format!(
            "--b\nContent-Type: application/octet-stream; name=\"{name}\"\n\
             Content-Disposition: attachment; filename=\"{name}\"\n\n{}\n",
            "a".repeat(size)
        )
    };
    let mail = format!(
        "From: carla@customer.test\nTo: support@desk.test\nSubject: Files\nMessage-ID: <f@customer.test>\n\
         MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n\
         --b\nContent-Type: text/plain\n\nHere they are.\n{}{}{}{}{}--b--\n",
        part("one.bin", 10),
        part("huge.bin", 5_000),
        part("two.bin", 20),
        part("three.bin", 30),
        part("four.bin", 40),
    );
    desk.receive(&mail).await;
    let ticket = desk.ticket().await;
    assert_eq!(
        desk.comments(ticket.id).await,
        ["public customer: Here they are."]
    );
    let events = desk.events(ticket.id).await;
    let limited: Vec<_> = events
        .iter()
        .filter(|event| event.starts_with("limited"))
        .collect();
    assert_eq!(limited.len(), 2, "{events:?}");
    assert!(
        limited.iter().any(|event| event.contains("huge.bin")),
        "{events:?}"
    );
    let names: Vec<String> = sqlx::query_scalar("SELECT name FROM attachment ORDER BY position")
        .fetch_all(&desk.app.pool)
        .await
        .unwrap();
    assert_eq!(names[..2], ["one.bin", "two.bin"]);
    assert!(
        names.len() <= 3 && !names.contains(&"huge.bin".to_owned()),
        "{names:?}"
    );
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn i11_a_mail_that_was_fetched_in_part_says_so() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    desk.fetch("support", 1, &[(7, PLAIN)]).await;
    sqlx::query("UPDATE inbound_mail SET truncated = true, size = 80000000")
        .execute(&desk.app.pool)
        .await
        .unwrap();
    desk.process().await;
    let ticket = desk.ticket().await;
    let events = desk.events(ticket.id).await;
    assert!(
        events.iter().any(|event| event.starts_with("limited")
            && event.contains("80000000")
            && event.contains("the rest is on the mail server")),
        "{events:?}"
    );
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn i14_every_mail_ends_as_something_and_says_why() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    desk.receive(PLAIN).await;
    let mails = desk.take_mail().await;
    let answer = to(&mails, "carla@customer.test");
    desk.receive(&reply(
        answer,
        "carla@customer.test",
        "r@customer.test",
        "More of it",
    ))
    .await;
    let person = |id: &str| request("x@other.test", id, "Subject", "Text");
    let with =
        |id: &str, field: &str| person(id).replace("Subject:", &format!("{field}\nSubject:"));
    desk.receive(&person("stranger@other.test")).await;
    desk.receive(&with("auto@other.test", "Auto-Submitted: auto-generated"))
        .await;
    desk.receive(&with("spam@other.test", "X-Spam-Flag: YES"))
        .await;
    desk.receive(&person("own@other.test").replace("x@other.test", "support@desk.test"))
        .await;
    desk.receive(&person("nobody@other.test").replace("From: x@other.test\n", ""))
        .await;
    let number = desk.tickets().await[0].number.clone();
    desk.receive(
        &person("agent@other.test")
            .replace("x@other.test", "ann@agents.test")
            .replace("Subject: Subject", &format!("Subject: Re: [{number}] x")),
    )
    .await;
    let fates = desk.fates().await;
    let states: Vec<&str> = fates
        .iter()
        .map(|fate| fate.split(':').next().unwrap())
        .collect();
    assert_eq!(
        states,
        [
            "processed",
            "processed",
            "processed",
            "ignored",
            "quarantined",
            "ignored",
            "quarantined",
            "rejected",
        ],
        "{fates:#?}"
    );
    let silent = fates
        .iter()
        .filter(|fate| !fate.starts_with("processed") && !fate.contains(": "));
    assert_eq!(silent.count(), 0, "{fates:#?}");
    let mails = desk.take_mail().await;
    let notice = mails
        .iter()
        .find(|mail| mail.to == "ann@agents.test" && mail.text().contains("nothing proves"));
    assert_eq!(
        notice.unwrap().header("Auto-Submitted").as_deref(),
        Some("auto-replied")
    );
    desk.close().await;
}

#[tokio::test]
async fn d4_recipients_beyond_the_participants_limit_are_named() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    let all: Vec<String> = (0..500).map(|n| format!("p{n}@many.test")).collect();
    let mail = PLAIN.replace(
        "To: support@desk.test",
        &format!("To: support@desk.test,\n {}", all.join(",\n ")),
    );
    desk.receive(&mail).await;
    let ticket = desk.ticket().await;
    assert_eq!(desk.participants(ticket.id).await.len(), 50);
    let events = desk.events(ticket.id).await;
    let limited = events
        .iter()
        .find(|event| event.starts_with("limited") && event.contains("450"));
    assert!(limited.is_some(), "{events:?}");
    desk.take_mail().await;
    desk.close().await;
}
