#![expect(clippy::unwrap_used, reason = "a test may end at once")]

use super::*;

/// A Maildir in a temporary folder.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for part in ["tmp", "new", "cur"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        Self(folder)
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn source(&self, after: AfterFetch) -> MaildirSource {
        self.source_with(after, MailLimits::default())
    }

    fn source_with(&self, after: AfterFetch, limits: MailLimits) -> MaildirSource {
        MaildirSource::new(self.0.path().to_path_buf(), after, limits)
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.0.path().join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn keys(batch: &Batch) -> Vec<String> {
    batch.mails.iter().map(|mail| mail.position.key()).collect()
}

fn positions(batch: &Batch) -> Vec<Position> {
    batch
        .mails
        .iter()
        .map(|mail| mail.position.clone())
        .collect()
}

#[tokio::test]
async fn i7_a_backlog_comes_oldest_first_until_it_is_empty() {
    let place = Place::new();
    place.put("new/1790000300.M5P1.host", "third");
    place.put("new/1790000100.M7P1.host", "first");
    place.put("cur/1790000200.M1P1.host:2,F", "second");
    place.put("cur/1790000050.M1P1.host:2,S", "seen: done already");
    place.put("new/1790000300.M44P1.host", "fourth, by its microseconds");
    place.put("new/.hidden", "not a mail");
    fs::create_dir(place.0.path().join("new/1790000000.folder")).unwrap();

    let mut source = place.source(AfterFetch::Keep);
    let mut cursor = Cursor::default();
    let mut seen = Vec::new();
    loop {
        let batch = source.fetch(&cursor, 2).await.unwrap();
        seen.extend(keys(&batch));
        cursor = batch.cursor;
        if !batch.more {
            break;
        }
    }
    assert_eq!(
        seen,
        [
            "maildir:1790000100.M7P1.host",
            "maildir:1790000200.M1P1.host",
            "maildir:1790000300.M5P1.host",
            "maildir:1790000300.M44P1.host",
        ]
    );
    let empty = source.fetch(&cursor, 2).await.unwrap();
    assert!(empty.mails.is_empty() && !empty.more);
    assert_eq!(empty.cursor, cursor);
}

#[tokio::test]
async fn what_was_not_stored_is_given_again() {
    let place = Place::new();
    place.put("new/1790000100.M1P1.host", "one");
    let mut source = place.source(AfterFetch::Keep);
    let before = Cursor::default();
    let first = source.fetch(&before, 10).await.unwrap();
    // The transaction failed: the caller comes back with the old cursor.
    let again = source.fetch(&before, 10).await.unwrap();
    assert_eq!(keys(&first), keys(&again));
    // Another process, which knows the stored cursor but not the process that made it.
    let other = place
        .source(AfterFetch::Keep)
        .fetch(&again.cursor, 10)
        .await
        .unwrap();
    assert_eq!(keys(&other), keys(&first));
    assert!(
        source
            .fetch(&again.cursor, 10)
            .await
            .unwrap()
            .mails
            .is_empty()
    );
}

#[tokio::test]
async fn i14b_fetching_changes_nothing_and_i3_acknowledging_twice_neither() {
    type Names = Vec<&'static str>;
    let cases: [(AfterFetch, Names, Names, Names); 3] = [
        (
            AfterFetch::Keep,
            vec![],
            vec!["1790000100.M1P1.host:2,S", "1790000200.M1P1.host:2,FS"],
            vec![],
        ),
        (
            AfterFetch::Move("Done/2026".to_owned()),
            vec![],
            vec![],
            vec!["1790000100.M1P1.host:2,S", "1790000200.M1P1.host:2,FS"],
        ),
        (AfterFetch::Delete, vec![], vec![], vec![]),
    ];
    for (after, new, cur, moved) in cases {
        let place = Place::new();
        place.put("new/1790000100.M1P1.host", "one");
        place.put("cur/1790000200.M1P1.host:2,F", "two");
        let mut source = place.source(after.clone());
        let batch = source.fetch(&Cursor::default(), 10).await.unwrap();
        assert_eq!(place.names("new"), ["1790000100.M1P1.host"]);
        assert_eq!(place.names("cur"), ["1790000200.M1P1.host:2,F"]);
        for _ in 0..2 {
            source.acknowledge(&positions(&batch)).await.unwrap();
            assert_eq!(place.names("new"), new, "{after:?}");
            assert_eq!(place.names("cur"), cur, "{after:?}");
            if let AfterFetch::Move(_) = after {
                assert_eq!(place.names(".Done.2026/cur"), moved);
                assert!(place.0.path().join(".Done.2026/maildirfolder").exists());
            }
        }
        let rest = place.source(after).fetch(&Cursor::default(), 10).await;
        assert!(rest.unwrap().mails.is_empty());
    }
}

#[tokio::test]
async fn i11_a_mail_over_the_limit_keeps_its_header() {
    let place = Place::new();
    let text = format!("Subject: large\r\n\r\n{}", "x".repeat(300_000));
    place.put("new/1790000100.M1P1.host", &text);
    let limits = MailLimits {
        message_bytes: 100_000,
        header_bytes: 1_000,
        ..MailLimits::default()
    };
    let mut source = place.source_with(AfterFetch::Keep, limits);
    let batch = source.fetch(&Cursor::default(), 10).await.unwrap();
    let mail = batch.mails.first().unwrap();
    assert!(mail.truncated);
    assert_eq!(mail.size, 300_018);
    assert!(mail.raw.starts_with(b"Subject: large\r\n\r\nxxx"));
    assert!(mail.raw.len() < 100_000);
}

#[tokio::test]
async fn i1_a_mail_that_cannot_be_read_is_named_and_stops_no_other() {
    let place = Place::new();
    place.put("new/1790000200.M1P1.host", "two");
    // A folder with no `cur` is no Maildir, and that is told.
    let other = tempfile::tempdir().unwrap();
    let mut broken = MaildirSource::new(
        other.path().to_path_buf(),
        AfterFetch::Keep,
        MailLimits::default(),
    );
    let error = broken.fetch(&Cursor::default(), 10).await.unwrap_err();
    assert!(matches!(error, SourceError::Storage(ref text) if text.contains("new")));
    // Root reads everything, so an unreadable file is made of a read that fails by itself.
    let waiting = vec![
        Waiting {
            key: "bad".to_owned(),
            path: place.0.path().join("new"),
            delivered_at: (1, 0),
            size: 10,
        },
        list(place.0.path()).unwrap().remove(0),
    ];
    let taken = read(waiting, 10, &MailLimits::default());
    assert_eq!(taken.mails.len(), 1);
    assert_eq!(taken.unreadable.len(), 1);
    assert_eq!(taken.keys, ["bad", "1790000200.M1P1.host"]);
}

#[tokio::test]
async fn waiting_ends_with_new_mail_with_time_and_with_the_stop() {
    let place = Place::new();
    let mut source = place.source(AfterFetch::Keep);
    let stop = CancellationToken::new();
    let cursor = source.fetch(&Cursor::default(), 10).await.unwrap().cursor;
    let wake = source.wait(Duration::from_millis(1), &stop).await.unwrap();
    assert_eq!(wake, Wake::Elapsed);
    place.put("new/1790000100.M1P1.host", "one");
    // An hour is never waited out: the folder has changed.
    let wake = source.wait(Duration::from_secs(3600), &stop).await.unwrap();
    assert_eq!(wake, Wake::Mail);
    source.fetch(&cursor, 10).await.unwrap();
    stop.cancel();
    let wake = source.wait(Duration::from_secs(3600), &stop).await.unwrap();
    assert_eq!(wake, Wake::Stopped);
}

#[test]
fn names_carry_the_time_of_delivery() {
    assert_eq!(
        delivered_at("1790000100.M123P4.host"),
        Some((1_790_000_100, 123))
    );
    assert_eq!(
        delivered_at("1790000100.V10I20M7.host"),
        Some((1_790_000_100, 7))
    );
    assert_eq!(
        delivered_at("1790000100.4_1.host"),
        Some((1_790_000_100, 0))
    );
    assert_eq!(delivered_at("message.eml"), None);
    assert_eq!(split("a.b.c,S=10:2,FS"), ("a.b.c,S=10", "FS"));
    assert_eq!(split("a:1,x"), ("a", ""));
}

#[test]
fn a_folder_name_cannot_lead_outside() {
    let place = tempfile::tempdir().unwrap();
    for name in ["..", "a/../b", "", "/etc", "a//b"] {
        assert!(subfolder(place.path(), name).is_err(), "{name:?}");
    }
}

#[tokio::test]
async fn a_file_whose_name_is_no_text_is_a_mail_as_well() {
    use std::os::unix::ffi::OsStrExt as _;
    let place = Place::new();
    let name = std::ffi::OsStr::from_bytes(b"1790000100.M1P1.h\xf6st");
    fs::write(place.0.path().join("new").join(name), "one").unwrap();
    let mut source = place.source(AfterFetch::Keep);
    let batch = source.fetch(&Cursor::default(), 10).await.unwrap();
    assert_eq!(keys(&batch), ["maildir:1790000100.M1P1.h%F6st"]);
    source.acknowledge(&positions(&batch)).await.unwrap();
    assert_eq!(place.names("cur"), ["1790000100.M1P1.h%F6st:2,S"]);
}
