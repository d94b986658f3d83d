//! A customer and an agent at their own mail programs, from the first word to the resolved ticket.

use chrono::Utc;
use frontdesk::config::desk::StatusKind;
use frontdesk::config::service::TlsMode;
use frontdesk::desk::{self, Context};
use frontdesk::people;
use frontdesk::ticket::{self, Actor, timeline};
use frontdesk::wake::{self, Topic};

use super::desk::{AGENT, LiveDesk, SUPPORT, Ways, mail_servers};
use super::letters::{Letter, assert_one_thread, request};
use crate::db::TestDb;

const CUSTOMER: &str = "carla@example.net";

#[tokio::test]
async fn over_tls_with_a_password() {
    round_trip(TlsMode::Tls, false).await;
}

#[tokio::test]
async fn over_starttls_with_a_password() {
    round_trip(TlsMode::Starttls, false).await;
}

#[tokio::test]
async fn over_tls_with_a_token() {
    round_trip(TlsMode::Tls, true).await;
}

#[tokio::test]
async fn over_starttls_with_a_token() {
    round_trip(TlsMode::Starttls, true).await;
}

async fn round_trip(tls: TlsMode, token: bool) {
    let stack = mail_servers();
    stack.add_user(CUSTOMER, "secret");
    let mut ways = Ways {
        token,
        // So long that nothing but IDLE brings the mail.
        poll_seconds: 3600,
        ..Ways::of(&stack)
    };
    if tls == TlsMode::Starttls {
        ways.imap = (tls, stack.ports.imap);
        ways.smtp = (tls, stack.ports.submission);
    }
    let db = TestDb::new().await;
    let desk = LiveDesk::lay(stack, db.pool().clone(), db.url(), &ways).await;
    let mut service = desk.start();
    service.wait_open();

    let (mut inbox, customers, agents) = correspond(&desk).await;
    resolve(&desk).await;
    let news = desk.next(CUSTOMER, &mut inbox).await;
    assert!(news.automatic);
    assert!(
        news.text
            .contains("We believe that your request is settled"),
        "{news:#?}"
    );

    desk.settle_down(5).await;
    assert_one_thread(&[customers.as_slice(), &[news]].concat());
    assert_one_thread(&agents);
    assert_eq!(
        desk.letters(AGENT).len(),
        2,
        "nobody hears of their own act"
    );
    check_ticket(&desk).await;
    assert_eq!(desk.stack.mails_in(SUPPORT, "Archive").len(), 5);
    assert!(desk.stack.mails(SUPPORT).is_empty());
    assert_eq!(desk.stack.oauth.refreshed() > 0, token);
    service.close();
}

/// They write to each other until there is nothing left to say. Gives the customer's inbox, and both sides' mails,
/// sent ones included, in the order of time.
async fn correspond(desk: &LiveDesk) -> (Vec<Letter>, Vec<Letter>, Vec<Letter>) {
    let (mut customers_inbox, mut agents_inbox) = (Vec::new(), Vec::new());
    let send = |from: &str, to: &str, raw: Vec<u8>| {
        desk.stack.deliver(from, to, &raw);
        Letter::read(&raw)
    };
    let first = send(CUSTOMER, SUPPORT, request(CUSTOMER, "one@example.net", 3));
    let acknowledgement = desk.next(CUSTOMER, &mut customers_inbox).await;
    assert!(acknowledgement.automatic);
    assert!(acknowledgement.subject.contains("Request 3"));
    let notification = desk.next(AGENT, &mut agents_inbox).await;
    assert!(notification.text.contains("Grüße, this is request 3."));
    assert!(
        notification.reply_to.starts_with("support+"),
        "{}",
        notification.reply_to
    );

    let answer = notification.answer(AGENT, "a1@example.com", "We are looking into it.");
    let answer = send(AGENT, &notification.reply_to, answer);
    let reply = desk.next(CUSTOMER, &mut customers_inbox).await;
    assert!(reply.text.contains("We are looking into it."));
    assert!(!reply.automatic);

    let words = reply.answer(CUSTOMER, "two@example.net", "It is still empty.");
    let words = send(CUSTOMER, &reply.reply_to, words);
    let told = desk.next(AGENT, &mut agents_inbox).await;
    assert!(told.text.contains("It is still empty."));

    let note = told.answer(AGENT, "n1@example.com", "note: she has the old version");
    let note = send(AGENT, &told.reply_to, note);
    desk.settle_down(4).await;
    let last = told.answer(AGENT, "a2@example.com", "Now it is filled.");
    let last = send(AGENT, &told.reply_to, last);
    let filled = desk.next(CUSTOMER, &mut customers_inbox).await;
    assert!(filled.text.contains("Now it is filled."));

    let customers = vec![first, acknowledgement, reply, words, filled];
    for letter in &customers {
        let whole = String::from_utf8_lossy(&letter.raw);
        assert!(
            !whole.contains("example.com"),
            "the agent's address stays inside:\n{whole}"
        );
        assert!(
            !whole.contains("old version"),
            "a note stays inside:\n{whole}"
        );
    }
    let agents = vec![notification, answer, told, note, last];
    (customers_inbox, customers, agents)
}

/// The agent resolves the ticket.
async fn resolve(desk: &LiveDesk) {
    let settings = desk.settings();
    let mut tx = desk.pool.begin().await.unwrap();
    let ann = people::store::by_address(&mut tx, AGENT)
        .await
        .unwrap()
        .unwrap();
    let id = ticket::store::newest(&mut tx, true, 10).await.unwrap()[0].id;
    let mut ticket = ticket::store::lock(&mut tx, id).await.unwrap();
    let ctx = Context {
        settings: &settings,
        now: Utc::now(),
        actor: Actor::Person(ann.id),
        answering: true,
    };
    desk::change_status(&mut tx, &ctx, &mut ticket, "resolved", None)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    wake::tell(&desk.pool, Topic::Outbox).await.unwrap();
}

async fn check_ticket(desk: &LiveDesk) {
    let mut conn = desk.pool.acquire().await.unwrap();
    let tickets = ticket::store::newest(&mut conn, true, 10).await.unwrap();
    assert_eq!(tickets.len(), 1, "{tickets:#?}");
    assert_eq!(tickets[0].kind, StatusKind::Resolved);
    assert!(tickets[0].first_responded_at.is_some());
    let comments = timeline::comments(&mut conn, tickets[0].id).await.unwrap();
    let said: Vec<&str> = comments.iter().map(|comment| comment.body.trim()).collect();
    assert_eq!(
        said,
        [
            "Grüße, this is request 3.",
            "We are looking into it.",
            "It is still empty.",
            "she has the old version",
            "Now it is filled.",
        ]
    );
}
