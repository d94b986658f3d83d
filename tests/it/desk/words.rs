//! Comments after they were written, mentions, closing words.

use chrono::TimeDelta;
use frontdesk::desk::{self, NewWords, Said};
use frontdesk::notify::withdraw::Reach;
use frontdesk::people;
use frontdesk::ticket::timeline::NewFile;
use frontdesk::ticket::{self, Comment, Source, Ticket, Visibility};

use super::{act, asked, last_events, note, reply, say};
use crate::harness::{Desk, to};

async fn edit(
    desk: &Desk,
    by: &people::Person,
    ticket: &Ticket,
    comment: &Comment,
    body: &str,
) -> Result<Reach, String> {
    act(desk, by, ticket.id, async |conn, ctx, ticket| {
        desk::edit_comment(conn, ctx, ticket, comment.id, by, body).await
    })
    .await
}

async fn delete(
    desk: &Desk,
    by: &people::Person,
    ticket: &Ticket,
    comment: &Comment,
) -> Result<Reach, String> {
    act(desk, by, ticket.id, async |conn, ctx, ticket| {
        desk::delete_comment(conn, ctx, ticket, comment.id, by).await
    })
    .await
}

#[tokio::test]
async fn an_answer_that_is_edited_within_its_undo_time_leaves_with_the_new_words() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let answer = reply(&desk, &ann, ticket.id, "Please send teh file.").await;
    let reach = edit(&desk, &ann, &ticket, &answer, "Please send the file.").await;
    assert_eq!(
        reach,
        Ok(Reach {
            held: 1,
            ..Reach::default()
        })
    );
    let mail = desk.take_one().await;
    assert!(
        mail.text().contains("Please send the file."),
        "{}",
        mail.text()
    );
    assert!(!mail.text().contains("teh"), "{}", mail.text());
    let late = edit(&desk, &ann, &ticket, &answer, "Never mind.").await;
    assert_eq!(
        late,
        Ok(Reach {
            left: 1,
            ..Reach::default()
        })
    );
    let mut conn = desk.app.pool.acquire().await.unwrap();
    assert_eq!(
        ticket::revision::earlier(&mut conn, answer.id)
            .await
            .unwrap(),
        ["Please send teh file.", "Please send the file."]
    );
    let now = ticket::timeline::comment(&mut conn, answer.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (now.body.as_str(), now.edited_at),
        ("Never mind.", Some(desk.now()))
    );
    assert_eq!(
        last_events(&desk, ticket.id, 2).await,
        ["comment_edited", "comment_edited"]
    );
    desk.close().await;
}

#[tokio::test]
async fn an_answer_that_is_deleted_within_its_undo_time_never_leaves() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let bob = desk.agent("bob", None).await;
    act(&desk, &bob, ticket.id, async |conn, ctx, ticket| {
        desk::watch(conn, ctx, ticket, &bob).await
    })
    .await
    .unwrap();
    let answer = reply(&desk, &ann, ticket.id, "It will cost you.").await;
    assert_eq!(
        delete(&desk, &ann, &ticket, &answer).await,
        Ok(Reach {
            held: 1,
            ..Reach::default()
        })
    );
    assert!(
        desk.take_mail().await.is_empty(),
        "neither Carla nor Bob hears of it"
    );
    let again = delete(&desk, &ann, &ticket, &answer).await;
    assert!(again.unwrap_err().contains("deleted already"));
    desk.close().await;
}

#[tokio::test]
async fn only_the_author_changes_a_comment() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let bob = desk.agent("bob", None).await;
    let words = note(&desk, &ann, ticket.id, "Mine.").await;
    for refused in [
        edit(&desk, &bob, &ticket, &words, "Not yours").await,
        delete(&desk, &bob, &ticket, &words).await,
    ] {
        assert_eq!(
            refused.unwrap_err(),
            "that comment is ann's; only its author may change it"
        );
    }
    assert!(edit(&desk, &ann, &ticket, &words, "  ").await.is_err());
    desk.close().await;
}

#[tokio::test]
async fn whoever_is_named_in_a_note_is_told_once() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let bob = desk.agent("bob", None).await;
    desk.agent("eve", None).await;
    act(&desk, &bob, ticket.id, async |conn, ctx, ticket| {
        desk::watch(conn, ctx, ticket, &bob).await
    })
    .await
    .unwrap();
    let words = note(
        &desk,
        &ann,
        ticket.id,
        "@bob, @eve: see @nobody and @ann. `@x`",
    )
    .await;
    let mails = desk.take_mail().await;
    assert_eq!(mails.len(), 2);
    assert!(
        to(&mails, "eve@agents.test")
            .text()
            .contains("asks for you")
    );
    assert_eq!(
        to(&mails, "bob@agents.test").text().matches("@eve").count(),
        1
    );
    // What was told is not told again when the words change.
    edit(&desk, &ann, &ticket, &words, "@eve, please")
        .await
        .unwrap();
    assert!(desk.take_mail().await.is_empty());
    let events = desk.events(ticket.id).await;
    let mentions: Vec<&String> = events
        .iter()
        .filter(|event| event.starts_with("mentioned"))
        .collect();
    assert_eq!(mentions, ["mentioned =bob", "mentioned =eve"]);
    desk.close().await;
}

#[tokio::test]
async fn a_public_answer_mentions_nobody() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    desk.agent("eve", None).await;
    reply(&desk, &ann, ticket.id, "@eve will look at it").await;
    assert_eq!(desk.take_one().await.to, "carla@customer.test");
    desk.close().await;
}

#[tokio::test]
async fn a_closing_word_and_the_resolution_are_one_mail() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let words = NewWords {
        body: "Row 7 imports now.",
        full_text: None,
        html: None,
        files: &[],
        message_ids: &[],
        source: Source::Command,
        inbound_id: None,
    };
    let said = Said {
        author: &ann,
        as_staff: true,
        visibility: Visibility::Public,
        words,
    };
    let (change, word) = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::resolve(conn, ctx, ticket, Some(&said), Some("parser fixed")).await
    })
    .await
    .unwrap();
    assert_eq!(change.to, "resolved");
    assert!(word.unwrap().is_resolution);
    let mail = desk.take_one().await;
    assert!(
        mail.text().contains("Row 7 imports now."),
        "{}",
        mail.text()
    );
    assert!(mail.text().contains("Resolved"), "{}", mail.text());
    assert!(
        !mail.text().contains("parser"),
        "the reason is for staff: {}",
        mail.text()
    );
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let comments = ticket::timeline::comments(&mut conn, ticket.id)
        .await
        .unwrap();
    let marked: Vec<bool> = comments
        .iter()
        .map(|comment| comment.is_resolution)
        .collect();
    assert_eq!(marked, [false, true]);
    desk.close().await;
}

#[tokio::test]
async fn closing_and_reopening_follow_the_workflow_for_staff_and_the_days_for_customers() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let carla = {
        let mut conn = desk.app.pool.acquire().await.unwrap();
        people::store::get(&mut conn, ticket.requester_id)
            .await
            .unwrap()
    };
    let reopen = async |by: &people::Person| {
        act(&desk, by, ticket.id, async |conn, ctx, ticket| {
            desk::reopen(conn, ctx, ticket, by.role.is_staff(), None).await
        })
        .await
    };
    let close = async || {
        act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
            desk::close(conn, ctx, ticket, None, None).await
        })
        .await
    };
    assert!(
        reopen(&ann)
            .await
            .unwrap_err()
            .contains("need not be reopened")
    );
    assert_eq!(close().await.unwrap().0.to, "closed");
    assert!(close().await.unwrap_err().contains("already"));
    desk.take_mail().await;
    assert_eq!(reopen(&carla).await.unwrap().to, "reopened");
    assert_eq!(desk.ticket().await.reopened_count, 1);
    desk.take_mail().await;
    close().await.unwrap();
    desk.take_mail().await;
    desk.advance(TimeDelta::days(15));
    assert!(
        reopen(&carla)
            .await
            .unwrap_err()
            .contains("open a new ticket")
    );
    assert_eq!(reopen(&ann).await.unwrap().to, "reopened");
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn what_comes_by_command_is_not_empty_and_not_too_long() {
    let desk = Desk::of("crm", "").await;
    let most = desk.app.settings.desk.comment_max_chars;
    let ann = desk.agent("ann", None).await;
    desk.receive(&crate::field::request(
        super::CARLA,
        "a@customer.test",
        "Help",
        "Please",
    ))
    .await;
    desk.take_mail().await;
    let ticket = desk.tickets().await[0].clone();
    let empty = say(&desk, &ann, ticket.id, Visibility::Internal, " \n").await;
    assert!(empty.unwrap_err().contains("is empty"));
    if let Some(most) = most {
        let most = usize::try_from(most).unwrap();
        let long = say(
            &desk,
            &ann,
            ticket.id,
            Visibility::Internal,
            &"é".repeat(most + 1),
        )
        .await;
        assert!(long.unwrap_err().contains(&format!("takes {most}")));
        say(
            &desk,
            &ann,
            ticket.id,
            Visibility::Internal,
            &"é".repeat(most),
        )
        .await
        .unwrap();
    }
    let file = NewFile {
        name: "log.txt",
        content_type: "text/plain",
        content_id: None,
        inline: false,
        content: b"all of it",
    };
    let said = Said {
        author: &ann,
        as_staff: true,
        visibility: Visibility::Internal,
        words: NewWords {
            body: "",
            full_text: None,
            html: None,
            files: &[file],
            message_ids: &[],
            source: Source::Chat,
            inbound_id: None,
        },
    };
    let attached = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::comment(conn, ctx, ticket, &said).await
    })
    .await
    .unwrap();
    assert_eq!(attached.attachments[0].name, "log.txt");
    desk.take_mail().await;
    desk.close().await;
}
