//! C1, C3 and D3, as far as mail alone goes.

use chrono::TimeDelta;
use frontdesk::desk::Context;
use frontdesk::ticket::{self, Actor};

use super::{reply, request};
use crate::harness::{Desk, to};

const CARLA: &str = "Carla Jones <carla@customer.test>";

#[tokio::test]
async fn c1_every_charset_ends_in_text() {
    let cases: &[(&str, &str, &[u8])] = &[
        (
            "text/plain; charset=iso-8859-1",
            "8bit",
            b"Gr\xfc\xdfe aus K\xf6ln",
        ),
        (
            "text/plain; charset=windows-1252",
            "quoted-printable",
            b"Gr=FC=DFe aus K=F6ln",
        ),
        (
            "text/plain; charset=utf-8",
            "base64",
            b"R3LDvMOfZSBhdXMgS8O2bG4=",
        ),
        (
            "text/plain; charset=us-ascii",
            "8bit",
            b"Gr\xc3\xbc\xc3\x9fe aus K\xc3\xb6ln",
        ),
        ("text/plain", "8bit", b"Gr\xfc\xdfe aus K\xf6ln"),
        (
            "text/plain; charset=utf-8",
            "8bit",
            b"Gr\xfc\xdfe aus K\xf6ln",
        ),
        (
            "text/plain; charset=\"x-unknown-8bit\"",
            "8bit",
            b"Gr\xc3\xbc\xc3\x9fe aus K\xc3\xb6ln",
        ),
        (
            "text/html; charset=iso-8859-15",
            "quoted-printable",
            b"<p>Gr=FC=DFe aus K&ouml;ln</p>",
        ),
    ];
    let desk = Desk::open_with("[caps]\nanswers_per_sender_per_hour = 100\n").await;
    desk.agent("ann", Some("support")).await;
    for (n, (content_type, encoding, body)) in cases.iter().enumerate() {
        let mut raw = format!(
            "From: {CARLA}\r\nTo: support@desk.test\r\nSubject: {n}\r\nMessage-ID: <{n}@c1.test>\r\n\
             MIME-Version: 1.0\r\nContent-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
        )
        .into_bytes();
        raw.extend_from_slice(body);
        raw.extend_from_slice(b"\r\n");
        desk.store_bytes("support", raw, true).await;
    }
    desk.process().await;
    for ticket in desk.tickets().await {
        let n: usize = ticket.subject.parse().unwrap();
        assert_eq!(
            desk.comments(ticket.id).await,
            ["public customer: Grüße aus Köln"],
            "{:?}",
            cases[n]
        );
    }
    assert_eq!(desk.tickets().await.len(), cases.len());
    let mails = desk.take_mail().await;
    let told = mails.iter().filter(|mail| mail.to == "ann@agents.test");
    assert!(
        told.clone().count() == cases.len()
            && told
                .clone()
                .all(|mail| mail.text().contains("Grüße aus Köln"))
    );
    desk.close().await;
}

#[tokio::test]
async fn c1_text_after_a_hyphen_and_winmail_dat_are_kept() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    let mail = format!(
        "From: {CARLA}\nTo: support@desk.test\nSubject: Order\nMessage-ID: <w@customer.test>\nMIME-Version: 1.0\n\
         Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n\
         First line\n- one\n-- two\n- - -\nafter the rule - and after the hyphen\n\
         --b\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\
         Content-Disposition: attachment; filename=winmail.dat\n\neJ8+IgAAAAA=\n--b--\n"
    );
    desk.receive(&mail).await;
    let ticket = desk.ticket().await;
    let comments = desk.comments(ticket.id).await;
    for kept in [
        "First line",
        "- one",
        "after the rule - and after the hyphen",
    ] {
        assert!(comments[0].contains(kept), "{}", comments[0]);
    }
    assert_eq!(desk.count("attachment WHERE name = 'winmail.dat'").await, 1);
    let raw: Vec<u8> = sqlx::query_scalar("SELECT raw FROM inbound_mail")
        .fetch_one(&desk.app.pool)
        .await
        .unwrap();
    assert_eq!(
        raw,
        mail.replace('\n', "\r\n").into_bytes(),
        "the original can always be shown"
    );
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn c1_a_mail_of_html_alone_reads_as_text_and_its_markup_is_never_sent() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    let mail = request(
        CARLA,
        "h@customer.test",
        "Order <b>4711</b>",
        "<html><head><style>p{color:red}</style></head><body><p>The <b>van</b> is late &amp; empty.</p>\
         <script>steal()</script><img src=\"http://track.test/x.gif\"></body></html>",
    )
    .replace("text/plain", "text/html");
    desk.receive(&mail).await;
    let ticket = desk.ticket().await;
    let comments = desk.comments(ticket.id).await;
    assert!(
        comments[0].contains("van") && comments[0].contains("is late & empty."),
        "{}",
        comments[0]
    );
    assert!(
        !comments[0].contains("color:red") && !comments[0].contains("steal"),
        "{}",
        comments[0]
    );
    let html: Option<String> = sqlx::query_scalar("SELECT html FROM comment")
        .fetch_one(&desk.app.pool)
        .await
        .unwrap();
    assert!(!html.unwrap().contains("script"));
    for mail in desk.take_mail().await {
        let html = mail.mail.mail.html.unwrap();
        for markup in ["<script", "track.test", "<b>4711</b>"] {
            assert!(!html.contains(markup), "{html}");
        }
    }
    desk.close().await;
}

/// How clients quote a notification below an answer.
pub fn quoted(style: usize, text: &str) -> String {
    let marked: Vec<String> = text.lines().map(|line| format!("> {line}")).collect();
    let marked = marked.join("\n");
    match style {
        0 => format!(
            "On Fri, Nov 20, 2026 at 9:02 AM Example Support <support@desk.test> wrote:\n\n{marked}"
        ),
        1 => format!(
            "-----Original Message-----\nFrom: Example Support <support@desk.test>\nSent: Friday, November 20, 2026 9:02 AM\nTo: Ann <ann@agents.test>\nSubject: [TKT] x\n\n{text}"
        ),
        2 => format!(
            "________________________________\nVon: Example Support <support@desk.test>\nGesendet: Freitag, 20. November 2026 09:02\nAn: Ann <ann@agents.test>\nBetreff: x\n\n{text}"
        ),
        3 => format!("Am 20.11.26 um 09:02 schrieb Example Support:\n{marked}"),
        // A client that marks nothing and says nothing.
        4 => text.to_owned(),
        _ => marked,
    }
}

#[tokio::test]
async fn c3_a_quoted_note_never_reaches_the_customer_whatever_the_client() {
    for style in 0..6 {
        for own in ["", "It is fixed.\n\n"] {
            let desk = Desk::open().await;
            desk.agent("ann", Some("support")).await;
            desk.agent("bob", Some("support")).await;
            desk.receive(&request(
                CARLA,
                "one@customer.test",
                "Export",
                "It is empty",
            ))
            .await;
            let mails = desk.take_mail().await;
            let bobs = to(&mails, "bob@agents.test");
            let mut conn = desk.app.pool.acquire().await.unwrap();
            sqlx::query(
                "UPDATE ticket SET assignee_id = (SELECT id FROM person WHERE handle = 'ann')",
            )
            .execute(&mut *conn)
            .await
            .unwrap();
            drop(conn);
            let note = "note: this customer has not paid since March,\nkeep it short";
            desk.receive(&reply(bobs, "bob@agents.test", "n@agents.test", note))
                .await;
            let told = desk.take_one().await;
            assert_eq!(told.to, "ann@agents.test");
            assert!(told.text().contains("has not paid"));

            let body = format!("{own}{}", quoted(style, told.text()));
            desk.receive(&reply(&told, "ann@agents.test", "a@agents.test", &body))
                .await;
            let left = desk.take_mail().await;
            for mail in left.iter().filter(|mail| mail.to == "carla@customer.test") {
                let whole = format!("{} {:?}", mail.text(), mail.mail.mail.html);
                assert!(
                    !whole.contains("has not paid"),
                    "style {style}, {own:?}: {whole}"
                );
                assert!(
                    !whole.contains("keep it short"),
                    "style {style}, {own:?}: {whole}"
                );
            }
            if !own.is_empty() && (0..4).contains(&style) {
                assert!(
                    to(&left, "carla@customer.test")
                        .text()
                        .contains("It is fixed."),
                    "style {style}"
                );
            } else if left.iter().all(|mail| mail.to != "carla@customer.test") {
                let told = to(&left, "ann@agents.test");
                assert!(
                    told.text().contains("quotes"),
                    "the agent is told: {}",
                    told.text()
                );
            }
            desk.close().await;
        }
    }
}

/// How clients that write HTML quote a notification below an answer.
pub fn quoted_html(style: usize, html: &str) -> String {
    let line = "On Fri, Nov 20, 2026 at 9:02 AM Example Support &lt;support@desk.test&gt; wrote:";
    match style {
        0 => format!(
            "<br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">{line}<br></div>\
             <blockquote class=\"gmail_quote\">{html}</blockquote></div>"
        ),
        1 => format!(
            "<hr><div id=\"divRplyFwdMsg\" dir=\"ltr\"><b>From:</b> Example Support &lt;support@desk.test&gt;<br>\
             <b>Sent:</b> Friday, November 20, 2026 9:02 AM<br><b>To:</b> Ann<br><b>Subject:</b> x</div>{html}"
        ),
        2 => format!("<div>{line}</div><blockquote type=\"cite\">{html}</blockquote>"),
        // Clients that mark nothing.
        3 => format!("<blockquote>{html}</blockquote>"),
        _ => html.to_owned(),
    }
}

#[tokio::test]
async fn c3_a_quoted_note_never_reaches_the_customer_in_html_either() {
    for style in 0..5 {
        let desk = Desk::open().await;
        desk.agent("ann", Some("support")).await;
        desk.agent("bob", Some("support")).await;
        desk.receive(&request(
            CARLA,
            "one@customer.test",
            "Export",
            "It is empty",
        ))
        .await;
        let mails = desk.take_mail().await;
        sqlx::query("UPDATE ticket SET assignee_id = (SELECT id FROM person WHERE handle = 'ann')")
            .execute(&desk.app.pool)
            .await
            .unwrap();
        let note = "note: this customer has not paid since March,\nkeep it short";
        let bobs = to(&mails, "bob@agents.test");
        desk.receive(&reply(bobs, "bob@agents.test", "n@agents.test", note))
            .await;
        let told = desk.take_one().await;
        let html = told.mail.mail.html.clone().unwrap();
        for (n, own) in ["", "<div>It is fixed.</div>"].iter().enumerate() {
            let body = format!(
                "<html><body>{own}{}</body></html>",
                quoted_html(style, &html)
            );
            let answer = reply(
                &told,
                "ann@agents.test",
                &format!("a{n}@agents.test"),
                &body,
            )
            .replace("text/plain", "text/html");
            desk.receive(&answer).await;
            let left = desk.take_mail().await;
            for mail in left.iter().filter(|mail| mail.to == "carla@customer.test") {
                let whole = format!("{} {:?}", mail.text(), mail.mail.mail.html);
                assert!(
                    !whole.contains("has not paid"),
                    "style {style}, {own:?}: {whole}"
                );
                assert!(
                    !whole.contains("keep it short"),
                    "style {style}, {own:?}: {whole}"
                );
                assert!(
                    !whole.contains("Reply to this mail to answer"),
                    "style {style}, {own:?}: {whole}"
                );
            }
            if !own.is_empty() && style < 3 {
                let answer = to(&left, "carla@customer.test");
                assert!(answer.text().contains("It is fixed."), "style {style}");
            } else if left.iter().all(|mail| mail.to != "carla@customer.test") {
                assert!(to(&left, "ann@agents.test").text().contains("quotes"));
            }
        }
        desk.close().await;
    }
}

#[tokio::test]
async fn c3_a_draft_that_was_a_note_may_be_sent_on_purpose() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    desk.receive(&request(
        CARLA,
        "one@customer.test",
        "Export",
        "It is empty",
    ))
    .await;
    let mails = desk.take_mail().await;
    let notification = to(&mails, "ann@agents.test");
    let text = "The export runs again since nine o'clock.";
    for (n, body) in [format!("note: {text}"), text.to_owned()]
        .iter()
        .enumerate()
    {
        let mail = reply(
            notification,
            "ann@agents.test",
            &format!("d{n}@agents.test"),
            body,
        );
        desk.receive(&mail).await;
    }
    let answer = desk.take_one().await;
    assert_eq!(answer.to, "carla@customer.test");
    assert!(answer.text().contains(text));
    desk.close().await;
}

#[tokio::test]
async fn c3_the_reason_of_a_status_is_for_staff_and_the_machines_own_words_are_for_all() {
    let desk = Desk::open().await;
    let ann = desk.agent("ann", Some("support")).await;
    desk.receive(&request(
        CARLA,
        "one@customer.test",
        "Export",
        "It is empty",
    ))
    .await;
    let mails = desk.take_mail().await;
    let notification = to(&mails, "ann@agents.test");
    let mut tx = desk.app.pool.begin().await.unwrap();
    let ctx = Context {
        settings: &desk.app.settings,
        now: desk.now(),
        actor: Actor::Person(ann.id),
        answering: true,
    };
    let ticket = desk.ticket().await;
    let mut held = ticket::store::lock(&mut tx, ticket.id).await.unwrap();
    frontdesk::desk::assign(&mut tx, &ctx, &mut held, Some(&ann))
        .await
        .unwrap();
    let reason = Some("she threatens with a lawyer");
    frontdesk::desk::change_status(&mut tx, &ctx, &mut held, "waiting_on_customer", reason)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let told = desk.take_mail().await;
    assert!(told.iter().all(|mail| !mail.text().contains("lawyer")));
    for (n, body) in [
        "Yes.\n\nReason: she threatens with a lawyer",
        "Be calm: somebody has it now.",
    ]
    .iter()
    .enumerate()
    {
        let mail = reply(
            notification,
            "ann@agents.test",
            &format!("r{n}@agents.test"),
            body,
        );
        desk.receive(&mail).await;
    }
    let left = desk.take_mail().await;
    assert!(
        to(&left, "carla@customer.test")
            .text()
            .contains("Be calm: somebody has it now.")
    );
    assert!(to(&left, "ann@agents.test").text().contains("quotes"));
    desk.close().await;
}

#[tokio::test]
async fn c3_a_note_is_a_note_however_the_client_writes_it() {
    let notes = [
        "note: secret",
        "Note: secret",
        "NOTE : secret",
        "\u{feff}note: secret",
        "\u{a0}note: secret",
        "*note:* secret",
        "**note:** secret",
        "Note\u{ff1a} secret",
        "note:\u{a0}secret",
        "note:\n\nsecret",
    ];
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    desk.receive(&request(
        CARLA,
        "one@customer.test",
        "Export",
        "It is empty",
    ))
    .await;
    let mails = desk.take_mail().await;
    let notification = to(&mails, "ann@agents.test");
    for (n, note) in notes.iter().enumerate() {
        desk.receive(&reply(
            notification,
            "ann@agents.test",
            &format!("n{n}@agents.test"),
            note,
        ))
        .await;
    }
    let html = reply(
        notification,
        "ann@agents.test",
        "h@agents.test",
        "<div><b>Note:</b> secret</div>",
    )
    .replace("text/plain", "text/html");
    desk.receive(&html).await;
    let left = desk.take_mail().await;
    let ticket = desk.ticket().await;
    let comments = desk.comments(ticket.id).await;
    assert!(
        comments[1..]
            .iter()
            .all(|comment| comment == "internal staff: secret"),
        "{comments:#?}"
    );
    assert_eq!(comments.len(), notes.len() + 2);
    assert!(left.is_empty(), "{left:#?}");
    desk.close().await;
}

#[tokio::test]
async fn c3_the_files_of_a_note_stay_inside() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    desk.receive(&request(
        CARLA,
        "one@customer.test",
        "Export",
        "It is empty",
    ))
    .await;
    let mails = desk.take_mail().await;
    let notification = to(&mails, "ann@agents.test");
    let with_file = |id: &str, words: &str, file: &str| {
        reply(notification, "ann@agents.test", id, "x")
            .replace(
                "Content-Type: text/plain; charset=utf-8",
                "Content-Type: multipart/mixed; boundary=b",
            )
            .replace(
                "\n\nx\n",
                &format!(
                    "\n\n--b\nContent-Type: text/plain\n\n{words}\n--b\nContent-Type: text/x-log\n\
                     Content-Disposition: attachment; filename={file}\n\ncontent of {file}\n--b--\n"
                ),
            )
    };
    desk.receive(&with_file("n@agents.test", "note: for us", "inside.log"))
        .await;
    assert!(desk.take_mail().await.is_empty());
    desk.receive(&with_file("a@agents.test", "For you", "outside.log"))
        .await;
    let answer = desk.take_one().await;
    assert_eq!(answer.to, "carla@customer.test");
    let names: Vec<_> = answer
        .mail
        .mail
        .attachments
        .iter()
        .map(|file| file.name.as_str())
        .collect();
    assert_eq!(names, ["outside.log"]);
    assert!(!String::from_utf8_lossy(&answer.raw).contains("inside.log"));
    desk.close().await;
}

#[tokio::test]
async fn d3_a_limit_in_days_is_a_half_open_span() {
    for (seconds, tickets) in [(0, 1), (1, 2)] {
        let desk = Desk::open().await;
        desk.agent("ann", Some("support")).await;
        desk.receive(&request(
            CARLA,
            "one@customer.test",
            "Export",
            "It is empty",
        ))
        .await;
        let mails = desk.take_mail().await;
        sqlx::query("UPDATE ticket SET status = 'closed', status_kind = 'closed', resolved_at = $1, closed_at = $1")
            .bind(desk.now())
            .execute(&desk.app.pool)
            .await
            .unwrap();
        desk.advance(TimeDelta::days(14) + TimeDelta::seconds(seconds));
        desk.receive(&reply(
            to(&mails, "carla@customer.test"),
            CARLA,
            "two@customer.test",
            "Again",
        ))
        .await;
        assert_eq!(desk.tickets().await.len(), tickets, "{seconds}");
        desk.take_mail().await;
        desk.close().await;
    }
}
