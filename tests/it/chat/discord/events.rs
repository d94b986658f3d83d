//! What people do, as events.

use frontdesk::chat::{ChatPlatform as _, EventKind, PostPlace, PostRef};

use super::{Wire, place};
use crate::fakes::discord::Discord as Fake;

#[tokio::test]
async fn a_post_is_told_with_its_author_and_their_roles() {
    let fake = Fake::start().await;
    let channel = fake.channel("support");
    let ada = fake.member_with("Ada", &[700]);
    let ben = fake.member("Ben");
    let mut wire = Wire::start_on(fake).await;
    let text = format!("hello <@{}>, see <#{channel}> <:wave:9>", ben.id);
    let post = ada.posts(&channel, &text);
    let event = wire.event().await;
    assert_eq!(event.key, post);
    assert_eq!(event.platform, "discord");
    assert_eq!(event.who.id, ada.user());
    assert_eq!(event.who.name, "Ada");
    assert_eq!(event.who.roles, ["700"]);
    assert_eq!(event.place, place(&channel));
    let EventKind::Posted {
        text,
        to_us,
        reply_to,
        ..
    } = event.kind
    else {
        panic!("{event:?}")
    };
    assert_eq!(text, "hello @Ben, see #support :wave:");
    assert!(!to_us);
    assert_eq!(reply_to, None);
    wire.stop().await;
}

#[tokio::test]
async fn what_is_said_to_us_is_marked() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    ada.posts(&channel, "<@42> show TKT-1");
    ada.writes("hello in private");
    let mut said = Vec::new();
    for _ in 0..2 {
        let EventKind::Posted { text, to_us, .. } = wire.event().await.kind else {
            panic!()
        };
        said.push((text, to_us));
    }
    assert_eq!(said[0], ("show TKT-1".to_owned(), true));
    assert_eq!(said[1], ("hello in private".to_owned(), true));
    wire.stop().await;
}

#[tokio::test]
async fn a_thread_is_named_with_its_channel() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let done = wire.open_thread(&channel, "TKT-1").await;
    let thread = done.thread.unwrap();
    assert_eq!(thread.place, channel);
    let id = thread.thread.clone().unwrap();
    let ada = wire.fake.member("Ada");
    let first = ada.posts(&id, "first");
    ada.replies(&id, &first, "second");
    assert_eq!(wire.event().await.place, thread);
    let event = wire.event().await;
    let EventKind::Posted { reply_to, .. } = event.kind else {
        panic!()
    };
    let reply_to = reply_to.unwrap();
    assert_eq!((reply_to.place, reply_to.id), (thread, first));
    wire.stop().await;
}

#[tokio::test]
async fn edits_deletions_and_marks_are_told() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    let post = ada.posts(&channel, "one");
    ada.edits(&post, "two");
    ada.edits(&post, "three");
    ada.reacts(&post, "👀");
    ada.deletes(&post);
    let mut keys = std::collections::BTreeSet::new();
    let mut told = Vec::new();
    for _ in 0..5 {
        let event = wire.event().await;
        assert!(
            keys.insert(event.key.clone()),
            "two events under {}",
            event.key
        );
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
async fn our_own_posts_and_other_bots_are_no_events() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    wire.post(&channel, frontdesk::chat::Message::text("ours"))
        .await;
    let ada = wire.fake.member("Ada");
    ada.posts(&channel, "hers");
    assert_eq!(wire.text().await, "hers");
    wire.stop().await;
}

#[tokio::test]
async fn a_file_is_told_and_can_be_fetched() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    ada.posts_files(&channel, "", &[("log.txt", b"it broke")]);
    let EventKind::Posted { files, .. } = wire.event().await.kind else {
        panic!()
    };
    assert_eq!(files[0].name, "log.txt");
    assert_eq!(files[0].size, 8);
    let url = files[0].url.as_deref().unwrap();
    assert_eq!(wire.discord.file(url, 100).await.unwrap(), b"it broke");
    wire.discord.file(url, 7).await.unwrap_err();
    wire.stop().await;
}

#[tokio::test]
async fn a_file_is_fetched_from_no_other_host() {
    let wire = Wire::start().await;
    let error = wire.discord.file("http://localhost:1/x", 100).await;
    assert!(error.unwrap_err().to_string().contains("refused for good"));
    wire.stop().await;
}

#[tokio::test]
async fn a_broken_connection_is_resumed_and_nothing_is_missed() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    ada.posts(&channel, "before");
    assert_eq!(wire.text().await, "before");
    wire.fake.drop_gateway();
    for number in 0..5 {
        ada.posts(&channel, &number.to_string());
    }
    for number in 0..5 {
        assert_eq!(wire.text().await, number.to_string());
    }
    assert_eq!(wire.fake.change(|state| state.resumes), 1);
    wire.stop().await;
}

#[tokio::test]
async fn h5_what_was_posted_while_nobody_listened_is_read_oldest_first() {
    let fake = Fake::start().await;
    let channel = fake.channel("support");
    let ada = fake.member_with("Ada", &[700]);
    let last = ada.posts(&channel, "seen");
    // More than Discord gives at once.
    for number in 0..230 {
        ada.posts(&channel, &number.to_string());
    }
    let elsewhere = fake.channel("off-topic");
    ada.posts(&elsewhere, "not of a known place");
    let since = vec![PostRef {
        place: place(&channel),
        id: last,
    }];
    let mut wire = Wire::start_since(fake, since).await;
    ada.posts(&channel, "live");
    let mut told = Vec::new();
    while told.last().is_none_or(|text| text != "live") {
        let event = wire.event().await;
        assert_eq!(event.who.roles, ["700"], "roles are known behind a gap too");
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
async fn h5_a_lost_session_leaves_no_gap() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    ada.posts(&channel, "before");
    assert_eq!(wire.text().await, "before");
    wire.fake.end_session();
    ada.posts(&channel, "during");
    wire.fake.connected().await;
    assert_eq!(wire.text().await, "during");
    wire.stop().await;
}

#[tokio::test]
async fn an_event_that_is_told_twice_has_the_same_key() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    ada.posts(&channel, "once");
    wire.fake.repeat_last();
    let (first, second) = (wire.event().await, wire.event().await);
    assert_eq!(first, second);
    wire.stop().await;
}

#[tokio::test]
async fn another_server_is_not_listened_to() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    wire.fake.change(|state| {
        let id = state.id();
        let told = serde_json::json!({
            "id": id.to_string(), "channel_id": "9", "guild_id": "501", "content": "elsewhere",
            "author": state.user_json(ada.id), "timestamp": "2026-11-20T09:00:00.000000+00:00",
            "edited_timestamp": null, "tts": false, "mention_everyone": false, "mentions": [],
            "mention_roles": [], "attachments": [], "embeds": [], "pinned": false, "type": 0,
        });
        state.tell("MESSAGE_CREATE", &told);
    });
    ada.posts(&channel, "here");
    assert_eq!(wire.text().await, "here");
    wire.stop().await;
}

impl Wire {
    async fn open_thread(&self, channel: &str, title: &str) -> frontdesk::chat::Done {
        let act = frontdesk::chat::Act::OpenThread {
            place: channel.to_owned(),
            title: title.to_owned(),
            message: frontdesk::chat::Message::text("A ticket"),
            only_for: Vec::new(),
        };
        self.act(act).await.unwrap()
    }
}

#[tokio::test]
async fn a_thread_that_nobody_told_of_is_asked_for() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let parent = channel.parse().unwrap();
    let thread = wire.fake.change(|state| {
        let id = state.id();
        let mut thread = state.channels[&parent].clone();
        thread.id = id;
        thread.kind = 12;
        thread.parent = Some(parent);
        state.channels.insert(id, thread);
        id.to_string()
    });
    // Discord may not answer at first.
    wire.fake.refuse(
        "GET",
        &format!("channels/{thread}"),
        502,
        serde_json::Value::Null,
    );
    wire.fake.member("Ada").posts(&thread, "in private");
    let expected = PostPlace {
        place: channel,
        thread: Some(thread),
    };
    assert_eq!(wire.event().await.place, expected);
    wire.stop().await;
}

#[tokio::test]
async fn the_conversation_around_a_message_is_read_back() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("general");
    let (ada, ben) = (wire.fake.member("Ada"), wire.fake.member("Ben"));
    let mut posts = Vec::new();
    for (who, text) in [
        (&ada, "one"),
        (&ben, "two"),
        (&ada, "three"),
        (&ben, "four"),
    ] {
        posts.push(who.posts(&channel, text));
        wire.event().await;
    }
    let post = frontdesk::chat::PostRef {
        place: place(&channel),
        id: posts[2].clone(),
    };
    let said = wire.discord.around(&post, 2).await.unwrap();
    let said: Vec<_> = said
        .iter()
        .map(|it| (it.who.name.as_str(), it.text.as_str()))
        .collect();
    assert_eq!(said, [("Ben", "two"), ("Ada", "three")]);
    wire.stop().await;
}
