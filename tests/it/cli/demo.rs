//! `frontdesk demo`: the story, twice; and a visitor who stays.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::desk::{Ran, program, redacted};
use crate::db::TestDb;

/// A folder that PostgreSQL's user can reach when the tests run as root.
fn folder() -> TempDir {
    tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o711))
        .tempdir()
        .unwrap()
}

fn demo(folder: &Path) -> Command {
    program(&["demo", "--folder", folder.join("demo").to_str().unwrap()])
}

fn told(folder: &Path) -> String {
    let output = demo(folder).stdin(Stdio::null()).output().unwrap();
    let out = redacted(&Ran::of(&output).good(), folder);
    let file = regex::Regex::new(r"\d{8}T\d{6}\.\d{3}").unwrap();
    file.replace_all(&out, "YYYYMMDDTHHMMSS.mmm").into_owned()
}

/// The story without what depends on the hour at which it is told: when the reminder comes, and what has become overdue
/// by the next morning.
fn timeless(told: &str) -> String {
    let reminder = regex::Regex::new(r"(?s)Reminder 1 comes .*?\n   \[c1\]").unwrap();
    let told = reminder.replace(told, "Reminder 1 comes …\n   [c1]");
    let (before, after) = told.split_once("\n10. The next morning").unwrap();
    let (_, after) = after.split_once("\n11. ").unwrap();
    format!("{before}\n10. The next morning …\n\n11. {after}")
}

#[test]
fn the_story_is_told_and_a_second_run_starts_clean() {
    let folder = folder();
    let first = told(folder.path());
    insta::assert_snapshot!(timeless(&first));
    assert_eq!(timeless(&told(folder.path())), timeless(&first));
    assert!(
        !folder
            .path()
            .join("demo/data/postgres/data/postmaster.pid")
            .exists()
    );
}

#[test]
fn the_next_morning_brings_the_reminder_and_the_digest() {
    let folder = folder();
    let told = told(folder.path());
    let (_, morning) = told.split_once("\n10. The next morning").unwrap();
    let of_ann = "ann@agents.example: Reminder: [TKT-YYYYMMDD-0001] Did the export run by itself?";
    assert!(morning.contains(of_ann), "{morning}");
    assert!(
        morning.contains("mara@agents.example: Example Support, "),
        "{morning}"
    );
}

#[test]
fn every_mail_of_the_story_is_one_that_a_mail_program_can_open() {
    let folder = folder();
    told(folder.path());
    let mut readers = BTreeSet::new();
    for entry in fs::read_dir(folder.path().join("demo/data/outgoing")).unwrap() {
        let raw = fs::read(entry.unwrap().path()).unwrap();
        let mail =
            frontdesk::mail::understand(&raw, &frontdesk::config::service::MailLimits::default());
        assert!(
            mail.mail.message_id.is_some()
                && mail.mail.date.is_some()
                && !mail.mail.text.is_empty()
        );
        readers.extend(mail.mail.to.iter().map(|to| to.address.clone()));
    }
    let expected = [
        "ann@agents.example",
        "ben.okafor@northwind.example",
        "carla.jones@customer.example",
        "dora@lakeside.example",
        "mara@agents.example",
    ];
    assert_eq!(readers, expected.map(str::to_owned).into());
}

#[test]
fn a_visitor_drops_a_mail_in_and_looks_around() {
    let folder = folder();
    let data = folder.path().join("demo/data");
    let mut child = demo(folder.path())
        .arg("--stay")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut typing = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    lines.find(|line| line.contains("end the demo")).unwrap();
    fs::copy(
        data.join("mail-to-try.eml"),
        data.join("maildir/new/1.visitor"),
    )
    .unwrap();
    let came = lines
        .find(|line| line.contains("Came vera@visitor.example"))
        .unwrap();
    let number = came
        .split("ticket ")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    lines
        .find(|line| line.contains("Told vera@visitor.example"))
        .unwrap();
    writeln!(typing, "show {number}").unwrap();
    lines
        .find(|line| line.contains("I dropped this mail into the Maildir"))
        .unwrap();
    // What the greeting says that one may type.
    writeln!(typing, "remind in 10 seconds Look again").unwrap();
    lines
        .find(|line| line.contains("Look again") && line.contains("comes"))
        .unwrap();
    writeln!(typing, "list\nshow TKT-0\nhelp\nquit").unwrap();
    let rest: Vec<String> = lines.collect();
    assert!(
        rest.iter()
            .any(|line| line.contains("There is no ticket TKT-0")),
        "{rest:#?}"
    );
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn on_a_server_of_the_visitors_it_makes_a_database_of_its_own_anew() {
    let db = TestDb::new().await;
    let folder = folder();
    for _ in 0..2 {
        let output = demo(folder.path())
            .env("DATABASE_URL", db.url())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let out = Ran::of(&output).good();
        assert!(
            out.contains("frontdesk_demo, on the server of DATABASE_URL"),
            "{out}"
        );
        assert!(!folder.path().join("demo/data/postgres").exists());
    }
    let tickets: i64 = sqlx::query_scalar("SELECT count(*) FROM ticket")
        .fetch_one(db.pool())
        .await
        .unwrap();
    assert_eq!(tickets, 0, "the database that the URL names is left alone");
}

#[test]
fn a_folder_of_somebody_elses_is_refused() {
    let folder = folder();
    fs::create_dir(folder.path().join("demo")).unwrap();
    fs::write(folder.path().join("demo/thesis.txt"), "years of work").unwrap();
    let ran = Ran::of(&demo(folder.path()).output().unwrap());
    assert_eq!(ran.status, 1, "{ran:#?}");
    assert!(ran.err.contains("holds something else"), "{}", ran.err);
}
