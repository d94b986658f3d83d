//! `frontdesk fetch --once`.

use std::fs;
use std::path::Path;

use super::desk::{CliDesk, mail};

fn maildir(folder: &Path, name: &str) -> String {
    for part in ["new", "cur", "tmp"] {
        fs::create_dir_all(folder.join(name).join(part)).unwrap();
    }
    format!(
        "[[mailbox]]\nname = \"{name}\"\naddress = \"{name}@desk.test\"\nmaildir = \"{name}\"\n"
    )
}

fn drop_in(folder: &Path, name: &str, file: &str, text: &str) {
    fs::write(folder.join(name).join("new").join(file), text).unwrap();
}

#[tokio::test]
async fn what_waits_becomes_tickets_and_the_program_ends() {
    let desk = CliDesk::new().await;
    let folder = desk.folder.path();
    desk.configure(&maildir(folder, "support"));
    drop_in(
        folder,
        "support",
        "1.one",
        &mail("carla@customer.test", "One", "Hi"),
    );
    drop_in(
        folder,
        "support",
        "2.two",
        &mail("dora@customer.test", "Two", "Hi"),
    );
    let out = desk.run(&["fetch", "--once"]).good();
    assert_eq!(out, "support: read to its end.\n2 mails worked.\n");
    assert_eq!(desk.number("SELECT count(*) FROM ticket").await, 2);
    assert_eq!(
        desk.run(&["fetch", "--once"]).good(),
        "support: read to its end.\n0 mails worked.\n"
    );
}

#[tokio::test]
async fn a_mailbox_that_fails_does_not_stop_the_others() {
    let desk = CliDesk::new().await;
    let folder = desk.folder.path();
    let broken = maildir(folder, "broken");
    desk.configure(&format!("{broken}{}", maildir(folder, "support")));
    fs::remove_dir(folder.join("broken/new")).unwrap();
    drop_in(
        folder,
        "support",
        "1.one",
        &mail("carla@customer.test", "One", "Hi"),
    );
    let ran = desk.run(&["fetch", "--once"]);
    assert_eq!(ran.status, 1, "{ran:#?}");
    assert!(
        ran.out
            .contains("support: read to its end.\n1 mail worked.\n"),
        "{ran:#?}"
    );
    assert!(
        ran.err.contains("the mailbox broken could not be read"),
        "{ran:#?}"
    );
    assert_eq!(desk.number("SELECT count(*) FROM ticket").await, 1);
    let status = desk.run(&["status"]);
    assert_eq!(status.status, 1);
    assert!(
        status.out.contains("The mailbox broken cannot be read"),
        "{status:#?}"
    );
}

#[tokio::test]
async fn a_mailbox_that_another_copy_reads_is_said_and_is_no_failure() {
    let desk = CliDesk::new().await;
    desk.configure(&maildir(desk.folder.path(), "support"));
    let app = desk.app().await;
    let mut conn = app.pool.acquire().await.unwrap();
    assert!(
        frontdesk::inbound::mailbox::try_lease(&mut conn, "support")
            .await
            .unwrap()
    );
    let out = desk.run(&["fetch", "--once"]).good();
    assert!(
        out.starts_with("support: another copy of Frontdesk reads it right now.\n"),
        "{out}"
    );
}
