//! Logging in to a real Postfix, whose logins Dovecot checks.

use frontdesk::{
    config::service::{Credentials, SmtpServer, TlsMode, TokenSource},
    mail::smtp::SendFailure,
};

use super::{SUPPORT, smtp::mailer};
use crate::stack::{MailStack, StackOptions};

const MESSAGE: &[u8] = b"Subject: x\r\n\r\nbody\r\n";

fn stack() -> MailStack {
    let stack = MailStack::start(StackOptions::default());
    stack.add_user(SUPPORT, "secret");
    stack
}

async fn send(server: &SmtpServer) -> Result<(), SendFailure> {
    let sent = mailer(vec![server.clone()])
        .send(Some(SUPPORT), SUPPORT, MESSAGE)
        .await;
    sent.map(|_| ())
}

#[tokio::test]
async fn i13_only_a_refused_credential_is_a_credential_error() {
    let mut stack = stack();
    for tls in [TlsMode::Tls, TlsMode::Starttls] {
        let failure = send(&stack.smtp(SUPPORT, "wrong", tls)).await.unwrap_err();
        assert!(matches!(failure, SendFailure::Credential(_)), "{failure:?}");
    }
    let mut nothing_there = stack.smtp(SUPPORT, "secret", TlsMode::Tls);
    nothing_there.port = 1;
    let failure = send(&nothing_there).await.unwrap_err();
    assert!(
        matches!(failure, SendFailure::Unreachable(_)),
        "{failure:?}"
    );
    // Postfix is up, but what checks its logins is not.
    stack.stop_dovecot();
    let failure = send(&stack.smtp(SUPPORT, "secret", TlsMode::Tls))
        .await
        .unwrap_err();
    assert!(
        !matches!(
            failure,
            SendFailure::Credential(_) | SendFailure::Permanent { .. }
        ),
        "{failure:?}"
    );
}

#[tokio::test]
async fn i12_a_refused_token_is_renewed_once() {
    let stack = stack();
    stack.oauth.allow(SUPPORT, "refresh-me");
    let mut server = stack.smtp(SUPPORT, "", TlsMode::Starttls);
    server.credentials = Some(stack.oauth_credentials(SUPPORT, "refresh-me"));
    send(&server).await.unwrap();
    assert_eq!(stack.oauth.refreshed(), 1);

    let mailer = mailer(vec![server.clone()]);
    mailer.send(Some(SUPPORT), SUPPORT, MESSAGE).await.unwrap();
    assert_eq!(stack.oauth.refreshed(), 2);
    stack.oauth.fail(true);
    let failure = send(&server).await.unwrap_err();
    assert!(
        matches!(failure, SendFailure::Unreachable(_)),
        "{failure:?}"
    );
    stack.oauth.fail(false);
    stack.oauth.revoke("refresh-me");
    let failure = send(&server).await.unwrap_err();
    assert!(matches!(failure, SendFailure::Credential(_)), "{failure:?}");
    stack.wait_for_mails(SUPPORT, 2);
}

#[tokio::test]
async fn a_token_that_the_server_does_not_know_is_a_credential_error() {
    let stack = stack();
    let mut server = stack.smtp(SUPPORT, "", TlsMode::Tls);
    server.credentials = Some(Credentials::OAuth {
        user: SUPPORT.to_owned(),
        token: TokenSource::Command(vec!["echo".to_owned(), "unknown".to_owned()]),
    });
    let failure = send(&server).await.unwrap_err();
    assert!(matches!(failure, SendFailure::Credential(_)), "{failure:?}");
    stack.oauth.allow_access(SUPPORT, "unknown");
    send(&server).await.unwrap();
}
