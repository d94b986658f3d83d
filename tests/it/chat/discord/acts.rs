//! Acts, and what becomes of them when Discord is in trouble.

use std::time::Duration;

use frontdesk::chat::{
    Act, Attempt, Button, Card, ChatFailure, ChatFile, ChatPlatform as _, Message, Tone, text,
};
use serde_json::json;

use super::{Wire, place};

fn card() -> Message {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Message {
        card: Some(Card {
            title: "TKT-1: It broke".to_owned(),
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
async fn a_thread_hangs_on_its_card() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let done = wire.act(open(&channel, Vec::new())).await.unwrap();
    let posts = wire.fake.posts_in(&channel);
    assert_eq!(posts.len(), 1);
    let (title, fields) = posts[0].card.clone().unwrap();
    assert_eq!(title, "TKT-1: It broke");
    assert_eq!(fields[0], ("Status".to_owned(), "new".to_owned()));
    assert_eq!(posts[0].buttons, [("take:1".to_owned(), "Take".to_owned())]);
    let post = done.post.unwrap();
    assert_eq!((post.place, &post.id), (place(&channel), &posts[0].id));
    let thread = done.thread.unwrap().thread.unwrap();
    assert_eq!(wire.fake.thread(&thread).name, "TKT-1 It broke");
    wire.stop().await;
}

#[tokio::test]
async fn a_second_attempt_makes_nothing_twice() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    // The card is posted and the thread opened, but nobody hears of it, one after the other.
    for path in ["/messages", "/threads"] {
        wire.fake.lose_answer("POST", path);
        let failed = wire.act(open(&channel, Vec::new())).await;
        assert!(
            matches!(failed, Err(ChatFailure::Unreachable(_))),
            "{failed:?}"
        );
    }
    let done = wire.act(open(&channel, Vec::new())).await.unwrap();
    assert_eq!(wire.fake.posts_in(&channel).len(), 1);
    let threads = wire
        .fake
        .change(|state| state.channels.values().filter(|it| it.kind == 11).count());
    assert_eq!(threads, 1);
    assert!(done.thread.is_some());
    // A long text goes on where it was broken off.
    wire.fake.lose_answer("POST", "/messages");
    let long = Act::Post {
        place: place(&channel),
        message: Message::text("many words ".repeat(300)),
    };
    let failed = wire.discord.act(&long, Attempt::first("row-2")).await;
    assert!(failed.is_err());
    wire.discord
        .act(&long, Attempt::first("row-2"))
        .await
        .unwrap();
    assert_eq!(wire.fake.posts_in(&channel).len(), 3);
    wire.stop().await;
}

#[tokio::test]
async fn a_forum_gets_a_post() {
    let wire = Wire::start().await;
    let forum = wire.fake.forum("tickets");
    let done = wire.act(open(&forum, Vec::new())).await.unwrap();
    let thread = done.thread.unwrap();
    let id = thread.thread.clone().unwrap();
    assert_eq!(wire.fake.thread(&id).name, "TKT-1 It broke");
    assert_eq!(wire.fake.posts_in(&id).len(), 1);
    assert_eq!(done.post.unwrap().place, thread);
    wire.stop().await;
}

#[tokio::test]
async fn a_private_thread_has_only_its_people() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("help");
    let ada = wire.fake.member("Ada");
    let done = wire.act(open(&channel, vec![ada.user()])).await.unwrap();
    let thread = wire.fake.thread(&done.thread.unwrap().thread.unwrap());
    assert_eq!(thread.kind, 12);
    assert!(thread.members.contains(&ada.id));
    assert!(
        wire.fake.posts_in(&channel).is_empty(),
        "nothing stands in the open"
    );
    wire.stop().await;
}

#[tokio::test]
async fn a_second_attempt_at_a_private_thread_or_a_forums_post_finds_the_first_ones() {
    let wire = Wire::start().await;
    let (channel, forum) = (wire.fake.channel("help"), wire.fake.forum("tickets"));
    let ada = wire.fake.member("Ada");
    let again = Attempt {
        nonce: "row-1",
        tried_since: Some("2026-11-20T00:00:00Z".parse().unwrap()),
    };
    let of = |parent: &str| {
        let parent: u64 = parent.parse().unwrap();
        wire.fake.change(|state| {
            let threads = state.channels.values();
            threads.filter(|it| it.parent == Some(parent)).count()
        })
    };
    for (place, only_for) in [(&channel, vec![ada.user()]), (&forum, Vec::new())] {
        let act = open(place, only_for);
        // The thread is opened, and nobody hears of it; then its first post is made, and nobody hears of that.
        wire.fake.lose_answer("POST", "/threads");
        assert!(
            wire.discord
                .act(&act, Attempt::first("row-1"))
                .await
                .is_err()
        );
        if place == &channel {
            wire.fake.lose_answer("POST", "/messages");
            assert!(wire.discord.act(&act, again).await.is_err());
            // Discord has forgotten the nonce by now.
            wire.fake.change(|state| {
                state.messages.values_mut().for_each(|it| it.nonce = None);
            });
        }
        let done = wire.discord.act(&act, again).await.unwrap();
        assert_eq!(of(place), 1);
        let thread = done.thread.unwrap().thread.unwrap();
        assert_eq!(wire.fake.posts_in(&thread).len(), 1);
        assert_eq!(done.post.unwrap().id, wire.fake.posts_in(&thread)[0].id);
    }
    // A thread that somebody else made is not taken for it, nor one that is older than the act.
    let late = Attempt {
        nonce: "row-2",
        tried_since: Some("2026-11-21T00:00:00Z".parse().unwrap()),
    };
    wire.discord
        .act(&open(&forum, Vec::new()), late)
        .await
        .unwrap();
    assert_eq!(of(&forum), 2);
    wire.stop().await;
}

#[tokio::test]
async fn a_card_is_edited_in_place_even_where_its_thread_is_put_away() {
    let wire = Wire::start().await;
    let forum = wire.fake.forum("tickets");
    let done = wire.act(open(&forum, Vec::new())).await.unwrap();
    let (thread, post) = (done.thread.unwrap(), done.post.unwrap());
    let archive = Act::Archive {
        thread: thread.clone(),
        archived: true,
    };
    wire.act(archive).await.unwrap();
    let mut message = card();
    message.card.as_mut().unwrap().title = "TKT-1: closed".to_owned();
    message.buttons.clear();
    wire.act(Act::Edit { post, message }).await.unwrap();
    let id = thread.thread.unwrap();
    let posts = wire.fake.posts_in(&id);
    assert_eq!(posts[0].card.as_ref().unwrap().0, "TKT-1: closed");
    assert!(posts[0].buttons.is_empty());
    assert!(wire.fake.thread(&id).archived, "it is away as before");
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
    let react = Act::React {
        post: post.clone(),
        emoji: "👀".to_owned(),
    };
    wire.act(react).await.unwrap();
    let id = post.id.parse().unwrap();
    let marks = wire.fake.change(|state| {
        let message: &crate::fakes::discord::state::Message = &state.messages[&id];
        message.reactions.clone()
    });
    assert_eq!(
        marks,
        [(crate::fakes::discord::state::BOT, "👀".to_owned())]
    );
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
        user: ada.user(),
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
            "@everyone @here <@{}> <@&700> {}",
            ben.id,
            text::escape("@everyone")
        ),
        mentions: vec![ada.user()],
        card: Some(Card {
            title: "@everyone".to_owned(),
            ..Card::default()
        }),
        ..Message::default()
    };
    let done = wire.post(&channel, message.clone()).await;
    let post = done.post.unwrap();
    let everywhere = [
        Act::Edit {
            post,
            message: message.clone(),
        },
        Act::OpenThread {
            place: channel.clone(),
            title: "@everyone".to_owned(),
            message,
            only_for: Vec::new(),
        },
    ];
    for act in everywhere {
        wire.discord
            .act(&act, Attempt::first("row-2"))
            .await
            .unwrap();
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
    message.text = format!("```\n{}```", "a line of code\n".repeat(200));
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
    assert_eq!(done.post.unwrap().id, posts[1].id);
    assert_eq!(done.more[0].id, posts[0].id);
    let other = wire.fake.channel("other");
    let whole = "many words ".repeat(3000);
    let act = Act::Post {
        place: place(&other),
        message: Message::text(whole.clone()),
    };
    wire.discord
        .act(&act, Attempt::first("row-2"))
        .await
        .unwrap();
    let posts = wire.fake.posts_in(&other);
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].files, ["message.txt"]);
    let kept = wire.fake.change(|state| {
        let mut files = state.files.iter();
        files
            .find(|(name, _)| name.ends_with("/message.txt"))
            .unwrap()
            .1
            .clone()
    });
    assert_eq!(String::from_utf8(kept).unwrap(), whole);
    wire.stop().await;
}

#[tokio::test]
async fn files_go_along_and_what_is_too_large_is_named() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let message = Message {
        text: "see the files".to_owned(),
        files: vec![
            file("a.txt", 3),
            file("film.mp4", 11 << 20),
            file("b.txt", 3),
        ],
        ..Message::default()
    };
    wire.post(&channel, message).await;
    let posts = wire.fake.posts_in(&channel);
    let files: Vec<_> = posts.iter().flat_map(|post| post.files.clone()).collect();
    assert_eq!(files, ["a.txt", "b.txt"]);
    assert!(posts[0].text.contains("film.mp4"), "{}", posts[0].text);
    wire.stop().await;
}

#[tokio::test]
async fn a_card_of_any_size_keeps_the_limits() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let long = "word [x](http://y) **b** ".repeat(400);
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
    wire.discord
        .act(&act, Attempt::first("row-2"))
        .await
        .unwrap();
    wire.stop().await;
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let post = Act::Post {
        place: place(&channel),
        message: Message::text("x"),
    };
    let limited =
        json!({"message": "You are being rate limited.", "retry_after": 1.5, "global": false});
    for (status, body) in [
        (429, limited),
        (503, json!(null)),
        (
            403,
            json!({"code": 50013, "message": "Missing Permissions"}),
        ),
        (
            400,
            json!({"code": 50035, "message": "Invalid Form Body", "errors": {"content": {}}}),
        ),
        (401, json!({"code": 0, "message": "401: Unauthorized"})),
    ] {
        wire.fake.refuse("POST", "/messages", status, body);
        let failure = wire.act(post.clone()).await.unwrap_err();
        let fits = match status {
            429 => matches!(
                failure,
                ChatFailure::Transient { retry_after: Some(wait), .. } if wait == Duration::from_millis(1500)
            ),
            503 => matches!(
                failure,
                ChatFailure::Transient {
                    retry_after: None,
                    ..
                }
            ),
            401 => matches!(failure, ChatFailure::Credential(_)),
            _ => matches!(failure, ChatFailure::Permanent { .. }),
        };
        assert!(fits, "{status}: {failure:?}");
    }
    assert!(wire.fake.posts_in(&channel).is_empty());
    wire.stop().await;
}

#[tokio::test]
async fn a_forgotten_interaction_says_nothing_about_our_own_login() {
    let wire = Wire::start().await;
    let act = Act::Answer {
        handle: frontdesk::chat::AnswerHandle("1:2:gone".to_owned()),
        message: Message::text("too late"),
        private: true,
    };
    let failure = wire.act(act).await.unwrap_err();
    assert!(
        matches!(failure, ChatFailure::Permanent { .. }),
        "{failure:?}"
    );
    wire.stop().await;
}

#[tokio::test]
async fn a_place_that_is_gone_is_a_lasting_failure() {
    let wire = Wire::start().await;
    for place in ["999", "C0123", ""] {
        let failure = wire.act(open(place, Vec::new())).await.unwrap_err();
        assert!(
            matches!(failure, ChatFailure::Permanent { .. }),
            "{place}: {failure:?}"
        );
    }
    wire.stop().await;
}
