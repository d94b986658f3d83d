//! Acts, and what becomes of them when Slack is in trouble.

use std::time::Duration;

use frontdesk::chat::{
    Act, Attempt, Button, Card, ChatFailure, ChatFile, ChatPlatform as _, Message, Tone, text,
};
use serde_json::json;

use super::{Wire, place, thread};
use crate::fakes::slack::state::{BOT_USER, State};

fn card() -> Message {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Message {
        card: Some(Card {
            title: r"TKT\-1: It broke".to_owned(),
            body: String::new(),
            fields: vec![field("Status", "new"), field("Assignee", "")],
            footer: "Opened by mail".to_owned(),
            tone: Tone::Warning,
        }),
        buttons: vec![vec![Button {
            action: "take:1".to_owned(),
            label: "Take".to_owned(),
            tone: Tone::Good,
        }]],
        ..Message::default()
    }
}

fn file(name: &str, bytes: usize) -> ChatFile {
    ChatFile {
        name: name.to_owned(),
        content_type: "text/plain".to_owned(),
        size: 1,
        url: None,
        content: vec![b'x'; bytes],
    }
}

fn open(place: &str, only_for: Vec<String>) -> Act {
    Act::OpenThread {
        place: place.to_owned(),
        title: "TKT-1 It broke".to_owned(),
        message: card(),
        only_for,
    }
}

#[tokio::test]
async fn a_thread_begins_with_its_card() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let mut message = card();
    message.text = "many words ".repeat(400);
    message.files = vec![file("log.txt", 3)];
    let act = Act::OpenThread {
        place: channel.clone(),
        title: "TKT-1 It broke".to_owned(),
        message,
        only_for: Vec::new(),
    };
    let done = wire.act(act).await.unwrap();
    let posts = wire.fake.posts_in(&channel);
    assert_eq!(posts.len(), 1);
    let (title, fields) = posts[0].card.clone().unwrap();
    assert_eq!(title, "🟡 TKT-1: It broke");
    assert_eq!(fields[0], ("Status".to_owned(), "new".to_owned()));
    assert_eq!(posts[0].buttons, [("take:1".to_owned(), "Take".to_owned())]);
    let post = done.post.unwrap();
    assert_eq!((post.place, &post.id), (place(&channel), &posts[0].ts));
    assert_eq!(done.thread, Some(thread(&channel, &posts[0].ts)));
    // What does not fit into the card's post stands in the thread.
    let replies = wire.fake.replies(&channel, &posts[0].ts);
    assert_eq!(replies.len(), 2);
    assert_eq!(done.more[0].id, replies[0].ts);
    assert_eq!(replies[1].files, ["log.txt"]);
    wire.stop().await;
}

#[tokio::test]
async fn a_second_attempt_makes_nothing_twice() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    // The card is posted, but nobody hears of it.
    wire.fake.lose_answer("chat.postMessage");
    let failed = wire.act(open(&channel, Vec::new())).await;
    assert!(
        matches!(failed, Err(ChatFailure::Unreachable(_))),
        "{failed:?}"
    );
    let done = wire
        .act_again(&open(&channel, Vec::new()), "row-1")
        .await
        .unwrap();
    let posts = wire.fake.posts_in(&channel);
    assert_eq!(posts.len(), 1);
    assert_eq!(done.thread, Some(thread(&channel, &posts[0].ts)));
    // Another row's post is another post.
    wire.act_again(&open(&channel, Vec::new()), "row-2")
        .await
        .unwrap();
    assert_eq!(wire.fake.posts_in(&channel).len(), 2);
    // A long text goes on where it was broken off, in a thread as well, and a file is not shared again.
    let within = thread(&channel, &posts[0].ts);
    let mut message = Message::text("many words ".repeat(500));
    message.files = vec![file("a.txt", 3)];
    let long = Act::Post {
        place: within,
        message,
    };
    for lost in [
        "chat.postMessage",
        "chat.postMessage",
        "files.completeUploadExternal",
    ] {
        wire.fake.lose_answer(lost);
        let failed = wire.act_again(&long, "row-3").await;
        assert!(failed.is_err(), "{lost}");
    }
    let done = wire.act_again(&long, "row-3").await.unwrap();
    let replies = wire.fake.replies(&channel, &posts[0].ts);
    assert_eq!(replies.len(), 3, "two posts and a file: {replies:#?}");
    assert_eq!(done.post.unwrap().id, replies[1].ts);
    wire.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_back_is_not_posted() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let refused = json!({"ok": false, "error": "missing_scope", "needed": "channels:history"});
    wire.fake.refuse("conversations.history", 200, refused);
    let act = open(&channel, Vec::new());
    wire.act_again(&act, "row-1").await.unwrap_err();
    assert!(wire.fake.posts_in(&channel).is_empty());
    wire.stop().await;
}

#[tokio::test]
async fn a_private_thread_is_a_direct_conversation() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("help");
    let (ada, ben) = (wire.fake.member("Ada"), wire.fake.member("Ben"));
    let only_for = vec![ada.id.clone(), ben.id.clone()];
    let done = wire.act(open(&channel, only_for)).await.unwrap();
    assert!(
        wire.fake.posts_in(&channel).is_empty(),
        "nothing stands in the open"
    );
    let direct = wire.fake.change(|state| state.direct(&[&ada.id, &ben.id]));
    assert_eq!(done.thread.unwrap().place, direct);
    assert_eq!(wire.fake.posts_in(&direct).len(), 1);
    // Slack takes eight people at most.
    let many = (0..12).map(|number| wire.fake.member(&number.to_string()).id);
    wire.act(open(&channel, many.collect())).await.unwrap();
    wire.stop().await;
}

#[tokio::test]
async fn a_card_is_edited_in_place() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let done = wire.act(open(&channel, Vec::new())).await.unwrap();
    let (thread, post) = (done.thread.unwrap(), done.post.unwrap());
    let archive = Act::Archive {
        thread,
        archived: true,
    };
    wire.act(archive).await.unwrap();
    let mut message = card();
    message.card.as_mut().unwrap().title = "TKT-1: closed".to_owned();
    message.buttons.clear();
    wire.act(Act::Edit {
        post: post.clone(),
        message,
    })
    .await
    .unwrap();
    let posts = wire.fake.posts_in(&channel);
    assert_eq!(posts[0].card.as_ref().unwrap().0, "🟡 TKT-1: closed");
    assert!(posts[0].buttons.is_empty());
    // A post of words alone loses the blocks that it had.
    let message = Message::text("moved");
    wire.act(Act::Edit { post, message }).await.unwrap();
    let posts = wire.fake.posts_in(&channel);
    assert_eq!((posts[0].text.as_str(), &posts[0].card), ("moved", &None));
    wire.stop().await;
}

#[tokio::test]
async fn a_post_can_be_marked_and_taken_away_twice() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let post = wire
        .post(&channel, Message::text("ours"))
        .await
        .post
        .unwrap();
    for _ in 0..2 {
        let react = Act::React {
            post: post.clone(),
            emoji: "👀".to_owned(),
        };
        wire.act(react).await.unwrap();
    }
    let key = (channel.clone(), post.id.clone());
    let marks = wire
        .fake
        .change(|state| state.messages[&key].reactions.clone());
    assert_eq!(marks, [(BOT_USER.to_owned(), "eyes".to_owned())]);
    for _ in 0..2 {
        let post = post.clone();
        wire.act(Act::Delete { post }).await.unwrap();
    }
    assert!(wire.fake.posts_in(&channel).is_empty());
    wire.stop().await;
}

#[tokio::test]
async fn somebody_is_written_to_alone() {
    let wire = Wire::start().await;
    let ada = wire.fake.member("Ada");
    let act = Act::Direct {
        user: ada.id.clone(),
        message: Message::text("for you"),
    };
    let done = wire.act(act).await.unwrap();
    let posts = wire.fake.posts_in(&done.post.unwrap().place.place);
    assert_eq!(posts[0].text, "for you");
    wire.stop().await;
}

#[tokio::test]
async fn h6_nobody_is_pinged_but_who_is_meant() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let (ada, ben) = (wire.fake.member("Ada"), wire.fake.member("Ben"));
    let message = Message {
        text: format!(
            "@everyone @here <!channel> <!subteam^S1> <@{}> {}",
            ben.id,
            text::escape("<!everyone> @channel")
        ),
        mentions: vec![ada.id.clone()],
        card: Some(Card {
            title: "<!channel>".to_owned(),
            body: format!("<@{}>", ada.id),
            ..Card::default()
        }),
        ..Message::default()
    };
    let post = wire.post(&channel, message.clone()).await.post.unwrap();
    let everywhere = [
        Act::Edit {
            post,
            message: message.clone(),
        },
        Act::OpenThread {
            place: channel.clone(),
            title: "<!channel>".to_owned(),
            message,
            only_for: Vec::new(),
        },
    ];
    for act in everywhere {
        wire.slack.act(&act, Attempt::first("row-2")).await.unwrap();
    }
    for post in wire.fake.posts_in(&channel) {
        assert_eq!(post.pinged, ["Ada"], "{post:?}");
    }
    wire.stop().await;
}

#[tokio::test]
async fn long_text_is_split_and_very_long_text_is_a_file() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let mut message = card();
    message.text = format!("```\n{}```", "a line of code\n".repeat(300));
    let done = wire.post(&channel, message).await;
    let posts = wire.fake.posts_in(&channel);
    assert_eq!(posts.len(), 2);
    for post in &posts {
        assert!(
            post.text.starts_with("```") && post.text.ends_with("```"),
            "{}",
            post.text
        );
    }
    // The card and the buttons stand below the text, and that post is the one to edit.
    assert!(posts[0].card.is_none() && posts[1].card.is_some());
    assert_eq!(done.post.unwrap().id, posts[1].ts);
    assert_eq!(done.more[0].id, posts[0].ts);
    let other = wire.fake.channel("other");
    let whole = "many words & more ".repeat(3000);
    wire.post(&other, Message::text(whole.clone())).await;
    let posts = wire.fake.posts_in(&other);
    assert_eq!(posts.len(), 2);
    assert_eq!(posts[1].files, ["message.txt"]);
    let kept = wire.fake.change(|state| {
        let mut files = state.files.iter();
        let file = files.find(|(name, _)| name.ends_with("/message.txt"));
        file.unwrap().1.clone()
    });
    assert_eq!(String::from_utf8(kept).unwrap(), whole);
    wire.stop().await;
}

#[tokio::test]
async fn files_go_along_in_one_post_and_an_empty_one_is_named() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let message = Message {
        text: "see the files".to_owned(),
        files: vec![file("a.txt", 3), file("empty.txt", 0), file("b.txt", 3)],
        ..Message::default()
    };
    wire.post(&channel, message).await;
    let posts = wire.fake.posts_in(&channel);
    assert_eq!(posts.len(), 2);
    assert!(posts[0].text.contains("empty.txt"), "{}", posts[0].text);
    assert_eq!(posts[1].files, ["a.txt", "b.txt"]);
    wire.stop().await;
}

#[tokio::test]
async fn a_card_of_any_size_keeps_the_limits() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let long = "word <x> & [y](http://z?a&b) **b** ".repeat(400);
    let field = |number: usize| (format!("{number} {long}"), long.clone());
    let message = Message {
        card: Some(Card {
            title: long.clone(),
            body: long.clone(),
            fields: (0..40).map(field).collect(),
            footer: long.clone(),
            tone: Tone::Plain,
        }),
        buttons: vec![vec![Button {
            action: "take:1".to_owned(),
            label: long.clone(),
            tone: Tone::Plain,
        }]],
        ..Message::default()
    };
    // The stand-in fails the test at its end if a limit was broken.
    wire.post(&channel, message.clone()).await;
    let act = Act::OpenThread {
        place: channel,
        title: long,
        message,
        only_for: Vec::new(),
    };
    wire.slack.act(&act, Attempt::first("row-2")).await.unwrap();
    wire.stop().await;
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let act = |channel: &str| Act::Post {
        place: place(channel),
        message: Message::text("x"),
    };
    let refused = |error: &str| json!({"ok": false, "error": error});
    for (status, body) in [
        (503, json!({})),
        (200, refused("internal_error")),
        (200, refused("not_in_channel")),
        (200, refused("token_revoked")),
    ] {
        let kind = body["error"].as_str().unwrap_or_default().to_owned();
        wire.fake.refuse("chat.postMessage", status, body);
        let failure = wire.act(act(&channel)).await.unwrap_err();
        let fits = match kind.as_str() {
            "not_in_channel" => matches!(failure, ChatFailure::Permanent { .. }),
            "token_revoked" => matches!(failure, ChatFailure::Credential(_)),
            _ => matches!(
                failure,
                ChatFailure::Transient {
                    retry_after: None,
                    ..
                }
            ),
        };
        assert!(fits, "{status} {kind}: {failure:?}");
    }
    assert!(wire.fake.posts_in(&channel).is_empty());
    wire.stop().await;
}

#[tokio::test]
async fn slack_is_left_alone_as_long_as_it_wants_to_be() {
    let wire = Wire::start().await;
    let (channel, other) = (wire.fake.channel("support"), wire.fake.channel("other"));
    let act = |channel: &str| Act::Post {
        place: place(channel),
        message: Message::text("x"),
    };
    let limited = json!({"ok": false, "error": "ratelimited", "retry_after": 40});
    wire.fake.refuse("chat.postMessage", 429, limited);
    for _ in 0..3 {
        let failure = wire.act(act(&channel)).await.unwrap_err();
        let ChatFailure::Transient {
            retry_after: Some(after),
            ..
        } = failure
        else {
            panic!("{failure:?}")
        };
        assert!(after > Duration::from_secs(20) && after <= Duration::from_secs(40));
    }
    // Another channel has its own pace.
    wire.act(act(&other)).await.unwrap();
    let asked = |state: &mut State| {
        let log = state.log.iter();
        log.filter(|it| it.path == "chat.postMessage").count()
    };
    assert_eq!(
        wire.fake.change(asked),
        2,
        "what would be refused is not asked"
    );
    wire.stop().await;
}

#[tokio::test]
async fn a_place_that_is_gone_is_a_lasting_failure() {
    let wire = Wire::start().await;
    for place in ["C999", "1098765432109876501"] {
        let failure = wire.act(open(place, Vec::new())).await.unwrap_err();
        assert!(
            matches!(failure, ChatFailure::Permanent { .. }),
            "{place}: {failure:?}"
        );
    }
    wire.stop().await;
}
