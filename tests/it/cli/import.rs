//! `frontdesk import`.

use std::fs;

use super::desk::CliDesk;

const MBOX: &str = "\
From dora@customer.test Mon Mar  2 10:00:00 2020
From: Dora <dora@customer.test>
To: support@desk.test
Subject: The printer is on fire
Message-ID: <fire@customer.test>
Date: Mon, 2 Mar 2020 10:00:00 +0000

It burns.

From carla@customer.test Sun Mar  1 10:00:00 2020
From: Carla <carla@customer.test>
To: support@desk.test
Subject: The export is empty
Message-ID: <empty@customer.test>
Date: Sun, 1 Mar 2020 10:00:00 +0000

It is empty.

From carla@customer.test Tue Mar  3 10:00:00 2020
From: Carla <carla@customer.test>
To: support@desk.test
Subject: Re: The export is empty
Message-ID: <again@customer.test>
In-Reply-To: <empty@customer.test>
Date: Tue, 3 Mar 2020 10:00:00 +0000

It is still empty.
";

#[tokio::test]
async fn an_mbox_becomes_tickets_as_old_as_its_mails_and_nobody_is_written_to() {
    let desk = CliDesk::new().await;
    desk.run(&[
        "agent",
        "add",
        "ann",
        "ann@agents.test",
        "--team",
        "support",
    ])
    .good();
    let path = desk.folder.path().join("old.mbox");
    fs::write(&path, MBOX).unwrap();
    let import = [
        "import",
        "mbox",
        path.to_str().unwrap(),
        "--mailbox",
        "support",
    ];
    let ran = desk.run(&import);
    assert!(ran.err.contains("3 of 3"), "{ran:#?}");
    assert!(ran.good().starts_with("3 mails taken in, 0 known already."));
    let tickets = desk.run(&["ticket", "list", "--all"]).good();
    assert_eq!(tickets.lines().count(), 3, "{tickets}");
    assert_eq!(
        desk.number(
            "SELECT count(*) FROM ticket WHERE opened_at < '2020-04-01' AND source = 'import'"
        )
        .await,
        2
    );
    assert_eq!(
        desk.number("SELECT count(*) FROM comment JOIN ticket ON ticket.id = ticket_id WHERE subject = 'The export is empty'").await,
        2
    );
    assert_eq!(
        desk.number("SELECT id FROM inbound_mail WHERE message_id = 'empty@customer.test'")
            .await,
        1,
        "oldest first"
    );
    assert_eq!(desk.number("SELECT count(*) FROM outbox").await, 0);

    assert!(
        desk.run(&import)
            .good()
            .starts_with("0 mails taken in, 3 known already.")
    );
    assert_eq!(desk.number("SELECT count(*) FROM comment").await, 3);
    assert_eq!(desk.number("SELECT count(*) FROM outbox").await, 0);
}

#[tokio::test]
async fn more_mails_of_one_sender_than_the_cap_are_no_loop_in_an_archive() {
    let desk = CliDesk::new().await;
    let maildir = desk.folder.path().join("old");
    for part in ["new", "cur", "tmp"] {
        fs::create_dir_all(maildir.join(part)).unwrap();
    }
    desk.configure(
        "[caps]\nmails_per_sender_per_hour = 2\n\
         [[mailbox]]\nname = \"support\"\naddress = \"support@desk.test\"\npipe = true\n",
    );
    for number in 0..10 {
        let mail = format!(
            "From: carla@customer.test\nSubject: Mail {number}\nMessage-ID: <{number}@customer.test>\n\nHi\n"
        );
        fs::write(maildir.join("cur").join(format!("{number}.host:2,S")), mail).unwrap();
    }
    desk.run(&[
        "import",
        "maildir",
        maildir.to_str().unwrap(),
        "--mailbox",
        "support",
    ])
    .good();
    assert_eq!(desk.number("SELECT count(*) FROM ticket").await, 10);
    assert_eq!(desk.number("SELECT count(*) FROM outbox").await, 0);
}

#[tokio::test]
async fn an_archive_for_no_mailbox_is_refused_before_it_is_read() {
    let desk = CliDesk::new().await;
    let ran = desk.run(&["import", "mbox", "/nowhere", "--mailbox", "sales"]);
    assert_eq!(ran.status, 67, "{ran:#?}");
    let ran = desk.run(&["import", "mbox", "/nowhere", "--mailbox", "support"]);
    assert_eq!(ran.status, 1, "{ran:#?}");
    assert!(ran.err.contains("cannot read /nowhere"), "{}", ran.err);
}
