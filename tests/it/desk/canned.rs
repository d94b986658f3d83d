//! Canned replies, ratings, transcripts, chat accounts.

use chrono::TimeDelta;
use frontdesk::desk;
use frontdesk::notify::render::{self, Format};
use frontdesk::people::connect::{Account, Typed};
use frontdesk::people::{self, chat_account};
use frontdesk::ticket::query::Sight;
use frontdesk::ticket::{canned, rating, transcript};

use super::{act, asked, note, reply};
use crate::harness::Desk;

#[tokio::test]
async fn a_canned_reply_is_saved_filled_in_and_deleted() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let save = async |name: &str, body: &str| {
        act(&desk, &ann, ticket.id, async |conn, ctx, _| {
            desk::save_canned(conn, ctx, name, body).await
        })
        .await
    };
    let fill = async |name: &str| {
        act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
            desk::fill_canned(conn, ctx, ticket, name, &ann).await
        })
        .await
    };
    assert!(
        fill("thanks")
            .await
            .unwrap_err()
            .contains("there is none yet")
    );
    save(
        "Thanks",
        "Hello {{ requester }},\nwe have {{number}}.\n{{ agent }}",
    )
    .await
    .unwrap();
    assert_eq!(
        fill("thanks").await.unwrap(),
        format!("Hello Carla Jones,\nwe have {}.\nann", ticket.number)
    );
    assert!(
        fill("thank")
            .await
            .unwrap_err()
            .contains("there are thanks")
    );
    for (name, body) in [
        ("two words", "x"),
        ("x", " "),
        ("x", "{{ password }}"),
        ("x", "{% for a in range(9) %}{% endfor %}"),
    ] {
        assert!(save(name, body).await.is_err(), "{name}: {body}");
    }
    let mut conn = desk.app.pool.acquire().await.unwrap();
    assert_eq!(canned::list(&mut conn).await.unwrap().len(), 1);
    assert!(canned::delete(&mut conn, "THANKS").await.unwrap());
    assert!(!canned::delete(&mut conn, "thanks").await.unwrap());
    desk.close().await;
}

#[tokio::test]
async fn a_done_ticket_is_rated_by_those_who_take_part() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let carla = {
        let mut conn = desk.app.pool.acquire().await.unwrap();
        people::store::get(&mut conn, ticket.requester_id)
            .await
            .unwrap()
    };
    let rate = async |by: &people::Person, score: i16, words: Option<&str>| {
        act(&desk, by, ticket.id, async |conn, ctx, ticket| {
            desk::rate(conn, ctx, ticket, by, score, words).await
        })
        .await
    };
    assert!(
        rate(&carla, 5, None)
            .await
            .unwrap_err()
            .contains("not resolved yet")
    );
    act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::resolve(conn, ctx, ticket, None, None).await
    })
    .await
    .unwrap();
    desk.take_mail().await;
    assert!(rate(&carla, 6, None).await.unwrap_err().contains("from 1"));
    assert!(rate(&ann, 5, None).await.unwrap_err().contains("take part"));
    rate(&carla, 2, Some("slow")).await.unwrap();
    rate(&carla, 4, Some(" Fine in the end. ")).await.unwrap();
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let ratings = rating::of(&mut conn, ticket.id).await.unwrap();
    assert_eq!(ratings.len(), 1);
    assert_eq!(
        (ratings[0].score, ratings[0].words.as_deref()),
        (4, Some("Fine in the end."))
    );
    assert_eq!(desk.ticket().await.status, "resolved");
    desk.close().await;
}

#[tokio::test]
async fn a_customers_transcript_has_nothing_of_the_team_in_any_format() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    note(&desk, &ann, ticket.id, "SECRET-NOTE they pay late").await;
    act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::set_priority(conn, ctx, ticket, "low", Some("SECRET-REASON")).await
    })
    .await
    .unwrap();
    reply(
        &desk,
        &ann,
        ticket.id,
        "# Not a heading\n<script>alert(1)</script>",
    )
    .await;
    let gone = reply(&desk, &ann, ticket.id, "SECRET-DELETED").await;
    act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::delete_comment(conn, ctx, ticket, gone.id, &ann).await
    })
    .await
    .unwrap();
    desk.take_mail().await;
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let settings = &desk.app.settings.desk;
    for format in [Format::Markdown, Format::Html, Format::Json] {
        let mut write = async |sight| {
            let data = transcript::of(&mut conn, &ticket, sight).await.unwrap();
            render::transcript(&data, &settings.name, settings.zone, format).unwrap()
        };
        let theirs = write(Sight::Customer(ticket.requester_id)).await;
        assert!(theirs.contains("It stops at row 7."), "{theirs}");
        assert!(theirs.contains("Not a heading"), "{theirs}");
        for hidden in ["SECRET", "priority", "they pay"] {
            assert!(
                !theirs.contains(hidden),
                "{format:?} holds {hidden}: {theirs}"
            );
        }
        let ours = write(Sight::Staff).await;
        assert!(ours.contains("SECRET-NOTE"), "{ours}");
        assert!(ours.contains("SECRET-REASON"), "{ours}");
        assert!(!ours.contains("SECRET-DELETED"), "{ours}");
        match format {
            Format::Html => assert!(!ours.contains("<script>"), "{ours}"),
            Format::Markdown => assert!(ours.contains("\n> # Not a heading"), "{ours}"),
            Format::Json => {
                let read: serde_json::Value = serde_json::from_str(&ours).unwrap();
                assert_eq!(read["number"], ticket.number);
            }
        }
    }
    desk.close().await;
}

const ACCOUNT: Account<'static> = Account {
    platform: "discord",
    user_id: "81",
};

/// Asks for a code and gives what was mailed to the address.
async fn code(desk: &Desk, address: &str) -> Option<String> {
    let mut tx = desk.app.pool.begin().await.unwrap();
    let ctx = desk::Context {
        settings: &desk.app.settings,
        now: desk.now(),
        actor: frontdesk::ticket::Actor::System,
        answering: true,
    };
    desk::begin_connect(&mut tx, &ctx, ACCOUNT, "ann#1", address)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mail = desk.take_mail().await.pop()?;
    assert_eq!(mail.to, address.to_lowercase());
    mail.subject().split_whitespace().next().map(str::to_owned)
}

async fn confirm(desk: &Desk, typed: &str) -> Typed {
    let mut tx = desk.app.pool.begin().await.unwrap();
    let ctx = desk::Context {
        settings: &desk.app.settings,
        now: desk.now(),
        actor: frontdesk::ticket::Actor::System,
        answering: true,
    };
    let (typed, _) = desk::confirm_connect(&mut tx, &ctx, ACCOUNT, typed)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    typed
}

#[tokio::test]
async fn an_account_is_connected_by_a_code_that_holds_once() {
    let desk = Desk::open().await;
    let ann = desk.agent("ann", None).await;
    assert_eq!(confirm(&desk, "whatever").await, Typed::NoCode);
    assert_eq!(code(&desk, "nobody@agents.test").await, None);
    let mailed = code(&desk, "ann@agents.test").await.unwrap();
    assert_eq!(confirm(&desk, "AAAAAAAA").await, Typed::Wrong(4));
    let typed = format!(" {}-{} ", &mailed[..4].to_lowercase(), &mailed[4..]);
    assert_eq!(confirm(&desk, &typed).await, Typed::Connected(ann.id));
    assert_eq!(confirm(&desk, &mailed).await, Typed::NoCode);
    let mut conn = desk.app.pool.acquire().await.unwrap();
    assert_eq!(
        chat_account::person_of(&mut conn, "discord", "81")
            .await
            .unwrap(),
        Some(ann.id)
    );
    assert_eq!(chat_account::of(&mut conn, ann.id).await.unwrap().len(), 1);
    assert!(
        chat_account::unlink(&mut conn, "discord", "81")
            .await
            .unwrap()
    );
    desk.close().await;
}

#[tokio::test]
async fn a_code_runs_out_and_is_not_guessed() {
    let desk = Desk::open().await;
    desk.agent("ann", None).await;
    let mailed = code(&desk, "ann@agents.test").await.unwrap();
    for left in (0..5).rev() {
        assert_eq!(confirm(&desk, "AAAAAAAA").await, Typed::Wrong(left));
    }
    assert_eq!(
        confirm(&desk, &mailed).await,
        Typed::NoCode,
        "five guesses were all"
    );
    let second = code(&desk, "ann@agents.test").await.unwrap();
    desk.advance(TimeDelta::minutes(15));
    assert_eq!(confirm(&desk, &second).await, Typed::NoCode);
    let third = code(&desk, "ann@agents.test").await.unwrap();
    assert_ne!(confirm(&desk, &second).await, Typed::NoCode);
    assert!(matches!(confirm(&desk, &third).await, Typed::Connected(_)));
    desk.close().await;
}
