//! Logging in to a real Dovecot: what is a credential error, what is none, and what is never sent.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use frontdesk::{
    config::service::{Credentials, TlsMode, TokenSource},
    mail::source::{Cursor, MailSource, SourceError},
};

use super::{SUPPORT, mail, source, subjects};
use crate::stack::{MailStack, StackOptions};

fn stack() -> MailStack {
    let stack = MailStack::start(StackOptions::imap_only());
    stack.add_user(SUPPORT, "secret");
    stack.put(SUPPORT, &mail(1));
    stack
}

async fn failure(settings: frontdesk::config::service::ImapSettings) -> SourceError {
    let mut source = source(settings);
    source.fetch(&Cursor::default(), 10).await.unwrap_err()
}

#[tokio::test]
async fn i13_only_a_refused_credential_is_a_credential_error() {
    let stack = stack();
    let wrong = stack.imap(SUPPORT, "wrong\"\\word", TlsMode::Tls);
    let error = failure(wrong).await;
    assert!(matches!(error, SourceError::Credential(_)), "{error:?}");
    let nobody = stack.imap("nobody@example.org", "secret", TlsMode::Starttls);
    let error = failure(nobody).await;
    assert!(matches!(error, SourceError::Credential(_)), "{error:?}");

    let mut dead = stack.imap(SUPPORT, "secret", TlsMode::Tls);
    dead.port = stack.ports.submission; // nothing listens there
    let error = failure(dead).await;
    assert!(matches!(error, SourceError::Unreachable(_)), "{error:?}");
    let mut unknown = stack.imap(SUPPORT, "secret", TlsMode::Tls);
    unknown.host = "host.invalid".to_owned();
    let error = failure(unknown).await;
    assert!(matches!(error, SourceError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn i15_without_starttls_nothing_is_sent() {
    let stack = MailStack::start(StackOptions {
        imap_tls: false,
        ..StackOptions::imap_only()
    });
    stack.add_user(SUPPORT, "secret");
    let error = failure(stack.imap(SUPPORT, "secret", TlsMode::Starttls)).await;
    assert!(matches!(error, SourceError::Insecure(_)), "{error:?}");
    assert!(!stack.log().contains("Login: user"), "{}", stack.log());
    // The same server lets a login in the clear pass, so it was ours to refuse.
    let plain = stack.imap(SUPPORT, "secret", TlsMode::None);
    source(plain).fetch(&Cursor::default(), 1).await.unwrap();
    assert!(stack.log().contains("Login: user"), "{}", stack.log());
}

#[tokio::test]
async fn i15_an_unknown_certificate_is_refused_before_the_login() {
    let stack = stack();
    for tls in [TlsMode::Tls, TlsMode::Starttls] {
        let mut settings = stack.imap(SUPPORT, "secret", tls);
        settings.ca_file = None;
        let error = failure(settings).await;
        assert!(
            matches!(error, SourceError::Insecure(ref text) if text.contains("UnknownIssuer")),
            "{error:?}"
        );
        let mut settings = stack.imap(SUPPORT, "secret", tls);
        settings.host = "127.0.0.2".to_owned(); // the certificate is for 127.0.0.1
        let error = failure(settings).await;
        assert!(!matches!(error, SourceError::Credential(_)), "{error:?}");
    }
    assert!(!stack.log().contains("Login: user"), "{}", stack.log());
}

#[tokio::test]
async fn plain_text_is_for_loopback_only() {
    let stack = stack();
    let mut settings = stack.imap(SUPPORT, "secret", TlsMode::None);
    settings.host = "mail.example.org".to_owned();
    let error = failure(settings).await;
    assert!(
        matches!(error, SourceError::Insecure(ref text) if text.contains("mail.example.org")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_password_beyond_ascii_is_a_password() {
    let stack = MailStack::start(StackOptions::imap_only());
    stack.add_user(SUPPORT, "Schlüssel–\"日本\"");
    stack.put(SUPPORT, &mail(1));
    let settings = stack.imap(SUPPORT, "Schlüssel–\"日本\"", TlsMode::Tls);
    let batch = source(settings)
        .fetch(&Cursor::default(), 10)
        .await
        .unwrap();
    assert_eq!(subjects(&batch), ["Mail 1"]);
    let settings = stack.imap(SUPPORT, "Schlüssel", TlsMode::Tls);
    let error = failure(settings).await;
    assert!(matches!(error, SourceError::Credential(_)), "{error:?}");
}

#[tokio::test]
async fn i12_a_token_is_kept_refreshed_and_its_end_is_a_credential_error() {
    let stack = stack();
    stack.oauth.allow(SUPPORT, "refresh-me");
    let mut settings = stack.imap(SUPPORT, "", TlsMode::Starttls);
    settings.credentials = stack.oauth_credentials(SUPPORT, "refresh-me");
    let mut source = source(settings);
    let cursor = Cursor::default();
    let batch = source.fetch(&cursor, 10).await.unwrap();
    assert_eq!(subjects(&batch), ["Mail 1"]);

    // A new session within the token's life needs no new token.
    stack.kick(SUPPORT);
    let _ = source.fetch(&cursor, 10).await; // notices the end
    source.fetch(&cursor, 10).await.unwrap();
    assert_eq!(stack.oauth.refreshed(), 1);

    // The server ends the token early: one new token, and no error at all.
    stack.oauth.expire_all();
    stack.kick(SUPPORT);
    let _ = source.fetch(&cursor, 10).await;
    source.fetch(&cursor, 10).await.unwrap();
    assert_eq!(stack.oauth.refreshed(), 2);

    // The token endpoint is down: that passes by itself.
    stack.oauth.expire_all();
    stack.oauth.fail(true);
    stack.kick(SUPPORT);
    let _ = source.fetch(&cursor, 10).await;
    let error = source.fetch(&cursor, 10).await.unwrap_err();
    assert!(matches!(error, SourceError::Unreachable(_)), "{error:?}");

    // The grant is taken back: somebody must log in again.
    stack.oauth.fail(false);
    stack.oauth.revoke("refresh-me");
    let error = source.fetch(&cursor, 10).await.unwrap_err();
    assert!(
        matches!(error, SourceError::Credential(ref text) if text.contains("invalid_grant")),
        "{error:?}"
    );
}

#[tokio::test]
async fn i12_a_token_near_its_end_is_renewed_before_it_is_used() {
    let stack = stack();
    stack.oauth.allow(SUPPORT, "refresh-me");
    stack.oauth.live_for(60);
    let mut settings = stack.imap(SUPPORT, "", TlsMode::Tls);
    settings.credentials = stack.oauth_credentials(SUPPORT, "refresh-me");
    let mut source = source(settings);
    source.fetch(&Cursor::default(), 10).await.unwrap();
    stack.kick(SUPPORT);
    let _ = source.fetch(&Cursor::default(), 10).await;
    source.fetch(&Cursor::default(), 10).await.unwrap();
    assert_eq!(stack.oauth.refreshed(), 2);
}

#[tokio::test]
async fn i12_a_refresh_token_that_is_replaced_is_not_used_again() {
    let stack = stack();
    stack.oauth.allow(SUPPORT, "refresh-me");
    stack.oauth.rotate();
    let mut settings = stack.imap(SUPPORT, "", TlsMode::Tls);
    settings.credentials = stack.oauth_credentials(SUPPORT, "refresh-me");
    let mut source = source(settings);
    for expected in 1..=3 {
        source.fetch(&Cursor::default(), 10).await.unwrap();
        assert_eq!(stack.oauth.refreshed(), expected);
        stack.oauth.expire_all();
        stack.kick(SUPPORT);
        let _ = source.fetch(&Cursor::default(), 10).await; // notices the end
    }
}

#[tokio::test]
async fn i12_a_refresh_token_that_is_replaced_outlives_a_restart() {
    let stack = stack();
    stack.oauth.allow(SUPPORT, "refresh-me");
    stack.oauth.rotate();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("refresh-token");
    std::fs::write(&file, "refresh-me\n").unwrap();
    for expected in ["refresh-1\n", "refresh-2\n"] {
        // Each source is a new process's: it knows what the configuration says.
        let mut settings = stack.imap(SUPPORT, "", TlsMode::Tls);
        settings.credentials = stack.oauth_credentials(SUPPORT, "refresh-me");
        let Credentials::OAuth {
            token: TokenSource::Refresh {
                refresh_token_file, ..
            },
            ..
        } = &mut settings.credentials
        else {
            panic!("it logs in by a refresh token");
        };
        *refresh_token_file = Some(file.clone());
        source(settings)
            .fetch(&Cursor::default(), 10)
            .await
            .unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), expected);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn i12_the_end_of_an_authorization_is_counted_down() {
    let stack = stack();
    stack.oauth.allow(SUPPORT, "refresh-me");
    let mut settings = stack.imap(SUPPORT, "", TlsMode::Tls);
    settings.credentials = stack.oauth_credentials(SUPPORT, "refresh-me");
    let mut source = source(settings);
    source.fetch(&Cursor::default(), 10).await.unwrap();
    assert_eq!(source.authorized_for(), None);
    stack.oauth.end_in(3 * 86_400);
    stack.oauth.expire_all();
    stack.kick(SUPPORT);
    let _ = source.fetch(&Cursor::default(), 10).await; // notices the end
    source.fetch(&Cursor::default(), 10).await.unwrap();
    let left = source.authorized_for().unwrap();
    let days = Duration::from_secs(2 * 86_400)..=Duration::from_secs(3 * 86_400);
    assert!(days.contains(&left), "{left:?}");
}

#[tokio::test]
async fn a_token_from_a_file_is_read_at_each_login() {
    let stack = stack();
    stack.oauth.allow_access(SUPPORT, "good");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "bad\n").unwrap();
    let mut settings = stack.imap(SUPPORT, "", TlsMode::Tls);
    settings.credentials = Credentials::OAuth {
        user: SUPPORT.to_owned(),
        token: TokenSource::File(file.clone()),
    };
    let mut source = source(settings);
    let error = source.fetch(&Cursor::default(), 10).await.unwrap_err();
    assert!(matches!(error, SourceError::Credential(_)), "{error:?}");
    std::fs::write(&file, "good\n").unwrap();
    let batch = source.fetch(&Cursor::default(), 10).await.unwrap();
    assert_eq!(subjects(&batch), ["Mail 1"]);
}
