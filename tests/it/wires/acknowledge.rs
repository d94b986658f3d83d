//! What becomes of a mail on a real Dovecot: with all extensions, with some, with none.

use frontdesk::{
    config::service::{AfterFetch, MailLimits, TlsMode},
    mail::{
        imap::ImapSource,
        source::{Cursor, MailSource, Position},
    },
};

use super::{SUPPORT, mail, positions};
use crate::stack::{MailStack, StackOptions};

fn stack(imap_capability: Option<&'static str>) -> MailStack {
    let stack = MailStack::start(StackOptions {
        imap_capability,
        ..StackOptions::imap_only()
    });
    stack.add_user(SUPPORT, "secret");
    stack
}

fn source(stack: &MailStack, after: AfterFetch) -> ImapSource {
    let settings = stack.imap(SUPPORT, "secret", TlsMode::Tls);
    ImapSource::new(settings, after, MailLimits::default())
}

const SERVERS: [Option<&str>; 3] = [
    None,                      // Dovecot as it is: MOVE and UIDPLUS
    Some("IMAP4rev1 UIDPLUS"), // COPY, STORE and UID EXPUNGE
    Some("IMAP4rev1"),         // COPY, STORE and EXPUNGE
];

#[tokio::test]
async fn i3_moving_twice_changes_nothing_on_any_server() {
    for capability in SERVERS {
        let stack = stack(capability);
        for number in 0..230 {
            stack.put(SUPPORT, &mail(number));
        }
        let mut source = source(&stack, AfterFetch::Move("Done/Tickets".to_owned()));
        let batch = source.fetch(&Cursor::default(), 225).await.unwrap();
        for _ in 0..2 {
            source.acknowledge(&positions(&batch)).await.unwrap();
            assert_eq!(stack.mails(SUPPORT).len(), 5, "{capability:?}");
            let moved = stack.mails_in(SUPPORT, "Done/Tickets");
            assert_eq!(moved.len(), 225, "{capability:?}");
        }
        // The others are still to come, in the same session.
        let rest = source.fetch(&batch.cursor, 100).await.unwrap();
        assert_eq!(rest.mails.len(), 5);
    }
}

#[tokio::test]
async fn i3_a_copy_is_not_repeated_after_a_crash_before_the_deletion() {
    let stack = stack(Some("IMAP4rev1 UIDPLUS"));
    stack.put(SUPPORT, &mail(0));
    stack.put(SUPPORT, &mail(1));
    let mut source = source(&stack, AfterFetch::Move("Done".to_owned()));
    let batch = source.fetch(&Cursor::default(), 10).await.unwrap();
    // As it is when the process dies between STORE and EXPUNGE: copied, flagged, still there.
    stack.doveadm(&["mailbox", "create", "-u", SUPPORT, "Done"]);
    stack.doveadm(&[
        "copy", "-u", SUPPORT, "Done", "mailbox", "INBOX", "uid", "1",
    ]);
    stack.doveadm(&[
        "flags",
        "add",
        "-u",
        SUPPORT,
        "\\Deleted",
        "mailbox",
        "INBOX",
        "uid",
        "1",
    ]);
    source.acknowledge(&positions(&batch)).await.unwrap();
    assert!(stack.mails(SUPPORT).is_empty());
    assert_eq!(stack.mails_in(SUPPORT, "Done").len(), 2);
}

#[tokio::test]
async fn deleting_twice_changes_nothing_on_any_server() {
    for capability in SERVERS {
        let stack = stack(capability);
        for number in 0..3 {
            stack.put(SUPPORT, &mail(number));
        }
        let mut source = source(&stack, AfterFetch::Delete);
        let batch = source.fetch(&Cursor::default(), 2).await.unwrap();
        for _ in 0..2 {
            source.acknowledge(&positions(&batch)).await.unwrap();
            assert_eq!(stack.mails(SUPPORT), [mail(2)], "{capability:?}");
        }
    }
}

#[tokio::test]
async fn what_others_flagged_as_deleted_is_not_expunged() {
    let stack = stack(Some("IMAP4rev1"));
    for number in 0..3 {
        stack.put(SUPPORT, &mail(number));
    }
    let mut source = source(&stack, AfterFetch::Delete);
    let batch = source.fetch(&Cursor::default(), 1).await.unwrap();
    stack.doveadm(&[
        "flags",
        "add",
        "-u",
        SUPPORT,
        "\\Deleted",
        "mailbox",
        "INBOX",
        "uid",
        "3",
    ]);
    source.acknowledge(&positions(&batch)).await.unwrap();
    assert_eq!(stack.mails(SUPPORT).len(), 3);
}

#[tokio::test]
async fn keeping_flags_the_mail_and_twice_changes_nothing() {
    let stack = stack(None);
    stack.put(SUPPORT, &mail(0));
    stack.put(SUPPORT, &mail(1));
    let mut source = source(&stack, AfterFetch::Keep);
    let batch = source.fetch(&Cursor::default(), 1).await.unwrap();
    for _ in 0..2 {
        source.acknowledge(&positions(&batch)).await.unwrap();
        let flags = |uid| {
            stack.doveadm(&[
                "-f", "flow", "fetch", "-u", SUPPORT, "flags", "mailbox", "INBOX", "uid", uid,
            ])
        };
        assert_eq!(flags("1").trim(), "flags=\\Seen $Frontdesk");
        assert!(!flags("2").contains("Seen"));
    }
    assert_eq!(stack.mails(SUPPORT).len(), 2);
}

#[tokio::test]
async fn positions_of_another_numbering_are_left_alone() {
    let stack = stack(None);
    stack.put(SUPPORT, &mail(0));
    let mut source = source(&stack, AfterFetch::Delete);
    let batch = source.fetch(&Cursor::default(), 10).await.unwrap();
    let Position::Imap { uid_validity, uid } = batch.mails[0].position else {
        panic!("not a position of IMAP")
    };
    let other = Position::Imap {
        uid_validity: uid_validity + 1,
        uid,
    };
    source.acknowledge(&[other, Position::Pipe]).await.unwrap();
    assert_eq!(stack.mails(SUPPORT).len(), 1);
}

#[tokio::test]
async fn acknowledging_goes_on_after_a_lost_session() {
    let mut stack = stack(None);
    stack.put(SUPPORT, &mail(0));
    let mut source = source(&stack, AfterFetch::Move("Done".to_owned()));
    let batch = source.fetch(&Cursor::default(), 10).await.unwrap();
    stack.kill_dovecot();
    assert!(source.acknowledge(&positions(&batch)).await.is_err());
    stack.start_dovecot();
    source.acknowledge(&positions(&batch)).await.unwrap();
    assert_eq!(stack.mails_in(SUPPORT, "Done").len(), 1);
}

#[tokio::test]
async fn what_was_taken_in_part_stays_where_the_others_are_deleted() {
    let stack = stack(None);
    stack.put(SUPPORT, &mail(0));
    let mut source = source(&stack, AfterFetch::Delete);
    let batch = source.fetch(&Cursor::default(), 10).await.unwrap();
    source.keep(&positions(&batch)).await.unwrap();
    assert_eq!(stack.mails(SUPPORT).len(), 1);
}
