//! A terminal: one person, one screen, line editing by rustyline.
//!
//! Everything is said in one place, [`PLACE`], whose threads are named by the first word of their titles. The person is in
//! at most one of them; what happens in the others is shown all the same, under its title. A terminal keeps nothing: a card
//! that is edited shows what changed of it, and what was posted while nobody looked is not told again.
//!
//! A line is read, becomes an event, and the next one is read when whoever feeds on the events has called
//! [`Terminal::settled`]. So a script's lines are worked one after the other, and a person's prompt comes back when the
//! answer stands above it. What others do is shown at any time.

mod complete;
mod files;
mod keyboard;
mod keys;
mod line;
mod markup;
mod put;
mod screen;
mod talk;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

use super::{
    Act, Attempt, ChatEvent, ChatFailure, ChatPlatform, Chatter, Done, Missing, PostPlace, PostRef,
    Surface,
};
use keys::Keys;

pub use keyboard::{Source, Typed};
pub use screen::{Paper, Screen};

/// The one place of a terminal.
pub const PLACE: &str = "desk";

/// Finds a thread by what somebody typed of its name, and shows it; or says why there is none.
pub type Find = Arc<dyn Fn(String) -> BoxFuture<'static, Result<PostPlace, String>> + Send + Sync>;

/// What a terminal is made of.
#[derive(Debug)]
pub struct Setting {
    /// The platform's name.
    pub name: String,
    /// The person.
    pub who: Chatter,
    /// What must be known in advance.
    pub surface: Surface,
    /// The time.
    pub clock: Clock,
    /// What is written on.
    pub screen: Screen,
    /// Whether what is typed is shown by us; a keyboard shows it by itself.
    pub echo: bool,
}

/// A terminal.
#[derive(Debug)]
pub struct Terminal(Arc<Shared>);

struct Shared {
    setting: Setting,
    source: Mutex<Option<Source>>,
    find: Find,
    state: Mutex<State>,
    settled: Notify,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("setting", &self.setting)
            .finish_non_exhaustive()
    }
}

/// What changes while the terminal is open.
#[derive(Default)]
struct State {
    /// The thread that the person is in.
    here: Option<PostPlace>,
    /// The thread whose title was shown last.
    shown: Option<String>,
    /// What is known of threads, by their names.
    threads: BTreeMap<String, put::Thread>,
    keys: Keys,
    /// Files that the person named, which alone may be read.
    named: Vec<String>,
    /// Who waits for what could be typed.
    asking: BTreeMap<String, std::sync::mpsc::Sender<Vec<(String, String)>>>,
    feed: Option<mpsc::Sender<ChatEvent>>,
}

impl Terminal {
    /// A terminal that reads from `source`. `find` opens threads that are asked for by name.
    #[must_use]
    pub fn new(setting: Setting, source: Source, find: Find) -> Self {
        Self(Arc::new(Shared {
            setting,
            source: Mutex::new(Some(source)),
            find,
            state: Mutex::new(State::default()),
            settled: Notify::new(),
        }))
    }

    /// Says that the last event is worked and answered: the next line may be read.
    pub fn settled(&self) {
        self.0.settled.notify_one();
    }

    /// Shows lines as they are: whoever wrote them has made them harmless.
    pub fn show(&self, lines: &str) {
        let lines: Vec<String> = lines.lines().map(str::to_owned).collect();
        self.0.setting.screen.print(&lines);
    }

    /// Says something to the person that no event asked for: Markdown.
    pub fn say(&self, markdown: &str) {
        self.0.say(markdown);
    }
}

impl ChatPlatform for Terminal {
    fn run<'a>(
        &'a self,
        events: mpsc::Sender<ChatEvent>,
        _since: Vec<PostRef>,
        shutdown: CancellationToken,
    ) -> BoxFuture<'a, Result<(), ChatFailure>> {
        Box::pin(async move {
            let source = self
                .0
                .source
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            let Some(source) = source else {
                let text = "the terminal was closed".to_owned();
                return Err(ChatFailure::Permanent { text });
            };
            let is_keyboard = matches!(source, Source::Keyboard(_));
            self.0.state().feed = Some(events.clone());
            let shared = Arc::clone(&self.0);
            let (mut keyboard, paper) =
                keyboard::open(source, Arc::new(move |line| shared.offers(line)));
            if let Some(paper) = paper {
                self.0.setting.screen.write_on(paper);
            }
            tokio::select! {
                _ = self.0.talk(&mut keyboard, is_keyboard, &events) => {}
                () = shutdown.cancelled() => {}
            }
            self.0.state().feed = None;
            Ok(())
        })
    }

    fn act<'a>(&'a self, act: &'a Act, _: Attempt<'a>) -> BoxFuture<'a, Result<Done, ChatFailure>> {
        Box::pin(async move { Ok(self.0.put(act)) })
    }

    fn file<'a>(
        &'a self,
        url: &'a str,
        most_bytes: u64,
    ) -> BoxFuture<'a, Result<Vec<u8>, ChatFailure>> {
        Box::pin(async move {
            if !self.0.state().named.iter().any(|named| named == url) {
                let text = "nobody at this terminal named it".to_owned();
                return Err(ChatFailure::Permanent { text });
            }
            files::read(url, most_bytes).await
        })
    }

    fn check<'a>(&'a self, _: &'a [String]) -> BoxFuture<'a, Result<Vec<Missing>, ChatFailure>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn longest_post(&self) -> usize {
        usize::MAX
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn here(&self) -> PostPlace {
        self.state().here.clone().unwrap_or_else(|| PostPlace {
            place: PLACE.to_owned(),
            thread: None,
        })
    }
}
