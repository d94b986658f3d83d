//! A ticket's day in chat: the whole service between real mail servers and the stand-in for a chat platform. It is written
//! once, for whichever platform it is.

use chrono::Utc;
use frontdesk::config::desk::StatusKind;
use frontdesk::people::{self, chat_account};
use frontdesk::ticket;
use frontdesk::wake::{self, Topic};

use super::desk::{AGENT, LiveDesk, SUPPORT, Ways, mail_servers};
use super::letters::{Letter, request};
use super::within_patience;
use crate::db::TestDb;
use crate::fakes::{discord, slack};

const CUSTOMER: &str = "carla@example.net";

/// A post as people see it, on whichever platform.
struct Post {
    id: String,
    text: String,
    /// Names and values of its card.
    card: Vec<(String, String)>,
    /// What comes back from its buttons, and what stands on them.
    buttons: Vec<(String, String)>,
}

impl Post {
    fn action(&self, label: &str) -> String {
        let mut buttons = self.buttons.iter();
        let found = buttons.find(|(_, on)| on == label);
        found.unwrap_or_else(|| panic!("no {label}")).0.clone()
    }
}

/// What the day needs of a platform: Ann at her screen, in a channel with the desk.
trait Room {
    /// What Ann did and waits for.
    type Asked;

    /// The platform in the configuration.
    fn config(&self) -> String;
    /// Ann's id on the platform.
    fn ann(&self) -> String;
    /// Waits until the service listens: what Ann does before is told to nobody.
    async fn listens(&self);
    /// The posts in the channel.
    fn posts(&self) -> Vec<Post>;
    /// The posts in the thread of a post.
    fn thread(&self, post: &str) -> Vec<Post>;
    /// Ann presses a button on a post in the channel.
    fn press(&self, post: &str, action: &str) -> Self::Asked;
    /// Ann fills in the form that she is shown, once she is.
    async fn fill_in(&self, asked: &Self::Asked, text: &str) -> Self::Asked;
    /// What Ann alone is told, once she is.
    async fn told(&self, asked: &Self::Asked) -> Post;
    /// Ann presses a button on what she alone was told last.
    fn press_told(&self, asked: &Self::Asked, action: &str) -> Self::Asked;
}

struct OnDiscord {
    fake: discord::Discord,
    channel: String,
}

impl OnDiscord {
    fn ann_herself(&self) -> discord::Person {
        self.fake.member("Ann")
    }

    fn post(seen: discord::Seen) -> Post {
        Post {
            id: seen.id,
            text: seen.text,
            card: seen.card.map(|(_, fields)| fields).unwrap_or_default(),
            buttons: seen.buttons,
        }
    }
}

impl Room for OnDiscord {
    type Asked = discord::Asked;

    fn config(&self) -> String {
        format!(
            "[[chat]]\nname = \"chat\"\n\n[chat.discord]\ntoken = {{ env = \"DISCORD\" }}\nserver = \"{}\"\n\
             api_url = \"{}\"\n\n[[chat.place]]\nid = \"{}\"\n",
            discord::state::GUILD,
            self.fake.url(),
            self.channel
        )
    }

    fn ann(&self) -> String {
        self.ann_herself().user()
    }

    async fn listens(&self) {
        self.fake.connected().await;
    }

    fn posts(&self) -> Vec<Post> {
        let posts = self.fake.posts_in(&self.channel);
        posts.into_iter().map(Self::post).collect()
    }

    fn thread(&self, post: &str) -> Vec<Post> {
        let posts = self.fake.posts_in(post);
        posts.into_iter().map(Self::post).collect()
    }

    fn press(&self, post: &str, action: &str) -> discord::Asked {
        self.ann_herself().presses(post, action)
    }

    async fn fill_in(&self, asked: &discord::Asked, text: &str) -> discord::Asked {
        self.fake.form(asked).await;
        self.ann_herself().submits(asked, &[("text", text)])
    }

    async fn told(&self, asked: &discord::Asked) -> Post {
        self.fake.answer(asked).await;
        Self::post(self.fake.answered(asked))
    }

    fn press_told(&self, asked: &discord::Asked, action: &str) -> discord::Asked {
        self.ann_herself().presses_answer(asked, action)
    }
}

struct OnSlack {
    fake: slack::Slack,
    channel: String,
}

impl OnSlack {
    fn ann_herself(&self) -> slack::Person {
        self.fake.member("Ann")
    }

    fn post(seen: slack::Seen) -> Post {
        Post {
            id: seen.ts,
            text: seen.text,
            card: seen.card.map(|(_, fields)| fields).unwrap_or_default(),
            buttons: seen.buttons,
        }
    }

    /// How often Ann alone was told something.
    fn count(&self) -> usize {
        self.fake.whispers(&self.ann_herself()).len()
    }
}

impl Room for OnSlack {
    /// How often she had been told something before.
    type Asked = (slack::Asked, usize);

    fn config(&self) -> String {
        format!(
            "[[chat]]\nname = \"chat\"\n\n[chat.slack]\nbot_token = {{ env = \"SLACK_BOT\" }}\n\
             app_token = {{ env = \"SLACK_APP\" }}\napi_url = \"{}\"\n\n[[chat.place]]\nid = \"{}\"\n",
            self.fake.url(),
            self.channel
        )
    }

    fn ann(&self) -> String {
        self.ann_herself().id
    }

    async fn listens(&self) {
        self.fake.connected().await;
    }

    fn posts(&self) -> Vec<Post> {
        let posts = self.fake.posts_in(&self.channel);
        posts.into_iter().map(Self::post).collect()
    }

    fn thread(&self, post: &str) -> Vec<Post> {
        let posts = self.fake.replies(&self.channel, post);
        posts.into_iter().map(Self::post).collect()
    }

    fn press(&self, post: &str, action: &str) -> Self::Asked {
        let before = self.count();
        let asked = self.ann_herself().presses(&self.channel, post, action);
        (asked, before)
    }

    async fn fill_in(&self, asked: &Self::Asked, text: &str) -> Self::Asked {
        self.fake.form(&asked.0).await;
        let before = self.count();
        let sent = self.ann_herself().submits(&asked.0, &[("text", text)]);
        (sent, before)
    }

    async fn told(&self, asked: &Self::Asked) -> Post {
        let ann = self.ann_herself();
        let told = within_patience(async || self.count() > asked.1).await;
        assert!(told, "Ann is told nothing");
        let whispers = self.fake.whispers(&ann);
        Self::post(whispers.into_iter().next_back().unwrap())
    }

    fn press_told(&self, _: &Self::Asked, action: &str) -> Self::Asked {
        let before = self.count();
        (self.ann_herself().presses_whisper(action), before)
    }
}

#[tokio::test]
async fn a_ticket_is_worked_on_discord() {
    let fake = discord::Discord::start().await;
    let channel = fake.channel("support");
    work(OnDiscord { fake, channel }).await;
}

#[tokio::test]
async fn a_ticket_is_worked_on_slack() {
    let fake = slack::Slack::start().await;
    let channel = fake.channel("support");
    work(OnSlack { fake, channel }).await;
}

/// Mail in, thread, Take, reply by form, preview and undo; reply again, the customer's mailbox, the customer's reply, the
/// thread, resolve.
async fn work(room: impl Room) {
    let stack = mail_servers();
    stack.add_user(CUSTOMER, "secret");
    let ways = Ways {
        chat: room.config(),
        // Nothing leaves by itself while the test looks at what was undone.
        undo_seconds: 3600,
        ..Ways::of(&stack)
    };
    let db = TestDb::new().await;
    let desk = LiveDesk::lay(stack, db.pool().clone(), db.url(), &ways).await;
    let mut conn = desk.pool.acquire().await.unwrap();
    let ann = people::store::by_address(&mut conn, AGENT).await.unwrap();
    let ann = ann.unwrap();
    chat_account::link(&mut conn, Utc::now(), "chat", &room.ann(), ann.id)
        .await
        .unwrap();
    drop(conn);
    let mut service = desk.start();
    service.wait_open();
    room.listens().await;

    let raw = request(CUSTOMER, "one@example.net", 3);
    desk.stack.deliver(CUSTOMER, SUPPORT, &raw);
    desk.eventually("the ticket has a card", async || room.posts().len() == 1)
        .await;
    let card = room.posts().remove(0);
    let asked = room.press(&card.id, &card.action("Take"));
    room.told(&asked).await;
    desk.eventually("the card shows who has it", async || {
        let card = room.posts().remove(0).card;
        card.contains(&("Assignee".to_owned(), "Ann".to_owned()))
    })
    .await;

    // A reply that is taken back reaches nobody.
    reply(&room, &card, "We lost your data.", true).await;
    // One that is not does, once its time is over.
    reply(&room, &card, "Your export is filled again.", false).await;
    sqlx::query("UPDATE outbox SET due_at = now() WHERE state = 'pending'")
        .execute(&desk.pool)
        .await
        .unwrap();
    wake::tell(&desk.pool, Topic::Outbox).await.unwrap();
    let answer = hears(&desk, "Your export is filled again.").await;

    let words = answer.answer(CUSTOMER, "two@example.net", "Now it is, thank you!");
    desk.stack.deliver(CUSTOMER, &answer.reply_to, &words);
    desk.eventually("the customer's words stand in the thread", async || {
        let thread = room.thread(&card.id);
        let mut posts = thread.iter();
        posts.any(|post| post.text.contains("Now it is, thank you!"))
    })
    .await;
    let asked = room.press(&card.id, &card.action("Resolve"));
    room.told(&asked).await;
    desk.eventually("the card shows that it is resolved", async || {
        let card = room.posts().remove(0).card;
        card.contains(&("Status".to_owned(), "Resolved".to_owned()))
    })
    .await;
    check(&desk).await;
    service.close();
}

/// Ann replies by the card's form, reads who gets it, and takes it back or not.
async fn reply(room: &impl Room, card: &Post, text: &str, undo: bool) {
    let form = room.press(&card.id, &card.action("Reply"));
    let sent = room.fill_in(&form, text).await;
    let preview = room.told(&sent).await;
    assert!(preview.text.contains(CUSTOMER), "{}", preview.text);
    if undo {
        let asked = room.press_told(&sent, &preview.action("Undo"));
        room.told(&asked).await;
    }
}

/// Waits until the customer has a mail with these words.
async fn hears(desk: &LiveDesk, words: &str) -> Letter {
    let has = |letter: &Letter| letter.text.contains(words);
    desk.eventually("the customer has the mail", async || {
        desk.letters(CUSTOMER).iter().any(has)
    })
    .await;
    desk.letters(CUSTOMER).into_iter().find(has).unwrap()
}

async fn check(desk: &LiveDesk) {
    let mut conn = desk.pool.acquire().await.unwrap();
    let tickets = ticket::store::newest(&mut conn, true, 10).await.unwrap();
    assert_eq!(tickets.len(), 1, "{tickets:#?}");
    assert_eq!(tickets[0].kind, StatusKind::Resolved);
    for letter in desk.letters(CUSTOMER) {
        let whole = String::from_utf8_lossy(&letter.raw);
        assert!(!whole.contains("We lost your data"), "{whole}");
    }
}
