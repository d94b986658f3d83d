//! SIGTERM, and two copies side by side.

use frontdesk::config::service::TlsMode;

use super::desk::{LiveDesk, SUPPORT, Ways, mail_servers};
use super::killed::Crowd;
use super::letters::request;
use super::proxy::{Proxy, Speaker};
use super::service::Service;
use crate::db::TestDb;

const CUSTOMER: &str = "carla@example.net";

/// A service whose first answer is on its way to a server that does not say whether it took it.
async fn waiting_for_an_answer(drain_seconds: u32) -> (LiveDesk, TestDb, Proxy, Service) {
    let stack = mail_servers();
    stack.add_user(CUSTOMER, "secret");
    let taken = |speaker, line: &str| {
        speaker == Speaker::Server && line.starts_with("250 2.0.0 Ok: queued")
    };
    let proxy = Proxy::start(stack.ports.smtp, taken);
    let ways = Ways {
        smtp: (TlsMode::None, proxy.port),
        smtp_timeout_seconds: 600,
        drain_seconds,
        ..Ways::of(&stack)
    };
    let db = TestDb::new().await;
    let desk = LiveDesk::lay(stack, db.pool().clone(), db.url(), &ways).await;
    let mail = request(CUSTOMER, "one@example.net", 0);
    desk.stack.deliver(CUSTOMER, SUPPORT, &mail);
    let mut service = desk.start();
    proxy.wait_held();
    service.wait_open();
    service.terminate();
    service.wait_for("it drains", |service| {
        service
            .lines()
            .iter()
            .any(|line| line["message"].to_string().contains("draining"))
    });
    (desk, db, proxy, service)
}

#[tokio::test]
async fn what_is_on_its_way_is_settled_before_the_end() {
    let (desk, _db, proxy, service) = waiting_for_an_answer(600).await;
    proxy.let_go();
    let (status, lines) = service.ended();
    assert_eq!(status.code(), Some(0));
    let last = lines.last().unwrap();
    assert_eq!(last["message"], "Frontdesk is closed", "{last}");
    assert_eq!(last["cut_off"], "");
    let sending: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox WHERE state = 'sending'")
        .fetch_one(&desk.pool)
        .await
        .unwrap();
    assert_eq!(sending, 0);
}

#[tokio::test]
async fn a_drain_ends_when_its_time_is_over() {
    let (_desk, _db, _proxy, service) = waiting_for_an_answer(1).await;
    let (status, lines) = service.ended();
    assert_eq!(status.code(), Some(0));
    assert_eq!(lines.last().unwrap()["cut_off"], "delivery");
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let (_desk, _db, _proxy, service) = waiting_for_an_answer(3600).await;
    service.terminate();
    let (status, _) = service.ended();
    assert_eq!(status.code(), Some(143));
}

#[tokio::test]
async fn two_copies_share_the_work() {
    let crowd = Crowd::gather(200).await;
    let mut copies = [crowd.desk.start(), crowd.desk.start()];
    copies.iter_mut().for_each(Service::wait_open);
    crowd.write(&crowd.requests, &[]);
    crowd.desk.settle_down(200).await;
    let mut answered = Vec::new();
    let answers = crowd.answers(&mut answered, 100);
    crowd.write(&[], &answers);
    crowd.desk.settle_down(300).await;
    for copy in &copies {
        for share in ["A mail was settled", "A mail was sent"] {
            assert!(copy.count(share) > 0, "{share}:\n{}", copy.text());
        }
    }
    copies.into_iter().for_each(Service::close);
    let twice = crowd.desk.audit(&crowd.requests, &answered).await;
    assert_eq!(twice, [] as [String; 0]);
}
