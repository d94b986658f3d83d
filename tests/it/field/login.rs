//! I12: the end of a login is told before it comes.

use std::time::Duration;

use chrono::TimeDelta;
use frontdesk::inbound::poll::Poller;
use frontdesk::mail::source::{Batch, Cursor, MailSource, Position, SourceError, Wake};
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::harness::Desk;

const CHAT: &str = r#"
[[chat]]
name = "chat"
operators = "c-machinery"

[chat.discord]
token = { env = "CHAT" }
server = "1"

[[chat.place]]
id = "c-general"
"#;

/// An empty mailbox whose login ends after this time.
struct Ending(Duration);

impl MailSource for Ending {
    fn authorized_for(&mut self) -> Option<Duration> {
        Some(self.0)
    }

    fn fetch<'a>(
        &'a mut self,
        cursor: &'a Cursor,
        _max: usize,
    ) -> BoxFuture<'a, Result<Batch, SourceError>> {
        Box::pin(async {
            Ok(Batch {
                cursor: *cursor,
                ..Batch::default()
            })
        })
    }

    fn acknowledge<'a>(
        &'a mut self,
        _positions: &'a [Position],
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(async { Ok(()) })
    }

    fn wait<'a>(
        &'a mut self,
        _at_most: Duration,
        _stop: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<Wake, SourceError>> {
        Box::pin(async { Ok(Wake::Elapsed) })
    }
}

async fn look(desk: &Desk, ends_in: TimeDelta) {
    let mut poller = Poller::new(
        desk.app.pool.clone(),
        desk.app.settings.clone(),
        desk.app.settings.mailboxes[0].clone(),
        Box::new(Ending(ends_in.to_std().unwrap())),
        desk.app.clock.clone(),
        desk.app.wake.clone(),
    );
    assert!(poller.fetch_once().await.unwrap());
}

#[tokio::test]
async fn i12_a_login_that_ends_soon_is_told_by_mail_and_in_chat_once_a_day() {
    let desk = Desk::open_with(CHAT).await;
    look(&desk, TimeDelta::days(15)).await;
    assert!(desk.take_posts().await.is_empty());

    look(&desk, TimeDelta::days(13)).await;
    look(&desk, TimeDelta::days(13)).await;
    let told = desk.take_one().await;
    assert_eq!(told.to, "operator@desk.test");
    assert!(
        told.text().contains("ends on 3 December 2026"),
        "{}",
        told.text()
    );
    let posts = desk.take_posts().await;
    assert_eq!(posts.len(), 1, "{posts:?}");
    assert_eq!(posts[0].at.as_ref().unwrap().place, "c-machinery");
    assert!(
        posts[0]
            .text()
            .contains("login of the mailbox support ends on 3 December 2026"),
        "{}",
        posts[0].text()
    );

    desk.advance(TimeDelta::days(1));
    look(&desk, TimeDelta::days(12)).await;
    assert_eq!(desk.take_posts().await.len(), 1);
    assert_eq!(desk.take_one().await.to, "operator@desk.test");
    desk.close().await;
}
