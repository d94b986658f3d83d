//! What goes out to the team's places.

use std::time::Duration;

use chrono::TimeDelta;
use frontdesk::chat::{Act, ChatFailure};
use frontdesk::desk::{self, Context, NewWords, Said};
use frontdesk::people::Person;
use frontdesk::ticket::{Actor, Source, Ticket, Visibility, store};

use super::room::{BILLING, GENERAL, desk, mail, told};
use crate::harness::{Desk, to};

const CARLA: &str = "Carla <carla@customer.test>";

/// Somebody does something to the ticket.
macro_rules! act {
    ($desk:ident, $person:expr, |$conn:ident, $ctx:ident, $ticket:ident| $deed:expr) => {{
        let mut tx = $desk.app.pool.begin().await.unwrap();
        let $ctx = Context {
            settings: &$desk.app.settings,
            now: $desk.now(),
            actor: Actor::Person($person.id),
            answering: true,
        };
        let id = $desk.ticket().await.id;
        let mut held: Ticket = store::lock(&mut tx, id).await.unwrap();
        let $ticket = &mut held;
        let $conn = &mut *tx;
        $deed.await.unwrap();
        tx.commit().await.unwrap();
    }};
}

fn said<'a>(author: &'a Person, visibility: Visibility, body: &'a str) -> Said<'a> {
    Said {
        author,
        as_staff: true,
        visibility,
        words: NewWords {
            body,
            full_text: None,
            html: None,
            files: &[],
            message_ids: &[],
            source: Source::Command,
            inbound_id: None,
        },
    }
}

/// A desk with Carla's ticket in a thread, whose opening was looked at.
async fn with_ticket() -> (Desk, Person) {
    let desk = desk().await;
    let ada = desk.agent("ada", Some("support")).await;
    desk.receive(&mail(
        CARLA,
        "1@c.test",
        "The export is empty",
        "It has no rows.",
    ))
    .await;
    desk.take_posts().await;
    desk.take_mail().await;
    (desk, ada)
}

#[tokio::test]
async fn a_mail_opens_a_thread_with_a_card_and_its_words() {
    let desk = desk().await;
    desk.agent("ada", Some("support")).await;
    desk.receive(&mail(
        CARLA,
        "1@c.test",
        "The export is empty",
        "It has no rows.",
    ))
    .await;
    let deeds = desk.take_posts().await;
    let number = desk.ticket().await.number;
    assert_eq!(
        told(&deeds),
        [
            format!("thread {GENERAL}"),
            format!("post {GENERAL}: ✉️ **Carla** wrote:"),
        ]
    );
    let Act::OpenThread {
        title, only_for, ..
    } = &deeds[0].act
    else {
        panic!("{deeds:#?}");
    };
    assert_eq!(*title, format!("{number} The export is empty"));
    assert!(only_for.is_empty());
    assert_eq!(
        deeds[0].card(),
        [
            "Requester: Carla (carla@customer.test)",
            "Status: Open",
            "Priority: Medium",
            "Category: General inquiry",
            "Team: Support",
            "Assignee: nobody",
        ]
    );
    assert_eq!(
        deeds[0].buttons(),
        ["Take", "Reply", "Note", "Resolve", "More"]
    );
    assert!(
        deeds[1].text().ends_with("\n\nIt has no rows."),
        "{:?}",
        deeds[1].text()
    );
    assert_eq!(deeds[1].at, deeds[0].at);
    // The card stands in the channel itself, and the thread begins there.
    assert_eq!(deeds[0].post.as_ref().unwrap().place.thread, None);
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn every_change_edits_the_card_once_and_posts_nothing() {
    let (desk, ada) = with_ticket().await;
    act!(desk, ada, |conn, ctx, ticket| desk::assign(
        conn,
        &ctx,
        ticket,
        Some(&ada)
    ));
    act!(desk, ada, |conn, ctx, ticket| desk::set_priority(
        conn, &ctx, ticket, "urgent", None
    ));
    let deeds = desk.take_posts().await;
    assert_eq!(told(&deeds), [format!("edit {GENERAL}")]);
    let card = deeds[0].card();
    for line in ["Status: In progress", "Priority: Urgent", "Assignee: ada"] {
        assert!(card.iter().any(|field| field == line), "{line} in {card:?}");
    }
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn a_promise_that_is_missed_stands_on_the_card_until_it_is_kept() {
    let (desk, ada) = with_ticket().await;
    let opened = desk.ticket().await.opened_at;
    desk.tick_at(opened + TimeDelta::minutes(240)).await;
    let deeds = desk.take_posts().await;
    assert_eq!(told(&deeds), [format!("edit {GENERAL}")]);
    let card = deeds[0].card();
    let due = "Due: 20 Nov 2026, 13:00 UTC (overdue)";
    assert!(card.iter().any(|field| field == due), "{card:?}");
    let reply = said(&ada, Visibility::Public, "We look into it.");
    act!(desk, ada, |conn, ctx, ticket| desk::comment(
        conn, &ctx, ticket, &reply
    ));
    let deeds = desk.take_posts().await;
    let edit = deeds.iter().find(|deed| deed.kind() == "edit").unwrap();
    let card = edit.card();
    assert!(
        !card.iter().any(|field| field.starts_with("Due")),
        "{card:?}"
    );
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn a_reply_and_a_note_from_elsewhere_are_posted_with_what_they_are() {
    let (desk, ada) = with_ticket().await;
    let reply = said(&ada, Visibility::Public, "We look into it.");
    act!(desk, ada, |conn, ctx, ticket| desk::comment(
        conn, &ctx, ticket, &reply
    ));
    let note = said(&ada, Visibility::Internal, "The *licence* ran out.");
    act!(desk, ada, |conn, ctx, ticket| desk::comment(
        conn, &ctx, ticket, &note
    ));
    let deeds = desk.take_posts().await;
    let posts: Vec<_> = deeds.iter().filter(|deed| deed.kind() == "post").collect();
    assert_eq!(posts.len(), 2, "{deeds:#?}");
    assert_eq!(
        posts[0].text(),
        "📤 **ada** answered the customer:\n\nWe look into it."
    );
    assert_eq!(
        posts[1].text(),
        "🔒 **ada** left a note:\n\nThe \\*licence\\* ran out."
    );
    let mails = desk.take_mail().await;
    assert!(
        to(&mails, "carla@customer.test")
            .text()
            .contains("We look into it.")
    );
    assert!(mails.iter().all(|mail| !mail.text().contains("licence")));
    desk.close().await;
}

#[tokio::test]
async fn a_customers_mail_is_posted_with_its_new_words_and_its_files() {
    let (desk, _) = with_ticket().await;
    let number = desk.ticket().await.number;
    let eml = format!(
        "From: {CARLA}\nTo: support@desk.test\nSubject: Re: [{number}] The export is empty\nMessage-ID: <2@c.test>\n\
         In-Reply-To: <1@c.test>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n\
         --b\nContent-Type: text/plain\n\nHere is the log.\n\nOn Friday, Support wrote:\n> Send us the log.\n\n\
         --b\nContent-Type: text/plain; name=export.log\nContent-Disposition: attachment; filename=export.log\n\n0 rows\n--b--\n"
    );
    desk.receive(&eml).await;
    let deeds = desk.take_posts().await;
    let post = deeds.iter().find(|deed| deed.kind() == "post").unwrap();
    assert_eq!(post.text(), "✉️ **Carla** wrote:\n\nHere is the log.");
    assert_eq!(post.buttons(), ["Whole mail"]);
    let files = post.message().files;
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].name, "export.log");
    assert_eq!(files[0].content.trim_ascii(), b"0 rows");
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn a_ticket_that_goes_to_another_place_goes_on_there_and_says_so() {
    let (desk, ada) = with_ticket().await;
    act!(desk, ada, |conn, ctx, ticket| desk::route_to_team(
        conn, &ctx, ticket, "billing"
    ));
    let note = said(&ada, Visibility::Internal, "For you.");
    act!(desk, ada, |conn, ctx, ticket| desk::comment(
        conn, &ctx, ticket, &note
    ));
    let deeds = desk.take_posts().await;
    let told = told(&deeds);
    assert_eq!(told[0], format!("thread {BILLING}"));
    assert!(
        told.contains(&format!("post {BILLING}: 🔒 **ada** left a note:")),
        "{told:?}"
    );
    let left = format!(
        "post {GENERAL}: This ticket went to Billing and is worked in their place now. What is written here stays with it."
    );
    assert!(told.contains(&left), "{told:?}");
    // The old card has no buttons any more.
    let card = deeds
        .iter()
        .find(|deed| deed.kind() == "edit" && deed.at.as_ref().unwrap().place == GENERAL);
    assert!(card.unwrap().buttons().is_empty());

    // Back again: the first thread goes on, and no third one opens.
    act!(desk, ada, |conn, ctx, ticket| desk::route_to_team(
        conn, &ctx, ticket, "support"
    ));
    let deeds = desk.take_posts().await;
    assert!(deeds.iter().all(|deed| deed.kind() == "edit"), "{deeds:#?}");
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn rows_of_a_ticket_keep_their_order_through_trouble() {
    let desk = desk().await;
    desk.agent("ada", Some("support")).await;
    let slow = ChatFailure::Transient {
        retry_after: Some(Duration::from_secs(7)),
        text: "429".to_owned(),
    };
    desk.chat().fail(slow, 1);
    desk.receive(&mail(
        CARLA,
        "1@c.test",
        "The export is empty",
        "It has no rows.",
    ))
    .await;
    assert!(desk.take_posts().await.is_empty());
    // The platform said when it wants to be asked again.
    desk.advance(TimeDelta::seconds(6));
    assert!(desk.take_posts().await.is_empty());
    desk.advance(TimeDelta::seconds(1));
    let deeds = desk.take_posts().await;
    assert_eq!(deeds.len(), 2);
    assert_eq!(deeds[0].kind(), "thread");
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn a_post_that_is_refused_stands_on_its_ticket_and_the_operators_hear() {
    let (desk, ada) = with_ticket().await;
    let refused = ChatFailure::Permanent {
        text: "Missing Permissions".to_owned(),
    };
    desk.chat().fail(refused, 1);
    let note = said(&ada, Visibility::Internal, "A note.");
    act!(desk, ada, |conn, ctx, ticket| desk::comment(
        conn, &ctx, ticket, &note
    ));
    desk.take_posts().await;
    let mails = desk.take_mail().await;
    assert!(
        to(&mails, "operator@desk.test")
            .text()
            .contains("Missing Permissions")
    );
    let events = desk.events(desk.ticket().await.id).await;
    let failed = "post_failed =chat:c-general (refused for good: Missing Permissions)";
    assert!(events.iter().any(|event| event == failed), "{events:#?}");
}

#[tokio::test]
async fn a_worker_that_died_after_posting_posts_nothing_twice() {
    let (desk, ada) = with_ticket().await;
    let note = said(&ada, Visibility::Internal, "Once.");
    act!(desk, ada, |conn, ctx, ticket| desk::comment(
        conn, &ctx, ticket, &note
    ));
    let first = desk.take_posts().await;
    assert_eq!(first.iter().filter(|deed| deed.kind() == "post").count(), 1);
    // As if the row had never been settled: its lease runs out and it is taken again.
    sqlx::query("UPDATE outbox SET state = 'sending', leased_until = $1 WHERE channel = 'chat' AND template = 'chat_comment'")
        .bind(desk.now() - TimeDelta::seconds(1))
        .execute(&desk.app.pool)
        .await
        .unwrap();
    sqlx::query("DELETE FROM chat_post")
        .execute(&desk.app.pool)
        .await
        .unwrap();
    let again = desk.take_posts().await;
    assert!(
        again
            .iter()
            .all(|deed| deed.text().is_empty() || !deed.text().contains("Once.")),
        "{again:#?}"
    );
    desk.take_mail().await;
    desk.close().await;
}
