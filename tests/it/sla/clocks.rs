//! The clocks of a ticket follow what happens to it, in the same transaction.

use frontdesk::desk;
use frontdesk::ticket::Visibility;

use super::{becomes, clock, clocks, minutes, writes};
use crate::desk::{CARLA, act, asked};
use crate::field::{reply, request};
use crate::harness::{Desk, to};

#[tokio::test]
async fn only_a_public_reply_by_staff_meets_the_first_response() {
    let desk = Desk::open().await;
    let ann = desk.agent("ann", Some("support")).await;
    let mail = request(CARLA, "a@customer.test", "The import fails", "It stops.");
    desk.receive(&mail).await;
    let ticket = desk.ticket().await;
    let start = ticket.opened_at;
    let mails = desk.take_mail().await;

    // The acknowledgement went out, an answering machine answers it, and Ann leaves a note.
    let away = reply(
        to(&mails, "carla@customer.test"),
        CARLA,
        "ooo@customer.test",
        "I am away.",
    )
    .replacen(
        "MIME-Version",
        "Auto-Submitted: auto-replied\nMIME-Version",
        1,
    );
    desk.receive(&away).await;
    writes(&desk, ticket.id, &ann, Visibility::Internal).await;
    let first = clock(&desk, ticket.id, "first_response").await;
    assert_eq!((first.started_at, first.target_minutes), (start, 240));
    assert_eq!(
        (first.met_at, first.due_at),
        (None, Some(start + minutes(240)))
    );

    desk.advance(minutes(60));
    let answered_at = desk.now();
    writes(&desk, ticket.id, &ann, Visibility::Public).await;
    let first = clock(&desk, ticket.id, "first_response").await;
    assert_eq!((first.met_at, first.due_at), (Some(answered_at), None));
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn a_late_answer_leaves_the_moment_at_which_it_was_due() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    desk.advance(minutes(600));
    writes(&desk, ticket.id, &ann, Visibility::Public).await;
    let first = clock(&desk, ticket.id, "first_response").await;
    assert_eq!(first.due_at, Some(ticket.opened_at + minutes(240)));
    assert_eq!(first.met_at, Some(desk.now()));
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn clocks_stand_still_while_a_ticket_waits_and_go_on_with_the_customers_word() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    writes(&desk, ticket.id, &ann, Visibility::Public).await;
    becomes(&desk, ticket.id, &ann, "in_progress").await;
    becomes(&desk, ticket.id, &ann, "waiting_on_customer").await;
    let waits_from = desk.now();
    let resolution = clock(&desk, ticket.id, "resolution").await;
    assert_eq!((resolution.due_at, resolution.met_at), (None, None));

    let mails = desk.take_mail().await;
    desk.advance(minutes(3_000));
    let answer = reply(&mails[0], CARLA, "b@customer.test", "Row 7 has a comma.");
    desk.receive(&answer).await;
    let waited = desk.now() - waits_from;
    let resolution = clock(&desk, ticket.id, "resolution").await;
    assert_eq!(
        resolution.due_at,
        Some(ticket.opened_at + minutes(1_440) + waited)
    );
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn another_priority_counts_from_the_start() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::set_priority(conn, ctx, ticket, "urgent", None).await
    })
    .await
    .unwrap();
    let first = clock(&desk, ticket.id, "first_response").await;
    assert_eq!(first.target_minutes, 15);
    assert_eq!(first.due_at, Some(ticket.opened_at + minutes(15)));
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn a_ticket_that_comes_back_has_the_whole_time_to_its_resolution_again() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    becomes(&desk, ticket.id, &ann, "in_progress").await;
    becomes(&desk, ticket.id, &ann, "resolved").await;
    let resolved_at = desk.now();
    desk.advance(minutes(100));
    becomes(&desk, ticket.id, &ann, "reopened").await;
    let reopened_at = desk.now();
    let mut resolutions = clocks(&desk, ticket.id).await;
    resolutions.retain(|clock| clock.kind == "resolution");
    assert_eq!(resolutions.len(), 2, "{resolutions:#?}");
    assert_eq!(resolutions[0].met_at, Some(resolved_at));
    assert_eq!(resolutions[1].started_at, reopened_at);
    assert_eq!(resolutions[1].due_at, Some(reopened_at + minutes(1_440)));
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn a_merge_keeps_the_earlier_clock() {
    let desk = Desk::open().await;
    let (earlier, ann) = asked(&desk).await;
    desk.advance(minutes(30));
    let again = request(CARLA, "c@customer.test", "The import, again", "Still.");
    desk.receive(&again).await;
    desk.take_mail().await;
    let later = desk.tickets().await.pop().unwrap();
    assert_ne!(earlier.id, later.id);

    act(&desk, &ann, earlier.id, async |conn, ctx, held| {
        let (husk, root) = desk::merge(conn, ctx, held.id, later.id).await?;
        *held = husk;
        Ok(root)
    })
    .await
    .unwrap();

    assert_eq!(clocks(&desk, earlier.id).await, []);
    let first = clock(&desk, later.id, "first_response").await;
    assert_eq!(first.started_at, earlier.opened_at);
    assert_eq!(first.due_at, Some(earlier.opened_at + minutes(240)));
    desk.close().await;
}
