//! The conversation of a whole desk with Slack's stand-in: what people do there comes to what it should, and what the
//! desk says stands there.

use std::sync::Arc;

use frontdesk::chat::Platforms;
use frontdesk::conversation::{Handler, Listener};
use frontdesk::delivery::Poster;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::chat::room::mail;
use crate::fakes::slack::{Person, Seen, Slack as Fake};
use crate::harness::Desk;

const CARLA: &str = "Carla <carla@customer.test>";

/// A desk that listens to Slack, with Carla's ticket in a thread, and Ada, whose account is linked.
struct Live {
    fake: Fake,
    channel: String,
    ada: Person,
    desk: Desk,
    handler: Handler,
    poster: Poster,
    listener: Listener,
    stop: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
    /// The message with the card.
    card: String,
}

fn listen(listener: &Listener) -> (CancellationToken, JoinHandle<anyhow::Result<()>>) {
    let (listener, stop) = (listener.clone(), CancellationToken::new());
    let until = stop.clone();
    let running = tokio::spawn(async move { listener.run(&until, || {}).await });
    (stop, running)
}

impl Live {
    async fn start() -> Self {
        let fake = Fake::start().await;
        let channel = fake.channel("support");
        let ada = fake.member("Ada");
        let config = format!(
            "[[chat]]\nname = \"chat\"\nreply_prefix = \">>\"\n\n[chat.slack]\nbot_token = {{ env = \"SLACK_BOT\" }}\n\
             app_token = {{ env = \"SLACK_APP\" }}\napi_url = \"{}\"\n\n[[chat.place]]\nid = \"{channel}\"\n",
            fake.url()
        );
        let desk = Desk::open_with(&config).await;
        let agent = desk.agent("ada", Some("support")).await;
        desk.link(&agent, &ada.id).await;
        let platforms: Arc<Platforms> = Arc::new(desk.app.platforms().unwrap());
        let chat = &desk.app.settings.chats[0];
        let listener = desk.app.listener(chat, platforms["chat"].clone());
        let (stop, running) = listen(&listener);
        fake.connected().await;
        desk.receive(&mail(
            CARLA,
            "1@c.test",
            "The export is empty",
            "It has no rows.",
        ))
        .await;
        let mut live = Self {
            handler: desk.app.handler(platforms.clone()),
            poster: desk.app.poster(platforms).unwrap(),
            card: String::new(),
            fake,
            channel,
            ada,
            desk,
            listener,
            stop,
            running,
        };
        live.post().await;
        live.card = live.fake.posts_in(&live.channel)[0].ts.clone();
        live.desk.app.deliverer().unwrap().step().await.unwrap();
        live.desk.take_now();
        live
    }

    /// What is due is posted.
    async fn post(&self) {
        self.poster.step().await.unwrap();
    }

    /// What was done is written down, `events` of it in all, and handled.
    async fn handle(&self, events: i64) {
        self.written_down(events).await;
        self.handler.step().await.unwrap();
        self.post().await;
    }

    async fn written_down(&self, events: i64) {
        let waiting = async {
            while self.count("SELECT count(*) FROM chat_event").await < events {
                tokio::task::yield_now().await;
            }
        };
        let came = tokio::time::timeout(super::PATIENCE, waiting).await;
        came.unwrap_or_else(|_| panic!("{events} events did not come"));
    }

    async fn count(&self, query: &'static str) -> i64 {
        let pool = &self.desk.app.pool;
        sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
    }

    async fn comments(&self) -> Vec<String> {
        let ticket = self.desk.ticket().await.id;
        self.desk.comments(ticket).await
    }

    fn card_field(&self, name: &str) -> String {
        let (_, fields) = self.fake.posts_in(&self.channel)[0].card.clone().unwrap();
        let field = fields.into_iter().find(|(key, _)| key == name);
        field.map(|(_, value)| value).unwrap_or_default()
    }

    fn action(&self, label: &str) -> String {
        let card: Seen = self.fake.posts_in(&self.channel).remove(0);
        let mut buttons = card.buttons.into_iter();
        buttons.find(|(_, on)| on == label).unwrap().0
    }

    /// The mails that Carla has, once everything has left.
    async fn carlas_mail(&self) -> Vec<String> {
        self.desk.advance(chrono::TimeDelta::minutes(2));
        self.desk.app.deliverer().unwrap().step().await.unwrap();
        let mails = self.desk.take_now();
        let hers = mails.iter().filter(|mail| mail.to == "carla@customer.test");
        hers.map(|mail| mail.text().to_owned()).collect()
    }

    async fn stop(mut self) {
        self.stop.cancel();
        (&mut self.running).await.unwrap().unwrap();
        self.post().await;
        self.desk.close().await;
    }
}

#[tokio::test]
async fn a_ticket_is_worked_in_its_thread() {
    let live = Live::start().await;
    let replies = live.fake.replies(&live.channel, &live.card);
    let words: Vec<_> = replies.iter().map(|it| it.text.clone()).collect();
    let card = live.fake.posts_in(&live.channel).remove(0);
    assert!(
        card.text.contains("It has no rows.") || words.concat().contains("It has no rows."),
        "the customer's words stand there: {words:?}"
    );
    // Plain text is a note.
    let (ada, channel) = (live.ada.clone(), live.channel.clone());
    ada.replies(&channel, &live.card, "The licence ran &amp; out");
    live.handle(1).await;
    assert_eq!(
        live.comments().await[1],
        "internal staff: The licence ran & out"
    );
    // A button takes it, and the card follows.
    let pressed = ada.presses(&channel, &live.card, &live.action("Take"));
    live.handle(2).await;
    assert!(!live.fake.answer(&pressed).await.is_empty());
    assert_eq!(live.card_field("Assignee"), "ada");
    // A mention in the thread is a command, told twice and done once.
    ada.replies(&channel, &live.card, "<@U0BOT> priority high");
    live.handle(3).await;
    assert_eq!(live.desk.ticket().await.priority, "high");
    // A form replies; who gets it is shown to Ada alone, and taken back by the button there.
    let form = ada.presses(&channel, &live.card, &live.action("Reply"));
    live.fake.form(&form).await;
    ada.submits(&form, &[("text", "We lost it.")]);
    live.handle(4).await;
    let preview = live.fake.whispers(&ada).pop().unwrap();
    assert!(preview.text.contains("carla@customer.test"), "{preview:?}");
    let undo = preview.buttons.iter().find(|(_, on)| on == "Undo").unwrap();
    ada.presses_whisper(&undo.0);
    live.handle(5).await;
    // The prefix replies for good.
    ada.replies(&channel, &live.card, "&gt;&gt; It is filled again.");
    live.handle(6).await;
    let mails = live.carlas_mail().await;
    let with = |words: &str| mails.iter().filter(|it| it.contains(words)).count();
    assert_eq!(with("It is filled again."), 1, "{mails:#?}");
    assert_eq!(with("We lost it."), 0, "{mails:#?}");
    // An emoji resolves.
    ada.reacts(&channel, &live.card, "white_check_mark");
    live.handle(7).await;
    assert_eq!(live.desk.ticket().await.status, "resolved");
    assert_eq!(live.card_field("Status"), "Resolved");
    live.carlas_mail().await;
    live.stop().await;
}

#[tokio::test]
async fn h2_the_same_message_told_eleven_times_is_one_note() {
    let live = Live::start().await;
    let channel = live.channel.clone();
    live.ada.replies(&channel, &live.card, "Once is enough.");
    for _ in 0..10 {
        live.fake.repeat_last();
    }
    live.ada.replies(&channel, &live.card, "And this.");
    live.handle(2).await;
    live.handler.step().await.unwrap();
    assert_eq!(
        live.comments().await[1..],
        [
            "internal staff: Once is enough.",
            "internal staff: And this."
        ]
    );
    assert_eq!(live.count("SELECT count(*) FROM chat_event").await, 2);
    live.carlas_mail().await;
    live.stop().await;
}

#[tokio::test]
async fn h5_what_was_written_while_the_service_was_down_becomes_notes_once() {
    let mut live = Live::start().await;
    let channel = live.channel.clone();
    live.ada.replies(&channel, &live.card, "Before.");
    live.handle(1).await;
    live.stop.cancel();
    (&mut live.running).await.unwrap().unwrap();
    live.ada.replies(&channel, &live.card, "In the gap.");
    live.ada.replies(&channel, &live.card, "Still in it.");
    let (stop, running) = listen(&live.listener);
    (live.stop, live.running) = (stop, running);
    live.written_down(3).await;
    for _ in 0..3 {
        live.handler.step().await.unwrap();
    }
    assert_eq!(
        live.comments().await[1..],
        [
            "internal staff: Before.",
            "internal staff: In the gap.",
            "internal staff: Still in it."
        ]
    );
    live.carlas_mail().await;
    live.stop().await;
}

#[tokio::test]
async fn editing_a_message_edits_its_note_and_a_row_that_was_lost_is_posted_once() {
    let live = Live::start().await;
    let channel = live.channel.clone();
    let note = live
        .ada
        .replies(&channel, &live.card, "The licence ran out.");
    live.handle(1).await;
    live.ada.edits(&channel, &note, "The licence runs out.");
    live.handle(2).await;
    assert_eq!(
        live.comments().await[1],
        "internal staff: The licence runs out."
    );
    // The customer writes again; the post is made, and nobody hears of it.
    let number = live.desk.ticket().await.number;
    let before = live.fake.replies(&channel, &live.card).len();
    live.fake.lose_answer("chat.postMessage");
    let eml = mail(
        CARLA,
        "2@c.test",
        &format!("Re: [{number}] The export is empty"),
        "Any news?",
    );
    live.desk.receive(&eml).await;
    live.post().await;
    live.desk.advance(chrono::TimeDelta::minutes(2));
    live.post().await;
    let replies = live.fake.replies(&channel, &live.card);
    assert_eq!(replies.len(), before + 1, "{replies:#?}");
    assert!(replies[before].text.contains("Any news?"));
    live.carlas_mail().await;
    live.stop().await;
}
