//! Customers in chat: the panel, their own threads, endings, and by which way they are reached.

use chrono::TimeDelta;
use frontdesk::chat::{Act, ChatFailure, Chatter, EventKind, PostPlace};

use frontdesk::notify::posts;

use super::room::{
    GENERAL, HELP, ada, amended, commanded, customer, desk_with_customers, filled, mail, pressed,
    said, stranger, thread,
};
use crate::harness::{Desk, Sent, to};
use crate::recording::Deed;

fn channel() -> PostPlace {
    PostPlace {
        place: HELP.to_owned(),
        thread: None,
    }
}

fn carla() -> Chatter {
    customer()
}

fn new() -> Chatter {
    stranger(&[])
}

/// Somebody opens a ticket by the panel.
async fn open(desk: &Desk, who: &Chatter, subject: &str, text: &str) {
    let values = [("subject", subject), ("text", text)];
    let event = filled(desk, who, &channel(), "panel:billing", &values);
    desk.hear(event).await;
}

/// A desk with Ada in the team, and a ticket that somebody opened by the panel; staff's thread and theirs.
async fn with_ticket() -> (Desk, PostPlace, PostPlace) {
    let desk = desk_with_customers().await;
    let agent = desk.agent("ada", Some("billing")).await;
    desk.link(&agent, "u-ada").await;
    open(&desk, &new(), "Refund", "I paid twice.").await;
    let deeds = desk.take_posts().await;
    let theirs = at(&deeds, HELP);
    let staffs = staffs(&deeds);
    desk.take_mail().await;
    (desk, staffs, theirs)
}

/// The thread that was opened in a place.
fn at(deeds: &[Deed], place: &str) -> PostPlace {
    let of_place = |deed: &&Deed| deed.kind() == "thread" && place_of(deed) == place;
    let found: Vec<Deed> = deeds.iter().filter(of_place).cloned().collect();
    thread(&found)
}

fn staffs(deeds: &[Deed]) -> PostPlace {
    let of_staff = |deed: &&Deed| deed.kind() == "thread" && place_of(deed) != HELP;
    let found: Vec<Deed> = deeds.iter().filter(of_staff).cloned().collect();
    thread(&found)
}

fn place_of(deed: &Deed) -> &str {
    deed.at.as_ref().map_or("", |at| at.place.as_str())
}

/// What was posted at a place, once the undo time is over.
async fn told(desk: &Desk, at: &PostPlace) -> Vec<Deed> {
    desk.advance(TimeDelta::minutes(2));
    let deeds = desk.take_posts().await;
    let here = |deed: &Deed| deed.kind() == "post" && deed.at.as_ref() == Some(at);
    deeds.into_iter().filter(here).collect()
}

fn texts(deeds: &[Deed]) -> Vec<String> {
    deeds.iter().map(Deed::text).collect()
}

fn outside(mails: &[Sent]) -> Vec<&str> {
    let outside = mails
        .iter()
        .filter(|mail| !mail.to.ends_with("@agents.test"));
    outside.map(|mail| mail.to.as_str()).collect()
}

#[tokio::test]
async fn a_form_of_the_panel_becomes_a_ticket_with_a_thread_for_the_customer_and_the_team() {
    let desk = desk_with_customers().await;
    let agent = desk.agent("ada", Some("billing")).await;
    desk.link(&agent, "u-ada").await;
    open(&desk, &new(), "Refund", "I paid *twice*, @everyone.").await;
    let ticket = desk.ticket().await;
    assert_eq!(
        (ticket.subject.as_str(), ticket.category.as_deref()),
        ("Refund", Some("billing"))
    );
    assert_eq!(
        desk.comments(ticket.id).await,
        ["public customer: I paid *twice*, @everyone."]
    );
    let deeds = desk.take_posts().await;
    let answer = deeds.iter().find(|deed| deed.kind() == "answer").unwrap();
    assert!(
        answer.text().contains(&ticket.number.replace('-', "\\-"))
            || answer.text().contains(&ticket.number),
        "{}",
        answer.text()
    );
    let private = deeds
        .iter()
        .find(|deed| deed.kind() == "thread" && place_of(deed) == HELP)
        .unwrap();
    let Act::OpenThread {
        only_for, message, ..
    } = &private.act
    else {
        panic!("{private:#?}");
    };
    // The customer and those who work on it, and nobody else.
    assert_eq!(only_for, &["u-stranger", "u-ada"]);
    assert_eq!(message.mentions, ["u-stranger"]);
    assert!(
        message.text.contains("I paid \\*twice\\*"),
        "{}",
        message.text
    );
    // Staff's own thread stands among staff, with the card.
    assert!(place_of(deeds.iter().find(|deed| !deed.card().is_empty()).unwrap()) != HELP);
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn what_staff_replies_reaches_the_customer_in_their_thread_and_a_note_does_not() {
    let (desk, staffs, theirs) = with_ticket().await;
    desk.hear(said(&desk, &ada(), &staffs, "She is right, SECRET."))
        .await;
    desk.hear(said(&desk, &ada(), &staffs, ">> We pay it back."))
        .await;
    let before = desk.take_posts().await;
    assert!(
        before.iter().all(|deed| place_of(deed) != HELP),
        "the undo time is not over: {before:#?}"
    );
    let preview = before.iter().find(|deed| deed.kind() == "post").unwrap();
    assert!(
        preview.text().contains("Sam Stranger in chat"),
        "{}",
        preview.text()
    );
    let told = told(&desk, &theirs).await;
    assert_eq!(texts(&told), ["**ada**:\n\nWe pay it back."]);
    assert_eq!(told[0].message().mentions, ["u-stranger"]);
    assert!(outside(&desk.take_mail().await).is_empty());
    desk.close().await;
}

#[tokio::test]
async fn what_the_customer_writes_is_a_comment_and_stands_in_staffs_thread() {
    let (desk, staffs, theirs) = with_ticket().await;
    desk.hear(said(
        &desk,
        &new(),
        &theirs,
        "/etc/hosts is the file, by the way",
    ))
    .await;
    let ticket = desk.ticket().await;
    assert_eq!(
        desk.comments(ticket.id).await[1],
        "public customer: /etc/hosts is the file, by the way"
    );
    let deeds = desk.take_posts().await;
    let posts: Vec<_> = deeds.iter().filter(|deed| deed.kind() == "post").collect();
    assert_eq!(posts.len(), 1, "{deeds:#?}");
    assert_eq!(posts[0].at.as_ref(), Some(&staffs));
    assert!(posts[0].text().starts_with("✉️ **Sam Stranger** wrote:"));
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn what_staff_writes_before_the_customers_eyes_is_a_public_reply_and_told_once() {
    let (desk, staffs, theirs) = with_ticket().await;
    desk.hear(said(&desk, &ada(), &theirs, "I look into it."))
        .await;
    let ticket = desk.ticket().await;
    assert_eq!(
        desk.comments(ticket.id).await[1],
        "public staff: I look into it."
    );
    // It is seen: it cannot be taken back.
    desk.hear(commanded(&desk, &ada(), &staffs, "undo")).await;
    let refused = desk.chat().take().remove(0);
    assert!(
        refused.text().contains("has left already"),
        "{}",
        refused.text()
    );
    desk.advance(TimeDelta::minutes(2));
    let deeds = desk.take_posts().await;
    let posts: Vec<_> = deeds.iter().filter(|deed| deed.kind() == "post").collect();
    assert_eq!(posts.len(), 1, "{deeds:#?}");
    assert_eq!(posts[0].at.as_ref(), Some(&staffs));
    assert_eq!(desk.comments(ticket.id).await.len(), 2);
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn a_command_before_the_customers_eyes_is_not_done_and_said_to_its_author_alone() {
    let (desk, _, theirs) = with_ticket().await;
    for line in ["/note SECRET", "/resolve", "/take"] {
        desk.hear(said(&desk, &ada(), &theirs, line)).await;
        let deeds = desk.take_posts().await;
        assert_eq!(deeds.len(), 1, "{deeds:#?}");
        assert!(
            matches!(&deeds[0].act, Act::Direct { user, .. } if user == "u-ada"),
            "{deeds:#?}"
        );
        assert!(!deeds[0].text().contains("SECRET"));
    }
    assert_eq!(desk.comments(desk.ticket().await.id).await.len(), 1);
    // As a slash command it is for its author's eyes, and works.
    desk.hear(commanded(&desk, &ada(), &theirs, "note SECRET for us"))
        .await;
    assert_eq!(
        desk.comments(desk.ticket().await.id).await[1],
        "internal staff: SECRET for us"
    );
    for deed in desk.take_posts().await {
        assert!(
            deed.kind() == "answer" || place_of(&deed) != HELP,
            "{deed:#?}"
        );
    }
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn edits_and_deletions_follow_on_both_sides() {
    let (desk, staffs, theirs) = with_ticket().await;
    let reply = said(&desk, &ada(), &staffs, ">> It takes to weeks.");
    desk.hear(reply.clone()).await;
    told(&desk, &theirs).await;
    desk.hear(amended(
        &desk,
        &ada(),
        &reply,
        Some(">> It takes two weeks."),
    ))
    .await;
    let deeds = desk.take_posts().await;
    let edits: Vec<_> = deeds
        .iter()
        .filter(|deed| deed.kind() == "edit" && deed.at.as_ref() == Some(&theirs))
        .map(Deed::text)
        .collect();
    assert_eq!(edits, ["**ada**:\n\nIt takes two weeks.\n\n*(edited)*"]);
    desk.hear(amended(&desk, &ada(), &reply, None)).await;
    let deeds = desk.take_posts().await;
    assert!(
        deeds.iter().any(|deed| deed.kind() == "delete"),
        "{deeds:#?}"
    );
    assert!(desk.chat().stands_at(&theirs).is_empty());
    // The customer's own words.
    let words = said(&desk, &new(), &theirs, "It was in June.");
    desk.hear(words.clone()).await;
    desk.take_posts().await;
    desk.hear(amended(&desk, &new(), &words, Some("It was in July.")))
        .await;
    let ticket = desk.ticket().await;
    assert_eq!(
        desk.comments(ticket.id).await[2],
        "public customer: It was in July."
    );
    let deeds = desk.take_posts().await;
    let edits: Vec<_> = deeds
        .iter()
        .filter(|deed| deed.text().contains("July"))
        .collect();
    assert_eq!(edits.len(), 1);
    assert_eq!(edits[0].at.as_ref(), Some(&staffs));
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn a_requester_known_in_chat_and_by_mail_is_reached_where_they_wrote_last() {
    let (desk, staffs, theirs) = with_ticket().await;
    // They connect their account with the address that the desk knows them by.
    desk.receive(&mail(
        "Carla <carla@customer.test>",
        "1@c.test",
        "Hello",
        "Hello.",
    ))
    .await;
    desk.take_posts().await;
    desk.take_mail().await;
    desk.hear(commanded(
        &desk,
        &new(),
        &theirs,
        "connect carla@customer.test",
    ))
    .await;
    let code = desk.take_mail().await;
    let code = code_in(to(&code, "carla@customer.test"));
    desk.take_posts().await;
    desk.hear(commanded(
        &desk,
        &new(),
        &theirs,
        &format!("connect {code}"),
    ))
    .await;
    let ticket = desk.tickets().await.remove(0);
    assert_eq!(
        ticket.requester_id,
        desk.person("carla@customer.test").await.id
    );
    // They wrote in chat.
    desk.take_posts().await;
    desk.hear(said(&desk, &ada(), &staffs, ">> In chat.")).await;
    assert_eq!(texts(&told(&desk, &theirs).await), ["**ada**:\n\nIn chat."]);
    assert!(outside(&desk.take_mail().await).is_empty());
    // They write by mail: the answer goes there, and not into the thread.
    let again = format!("Re: [{}] Refund", ticket.number);
    desk.receive(&mail(
        "Carla <carla@customer.test>",
        "2@c.test",
        &again,
        "By mail.",
    ))
    .await;
    desk.take_posts().await;
    desk.take_mail().await;
    desk.hear(said(&desk, &ada(), &staffs, ">> Also by mail."))
        .await;
    assert!(told(&desk, &theirs).await.is_empty());
    let mails = desk.take_mail().await;
    assert!(
        to(&mails, "carla@customer.test")
            .text()
            .contains("Also by mail.")
    );
    // And in chat again, with the news of its status.
    desk.hear(said(&desk, &new(), &theirs, "Here again.")).await;
    desk.take_posts().await;
    desk.take_mail().await;
    desk.hear(commanded(&desk, &ada(), &staffs, "resolve"))
        .await;
    let news = texts(&told(&desk, &theirs).await);
    assert_eq!(news.len(), 1);
    assert!(news[0].contains("is now marked **Resolved**"), "{news:?}");
    assert!(outside(&desk.take_mail().await).is_empty());
    desk.close().await;
}

/// The code that a mail bears.
fn code_in(mail: &Sent) -> String {
    let mut words = mail.text().split_whitespace();
    let is_code = |word: &&str| {
        word.len() == 9 && word.contains('-')
            || word.len() == 8
                && word
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    };
    words
        .rfind(is_code)
        .unwrap_or_else(|| panic!("a code in {}", mail.text()))
        .to_owned()
}

#[tokio::test]
async fn mail_takes_the_place_of_a_thread_that_is_gone() {
    let (desk, staffs, theirs) = with_ticket().await;
    let who = desk.ticket().await.requester_id;
    sqlx::query("INSERT INTO person_address (address, person_id, is_primary, created_at) VALUES ('sam@customer.test', $1, true, $2)")
        .bind(who.0)
        .bind(desk.now())
        .execute(&desk.app.pool)
        .await
        .unwrap();
    desk.hear(said(&desk, &ada(), &staffs, ">> We pay it back."))
        .await;
    desk.take_posts().await;
    desk.advance(TimeDelta::minutes(2));
    let gone = ChatFailure::Permanent {
        text: "Unknown Channel".to_owned(),
    };
    desk.chat().fail(gone, 1);
    desk.drain_outbox().await;
    let mails = desk.take_mail().await;
    let answer = to(&mails, "sam@customer.test");
    assert!(
        answer.text().contains("We pay it back."),
        "{}",
        answer.text()
    );
    // The next one goes by mail at once.
    desk.hear(said(&desk, &ada(), &staffs, ">> It is paid."))
        .await;
    assert!(told(&desk, &theirs).await.is_empty());
    let mails = desk.take_mail().await;
    assert!(
        to(&mails, "sam@customer.test")
            .text()
            .contains("It is paid.")
    );
    let dead = desk
        .count("outbox WHERE state = 'dead' AND template = 'chat_customer'")
        .await;
    assert_eq!(dead, 1);
    desk.chat().take();
}

#[tokio::test]
async fn where_nothing_reaches_a_customer_the_agent_is_told() {
    let (desk, staffs, _) = with_ticket().await;
    desk.hear(said(&desk, &ada(), &staffs, ">> We pay it back."))
        .await;
    desk.take_posts().await;
    desk.advance(TimeDelta::minutes(2));
    let gone = ChatFailure::Permanent {
        text: "Unknown Channel".to_owned(),
    };
    desk.chat().fail(gone, 1);
    desk.drain_outbox().await;
    let mails = desk.take_mail().await;
    assert!(
        to(&mails, "ada@agents.test")
            .text()
            .contains("Unknown Channel"),
        "{mails:#?}"
    );
    desk.chat().take();
}

#[tokio::test]
async fn at_the_end_the_customer_gets_a_transcript_without_notes_and_rates() {
    let (desk, staffs, theirs) = with_ticket().await;
    desk.hear(said(&desk, &ada(), &staffs, "SECRET: a known bug"))
        .await;
    desk.hear(said(&desk, &ada(), &staffs, ">> It is paid back."))
        .await;
    told(&desk, &theirs).await;
    desk.hear(commanded(&desk, &ada(), &staffs, "close settled"))
        .await;
    let end = told(&desk, &theirs).await.remove(0);
    let file = &end.message().files[0];
    let transcript = String::from_utf8(file.content.clone()).unwrap();
    assert!(transcript.contains("It is paid back.") && transcript.contains("I paid twice."));
    assert!(
        !transcript.contains("SECRET") && !transcript.contains("settled"),
        "{transcript}"
    );
    assert_eq!(end.buttons(), ["★", "★★", "★★★", "★★★★", "★★★★★"]);
    // Somebody of the team presses it, and then the customer.
    desk.hear(pressed(&desk, &ada(), &theirs, &end.action("★")))
        .await;
    assert_eq!(desk.count("rating").await, 0);
    desk.chat().take();
    desk.hear(pressed(&desk, &new(), &theirs, &end.action("★★★★")))
        .await;
    let answer = desk
        .chat()
        .take()
        .into_iter()
        .find(|deed| deed.kind() == "answer")
        .unwrap();
    let word = answer.action("Add a word");
    desk.hear(filled(
        &desk,
        &new(),
        &theirs,
        &word,
        &[("text", "Quick! \"Thanks\" /note")],
    ))
    .await;
    let rating: (i16, Option<String>) = sqlx::query_as("SELECT score, words FROM rating")
        .fetch_one(&desk.app.pool)
        .await
        .unwrap();
    assert_eq!(rating, (4, Some("Quick! \"Thanks\" /note".to_owned())));
    assert_eq!(desk.ticket().await.status, "closed");
    desk.take_posts().await;
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn a_customer_who_is_asked_says_that_it_is_settled_or_what_is_missing() {
    let (desk, staffs, theirs) = with_ticket().await;
    desk.hear(commanded(&desk, &ada(), &staffs, "resolve --ask"))
        .await;
    let asked = told(&desk, &theirs).await.remove(0);
    assert_eq!(
        asked.buttons(),
        ["Yes, it is settled", "Something is missing"]
    );
    let ticket = desk.ticket().await;
    assert_eq!(ticket.status, "waiting_on_customer");
    // What is missing makes it go on, and the question is over.
    let form = asked.action("Something is missing");
    desk.hear(filled(
        &desk,
        &new(),
        &theirs,
        &form,
        &[("text", "The fee.")],
    ))
    .await;
    assert_eq!(
        desk.comments(ticket.id).await[1],
        "public customer: The fee."
    );
    assert_ne!(desk.ticket().await.status, "waiting_on_customer");
    desk.take_posts().await;
    desk.hear(pressed(
        &desk,
        &new(),
        &theirs,
        &asked.action("Yes, it is settled"),
    ))
    .await;
    assert!(desk.chat().take()[0].text().contains("moved on"));
    // Asked again, they agree, and are asked how it was.
    desk.hear(commanded(&desk, &ada(), &staffs, "resolve --ask -- Now?"))
        .await;
    let asked = told(&desk, &theirs).await.remove(0);
    assert!(
        asked.text().starts_with("**ada**:\n\nNow?"),
        "{}",
        asked.text()
    );
    desk.hear(pressed(
        &desk,
        &ada(),
        &theirs,
        &asked.action("Yes, it is settled"),
    ))
    .await;
    assert_eq!(
        desk.ticket().await.status,
        "waiting_on_customer",
        "only the customer agrees"
    );
    desk.hear(pressed(
        &desk,
        &new(),
        &theirs,
        &asked.action("Yes, it is settled"),
    ))
    .await;
    assert_eq!(desk.ticket().await.status, "resolved");
    let end = told(&desk, &theirs).await.remove(0);
    assert_eq!(end.buttons().len(), 5);
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn a_request_to_close_that_nobody_answers_closes_in_the_end() {
    let (desk, staffs, theirs) = with_ticket().await;
    desk.hear(commanded(&desk, &ada(), &staffs, "resolve --ask"))
        .await;
    told(&desk, &theirs).await;
    desk.take_mail().await;
    // 72 hours later it is Monday morning.
    let asked = desk.now();
    desk.tick_at(asked + TimeDelta::hours(71)).await;
    assert_eq!(desk.ticket().await.status, "waiting_on_customer");
    desk.tick_at(asked + TimeDelta::hours(73)).await;
    assert_eq!(desk.ticket().await.status, "closed");
    let end = told(&desk, &theirs).await;
    assert_eq!(end.len(), 1);
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn who_may_open_no_more_is_told_and_loses_no_words() {
    let desk = desk_with_customers().await;
    for at in 0..5 {
        open(&desk, &new(), &format!("Matter {at}"), "words").await;
    }
    desk.chat().take();
    open(&desk, &new(), "One more", "my many words").await;
    assert_eq!(desk.tickets().await.len(), 5);
    let refused = desk.chat().take().pop().unwrap();
    assert!(
        refused.text().contains("my many words"),
        "{}",
        refused.text()
    );
    // Somebody else may, and so may the first one an hour later.
    open(&desk, &carla(), "Mine", "words").await;
    desk.advance(TimeDelta::minutes(61));
    open(&desk, &new(), "Later", "words").await;
    assert_eq!(desk.tickets().await.len(), 7);
    desk.take_posts().await;
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn others_are_not_heard_in_a_customers_thread_and_a_customer_sees_only_what_is_theirs() {
    let (desk, _, theirs) = with_ticket().await;
    let number = desk.ticket().await.number;
    desk.hear(said(&desk, &carla(), &theirs, "Let me in")).await;
    open(&desk, &carla(), "Mine", "words").await;
    let deeds = desk.take_posts().await;
    let own: Vec<Deed> = deeds
        .into_iter()
        .filter(|deed| deed.kind() == "thread")
        .collect();
    let own = at(&own, HELP);
    assert_eq!(desk.comments(desk.tickets().await[0].id).await.len(), 1);
    for (place, line) in [
        (&own, format!("show {number}")),
        (&theirs, "show".to_owned()),
        (&own, format!("comment {number} -- Hi")),
    ] {
        desk.hear(commanded(&desk, &carla(), place, &line)).await;
        let answer = desk.chat().take().remove(0);
        assert_eq!(answer.kind(), "answer");
        assert!(
            !answer.text().contains("Refund"),
            "{line}: {}",
            answer.text()
        );
    }
    desk.hear(commanded(&desk, &carla(), &own, "show")).await;
    assert!(desk.chat().take()[0].text().contains("Mine"));
    desk.take_mail().await;
    desk.chat().take();
    desk.close().await;
}

#[tokio::test]
async fn what_is_said_elsewhere_in_the_customers_place_is_not_written_down() {
    let (desk, _, _) = with_ticket().await;
    let events = desk.count("chat_event").await;
    let elsewhere = PostPlace {
        place: HELP.to_owned(),
        thread: Some("t-other".to_owned()),
    };
    desk.hear(said(&desk, &new(), &elsewhere, "Hello?")).await;
    desk.hear(said(&desk, &new(), &channel(), "Hello?")).await;
    assert_eq!(desk.count("chat_event").await, events);
    assert!(desk.take_posts().await.is_empty());
    desk.close().await;
}

#[tokio::test]
async fn a_merged_tickets_customer_goes_on_in_their_thread() {
    let (desk, _, theirs) = with_ticket().await;
    desk.receive(&mail(
        "Carla <carla@customer.test>",
        "1@c.test",
        "Paid twice",
        "So did I.",
    ))
    .await;
    let deeds = desk.take_posts().await;
    let root = at(&deeds, GENERAL);
    let (husk, into) = {
        let tickets = desk.tickets().await;
        (tickets[0].number.clone(), tickets[1].number.clone())
    };
    desk.hear(commanded(
        &desk,
        &ada(),
        &root,
        &format!("merge {husk} {into}"),
    ))
    .await;
    desk.take_mail().await;
    desk.take_posts().await;
    desk.hear(said(&desk, &ada(), &root, ">> All are paid back."))
        .await;
    assert_eq!(
        texts(&told(&desk, &theirs).await),
        ["**ada**:\n\nAll are paid back."]
    );
    let mails = desk.take_mail().await;
    assert_eq!(outside(&mails), ["carla@customer.test"]);
    desk.hear(said(&desk, &new(), &theirs, "Thank you")).await;
    let comments = desk.comments(desk.tickets().await[0].id).await;
    assert!(
        comments.contains(&"public customer: Thank you".to_owned()),
        "{comments:?}"
    );
    desk.take_posts().await;
    desk.take_mail().await;
    desk.close().await;
}

/// What Frontdesk does about the panel when it connects.
async fn connect(desk: &Desk) -> Vec<Deed> {
    let mut conn = desk.app.pool.acquire().await.unwrap();
    posts::show_panel(&mut conn, desk.now(), &desk.app.settings.chats[0])
        .await
        .unwrap();
    desk.take_posts().await
}

#[tokio::test]
async fn the_panel_is_posted_once_brought_up_to_date_and_posted_again_where_it_was_taken_away() {
    let desk = desk_with_customers().await;
    let posted = connect(&desk).await.remove(0);
    assert_eq!(
        (posted.kind(), posted.at.as_ref()),
        ("post", Some(&channel()))
    );
    assert_eq!(posted.buttons()[..2], ["Technical support", "Billing"]);
    assert_eq!(posted.message().buttons.len(), 2, "rows of five");
    assert_eq!(posted.action("Billing"), "panel:billing");
    let again = connect(&desk).await;
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].kind(), &again[0].post), ("edit", &posted.post));
    // Somebody deletes it, and it is told.
    let mut event = said(&desk, &ada(), &channel(), "");
    event.kind = frontdesk::chat::EventKind::Deleted {
        post: posted.post.unwrap().id,
    };
    desk.hear(event).await;
    assert_eq!(desk.take_posts().await[0].kind(), "post");
    // Somebody deletes it while nobody listens.
    let gone = ChatFailure::Permanent {
        text: "Unknown Message".to_owned(),
    };
    desk.chat().fail(gone, 1);
    assert_eq!(connect(&desk).await[0].kind(), "post");
}

#[tokio::test]
async fn the_panels_form_asks_for_what_the_desk_wants_to_know() {
    let desk = desk_with_customers().await;
    let surface = frontdesk::conversation::surface(Vec::new(), &desk.app.settings, "chat");
    let form = (surface.form)("panel:billing").unwrap();
    assert_eq!(form.title, "Billing");
    let keys: Vec<_> = form.fields.iter().map(|field| field.key.as_str()).collect();
    assert_eq!(keys, ["subject", "text"]);
    assert!(form.fields.iter().all(|field| field.required));
    desk.close().await;
}

#[tokio::test]
async fn an_answer_that_waits_is_told_in_chat_once_however_the_customers_change() {
    let (desk, staffs, theirs) = with_ticket().await;
    desk.hear(said(&desk, &ada(), &staffs, ">> It is paid back."))
        .await;
    for line in [
        "cc add dan@customer.test",
        "cc add dora@customer.test",
        "cc remove dora@customer.test",
    ] {
        desk.hear(commanded(&desk, &ada(), &staffs, line)).await;
    }
    assert_eq!(
        texts(&told(&desk, &theirs).await),
        ["**ada**:\n\nIt is paid back."]
    );
    assert_eq!(outside(&desk.take_mail().await), ["dan@customer.test"]);
    desk.close().await;
}

/// The conversation that a customer's thread stands in where the platform has no private threads.
async fn in_a_conversation_of_its_own(desk: &Desk) -> PostPlace {
    sqlx::query("UPDATE customer_thread SET place = 'd-talk'")
        .execute(&desk.app.pool)
        .await
        .unwrap();
    PostPlace {
        place: "d-talk".to_owned(),
        thread: None,
    }
}

#[tokio::test]
async fn words_beside_a_customers_thread_stand_on_their_newest_open_ticket() {
    let (desk, staffs, _) = with_ticket().await;
    let box_of_all = in_a_conversation_of_its_own(&desk).await;
    let words = said(&desk, &new(), &box_of_all, "resolve, or so I hope");
    desk.hear(words.clone()).await;
    // Alone with us, what somebody types would be a command elsewhere.
    let mut alone = said(&desk, &new(), &box_of_all, "take");
    if let EventKind::Posted { to_us, .. } = &mut alone.kind {
        *to_us = true;
    }
    desk.hear(alone).await;
    let ticket = desk.ticket().await;
    assert_eq!(
        desk.comments(ticket.id).await[1..],
        [
            "public customer: resolve, or so I hope",
            "public customer: take"
        ]
    );
    desk.hear(amended(&desk, &new(), &words, Some("It was in July.")))
        .await;
    assert_eq!(
        desk.comments(ticket.id).await[1],
        "public customer: It was in July."
    );
    let deeds = desk.take_posts().await;
    assert!(
        deeds.iter().any(|deed| deed.at.as_ref() == Some(&staffs)),
        "{deeds:#?}"
    );
    // Whoever has no open ticket there is told where to write.
    desk.hear(said(&desk, &ada(), &box_of_all, "SECRET")).await;
    let deeds = desk.take_posts().await;
    assert_eq!(deeds.len(), 1, "{deeds:#?}");
    assert!(matches!(&deeds[0].act, Act::Direct { user, .. } if user == "u-ada"));
    assert!(deeds[0].text().contains("stands nowhere else"));
    assert_eq!(desk.comments(ticket.id).await.len(), 3);
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn an_edit_of_a_held_reply_says_who_gets_it_and_how_to_take_it_back() {
    let (desk, staffs, theirs) = with_ticket().await;
    let reply = said(&desk, &ada(), &staffs, ">> It takes to weeks.");
    desk.hear(reply.clone()).await;
    desk.take_posts().await;
    let better = Some(">> It takes two weeks.");
    desk.hear(amended(&desk, &ada(), &reply, better)).await;
    let deeds = desk.take_posts().await;
    let told = deeds
        .iter()
        .find(|deed| deed.text().contains("Sam Stranger in chat"))
        .unwrap_or_else(|| panic!("{deeds:#?}"));
    assert_eq!(told.at.as_ref(), Some(&staffs));
    let undo = told.action("Undo");
    desk.hear(pressed(&desk, &ada(), &staffs, &undo)).await;
    desk.advance(TimeDelta::minutes(2));
    desk.take_posts().await;
    assert!(
        desk.chat()
            .stands_at(&theirs)
            .iter()
            .all(|message| !message.text.contains("weeks")),
    );
    desk.take_mail().await;
    desk.close().await;
}
