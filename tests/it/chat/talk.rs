//! What people do in chat.

use chrono::TimeDelta;
use frontdesk::chat::{ChatEvent, ChatFile, Chatter, EventKind, PostPlace, PostRef};

use super::room::{
    GENERAL, ada, chosen, commanded, customer, desk, mail, pressed, said, stranger, submitted,
    thread, told, with_files,
};
use crate::harness::{Desk, to};
use crate::recording::Deed;

const CARLA: &str = "Carla <carla@customer.test>";

/// A desk with Carla's ticket, its thread and its card, and Ada, who is known in chat.
async fn with_ticket() -> (Desk, PostPlace, Deed) {
    let desk = desk().await;
    let agent = desk.agent("ada", Some("support")).await;
    desk.link(&agent, "u-ada").await;
    desk.receive(&mail(
        CARLA,
        "1@c.test",
        "The export is empty",
        "It has no rows.",
    ))
    .await;
    let mut deeds = desk.take_posts().await;
    let at = thread(&deeds);
    desk.take_mail().await;
    (desk, at, deeds.remove(0))
}

async fn chat_events(desk: &Desk) -> Vec<String> {
    let rows: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT state, reason FROM chat_event ORDER BY id")
            .fetch_all(&desk.app.pool)
            .await
            .unwrap();
    rows.into_iter()
        .map(|(state, reason)| match reason {
            Some(reason) => format!("{state}: {reason}"),
            None => state,
        })
        .collect()
}

#[tokio::test]
async fn c3_plain_text_in_a_thread_is_a_note_that_no_customer_hears() {
    let (desk, at, _) = with_ticket().await;
    desk.hear(said(
        &desk,
        &ada(),
        &at,
        "reply to her: the licence ran out",
    ))
    .await;
    let ticket = desk.ticket().await;
    let comments = desk.comments(ticket.id).await;
    assert_eq!(
        comments[1],
        "internal staff: reply to her: the licence ran out"
    );
    // It stands where it was written: nothing is said about it, and it is not posted again.
    let deeds = desk.take_posts().await;
    assert!(deeds.iter().all(|deed| deed.kind() == "edit"), "{deeds:#?}");
    let mails = desk.take_mail().await;
    assert!(
        mails.iter().all(|mail| mail.to != "carla@customer.test"),
        "{mails:#?}"
    );
    assert_eq!(chat_events(&desk).await, ["done"]);
    desk.close().await;
}

#[tokio::test]
async fn c3_a_public_reply_takes_its_sign_and_says_who_gets_it_before_it_leaves() {
    let (desk, at, _) = with_ticket().await;
    desk.hear(said(&desk, &ada(), &at, ">> We look into it."))
        .await;
    let ticket = desk.ticket().await;
    assert_eq!(
        desk.comments(ticket.id).await[1],
        "public staff: We look into it."
    );
    let deeds = desk.take_posts().await;
    let said: Vec<_> = deeds.iter().filter(|deed| deed.kind() == "post").collect();
    assert_eq!(said.len(), 1, "the words are not posted again: {deeds:#?}");
    assert_eq!(said[0].at.as_ref(), Some(&at));
    assert!(
        said[0].text().contains("carla@customer.test"),
        "{}",
        said[0].text()
    );
    // The undo time is not over: nothing has left.
    assert!(desk.unread().is_empty());
    let mails = desk.take_mail().await;
    assert!(
        to(&mails, "carla@customer.test")
            .text()
            .contains("We look into it.")
    );
    desk.close().await;
}

#[tokio::test]
async fn a_reply_by_the_buttons_form_is_answered_to_its_author_alone_and_posted_for_the_team() {
    let (desk, at, card) = with_ticket().await;
    desk.hear(submitted(
        &desk,
        &ada(),
        &at,
        &card.action("Reply"),
        "Try it again, please.",
    ))
    .await;
    let deeds = desk.take_posts().await;
    let answer = deeds.iter().find(|deed| deed.kind() == "answer").unwrap();
    assert!(
        answer.text().contains("carla@customer.test"),
        "{}",
        answer.text()
    );
    let posts: Vec<_> = deeds.iter().filter(|deed| deed.kind() == "post").collect();
    assert_eq!(posts.len(), 1);
    assert_eq!(
        posts[0].text(),
        "📤 **ada** answered the customer:\n\nTry it again, please."
    );
    let mails = desk.take_mail().await;
    assert!(
        to(&mails, "carla@customer.test")
            .text()
            .contains("Try it again, please.")
    );
    desk.close().await;
}

#[tokio::test]
async fn buttons_take_and_resolve_and_the_card_follows() {
    let (desk, at, card) = with_ticket().await;
    desk.hear(pressed(&desk, &ada(), &at, &card.action("Take")))
        .await;
    let deeds = desk.take_posts().await;
    let edit = deeds.iter().find(|deed| deed.kind() == "edit").unwrap();
    assert!(
        edit.card().contains(&"Assignee: ada".to_owned()),
        "{:?}",
        edit.card()
    );
    assert!(edit.card().contains(&"Status: In progress".to_owned()));
    desk.hear(pressed(&desk, &ada(), &at, &card.action("Resolve")))
        .await;
    let deeds = desk.take_posts().await;
    let edit = deeds.iter().find(|deed| deed.kind() == "edit").unwrap();
    assert!(edit.card().contains(&"Status: Resolved".to_owned()));
    assert_eq!(edit.buttons(), ["Reply", "Note", "Reopen", "More"]);
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn more_offers_what_can_be_chosen_and_a_choice_is_done() {
    let (desk, at, card) = with_ticket().await;
    desk.hear(pressed(&desk, &ada(), &at, &card.action("More")))
        .await;
    let deeds = desk.take_posts().await;
    let answer = deeds.iter().find(|deed| deed.kind() == "answer").unwrap();
    let lists = answer.message().choices;
    let team = lists.iter().find(|list| list.label == "Team …").unwrap();
    assert!(
        team.choices.iter().all(|choice| choice.label != "Support"),
        "{team:#?}"
    );
    let billing = team
        .choices
        .iter()
        .find(|choice| choice.label == "Billing")
        .unwrap();
    let mut event = pressed(&desk, &ada(), &at, &team.action);
    if let EventKind::Pressed { values, .. } = &mut event.kind {
        values.push(billing.value.clone());
    }
    desk.hear(event).await;
    assert_eq!(desk.ticket().await.team.as_deref(), Some("billing"));
    desk.take_posts().await;
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn h2_the_same_message_told_eleven_times_is_one_note() {
    let (desk, at, _) = with_ticket().await;
    let event = said(&desk, &ada(), &at, "Once is enough.");
    for _ in 0..11 {
        desk.hear(event.clone()).await;
    }
    let ticket = desk.ticket().await;
    assert_eq!(desk.comments(ticket.id).await.len(), 2);
    assert_eq!(chat_events(&desk).await, ["done"]);
    desk.take_posts().await;
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn h4_a_file_is_copied_when_its_message_comes() {
    let (desk, at, _) = with_ticket().await;
    desk.chat().hold("https://files.test/1", b"0 rows");
    let file = |name: &str, url: &str| ChatFile {
        name: name.to_owned(),
        content_type: "text/plain".to_owned(),
        size: 6,
        url: Some(url.to_owned()),
        content: Vec::new(),
    };
    let event = said(&desk, &ada(), &at, "The log:");
    let files = vec![
        file("export.log", "https://files.test/1"),
        file("old.log", "https://files.test/gone"),
    ];
    desk.hear(with_files(event, files)).await;
    let ticket = desk.ticket().await;
    let comment = desk.comments(ticket.id).await.remove(1);
    // What could not be had is said, and the words are kept.
    assert!(comment.starts_with("internal staff: The log:"), "{comment}");
    assert!(
        comment.contains("old.log (the address expired)"),
        "{comment}"
    );
    let content: Vec<(String, Vec<u8>)> =
        sqlx::query_as("SELECT name, content FROM attachment JOIN file_content USING (sha256)")
            .fetch_all(&desk.app.pool)
            .await
            .unwrap();
    assert_eq!(content, [("export.log".to_owned(), b"0 rows".to_vec())]);
    desk.take_posts().await;
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn h5_reading_goes_on_after_the_newest_post_that_is_known() {
    let (desk, at, _) = with_ticket().await;
    let id = at.thread.clone().unwrap();
    let since = |desk: &Desk| {
        let (pool, now) = (desk.app.pool.clone(), desk.now());
        async move {
            let mut conn = pool.acquire().await.unwrap();
            let since = frontdesk::ticket::chat_thread::read_since(&mut conn, now, "chat").await;
            let posts = since.unwrap().into_iter();
            let known = posts.map(|post| (post.place.thread.unwrap(), post.id));
            known.collect::<std::collections::BTreeMap<_, _>>()
        }
    };
    // Nobody wrote anything yet: from our own last post on.
    assert!(since(&desk).await.contains_key(&id));
    desk.advance(TimeDelta::seconds(1));
    let event = said(&desk, &ada(), &at, "Before the gap.");
    desk.hear(event.clone()).await;
    assert_eq!(since(&desk).await.get(&id), Some(&event.key));
    // After the gap the platform tells what it was asked for, and something that is known already.
    desk.advance(TimeDelta::seconds(1));
    let missed = said(&desk, &ada(), &at, "In the gap.");
    desk.hear(event).await;
    desk.hear(missed).await;
    let ticket = desk.ticket().await;
    let comments = desk.comments(ticket.id).await;
    assert_eq!(
        comments[1..],
        [
            "internal staff: Before the gap.",
            "internal staff: In the gap."
        ]
    );
    desk.take_posts().await;
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn only_staff_is_heard_in_a_thread_and_the_platforms_roles_make_staff() {
    let (desk, at, card) = with_ticket().await;
    desk.hear(said(&desk, &stranger(&[]), &at, ">> I decide that."))
        .await;
    let ticket = desk.ticket().await;
    assert_eq!(desk.comments(ticket.id).await.len(), 1);
    assert_eq!(
        chat_events(&desk).await,
        ["refused: only staff is heard in a ticket's thread"]
    );
    desk.hear(pressed(&desk, &stranger(&[]), &at, &card.action("Take")))
        .await;
    assert_eq!(desk.ticket().await.assignee_id, None);
    desk.hear(said(&desk, &stranger(&["r-agent"]), &at, "I am staff now."))
        .await;
    assert_eq!(
        desk.comments(ticket.id).await[1],
        "internal staff: I am staff now."
    );
    desk.hear(pressed(
        &desk,
        &stranger(&["r-agent"]),
        &at,
        &card.action("Take"),
    ))
    .await;
    assert!(desk.ticket().await.assignee_id.is_some());
    // The right ends with the role.
    desk.hear(said(&desk, &stranger(&[]), &at, "And now?"))
        .await;
    assert_eq!(desk.comments(ticket.id).await.len(), 2);
    desk.take_posts().await;
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn a_customer_who_is_known_is_not_heard_in_the_teams_thread() {
    let (desk, at, _) = with_ticket().await;
    let carla = desk.ticket().await.requester_id;
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let carla = frontdesk::people::store::get(&mut conn, carla)
        .await
        .unwrap();
    drop(conn);
    desk.link(&carla, "u-carla").await;
    desk.hear(said(&desk, &customer(), &at, "Hello?")).await;
    let ticket = desk.ticket().await;
    assert_eq!(desk.comments(ticket.id).await.len(), 1);
    desk.take_posts().await;
    desk.close().await;
}

#[tokio::test]
async fn a_reply_to_the_card_or_to_a_post_counts_as_written_in_the_thread() {
    let (desk, _, card) = with_ticket().await;
    let channel = PostPlace {
        place: GENERAL.to_owned(),
        thread: None,
    };
    let mut event = said(&desk, &ada(), &channel, "Looks like the licence.");
    if let EventKind::Posted { reply_to, .. } = &mut event.kind {
        *reply_to = card.post.clone();
    }
    desk.hear(event).await;
    // The same without the reply is talk among people, and is not even written down.
    desk.hear(said(&desk, &ada(), &channel, "Lunch?")).await;
    let ticket = desk.ticket().await;
    assert_eq!(
        desk.comments(ticket.id).await[1..],
        ["internal staff: Looks like the licence."]
    );
    assert_eq!(chat_events(&desk).await, ["done"]);
    // It was not written in the thread, so the thread gets it.
    let deeds = desk.take_posts().await;
    assert!(
        told(&deeds).contains(&format!("post {GENERAL}: 🔒 **ada** left a note:")),
        "{deeds:#?}"
    );
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn emoji_take_resolve_and_open() {
    let (desk, at, card) = with_ticket().await;
    let mark = |post: Option<PostRef>, emoji: &str, text: Option<&str>| {
        let mut event = said(&desk, &ada(), &at, "");
        event.kind = EventKind::Reacted {
            post: post.unwrap(),
            emoji: emoji.to_owned(),
            text: text.map(str::to_owned),
            author: text.map(|_| stranger(&[])),
        };
        event
    };
    desk.hear(mark(card.post.clone(), "👀", None)).await;
    assert!(desk.ticket().await.assignee_id.is_some());
    desk.hear(mark(card.post.clone(), "✅", None)).await;
    assert_eq!(desk.ticket().await.status, "resolved");
    let elsewhere = PostRef {
        place: PostPlace {
            place: "c-lobby".to_owned(),
            thread: None,
        },
        id: "77".to_owned(),
    };
    let mut event = mark(
        Some(elsewhere.clone()),
        "📌",
        Some("My login fails\nsince noon"),
    );
    event.place = elsewhere.place;
    desk.hear(event).await;
    let tickets = desk.tickets().await;
    assert_eq!(tickets.len(), 2);
    assert_eq!(tickets[1].subject, "My login fails");
    assert_eq!(
        desk.comments(tickets[1].id).await,
        ["public customer: My login fails\nsince noon"]
    );
    let deeds = desk.take_posts().await;
    // Outside the team's places nobody else reads the answer.
    assert!(
        deeds.iter().any(|deed| deed.kind() == "direct"
            && deed.text().contains(&tickets[1].number.replace('-', "\\-"))
            || deed.text().contains(&tickets[1].number)),
        "{deeds:#?}"
    );
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn a_command_that_is_wrong_is_answered_with_its_mark_and_changes_nothing() {
    let (desk, at, _) = with_ticket().await;
    desk.hear(said(&desk, &ada(), &at, "/status resolvd")).await;
    let deeds = desk.take_posts().await;
    assert_eq!(deeds.len(), 1, "{deeds:#?}");
    let text = deeds[0].text();
    assert!(
        text.contains("^^^^^^^") && text.contains("resolved"),
        "{text}"
    );
    let ticket = desk.ticket().await;
    assert_eq!(ticket.status, "open");
    assert_eq!(desk.comments(ticket.id).await.len(), 1);
    desk.close().await;
}

#[tokio::test]
async fn what_a_dead_handler_left_is_taken_up_and_done_once() {
    let (desk, at, _) = with_ticket().await;
    let event = said(&desk, &ada(), &at, "Half way.");
    desk.listen(&event).await;
    // It was claimed by somebody who died.
    sqlx::query("UPDATE chat_event SET state = 'processing', attempt = 1, lease = gen_random_uuid(), leased_until = $1")
        .bind(desk.now() - TimeDelta::seconds(1))
        .execute(&desk.app.pool)
        .await
        .unwrap();
    desk.handle().await;
    desk.handle().await;
    let ticket = desk.ticket().await;
    assert_eq!(
        desk.comments(ticket.id).await[1..],
        ["internal staff: Half way."]
    );
    desk.take_posts().await;
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn the_whole_mail_is_shown_to_whoever_asks_for_it() {
    let (desk, at, _) = with_ticket().await;
    let number = desk.ticket().await.number;
    let eml = mail(
        CARLA,
        "2@c.test",
        &format!("Re: [{number}] The export is empty"),
        "Here it is.\n\nOn Friday, Support wrote:\n> Send us the log.",
    );
    desk.receive(&eml.replace(
        "Message-ID: <2@c.test>",
        "Message-ID: <2@c.test>\nIn-Reply-To: <1@c.test>",
    ))
    .await;
    let deeds = desk.take_posts().await;
    let post = deeds.iter().find(|deed| deed.kind() == "post").unwrap();
    assert!(!post.text().contains("Send us the log"));
    desk.hear(pressed(&desk, &ada(), &at, &post.action("Whole mail")))
        .await;
    let deeds = desk.take_posts().await;
    assert!(deeds[0].text().contains("Send us the log"), "{deeds:#?}");
    desk.take_mail().await;
    desk.close().await;
}

/// The event that a message was edited, or deleted where there is no new text.
fn changed(desk: &Desk, before: &ChatEvent, text: Option<&str>) -> ChatEvent {
    let post = before.key.clone();
    let mut event = before.clone();
    event.key = format!("{}-{}", before.key, desk.chat().id());
    event.kind = match text {
        Some(text) => EventKind::Edited {
            post,
            text: text.to_owned(),
        },
        None => EventKind::Deleted { post },
    };
    event
}

#[tokio::test]
async fn editing_a_message_edits_its_comment_and_deleting_marks_it_deleted() {
    let (desk, at, _) = with_ticket().await;
    let note = said(&desk, &ada(), &at, "The licence ran out.");
    desk.hear(note.clone()).await;
    desk.hear(changed(&desk, &note, Some("The licence runs out.")))
        .await;
    let ticket = desk.ticket().await;
    assert_eq!(
        desk.comments(ticket.id).await[1],
        "internal staff: The licence runs out."
    );
    // Nothing that is done to a note makes it public.
    desk.hear(changed(
        &desk,
        &note,
        Some(">> The licence ran out, sorry."),
    ))
    .await;
    assert_eq!(
        desk.comments(ticket.id).await[1],
        "internal staff: The licence ran out, sorry."
    );
    desk.hear(changed(&desk, &note, None)).await;
    let deleted: i64 =
        sqlx::query_scalar("SELECT count(*) FROM comment WHERE deleted_at IS NOT NULL")
            .fetch_one(&desk.app.pool)
            .await
            .unwrap();
    assert_eq!(deleted, 1);
    desk.take_posts().await;
    let mails = desk.take_mail().await;
    assert!(mails.iter().all(|mail| mail.to != "carla@customer.test"));
    desk.close().await;
}

#[tokio::test]
async fn a_reply_that_left_cannot_be_unsent_and_its_author_is_told_so() {
    let (desk, at, _) = with_ticket().await;
    let reply = said(&desk, &ada(), &at, ">> Try it again.");
    desk.hear(reply.clone()).await;
    // Within the undo time the customer gets the new words.
    desk.hear(changed(&desk, &reply, Some(">> Try it again, please.")))
        .await;
    desk.take_posts().await;
    let mails = desk.take_mail().await;
    assert!(
        to(&mails, "carla@customer.test")
            .text()
            .contains("Try it again, please.")
    );
    desk.hear(changed(&desk, &reply, None)).await;
    let deeds = desk.take_posts().await;
    assert!(
        deeds
            .iter()
            .any(|deed| deed.kind() == "post" && deed.text().contains("cannot be unsent")),
        "{deeds:#?}"
    );
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn a_persons_menu_lists_their_tickets_for_staff_alone() {
    let (desk, at, _) = with_ticket().await;
    let number = desk.ticket().await.number;
    let carla = desk.person("carla@customer.test").await;
    desk.link(&carla, &customer().id).await;
    let told = async |who: &Chatter, whom: &Chatter| {
        desk.hear(chosen(&desk, who, whom, "Tickets")).await;
        let deeds = desk.take_posts().await;
        assert_eq!(deeds.len(), 1, "{deeds:#?}");
        deeds[0].text()
    };
    let hers = told(&ada(), &customer()).await;
    assert!(hers.contains(&number), "{hers}");
    desk.hear(commanded(&desk, &ada(), &at, "take")).await;
    desk.take_posts().await;
    let colleagues = told(&ada(), &ada()).await;
    assert!(colleagues.contains(&number), "{colleagues}");
    let nobody = told(&ada(), &stranger(&[])).await;
    assert_eq!(nobody, "The desk does not know Sam Stranger yet.");
    let refused = told(&customer(), &ada()).await;
    assert!(refused.starts_with("Only staff"), "{refused}");
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn h1_while_the_database_is_away_a_command_is_told_that_nothing_was_done() {
    let (desk, at, _) = with_ticket().await;
    let listener = desk
        .app
        .listener(&desk.app.settings.chats[0], desk.platform());
    desk.app.pool.close().await;
    let command = commanded(&desk, &ada(), &at, "take");
    listener.take_or_give_back(command).await.unwrap_err();
    let words = said(&desk, &ada(), &at, "A note");
    listener.take_or_give_back(words).await.unwrap_err();
    let deeds = desk.chat().take();
    assert_eq!(deeds.len(), 1, "{deeds:#?}");
    assert_eq!(deeds[0].kind(), "answer");
    assert!(deeds[0].text().contains("nothing was done"), "{deeds:#?}");
}
