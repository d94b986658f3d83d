//! How the clocks stand, step by step, and what is due next.

use frontdesk::desk;
use frontdesk::ids::TicketId;
use frontdesk::sla::{self, Explanation, Kind};
use frontdesk::ticket::Visibility;

use super::{becomes, minutes, writes};
use crate::desk::{act, asked};
use crate::harness::Desk;

async fn explain(desk: &Desk, ticket: TicketId) -> Explanation {
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let settings = &desk.app.settings.desk;
    let explained = sla::explain(&mut conn, settings, desk.now(), ticket).await;
    explained.unwrap().unwrap()
}

#[tokio::test]
async fn a_clock_says_which_promise_it_is_and_what_is_left() {
    let desk = Desk::open().await;
    let (ticket, _) = asked(&desk).await;
    desk.advance(ticket.opened_at + minutes(60) - desk.now());
    let explained = explain(&desk, ticket.id).await;
    assert_eq!(explained.number, ticket.number);
    assert_eq!(explained.without, ["next response"]);
    let first = &explained.clocks[0];
    assert_eq!(
        (first.promise, first.target.as_str()),
        ("first response", "4 h")
    );
    assert_eq!(
        (first.of.as_str(), first.calendar.as_deref()),
        ("priority medium", None)
    );
    assert_eq!(
        (first.used.as_str(), first.left.as_deref()),
        ("1 h", Some("3 h"))
    );
    assert_eq!(first.due_at, Some(ticket.opened_at + minutes(240)));
    assert_eq!(
        (first.missed, first.late.as_deref(), first.met_at),
        (false, None, None)
    );
    desk.close().await;
}

#[tokio::test]
async fn a_clock_says_when_it_stood_still_and_how_late_it_was() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let at = async |after: i64| {
        desk.advance(ticket.opened_at + minutes(after) - desk.now());
        desk.now()
    };
    becomes(&desk, ticket.id, &ann, "in_progress").await;
    let from = at(100).await;
    becomes(&desk, ticket.id, &ann, "waiting_on_customer").await;
    let to = at(1_000).await;
    becomes(&desk, ticket.id, &ann, "in_progress").await;
    // 140 minutes were left; the answer comes 200 minutes later.
    let met = at(1_200).await;
    writes(&desk, ticket.id, &ann, Visibility::Public).await;
    let explained = explain(&desk, ticket.id).await;
    let first = &explained.clocks[0];
    assert_eq!(first.pauses.len(), 1);
    assert_eq!((first.pauses[0].from, first.pauses[0].to), (from, Some(to)));
    assert_eq!(
        (first.used.as_str(), first.late.as_deref()),
        ("5 h", Some("1 h"))
    );
    assert_eq!(first.due_at, Some(ticket.opened_at + minutes(1_140)));
    assert_eq!(
        (first.missed, first.met_at, first.left.as_deref()),
        (true, Some(met), None)
    );
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn what_is_due_next_is_known_for_many_tickets_at_once() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let due = sla::next_due(&mut conn, &[ticket.id]).await.unwrap();
    assert_eq!(due[&ticket.id].kind, Kind::FirstResponse);
    assert_eq!(due[&ticket.id].due_at, ticket.opened_at + minutes(240));
    let last = ticket.opened_at + minutes(240);
    let late = sla::overdue(&mut conn, last - minutes(1), &[ticket.id])
        .await
        .unwrap();
    assert!(late.is_empty());
    let late = sla::overdue(&mut conn, last, &[ticket.id]).await.unwrap();
    assert_eq!(late.len(), 1);
    drop(conn);
    act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::change_status(conn, ctx, ticket, "in_progress", None).await
    })
    .await
    .unwrap();
    becomes(&desk, ticket.id, &ann, "resolved").await;
    let mut conn = desk.app.pool.acquire().await.unwrap();
    assert!(
        sla::next_due(&mut conn, &[ticket.id])
            .await
            .unwrap()
            .is_empty()
    );
    drop(conn);
    desk.take_mail().await;
    desk.close().await;
}
