//! C2 and T3: what the next mail server does with our mail, told by one that answers as the test wants.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use frontdesk::config::desk::StatusKind;
use frontdesk::people;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::request;
use crate::harness::Desk;

/// Gives the reply to `RCPT TO` for an address; a reply to `DATA` is always `accepted`.
type Rule = Arc<Mutex<Box<dyn Fn(&str) -> &'static str + Send>>>;

/// A mail server that takes everything from everybody, except what its rule refuses.
struct Server {
    port: u16,
    rule: Rule,
    accepted: Arc<Mutex<Vec<(String, String)>>>,
}

impl Server {
    async fn start(after_data: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let rule: Rule = Arc::new(Mutex::new(Box::new(|_: &str| "250 2.1.5 Ok")));
        let accepted = Arc::new(Mutex::new(Vec::new()));
        let (rules, taken) = (rule.clone(), accepted.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, rules.clone(), taken.clone(), after_data));
            }
        });
        Self {
            port,
            rule,
            accepted,
        }
    }

    fn answers(&self, rule: impl Fn(&str) -> &'static str + Send + 'static) {
        *self.rule.lock().unwrap() = Box::new(rule);
    }

    /// The recipients and messages that it took since it was last asked.
    fn take(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.accepted.lock().unwrap())
    }

    async fn desk(&self) -> Desk {
        let outgoing = format!(
            "[[outgoing.smtp]]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n",
            self.port
        );
        let desk = Desk::sending_by(&outgoing, "saas", "").await;
        desk.agent("ann", Some("support")).await;
        desk
    }

    /// All mail that is due leaves.
    async fn mail(&self, desk: &Desk) -> Vec<(String, String)> {
        desk.advance(TimeDelta::minutes(2));
        desk.drain_outbox().await;
        let mut mails = self.take();
        mails.sort();
        mails
    }
}

async fn serve(
    stream: TcpStream,
    rule: Rule,
    accepted: Arc<Mutex<Vec<(String, String)>>>,
    after_data: &'static str,
) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut to = String::new();
    write
        .write_all(b"220 mx.next.test ESMTP\r\n")
        .await
        .unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        let verb = line.split([' ', ':']).next().unwrap().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-mx.next.test\r\n250-8BITMIME\r\n250 SMTPUTF8",
            "RCPT" => {
                let address = line.split(['<', '>']).nth(1).unwrap();
                to = address.to_owned();
                rule.lock().unwrap()(address)
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await.unwrap();
                let mut message = String::new();
                while let Ok(Some(line)) = lines.next_line().await {
                    if line == "." {
                        break;
                    }
                    message.push_str(&line);
                    message.push('\n');
                }
                accepted.lock().unwrap().push((to.clone(), message));
                after_data
            }
            "QUIT" => "221 2.0.0 Bye",
            _ => "250 2.0.0 Ok",
        };
        if write
            .write_all(format!("{answer}\r\n").as_bytes())
            .await
            .is_err()
        {
            return;
        }
    }
}

/// The value of a header field of a message as the server took it.
fn field(message: &str, name: &str) -> String {
    let head = message
        .split("\n\n")
        .next()
        .unwrap()
        .replace("\n ", " ")
        .replace("\n\t", " ");
    let line = head.lines().find(|line| {
        line.to_lowercase()
            .starts_with(&format!("{}:", name.to_lowercase()))
    });
    line.unwrap().split_once(':').unwrap().1.trim().to_owned()
}

/// What an agent's client sends as a reply to the notification among these.
fn answer(mails: &[(String, String)], id: &str, body: &str) -> String {
    let (_, notification) = mails
        .iter()
        .find(|(to, _)| to == "ann@agents.test")
        .unwrap();
    let reply_to = field(notification, "Reply-To");
    let address = reply_to
        .rsplit(['<', '>'])
        .find(|part| part.contains('@'))
        .unwrap();
    request("ann@agents.test", id, "Re: x", body)
        .replace("To: support@desk.test", &format!("To: {address}"))
}

const CARLA: &str = "Carla Jones <carla@customer.test>";

#[tokio::test]
async fn c2_an_answer_that_is_refused_reopens_the_ticket_and_tells_its_author() {
    let server = Server::start("250 2.0.0 Ok").await;
    let desk = server.desk().await;
    desk.receive(&request(CARLA, "one@customer.test", "Export", "Empty"))
        .await;
    let mails = server.mail(&desk).await;
    assert_eq!(mails.len(), 2);
    let ticket = desk.ticket().await;
    desk.receive(&answer(&mails, "a@agents.test", "It is fixed, truly."))
        .await;
    sqlx::query(
        "UPDATE ticket SET status = 'resolved', status_kind = 'resolved', resolved_at = updated_at",
    )
    .execute(&desk.app.pool)
    .await
    .unwrap();
    server.answers(|address| {
        if address == "carla@customer.test" {
            "550 5.1.1 no such user here"
        } else {
            "250 2.1.5 Ok"
        }
    });
    server.mail(&desk).await;
    let told = server.mail(&desk).await;
    let ticket_now = desk.ticket().await;
    assert_eq!(
        (ticket_now.status.as_str(), ticket_now.kind),
        ("reopened", StatusKind::Open)
    );
    assert_eq!(
        (ticket_now.reopened_count, ticket_now.resolved_at),
        (1, None)
    );
    let events = desk.events(ticket.id).await;
    assert!(
        events.iter().any(
            |event| event.starts_with("delivery_failed =carla@customer.test")
                && event.contains("no such user")
        ),
        "{events:?}"
    );
    let dead: Vec<(String, i32)> =
        sqlx::query_as("SELECT address, attempt FROM outbox WHERE state = 'dead'")
            .fetch_all(&desk.app.pool)
            .await
            .unwrap();
    assert_eq!(dead, [("carla@customer.test".to_owned(), 1)]);
    // Both steps of the outbox are looked at: the word to the author may have left with either.
    let row: (String, String) =
        sqlx::query_as("SELECT address, state FROM outbox WHERE template = 'delivery_failed'")
            .fetch_one(&desk.app.pool)
            .await
            .unwrap();
    assert_eq!(row, ("ann@agents.test".to_owned(), "sent".to_owned()));
    drop(told);
}

#[tokio::test]
async fn c2_one_bad_recipient_holds_up_no_other() {
    let server = Server::start("250 2.0.0 Ok").await;
    let desk = server.desk().await;
    let mail = request(CARLA, "one@customer.test", "Export", "Empty").replace(
        "Subject:",
        "Cc: bad@customer.test, dan@customer.test\nSubject:",
    );
    desk.receive(&mail).await;
    let mails = server.mail(&desk).await;
    desk.receive(&answer(&mails, "a@agents.test", "It is fixed."))
        .await;
    server.answers(|address| {
        if address == "bad@customer.test" {
            "550 5.1.1 no such user here"
        } else {
            "250 2.1.5 Ok"
        }
    });
    let sent = server.mail(&desk).await;
    let whom: Vec<&str> = sent.iter().map(|(to, _)| to.as_str()).collect();
    assert!(
        whom.contains(&"carla@customer.test") && whom.contains(&"dan@customer.test"),
        "{whom:?}"
    );
}

#[tokio::test]
async fn c2_what_is_refused_for_now_is_tried_again_for_three_days() {
    let server = Server::start("250 2.0.0 Ok").await;
    let desk = server.desk().await;
    desk.receive(&request(CARLA, "one@customer.test", "Export", "Empty"))
        .await;
    let mails = server.mail(&desk).await;
    desk.receive(&answer(&mails, "a@agents.test", "It is fixed."))
        .await;
    server.answers(|address| {
        if address == "carla@customer.test" {
            "451 4.7.1 greylisted"
        } else {
            "250 2.1.5 Ok"
        }
    });
    server.mail(&desk).await;
    let state = async || -> (String, i32, Option<String>) {
        sqlx::query_as("SELECT state, attempt, last_error FROM outbox WHERE template = 'comment_added_customer'")
            .fetch_one(&desk.app.pool)
            .await
            .unwrap()
    };
    let (now, attempt, error) = state().await;
    assert_eq!((now.as_str(), attempt), ("pending", 1));
    assert!(error.unwrap().contains("greylisted"));
    assert_eq!(desk.ticket().await.reopened_count, 0);
    for _ in 0..68 {
        desk.advance(TimeDelta::hours(1));
        desk.drain_outbox().await;
    }
    assert_eq!(state().await.0, "pending", "three days are not over");
    for _ in 0..6 {
        desk.advance(TimeDelta::hours(1));
        desk.drain_outbox().await;
    }
    assert_eq!(state().await.0, "dead");
    let told: i64 = desk
        .count("outbox WHERE template = 'delivery_failed' AND address = 'ann@agents.test'")
        .await;
    assert_eq!(told, 1);
}

#[tokio::test]
async fn c2_an_answer_goes_out_once_the_server_is_back() {
    let server = Server::start("250 2.0.0 Ok").await;
    let desk = server.desk().await;
    server.answers(|_| "421 4.3.2 shutting down");
    desk.receive(&request(CARLA, "one@customer.test", "Export", "Empty"))
        .await;
    assert!(server.mail(&desk).await.is_empty());
    server.answers(|_| "250 2.1.5 Ok");
    let mails = server.mail(&desk).await;
    let whom: Vec<&str> = mails.iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(whom, ["ann@agents.test", "carla@customer.test"]);
    desk.close().await;
}

#[tokio::test]
async fn c2_what_waits_goes_to_nobody_who_may_not_be_written_to_by_then() {
    let server = Server::start("250 2.0.0 Ok").await;
    let desk = server.desk().await;
    server.answers(|_| "421 4.3.2 shutting down");
    desk.receive(&request(CARLA, "one@customer.test", "Export", "Empty"))
        .await;
    assert!(server.mail(&desk).await.is_empty());
    let mut conn = desk.app.pool.acquire().await.unwrap();
    people::store::suppress(&mut conn, desk.now(), "carla@customer.test", "gone", None)
        .await
        .unwrap();
    let ann = people::store::by_handle(&mut conn, "ann")
        .await
        .unwrap()
        .unwrap();
    people::store::set_role(&mut conn, ann.id, ann.role, None, Some(desk.now()))
        .await
        .unwrap();
    drop(conn);
    server.answers(|_| "250 2.1.5 Ok");
    assert!(server.mail(&desk).await.is_empty());
    let dead: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox WHERE state = 'dead'")
        .fetch_one(&desk.app.pool)
        .await
        .unwrap();
    assert_eq!(
        dead, 2,
        "and the rows stay dead: there is nobody to take them"
    );
}

#[tokio::test]
async fn c2_an_acknowledgement_that_is_refused_brings_nothing_back() {
    let server = Server::start("250 2.0.0 Ok").await;
    let desk = server.desk().await;
    server.answers(|address| {
        if address == "carla@customer.test" {
            "550 5.1.1 no such user here"
        } else {
            "250 2.1.5 Ok"
        }
    });
    desk.receive(&request(CARLA, "one@customer.test", "Export", "Empty"))
        .await;
    let mails = server.mail(&desk).await;
    assert_eq!(mails.len(), 1);
    assert!(
        server.mail(&desk).await.is_empty(),
        "the agent hears nothing of it"
    );
    let ticket = desk.ticket().await;
    assert_eq!(ticket.reopened_count, 0);
    let events = desk.events(ticket.id).await;
    assert!(
        events
            .iter()
            .any(|event| event.starts_with("delivery_failed")),
        "{events:?}"
    );
}

#[tokio::test]
async fn t3_a_reply_to_the_id_that_the_provider_gave_finds_its_ticket() {
    let id = "0100018c7f2b0d7e-9a3b1c52-0d5e-4c7a-8b8b-2f6c1f0f9d11-000000";
    let server =
        Server::start("250 Ok 0100018c7f2b0d7e-9a3b1c52-0d5e-4c7a-8b8b-2f6c1f0f9d11-000000").await;
    let desk = server.desk().await;
    desk.receive(&request(CARLA, "one@customer.test", "Export", "Empty"))
        .await;
    server.mail(&desk).await;
    // A client that keeps neither Reply-To nor References nor the subject.
    let mail = request(CARLA, "two@customer.test", "Answer", "Thank you").replace(
        "Subject:",
        &format!("In-Reply-To: <{id}@eu-west-1.amazonses.com>\nSubject:"),
    );
    desk.receive(&mail).await;
    let ticket = desk.ticket().await;
    assert_eq!(
        desk.comments(ticket.id).await[1],
        "public customer: Thank you"
    );
    server.mail(&desk).await;
    desk.close().await;
}

#[tokio::test]
async fn i1_what_was_taken_in_can_be_sent_to_a_strict_server() {
    let server = Server::start("250 2.0.0 Ok").await;
    let desk = server.desk().await;
    let mail = request(
        "=?utf-8?Q?J=C3=BCrgen=0D=0ABcc=3A_x?= <j@customer.test>",
        "j@customer.test",
        "=?utf-8?Q?a=0D=0A.=0D=0Ab?=",
        ".\n..\n.x",
    );
    desk.receive(&mail).await;
    let mails = server.mail(&desk).await;
    assert_eq!(mails.len(), 2);
    for (_, message) in &mails {
        let head = message.split("\n\n").next().unwrap();
        assert!(
            !head
                .to_lowercase()
                .lines()
                .any(|line| line.starts_with("bcc")),
            "{head}"
        );
    }
    let (_, notification) = &mails[0];
    assert!(
        notification.contains("> ..") || notification.contains("\n.."),
        "{notification}"
    );
    desk.close().await;
}
