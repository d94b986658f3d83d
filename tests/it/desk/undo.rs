//! Taking one's own last change back.

use chrono::TimeDelta;
use frontdesk::desk;
use frontdesk::people::Person;
use frontdesk::ticket::Ticket;

use super::{act, asked, last_events, note, reply};
use crate::harness::Desk;

async fn undo(desk: &Desk, by: &Person, ticket: &Ticket) -> Result<Vec<String>, String> {
    let done = act(desk, by, ticket.id, async |conn, ctx, ticket| {
        desk::undo(conn, ctx, ticket, by).await
    });
    Ok(done.await?.into_iter().map(|deed| deed.kind).collect())
}

/// The ticket without the moment of its last change.
fn still(ticket: &Ticket) -> Ticket {
    let mut still = ticket.clone();
    still.updated_at = ticket.opened_at;
    still
}

#[tokio::test]
async fn every_field_goes_back_to_what_it_was() {
    let desk = Desk::of("post-production", "").await;
    let ann = desk.agent("ann", Some("vfx")).await;
    desk.receive(&crate::field::request(
        super::CARLA,
        "a@customer.test",
        "Plates",
        "Shot 12",
    ))
    .await;
    desk.take_mail().await;
    let before = desk.ticket().await;
    let settings = &desk.app.settings.desk;
    let high = settings
        .priority
        .iter()
        .find(|one| one.key != before.priority)
        .unwrap();
    let kind = settings
        .types
        .iter()
        .find(|one| Some(&one.key) != before.ticket_type.as_ref())
        .unwrap();
    let due_at = desk.now() + TimeDelta::days(1);
    for which in 0..6 {
        act(
            &desk,
            &ann,
            before.id,
            async |conn, ctx, ticket| match which {
                0 => desk::set_priority(conn, ctx, ticket, &high.key, None).await,
                1 => desk::set_type(conn, ctx, ticket, Some(&kind.key), None).await,
                2 => desk::set_due(conn, ctx, ticket, Some(due_at), None).await,
                3 => desk::change_tags(conn, ctx, ticket, &["a", "b"], &[], None).await,
                4 => desk::set_field(conn, ctx, ticket, "project", Some("apollo"), None).await,
                _ => desk::set_subject(conn, ctx, ticket, "Other", None).await,
            },
        )
        .await
        .unwrap();
        assert_ne!(still(&desk.ticket().await), still(&before), "{which}");
        undo(&desk, &ann, &before).await.unwrap();
        assert_eq!(still(&desk.ticket().await), still(&before), "{which}");
    }
    assert!(
        undo(&desk, &ann, &before).await.is_err(),
        "each change is taken back once"
    );
    assert!(
        desk.events(before.id)
            .await
            .last()
            .unwrap()
            .starts_with("undone subject=")
    );
    desk.close().await;
}

#[tokio::test]
async fn a_status_goes_back_and_nobody_hears_of_it() {
    let desk = Desk::open().await;
    let (before, ann) = asked(&desk).await;
    let bob = desk.agent("bob", None).await;
    act(&desk, &bob, before.id, async |conn, ctx, ticket| {
        desk::watch(conn, ctx, ticket, &bob).await
    })
    .await
    .unwrap();
    act(&desk, &ann, before.id, async |conn, ctx, ticket| {
        desk::change_status(conn, ctx, ticket, "resolved", None).await
    })
    .await
    .unwrap();
    assert_eq!(
        undo(&desk, &ann, &before).await.unwrap(),
        ["status_changed"]
    );
    assert_eq!(still(&desk.ticket().await), still(&before));
    assert!(desk.take_mail().await.is_empty());
    assert_eq!(
        last_events(&desk, before.id, 1).await,
        ["undone status=open"]
    );
    desk.close().await;
}

#[tokio::test]
async fn taking_back_a_reopening_leaves_no_trace_in_the_counts() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::resolve(conn, ctx, ticket, None, None).await
    })
    .await
    .unwrap();
    desk.take_mail().await;
    let resolved = desk.ticket().await;
    act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::reopen(conn, ctx, ticket, true, None).await
    })
    .await
    .unwrap();
    assert_eq!(desk.ticket().await.reopened_count, 1);
    undo(&desk, &ann, &ticket).await.unwrap();
    assert_eq!(still(&desk.ticket().await), still(&resolved));
    desk.close().await;
}

#[tokio::test]
async fn an_assignment_goes_back_with_the_status_that_followed_it() {
    let desk = Desk::open().await;
    let (before, ann) = asked(&desk).await;
    let bob = desk.agent("bob", None).await;
    act(&desk, &ann, before.id, async |conn, ctx, ticket| {
        desk::assign(conn, ctx, ticket, Some(&bob)).await
    })
    .await
    .unwrap();
    assert_eq!(desk.ticket().await.status, "in_progress");
    assert_eq!(
        undo(&desk, &ann, &before).await.unwrap(),
        ["status_changed", "assigned"]
    );
    assert_eq!(still(&desk.ticket().await), still(&before));
    assert!(
        desk.take_mail().await.is_empty(),
        "neither Bob nor Carla hears of it"
    );
    desk.close().await;
}

#[tokio::test]
async fn a_team_goes_back_with_the_assignee_it_took_away() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::assign(conn, ctx, ticket, Some(&ann)).await
    })
    .await
    .unwrap();
    desk.take_mail().await;
    let before = desk.ticket().await;
    act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::route_to_team(conn, ctx, ticket, "billing").await
    })
    .await
    .unwrap();
    assert_eq!(
        undo(&desk, &ann, &ticket).await.unwrap(),
        ["assigned", "team_changed"]
    );
    assert_eq!(still(&desk.ticket().await), still(&before));
    desk.close().await;
}

#[tokio::test]
async fn a_category_goes_back_with_the_team_it_chose() {
    let desk = Desk::open().await;
    let (before, ann) = asked(&desk).await;
    desk.agent("bea", Some("billing")).await;
    act(&desk, &ann, before.id, async |conn, ctx, ticket| {
        desk::set_category(conn, ctx, ticket, Some("billing"), None).await
    })
    .await
    .unwrap();
    assert_eq!(desk.ticket().await.team.as_deref(), Some("billing"));
    assert_eq!(
        undo(&desk, &ann, &before).await.unwrap(),
        ["team_changed", "category_changed"]
    );
    assert_eq!(still(&desk.ticket().await), still(&before));
    assert!(desk.take_mail().await.is_empty(), "Bea hears nothing of it");
    desk.close().await;
}

#[tokio::test]
async fn a_reply_within_its_undo_time_never_leaves() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    reply(&desk, &ann, ticket.id, "You are wrong.").await;
    assert_eq!(undo(&desk, &ann, &ticket).await.unwrap(), ["replied"]);
    assert!(desk.take_mail().await.is_empty());
    let now = desk.ticket().await;
    assert_eq!(now.first_responded_at, None, "nobody has answered");
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let comments = frontdesk::ticket::timeline::comments(&mut conn, ticket.id)
        .await
        .unwrap();
    assert!(comments[1].deleted_at.is_some());
    desk.close().await;
}

#[tokio::test]
async fn a_reply_that_has_left_is_not_unsent() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    reply(&desk, &ann, ticket.id, "Here it is.").await;
    let seconds = i64::from(desk.app.settings.notify.undo_seconds);
    desk.advance(TimeDelta::seconds(seconds));
    desk.drain_outbox().await;
    let refused = undo(&desk, &ann, &ticket).await.unwrap_err();
    assert!(refused.contains("nobody can unsend it"), "{refused}");
    desk.advance(TimeDelta::seconds(1));
    let refused = undo(&desk, &ann, &ticket).await.unwrap_err();
    assert!(refused.contains("changed nothing"), "{refused}");
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn only_ones_own_and_only_what_nobody_changed_since() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let bob = desk.agent("bob", None).await;
    let priority = async |by: &Person, key: &str| {
        act(&desk, by, ticket.id, async |conn, ctx, ticket| {
            desk::set_priority(conn, ctx, ticket, key, None).await
        })
        .await
        .unwrap()
    };
    priority(&ann, "high").await;
    assert!(
        undo(&desk, &bob, &ticket)
            .await
            .unwrap_err()
            .contains("you changed nothing")
    );
    priority(&bob, "urgent").await;
    assert!(
        undo(&desk, &ann, &ticket)
            .await
            .unwrap_err()
            .contains("changed again since")
    );
    assert_eq!(
        undo(&desk, &bob, &ticket).await.unwrap(),
        ["priority_changed"]
    );
    assert_eq!(
        undo(&desk, &ann, &ticket).await.unwrap(),
        ["priority_changed"]
    );
    assert_eq!(desk.ticket().await.priority, "medium");
    note(&desk, &ann, ticket.id, "Hm.").await;
    assert_eq!(undo(&desk, &ann, &ticket).await.unwrap(), ["noted"]);
    desk.close().await;
}
