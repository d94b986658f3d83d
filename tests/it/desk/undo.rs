//! Taking one's own last change back.

use chrono::TimeDelta;
use frontdesk::desk;
use frontdesk::people::Person;
use frontdesk::ticket::{Comment, Ticket};

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

async fn edit(desk: &Desk, by: &Person, comment: &Comment, body: &str) {
    act(desk, by, comment.ticket_id, async |conn, ctx, ticket| {
        desk::edit_comment(conn, ctx, ticket, comment.id, by, body).await
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_reply_that_was_edited_while_it_was_held_is_taken_back_all_the_same() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let seconds = i64::from(desk.app.settings.notify.undo_seconds);
    let held = reply(&desk, &ann, ticket.id, "You are wrong.").await;
    desk.advance(TimeDelta::seconds(seconds - 1));
    edit(&desk, &ann, &held, "You are right.").await;
    // The first undo time is over, that of the new words is not.
    desk.advance(TimeDelta::seconds(seconds - 1));
    desk.drain_outbox().await;
    assert!(desk.take_now().is_empty());
    assert_eq!(undo(&desk, &ann, &ticket).await.unwrap(), ["replied"]);
    assert!(desk.take_mail().await.is_empty());
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let gone = frontdesk::ticket::timeline::comment(&mut conn, held.id);
    assert!(gone.await.unwrap().unwrap().deleted_at.is_some());
    desk.close().await;
}

#[tokio::test]
async fn an_edited_reply_leaves_with_its_new_words_once_their_undo_time_is_over() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let held = reply(&desk, &ann, ticket.id, "It takes to weeks.").await;
    edit(&desk, &ann, &held, "It takes two weeks.").await;
    let mail = desk.take_one().await;
    assert!(mail.text().contains("two weeks"), "{}", mail.text());
    let refused = undo(&desk, &ann, &ticket).await.unwrap_err();
    assert!(refused.contains("changed nothing"), "{refused}");
    desk.close().await;
}

#[tokio::test]
async fn one_reply_is_taken_back_by_its_own_id_whatever_was_done_since() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let first = reply(&desk, &ann, ticket.id, "The first word.").await;
    reply(&desk, &ann, ticket.id, "The second word.").await;
    act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::set_priority(conn, ctx, ticket, "high", None).await
    })
    .await
    .unwrap();
    let bob = desk.agent("bob", None).await;
    let by_id = async |by: &Person| {
        act(&desk, by, ticket.id, async |conn, ctx, ticket| {
            desk::undo_comment(conn, ctx, ticket, by, first.id).await
        })
        .await
    };
    assert!(by_id(&bob).await.is_err(), "it is Ann's");
    assert_eq!(by_id(&ann).await.unwrap().len(), 1);
    assert!(by_id(&ann).await.is_err(), "it is taken back already");
    assert_eq!(desk.ticket().await.priority, "high");
    let mails = desk.take_mail().await;
    let all: Vec<String> = mails.iter().map(|mail| mail.text().to_owned()).collect();
    assert!(all.iter().any(|text| text.contains("The second word.")));
    assert!(!all.iter().any(|text| text.contains("The first word.")));
    desk.close().await;
}

/// Whether the customer is asked whether it is settled.
async fn is_asked(desk: &Desk, ticket: &Ticket) -> bool {
    let asked: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM close_request WHERE ticket_id = $1 AND answered_at IS NULL",
    )
    .bind(ticket.id.0)
    .fetch_one(&desk.app.pool)
    .await
    .unwrap();
    asked > 0
}

#[tokio::test]
async fn a_question_whether_it_is_settled_goes_back_with_or_without_a_word() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let waits = "waiting_on_customer";
    for (waiting, line) in [
        (false, "resolve --ask"),
        (false, "resolve --ask -- Does it work now?"),
        (true, "resolve --ask"),
        (true, "resolve --ask -- Does it work now?"),
    ] {
        if waiting && desk.ticket().await.status != waits {
            act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
                desk::change_status(conn, ctx, ticket, waits, None).await
            })
            .await
            .unwrap();
            desk.take_mail().await;
        }
        let before = desk.ticket().await;
        let said = desk.command_in(&ann, Some(ticket.id), line).await.unwrap();
        assert!(is_asked(&desk, &ticket).await, "{line}");
        undo(&desk, &ann, &ticket).await.unwrap();
        assert_eq!(still(&desk.ticket().await), still(&before), "{line}");
        assert!(
            !is_asked(&desk, &ticket).await,
            "{line}, waiting: {waiting}"
        );
        assert_eq!(said.offers.is_empty(), !line.contains("Does it"), "{line}");
        assert!(desk.take_mail().await.is_empty(), "{line}");
    }
    desk.close().await;
}

#[tokio::test]
async fn a_closing_word_that_is_deleted_takes_its_question_back() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let line = "resolve --ask -- Does it work now?";
    let said = desk.command_in(&ann, Some(ticket.id), line).await.unwrap();
    let word = said.comment.unwrap();
    act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::delete_comment(conn, ctx, ticket, word, &ann).await
    })
    .await
    .unwrap();
    assert!(!is_asked(&desk, &ticket).await);
    desk.take_mail().await;
    desk.close().await;
}
