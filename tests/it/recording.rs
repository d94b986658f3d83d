//! A chat platform that keeps everything in memory and says what was done to it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use frontdesk::chat::{
    Act, Attempt, ChatEvent, ChatFailure, ChatPlatform, Done, Message, Missing, PostPlace, PostRef,
    Said,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The platform. Its name is `chat`.
#[derive(Debug, Default)]
pub struct Recording(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    ids: u64,
    /// Everything that stands there, by place and id.
    posts: BTreeMap<(PostPlace, String), Message>,
    /// What was done and not looked at yet.
    done: Vec<Deed>,
    /// What was done under each name.
    nonces: BTreeMap<String, Done>,
    /// What the next acts meet instead.
    failures: VecDeque<ChatFailure>,
    files: BTreeMap<String, Vec<u8>>,
    /// What stands before a message, the message itself last, by its id.
    around: BTreeMap<String, Vec<Said>>,
}

/// Something that Frontdesk did.
#[derive(Debug, Clone)]
pub struct Deed {
    /// The place of the post, or the thread that was opened; nothing for answers and direct messages.
    pub at: Option<PostPlace>,
    /// The post.
    pub post: Option<PostRef>,
    /// The act.
    pub act: Act,
}

impl Deed {
    /// What it says, whatever it is.
    pub fn message(&self) -> Message {
        match &self.act {
            Act::OpenThread { message, .. }
            | Act::Post { message, .. }
            | Act::Edit { message, .. }
            | Act::Direct { message, .. }
            | Act::Answer { message, .. } => message.clone(),
            _ => Message::default(),
        }
    }

    /// Its text.
    pub fn text(&self) -> String {
        self.message().text
    }

    /// The values of its card, as `Name: value`.
    pub fn card(&self) -> Vec<String> {
        let card = self.message().card.unwrap_or_default();
        let fields = card.fields.iter();
        fields
            .map(|(name, value)| format!("{name}: {value}"))
            .collect()
    }

    /// What stands on its buttons.
    pub fn buttons(&self) -> Vec<String> {
        let rows = self.message().buttons;
        rows.into_iter()
            .flatten()
            .map(|button| button.label)
            .collect()
    }

    /// The action of a button.
    pub fn action(&self, label: &str) -> String {
        let rows = self.message().buttons;
        let mut buttons = rows.into_iter().flatten();
        let button = buttons.find(|button| button.label == label);
        button
            .unwrap_or_else(|| panic!("a button {label} on {self:#?}"))
            .action
    }

    /// What kind of act it is.
    pub fn kind(&self) -> &'static str {
        match self.act {
            Act::OpenThread { .. } => "thread",
            Act::Post { .. } => "post",
            Act::Edit { .. } => "edit",
            Act::Delete { .. } => "delete",
            Act::Direct { .. } => "direct",
            Act::Answer { .. } => "answer",
            Act::Complete { .. } => "complete",
            Act::React { .. } => "react",
            Act::Archive { .. } => "archive",
        }
    }
}

impl Recording {
    /// Everything that was done since the last look.
    pub fn take(&self) -> Vec<Deed> {
        std::mem::take(&mut self.0.lock().unwrap().done)
    }

    /// The next acts fail.
    pub fn fail(&self, failure: ChatFailure, times: usize) {
        let mut state = self.0.lock().unwrap();
        state.failures.extend(std::iter::repeat_n(failure, times));
    }

    /// A file that lies at an address.
    pub fn hold(&self, url: &str, content: &[u8]) {
        let mut state = self.0.lock().unwrap();
        state.files.insert(url.to_owned(), content.to_vec());
    }

    /// What was said before a message, the message itself last.
    pub fn said_before(&self, post: &str, said: Vec<Said>) {
        self.0.lock().unwrap().around.insert(post.to_owned(), said);
    }

    /// What stands at a place now, oldest first.
    pub fn stands_at(&self, at: &PostPlace) -> Vec<Message> {
        let state = self.0.lock().unwrap();
        let posts = state.posts.iter().filter(|((place, _), _)| place == at);
        posts.map(|(_, message)| message.clone()).collect()
    }

    /// An id that nothing else has.
    pub fn id(&self) -> String {
        self.0.lock().unwrap().id()
    }

    fn carry_out(&self, act: &Act, nonce: &str) -> Result<Done, ChatFailure> {
        let mut state = self.0.lock().unwrap();
        if let Some(failure) = state.failures.pop_front() {
            return Err(failure);
        }
        if let Some(done) = state.nonces.get(nonce) {
            return Ok(done.clone());
        }
        let done = state.carry_out(act)?;
        state.nonces.insert(nonce.to_owned(), done.clone());
        let post = done.post.clone();
        state.done.push(Deed {
            at: done
                .thread
                .clone()
                .or(post.as_ref().map(|post| post.place.clone())),
            post,
            act: act.clone(),
        });
        Ok(done)
    }
}

impl State {
    fn id(&mut self) -> String {
        self.ids += 1;
        format!("{:06}", self.ids)
    }

    fn put(&mut self, place: PostPlace, message: &Message) -> PostRef {
        let id = self.id();
        self.posts
            .insert((place.clone(), id.clone()), message.clone());
        PostRef { place, id }
    }

    fn carry_out(&mut self, act: &Act) -> Result<Done, ChatFailure> {
        let mut done = Done::default();
        match act {
            Act::OpenThread { place, message, .. } => {
                let channel = PostPlace {
                    place: place.clone(),
                    thread: None,
                };
                let card = self.put(channel, message);
                done.thread = Some(PostPlace {
                    place: place.clone(),
                    thread: Some(format!("t{}", card.id)),
                });
                done.post = Some(card);
            }
            Act::Post { place, message } => done.post = Some(self.put(place.clone(), message)),
            Act::Edit { post, message } => {
                let key = (post.place.clone(), post.id.clone());
                let Some(there) = self.posts.get_mut(&key) else {
                    return Err(ChatFailure::Permanent {
                        text: "no such post".to_owned(),
                    });
                };
                *there = message.clone();
                done.post = Some(post.clone());
            }
            Act::Delete { post } => {
                let key = (post.place.clone(), post.id.clone());
                if self.posts.remove(&key).is_none() {
                    return Err(ChatFailure::Permanent {
                        text: "no such post".to_owned(),
                    });
                }
            }
            _ => {}
        }
        Ok(done)
    }
}

impl ChatPlatform for Recording {
    fn run<'a>(
        &'a self,
        _: mpsc::Sender<ChatEvent>,
        _: Vec<PostRef>,
        shutdown: CancellationToken,
    ) -> BoxFuture<'a, Result<(), ChatFailure>> {
        async move {
            shutdown.cancelled().await;
            Ok(())
        }
        .boxed()
    }

    fn act<'a>(
        &'a self,
        act: &'a Act,
        attempt: Attempt<'a>,
    ) -> BoxFuture<'a, Result<Done, ChatFailure>> {
        async move { self.carry_out(act, attempt.nonce) }.boxed()
    }

    fn file<'a>(&'a self, url: &'a str, _: u64) -> BoxFuture<'a, Result<Vec<u8>, ChatFailure>> {
        let held = self.0.lock().unwrap().files.get(url).cloned();
        let gone = ChatFailure::Permanent {
            text: "the address expired".to_owned(),
        };
        async move { held.ok_or(gone) }.boxed()
    }

    fn around<'a>(
        &'a self,
        post: &'a PostRef,
        most: u8,
    ) -> BoxFuture<'a, Result<Vec<Said>, ChatFailure>> {
        let held = self.0.lock().unwrap().around.get(&post.id).cloned();
        async move {
            let mut said = held.unwrap_or_default();
            let before = said.len().saturating_sub(usize::from(most));
            Ok(said.split_off(before))
        }
        .boxed()
    }

    fn check<'a>(&'a self, _: &'a [String]) -> BoxFuture<'a, Result<Vec<Missing>, ChatFailure>> {
        async move { Ok(Vec::new()) }.boxed()
    }

    fn longest_post(&self) -> usize {
        2_000
    }
}
