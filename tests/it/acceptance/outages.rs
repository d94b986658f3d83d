//! Postfix, Dovecot and PostgreSQL go away and come back while mail flows, and the service goes on by itself.

use std::{fs, os::unix::fs::PermissionsExt};

use frontdesk::config::service::TlsMode;
use frontdesk::db::{self, embedded::Cluster};
use serde_json::Value;
use tempfile::TempDir;

use super::desk::{CONCURRENCY, LiveDesk, SUPPORT, Ways, mail_servers};
use super::killed::crowd;
use super::letters::request;
use super::proxy::{Proxy, Speaker};
use super::service::Service;
use crate::db::TestDb;
use crate::stack::MailStack;

/// How many mails come before, during and after each outage.
const SOME: usize = 12;

type Requests = [(String, String)];

fn all() -> (MailStack, Vec<(String, String)>) {
    let stack = mail_servers();
    let requests = crowd(3 * SOME);
    for (address, _) in &requests {
        stack.add_user(address, "secret");
    }
    (stack, requests)
}

/// Mails that lie in the mailbox.
fn put(desk: &LiveDesk, requests: &Requests) {
    for (number, (address, id)) in requests.iter().enumerate() {
        desk.stack.put(SUPPORT, &request(address, id, number));
    }
}

/// Mails that another server hands over.
fn deliver(desk: &LiveDesk, requests: &Requests) {
    for (number, (address, id)) in requests.iter().enumerate() {
        let raw = request(address, id, number);
        desk.stack.deliver(address, SUPPORT, &raw);
    }
}

/// Waits until the service is busy in both directions.
fn wait_busy(service: &mut Service) {
    service.wait_for("mail goes out", |service| {
        service.count("A mail was sent") > 0
    });
}

/// Whether a line of the log that is no mere information holds all the words.
fn complaint(service: &Service, words: &[&str]) -> bool {
    let about = |line: &Value| {
        let text = line.to_string();
        words.iter().all(|word| text.contains(word))
    };
    let lines = service.lines();
    let mut serious = lines.iter().filter(|line| line["level"] != "INFO");
    serious.any(about)
}

#[tokio::test]
async fn postfix_goes_and_comes_back() {
    let (stack, requests) = all();
    let db = TestDb::new().await;
    let ways = Ways::of(&stack);
    let mut desk = LiveDesk::lay(stack, db.pool().clone(), db.url(), &ways).await;
    let mut service = desk.start();
    deliver(&desk, &requests[..SOME]);
    wait_busy(&mut service);

    desk.stack.stop_postfix();
    put(&desk, &requests[SOME..2 * SOME]);
    service.wait_for("the log speaks of the delivery", |service| {
        complaint(
            service,
            &["A mail was not sent", "no server can be reached"],
        )
    });
    desk.eventually("the outbox speaks of it", async || {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM outbox WHERE state = 'pending' AND last_error LIKE '%no server can be reached%')",
        )
        .fetch_one(&desk.pool)
        .await
        .unwrap()
    })
    .await;

    let (_, page) = desk.status();
    assert!(
        page.contains("after a failure") && page.contains("the oldest that waits was written"),
        "{page}"
    );

    desk.stack.start_postfix();
    deliver(&desk, &requests[2 * SOME..]);
    desk.settle_down(requests.len()).await;
    service.close();
    // Whether Postfix took what it was just being given, nobody can know; and that is sent again.
    assert!(desk.audit(&requests, &[]).await.len() <= CONCURRENCY);
}

#[tokio::test]
async fn dovecot_goes_and_comes_back() {
    let (stack, requests) = all();
    let db = TestDb::new().await;
    let ways = Ways::of(&stack);
    let mut desk = LiveDesk::lay(stack, db.pool().clone(), db.url(), &ways).await;
    let mut service = desk.start();
    deliver(&desk, &requests[..SOME]);
    wait_busy(&mut service);

    desk.stack.stop_dovecot();
    // Postfix keeps what it cannot hand on.
    deliver(&desk, &requests[SOME..2 * SOME]);
    service.wait_for("the log speaks of the mailbox", |service| {
        complaint(service, &["mailbox", "support"])
    });
    desk.eventually("`frontdesk status` speaks of it", async || {
        let (all_is_well, page) = desk.status();
        !all_is_well && page.contains("cannot be reached")
    })
    .await;

    desk.stack.start_dovecot();
    deliver(&desk, &requests[2 * SOME..]);
    desk.settle_down(requests.len()).await;
    assert!(desk.audit(&requests, &[]).await.is_empty());
    desk.eventually("`frontdesk status` finds all well", async || {
        desk.status().0
    })
    .await;
    service.close();
}

/// A database server of the test's own, which it may stop.
struct Database {
    folder: TempDir,
    cluster: Option<Cluster>,
}

impl Database {
    const SETTINGS: [(&str, &str); 2] = [("fsync", "off"), ("shared_buffers", "64MB")];

    async fn start() -> Self {
        let folder = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o711))
            .tempdir()
            .unwrap();
        let mut database = Self {
            folder,
            cluster: None,
        };
        database.start_again().await;
        database
    }

    async fn start_again(&mut self) {
        let cluster = Cluster::start_with(self.folder.path(), &Self::SETTINGS).await;
        self.cluster = Some(cluster.unwrap());
    }

    async fn stop(&mut self) {
        self.cluster.take().unwrap().stop().await.unwrap();
    }

    async fn desk(&self, stack: MailStack, ways: &Ways) -> LiveDesk {
        let url = &self.cluster.as_ref().unwrap().url;
        let pool = db::connect(url, 8).await.unwrap();
        db::migrate(&pool).await.unwrap();
        LiveDesk::lay(stack, pool, url, ways).await
    }
}

#[tokio::test]
async fn postgresql_goes_and_comes_back() {
    let (stack, requests) = all();
    let mut database = Database::start().await;
    let ways = Ways::of(&stack);
    let desk = database.desk(stack, &ways).await;
    let mut service = desk.start();
    deliver(&desk, &requests[..SOME]);
    wait_busy(&mut service);

    database.stop().await;
    deliver(&desk, &requests[SOME..2 * SOME]);
    for task in ["inbound", "delivery", "mailbox support"] {
        service.wait_for("the log speaks of each task", |service| {
            // Who holds a mail that has left waits for the database with it.
            complaint(service, &[&format!("The task {task} failed")])
                || task == "delivery" && complaint(service, &["cannot be written down yet"])
        });
    }

    database.start_again().await;
    deliver(&desk, &requests[2 * SOME..]);
    desk.settle_down(requests.len()).await;
    service.close();
    assert_eq!(desk.audit(&requests, &[]).await, [] as [String; 0]);
    database.stop().await;
}

#[tokio::test]
async fn what_was_sent_while_postgresql_was_away_is_not_sent_again() {
    let (stack, requests) = all();
    let taken = |speaker, line: &str| {
        speaker == Speaker::Server && line.starts_with("250 2.0.0 Ok: queued")
    };
    let proxy = Proxy::start(stack.ports.smtp, taken);
    let mut database = Database::start().await;
    let ways = Ways {
        smtp: (TlsMode::None, proxy.port),
        smtp_timeout_seconds: 100,
        ..Ways::of(&stack)
    };
    let desk = database.desk(stack, &ways).await;
    let mut service = desk.start();
    put(&desk, &requests[..1]);
    proxy.wait_held();

    database.stop().await;
    proxy.let_go();
    service.wait_for("the log speaks of it", |service| {
        complaint(
            service,
            &["A message has left, but this cannot be written down yet"],
        )
    });
    database.start_again().await;
    desk.settle_down(1).await;
    service.close();
    assert_eq!(desk.audit(&requests[..1], &[]).await, [] as [String; 0]);
    database.stop().await;
}
