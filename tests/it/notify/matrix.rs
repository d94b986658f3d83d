//! Who hears of what.

use frontdesk::ids::OutboxId;
use frontdesk::notify::{Happening, Why};
use frontdesk::people::{self, Role};
use frontdesk::ticket::{Actor, Visibility};

use super::world::{World, moved, person, take_part, ticket, told};

#[tokio::test]
async fn a_new_ticket_is_acknowledged_and_told_to_the_team() {
    let world = World::new().await;
    assert_eq!(
        told(&world.opened().await),
        [
            "ada: ticket_opened_staff",
            "grete: ticket_opened_staff",
            "jane: ticket_opened_customer",
            "wil: ticket_opened_staff",
        ]
    );
}

#[tokio::test]
async fn a_new_ticket_with_an_assignee_is_not_told_to_the_team() {
    let mut world = World::new().await;
    world.assign(Some(world.ivo));
    assert_eq!(
        told(&world.opened().await),
        [
            "ivo: ticket_opened_staff",
            "jane: ticket_opened_customer",
            "wil: ticket_opened_staff",
        ]
    );
}

#[tokio::test]
async fn automatic_mail_is_not_acknowledged_and_the_team_hears_all_the_same() {
    let mut world = World::new().await;
    let comment = world
        .comment(world.jane, Visibility::Public, "CPU at 90 %")
        .await;
    let opened = |acknowledge| Happening::Opened {
        ticket: &world.ticket,
        comment: &comment,
        actor: Actor::System,
        acknowledge,
        tell_actor: false,
    };
    let staff = [
        "ada: ticket_opened_staff",
        "grete: ticket_opened_staff",
        "wil: ticket_opened_staff",
    ];
    assert_eq!(told(&world.publish(&opened(false)).await), staff);
    world.settings.notify.acknowledge = false;
    let comment = world.comment(world.jane, Visibility::Public, "again").await;
    world.ticket = ticket(
        &mut *world.conn().await,
        "TKT-2",
        world.jane,
        Some("support"),
    )
    .await;
    let happening = Happening::Opened {
        ticket: &world.ticket,
        comment: &comment,
        actor: Actor::Person(world.jane),
        acknowledge: true,
        tell_actor: false,
    };
    assert_eq!(
        told(&world.publish(&happening).await),
        ["ada: ticket_opened_staff", "grete: ticket_opened_staff"]
    );
}

#[tokio::test]
async fn an_agent_who_opens_a_ticket_hears_of_it_only_on_request() {
    let mut world = World::new().await;
    for (number, tell_actor) in [("TKT-2", false), ("TKT-3", true)] {
        world.ticket = ticket(
            &mut *world.conn().await,
            number,
            world.jane,
            Some("support"),
        )
        .await;
        let comment = world
            .comment(world.jane, Visibility::Public, "forwarded")
            .await;
        let published = world
            .publish(&Happening::Opened {
                ticket: &world.ticket,
                comment: &comment,
                actor: Actor::Person(world.ada),
                acknowledge: true,
                tell_actor,
            })
            .await;
        let ada = told(&published).contains(&"ada: ticket_opened_staff".to_owned());
        assert_eq!(ada, tell_actor);
        assert!(told(&published).contains(&"grete: ticket_opened_staff".to_owned()));
        assert!(told(&published).contains(&"jane: ticket_opened_customer".to_owned()));
    }
}

#[tokio::test]
async fn what_a_customer_writes_goes_to_the_assignee_and_the_watchers_or_else_to_the_team() {
    let mut world = World::new().await;
    let published = world.said(world.jane, Visibility::Public, "more").await;
    assert_eq!(
        told(&published),
        [
            "ada: comment_added_staff",
            "grete: comment_added_staff",
            "wil: comment_added_staff"
        ]
    );
    world.assign(Some(world.ivo));
    let published = world.said(world.bob, Visibility::Public, "me too").await;
    assert_eq!(
        told(&published),
        ["ivo: comment_added_staff", "wil: comment_added_staff"]
    );
}

#[tokio::test]
async fn t7_a_public_reply_goes_to_the_requester_and_all_participants() {
    let mut world = World::new().await;
    world.assign(Some(world.ivo));
    let published = world.said(world.ada, Visibility::Public, "done").await;
    assert_eq!(
        told(&published),
        [
            "bob: comment_added_customer",
            "ivo: comment_added_staff",
            "jane: comment_added_customer",
            "wil: comment_added_staff",
        ]
    );
    let rows = world.rows().await;
    for row in rows.iter().filter(|row| row.audience == "customer") {
        let head = &row.draft["mail"];
        assert_eq!(head["to"][0]["address"], "jane@customer.example");
        assert_eq!(head["cc"][0]["address"], "bob@customer.example");
        assert!(!row.automatic);
        assert_eq!((row.due_at - world.now).num_seconds(), 10);
    }
}

#[tokio::test]
async fn t7_our_own_addresses_are_never_among_the_participants() {
    let mut world = World::new().await;
    world.settings.mailboxes[0]
        .aliases
        .push("help@alias.example".to_owned());
    let mut conn = world.conn().await;
    for address in [
        "support@frontdesk.example",
        "support+abc@frontdesk.example",
        "help@alias.example",
    ] {
        let (name, domain) = address.split_once('@').unwrap();
        let id = person(&mut conn, name, domain, Role::Customer).await;
        take_part(&mut conn, world.ticket.id, id, "participant").await;
    }
    drop(conn);
    let published = world.said(world.ada, Visibility::Public, "done").await;
    assert_eq!(
        told(&published),
        [
            "bob: comment_added_customer",
            "jane: comment_added_customer",
            "wil: comment_added_staff",
        ]
    );
    let own = published
        .withheld
        .iter()
        .filter(|withheld| withheld.reason == Why::OwnAddress);
    assert_eq!(own.count(), 3);
    let shown = world.rows().await[0].draft["mail"].to_string();
    assert!(
        !shown.contains("frontdesk.example") && !shown.contains("alias"),
        "{shown}"
    );
}

#[tokio::test]
async fn t9_a_reply_goes_to_the_requester_as_things_stand() {
    let mut world = World::new().await;
    let mut conn = world.conn().await;
    let eve = person(&mut conn, "Eve", "customer.example", Role::Customer).await;
    drop(conn);
    world.ticket.requester_id = eve;
    let published = world.said(world.ada, Visibility::Public, "done").await;
    assert_eq!(
        told(&published),
        [
            "bob: comment_added_customer",
            "eve: comment_added_customer",
            "wil: comment_added_staff",
        ]
    );
}

#[tokio::test]
async fn t9_staff_is_shown_who_would_get_the_answer() {
    let world = World::new().await;
    world.said(world.jane, Visibility::Public, "more").await;
    let rows = world.rows().await;
    assert_eq!(
        rows[0].draft["answer_to"],
        serde_json::json!(["Jane", "Bob"])
    );
}

#[tokio::test]
async fn c3_an_internal_note_reaches_staff_only() {
    let mut world = World::new().await;
    world.assign(Some(world.grete));
    let published = world
        .said(world.ada, Visibility::Internal, "she is wrong")
        .await;
    assert_eq!(
        told(&published),
        ["grete: comment_added_staff", "wil: comment_added_staff"]
    );
    let rows = world.rows().await;
    assert!(rows.iter().all(|row| row.audience == "staff"));
    assert!(
        rows.iter()
            .all(|row| row.draft["events"][0]["kind"] == "note")
    );
}

#[tokio::test]
async fn c3_a_customer_who_watches_or_is_mentioned_hears_nothing_internal() {
    let world = World::new().await;
    take_part(
        &mut *world.conn().await,
        world.ticket.id,
        world.bob,
        "watcher",
    )
    .await;
    let comment = world.comment(world.ada, Visibility::Internal, "hush").await;
    let note = Happening::Commented {
        ticket: &world.ticket,
        comment: &comment,
        actor: Actor::Person(world.ada),
        moved: None,
    };
    let published = world.publish(&note).await;
    assert_eq!(told(&published), ["wil: comment_added_staff"]);
    assert!(
        published
            .withheld
            .iter()
            .any(|w| w.person == Some(world.bob) && w.reason == Why::NotStaff)
    );
    let mention = Happening::Mentioned {
        ticket: &world.ticket,
        comment: &comment,
        person: world.jane,
        actor: Actor::Person(world.ada),
    };
    let published = world.publish(&mention).await;
    assert!(published.told.is_empty());
    assert_eq!(published.withheld[0].reason, Why::NotStaff);
}

#[tokio::test]
async fn a_change_of_status_is_told_to_all_customers_with_its_meaning_and_without_the_reason() {
    let mut world = World::new().await;
    world.ticket.status = "resolved".to_owned();
    world.assign(Some(world.ivo));
    let published = world.status(Actor::Person(world.ada)).await;
    assert_eq!(
        told(&published),
        [
            "bob: status_changed_customer",
            "ivo: comment_added_staff",
            "jane: status_changed_customer",
            "wil: comment_added_staff",
        ]
    );
    for row in world.rows().await {
        if row.audience == "customer" {
            assert!(row.automatic);
            assert_eq!(row.draft["status"]["name"], "Resolved");
            assert!(
                row.draft["status"]["meaning"]
                    .as_str()
                    .unwrap()
                    .contains("settled")
            );
            assert!(!row.draft.to_string().contains("because"));
        } else {
            assert_eq!(row.draft["events"][0]["reason"], "because");
        }
    }
}

#[tokio::test]
async fn a_customer_who_changes_the_status_hears_nothing_of_it_and_the_team_does() {
    let world = World::new().await;
    let published = world.status(Actor::Person(world.jane)).await;
    assert_eq!(
        told(&published),
        [
            "ada: comment_added_staff",
            "bob: status_changed_customer",
            "grete: comment_added_staff",
            "wil: comment_added_staff",
        ]
    );
}

#[tokio::test]
async fn a_reply_that_changes_the_status_is_one_mail() {
    let mut world = World::new().await;
    world.ticket.status = "waiting_on_customer".to_owned();
    let comment = world
        .comment(world.ada, Visibility::Public, "which one?")
        .await;
    let published = world
        .publish(&Happening::Commented {
            ticket: &world.ticket,
            comment: &comment,
            actor: Actor::Person(world.ada),
            moved: Some(moved("in_progress")),
        })
        .await;
    assert_eq!(
        told(&published),
        [
            "bob: comment_added_customer",
            "jane: comment_added_customer",
            "wil: comment_added_staff",
        ]
    );
    let rows = world.rows().await;
    assert_eq!(rows[0].draft["status"]["name"], "Waiting on customer");
}

#[tokio::test]
async fn a_hand_over_is_told_to_the_new_team_but_not_to_its_author_or_a_customer() {
    let mut world = World::new().await;
    world.assign(None);
    let handed_over = Happening::HandedOver {
        ticket: &world.ticket,
        actor: Actor::Person(world.ada),
    };
    // Grete is in the team with Ada, Wil watches.
    assert_eq!(
        told(&world.publish(&handed_over).await),
        ["grete: handed_over", "wil: handed_over"]
    );
}

#[tokio::test]
async fn an_assignment_is_told_to_the_assignee_unless_it_is_their_own_act() {
    let mut world = World::new().await;
    world.assign(Some(world.ivo));
    let assigned = |actor| Happening::Assigned {
        ticket: &world.ticket,
        actor,
    };
    assert!(
        world
            .publish(&assigned(Actor::Person(world.ivo)))
            .await
            .told
            .is_empty()
    );
    assert_eq!(
        told(&world.publish(&assigned(Actor::Person(world.ada))).await),
        ["ivo: assigned"]
    );
    world.assign(None);
    let nobody = Happening::Assigned {
        ticket: &world.ticket,
        actor: Actor::System,
    };
    assert!(world.publish(&nobody).await.told.is_empty());
}

#[tokio::test]
async fn a_mention_is_told_to_the_one_who_is_mentioned() {
    let world = World::new().await;
    let comment = world
        .comment(world.ada, Visibility::Internal, "@ivo please look")
        .await;
    let published = world
        .publish(&Happening::Mentioned {
            ticket: &world.ticket,
            comment: &comment,
            person: world.ivo,
            actor: Actor::Person(world.ada),
        })
        .await;
    assert_eq!(told(&published), ["ivo: mentioned"]);
}

#[tokio::test]
async fn c2_a_reply_that_failed_is_told_to_its_author_or_else_to_the_team() {
    let world = World::new().await;
    let comment = world
        .comment(world.ivo, Visibility::Public, "the answer")
        .await;
    let failed = |outbox_id, comment_id| Happening::DeliveryFailed {
        ticket: &world.ticket,
        comment_id,
        outbox_id: OutboxId(outbox_id),
        address: "jane@customer.example",
        error: "550 5.1.1\u{0} user unknown",
    };
    let published = world.publish(&failed(1, Some(comment.id))).await;
    assert_eq!(told(&published), ["ivo: delivery_failed"]);
    assert!(
        world
            .publish(&failed(1, Some(comment.id)))
            .await
            .told
            .is_empty(),
        "told once"
    );
    let rows = world.rows().await;
    assert_eq!(rows[0].draft["text"], "the answer");
    let published = world.publish(&failed(2, None)).await;
    assert_eq!(
        told(&published),
        [
            "ada: delivery_failed",
            "grete: delivery_failed",
            "wil: delivery_failed"
        ]
    );
}

#[tokio::test]
async fn a_ticket_that_no_team_has_is_told_to_all_staff() {
    let mut world = World::new().await;
    world.ticket = ticket(&mut *world.conn().await, "TKT-2", world.jane, None).await;
    let published = world.opened().await;
    assert_eq!(
        told(&published),
        [
            "ada: ticket_opened_staff",
            "grete: ticket_opened_staff",
            "ivo: ticket_opened_staff",
            "jane: ticket_opened_customer",
            "wil: ticket_opened_staff",
        ]
    );
}

#[tokio::test]
async fn where_the_assignee_left_the_team_hears_and_where_everybody_left_that_is_said() {
    let mut world = World::new().await;
    world.assign(Some(world.ivo));
    let disable = |id, role, handle| {
        let world = &world;
        async move {
            let mut conn = world.conn().await;
            people::store::set_role(&mut conn, id, role, Some(handle), Some(world.now))
                .await
                .unwrap();
        }
    };
    disable(world.ivo, Role::Agent, "ivo").await;
    let published = world.said(world.jane, Visibility::Public, "hello?").await;
    assert_eq!(
        told(&published),
        [
            "ada: comment_added_staff",
            "grete: comment_added_staff",
            "wil: comment_added_staff"
        ]
    );
    assert!(
        published
            .withheld
            .iter()
            .any(|w| w.person == Some(world.ivo) && w.reason == Why::Disabled)
    );
    disable(world.ada, Role::Agent, "ada").await;
    disable(world.grete, Role::Manager, "grete").await;
    disable(world.wil, Role::Admin, "wil").await;
    let published = world.said(world.jane, Visibility::Public, "anybody?").await;
    assert!(published.told.is_empty());
    assert!(
        published
            .withheld
            .iter()
            .any(|w| w.person.is_none() && w.reason == Why::NobodyThere)
    );
}

#[tokio::test]
async fn suppressed_and_unread_addresses_get_no_row_until_they_are_lifted() {
    let world = World::new().await;
    let mut conn = world.conn().await;
    let robot = person(&mut conn, "no-reply", "shop.example", Role::Customer).await;
    take_part(&mut conn, world.ticket.id, robot, "participant").await;
    people::store::suppress(
        &mut conn,
        world.now,
        "JANE@customer.example",
        "unknown user",
        None,
    )
    .await
    .unwrap();
    let published = world.said(world.ada, Visibility::Public, "done").await;
    assert_eq!(
        told(&published),
        ["bob: comment_added_customer", "wil: comment_added_staff"]
    );
    let mut why: Vec<_> = published
        .withheld
        .iter()
        .map(|w| (w.person, w.reason))
        .collect();
    why.sort_by_key(|(person, _)| *person);
    assert_eq!(
        why,
        [
            (Some(world.jane), Why::Suppressed),
            (Some(robot), Why::NoReplyAddress)
        ]
    );
    assert_eq!(
        world.rows().await[0].draft["mail"]["to"][0]["address"],
        "bob@customer.example"
    );
    people::store::lift_suppression(&mut conn, world.now, "jane@customer.example")
        .await
        .unwrap();
    let published = world.said(world.ada, Visibility::Public, "again").await;
    assert!(told(&published).contains(&"jane: comment_added_customer".to_owned()));
}

#[tokio::test]
async fn a_person_who_is_requester_and_assignee_gets_one_mail() {
    let mut world = World::new().await;
    world.ticket.requester_id = world.ivo;
    world.assign(Some(world.ivo));
    let published = world.said(world.ada, Visibility::Public, "done").await;
    assert_eq!(
        told(&published),
        [
            "bob: comment_added_customer",
            "ivo: comment_added_customer",
            "wil: comment_added_staff",
        ]
    );
}
