//! The promise that an internal text reaches no customer, over generated sequences of what people do by mail and in chat.

use frontdesk::chat::{Act, EventKind, PostPlace};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::room::{
    BILLING, GENERAL, ada, customer, desk, mail, pressed, said, stranger, submitted,
};
use crate::harness::Desk;
use crate::recording::Deed;

/// What somebody does next. The numbers choose among the tickets that there are by then.
#[derive(Debug, Clone)]
enum Step {
    /// A customer asks something new by mail.
    Ask,
    /// A customer answers by mail.
    Answer { ticket: usize },
    /// An agent writes in the ticket's thread.
    Write { ticket: usize, how: How },
    /// An agent presses a button of the card.
    Press { ticket: usize, button: usize },
    /// An agent hands the ticket over.
    HandOver { ticket: usize, billing: bool },
    /// Somebody who has no right writes in the thread.
    Intrude {
        ticket: usize,
        known: bool,
        how: How,
    },
}

/// How somebody writes. Only what is meant for the customer holds no secret.
#[derive(Debug, Clone, Copy)]
enum How {
    Plain,
    LooksLikeReply,
    PrefixLater,
    QuotedCommand,
    CodeBlock,
    NoteCommand,
    NoteForm,
    ToTheCard,
    OnTheNote,
    UnknownCommand,
    Prefix,
    ReplyCommand,
    ReplyForm,
}

const HOWS: [How; 13] = [
    How::Plain,
    How::LooksLikeReply,
    How::PrefixLater,
    How::QuotedCommand,
    How::CodeBlock,
    How::NoteCommand,
    How::NoteForm,
    How::ToTheCard,
    How::OnTheNote,
    How::UnknownCommand,
    How::Prefix,
    How::ReplyCommand,
    How::ReplyForm,
];

fn step() -> impl Strategy<Value = Step> {
    let ticket = || 0..100_usize;
    let how = || proptest::sample::select(HOWS.to_vec());
    prop_oneof![
        1 => Just(Step::Ask),
        2 => ticket().prop_map(|ticket| Step::Answer { ticket }),
        6 => (ticket(), how()).prop_map(|(ticket, how)| Step::Write { ticket, how }),
        2 => (ticket(), 0..5_usize).prop_map(|(ticket, button)| Step::Press { ticket, button }),
        1 => (ticket(), any::<bool>()).prop_map(|(ticket, billing)| Step::HandOver { ticket, billing }),
        2 => (ticket(), any::<bool>(), how()).prop_map(|(ticket, known, how)| Step::Intrude { ticket, known, how }),
    ]
}

/// A ticket's thread and card as the platform has them.
struct Seen {
    number: String,
    at: PostPlace,
    card: Deed,
}

struct World {
    desk: Desk,
    threads: Vec<Seen>,
    steps: usize,
}

impl World {
    async fn open() -> Self {
        let desk = desk().await;
        let agent = desk.agent("ada", Some("support")).await;
        desk.link(&agent, "u-ada").await;
        let mut world = Self {
            desk,
            threads: Vec::new(),
            steps: 0,
        };
        world.go(&Step::Ask).await.unwrap();
        let requester = world.desk.tickets().await.remove(0).requester_id;
        let mut conn = world.desk.app.pool.acquire().await.unwrap();
        let carla = frontdesk::people::store::get(&mut conn, requester)
            .await
            .unwrap();
        drop(conn);
        world.desk.link(&carla, "u-carla").await;
        world
    }

    fn seen(&self, ticket: usize) -> &Seen {
        &self.threads[ticket % self.threads.len()]
    }

    async fn go(&mut self, step: &Step) -> Result<(), TestCaseError> {
        self.steps += 1;
        let id = format!("{}@c.test", self.steps);
        let carla = "Carla <carla@customer.test>";
        match step {
            Step::Ask => self.desk.receive(&mail(carla, &id, "Matter", "word")).await,
            Step::Answer { ticket } => {
                let subject = format!("Re: [{}] Matter", self.seen(*ticket).number);
                self.desk.receive(&mail(carla, &id, &subject, "word")).await;
            }
            Step::Write { ticket, how } => self.write(&ada(), *ticket, *how).await,
            Step::Intrude { ticket, known, how } => {
                let who = if *known { customer() } else { stranger(&[]) };
                self.write(&who, *ticket, *how).await;
            }
            Step::Press { ticket, button } => {
                let seen = self.seen(*ticket);
                let labels = seen.card.buttons();
                let action = seen.card.action(&labels[button % labels.len()]);
                let event = pressed(&self.desk, &ada(), &seen.at, &action);
                self.desk.hear(event).await;
            }
            Step::HandOver { ticket, billing } => {
                let team = if *billing { "billing" } else { "support" };
                let seen = self.seen(*ticket);
                let event = said(&self.desk, &ada(), &seen.at, &format!("/team {team}"));
                self.desk.hear(event).await;
            }
        }
        self.look(step).await
    }

    async fn write(&self, who: &frontdesk::chat::Chatter, ticket: usize, how: How) {
        let seen = self.seen(ticket);
        let secret = format!("SECRET{} stays among us", self.steps);
        let word = format!("word{}", self.steps);
        let text = match how {
            How::Plain => secret,
            How::LooksLikeReply => format!("reply {secret}"),
            How::PrefixLater => format!("see >> {secret}"),
            How::QuotedCommand => format!("> /reply {secret}"),
            How::CodeBlock => format!("```\n/reply {secret}\n```"),
            How::NoteCommand => format!("/note {secret}"),
            How::UnknownCommand => format!("/repl {secret}"),
            How::Prefix => format!(">> {word}"),
            How::ReplyCommand => format!("/reply {word}"),
            How::NoteForm | How::ToTheCard | How::OnTheNote => secret,
            How::ReplyForm => word,
        };
        let form = match how {
            How::NoteForm => Some("Note"),
            How::ReplyForm => Some("Reply"),
            _ => None,
        };
        let mut event = match form {
            Some(label) => submitted(&self.desk, who, &seen.at, &seen.card.action(label), &text),
            None => said(&self.desk, who, &seen.at, &text),
        };
        if let (How::ToTheCard, EventKind::Posted { reply_to, .. }) = (how, &mut event.kind) {
            *reply_to = seen.card.post.clone();
            event.place.thread = None;
        }
        let edited = (matches!(how, How::OnTheNote)).then(|| {
            let mut edited = event.clone();
            edited.key = format!("{}-edited", event.key);
            edited.kind = EventKind::Edited {
                post: event.key.clone(),
                text: format!(">> {text}"),
            };
            edited
        });
        self.desk.hear(event).await;
        if let Some(edited) = edited {
            self.desk.hear(edited).await;
        }
    }

    /// Looks at all that left.
    async fn look(&mut self, step: &Step) -> Result<(), TestCaseError> {
        for sent in self.desk.take_mail().await {
            let outside = !sent.to.ends_with("@agents.test") && sent.to != "operator@desk.test";
            let whole = format!("{}{}", String::from_utf8_lossy(&sent.raw), sent.text());
            prop_assert!(
                !outside || !whole.contains("SECRET"),
                "{step:?} told {}:\n{whole}",
                sent.to
            );
        }
        for deed in self.desk.take_posts().await {
            let within = match &deed.act {
                Act::Answer { .. } => true,
                Act::Direct { user, .. } => user == "u-ada",
                _ => deed
                    .at
                    .as_ref()
                    .is_some_and(|at| [BILLING, GENERAL].contains(&at.place.as_str())),
            };
            prop_assert!(
                within || !deed.text().contains("SECRET"),
                "{step:?} told in chat: {deed:#?}"
            );
            if deed.kind() == "thread" {
                let Act::OpenThread { title, .. } = &deed.act else {
                    continue;
                };
                let number = title.split(' ').next().unwrap_or_default().to_owned();
                let at = deed.at.clone().unwrap();
                self.threads.push(Seen {
                    number,
                    at,
                    card: deed,
                });
            }
        }
        Ok(())
    }

    async fn end(self) -> Result<(), TestCaseError> {
        let leaked: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM comment WHERE visibility = 'public' AND body LIKE '%SECRET%'",
        )
        .fetch_one(&self.desk.app.pool)
        .await
        .unwrap();
        prop_assert_eq!(leaked, 0);
        self.desk.close().await;
        Ok(())
    }
}

#[test]
fn c3_nothing_that_is_said_in_a_thread_reaches_a_customer_unless_on_purpose() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: 8,
        max_shrink_iters: 40,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&vec(step(), 8..20), |steps| {
            runtime.block_on(async {
                let mut world = World::open().await;
                for step in &steps {
                    world.go(step).await?;
                }
                world.end().await
            })
        })
        .unwrap();
}
