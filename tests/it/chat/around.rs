//! Tickets that are opened from a message hold what was said before it.

use frontdesk::chat::{ChatEvent, ChatFile, EventKind, PostPlace, PostRef, Said};

use super::room::{ada, customer, desk, said, stranger};
use crate::harness::Desk;

fn hall() -> PostPlace {
    PostPlace {
        place: "c-hall".to_owned(),
        thread: None,
    }
}

/// A conversation that ends with a message; its id.
async fn conversation(desk: &Desk) -> String {
    let pinned = desk.chat().id();
    let say = |post: &str, who, text: &str, files| Said {
        post: post.to_owned(),
        at: desk.now(),
        who,
        text: text.to_owned(),
        files,
    };
    let log = ChatFile {
        name: "login.log".to_owned(),
        content_type: "text/plain".to_owned(),
        size: 5,
        url: Some("https://files.test/log".to_owned()),
        content: Vec::new(),
    };
    desk.chat().hold("https://files.test/log", b"12:00");
    let who = stranger(&[]);
    desk.chat().said_before(
        &pinned,
        vec![
            say("1", customer(), "Does the login work for you?", Vec::new()),
            say(&pinned, who, "No, it fails since noon", vec![log]),
        ],
    );
    pinned
}

/// Somebody marks a message by 📌; the platform tells no more than its id.
fn pin(desk: &Desk, who: &frontdesk::chat::Chatter, post: &str) -> ChatEvent {
    let mut event = said(desk, who, &hall(), "");
    event.kind = EventKind::Reacted {
        post: PostRef {
            place: hall(),
            id: post.to_owned(),
        },
        emoji: "📌".to_owned(),
        text: None,
        author: None,
    };
    event
}

#[tokio::test]
async fn a_pinned_message_opens_a_ticket_with_the_conversation_before_it_as_a_note() {
    let desk = desk().await;
    let agent = desk.agent("ada", Some("support")).await;
    desk.link(&agent, "u-ada").await;
    let pinned = conversation(&desk).await;
    desk.hear(pin(&desk, &ada(), &pinned)).await;
    let ticket = desk.ticket().await;
    assert_eq!(ticket.subject, "No, it fails since noon");
    let comments = desk.comments(ticket.id).await;
    assert_eq!(comments[0], "public customer: No, it fails since noon");
    assert_eq!(
        comments[1],
        "internal staff: What was said before it:\n\nCarla (20 Nov 09:00): Does the login work for you?"
    );
    assert_eq!(desk.count("attachment").await, 1);
    let requester: String = sqlx::query_scalar("SELECT name FROM person WHERE id = $1")
        .bind(ticket.requester_id.0)
        .fetch_one(&desk.app.pool)
        .await
        .unwrap();
    assert_eq!(requester, "Sam Stranger");
    desk.take_posts().await;
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn nothing_is_read_for_somebody_who_may_not_open_tickets_that_way() {
    let desk = desk().await;
    let pinned = conversation(&desk).await;
    desk.hear(pin(&desk, &customer(), &pinned)).await;
    assert!(desk.tickets().await.is_empty());
    let told = desk.take_posts().await;
    assert_eq!(told.len(), 1);
    assert!(
        told[0].text().starts_with("Only staff"),
        "{}",
        told[0].text()
    );
    desk.close().await;
}
