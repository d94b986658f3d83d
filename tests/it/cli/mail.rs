//! `frontdesk mail inspect`.

use std::fs;

use super::desk::{CliDesk, Ran, mail, piped, program, redacted};

const MAILBOX: &str = r#"
[[mailbox]]
name = "support"
address = "support@desk.test"
pipe = true
plus_addressing = true
trusted_authserv = ["mx.desk.test"]
"#;

/// What the first message that left for somebody says in a field.
fn sent(desk: &CliDesk, to: &str, field: &str) -> String {
    let folder = desk.folder.path().join("outgoing");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(&to.replace('@', "_at_")))
        .collect();
    paths.sort();
    let text = fs::read_to_string(&paths[0]).unwrap().replace("\r\n ", "");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(": "));
    let value = line.unwrap();
    value
        .rsplit_once('<')
        .map_or(value, |(_, rest)| rest.trim_end_matches('>'))
        .to_owned()
}

/// A desk with an agent, and with a ticket of Carla's that was acknowledged.
async fn at_work() -> CliDesk {
    let desk = CliDesk::with(MAILBOX).await;
    let agent = [
        "agent",
        "add",
        "ann",
        "ann@agents.test",
        "--name",
        "Ann Lee",
    ];
    desk.run(&agent).good();
    desk.deliver(&mail(
        "Carla <carla@customer.test>",
        "The export is empty",
        "Hi",
    ));
    desk.process().await;
    desk.send().await;
    desk
}

/// How many rows the desk has of everything that a mail could add.
async fn rows(desk: &CliDesk) -> i64 {
    desk.number(
        "SELECT (SELECT count(*) FROM inbound_mail) + (SELECT count(*) FROM person) + (SELECT count(*) FROM ticket)
              + (SELECT count(*) FROM comment) + (SELECT count(*) FROM event) + (SELECT count(*) FROM outbox)",
    )
    .await
}

#[test]
fn the_help_says_what_can_be_asked() {
    let ran = Ran::of(&program(&["mail", "inspect", "--help"]).output().unwrap());
    insta::assert_snapshot!(ran.good());
}

#[test]
fn a_message_is_explained_without_a_desk() {
    let raw = mail(
        "Carla <carla@customer.test>",
        "Re: The export is empty",
        "Now it works.\r\n\r\nOn Thu, 19 Nov 2026 at 10:00, Desk <support@desk.test> wrote:\r\n\r\n> Try again.",
    );
    let page = piped(program(&["mail", "inspect"]), raw.as_bytes()).good();
    insta::assert_snapshot!(page);
}

#[tokio::test]
async fn a_mailbox_file_and_a_folder_are_read_message_by_message() {
    let folder = tempfile::TempDir::new().unwrap();
    let (one, two) = (
        mail("a@customer.test", "One", "1"),
        mail("b@customer.test", "Two", ">From 2"),
    );
    fs::create_dir(folder.path().join("cur")).unwrap();
    fs::write(folder.path().join("cur/1"), &one).unwrap();
    fs::write(folder.path().join("cur/2"), &two).unwrap();
    let mbox = folder.path().join("mbox");
    fs::write(
        &mbox,
        format!(
            "From a Thu Nov 19 10:00:00 2026\r\n{one}\r\nFrom b Thu Nov 19 10:00:00 2026\r\n{two}"
        ),
    )
    .unwrap();
    let (cur, mbox) = (
        folder.path().join("cur"),
        mbox.to_string_lossy().into_owned(),
    );
    for arguments in [
        vec!["mail", "inspect", "--json", &cur.to_string_lossy()],
        vec!["mail", "inspect", "--json", "--mbox", &mbox],
    ] {
        let out = Ran::of(&program(&arguments).output().unwrap()).good();
        let subjects: Vec<String> = out
            .lines()
            .map(|line| {
                serde_json::from_str::<serde_json::Value>(line).unwrap()["subject"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(subjects, ["One", "Two"], "{arguments:?}");
    }
}

#[tokio::test]
async fn what_would_become_of_a_customers_answer_is_said_and_why() {
    let desk = at_work().await;
    let to = sent(&desk, "carla@customer.test", "Reply-To");
    let answer = mail(
        "Carla <carla@customer.test>",
        "Re: The export is empty",
        "It still is.",
    )
    .replace("support@desk.test", &to);
    let before = rows(&desk).await;
    let page = desk
        .pipe(&["mail", "inspect", "--route"], answer.as_bytes())
        .good();
    insta::assert_snapshot!(redacted(&page, desk.folder.path()));
    assert_eq!(rows(&desk).await, before);
}

#[tokio::test]
async fn what_would_become_of_a_mail_that_an_agent_forwards_is_said_and_why() {
    let desk = at_work().await;
    let forward = "Authentication-Results: mx.desk.test; dmarc=pass header.from=agents.test\r\nFrom: Ann Lee <ann@agents.test>\r\nTo: support@desk.test\r\nSubject: Fwd: Broken\r\nMessage-ID: <f@agents.test>\r\n\r\nPlease take it.\r\n\r\n---------- Forwarded message ---------\r\nFrom: Dora <dora@customer.test>\r\nDate: Thu, 19 Nov 2026 at 10:00\r\nSubject: Broken\r\nTo: Ann <ann@agents.test>\r\n\r\nIt is broken.\r\n";
    let page = desk
        .pipe(&["mail", "inspect", "--route"], forward.as_bytes())
        .good();
    insta::assert_snapshot!(redacted(&page, desk.folder.path()));
}

#[tokio::test]
async fn what_is_foreseen_is_what_happens() {
    let desk = at_work().await;
    let reply_to = sent(&desk, "carla@customer.test", "Reply-To");
    let answered = sent(&desk, "carla@customer.test", "Message-ID");
    let proven = "Authentication-Results: mx.desk.test; dmarc=pass header.from=agents.test\r\n";
    let mut cases = vec![
        ("a first mail", mail("dora@customer.test", "Help", "Hi")),
        (
            "an answer",
            mail("carla@customer.test", "Re: 1", "Yes").replace("support@desk.test", &reply_to),
        ),
        (
            "an answer of a stranger",
            format!(
                "In-Reply-To: <{answered}>\r\n{}",
                mail("eve@customer.test", "Re: 2", "Yes")
            ),
        ),
        (
            "an absence note",
            format!(
                "Auto-Submitted: auto-replied\r\n{}",
                mail("carla@customer.test", "Away", "I am away")
                    .replace("support@desk.test", &reply_to)
            ),
        ),
        (
            "an absence note to nothing",
            format!(
                "Auto-Submitted: auto-replied\r\n{}",
                mail("dora@customer.test", "Gone", "I am away")
            ),
        ),
        (
            "a newsletter",
            format!(
                "Precedence: bulk\r\n{}",
                mail("news@customer.test", "News", "Buy")
            ),
        ),
        (
            "spam",
            format!(
                "X-Spam-Flag: YES\r\n{}",
                mail("eve@customer.test", "Lottery", "Buy")
            ),
        ),
        ("our own mail", mail("support@desk.test", "Mine", "Hi")),
        (
            "an agent without proof",
            mail("ann@agents.test", "Re: 3", "We look into it")
                .replace("support@desk.test", &reply_to),
        ),
        (
            "an agent's answer",
            format!(
                "{proven}{}",
                mail("ann@agents.test", "Re: 4", "We look into it")
                    .replace("support@desk.test", &reply_to)
            ),
        ),
        (
            "an agent's note",
            format!(
                "{proven}{}",
                mail("ann@agents.test", "Re: 5", "note: he is angry")
                    .replace("support@desk.test", &reply_to)
            ),
        ),
        (
            "an agent's commands",
            format!(
                "{proven}{}",
                mail("ann@agents.test", "Re: 6", "/take").replace("support@desk.test", &reply_to)
            ),
        ),
        (
            "a bounce",
            mail(
                "MAILER-DAEMON@mx.customer.test",
                "Undelivered Mail",
                &format!(
                    "<carla@customer.test>: 550 5.1.1 user unknown\r\n\r\n--- Below this line is a copy of the message.\r\n\r\nReturn-Path: <>\r\nMessage-ID: <{answered}>\r\nFrom: support@desk.test"
                ),
            ),
        ),
        (
            "a bounce of nothing",
            mail(
                "MAILER-DAEMON@mx.customer.test",
                "Undelivered",
                "<x@customer.test>: 550 5.1.1 user unknown",
            ),
        ),
    ];
    cases.push(("the same again", cases[0].1.clone()));
    for (what, raw) in cases {
        let before = rows(&desk).await;
        let json = desk
            .pipe(&["mail", "inspect", "--route", "--json"], raw.as_bytes())
            .good();
        let foreseen = serde_json::from_str::<serde_json::Value>(&json).unwrap()["route"].clone();
        assert_eq!(rows(&desk).await, before, "{what}");
        desk.deliver(&raw);
        desk.process().await;
        let list = desk.run(&["inbound", "list", "--limit", "1"]).good();
        let row = list.lines().nth(1).unwrap();
        let state = foreseen["state"].as_str().unwrap();
        if what == "the same again" {
            assert_eq!(state, "known", "{foreseen}");
            continue;
        }
        assert!(
            row.contains(&format!(" {state} ")),
            "{what}: {foreseen} but {row}"
        );
        let new = foreseen["outcome"]
            .as_str()
            .unwrap()
            .contains("a new ticket");
        match foreseen["ticket"].as_str() {
            Some(number) if !new => assert!(row.contains(number), "{what}: {foreseen} but {row}"),
            _ => assert_eq!(
                row.contains("TKT-"),
                new || what == "a bounce",
                "{what}: {foreseen} but {row}"
            ),
        }
    }
}

#[tokio::test]
async fn a_mailbox_that_there_is_not_is_named() {
    let desk = CliDesk::with(MAILBOX).await;
    let arguments = ["mail", "inspect", "--route", "--mailbox", "sales"];
    desk.app().await.close().await.unwrap();
    let ran = desk.pipe(&arguments, mail("a@customer.test", "One", "1").as_bytes());
    assert_eq!(ran.status, 1);
    assert_eq!(
        ran.err,
        "frontdesk: there is no mailbox `sales`; there is support\n"
    );
}

#[tokio::test]
async fn without_a_configuration_the_route_cannot_be_told() {
    let ran = piped(program(&["mail", "inspect", "--route"]), b"");
    assert_eq!(ran.status, 64);
    assert!(ran.err.contains("which configuration?"), "{}", ran.err);
}
