//! What stand-ins have in common: a state behind a door, a bell that rings when it changed, requests as they came, and
//! trouble that a test asks for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;

/// How long anything may take that a test waits for. It is far more than it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub method: String,
    pub path: String,
    pub body: Value,
    pub status: u16,
}

/// How a stand-in misbehaves, once.
#[derive(Debug, Clone)]
pub struct Fault {
    pub method: &'static str,
    pub path: String,
    pub what: Trouble,
}

#[derive(Debug, Clone)]
pub enum Trouble {
    /// This status and body instead of doing it.
    Refuse(u16, Value),
    /// It is done, and then the connection breaks: nobody hears of it.
    DoneButLost,
    /// Nothing happens until it is released.
    Hold(Arc<Notify>),
}

/// A state that keeps the requests that came.
pub trait Logged {
    fn log(&self) -> &[Recorded];
}

/// The state, and a bell that rings when somebody may have changed it.
#[derive(Debug)]
pub struct Door<S> {
    state: Arc<Mutex<S>>,
    bell: Arc<Notify>,
}

impl<S> Clone for Door<S> {
    fn clone(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
            bell: Arc::clone(&self.bell),
        }
    }
}

impl<S: Logged> Door<S> {
    pub fn new(state: S) -> Self {
        Self {
            state: Arc::new(Mutex::new(state)),
            bell: Arc::new(Notify::new()),
        }
    }

    pub fn with<T>(&self, work: impl FnOnce(&mut S) -> T) -> T {
        let done = work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.bell.notify_waiters();
        done
    }

    /// Waits until `look` finds what it looks for.
    pub async fn until<T>(&self, what: &str, mut look: impl FnMut(&S) -> Option<T>) -> T {
        let looking = async {
            loop {
                let rung = self.bell.notified();
                tokio::pin!(rung);
                rung.as_mut().enable();
                let found = look(&self.state.lock().unwrap_or_else(PoisonError::into_inner));
                if let Some(found) = found {
                    return found;
                }
                rung.await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, looking).await;
        found.unwrap_or_else(|_| {
            let log = self.with(|state| format!("{:#?}", state.log()));
            panic!("waited in vain for {what}; these requests came: {log}")
        })
    }
}
