//! Watchers, participants, the requester.

use frontdesk::desk;
use frontdesk::people;

use super::{act, asked, last_events, note, reply};
use crate::harness::{Desk, Sent};

fn readers(mails: &[Sent]) -> Vec<&str> {
    let mut readers: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    readers.sort_unstable();
    readers
}

#[tokio::test]
async fn a_watcher_hears_of_notes_until_they_stop_watching() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let bob = desk.agent("bob", None).await;
    let watch = act(&desk, &bob, ticket.id, async |conn, ctx, ticket| {
        desk::watch(conn, ctx, ticket, &bob).await
    });
    assert_eq!(watch.await, Ok(true));
    let again = act(&desk, &bob, ticket.id, async |conn, ctx, ticket| {
        desk::watch(conn, ctx, ticket, &bob).await
    });
    assert_eq!(again.await, Ok(false));
    note(&desk, &ann, ticket.id, "It is the parser.").await;
    assert_eq!(readers(&desk.take_mail().await), ["bob@agents.test"]);
    let unwatch = act(&desk, &bob, ticket.id, async |conn, ctx, ticket| {
        desk::unwatch(conn, ctx, ticket, &bob).await
    });
    assert_eq!(unwatch.await, Ok(true));
    note(&desk, &ann, ticket.id, "It is the tokenizer.").await;
    assert!(desk.take_mail().await.is_empty());
    let events = desk.events(ticket.id).await;
    assert!(events.contains(&"watching =bob".to_owned()), "{events:?}");
    assert!(events.contains(&"unwatched".to_owned()), "{events:?}");
    desk.close().await;
}

#[tokio::test]
async fn a_customer_cannot_watch() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let carla = people::store::get(&mut conn, ticket.requester_id)
        .await
        .unwrap();
    drop(conn);
    let refused = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::watch(conn, ctx, ticket, &carla).await
    });
    assert!(refused.await.unwrap_err().contains("is no agent"));
    desk.close().await;
}

#[tokio::test]
async fn whoever_is_added_gets_answers_and_never_a_note() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let (dora, added) = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::add_cc(conn, ctx, ticket, " Dora@Customer.test ").await
    })
    .await
    .unwrap();
    assert_eq!((dora.name.as_str(), added), ("dora", true));
    let (_, again) = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::add_cc(conn, ctx, ticket, "dora@customer.test").await
    })
    .await
    .unwrap();
    assert!(!again);
    note(&desk, &ann, ticket.id, "They pay late.").await;
    assert!(desk.take_mail().await.is_empty());
    reply(&desk, &ann, ticket.id, "Which file is it?").await;
    assert_eq!(
        readers(&desk.take_mail().await),
        ["carla@customer.test", "dora@customer.test"]
    );
    let removed = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::remove_cc(conn, ctx, ticket, &dora).await
    });
    assert_eq!(removed.await, Ok(true));
    reply(&desk, &ann, ticket.id, "Thank you.").await;
    assert_eq!(readers(&desk.take_mail().await), ["carla@customer.test"]);
    desk.close().await;
}

#[tokio::test]
async fn only_somebody_outside_the_team_takes_part() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    for (address, why) in [
        ("no address", "is no mail address"),
        ("support@desk.test", "own address"),
        ("support+x@desk.test", "own address"),
        ("ann@agents.test", "`watch`"),
    ] {
        let refused = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
            desk::add_cc(conn, ctx, ticket, address).await
        });
        let refused = refused.await.unwrap_err();
        assert!(refused.contains(why), "{address}: {refused}");
    }
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let carla = people::store::get(&mut conn, ticket.requester_id)
        .await
        .unwrap();
    drop(conn);
    let refused = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::remove_cc(conn, ctx, ticket, &carla).await
    });
    assert!(refused.await.unwrap_err().contains("is the requester"));
    desk.close().await;
}

#[tokio::test]
async fn a_new_requester_gets_the_answers_and_the_old_one_who_wrote_stays() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let change = async |address: &str| {
        act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
            desk::change_requester(conn, ctx, ticket, address).await
        })
        .await
        .unwrap()
    };
    let dora = change("dora@customer.test").await;
    assert_eq!(desk.ticket().await.requester_id, dora.id);
    assert_eq!(
        last_events(&desk, ticket.id, 1).await,
        ["requester_changed =dora@customer.test"]
    );
    reply(&desk, &ann, ticket.id, "Which file is it?").await;
    assert_eq!(
        readers(&desk.take_mail().await),
        ["carla@customer.test", "dora@customer.test"]
    );
    // Dora wrote nothing: she is out of it.
    change("eve@customer.test").await;
    reply(&desk, &ann, ticket.id, "Hello?").await;
    assert_eq!(
        readers(&desk.take_mail().await),
        ["carla@customer.test", "eve@customer.test"]
    );
    desk.close().await;
}
