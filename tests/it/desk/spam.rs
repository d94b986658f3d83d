//! Spam.

use frontdesk::desk;

use super::{CARLA, act, asked, reply};
use crate::field::request;
use crate::harness::Desk;

#[tokio::test]
async fn spam_is_put_away_without_a_word_and_its_sender_heard_no_more() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    reply(&desk, &ann, ticket.id, "What is it about?").await;
    let marked = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::mark_spam(conn, ctx, ticket, Some("sells watches")).await
    });
    assert_eq!(marked.await, Ok(true));
    let now = desk.ticket().await;
    assert_eq!(
        (now.status.as_str(), now.tags.as_slice()),
        ("closed", &["spam".to_owned()][..])
    );
    assert!(
        desk.take_mail().await.is_empty(),
        "what waited for her never leaves"
    );
    desk.receive(&request(CARLA, "b@customer.test", "Watches", "Cheap!"))
        .await;
    assert_eq!(desk.tickets().await.len(), 1);
    assert_eq!(
        desk.fates().await[1],
        "quarantined: a ticket of its sender was marked as spam"
    );
    let twice = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::mark_spam(conn, ctx, ticket, None).await
    });
    assert_eq!(twice.await, Ok(false));
    let unmarked = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::unmark_spam(conn, ctx, ticket).await
    });
    assert_eq!(unmarked.await, Ok(true));
    let now = desk.ticket().await;
    assert_eq!((now.status.as_str(), now.tags.len()), ("reopened", 0));
    desk.receive(&request(CARLA, "c@customer.test", "Really", "It is me."))
        .await;
    assert_eq!(desk.tickets().await.len(), 2);
    desk.take_mail().await;
    desk.close().await;
}
