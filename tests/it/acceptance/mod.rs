//! The whole service as operators run it: the program itself between real servers, through a day's work, through
//! kills, and through outages.

mod desk;
mod ending;
mod in_chat;
mod killed;
mod letters;
mod outages;
mod proxy;
mod round_trip;
mod service;

use std::time::{Duration, Instant};

/// How long a condition may take to come true. It is long because the machine may be busy; nothing is timed by it.
const PATIENCE: Duration = Duration::from_secs(150);

/// Asks until the answer is yes; gives false when patience ends.
async fn within_patience(mut question: impl AsyncFnMut() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if question().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}
