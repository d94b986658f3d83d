//! The promise that an internal text reaches no customer, over generated sequences of what people do by mail and in chat.

use frontdesk::chat::{Act, ChatEvent, Chatter, EventKind, PostPlace};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::room::{
    BILLING, GENERAL, HELP, ada, amended, commanded, customer, desk_with_customers, filled, mail,
    pressed, said, stranger, submitted,
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
    /// A customer opens a ticket by the panel.
    Open { who: usize },
    /// A customer writes in a thread of the customers' place.
    Tell { who: usize, thread: usize },
    /// An agent writes in a customer's thread.
    Serve { thread: usize, how: How },
    /// An agent gives a command whose words are for staff, in the ticket's thread or before the customer's eyes.
    Order {
        ticket: usize,
        line: usize,
        before_their_eyes: bool,
    },
    /// An agent edits or deletes something that they wrote.
    Amend { message: usize, delete: bool },
    /// A customer presses a button that was offered to them.
    Choose { who: usize, button: usize },
    /// Time passes, and what is due by the clock is done.
    Wait { hours: u8 },
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

/// Commands of an agent. `{}` is a secret, `{other}` another ticket, `{comment}` some comment.
const LINES: [&str; 24] = [
    "note {}",
    "resolve --reason \"{}\"",
    "resolve --ask --reason \"{}\"",
    "resolve --ask",
    "close {}",
    "reopen {}",
    "status waiting_on_customer {}",
    "tag +{}",
    "merge {other}",
    "unmerge",
    "split {comment} Another matter",
    "edit {comment} {}",
    "delete {comment}",
    "undo",
    "transcript",
    "transcript --format html",
    "history --all",
    "canned save hello -- Hello",
    "canned use hello",
    "requester carla@customer.test",
    "requester else@customer.test",
    "cc add friend@customer.test",
    "link relates {other}",
    "show",
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
        2 => (0..2_usize).prop_map(|who| Step::Open { who }),
        2 => (0..2_usize, ticket()).prop_map(|(who, thread)| Step::Tell { who, thread }),
        3 => (ticket(), how()).prop_map(|(thread, how)| Step::Serve { thread, how }),
        8 => (ticket(), 0..LINES.len(), any::<bool>())
            .prop_map(|(ticket, line, before_their_eyes)| Step::Order { ticket, line, before_their_eyes }),
        3 => (ticket(), any::<bool>()).prop_map(|(message, delete)| Step::Amend { message, delete }),
        2 => (0..2_usize, ticket()).prop_map(|(who, button)| Step::Choose { who, button }),
        1 => (1..90_u8).prop_map(|hours| Step::Wait { hours }),
    ]
}

/// One of the two customers: one with an address, one who is known in chat alone.
fn outsider(who: usize) -> Chatter {
    match who {
        0 => customer(),
        _ => stranger(&[]),
    }
}

fn help() -> PostPlace {
    PostPlace {
        place: HELP.to_owned(),
        thread: None,
    }
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
    /// The customers' threads.
    theirs: Vec<PostPlace>,
    /// What agents wrote, with whether it was written before a customer's eyes.
    written: Vec<ChatEvent>,
    /// The actions that were offered to customers.
    offered: Vec<String>,
    steps: usize,
}

impl World {
    async fn open() -> Self {
        let desk = desk_with_customers().await;
        let agent = desk.agent("ada", Some("support")).await;
        desk.link(&agent, "u-ada").await;
        let mut world = Self {
            desk,
            threads: Vec::new(),
            theirs: Vec::new(),
            written: Vec::new(),
            offered: Vec::new(),
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
            Step::Open { who } => {
                let values = [("subject", "Matter"), ("text", "word")];
                let event = filled(
                    &self.desk,
                    &outsider(*who),
                    &help(),
                    "panel:billing",
                    &values,
                );
                self.desk.hear(event).await;
            }
            Step::Tell { who, thread } => {
                if let Some(at) = self.thread(*thread) {
                    let event = said(&self.desk, &outsider(*who), &at, "word");
                    self.desk.hear(event).await;
                }
            }
            Step::Serve { thread, how } => {
                if let Some(at) = self.thread(*thread) {
                    self.serve(&at, *how).await;
                }
            }
            Step::Order {
                ticket,
                line,
                before_their_eyes,
            } => self.order(*ticket, *line, *before_their_eyes).await,
            Step::Amend { message, delete } => {
                if !self.written.is_empty() {
                    let message = self.written[message % self.written.len()].clone();
                    let open = message.place.place == HELP;
                    let text = match open {
                        true => format!("word{}", self.steps),
                        false => format!("SECRET{} edited", self.steps),
                    };
                    let text = (!delete).then_some(text);
                    let mut event = amended(&self.desk, &ada(), &message, text.as_deref());
                    event.key = format!("{}-{}", message.key, self.steps);
                    self.desk.hear(event).await;
                }
            }
            Step::Choose { who, button } => {
                if !self.offered.is_empty() {
                    let action = self.offered[button % self.offered.len()].clone();
                    let event = match action.starts_with("missing") {
                        true => filled(
                            &self.desk,
                            &outsider(*who),
                            &help(),
                            &action,
                            &[("text", "word")],
                        ),
                        false => pressed(&self.desk, &outsider(*who), &help(), &action),
                    };
                    self.desk.hear(event).await;
                }
            }
            Step::Wait { hours } => {
                let at = self.desk.now() + chrono::TimeDelta::hours(i64::from(*hours));
                self.desk.tick_at(at).await;
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

    fn thread(&self, number: usize) -> Option<PostPlace> {
        self.theirs.get(number % self.theirs.len().max(1)).cloned()
    }

    /// An agent writes before the customer's eyes. What is plain is public there; what is a command is not done.
    async fn serve(&mut self, at: &PostPlace, how: How) {
        let secret = format!("SECRET{} stays among us", self.steps);
        let word = format!("word{}", self.steps);
        let text = match how {
            How::NoteCommand => format!("/note {secret}"),
            How::UnknownCommand => format!("/repl {secret}"),
            How::ReplyCommand => format!("/reply {word}"),
            How::Prefix => format!(">> {word}"),
            _ => word,
        };
        let event = said(&self.desk, &ada(), at, &text);
        self.desk.hear(event.clone()).await;
        self.written.push(event);
    }

    async fn order(&mut self, ticket: usize, line: usize, before_their_eyes: bool) {
        let other = self.seen(ticket + 1).number.clone();
        let comments: Vec<i64> = sqlx::query_scalar("SELECT id FROM comment ORDER BY id")
            .fetch_all(&self.desk.app.pool)
            .await
            .unwrap();
        let comment = comments[ticket % comments.len()].to_string();
        // An edit of a public reply is public: only a note is edited with a secret.
        let public: bool =
            sqlx::query_scalar("SELECT visibility = 'public' FROM comment WHERE id = $1")
                .bind(comments[ticket % comments.len()])
                .fetch_one(&self.desk.app.pool)
                .await
                .unwrap();
        let line = LINES[line];
        let words = match line.starts_with("edit") && public {
            true => format!("word{}", self.steps),
            false => format!("SECRET{}", self.steps),
        };
        let line = line
            .replace("{}", &words)
            .replace("{other}", &other)
            .replace("{comment}", &comment);
        let at = match self.thread(ticket).filter(|_| before_their_eyes) {
            Some(at) => at,
            None => self.seen(ticket).at.clone(),
        };
        let event = commanded(&self.desk, &ada(), &at, &line);
        self.desk.hear(event).await;
    }

    async fn write(&mut self, who: &frontdesk::chat::Chatter, ticket: usize, how: How) {
        let ticket = ticket % self.threads.len();
        let seen = &self.threads[ticket];
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
        self.desk.hear(event.clone()).await;
        if let Some(edited) = edited {
            self.desk.hear(edited).await;
        }
        // Of a public reply an edit is public, and says so.
        let is_note = matches!(
            how,
            How::Plain
                | How::LooksLikeReply
                | How::PrefixLater
                | How::QuotedCommand
                | How::CodeBlock
        );
        if is_note && *who == ada() {
            self.written.push(event);
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
        // What a customer does is answered to the customer.
        let by_customer = matches!(
            step,
            Step::Open { .. } | Step::Tell { .. } | Step::Choose { .. }
        );
        for deed in self.desk.take_posts().await {
            let within = match &deed.act {
                Act::Answer { .. } => !by_customer,
                Act::Direct { user, .. } => user == "u-ada",
                Act::OpenThread { place, .. } => place != HELP,
                _ => deed
                    .at
                    .as_ref()
                    .is_some_and(|at| [BILLING, GENERAL].contains(&at.place.as_str())),
            };
            let message = deed.message();
            let files = message.files.iter();
            let files: String = files
                .map(|file| String::from_utf8_lossy(&file.content).into_owned())
                .collect();
            let whole = format!("{:?}{files}", deed.act);
            prop_assert!(
                within || !whole.contains("SECRET"),
                "{step:?} told in chat: {deed:#?}"
            );
            if let Some(at) = deed.at.as_ref().filter(|at| at.place == HELP) {
                let buttons = message.buttons.iter().flatten();
                self.offered
                    .extend(buttons.map(|button| button.action.clone()));
                if deed.kind() == "thread" {
                    self.theirs.push(at.clone());
                    continue;
                }
            }
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
        .run(&vec(step(), 12..30), |steps| {
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
