//! Digests: who is sent which, when, and what stands in it.

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::mail::message::ParsedMail;
use frontdesk::notify::By;
use frontdesk::notify::render::Templates;
use frontdesk::people::{Person, Role, store::set_role};
use frontdesk::report::preview;
use frontdesk::report::store as subscriptions;
use frontdesk::report::subscription::{DigestKind, NewSubscription};
use frontdesk::report::write_digests;

use crate::harness::{Desk, Sent, to};

/// A manager in Berlin, where the tests begin on a Friday at ten.
async fn manager(desk: &Desk, handle: &str) -> Person {
    let person = desk.agent(handle, None).await;
    let mut conn = desk.app.pool.acquire().await.unwrap();
    set_role(&mut conn, person.id, Role::Manager, None, None)
        .await
        .unwrap();
    drop(conn);
    desk.command(&person, "zone Europe/Berlin").await.unwrap();
    person
}

async fn run(desk: &Desk, statement: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&desk.app.pool)
        .await
        .unwrap();
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Moves the clock to the moment and writes the digests that are due.
async fn digests_at(desk: &Desk, text: &str) -> usize {
    desk.advance(at(text) - desk.now());
    digests(desk).await
}

async fn digests(desk: &Desk) -> usize {
    let mut tx = desk.app.pool.begin().await.unwrap();
    let written = write_digests(&mut tx, &desk.app.settings, desk.now(), desk.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    written.len()
}

async fn subscribe(desk: &Desk, person: &Person, digest: DigestKind, even_if_empty: bool) {
    let new = NewSubscription {
        person: person.id,
        digest,
        teams: &[],
        hour: 8,
        zone: None,
        even_if_empty,
        unassigned_hours: 24,
        by: By::Mail,
        place: None,
    };
    let mut conn = desk.app.pool.acquire().await.unwrap();
    subscriptions::subscribe(&mut conn, desk.now(), &new)
        .await
        .unwrap();
}

/// A ticket of Jane's, as a row.
async fn ticket(desk: &Desk, number: &str, opened: &str, more: &str) {
    let more = if more.is_empty() {
        String::new()
    } else {
        format!(", {more}")
    };
    run(
        desk,
        &format!(
            "INSERT INTO person (name, role, created_at) SELECT 'Jane', 'customer', now()
             WHERE NOT EXISTS (SELECT FROM person WHERE name = 'Jane');
             INSERT INTO ticket (number, subject, priority, status, status_kind, requester_id, source, opened_at, updated_at)
             SELECT '{number}', 'About {number}', 'low', 'open', 'new', id, 'mail', '{opened}', '{opened}'
             FROM person WHERE name = 'Jane';
             UPDATE ticket SET number = number{more} WHERE number = '{number}'"
        ),
    )
    .await;
}

fn part_of<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let text = text
        .split_once(from)
        .unwrap_or_else(|| panic!("{from} in {text}"))
        .1;
    text.split_once(to).map_or(text, |(part, _)| part)
}

/// A mail's whole source with its folded header lines joined.
fn source(sent: &Sent) -> String {
    String::from_utf8_lossy(&sent.raw).replace("\r\n ", " ")
}

#[tokio::test]
async fn a_manager_gets_the_daily_digest_at_eight_in_their_zone_once() {
    let desk = Desk::open().await;
    manager(&desk, "grete").await;
    ticket(&desk, "T-1", "2026-11-20T08:00Z", "").await;
    ticket(&desk, "T-2", "2026-11-20T22:59:59Z", "").await;
    // In Berlin this one was opened on Saturday.
    ticket(&desk, "T-3", "2026-11-20T23:00Z", "").await;

    assert_eq!(digests_at(&desk, "2026-11-21T06:59:59Z").await, 0);
    assert_eq!(digests_at(&desk, "2026-11-21T07:00:00Z").await, 1);
    assert_eq!(digests_at(&desk, "2026-11-21T07:01:00Z").await, 0);
    let mail = desk.take_one().await;
    assert_eq!(mail.to, "grete@agents.test");
    assert!(
        mail.subject()
            .contains("Friday 20 November 2026: 2 new, 0 resolved"),
        "{}",
        mail.subject()
    );
    assert!(
        mail.text().starts_with("2 new, 0 resolved, 0 need you."),
        "{}",
        mail.text()
    );
    assert!(mail.text().contains("Backlog: 2 (+2)"), "{}", mail.text());
    desk.close().await;
}

#[tokio::test]
async fn the_mail_carries_its_charts_and_stands_alone_without_them() {
    let desk = Desk::open().await;
    manager(&desk, "grete").await;
    ticket(&desk, "T-1", "2026-11-20T08:00Z", "").await;
    digests_at(&desk, "2026-11-21T07:00:00Z").await;
    let mail = desk.take_one().await;
    let html = mail.mail.mail.html.clone().unwrap();
    let images = &mail.mail.mail.attachments;
    assert_eq!(images.len(), 4);
    for image in images {
        assert_eq!(image.content_type, "image/png");
        assert!(image.content.starts_with(b"\x89PNG"));
        let id = image.content_id.as_deref().unwrap();
        assert!(html.contains(&format!("src=\"cid:{id}\"")), "{id}");
    }
    assert_eq!(html.matches("<img").count(), html.matches("alt=\"").count());
    assert!(
        mail.text()
            .contains("New and resolved by day, 7 Nov to 20 Nov: 1 new and 0 resolved"),
        "{}",
        mail.text()
    );
    assert_eq!(
        mail.header("Auto-Submitted").as_deref(),
        Some("auto-generated")
    );
    assert!(source(&mail).contains("multipart/related"));
    desk.close().await;
}

#[tokio::test]
async fn two_copies_at_once_write_each_digest_once() {
    let desk = Desk::open().await;
    for handle in ["grete", "holm", "ida"] {
        manager(&desk, handle).await;
    }
    ticket(&desk, "T-1", "2026-11-20T08:00Z", "").await;
    desk.advance(at("2026-11-21T07:00:00Z") - desk.now());
    let (one, other) = tokio::join!(digests(&desk), digests(&desk));
    assert_eq!(one + other, 3);
    assert_eq!(desk.take_mail().await.len(), 3);
    desk.close().await;
}

#[tokio::test]
async fn a_moment_that_passed_while_nothing_ran_is_caught_up_once() {
    let desk = Desk::open().await;
    manager(&desk, "grete").await;
    ticket(&desk, "T-1", "2026-11-23T08:00Z", "").await;
    assert_eq!(digests_at(&desk, "2026-11-24T15:00:00Z").await, 1);
    assert_eq!(digests(&desk).await, 0);
    assert!(
        desk.take_one()
            .await
            .subject()
            .contains("Monday 23 November 2026: 1 new")
    );
    desk.close().await;
}

#[tokio::test]
async fn a_digest_that_says_nothing_is_sent_only_to_who_asked_for_it() {
    let desk = Desk::open().await;
    manager(&desk, "grete").await;
    let holm = manager(&desk, "holm").await;
    subscribe(&desk, &holm, DigestKind::Daily, true).await;
    assert_eq!(digests_at(&desk, "2026-11-21T07:00:00Z").await, 1);
    let mail = desk.take_one().await;
    assert_eq!(mail.to, "holm@agents.test");
    assert!(mail.text().starts_with("0 new, 0 resolved, 0 need you."));
    desk.close().await;
}

#[tokio::test]
async fn a_mail_to_the_unsubscribe_address_ends_the_subscription_for_good() {
    let desk = Desk::open().await;
    manager(&desk, "grete").await;
    ticket(&desk, "T-1", "2026-11-20T08:00Z", "").await;
    digests_at(&desk, "2026-11-21T07:00:00Z").await;
    let mail = desk.take_one().await;
    let target = mail.header("List-Unsubscribe").unwrap();
    let token = part_of(
        &target,
        "mailto:support@desk.test?subject=unsubscribe%20",
        ">",
    )
    .to_owned();

    let forged = token.chars().rev().collect::<String>();
    for subject in ["unsubscribe", &format!("unsubscribe {forged}")] {
        let mut conn = desk.app.pool.acquire().await.unwrap();
        desk.store(&format!("From: x@elsewhere.test\nTo: support@desk.test\nAuto-Submitted: auto-generated\nSubject: {subject}\n\n-\n"))
            .await;
        desk.process().await;
        assert_eq!(
            subscriptions::standing(&mut conn, None)
                .await
                .unwrap()
                .len(),
            1,
            "{subject}"
        );
    }
    desk.receive(&format!(
        "From: grete@agents.test\nTo: support@desk.test\nMessage-ID: <u@x>\nSubject: unsubscribe {token}\n\n\n"
    ))
    .await;
    assert_eq!(
        desk.fates().await.last().unwrap(),
        "processed: it ended a subscription to the daily digest"
    );
    ticket(&desk, "T-2", "2026-11-21T08:00Z", "").await;
    assert_eq!(digests_at(&desk, "2026-11-22T07:00:00Z").await, 0);
    assert_eq!(desk.tickets().await.len(), 2, "it opened no ticket");
    desk.close().await;
}

#[tokio::test]
async fn d4_what_needs_a_decision_is_listed_with_who_has_it_and_no_cap_is_silent() {
    let desk = Desk::open().await;
    manager(&desk, "grete").await;
    desk.agent("ada", None).await;
    let ada = "assignee_id = (SELECT id FROM person WHERE handle = 'ada')";
    let overdue = format!("due_at = '2026-11-21T06:00Z', {ada}");
    ticket(&desk, "LATE", "2026-11-19T08:00Z", &overdue).await;
    ticket(
        &desk,
        "LATER",
        "2026-11-19T08:00Z",
        &format!("due_at = '2026-11-21T07:00Z', {ada}"),
    )
    .await;
    ticket(
        &desk,
        "BACK",
        "2026-11-18T08:00Z",
        &format!("status = 'reopened', status_kind = 'open', {ada}"),
    )
    .await;
    run(
        &desk,
        "INSERT INTO ticket_clock (ticket_id, kind, started_at, target_minutes, due_at, marks, marks_at)
         SELECT id, 'resolution', opened_at, 60, '2026-11-20T08:00Z', '{}', '{}' FROM ticket WHERE number = 'LATE';
         INSERT INTO ticket_clock (ticket_id, kind, started_at, target_minutes, due_at, marks, marks_at)
         SELECT id, 'resolution', opened_at, 60, '2026-11-21T10:59Z', '{}', '{}' FROM ticket WHERE number = 'BACK';
         INSERT INTO ticket_clock (ticket_id, kind, started_at, target_minutes, due_at, marks, marks_at)
         SELECT id, 'resolution', opened_at, 60, '2026-11-21T11:00Z', '{}', '{}' FROM ticket WHERE number = 'LATER';
         INSERT INTO event (ticket_id, at, kind, field, old, new)
         SELECT id, '2026-11-20T12:00Z', 'status_changed', 'status', 'resolved', 'reopened' FROM ticket WHERE number = 'BACK';
         INSERT INTO event (ticket_id, at, kind, new) SELECT id, '2026-11-20T13:00Z', 'delivery_failed', 'j@x' FROM ticket WHERE number = 'LATE'",
    )
    .await;
    for number in 0..12 {
        ticket(
            &desk,
            &format!("FREE-{number}"),
            &format!("2026-11-19T{number:02}:00Z"),
            "team = 'billing'",
        )
        .await;
    }
    ticket(&desk, "FRESH", "2026-11-20T07:30Z", "").await;
    ticket(
        &desk,
        "DONE",
        "2026-10-01T08:00Z",
        "status = 'closed', status_kind = 'closed'",
    )
    .await;
    digests_at(&desk, "2026-11-21T07:00:00Z").await;
    let mail = desk.take_one().await;
    let text = mail.text();

    assert!(
        part_of(text, "A promise is missed (1):", "A promise").contains("LATE"),
        "{text}"
    );
    assert!(
        part_of(text, "about to be missed (1):", "Overdue").contains("BACK"),
        "{text}"
    );
    assert!(text.contains("Promises kept in time: 0 %"), "{text}");
    let overdue = part_of(text, "Overdue (1):", "Nobody has it");
    assert!(
        overdue.contains("LATE  About LATE") && overdue.contains("ada, since"),
        "{text}"
    );
    let free = part_of(text, "Nobody has it (12):", "Came back");
    assert!(
        free.contains("FREE-0 ") && free.contains("FREE-9 ") && !free.contains("FREE-10"),
        "{text}"
    );
    assert!(
        free.contains("Billing, since Thu 19 Nov 2026, 01:00"),
        "{text}"
    );
    assert!(free.contains("and 2 more"), "{text}");
    assert!(
        part_of(text, "Came back (1):", "A mail").contains("BACK"),
        "{text}"
    );
    assert!(
        part_of(text, "A mail did not arrive (1):", "Oldest").contains("LATE"),
        "{text}"
    );
    let oldest = part_of(text, "Oldest:", "FIGURES");
    assert!(
        oldest.contains("BACK") && !oldest.contains("DONE") && !oldest.contains("more"),
        "{text}"
    );
    // LATE counts once, though it stands in two lists; the oldest are no call for a decision.
    assert!(
        text.starts_with("1 new, 0 resolved, 14 need you."),
        "{text}"
    );
    desk.close().await;
}

#[tokio::test]
async fn an_agent_s_own_list_says_what_waits_for_them() {
    let desk = Desk::open().await;
    let ada = desk.agent("ada", None).await;
    subscribe(&desk, &ada, DigestKind::Mine, false).await;
    let own = format!("assignee_id = {}", ada.id);
    ticket(
        &desk,
        "LATE",
        "2026-11-10T08:00Z",
        &format!("due_at = '2026-11-20T08:00Z', {own}"),
    )
    .await;
    ticket(
        &desk,
        "TODAY",
        "2026-11-10T08:00Z",
        &format!("due_at = '2026-11-21T23:59Z', {own}"),
    )
    .await;
    ticket(
        &desk,
        "TOMORROW",
        "2026-11-10T08:00Z",
        &format!("due_at = '2026-11-22T00:00Z', {own}"),
    )
    .await;
    ticket(&desk, "ASKED", "2026-11-10T08:00Z", &own).await;
    ticket(&desk, "OTHERS", "2026-11-10T08:00Z", "").await;
    run(
        &desk,
        "INSERT INTO comment (ticket_id, author_id, visibility, by_staff, body, source, created_at)
         SELECT ticket.id, requester_id, 'public', false, 'And now?', 'mail', '2026-11-20T08:00Z' FROM ticket WHERE number = 'ASKED';
         INSERT INTO comment (ticket_id, author_id, visibility, by_staff, body, source, created_at)
         SELECT ticket.id, requester_id, 'internal', true, 'A note', 'mail', '2026-11-20T09:00Z' FROM ticket WHERE number = 'ASKED'",
    )
    .await;
    run(
        &desk,
        &format!(
            "INSERT INTO reminder (ticket_id, person_id, set_by, text, zone, due_at, created_at)
             SELECT ticket.id, {ada}, {ada}, text, 'UTC', due::timestamptz, '2026-11-19T08:00Z'
             FROM (VALUES ('Call them back', '2026-11-21T10:30Z'), ('Look again', '2026-11-22T00:00Z')) AS set (text, due)
             JOIN ticket ON number = 'ASKED'",
            ada = ada.id
        ),
    )
    .await;
    assert_eq!(digests_at(&desk, "2026-11-21T08:00:00Z").await, 1);
    let mails = desk.take_mail().await;
    let mail = to(&mails, "ada@agents.test");
    let text = mail.text();
    assert!(
        mail.subject().ends_with("4 tickets wait for you"),
        "{}",
        mail.subject()
    );
    assert!(
        part_of(text, "Overdue (1):", "Due today").contains("LATE"),
        "{text}"
    );
    assert!(
        part_of(text, "Due today (1):", "Waits").contains("TODAY"),
        "{text}"
    );
    let reminders = part_of(text, "Reminders today (1):", "--");
    assert!(
        reminders.contains("10:30  Call them back (ASKED ") && !reminders.contains("Look again"),
        "{text}"
    );
    assert!(
        part_of(text, "Waits for your answer (1):", "Also yours").contains("ASKED"),
        "{text}"
    );
    assert!(
        part_of(text, "Also yours (1):", "--").contains("TOMORROW"),
        "{text}"
    );
    assert!(!text.contains("OTHERS"), "{text}");
    desk.close().await;
}

#[tokio::test]
async fn nobody_is_written_to_whose_mail_came_back_or_who_left() {
    let desk = Desk::open().await;
    manager(&desk, "grete").await;
    manager(&desk, "holm").await;
    ticket(&desk, "T-1", "2026-11-20T08:00Z", "").await;
    run(
        &desk,
        "INSERT INTO suppression (address, reason, created_at) VALUES ('grete@agents.test', 'gone', now());
         UPDATE person SET disabled_at = now() WHERE handle = 'holm'",
    )
    .await;
    desk.advance(TimeDelta::days(1));
    assert_eq!(digests(&desk).await, 0);
    desk.close().await;
}

/// In the night in which Berlin's clocks go back its hour from two to three comes twice, and in Bangkok it is eight.
#[tokio::test]
async fn d1_a_change_of_the_desks_clocks_delays_no_reader_elsewhere() {
    let desk = Desk::in_zone("Europe/Berlin").await;
    let ben = desk.agent("ben", None).await;
    desk.command(&ben, "zone Asia/Bangkok").await.unwrap();
    subscribe(&desk, &ben, DigestKind::Daily, true).await;
    desk.tick_at(at("2027-10-31T00:30:00Z")).await;
    let written = "SELECT to_char(created_at AT TIME ZONE 'UTC', 'HH24:MI') FROM outbox WHERE template = 'digest'
                   AND created_at >= '2027-10-31 00:35Z'";
    let slots = "SELECT to_char(slot_at AT TIME ZONE 'UTC', 'HH24:MI') FROM schedule_slot
                 WHERE schedule = 'follow_ups' AND slot_at > '2027-10-31 00:30Z' ORDER BY slot_at";
    let texts = async |query: &'static str| -> Vec<String> {
        let texts = sqlx::query_scalar(query).fetch_all(&desk.app.pool);
        texts.await.unwrap()
    };
    for minute in (35..=60).step_by(5) {
        desk.advance(at("2027-10-31T00:00:00Z") + TimeDelta::minutes(minute) - desk.now());
        desk.app.ticker().step().await.unwrap();
    }
    assert_eq!(texts(written).await, ["01:00"]);
    assert_eq!(
        texts(slots).await,
        ["00:35", "00:40", "00:45", "00:50", "00:55", "01:00"]
    );
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn a_preview_is_the_very_mail_that_the_clock_sends() {
    let desk = Desk::open().await;
    let grete = manager(&desk, "grete").await;
    ticket(&desk, "T-1", "2026-11-20T10:00Z", "").await;
    desk.app.ticker().step().await.unwrap();
    desk.advance(at("2026-11-21T07:00:00Z") - desk.now());
    let (settings, now) = (&desk.app.settings, desk.now());
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let row = preview::row(
        &mut conn,
        settings,
        now,
        DigestKind::Daily,
        Some(&grete),
        None,
    )
    .await
    .unwrap();
    assert!(
        subscriptions::standing(&mut conn, None)
            .await
            .unwrap()
            .is_empty(),
        "a preview writes nothing down"
    );
    drop(conn);
    let templates = Templates::load(None).unwrap();
    let letter = preview::letter(settings, &templates, now, &row).unwrap();
    let shown = frontdesk::mail::understand(&letter.bytes, &settings.limits).mail;

    desk.app.ticker().step().await.unwrap();
    let mails = desk.take_mail().await;
    let mut digests = mails.iter().filter(|mail| mail.subject().contains("1 new"));
    let sent = &digests.next().unwrap().mail.mail;
    assert_eq!(shown.subject, sent.subject);
    // The signature under which it is ended names a subscription that the preview did not write down.
    let signature = regex::Regex::new("unsubscribe%20[a-z0-9]+").unwrap();
    let unsigned = |text: &str| signature.replace_all(text, "unsubscribe").into_owned();
    assert_eq!(unsigned(&shown.text), unsigned(&sent.text));
    let html = |mail: &ParsedMail| unsigned(mail.html.as_deref().unwrap());
    assert_eq!(html(&shown), html(sent));
    let images = |mail: &ParsedMail| -> Vec<Vec<u8>> {
        let files = mail.attachments.iter();
        files.map(|file| file.content.clone()).collect()
    };
    assert_eq!(images(sent).len(), 4);
    assert!(images(&shown) == images(sent), "the images differ");
    desk.close().await;
}

#[tokio::test]
async fn the_clock_sends_the_digests_by_itself() {
    let desk = Desk::open().await;
    manager(&desk, "grete").await;
    ticket(&desk, "T-1", "2026-11-20T10:00Z", "").await;
    desk.tick_at(at("2026-11-21T07:00:00Z")).await;
    // Other mail may leave at that moment, too: the ticket has waited long.
    let mails = desk.take_mail().await;
    let digests = mails.iter().filter(|mail| mail.subject().contains("1 new"));
    assert_eq!(digests.count(), 1, "{mails:#?}");
    desk.close().await;
}
