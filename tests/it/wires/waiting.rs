//! Waiting for mail, and servers that fall silent.

use std::time::Duration;

use frontdesk::{
    config::service::{Credentials, ImapSettings, TlsMode},
    mail::source::{Cursor, MailSource, SourceError, Wake},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{SUPPORT, mail, source, subjects};
use crate::stack::{MailStack, StackOptions};

/// Longer than any test may take: what ends such a wait is not the time.
const LONG: Duration = Duration::from_secs(3600);

fn stack() -> MailStack {
    let stack = MailStack::start(StackOptions::imap_only());
    stack.add_user(SUPPORT, "secret");
    stack
}

#[tokio::test]
async fn idle_tells_of_new_mail() {
    let stack = stack();
    let mut source = source(stack.imap(SUPPORT, "secret", TlsMode::Tls));
    let stop = CancellationToken::new();
    let mut cursor = source.fetch(&Cursor::default(), 10).await.unwrap().cursor;
    for number in 0..3 {
        let (wake, _) = tokio::join!(source.wait(LONG, &stop), async {
            stack.put(SUPPORT, &mail(number));
        });
        assert_eq!(wake.unwrap(), Wake::Mail);
        let batch = source.fetch(&cursor, 10).await.unwrap();
        assert_eq!(subjects(&batch), [format!("Mail {number}")]);
        cursor = batch.cursor;
    }
}

#[tokio::test]
async fn mail_that_came_before_the_wait_ends_it_at_once() {
    let stack = stack();
    let mut source = source(stack.imap(SUPPORT, "secret", TlsMode::Tls));
    let stop = CancellationToken::new();
    source.fetch(&Cursor::default(), 10).await.unwrap();
    stack.put(SUPPORT, &mail(1));
    assert_eq!(source.wait(LONG, &stop).await.unwrap(), Wake::Mail);
    // Nobody has fetched it: waiting again does not hide it.
    assert_eq!(source.wait(LONG, &stop).await.unwrap(), Wake::Mail);
}

#[tokio::test]
async fn waiting_ends_with_its_time_and_with_the_stop() {
    for idle in [true, false] {
        let stack = stack();
        let mut settings = stack.imap(SUPPORT, "secret", TlsMode::Tls);
        settings.idle = idle;
        let mut source = source(settings);
        let stop = CancellationToken::new();
        let cursor = source.fetch(&Cursor::default(), 10).await.unwrap().cursor;
        let wake = source.wait(Duration::from_millis(20), &stop).await.unwrap();
        assert_eq!(wake, Wake::Elapsed);
        let (wake, ()) = tokio::join!(source.wait(LONG, &stop), async { stop.cancel() });
        assert_eq!(wake.unwrap(), Wake::Stopped);
        // The session outlived both.
        stack.put(SUPPORT, &mail(1));
        assert_eq!(source.fetch(&cursor, 10).await.unwrap().mails.len(), 1);
    }
}

#[tokio::test]
async fn a_server_without_idle_is_polled() {
    let stack = MailStack::start(StackOptions {
        imap_capability: Some("IMAP4rev1"),
        ..StackOptions::imap_only()
    });
    stack.add_user(SUPPORT, "secret");
    let mut source = source(stack.imap(SUPPORT, "secret", TlsMode::Tls));
    let stop = CancellationToken::new();
    let cursor = source.fetch(&Cursor::default(), 10).await.unwrap().cursor;
    stack.put(SUPPORT, &mail(1));
    let wake = source.wait(Duration::from_millis(20), &stop).await.unwrap();
    assert_eq!(wake, Wake::Elapsed);
    let batch = source.fetch(&cursor, 10).await.unwrap();
    assert_eq!(subjects(&batch), ["Mail 1"]);
}

#[tokio::test]
async fn a_kicked_session_ends_the_wait_with_an_error_and_the_next_one_works() {
    let stack = stack();
    let mut source = source(stack.imap(SUPPORT, "secret", TlsMode::Tls));
    let stop = CancellationToken::new();
    let cursor = source.fetch(&Cursor::default(), 10).await.unwrap().cursor;
    let (wake, ()) = tokio::join!(source.wait(LONG, &stop), async {
        stack.kick(SUPPORT);
    });
    let error = wake.unwrap_err();
    assert!(matches!(error, SourceError::Unreachable(_)), "{error:?}");
    stack.put(SUPPORT, &mail(1));
    assert_eq!(source.wait(LONG, &stop).await.unwrap(), Wake::Mail);
    assert_eq!(source.fetch(&cursor, 10).await.unwrap().mails.len(), 1);
}

#[tokio::test]
async fn a_server_that_dies_ends_the_wait_with_an_error() {
    let mut stack = stack();
    let mut source = source(stack.imap(SUPPORT, "secret", TlsMode::Tls));
    let stop = CancellationToken::new();
    source.fetch(&Cursor::default(), 10).await.unwrap();
    let (wake, ()) = tokio::join!(source.wait(LONG, &stop), async { stack.kill_dovecot() });
    let error = wake.unwrap_err();
    assert!(matches!(error, SourceError::Unreachable(_)), "{error:?}");
}

/// A server that answers as it is told and then says nothing more, with its line open.
async fn scripted(script: &'static [&'static str]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut held = Vec::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            for (index, answer) in script.iter().enumerate() {
                let tag = if index == 0 {
                    String::new()
                } else {
                    let Ok(Some(line)) = lines.next_line().await else {
                        break;
                    };
                    line.split(' ').next().unwrap().to_owned()
                };
                let answer = answer.replace("TAG", &tag);
                let _ = write.write_all(answer.as_bytes()).await;
            }
            held.push((lines, write));
        }
    });
    port
}

fn scripted_settings(port: u16) -> ImapSettings {
    ImapSettings {
        host: "127.0.0.1".to_owned(),
        port,
        tls: TlsMode::None,
        ca_file: None,
        credentials: Credentials::Password {
            user: "support".to_owned(),
            password: "secret".to_owned().into(),
        },
        folder: "INBOX".to_owned(),
        idle: true,
        timeout_seconds: 1,
    }
}

const GREETING: &str = "* OK ready\r\n";
const LOGIN: &str = "TAG OK logged in\r\n";
const CAPABILITY: &str = "* CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS\r\nTAG OK done\r\n";
const SELECT: &str = "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 2] next\r\nTAG OK [READ-WRITE] selected\r\n";
const NOOP: &str = "TAG OK done\r\n";

#[tokio::test]
async fn i2_a_silent_server_is_noticed_at_every_step() {
    let scripts: [&'static [&'static str]; 7] = [
        &[""],
        &[GREETING],
        &[GREETING, LOGIN],
        &[GREETING, LOGIN, CAPABILITY],
        &[GREETING, LOGIN, CAPABILITY, SELECT],
        &[GREETING, LOGIN, CAPABILITY, SELECT, NOOP],
        &[
            GREETING,
            LOGIN,
            CAPABILITY,
            SELECT,
            NOOP,
            "* 1 FETCH (UID 1)\r\n", // begun, never ended
        ],
    ];
    // All at once, since each takes its deadline.
    let attempts = scripts.map(|script| async move {
        let mut source = source(scripted_settings(scripted(script).await));
        source.fetch(&Cursor::default(), 10).await.unwrap_err()
    });
    for error in futures::future::join_all(attempts).await {
        assert!(
            matches!(error, SourceError::Unreachable(ref text) if text.contains("within 1 s")),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn i2_a_server_that_falls_silent_in_idle_is_noticed() {
    let script = &[
        GREETING,
        LOGIN,
        CAPABILITY,
        "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\nTAG OK selected\r\n",
        "+ idling\r\n",
    ];
    let mut source = source(scripted_settings(scripted(script).await));
    let stop = CancellationToken::new();
    let error = source
        .wait(Duration::from_millis(20), &stop)
        .await
        .unwrap_err();
    assert!(
        matches!(error, SourceError::Unreachable(ref text) if text.contains("DONE")),
        "{error:?}"
    );
}

/// The time stands still but for timers: two hours pass at once.
#[tokio::test(start_paused = true)]
async fn idle_is_entered_anew_before_a_server_may_end_the_session() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(GREETING.as_bytes()).await.unwrap();
        let mut silences = Vec::new();
        let mut since = Instant::now();
        let mut idle = String::new();
        while let Ok(Some(line)) = lines.next_line().await {
            silences.push(since.elapsed());
            since = Instant::now();
            let (tag, command) = line.split_once(' ').unwrap_or((&idle, "DONE"));
            let answer = match command.split(' ').next().unwrap() {
                "CAPABILITY" => CAPABILITY,
                "SELECT" => "* OK [UIDVALIDITY 7] valid\r\nTAG OK selected\r\n",
                "IDLE" => "+ idling\r\n* OK Still here\r\n",
                _ => "TAG OK done\r\n",
            };
            write
                .write_all(answer.replace("TAG", tag).as_bytes())
                .await
                .unwrap();
            idle = tag.to_owned();
        }
        silences
    });
    let mut source = source(scripted_settings(port));
    let stop = CancellationToken::new();
    let wake = source.wait(2 * LONG, &stop).await.unwrap();
    assert_eq!(wake, Wake::Elapsed);
    drop(source);
    let silences = server.await.unwrap();
    assert!(silences.iter().sum::<Duration>() >= 2 * LONG);
    let longest = silences.iter().max().unwrap();
    assert!(*longest < Duration::from_secs(29 * 60), "{longest:?}");
}

#[tokio::test]
async fn a_refused_listing_is_an_error_and_not_an_empty_mailbox() {
    let script = &[
        GREETING,
        LOGIN,
        CAPABILITY,
        SELECT,
        NOOP,
        "TAG NO [SERVERBUG] Internal error\r\n",
    ];
    let mut source = source(scripted_settings(scripted(script).await));
    let error = source.fetch(&Cursor::default(), 10).await.unwrap_err();
    assert!(
        matches!(error, SourceError::Protocol(ref text) if text.contains("Internal error")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_preauthenticated_greeting_does_not_talk_us_out_of_starttls() {
    let mut settings = scripted_settings(scripted(&["* PREAUTH welcome\r\n"]).await);
    settings.tls = TlsMode::Starttls;
    let error = source(settings)
        .fetch(&Cursor::default(), 10)
        .await
        .unwrap_err();
    assert!(matches!(error, SourceError::Protocol(_)), "{error:?}");
}
