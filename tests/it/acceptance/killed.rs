//! SIGKILL, at the points where it could lose or double something, and at twenty others.

use std::time::Duration;

use chrono::TimeDelta;
use frontdesk::config::service::TlsMode;
use frontdesk::inbound::{
    self,
    store::{Claimed, Settlement},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

use super::desk::{CONCURRENCY, LiveDesk, SUPPORT, Ways, mail_servers};
use super::letters::request;
use super::proxy::{Proxy, Speaker};
use super::service::Service;
use crate::db::TestDb;
use crate::harness::Desk;

const CUSTOMER: &str = "carla@example.net";
const ID: &str = "one@example.net";

/// One customer who is about to write.
struct Scene {
    desk: LiveDesk,
    requests: Vec<(String, String)>,
    // Last: it goes when nobody uses it any more.
    _db: TestDb,
}

impl Scene {
    async fn set(ways: impl FnOnce(&crate::stack::MailStack) -> Ways) -> Self {
        let stack = mail_servers();
        stack.add_user(CUSTOMER, "secret");
        let db = TestDb::new().await;
        let ways = ways(&stack);
        Self {
            desk: LiveDesk::lay(stack, db.pool().clone(), db.url(), &ways).await,
            requests: vec![(CUSTOMER.to_owned(), ID.to_owned())],
            _db: db,
        }
    }

    /// The customer writes, and the service starts.
    fn play(&self) -> Service {
        self.desk
            .stack
            .deliver(CUSTOMER, SUPPORT, &request(CUSTOMER, ID, 2));
        self.desk.start()
    }

    async fn count(&self, rows: &'static str) -> i64 {
        let count = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {rows}")));
        count.fetch_one(&self.desk.pool).await.unwrap()
    }

    /// A copy that is started now finishes the work. Gives what left twice.
    async fn finish(&self) -> Vec<String> {
        let service = self.desk.start();
        self.desk.settle_down(1).await;
        service.close();
        self.desk.audit(&self.requests, &[]).await
    }
}

/// Holds a lock until [`PgConnection`] goes.
async fn hold(desk: &LiveDesk, lock: &'static str) -> PgConnection {
    let mut conn = desk.connection().await;
    sqlx::raw_sql("BEGIN").execute(&mut conn).await.unwrap();
    sqlx::raw_sql(lock).execute(&mut conn).await.unwrap();
    conn
}

const INBOUND: &str = "LOCK TABLE inbound_mail IN EXCLUSIVE MODE";
const OUTBOX: &str = "LOCK TABLE outbox IN EXCLUSIVE MODE";

#[tokio::test]
async fn after_the_fetch_before_the_mail_is_written_down() {
    let scene = Scene::set(Ways::of).await;
    let lock = hold(&scene.desk, INBOUND).await;
    let service = scene.play();
    scene.desk.wait_blocked("WITH unknown AS").await;
    service.kill();
    lock.close().await.unwrap();
    assert_eq!(scene.count("inbound_mail").await, 0);
    assert_eq!(scene.finish().await, [] as [String; 0]);
}

#[tokio::test]
async fn after_the_mail_is_written_down_before_the_server_is_told() {
    let mut proxy = None;
    let scene = Scene::set(|stack| {
        let moves = |speaker, line: &str| speaker == Speaker::Client && line.contains("UID MOVE");
        let relay = proxy.insert(Proxy::start(stack.ports.imap, moves));
        Ways {
            imap: (TlsMode::None, relay.port),
            ..Ways::of(stack)
        }
    })
    .await;
    let proxy = proxy.unwrap();
    let service = scene.play();
    proxy.wait_held();
    assert_eq!(
        scene
            .count("inbound_delivery WHERE acknowledged_at IS NULL")
            .await,
        1
    );
    service.kill();
    assert_eq!(
        scene.desk.stack.mails(SUPPORT).len(),
        1,
        "it was not put away"
    );
    proxy.cut();
    assert_eq!(scene.finish().await, [] as [String; 0]);
}

#[tokio::test]
async fn after_the_server_is_told_before_that_is_written_down() {
    let mut proxy = None;
    let scene = Scene::set(|stack| {
        let moved = |speaker, line: &str| speaker == Speaker::Server && line.contains("COPYUID");
        let relay = proxy.insert(Proxy::start(stack.ports.imap, moved));
        Ways {
            imap: (TlsMode::None, relay.port),
            ..Ways::of(stack)
        }
    })
    .await;
    let proxy = proxy.unwrap();
    let service = scene.play();
    proxy.wait_held();
    service.kill();
    assert!(
        scene.desk.stack.mails(SUPPORT).is_empty(),
        "it was put away"
    );
    proxy.let_go();
    assert_eq!(scene.finish().await, [] as [String; 0]);
}

#[tokio::test]
async fn inside_the_second_transaction_when_the_answers_are_to_be_written() {
    let scene = Scene::set(Ways::of).await;
    let lock = hold(&scene.desk, OUTBOX).await;
    let service = scene.play();
    scene.desk.wait_blocked("INSERT INTO outbox").await;
    service.kill();
    lock.close().await.unwrap();
    assert_eq!(scene.count("ticket").await, 0);
    assert_eq!(scene.finish().await, [] as [String; 0]);
}

#[tokio::test]
async fn inside_the_second_transaction_when_only_the_commit_is_missing() {
    let scene = Scene::set(Ways::of).await;
    let answers = hold(&scene.desk, OUTBOX).await;
    let service = scene.play();
    scene.desk.wait_blocked("INSERT INTO outbox").await;
    // The worker has claimed the row and not touched it since: settling it is the last thing it does.
    let row = hold(&scene.desk, "SELECT FROM inbound_mail FOR UPDATE NOWAIT").await;
    answers.close().await.unwrap();
    scene
        .desk
        .wait_blocked("UPDATE inbound_mail SET state = given.state")
        .await;
    service.kill();
    row.close().await.unwrap();
    assert_eq!(scene.count("ticket").await, 0);
    assert_eq!(scene.finish().await, [] as [String; 0]);
}

#[tokio::test]
async fn after_the_next_server_took_an_answer_before_that_is_written_down() {
    let mut proxy = None;
    let scene = Scene::set(|stack| {
        let taken = |speaker, line: &str| {
            speaker == Speaker::Server && line.starts_with("250 2.0.0 Ok: queued")
        };
        let relay = proxy.insert(Proxy::start(stack.ports.smtp, taken));
        Ways {
            smtp: (TlsMode::None, relay.port),
            ..Ways::of(stack)
        }
    })
    .await;
    let proxy = proxy.unwrap();
    let service = scene.play();
    proxy.wait_held();
    // Every other answer may be settled by now; the one whose 250 is held cannot be.
    scene
        .desk
        .eventually("only one answer is on its way", async || {
            scene.count("outbox WHERE state <> 'sent'").await == 1
        })
        .await;
    let row = hold(
        &scene.desk,
        "SELECT FROM outbox WHERE state = 'sending' FOR UPDATE NOWAIT",
    )
    .await;
    proxy.let_go();
    scene
        .desk
        .wait_blocked("UPDATE outbox SET state = 'sent'")
        .await;
    service.kill();
    // PostgreSQL would finish the statement of a client that is gone.
    let ended: bool = sqlx::query_scalar(
        "SELECT bool_and(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity
         WHERE query LIKE 'UPDATE outbox SET state = ''sent''%' AND wait_event_type = 'Lock'
           AND datname = current_database()",
    )
    .fetch_one(&scene.desk.pool)
    .await
    .unwrap();
    assert!(ended);
    row.close().await.unwrap();
    let open: Vec<String> =
        sqlx::query_scalar("SELECT message_id FROM outbox WHERE state <> 'sent'")
            .fetch_all(&scene.desk.pool)
            .await
            .unwrap();
    assert_eq!(
        scene.finish().await,
        open,
        "what is sent again has its Message-ID"
    );
}

#[tokio::test]
async fn a_mail_that_kills_the_program_takes_no_other_with_it() {
    let desk = Desk::open().await;
    for number in 0..7 {
        desk.store(&format!(
            "From: c{number}@customer.test\nTo: support@desk.test\nSubject: {number}\nMessage-ID: <{number}@customer.test>\n\nx\n"
        ))
        .await;
    }
    let deadly: i64 =
        sqlx::query_scalar("SELECT id FROM inbound_mail WHERE message_id = '4@customer.test'")
            .fetch_one(&desk.app.pool)
            .await
            .unwrap();
    // The worst that can happen: it dies before any of those that it works on together is settled.
    for _death in 0..5 {
        loop {
            let claimed = claim(&desk).await;
            let (suspects, crowd): (Vec<_>, Vec<_>) = claimed
                .into_iter()
                .partition(|mail| mail.attempt > inbound::store::SUSPECT);
            assert!(suspects.len() <= 1);
            if crowd
                .iter()
                .chain(&suspects)
                .any(|mail| mail.id.0 == deadly)
            {
                break;
            }
            settle(&desk, crowd.into_iter().chain(suspects).collect()).await;
        }
        desk.advance(TimeDelta::minutes(1));
    }
    desk.process().await;
    let fates = desk.fates().await;
    assert_eq!(
        fates.iter().filter(|fate| *fate == "processed").count(),
        6,
        "{fates:#?}"
    );
    assert!(
        fates[4].starts_with("quarantined: the program stopped"),
        "{fates:#?}"
    );
}

fn lease() -> Uuid {
    Uuid::from_u128(7)
}

async fn claim(desk: &Desk) -> Vec<Claimed> {
    let mut tx = desk.app.pool.begin().await.unwrap();
    let until = desk.now() + TimeDelta::seconds(20);
    let claimed = inbound::store::claim(&mut tx, lease(), desk.now(), until, 48)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    claimed
}

async fn settle(desk: &Desk, mails: Vec<Claimed>) {
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let done = Settlement {
        state: "processed",
        ..Settlement::default()
    };
    for mail in mails {
        inbound::store::settle(&mut conn, mail.id, lease(), desk.now(), done.clone())
            .await
            .unwrap();
    }
}

/// What random kills begin with. Another number is another run.
const SEED: u64 = 20_261_120;

const KILLS: usize = 20;

#[tokio::test]
async fn twenty_times_at_random_while_mail_flows() {
    println!("seed {SEED}");
    let mut random = StdRng::seed_from_u64(SEED);
    let scene = Crowd::gather(200).await;
    let mut answered = Vec::new();
    for round in 0..KILLS {
        let part = &scene.requests[round * 10..(round + 1) * 10];
        let answers = scene.answers(&mut answered, 5);
        let lines = random.random_range(1..60);
        std::thread::scope(|threads| {
            threads.spawn(|| scene.write(part, &answers));
            let service = scene.desk.start();
            service.wait_for_lines(lines, Duration::from_secs(4));
            println!("kill {round} after {} lines", service.lines().len());
            service.kill();
        });
    }
    let copies = [scene.desk.start(), scene.desk.start()];
    scene.desk.settle_down(200 + answered.len()).await;
    let left = 100 - answered.len();
    let answers = scene.answers(&mut answered, left);
    scene.write(&[], &answers);
    scene.desk.settle_down(300).await;
    copies.into_iter().for_each(Service::close);
    let twice = scene.desk.audit(&scene.requests, &answered).await;
    println!("{} answers left twice", twice.len());
    assert!(
        twice.len() <= KILLS * CONCURRENCY,
        "more than were on their way when the service was killed"
    );
}

/// Many customers.
pub struct Crowd {
    pub desk: LiveDesk,
    /// Their addresses, and the Message-IDs of their first mails.
    pub requests: Vec<(String, String)>,
    _db: TestDb,
}

impl Crowd {
    pub async fn gather(count: usize) -> Self {
        let stack = mail_servers();
        let requests = crowd(count);
        for (address, _) in &requests {
            stack.add_user(address, "secret");
        }
        let db = TestDb::new().await;
        let ways = Ways::of(&stack);
        Self {
            desk: LiveDesk::lay(stack, db.pool().clone(), db.url(), &ways).await,
            requests,
            _db: db,
        }
    }

    /// Up to `most` answers to acknowledgements that nobody answered yet: where from, where to, and the mail.
    /// Their Message-IDs are added to `answered`.
    pub fn answers(
        &self,
        answered: &mut Vec<String>,
        most: usize,
    ) -> Vec<(String, String, Vec<u8>)> {
        let mut answers = Vec::new();
        for (address, id) in &self.requests {
            let own = format!("re-{id}");
            if answers.len() == most || answered.contains(&own) {
                continue;
            }
            if let Some(letter) = self.desk.letters(address).first() {
                let raw = letter.answer(address, &own, "There is one thing more.");
                answers.push((address.clone(), letter.reply_to.clone(), raw));
                answered.push(own);
            }
        }
        answers
    }

    /// The customers write, and answer. The first mails lie in the mailbox at once; the answers go the whole way, as
    /// their plus-addresses have to.
    pub fn write(&self, requests: &[(String, String)], answers: &[(String, String, Vec<u8>)]) {
        for (number, (address, id)) in requests.iter().enumerate() {
            self.desk.stack.put(SUPPORT, &request(address, id, number));
        }
        for (from, to, raw) in answers {
            self.desk.stack.deliver(from, to, raw);
        }
    }
}

/// Customers, and the Message-IDs of their first mails.
pub fn crowd(count: usize) -> Vec<(String, String)> {
    (0..count)
        .map(|number| {
            (
                format!("c{number}@example.net"),
                format!("first-{number}@example.net"),
            )
        })
        .collect()
}
