//! Sending through a real Postfix.

use frontdesk::{
    clock::Clock,
    config::service::{Dkim, Outgoing, OutgoingRoute, SmtpServer, TlsMode},
    mail::smtp::{Mailer, SendFailure},
};

use super::SUPPORT;
use crate::stack::{MailStack, StackOptions};

const CUSTOMER: &str = "ada@example.net";
const MESSAGE: &[u8] = b"From: Support <support@example.org>\r\nTo: ada@example.net\r\nSubject: Re: Order\r\nMessage-ID: <1@example.org>\r\nDate: Fri, 20 Nov 2026 09:15:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n.\r\n.. and goodbye\r\n";

fn stack() -> MailStack {
    start(StackOptions::default())
}

fn start(options: StackOptions) -> MailStack {
    let stack = MailStack::start(options);
    stack.add_user(SUPPORT, "secret");
    stack.add_user(CUSTOMER, "secret");
    stack
}

pub(super) fn mailer(servers: Vec<SmtpServer>) -> Mailer {
    let outgoing = Outgoing {
        route: OutgoingRoute::Smtp(servers),
        dkim: None,
        concurrency: 4,
        retry_hours: 72,
    };
    Mailer::new(&outgoing, Clock::default()).unwrap()
}

fn dead(stack: &MailStack) -> SmtpServer {
    let mut server = stack.smtp(SUPPORT, "secret", TlsMode::Tls);
    server.port = 1;
    server
}

fn body(raw: &[u8]) -> &[u8] {
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n");
    // Dovecot keeps mails with bare line feeds on disk.
    end.map(|end| &raw[end + 4..]).unwrap_or_else(|| {
        let end = raw.windows(2).position(|two| two == b"\n\n").unwrap();
        &raw[end + 2..]
    })
}

fn header<'a>(raw: &'a [u8], name: &str) -> Option<&'a str> {
    let text = std::str::from_utf8(raw).unwrap();
    text.lines()
        .take_while(|line| !line.is_empty())
        .find_map(|line| line.strip_prefix(&format!("{name}: ")))
}

#[tokio::test]
async fn a_message_arrives_whole_over_tls_and_starttls_and_loopback() {
    let stack = stack();
    let modes = [TlsMode::Tls, TlsMode::Starttls, TlsMode::None];
    for (index, tls) in modes.into_iter().enumerate() {
        let mailer = mailer(vec![stack.smtp(SUPPORT, "secret", tls)]);
        let accepted = mailer
            .send(Some(SUPPORT), CUSTOMER, MESSAGE)
            .await
            .unwrap_or_else(|error| panic!("{tls:?}: {error}\n{}", stack.log()));
        assert_eq!(accepted.by, "localhost");
        assert!(accepted.reply.contains("queued as"), "{}", accepted.reply);
        let mails = stack.wait_for_mails(CUSTOMER, index + 1);
        let mail = mails.last().unwrap();
        assert_eq!(header(mail, "Return-Path"), Some("<support@example.org>"));
        let wanted = "Grüße\n.\n.. and goodbye\n";
        let text = String::from_utf8(body(mail).to_vec()).unwrap();
        assert_eq!(text.replace("\r\n", "\n"), wanted);
    }
}

#[tokio::test]
async fn l1_an_automatic_answer_has_the_null_sender() {
    let stack = stack();
    let mailer = mailer(vec![stack.smtp(SUPPORT, "secret", TlsMode::Starttls)]);
    mailer.send(None, CUSTOMER, MESSAGE).await.unwrap();
    let mails = stack.wait_for_mails(CUSTOMER, 1);
    assert_eq!(header(&mails[0], "Return-Path"), Some("<>"));
}

#[tokio::test]
async fn i15_without_starttls_nothing_is_sent() {
    let stack = start(StackOptions {
        smtp_starttls: false,
        ..StackOptions::default()
    });
    let mailer = mailer(vec![stack.smtp(SUPPORT, "secret", TlsMode::Starttls)]);
    let failure = mailer
        .send(Some(SUPPORT), CUSTOMER, MESSAGE)
        .await
        .unwrap_err();
    assert!(
        matches!(failure, SendFailure::Unreachable(ref text) if text.contains("STARTTLS")),
        "{failure:?}"
    );
    assert!(!stack.log().contains("sasl_username"), "{}", stack.log());
}

#[tokio::test]
async fn an_unknown_certificate_is_refused_before_the_login() {
    let stack = stack();
    for tls in [TlsMode::Tls, TlsMode::Starttls] {
        let mut server = stack.smtp(SUPPORT, "secret", tls);
        server.ca_file = None;
        let failure = mailer(vec![server])
            .send(Some(SUPPORT), CUSTOMER, MESSAGE)
            .await
            .unwrap_err();
        assert!(
            matches!(failure, SendFailure::Unreachable(ref text) if text.contains("UnknownIssuer")),
            "{failure:?}"
        );
    }
    assert!(!stack.log().contains("sasl_username"), "{}", stack.log());
}

#[tokio::test]
async fn plain_text_is_for_loopback_only() {
    let stack = stack();
    let mut server = stack.smtp(SUPPORT, "secret", TlsMode::None);
    server.host = "mail.example.org".to_owned();
    let outgoing = Outgoing {
        route: OutgoingRoute::Smtp(vec![server]),
        dkim: None,
        concurrency: 1,
        retry_hours: 72,
    };
    let error = Mailer::new(&outgoing, Clock::default()).unwrap_err();
    assert!(error.to_string().contains("mail.example.org"), "{error}");
}

#[tokio::test]
async fn a_refusal_is_for_good_or_for_now_and_no_other_server_is_asked() {
    let stack = stack();
    let first = stack.smtp(SUPPORT, "secret", TlsMode::Starttls);
    let second = stack.smtp(SUPPORT, "secret", TlsMode::Tls);
    let mailer = mailer(vec![first, second]);
    let failure = mailer
        .send(Some(SUPPORT), "nobody@example.net", MESSAGE)
        .await
        .unwrap_err();
    assert!(
        matches!(failure, SendFailure::Permanent { code: Some(550), ref text } if text.contains("no such user here")),
        "{failure:?}"
    );
    let failure = mailer
        .send(Some(SUPPORT), "later@example.net", MESSAGE)
        .await
        .unwrap_err();
    assert!(
        matches!(failure, SendFailure::Transient { code: Some(450), ref text } if text.contains("try again later")),
        "{failure:?}"
    );
    stack.wait_for_log(&["submission/smtpd", "450 4.2.1"]);
    let log = stack.log();
    let rejects = log.lines().filter(|line| line.contains("NOQUEUE: reject"));
    assert_eq!(rejects.count(), 2, "{log}");
    // One bad recipient does not spoil the connection for the next one.
    mailer.send(Some(SUPPORT), CUSTOMER, MESSAGE).await.unwrap();
}

#[tokio::test]
async fn c2_another_server_takes_over_from_one_that_is_dead_or_closing() {
    let stack = stack();
    let good = stack.smtp(SUPPORT, "secret", TlsMode::Starttls);
    let mut wrong = good.clone();
    wrong.credentials = stack.smtp(SUPPORT, "wrong", TlsMode::Tls).credentials;
    for first in [dead(&stack), wrong] {
        let mailer = mailer(vec![first, good.clone()]);
        mailer.send(Some(SUPPORT), CUSTOMER, MESSAGE).await.unwrap();
    }
    // 421 closes the connection, whatever command it answers; both servers say it here.
    let mailer = mailer(vec![
        good.clone(),
        stack.smtp(SUPPORT, "secret", TlsMode::Tls),
    ]);
    let failure = mailer
        .send(Some(SUPPORT), "closing@example.net", MESSAGE)
        .await
        .unwrap_err();
    assert!(
        matches!(
            failure,
            SendFailure::Transient {
                code: Some(421),
                ..
            }
        ),
        "{failure:?}"
    );
    for service in ["submission/smtpd", "submissions/smtpd"] {
        stack.wait_for_log(&[service, "421 4.3.2"]);
    }
}

#[tokio::test]
async fn with_no_server_left_the_mail_is_not_lost_but_unreachable() {
    let mut stack = stack();
    let mailer = mailer(vec![
        dead(&stack),
        stack.smtp(SUPPORT, "secret", TlsMode::Tls),
    ]);
    mailer.send(Some(SUPPORT), CUSTOMER, MESSAGE).await.unwrap();
    stack.kill_postfix();
    // The parked connection is dead as well.
    let failure = mailer
        .send(Some(SUPPORT), CUSTOMER, MESSAGE)
        .await
        .unwrap_err();
    assert!(
        matches!(failure, SendFailure::Unreachable(_)),
        "{failure:?}"
    );
    stack.start_postfix();
    mailer.send(Some(SUPPORT), CUSTOMER, MESSAGE).await.unwrap();
    // A stop and a start between two mails are not noticed at all.
    stack.stop_postfix();
    stack.start_postfix();
    mailer.send(Some(SUPPORT), CUSTOMER, MESSAGE).await.unwrap();
    stack.wait_for_mails(CUSTOMER, 3);
}

#[tokio::test]
async fn many_at_once_share_few_connections() {
    let stack = stack();
    let mailer = mailer(vec![stack.smtp(SUPPORT, "secret", TlsMode::Starttls)]);
    let sends = (0..40).map(|_| mailer.send(Some(SUPPORT), CUSTOMER, MESSAGE));
    for sent in futures::future::join_all(sends).await {
        sent.unwrap();
    }
    stack.wait_for_mails(CUSTOMER, 40);
    let connects = stack
        .log()
        .lines()
        .filter(|line| line.contains("submission/smtpd") && line.contains(": connect from"))
        .count();
    // One more is the harness, which asks whether the port answers.
    assert!((2..=5).contains(&connects), "{connects} connections");
}

#[tokio::test]
async fn a_bare_line_feed_smuggles_no_second_message() {
    let stack = stack();
    let mailer = mailer(vec![stack.smtp(SUPPORT, "secret", TlsMode::Tls)]);
    let hostile = b"Subject: one\r\n\r\nfirst\n.\nMAIL FROM:<boss@example.org>\nRCPT TO:<ada@example.net>\nDATA\nSubject: two\n\nsecond\r.\r\n";
    mailer.send(Some(SUPPORT), CUSTOMER, hostile).await.unwrap();
    mailer.send(Some(SUPPORT), CUSTOMER, MESSAGE).await.unwrap();
    let mails = stack.wait_for_mails(CUSTOMER, 2);
    // Postfix delivers two messages side by side: either may come first.
    let holding = |text: &str| {
        mails
            .iter()
            .filter(|raw| String::from_utf8_lossy(raw).contains(text))
            .count()
    };
    assert_eq!(mails.len(), 2);
    assert_eq!(holding("MAIL FROM:<boss@example.org>"), 1);
    assert_eq!(holding("Grüße"), 1);
}

#[tokio::test]
async fn a_signed_message_arrives_with_its_signature() {
    let stack = stack();
    let key = std::process::Command::new("openssl")
        .args(["genpkey", "-algorithm", "ed25519"])
        .output()
        .unwrap();
    let outgoing = Outgoing {
        route: OutgoingRoute::Smtp(vec![stack.smtp(SUPPORT, "secret", TlsMode::Tls)]),
        dkim: Some(Dkim {
            domain: "example.org".to_owned(),
            selector: "desk".to_owned(),
            private_key: String::from_utf8(key.stdout).unwrap().into(),
        }),
        concurrency: 1,
        retry_hours: 72,
    };
    let mailer = Mailer::new(&outgoing, Clock::default()).unwrap();
    mailer.send(Some(SUPPORT), CUSTOMER, MESSAGE).await.unwrap();
    let mails = stack.wait_for_mails(CUSTOMER, 1);
    let text = String::from_utf8(mails[0].clone()).unwrap();
    let text = text.replace("\r\n", "\n");
    assert!(text.contains(
        "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\n d=example.org; s=desk; t="
    ));
    // What is signed comes through unchanged.
    let sent = String::from_utf8(MESSAGE.to_vec()).unwrap();
    assert!(text.ends_with(&sent.replace("\r\n", "\n")), "{text}");
}

#[tokio::test]
async fn a_used_up_rate_sends_by_the_next_server_or_later() {
    let stack = stack();
    let mut first = stack.smtp(SUPPORT, "secret", TlsMode::Starttls);
    first.per_minute = Some(2);
    let second = stack.smtp(SUPPORT, "secret", TlsMode::Tls);
    let both = mailer(vec![first.clone(), second]);
    for _ in 0..3 {
        both.send(Some(SUPPORT), CUSTOMER, MESSAGE).await.unwrap();
    }
    stack.wait_for_mails(CUSTOMER, 3);
    let alone = mailer(vec![first]);
    for _ in 0..2 {
        alone.send(Some(SUPPORT), CUSTOMER, MESSAGE).await.unwrap();
    }
    let failure = alone
        .send(Some(SUPPORT), CUSTOMER, MESSAGE)
        .await
        .unwrap_err();
    assert!(
        matches!(failure, SendFailure::Transient { code: None, .. }),
        "{failure:?}"
    );
}
