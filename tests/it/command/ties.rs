//! Words taken back, canned replies, and how tickets stand to each other.

use chrono::TimeDelta;
use frontdesk::command::{Account, Caller};
use frontdesk::config::desk::StatusKind;
use frontdesk::people::Role;
use frontdesk::ticket::Source;

use super::{Bench, request};
use crate::harness::to;

#[tokio::test]
async fn a_reply_is_taken_back_within_its_time() {
    let bench = Bench::new().await;
    let line = format!("reply {} Wrong words", bench.number());
    let reply = bench.desk.command(&bench.ann, &line).await.unwrap();
    bench
        .desk
        .command(&bench.ann, &reply.offers[0].line)
        .await
        .unwrap();
    assert!(
        bench
            .desk
            .take_mail()
            .await
            .iter()
            .all(|mail| mail.to != "carla@customer.test")
    );
    bench.ann("priority # high").await;
    bench.desk.advance(TimeDelta::minutes(5));
    let line = format!("undo {}", bench.number());
    assert!(bench.desk.command(&bench.ann, &line).await.is_err());
}

#[tokio::test]
async fn own_words_are_edited_and_deleted() {
    let bench = Bench::new().await;
    let line = format!("note {} She is lowd", bench.number());
    let id = bench
        .desk
        .command(&bench.ann, &line)
        .await
        .unwrap()
        .comment
        .unwrap();
    bench.ann(&format!("edit # {id} She is loud")).await;
    assert_eq!(
        bench.desk.comments(bench.ticket.id).await.last().unwrap(),
        "internal staff: She is loud"
    );
    let line = format!("delete {} {id}", bench.number());
    assert!(bench.desk.command(&bench.bob, &line).await.is_err());
    bench.ann(&format!("delete # {id}")).await;
    bench.close().await;
}

#[tokio::test]
async fn a_ticket_is_resolved_with_a_closing_word() {
    let bench = Bench::new().await;
    bench.ann("resolve # All is well again.").await;
    assert_eq!(bench.desk.ticket().await.kind, StatusKind::Resolved);
    let mails = bench.desk.take_mail().await;
    assert!(
        to(&mails, "carla@customer.test")
            .text()
            .contains("All is well again.")
    );
    let line = format!("rate {} 5 quick", bench.number());
    bench.desk.command(&bench.carla, &line).await.unwrap();
    bench.close().await;
}

#[tokio::test]
async fn canned_replies_are_kept_and_used() {
    let bench = Bench::new().await;
    let mut boss = bench.bob.clone();
    boss.role = Role::Manager;
    let line = "canned save hello Hello {{ requester }},\nthis is {{ number }}.";
    bench.desk.command(&boss, line).await.unwrap();
    assert!(bench.ann("canned list").await.contains("hello"));
    bench.ann("canned use # hello").await;
    let mails = bench.desk.take_mail().await;
    let mail = to(&mails, "carla@customer.test");
    assert!(mail.text().contains("Hello Carla,"), "{}", mail.text());
    let error = bench
        .desk
        .command(&bench.ann, "canned show helo")
        .await
        .unwrap_err();
    assert_eq!(error.nearest.as_deref(), Some("hello"));
    bench.close().await;
}

#[tokio::test]
async fn tickets_are_linked_merged_split_and_put_away() {
    let bench = Bench::new().await;
    bench.desk.receive(&request("Dora", "Another matter")).await;
    let other = bench.desk.tickets().await[1].clone();
    let said = bench.ann(&format!("link # blocks {}", other.number)).await;
    assert!(said.contains("now blocks"), "{said}");
    bench
        .ann(&format!("unlink # blocks {}", other.number))
        .await;
    bench.ann(&format!("merge {} #", other.number)).await;
    assert!(
        bench
            .ann(&format!("show {}", other.number))
            .await
            .contains("Merged into")
    );
    bench.ann(&format!("unmerge {}", other.number)).await;
    bench.ann(&format!("spam {} nonsense", other.number)).await;
    bench.ann(&format!("unspam {}", other.number)).await;
    bench.close().await;
}

#[tokio::test]
async fn a_chat_account_is_connected_by_a_mailed_code() {
    let bench = Bench::new().await;
    let account = Account {
        platform: "discord",
        user: "42",
    };
    let stranger = Caller {
        person: None,
        role: Role::Customer,
        source: Source::Chat,
        ticket: None,
        account: Some(account),
        files: &[],
    };
    let mailed = bench
        .desk
        .command_of(&stranger, "connect carla@customer.test")
        .await
        .unwrap();
    assert_eq!(mailed.data["outcome"], "mailed");
    let wrong = bench
        .desk
        .command_of(&stranger, "connect 000000")
        .await
        .unwrap();
    assert_eq!(wrong.data["outcome"], "wrong");
    let mails = bench.desk.take_mail().await;
    let text = to(&mails, "carla@customer.test").text().to_owned();
    let is_code = |line: &&str| {
        line.len() == 8
            && line
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    };
    let code = text.lines().map(str::trim).find(is_code).unwrap();
    let line = format!("connect {code}");
    let reply = bench.desk.command_of(&stranger, &line).await.unwrap();
    assert_eq!(reply.data["outcome"], "connected");
    bench.close().await;
}
