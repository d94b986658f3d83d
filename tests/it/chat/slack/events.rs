//! What people do, as events.

use frontdesk::chat::{ChatPlatform as _, EventKind, PostRef};
use serde_json::json;

use super::{Wire, place, thread};
use crate::fakes::slack::Slack as Fake;
use crate::fakes::slack::state::State;

#[tokio::test]
async fn a_post_is_told_with_its_author_and_their_groups() {
    let fake = Fake::start().await;
    let channel = fake.channel("support");
    let (ada, ben) = (fake.member_of("Ada", "S700"), fake.member("Ben"));
    let mut wire = Wire::start_on(fake).await;
    let text = format!(
        "hello <@{}>, see <#{channel}|support> :wave: &lt;b&gt;",
        ben.id
    );
    let post = ada.posts(&channel, &text);
    let event = wire.event().await;
    assert_eq!(event.key, post);
    assert_eq!(event.platform, "slack");
    assert_eq!((&event.who.id, event.who.name.as_str()), (&ada.id, "Ada"));
    assert_eq!(event.who.roles, ["S700"]);
    assert_eq!(event.place, place(&channel));
    let EventKind::Posted { text, to_us, .. } = event.kind else {
        panic!("{event:?}")
    };
    assert_eq!(text, "hello @Ben, see #support 👋 <b>");
    assert!(!to_us);
    wire.stop().await;
}

#[tokio::test]
async fn rights_end_with_the_group_when_slack_says_that_it_changed() {
    let fake = Fake::start().await;
    let channel = fake.channel("support");
    let ada = fake.member_of("Ada", "S700");
    let mut wire = Wire::start_on(fake).await;
    ada.posts(&channel, "one");
    assert_eq!(wire.event().await.who.roles, ["S700"]);
    wire.fake.change(|state| {
        state.groups.clear();
        state.tell_event(json!({"type": "subteam_members_changed", "subteam_id": "S700"}));
    });
    ada.posts(&channel, "two");
    assert!(wire.event().await.who.roles.is_empty());
    wire.stop().await;
}

#[tokio::test]
async fn h2_a_mention_is_told_twice_under_one_key_and_is_said_to_us() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    ada.posts(&channel, "<@U0BOT> show TKT-1");
    let (message, mention) = (wire.event().await, wire.event().await);
    assert_eq!(message, mention);
    let EventKind::Posted { text, to_us, .. } = message.kind else {
        panic!()
    };
    assert_eq!((text.as_str(), to_us), ("show TKT-1", true));
    ada.writes("hello in private");
    let EventKind::Posted { to_us, .. } = wire.event().await.kind else {
        panic!()
    };
    assert!(to_us);
    wire.stop().await;
}

#[tokio::test]
async fn h2_the_same_message_told_eleven_times_under_new_ids_has_one_key() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    ada.posts(&channel, "once");
    let first = wire.event().await;
    for _ in 0..10 {
        wire.fake.repeat_last();
        assert_eq!(wire.event().await, first);
    }
    wire.stop().await;
}

#[tokio::test]
async fn a_reply_is_told_with_its_thread() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    let first = ada.posts(&channel, "first");
    ada.replies(&channel, &first, "second");
    assert_eq!(wire.event().await.place, place(&channel));
    assert_eq!(wire.event().await.place, thread(&channel, &first));
    wire.stop().await;
}

#[tokio::test]
async fn edits_deletions_and_marks_are_told() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    let begins = ada.posts(&channel, "zero");
    wire.event().await;
    let post = ada.replies(&channel, &begins, "one");
    ada.edits(&channel, &post, "two");
    ada.edits(&channel, &post, "three");
    ada.reacts(&channel, &post, "eyes");
    ada.deletes(&channel, &post);
    let mut keys = std::collections::BTreeSet::new();
    let mut told = Vec::new();
    for _ in 0..5 {
        let event = wire.event().await;
        assert!(
            keys.insert(event.key.clone()),
            "two events under {}",
            event.key
        );
        if !matches!(event.kind, EventKind::Reacted { .. }) {
            assert_eq!(event.place, thread(&channel, &begins), "{event:?}");
        }
        told.push(match event.kind {
            EventKind::Posted { text, .. } => format!("posted {text}"),
            EventKind::Edited { text, .. } => format!("edited {text}"),
            EventKind::Reacted {
                emoji,
                post: marked,
                ..
            } => {
                assert_eq!(marked.id, post);
                format!("marked {emoji}")
            }
            EventKind::Deleted { post: gone } => {
                assert_eq!(gone, post);
                "deleted".to_owned()
            }
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(
        told,
        [
            "posted one",
            "edited two",
            "edited three",
            "marked 👀",
            "deleted"
        ]
    );
    wire.stop().await;
}

#[tokio::test]
async fn a_message_that_begins_a_thread_is_told_as_deleted_although_a_stone_stays() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    let first = ada.posts(&channel, "first");
    ada.replies(&channel, &first, "second");
    ada.deletes(&channel, &first);
    wire.event().await;
    wire.event().await;
    let EventKind::Deleted { post } = wire.event().await.kind else {
        panic!()
    };
    assert_eq!(post, first);
    wire.stop().await;
}

#[tokio::test]
async fn what_is_told_out_of_order_ends_with_the_newest_words() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    wire.fake.hold_events();
    let post = ada.posts(&channel, "one");
    ada.edits(&channel, &post, "two");
    ada.edits(&channel, &post, "three");
    let gone = ada.posts(&channel, "gone");
    ada.deletes(&channel, &gone);
    wire.fake.tell_backwards();
    ada.posts(&channel, "end");
    let mut told = Vec::new();
    loop {
        told.push(match wire.event().await.kind {
            EventKind::Posted { text, .. } if text == "end" => break,
            EventKind::Posted { text, .. } => format!("posted {text}"),
            EventKind::Edited { text, .. } => format!("edited {text}"),
            EventKind::Deleted { post } => format!("deleted {}", post == gone),
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(told, ["deleted true", "edited three", "posted three"]);
    wire.stop().await;
}

#[tokio::test]
async fn events_keep_their_order() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    for number in 0..60 {
        ada.posts(&channel, &number.to_string());
    }
    for number in 0..60 {
        assert_eq!(wire.text().await, number.to_string());
    }
    wire.stop().await;
}

#[tokio::test]
async fn our_own_posts_and_other_workspaces_are_no_events() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ours = wire
        .post(&channel, frontdesk::chat::Message::text("ours"))
        .await;
    let ours = ours.post.unwrap().id;
    let ada = wire.fake.member("Ada");
    wire.fake.change(|state| {
        let event = json!({
            "type": "message", "channel": "C9", "user": "U9", "text": "elsewhere",
            "ts": "1700000000.000100", "channel_type": "channel",
        });
        let payload = json!({"team_id": "T0OTHER", "type": "event_callback", "event": event});
        state.tell("events_api", payload);
    });
    ada.replies(&channel, &ours, "hers");
    assert_eq!(wire.text().await, "hers");
    wire.stop().await;
}

#[tokio::test]
async fn h4_a_file_is_told_and_can_be_fetched_from_slack_alone() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    ada.posts_files(&channel, "", &[("log.txt", b"it broke")]);
    let EventKind::Posted { files, .. } = wire.event().await.kind else {
        panic!()
    };
    assert_eq!((files[0].name.as_str(), files[0].size), ("log.txt", 8));
    let url = files[0].url.clone().unwrap();
    assert_eq!(wire.slack.file(&url, 100).await.unwrap(), b"it broke");
    wire.slack.file(&url, 7).await.unwrap_err();
    let elsewhere = wire.slack.file("http://localhost:1/x", 100).await;
    assert!(
        elsewhere
            .unwrap_err()
            .to_string()
            .contains("refused for good")
    );
    // Who may not read it is led to the login page, which is no file.
    wire.fake.change(|state| state.scopes.remove("files:read"));
    let refused = wire.slack.file(&url, 100).await.unwrap_err();
    assert!(refused.to_string().contains("files:read"), "{refused}");
    wire.stop().await;
}

#[tokio::test]
async fn h1_every_envelope_is_acknowledged_before_anybody_works_on_it() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    // Nobody takes an event: the queue of a hundred is full.
    for number in 0..150 {
        ada.posts(&channel, &number.to_string());
    }
    let all = |state: &State| {
        let mut all = state.envelopes.iter();
        (state.envelopes.len() == 150 && all.all(|it| it.acknowledged)).then_some(())
    };
    wire.fake.until("all acknowledgements", all).await;
    for number in 0..150 {
        assert_eq!(wire.text().await, number.to_string());
    }
    wire.stop().await;
}

#[tokio::test]
async fn a_connection_that_slack_wants_replaced_is_replaced_and_nothing_is_missed() {
    for reason in ["warning", "refresh_requested"] {
        let mut wire = Wire::start().await;
        let channel = wire.fake.channel("support");
        let ada = wire.fake.member("Ada");
        ada.posts(&channel, "before");
        assert_eq!(wire.text().await, "before");
        wire.fake.says_goodbye(reason);
        // The old line is still read.
        ada.posts(&channel, "between");
        assert_eq!(wire.text().await, "between");
        let twice = |state: &State| (state.connected == 2).then_some(());
        wire.fake.until("another connection", twice).await;
        ada.posts(&channel, "after");
        while wire.text().await != "after" {}
        wire.stop().await;
    }
}

#[tokio::test]
async fn h5_what_was_posted_while_nobody_listened_is_read_oldest_first() {
    let fake = Fake::start().await;
    let channel = fake.channel("support");
    let ada = fake.member_of("Ada", "S700");
    let card = ada.posts(&channel, "card");
    let last = ada.replies(&channel, &card, "seen");
    // More than is asked for at once.
    for number in 0..230 {
        ada.replies(&channel, &card, &number.to_string());
    }
    let other = ada.posts(&channel, "not a known thread");
    ada.replies(&channel, &other, "nor this");
    let since = vec![PostRef {
        place: thread(&channel, &card),
        id: last,
    }];
    let mut wire = Wire::start_since(fake, since).await;
    ada.replies(&channel, &card, "live");
    let mut told = Vec::new();
    while told.last().is_none_or(|text| text != "live") {
        let event = wire.event().await;
        assert_eq!(
            event.who.roles,
            ["S700"],
            "groups are known behind a gap too"
        );
        assert_eq!(event.place, thread(&channel, &card));
        let EventKind::Posted { text, .. } = event.kind else {
            panic!()
        };
        if !told.contains(&text) {
            told.push(text);
        }
    }
    let mut all: Vec<_> = (0..230).map(|number| number.to_string()).collect();
    all.push("live".to_owned());
    assert_eq!(told, all);
    wire.stop().await;
}

#[tokio::test]
async fn h5_of_many_threads_only_those_that_grew_are_asked_for() {
    let fake = Fake::start().await;
    let channel = fake.channel("support");
    let ada = fake.member("Ada");
    let mut since = Vec::new();
    for number in 0..40 {
        let card = ada.posts(&channel, &format!("card {number}"));
        since.push(PostRef {
            id: ada.replies(&channel, &card, "seen"),
            place: thread(&channel, &card),
        });
    }
    let grown = since[7].place.thread.clone().unwrap();
    ada.replies(&channel, &grown, "missed");
    let mut wire = Wire::start_since(fake, since).await;
    let event = wire.event().await;
    assert_eq!(event.place, thread(&channel, &grown));
    let asked = |wire: &Wire, method: &str| {
        wire.fake.change(|state| {
            let log = state.log.iter();
            log.filter(|it| it.path == method).count()
        })
    };
    assert_eq!(asked(&wire, "conversations.history"), 1);
    assert_eq!(asked(&wire, "conversations.replies"), 1);
    wire.stop().await;
}

#[tokio::test]
async fn h5_a_broken_connection_leaves_no_gap() {
    for how in [Fake::drop_line, Fake::close_line] {
        let mut wire = Wire::start().await;
        let channel = wire.fake.channel("support");
        let ada = wire.fake.member("Ada");
        let card = ada.posts(&channel, "card");
        ada.replies(&channel, &card, "before");
        for expected in ["card", "before"] {
            assert_eq!(wire.text().await, expected);
        }
        how(&wire.fake);
        ada.replies(&channel, &card, "during");
        assert_eq!(wire.text().await, "during");
        wire.stop().await;
    }
}

#[tokio::test]
async fn h5_the_first_words_in_a_new_thread_are_read_after_a_gap() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let card = frontdesk::chat::Message::text("card");
    let card = wire.post(&channel, card).await.post.unwrap().id;
    let ada = wire.fake.member("Ada");
    // What is told after the card was told is told in order.
    ada.posts(&channel, "marker");
    assert_eq!(wire.text().await, "marker");
    wire.fake.drop_line();
    ada.replies(&channel, &card, "first words");
    let event = wire.event().await;
    assert_eq!(event.place, thread(&channel, &card));
    wire.stop().await;
}

#[tokio::test]
async fn h5_a_limit_on_reading_back_is_waited_for() {
    let fake = Fake::start().await;
    let channel = fake.channel("support");
    let ada = fake.member("Ada");
    let card = ada.posts(&channel, "card");
    let last = ada.replies(&channel, &card, "seen");
    ada.replies(&channel, &card, "missed");
    let limited = json!({"ok": false, "error": "ratelimited", "retry_after": 0});
    fake.refuse("conversations.replies", 429, limited);
    fake.refuse("conversations.replies", 503, json!({}));
    let since = vec![PostRef {
        place: thread(&channel, &card),
        id: last,
    }];
    let mut wire = Wire::start_since(fake, since).await;
    assert_eq!(wire.text().await, "missed");
    wire.stop().await;
}

#[tokio::test]
async fn the_conversation_around_a_message_is_read_back() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("general");
    let (ada, ben) = (wire.fake.member("Ada"), wire.fake.member("Ben"));
    let one = ada.posts(&channel, "one");
    ben.posts(&channel, "two");
    let three = ada.posts(&channel, "three");
    ben.posts(&channel, "four");
    ada.replies(&channel, &one, "in the thread");
    let last = ben.replies(&channel, &one, "and there too");
    for _ in 0..6 {
        wire.event().await;
    }
    for (id, expected) in [
        (three, [("Ben", "two"), ("Ada", "three")]),
        (last, [("Ada", "in the thread"), ("Ben", "and there too")]),
    ] {
        // Of a message that was marked it is not known that it stands in a thread.
        let post = PostRef {
            place: place(&channel),
            id,
        };
        let said = wire.slack.around(&post, 2).await.unwrap();
        let said: Vec<_> = said
            .iter()
            .map(|it| (it.who.name.as_str(), it.text.as_str()))
            .collect();
        assert_eq!(said, expected);
    }
    wire.stop().await;
}
