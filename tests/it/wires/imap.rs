//! Reading from a real Dovecot.

use std::{fs, os::unix::fs::PermissionsExt};

use frontdesk::{
    config::service::{AfterFetch, MailLimits, TlsMode},
    mail::{
        imap::ImapSource,
        source::{Cursor, MailSource, Position, SourceError},
    },
};

use super::{SUPPORT, drain, mail, source, subject, subjects};
use crate::stack::{MailStack, StackOptions};

fn stack() -> MailStack {
    let stack = MailStack::start(StackOptions::imap_only());
    stack.add_user(SUPPORT, "secret");
    stack
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| format!("Mail {number}")).collect()
}

#[tokio::test]
async fn a_mail_from_outside_is_read_as_it_was_sent() {
    let stack = MailStack::start(StackOptions::default());
    stack.add_user(SUPPORT, "secret");
    let before = chrono::Utc::now() - chrono::TimeDelta::seconds(2);
    stack.deliver("ada@example.net", "support+42@example.org", &mail(1));
    stack.wait_for_mails(SUPPORT, 1);
    for tls in [TlsMode::Tls, TlsMode::Starttls, TlsMode::None] {
        let mut source = source(stack.imap(SUPPORT, "secret", tls));
        let batch = source.fetch(&Cursor::default(), 10).await.unwrap();
        let [mail] = &batch.mails[..] else {
            panic!("{tls:?}: {} mails", batch.mails.len())
        };
        let text = String::from_utf8(mail.raw.clone()).unwrap();
        assert!(text.starts_with("Return-Path: <ada@example.net>\r\n"));
        assert!(text.contains("\r\nDelivered-To: support+42@example.org\r\n"));
        assert!(text.ends_with("\r\n\r\nThis is number 1.\r\n"));
        assert_eq!(mail.size, mail.raw.len() as u64);
        assert!(!mail.truncated && !batch.more);
        assert!(mail.received_at.unwrap() >= before);
        assert!(mail.position.key().starts_with("imap:"));
    }
}

#[tokio::test]
async fn i6_i7_a_backlog_comes_oldest_first_until_it_is_empty() {
    let stack = stack();
    for number in 0..230 {
        stack.put(SUPPORT, &mail(number));
    }
    let mut source = source(stack.imap(SUPPORT, "secret", TlsMode::Tls));
    let (all, cursor) = drain(&mut source, Cursor::default(), 60).await;
    assert_eq!(all, numbers(0..230));
    // `UID FETCH n:*` gives the last message even if it is below n.
    let empty = source.fetch(&cursor, 60).await.unwrap();
    assert!(empty.mails.is_empty() && !empty.more);
    assert_eq!(empty.cursor, cursor);
    // The same session sees what comes later.
    stack.put(SUPPORT, &mail(230));
    assert_eq!(drain(&mut source, cursor, 60).await.0, ["Mail 230"]);
}

#[tokio::test]
async fn i4_a_new_process_goes_on_at_the_stored_cursor() {
    let stack = stack();
    for number in 0..10 {
        stack.put(SUPPORT, &mail(number));
    }
    let settings = stack.imap(SUPPORT, "secret", TlsMode::Tls);
    let first = source(settings.clone())
        .fetch(&Cursor::default(), 4)
        .await
        .unwrap();
    assert!(first.more);
    let (rest, _) = drain(&mut source(settings), first.cursor, 4).await;
    assert_eq!(rest, numbers(4..10));
}

#[tokio::test]
async fn a_batch_that_was_not_stored_is_given_again() {
    let stack = stack();
    for number in 0..6 {
        stack.put(SUPPORT, &mail(number));
    }
    let mut source = source(stack.imap(SUPPORT, "secret", TlsMode::Tls));
    let first = source.fetch(&Cursor::default(), 4).await.unwrap();
    let again = source.fetch(&Cursor::default(), 4).await.unwrap();
    assert_eq!(subjects(&first), subjects(&again));
    let second = source.fetch(&first.cursor, 4).await.unwrap();
    assert_eq!(subjects(&second), numbers(4..6));
    let back = source.fetch(&Cursor::default(), 4).await.unwrap();
    assert_eq!(subjects(&back), numbers(0..4));
}

#[tokio::test]
async fn a_new_uidvalidity_makes_the_cursor_void() {
    let stack = stack();
    for number in 0..3 {
        stack.put(SUPPORT, &mail(number));
    }
    let settings = stack.imap(SUPPORT, "secret", TlsMode::Tls);
    let old = source(settings.clone())
        .fetch(&Cursor::default(), 10)
        .await
        .unwrap();
    stack.doveadm(&[
        "mailbox",
        "update",
        "-u",
        SUPPORT,
        "--uid-validity",
        "77",
        "INBOX",
    ]);
    let new = source(settings).fetch(&old.cursor, 10).await.unwrap();
    assert_eq!(new.cursor.uid_validity, Some(77));
    assert_eq!(subjects(&new), numbers(0..3));
    assert_ne!(new.mails[0].position, old.mails[0].position);
}

#[tokio::test]
async fn i14b_reading_changes_nothing_on_the_server() {
    let stack = stack();
    stack.put(SUPPORT, &mail(1));
    let mut source = ImapSource::new(
        stack.imap(SUPPORT, "secret", TlsMode::Tls),
        AfterFetch::Delete,
        MailLimits::default(),
    );
    source.fetch(&Cursor::default(), 10).await.unwrap();
    let flags = stack.doveadm(&["-f", "flow", "fetch", "-u", SUPPORT, "flags", "all"]);
    assert_eq!(flags.trim().replace("\\Recent", ""), "flags=");
}

#[tokio::test]
async fn i1_a_mail_that_cannot_be_read_is_named_and_stops_no_other() {
    let stack = stack();
    let files: Vec<_> = (0..8).map(|n| stack.put(SUPPORT, &mail(n))).collect();
    let mut source = source(stack.imap(SUPPORT, "secret", TlsMode::Tls));
    // Dovecot moves the files on the first look, and numbers them.
    stack.doveadm(&["fetch", "-u", SUPPORT, "uid", "all"]);
    for broken in [2, 5] {
        let name = files[broken].file_name().unwrap().to_str().unwrap();
        let file = fs::read_dir(stack.maildir(SUPPORT).join("cur"))
            .unwrap()
            .chain(fs::read_dir(stack.maildir(SUPPORT).join("new")).unwrap())
            .map(|entry| entry.unwrap())
            .find(|entry| entry.file_name().to_str().unwrap().starts_with(name))
            .unwrap();
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o0)).unwrap();
    }
    let batch = source.fetch(&Cursor::default(), 20).await.unwrap();
    let mut expected = numbers(0..8);
    expected.remove(5);
    expected.remove(2);
    assert_eq!(subjects(&batch), expected, "{}", stack.log());
    let named: Vec<_> = batch
        .unreadable
        .iter()
        .map(|(position, _)| match position {
            Position::Imap { uid, .. } => *uid,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(named, [3, 6]);
    assert!(batch.unreadable.iter().all(|(_, why)| !why.is_empty()));
    // The cursor is past them: they hold up nothing that comes later.
    assert_eq!(batch.cursor.last_uid, 8);
    assert!(!batch.more);
    stack.put(SUPPORT, &mail(8));
    let next = source.fetch(&batch.cursor, 20).await.unwrap();
    assert_eq!(subjects(&next), ["Mail 8"]);
    assert!(next.unreadable.is_empty());
}

#[tokio::test]
async fn a_mail_that_somebody_else_took_is_not_missed() {
    let stack = stack();
    for number in 0..6 {
        stack.put(SUPPORT, &mail(number));
    }
    let mut source = source(stack.imap(SUPPORT, "secret", TlsMode::Tls));
    let first = source.fetch(&Cursor::default(), 2).await.unwrap();
    // Listed already, and gone before it is read.
    stack.doveadm(&["expunge", "-u", SUPPORT, "mailbox", "INBOX", "uid", "4"]);
    let (rest, cursor) = drain(&mut source, first.cursor, 2).await;
    assert_eq!(rest, ["Mail 2", "Mail 4", "Mail 5"]);
    assert_eq!(cursor.last_uid, 6);
}

#[tokio::test]
async fn i11_a_mail_over_the_limit_comes_as_its_beginning() {
    let stack = stack();
    let large = format!(
        "Subject: Large\r\n\r\n{}",
        "A line of the text.\r\n".repeat(40_000)
    );
    stack.put(SUPPORT, &mail(0));
    stack.put(SUPPORT, large.as_bytes());
    stack.put(SUPPORT, &mail(1));
    let limits = MailLimits {
        message_bytes: 500_000,
        header_bytes: 10_000,
        ..MailLimits::default()
    };
    let settings = stack.imap(SUPPORT, "secret", TlsMode::Tls);
    let mut source = ImapSource::new(settings, AfterFetch::Keep, limits);
    let batch = source.fetch(&Cursor::default(), 10).await.unwrap();
    assert_eq!(subjects(&batch), ["Mail 0", "Large", "Mail 1"]);
    let mail = &batch.mails[1];
    assert!(mail.truncated);
    assert_eq!(mail.size, large.len() as u64);
    assert!(large.as_bytes().starts_with(&mail.raw));
    assert_eq!(mail.raw.len(), 10_000 + (64 << 10));
    assert!(!batch.mails[0].truncated && !batch.mails[2].truncated);
}

#[tokio::test]
async fn mails_of_many_megabytes_come_in_several_batches() {
    let stack = stack();
    let large = |number: u32| {
        let mut raw = mail(number);
        raw.extend(
            "0123456789abcdef0123456789abcdef\r\n"
                .repeat(600_000)
                .bytes(),
        );
        raw
    };
    for number in 0..5 {
        stack.put(SUPPORT, &large(number));
    }
    let mut source = source(stack.imap(SUPPORT, "secret", TlsMode::Tls));
    let batch = source.fetch(&Cursor::default(), 100).await.unwrap();
    assert!(batch.more && batch.mails.len() < 5);
    assert_eq!(batch.mails[0].raw, large(0));
    let (rest, _) = drain(&mut source, batch.cursor, 100).await;
    assert_eq!(batch.mails.len() + rest.len(), 5);
}

#[tokio::test]
async fn i13_a_server_that_stops_is_unreachable_and_is_read_again_when_it_is_back() {
    let mut stack = stack();
    stack.put(SUPPORT, &mail(1));
    let mut source = source(stack.imap(SUPPORT, "secret", TlsMode::Starttls));
    let first = source.fetch(&Cursor::default(), 10).await.unwrap();
    stack.stop_dovecot();
    for _ in 0..2 {
        let error = source.fetch(&first.cursor, 10).await.unwrap_err();
        assert!(matches!(error, SourceError::Unreachable(_)), "{error:?}");
    }
    stack.start_dovecot();
    stack.put(SUPPORT, &mail(2));
    let next = source.fetch(&first.cursor, 10).await.unwrap();
    assert_eq!(subject(&next.mails[0]), "Mail 2");
    stack.kill_dovecot();
    let error = source.fetch(&first.cursor, 10).await.unwrap_err();
    assert!(matches!(error, SourceError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn a_folder_of_another_name_is_read_and_a_missing_one_is_named() {
    let stack = stack();
    let mut settings = stack.imap(SUPPORT, "secret", TlsMode::Tls);
    settings.folder = "Anfragen für Büro & Co".to_owned();
    let error = source(settings.clone())
        .fetch(&Cursor::default(), 10)
        .await
        .unwrap_err();
    assert!(
        matches!(error, SourceError::Folder(ref text) if text.contains("Büro & Co")),
        "{error:?}"
    );
    stack.put(SUPPORT, &mail(1));
    stack.doveadm(&["mailbox", "create", "-u", SUPPORT, &settings.folder]);
    stack.doveadm(&[
        "move",
        "-u",
        SUPPORT,
        &settings.folder,
        "mailbox",
        "INBOX",
        "all",
    ]);
    let batch = source(settings)
        .fetch(&Cursor::default(), 10)
        .await
        .unwrap();
    assert_eq!(subjects(&batch), ["Mail 1"]);
}
