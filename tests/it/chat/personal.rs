//! What goes to one person in chat, and digests for a place.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::chat::{Act, ChatFailure, PostPlace};
use frontdesk::notify::By;
use frontdesk::people::Person;
use frontdesk::report::store as subscriptions;
use frontdesk::report::subscription::{DigestKind, NewSubscription};
use frontdesk::report::write_digests;

use super::room::{GENERAL, ada, desk, mail, pressed, submitted};
use crate::harness::Desk;
use crate::recording::Deed;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A desk on which Ada is known in chat; it is Friday, 09:02 UTC.
async fn with_ada() -> (Desk, Person) {
    let mut desk = desk().await;
    // The watch over service levels is another matter.
    Arc::make_mut(&mut desk.app.settings).desk.sla.clear();
    let person = desk.agent("ada", Some("support")).await;
    desk.link(&person, "u-ada").await;
    desk.receive(&mail(
        "carla@customer.test",
        "1@c.test",
        "Export",
        "No rows.",
    ))
    .await;
    desk.take_posts().await;
    desk.take_mail().await;
    (desk, person)
}

async fn say(desk: &Desk, who: &Person, line: &str) -> String {
    match desk.command(who, line).await {
        Ok(reply) => reply.plain(),
        Err(error) => panic!("{line}: {error}"),
    }
}

/// The one message that went to Ada alone.
fn direct(deeds: Vec<Deed>) -> Deed {
    let mut to_ada: Vec<Deed> = deeds
        .into_iter()
        .filter(|deed| matches!(&deed.act, Act::Direct { user, .. } if user == "u-ada"))
        .collect();
    assert_eq!(to_ada.len(), 1, "one message: {to_ada:#?}");
    to_ada.remove(0)
}

/// The place of a conversation between Ada and the program.
fn between_us() -> PostPlace {
    PostPlace {
        place: "d-ada".to_owned(),
        thread: None,
    }
}

async fn open_reminders(desk: &Desk) -> Vec<(i64, String, Option<DateTime<Utc>>)> {
    sqlx::query_as("SELECT id, state, due_at FROM reminder ORDER BY id")
        .fetch_all(&desk.app.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_reminder_by_chat_reaches_its_person_alone_and_its_buttons_work() {
    let (desk, ann) = with_ada().await;
    let number = desk.ticket().await.number;
    let said = say(
        &desk,
        &ann,
        &format!("remind --by chat {number} tomorrow 9am call Carla"),
    )
    .await;
    assert_eq!(
        said,
        format!(
            "Reminder 1 comes Sat 21 Nov 2026, 09:00 UTC, in 23 hours, by chat, on {number}: call Carla"
        )
    );
    desk.tick_at(time("2026-11-21T09:00:00Z")).await;
    let told = direct(desk.take_posts().await);
    assert_eq!(told.text(), format!("⏰ call Carla (**{number}** Export)"));
    assert_eq!(
        told.buttons(),
        [
            "Done",
            "In 1 hour",
            "Tomorrow",
            "Next week",
            "Another time …"
        ]
    );
    assert!(desk.take_mail().await.is_empty());

    // It is 09:02 by now. Later, in an hour; and there it is again.
    desk.hear(pressed(
        &desk,
        &ada(),
        &between_us(),
        &told.action("In 1 hour"),
    ))
    .await;
    let answer = desk.take_posts().await.remove(0);
    assert_eq!(answer.kind(), "answer");
    assert!(
        answer.text().contains("11:02") || answer.text().contains("10:02"),
        "{}",
        answer.text()
    );
    desk.tick_at(time("2026-11-21T10:02:00Z")).await;
    let told = direct(desk.take_posts().await);

    // Any other time is asked for by a form.
    let form = told.action("Another time …");
    desk.hear(submitted(
        &desk,
        &ada(),
        &between_us(),
        &form,
        "monday 8:30",
    ))
    .await;
    desk.take_posts().await;
    assert_eq!(
        open_reminders(&desk).await,
        [(1, "set".to_owned(), Some(time("2026-11-23T08:30:00Z")))]
    );
    desk.tick_at(time("2026-11-23T08:30:00Z")).await;
    let told = direct(desk.take_posts().await);
    desk.hear(pressed(&desk, &ada(), &between_us(), &told.action("Done")))
        .await;
    assert_eq!(
        desk.take_posts().await.remove(0).text(),
        "Reminder 1 is done."
    );
    let events = desk.events(desk.ticket().await.id).await;
    for (kind, times) in [
        ("reminded", 3),
        ("reminder_postponed", 2),
        ("reminder_done", 1),
    ] {
        let found = events
            .iter()
            .filter(|event| event.starts_with(kind))
            .count();
        assert_eq!(found, times, "{kind}: {events:?}");
    }
    let mails = desk.take_mail().await;
    assert!(mails.iter().all(|mail| !mail.subject().contains("eminder")));
    desk.close().await;
}

#[tokio::test]
async fn what_is_due_together_is_one_message_with_lists() {
    let (desk, ann) = with_ada().await;
    for text in ["one", "two", "three"] {
        say(&desk, &ann, &format!("remind --by chat 17:00 {text}")).await;
    }
    say(&desk, &ann, "remind --by both 17:00 four").await;
    desk.tick_at(time("2026-11-20T17:00:00Z")).await;
    let posts = desk.take_posts().await;
    let told = direct(posts).message();
    assert_eq!(told.text, "⏰ 1: one\n⏰ 2: two\n⏰ 3: three\n⏰ 4: four");
    let labels: Vec<&str> = told
        .choices
        .iter()
        .map(|list| list.label.as_str())
        .collect();
    assert_eq!(
        labels,
        [
            "Done",
            "In 1 hour",
            "Tomorrow",
            "Next week",
            "Another time …"
        ]
    );
    let done = &told.choices[0].choices;
    assert_eq!(
        (done[1].label.as_str(), done[1].value.as_str()),
        ("2 two", "run:reminder done 2")
    );
    // The one that was wanted by mail as well is one there.
    assert_eq!(desk.take_one().await.subject(), "Reminder: four");
    desk.close().await;
}

#[tokio::test]
async fn what_chat_refuses_for_good_comes_by_mail_once() {
    let (desk, ann) = with_ada().await;
    say(&desk, &ann, "remind --by chat 17:00 one").await;
    desk.tick_at(time("2026-11-20T17:00:00Z")).await;
    let refused = ChatFailure::Permanent {
        text: "cannot send messages to this user".to_owned(),
    };
    desk.chat().fail(refused, 1);
    desk.drain_outbox().await;
    assert_eq!(desk.take_one().await.subject(), "Reminder: one");
    sqlx::query("UPDATE outbox SET state = 'sent' WHERE state = 'dead'")
        .execute(&desk.app.pool)
        .await
        .unwrap();
    desk.close().await;
}

#[tokio::test]
async fn nobody_is_reminded_in_chat_who_is_not_known_there() {
    let (desk, ann) = with_ada().await;
    desk.agent("bob", Some("support")).await;
    let error = desk
        .command(&ann, "remind --by chat --to bob 17:00 the books")
        .await
        .unwrap_err();
    assert!(error.to_string().contains("chat account of bob"), "{error}");
    // An account that went away meanwhile: the mail comes.
    say(&desk, &ann, "remind --by chat 17:00 one").await;
    sqlx::query("DELETE FROM chat_account")
        .execute(&desk.app.pool)
        .await
        .unwrap();
    desk.tick_at(time("2026-11-20T17:00:00Z")).await;
    assert!(desk.take_posts().await.is_empty());
    assert_eq!(desk.take_one().await.subject(), "Reminder: one");
    desk.close().await;
}

async fn subscribe(desk: &Desk, person: &Person, by: By, place: Option<(&str, &str)>) {
    let new = NewSubscription {
        person: person.id,
        digest: DigestKind::Daily,
        teams: &[],
        hour: 8,
        zone: None,
        even_if_empty: true,
        unassigned_hours: 24,
        by,
        place,
    };
    let mut conn = desk.app.pool.acquire().await.unwrap();
    subscriptions::subscribe(&mut conn, desk.now(), &new)
        .await
        .unwrap();
}

async fn digests_at(desk: &Desk, at: &str) -> usize {
    desk.advance(time(at) - desk.now());
    let mut tx = desk.app.pool.begin().await.unwrap();
    let written = write_digests(&mut tx, &desk.app.settings, desk.now(), desk.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    written.len()
}

#[tokio::test]
async fn a_digest_by_chat_is_a_card_with_its_charts_as_one_image() {
    let (desk, ann) = with_ada().await;
    subscribe(&desk, &ann, By::Both, None).await;
    assert_eq!(digests_at(&desk, "2026-11-21T08:00:00Z").await, 1);
    let told = direct(desk.take_posts().await).message();
    assert!(
        told.text.starts_with("📊 **1** new, **0** resolved, "),
        "{}",
        told.text
    );
    assert!(
        told.text
            .contains("Friday 20 November 2026, the whole desk")
    );
    let card = told.card.unwrap();
    assert!(
        card.fields
            .iter()
            .any(|(name, value)| name == "New" && value.starts_with('1')),
        "{card:?}"
    );
    assert_eq!(told.files.len(), 1);
    // A PNG of two charts beside each other: 2 × 600 points at twice the size.
    let image = &told.files[0].content;
    assert!(image.starts_with(b"\x89PNG"));
    assert_eq!(u32::from_be_bytes(image[16..20].try_into().unwrap()), 2400);
    let mail = desk.take_one().await;
    assert!(
        mail.subject().contains("1 new, 0 resolved"),
        "{}",
        mail.subject()
    );
    assert_eq!(digests_at(&desk, "2026-11-21T08:10:00Z").await, 0);
    desk.close().await;
}

#[tokio::test]
async fn a_digest_may_be_posted_in_a_place_and_nowhere_else() {
    let (desk, ann) = with_ada().await;
    subscribe(&desk, &ann, By::Chat, Some(("chat", GENERAL))).await;
    assert_eq!(digests_at(&desk, "2026-11-21T08:00:00Z").await, 1);
    let posts = desk.take_posts().await;
    assert_eq!(posts.len(), 1);
    let at = posts[0].at.clone().unwrap();
    assert_eq!((at.place.as_str(), at.thread), (GENERAL, None));

    // A place that is not in the configuration: the reader gets a mail.
    subscribe(&desk, &ann, By::Chat, Some(("chat", "c-gone"))).await;
    desk.advance(TimeDelta::hours(1));
    assert_eq!(digests_at(&desk, "2026-11-22T08:00:00Z").await, 1);
    assert!(desk.take_posts().await.is_empty());
    desk.take_one().await;
    desk.close().await;
}
