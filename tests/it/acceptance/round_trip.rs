//! A customer and an agent at their own mail programs, from the first word to the resolved ticket.

use frontdesk::config::desk::StatusKind;
use frontdesk::config::service::TlsMode;
use frontdesk::ticket::{self, timeline};

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

    let (mut inbox, mut agents_inbox, customers, agents) = correspond(&desk).await;
    resolve(&desk, &agents, &mut agents_inbox).await;
    let news = desk.next(CUSTOMER, &mut inbox).await;
    assert!(news.automatic);
    assert!(
        news.text
            .contains("We believe that your request is settled"),
        "{news:#?}"
    );

    desk.settle_down(6).await;
    assert_one_thread(&[customers.as_slice(), &[news]].concat());
    assert_one_thread(&agents);
    assert_eq!(
        desk.letters(AGENT).len(),
        3,
        "nobody hears of their own act, but of what became of an order"
    );
    check_ticket(&desk).await;
    assert_eq!(desk.stack.mails_in(SUPPORT, "Archive").len(), 6);
    assert!(desk.stack.mails(SUPPORT).is_empty());
    assert_eq!(desk.stack.oauth.refreshed() > 0, token);
    service.close();
}

/// They write to each other until there is nothing left to say. Gives both inboxes, and both sides' mails, sent ones
/// included, in the order of time: the customer's, then the agent's.
async fn correspond(desk: &LiveDesk) -> (Vec<Letter>, Vec<Letter>, Vec<Letter>, Vec<Letter>) {
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
    (customers_inbox, agents_inbox, customers, agents)
}

/// The agent resolves the ticket by a mail of a command alone, and is told what became of it.
async fn resolve(desk: &LiveDesk, agents: &[Letter], inbox: &mut Vec<Letter>) {
    let mut told = agents.iter().rev();
    let told = told.find(|letter| letter.reply_to.starts_with("support+"));
    let told = told.expect("a notification");
    let order = told.answer(AGENT, "r1@example.com", "/resolve");
    desk.stack.deliver(AGENT, &told.reply_to, &order);
    let outcome = desk.next(AGENT, inbox).await;
    assert!(outcome.automatic);
    assert!(outcome.text.contains("/resolve"), "{outcome:#?}");
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
