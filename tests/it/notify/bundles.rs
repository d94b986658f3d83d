//! A burst of events on one ticket is one mail to an agent.

use frontdesk::notify::{self, Happening};
use frontdesk::ticket::{Actor, Comment, Visibility};

use super::world::World;

fn kinds(draft: &serde_json::Value) -> Vec<&str> {
    let events = draft["events"].as_array().unwrap();
    events
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect()
}

fn wrote<'a>(world: &'a World, comment: &'a Comment) -> Happening<'a> {
    Happening::Commented {
        ticket: &world.ticket,
        comment,
        actor: Actor::Person(comment.author_id),
        moved: None,
    }
}

#[tokio::test]
async fn events_within_the_span_join_one_mail_and_its_time_stays() {
    let mut world = World::new().await;
    world.opened().await;
    let first = world.now;
    world.later(30);
    let published = world
        .said(world.jane, Visibility::Public, "one more thing")
        .await;
    assert!(published.told.iter().all(|told| told.joined));
    world.assign(Some(world.ada));
    world
        .publish(&Happening::Assigned {
            ticket: &world.ticket,
            actor: Actor::Person(world.grete),
        })
        .await;
    let rows = world.rows().await;
    assert_eq!(rows.len(), 4, "an acknowledgement and three agents");
    let ada = rows
        .iter()
        .find(|row| row.recipient_id == Some(world.ada))
        .unwrap();
    assert_eq!(kinds(&ada.draft), ["opened", "comment", "assigned"]);
    assert_eq!(ada.template, "comment_added_staff");
    assert_eq!(
        ada.draft["ticket"]["assignee"], "Ada",
        "the ticket as it stands now"
    );
    assert_eq!((ada.due_at - first).num_seconds(), 60);
    let grete = rows
        .iter()
        .find(|row| row.recipient_id == Some(world.grete))
        .unwrap();
    assert_eq!(kinds(&grete.draft), ["opened", "comment"]);
}

#[tokio::test]
async fn events_on_another_ticket_are_another_mail() {
    let mut world = World::new().await;
    world.said(world.jane, Visibility::Public, "one").await;
    let other = super::world::ticket(
        &mut *world.conn().await,
        "TKT-2",
        world.jane,
        Some("support"),
    )
    .await;
    world.ticket = other;
    let published = world.said(world.jane, Visibility::Public, "two").await;
    assert!(published.told.iter().all(|told| !told.joined));
}

#[tokio::test]
async fn publishing_twice_is_the_same_as_once() {
    let world = World::new().await;
    for (by, visibility) in [
        (world.jane, Visibility::Public),
        (world.ada, Visibility::Public),
    ] {
        let comment = world.comment(by, visibility, "words").await;
        world.publish(&wrote(&world, &comment)).await;
        let rows = world.rows().await;
        let again = world.publish(&wrote(&world, &comment)).await;
        assert!(again.told.is_empty());
        assert_eq!(world.rows().await, rows);
        world.all_sent().await;
        assert!(
            world
                .publish(&wrote(&world, &comment))
                .await
                .told
                .is_empty()
        );
    }
}

#[tokio::test]
async fn an_event_that_joined_a_bundle_is_not_added_twice() {
    let world = World::new().await;
    let one = world.comment(world.jane, Visibility::Public, "one").await;
    let two = world.comment(world.jane, Visibility::Public, "two").await;
    world.publish(&wrote(&world, &one)).await;
    world.publish(&wrote(&world, &two)).await;
    let rows = world.rows().await;
    world.publish(&wrote(&world, &two)).await;
    assert_eq!(world.rows().await, rows);
}

#[tokio::test]
async fn an_event_after_the_mail_was_claimed_begins_a_new_one() {
    let world = World::new().await;
    world.said(world.jane, Visibility::Public, "one").await;
    let claimed = world.claim().await;
    assert_eq!(claimed.len(), 3);
    let published = world.said(world.jane, Visibility::Public, "two").await;
    assert!(published.told.iter().all(|told| !told.joined));
    assert_eq!(world.rows().await.len(), 6);
}

#[tokio::test]
async fn a_mail_that_waits_for_its_second_attempt_takes_no_more_events() {
    let world = World::new().await;
    world.said(world.jane, Visibility::Public, "one").await;
    world.claim().await;
    sqlx::query("UPDATE outbox SET state = 'pending', lease = NULL, leased_until = NULL")
        .execute(&mut *world.conn().await)
        .await
        .unwrap();
    let published = world.said(world.jane, Visibility::Public, "two").await;
    assert!(published.told.iter().all(|told| !told.joined));
}

/// Two transactions publish at once: the second waits for the first and joins its mail.
#[tokio::test]
async fn two_transactions_at_once_make_one_mail() {
    let world = World::new().await;
    let one = world.comment(world.jane, Visibility::Public, "one").await;
    let two = world.comment(world.bob, Visibility::Public, "two").await;
    let mut first = world.db.pool().begin().await.unwrap();
    notify::publish(&mut first, &world.settings, world.now, &wrote(&world, &one))
        .await
        .unwrap();
    let second = async {
        let mut second = world.db.pool().begin().await.unwrap();
        let happening = wrote(&world, &two);
        let published = notify::publish(&mut second, &world.settings, world.now, &happening)
            .await
            .unwrap();
        second.commit().await.unwrap();
        published
    };
    let end_first = async {
        until_somebody_waits(&world).await;
        first.commit().await.unwrap();
    };
    let (published, ()) = futures::join!(second, end_first);
    assert!(
        published.told.iter().all(|told| told.joined),
        "{published:?}"
    );
    let rows = world.rows().await;
    assert_eq!(rows.len(), 3);
    assert!(
        rows.iter()
            .all(|row| row.draft["events"].as_array().unwrap().len() == 2)
    );
}

/// An event meets a worker that is just claiming the mail: it goes into a new one, and neither is lost.
#[tokio::test]
async fn a_mail_that_is_being_claimed_is_left_alone() {
    let world = World::new().await;
    world.said(world.jane, Visibility::Public, "one").await;
    let two = world.comment(world.jane, Visibility::Public, "two").await;
    let mut worker = world.db.pool().begin().await.unwrap();
    sqlx::query("UPDATE outbox SET state = 'sending', attempt = 1")
        .execute(&mut *worker)
        .await
        .unwrap();
    let event = async { world.publish(&wrote(&world, &two)).await };
    let end_claim = async {
        until_somebody_waits(&world).await;
        worker.commit().await.unwrap();
    };
    let (published, ()) = futures::join!(event, end_claim);
    assert!(
        published.told.iter().all(|told| !told.joined),
        "{published:?}"
    );
    let rows = world.rows().await;
    assert_eq!(rows.len(), 6);
    assert!(
        rows.iter()
            .all(|row| row.draft["events"].as_array().unwrap().len() == 1)
    );
}

/// Waits until one session waits for another's lock.
async fn until_somebody_waits(world: &World) {
    let mut conn = world.conn().await;
    loop {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_one(&mut *conn)
        .await
        .unwrap();
        if waiting > 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}
