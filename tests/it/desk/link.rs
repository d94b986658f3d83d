//! Links, and tickets made out of comments.

use frontdesk::desk;
use frontdesk::ticket::link::{self, Link};
use frontdesk::ticket::{self, Ticket};

use super::{CARLA, act, asked, last_events, note};
use crate::field::request;
use crate::harness::Desk;

async fn two(desk: &Desk) -> (Ticket, Ticket, frontdesk::people::Person) {
    let (one, ann) = asked(desk).await;
    desk.receive(&request(
        CARLA,
        "b@customer.test",
        "The export fails too",
        "See the picture.",
    ))
    .await;
    desk.take_mail().await;
    (one, desk.tickets().await[1].clone(), ann)
}

#[tokio::test]
async fn a_link_stands_on_both_tickets() {
    let desk = Desk::open().await;
    let (one, two, ann) = two(&desk).await;
    let linked = async |kind| {
        act(&desk, &ann, one.id, async |conn, ctx, ticket| {
            desk::link(conn, ctx, ticket, &two, kind).await
        })
        .await
    };
    assert_eq!(linked(Link::Blocks).await, Ok(true));
    assert_eq!(linked(Link::Blocks).await, Ok(false));
    assert_eq!(
        last_events(&desk, one.id, 1).await,
        [format!("linked blocks={}", two.number)]
    );
    assert_eq!(
        last_events(&desk, two.id, 1).await,
        [format!("linked blocked_by={}", one.number)]
    );
    assert_eq!(linked(Link::Relates).await, Ok(true));
    let back = act(&desk, &ann, two.id, async |conn, ctx, ticket| {
        desk::link(conn, ctx, ticket, &one, Link::Relates).await
    });
    assert_eq!(back.await, Ok(false), "they relate both ways already");
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let seen: Vec<(&str, String)> = link::of(&mut conn, two.id)
        .await
        .unwrap()
        .iter()
        .map(|linked| (linked.word(), linked.number.clone()))
        .collect();
    assert_eq!(seen.len(), 2);
    assert!(seen.contains(&("blocked_by", one.number.clone())));
    let removed = act(&desk, &ann, two.id, async |conn, ctx, ticket| {
        desk::unlink(conn, ctx, ticket, &one, Link::Relates).await
    });
    assert_eq!(removed.await, Ok(true));
    assert_eq!(link::of(&mut conn, one.id).await.unwrap().len(), 1);
    let itself = act(&desk, &ann, one.id, async |conn, ctx, ticket| {
        desk::link(conn, ctx, ticket, &one, Link::Relates).await
    });
    assert!(itself.await.unwrap_err().contains("with itself"));
    desk.close().await;
}

#[tokio::test]
async fn a_public_comment_becomes_a_ticket_of_its_own_and_a_note_never_does() {
    let desk = Desk::open().await;
    let (one, ann) = asked(&desk).await;
    let words = note(&desk, &ann, one.id, "They pay late.").await;
    desk.take_mail().await;
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let first = ticket::timeline::comments(&mut conn, one.id).await.unwrap()[0].clone();
    let split = async |comment, number: &str| {
        act(&desk, &ann, one.id, async |conn, ctx, ticket| {
            desk::split(conn, ctx, ticket, comment, number, "Row 7").await
        })
        .await
    };
    assert!(
        split(words.id, "TKT-X-1")
            .await
            .unwrap_err()
            .contains("internal note")
    );
    let opened = split(first.id, "TKT-X-2").await.unwrap();
    assert_eq!(opened.ticket.requester_id, one.requester_id);
    assert_eq!(opened.ticket.team, one.team);
    assert_eq!(
        desk.comments(opened.ticket.id).await,
        ["public customer: It stops at row 7."]
    );
    assert_eq!(
        desk.comments(one.id).await.len(),
        2,
        "the comment stays where it was"
    );
    assert_eq!(last_events(&desk, one.id, 1).await, ["split =TKT-X-2"]);
    let links = link::of(&mut conn, one.id).await.unwrap();
    assert_eq!(
        (links[0].number.as_str(), links[0].word()),
        ("TKT-X-2", "followed_by")
    );
    let mails = desk.take_mail().await;
    let told = crate::harness::to(&mails, "carla@customer.test");
    assert!(told.subject().contains("TKT-X-2"), "{}", told.subject());
    desk.close().await;
}
