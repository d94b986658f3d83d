//! I2, I3 and I12: what a mailbox does that cannot be read, that refuses what is asked of it, or whose login ends.

use std::time::Duration;

use chrono::TimeDelta;
use frontdesk::config::service::AfterFetch;
use frontdesk::inbound::mailbox;
use frontdesk::inbound::poll::Poller;
use frontdesk::mail::source::{
    Batch, Cursor, FetchedMail, MailSource, Position, SourceError, Wake,
};
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::request;
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

/// A mailbox that does as the test wants.
#[derive(Default)]
struct Source {
    ends_in: Option<TimeDelta>,
    unreachable: bool,
    refuses: bool,
    /// Mails that wait, and whether only the beginning of each is given.
    mails: Vec<(u32, String, bool)>,
    /// What was asked of it: `acknowledge` or `keep`, and the positions.
    asked: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
}

impl Source {
    fn answer(&self, what: &str, positions: &[Position]) -> Result<(), SourceError> {
        for position in positions {
            self.asked
                .lock()
                .unwrap()
                .push(format!("{what} {}", position.key()));
        }
        match self.refuses {
            true if !positions.is_empty() => Err(SourceError::Protocol("over quota".to_owned())),
            _ => Ok(()),
        }
    }
}

impl MailSource for Source {
    fn authorized_for(&mut self) -> Option<Duration> {
        self.ends_in.and_then(|left| left.to_std().ok())
    }

    fn fetch<'a>(
        &'a mut self,
        cursor: &'a Cursor,
        _max: usize,
    ) -> BoxFuture<'a, Result<Batch, SourceError>> {
        let mails = std::mem::take(&mut self.mails);
        let fetched = mails.into_iter().map(|(uid, eml, truncated)| FetchedMail {
            position: Position::Imap {
                uid_validity: 7,
                uid,
            },
            size: 80_000_000,
            raw: eml.replace('\n', "\r\n").into_bytes(),
            truncated,
            received_at: None,
        });
        let batch = match self.unreachable {
            true => Err(SourceError::Unreachable("no route".to_owned())),
            false => Ok(Batch {
                mails: fetched.collect(),
                cursor: *cursor,
                ..Batch::default()
            }),
        };
        Box::pin(async { batch })
    }

    fn acknowledge<'a>(
        &'a mut self,
        positions: &'a [Position],
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        let answer = self.answer("acknowledge", positions);
        Box::pin(async { answer })
    }

    fn keep<'a>(&'a mut self, positions: &'a [Position]) -> BoxFuture<'a, Result<(), SourceError>> {
        let answer = self.answer("keep", positions);
        Box::pin(async { answer })
    }

    fn wait<'a>(
        &'a mut self,
        _at_most: Duration,
        _stop: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<Wake, SourceError>> {
        Box::pin(async { Ok(Wake::Elapsed) })
    }
}

fn poller(desk: &Desk, source: Source) -> Poller {
    let mut mailbox = desk.app.settings.mailboxes[0].clone();
    mailbox.after = AfterFetch::Delete;
    Poller::new(
        desk.app.pool.clone(),
        desk.app.settings.clone(),
        mailbox,
        Box::new(source),
        desk.app.clock.clone(),
        desk.app.wake.clone(),
    )
}

/// Fetches once. The database may not have noticed yet that the poller before has gone.
async fn fetch(desk: &Desk, source: Source) -> anyhow::Result<()> {
    let mut poller = poller(desk, source);
    while !poller.fetch_once().await? {}
    Ok(())
}

async fn look(desk: &Desk, ends_in: TimeDelta) {
    let source = Source {
        ends_in: Some(ends_in),
        ..Source::default()
    };
    fetch(desk, source).await.unwrap();
}

#[tokio::test]
async fn i2_a_mailbox_that_was_not_read_for_an_hour_is_told_once_a_day() {
    let desk = Desk::open().await;
    fetch(&desk, Source::default()).await.unwrap();
    let lost = async || {
        let source = Source {
            unreachable: true,
            ..Source::default()
        };
        fetch(&desk, source).await.unwrap_err();
        desk.take_mail().await
    };
    desk.advance(TimeDelta::minutes(50));
    assert!(lost().await.is_empty());
    desk.advance(TimeDelta::minutes(11));
    let told = lost().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].to, "operator@desk.test");
    assert!(told[0].text().contains("no route"), "{}", told[0].text());
    desk.advance(TimeDelta::hours(1));
    assert!(lost().await.is_empty());
    desk.advance(TimeDelta::days(1));
    assert_eq!(lost().await.len(), 1);
    desk.close().await;
}

#[tokio::test]
async fn i3_a_server_that_refuses_the_deletion_keeps_no_new_mail_out() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    let mail = |id: &str| request("carla@customer.test", id, "Subject", "Text");
    for (uid, id) in [(1, "1@customer.test"), (2, "2@customer.test")] {
        let source = Source {
            refuses: true,
            mails: vec![(uid, mail(id), false)],
            ..Source::default()
        };
        fetch(&desk, source).await.unwrap();
    }
    desk.process().await;
    assert_eq!(desk.tickets().await.len(), 2);
    let mails = desk.take_mail().await;
    let told = mails.iter().filter(|mail| mail.to == "operator@desk.test");
    let told: Vec<&str> = told.map(|mail| mail.text()).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("over quota"), "{told:?}");
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let open = mailbox::unacknowledged(&mut conn, "support", 10)
        .await
        .unwrap();
    assert_eq!(open.len(), 2);
    drop(conn);
    desk.close().await;
}

#[tokio::test]
async fn i11_a_mail_of_which_only_the_beginning_was_taken_is_not_deleted() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    let mail = |id: &str| request("carla@customer.test", id, "Subject", "Text");
    let asked = std::sync::Arc::default();
    let source = Source {
        mails: vec![
            (1, mail("1@customer.test"), true),
            (2, mail("2@customer.test"), false),
        ],
        asked: std::sync::Arc::clone(&asked),
        ..Source::default()
    };
    fetch(&desk, source).await.unwrap();
    assert_eq!(
        *asked.lock().unwrap(),
        ["keep imap:7:1", "acknowledge imap:7:2"]
    );
    desk.process().await;
    desk.take_mail().await;
    desk.close().await;
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
