//! A chat platform that costs nothing: it says what it is told to say, and hears the answers.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use frontdesk::chat::{
    Act, AnswerHandle, Attempt, ChatEvent, ChatFailure, ChatPlatform, Chatter, Done, EventKind,
    Message, Missing, PostPlace, PostRef,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// The platform. Its name is `chat`.
#[derive(Debug, Default)]
pub struct Wire {
    told: Mutex<Option<mpsc::Sender<ChatEvent>>>,
    waiting: Mutex<HashMap<String, oneshot::Sender<Message>>>,
    ids: AtomicU64,
}

impl Wire {
    /// Types a command as one of fifty agents. Gives the answer, and how long it took to come.
    pub async fn give(&self, line: &str) -> (Message, Duration) {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let (answered, answer) = oneshot::channel();
        self.waiting
            .lock()
            .unwrap()
            .insert(id.to_string(), answered);
        let event = ChatEvent {
            platform: "chat".to_owned(),
            key: format!("{}-{id}", Utc::now().timestamp_micros()),
            at: Utc::now(),
            who: Chatter {
                id: format!("u{}", 1 + id % 50),
                name: "Agent".to_owned(),
                roles: Vec::new(),
            },
            place: PostPlace {
                place: "c-general".to_owned(),
                thread: Some(format!("t{id}")),
            },
            kind: EventKind::Command {
                line: line.to_owned(),
                files: Vec::new(),
                answer: AnswerHandle(id.to_string()),
            },
        };
        let told = loop {
            let told = self.told.lock().unwrap().clone();
            match told {
                Some(told) => break told,
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        let begun = Instant::now();
        told.send(event).await.unwrap();
        let answer = answer.await.unwrap();
        (answer, begun.elapsed())
    }

    fn post(&self, place: PostPlace) -> PostRef {
        PostRef {
            place,
            id: format!("p{}", self.ids.fetch_add(1, Ordering::Relaxed)),
        }
    }
}

impl ChatPlatform for Wire {
    fn run<'a>(
        &'a self,
        events: mpsc::Sender<ChatEvent>,
        _since: Vec<PostRef>,
        shutdown: CancellationToken,
    ) -> BoxFuture<'a, Result<(), ChatFailure>> {
        async move {
            *self.told.lock().unwrap() = Some(events);
            shutdown.cancelled().await;
            *self.told.lock().unwrap() = None;
            Ok(())
        }
        .boxed()
    }

    fn act<'a>(
        &'a self,
        act: &'a Act,
        _attempt: Attempt<'a>,
    ) -> BoxFuture<'a, Result<Done, ChatFailure>> {
        let mut done = Done::default();
        match act {
            Act::Answer {
                handle, message, ..
            } => {
                if let Some(waiting) = self.waiting.lock().unwrap().remove(&handle.0) {
                    waiting.send(message.clone()).ok();
                }
            }
            Act::OpenThread { place, .. } => {
                let thread = PostPlace {
                    place: place.clone(),
                    thread: Some(format!("x{}", self.ids.fetch_add(1, Ordering::Relaxed))),
                };
                done.post = Some(self.post(thread.clone()));
                done.thread = Some(thread);
            }
            Act::Post { place, .. } => done.post = Some(self.post(place.clone())),
            _ => {}
        }
        async move { Ok(done) }.boxed()
    }

    fn file<'a>(
        &'a self,
        _url: &'a str,
        _most_bytes: u64,
    ) -> BoxFuture<'a, Result<Vec<u8>, ChatFailure>> {
        async { Ok(Vec::new()) }.boxed()
    }

    fn check<'a>(
        &'a self,
        _places: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Missing>, ChatFailure>> {
        async { Ok(Vec::new()) }.boxed()
    }

    fn longest_post(&self) -> usize {
        2_000
    }
}
