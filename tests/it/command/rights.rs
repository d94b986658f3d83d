//! Who may give which command: every command, every role, on one's own ticket and on somebody else's.

use frontdesk::chat::CommandSpec;
use frontdesk::command::{self, Caller, Failure, Fault, UserError};
use frontdesk::people::{Person, Role};
use frontdesk::ticket::Source;

use super::Bench;

/// A line for each command; `N` is the ticket's number.
const LINES: &[(&str, &str)] = &[
    ("open", "open It hangs"),
    ("show", "show N"),
    ("take", "take N"),
    ("assign", "assign N bob"),
    ("unassign", "unassign N"),
    ("team to", "team N billing"),
    ("team add", "team add support bob"),
    ("team remove", "team remove billing bob"),
    ("team list", "team list"),
    ("agent add", "agent add eve eve@else.test"),
    ("agent list", "agent list"),
    ("agent disable", "agent disable bob"),
    ("agent enable", "agent enable bob"),
    ("due", "due N tomorrow"),
    ("attach", "attach N"),
    ("bulk", "bulk --all close"),
    ("stats", "stats"),
    ("digest list", "digest list"),
    ("digest subscribe", "digest subscribe mine"),
    ("digest unsubscribe", "digest unsubscribe mine"),
    ("digest preview", "digest preview mine"),
    ("sla", "sla N"),
    ("status", "status N in_progress"),
    ("resolve", "resolve N"),
    ("close", "close N"),
    ("reopen", "reopen N"),
    ("priority", "priority N high"),
    ("category", "category N billing"),
    ("type", "type N none"),
    ("tag", "tag N vip"),
    ("field", "field N project apollo"),
    ("subject", "subject N Another one"),
    ("watch", "watch N"),
    ("unwatch", "unwatch N"),
    ("cc add", "cc add N eve@customer.test"),
    ("cc remove", "cc remove N eve@customer.test"),
    ("requester", "requester N eve@customer.test"),
    ("reply", "reply N Hello"),
    ("note", "note N Hello"),
    ("comment", "comment N Hello"),
    ("list", "list"),
    ("search", "search export"),
    ("history", "history N"),
    ("transcript", "transcript N"),
    ("edit", "edit N 1 Hello"),
    ("delete", "delete N 1"),
    ("undo", "undo N"),
    ("canned list", "canned list"),
    ("canned show", "canned show hello"),
    ("canned use", "canned use N hello"),
    ("canned save", "canned save hello Hello"),
    ("canned delete", "canned delete hello"),
    ("link", "link N relates TKT-0"),
    ("unlink", "unlink N relates TKT-0"),
    ("merge", "merge N TKT-0"),
    ("unmerge", "unmerge N"),
    ("split", "split N 1 Another one"),
    ("spam", "spam N"),
    ("unspam", "unspam N"),
    ("rate", "rate N 5"),
    ("connect", "connect carla@customer.test"),
    ("remind", "remind N in 2 hours"),
    ("reminders", "reminders"),
    ("reminder done", "reminder done 1"),
    ("reminder later", "reminder later 1 tomorrow"),
    ("reminder text", "reminder text 1 Hello"),
    ("reminder cancel", "reminder cancel 1"),
    ("reminder hours", "reminder hours always"),
    ("snooze", "snooze N tomorrow"),
    ("unsnooze", "unsnooze N"),
    ("away", "away"),
    ("back", "back"),
    ("zone", "zone"),
    ("whoami", "whoami"),
    ("help", "help"),
];

/// What customers may do on what is theirs, and nothing else.
const OF_CUSTOMERS: &[&str] = &[
    "open",
    "show",
    "list",
    "search",
    "history",
    "transcript",
    "reopen",
    "comment",
    "rate",
    "connect",
    "whoami",
    "help",
];
/// What agents may not do.
const OF_MANAGERS: &[&str] = &[
    "canned save",
    "canned delete",
    "stats",
    "agent add",
    "agent disable",
    "agent enable",
    "team add",
    "team remove",
];
/// What names no ticket.
const WITHOUT_TICKET: &[&str] = &[
    "open",
    "list",
    "search",
    "canned list",
    "canned show",
    "canned save",
    "canned delete",
    "connect",
    "whoami",
    "help",
];

fn paths(specs: &[CommandSpec], before: &str) -> Vec<String> {
    let mut all = Vec::new();
    for spec in specs {
        let path = format!("{before}{}", spec.name);
        if spec.subcommands.is_empty() {
            all.push(path);
        } else {
            all.extend(paths(&spec.subcommands, &format!("{path} ")));
        }
    }
    all
}

#[tokio::test]
async fn every_command_is_walked_by_every_role_on_own_and_foreign_tickets() {
    let bench = Bench::new().await;
    let mut known = paths(&command::specs(&bench.desk.app.settings), "");
    known.sort();
    let mut walked: Vec<&str> = LINES.iter().map(|(path, _)| *path).collect();
    walked.sort_unstable();
    assert_eq!(known, walked, "a line for each command");

    bench
        .desk
        .receive(&super::request("Dora", "Another matter"))
        .await;
    let dora = bench.desk.person("dora@customer.test").await;
    for role in [Role::Customer, Role::Agent, Role::Manager, Role::Admin] {
        for (path, line) in LINES {
            let own = attempt(&bench, &bench.carla, role, line).await;
            let foreign = attempt(&bench, &dora, role, line).await;
            let about = format!("{path} by {}", role.key());
            let customer = role == Role::Customer;
            let too_small = role == Role::Agent && OF_MANAGERS.contains(path);
            if too_small || customer && !OF_CUSTOMERS.contains(path) {
                for error in [own, foreign] {
                    let error = error.expect_err(&about);
                    assert_eq!(error.fault, Fault::Forbidden, "{about}: {error}");
                    assert!(error.what.contains("is for"), "who may: {about}: {error}");
                }
                continue;
            }
            assert!(!is_forbidden(&own), "{about}: {own:?}");
            if WITHOUT_TICKET.contains(path) {
                assert!(!is_forbidden(&foreign), "{about}: {foreign:?}");
            } else if customer {
                let error = foreign.expect_err(&about);
                assert!(
                    error.what.starts_with("There is no ticket"),
                    "{about}: {error}"
                );
            } else if ["comment", "rate"].contains(path) {
                let error = foreign.expect_err(&about);
                assert!(
                    error.what.contains("those who take part"),
                    "{about}: {error}"
                );
            } else {
                assert!(!is_forbidden(&foreign), "{about}: {foreign:?}");
            }
        }
    }
    bench.close().await;
}

/// Gives a command with another role, and takes back what it did.
async fn attempt(bench: &Bench, who: &Person, role: Role, line: &str) -> Result<(), UserError> {
    let line = line.replacen('N', bench.number(), 1);
    let caller = Caller {
        person: Some(who),
        role,
        source: Source::Chat,
        ticket: None,
        account: None,
        files: &[],
    };
    let mut tx = bench.desk.app.pool.begin().await.unwrap();
    let done = command::run(&mut tx, &bench.desk.app.scene(), &caller, &line).await;
    tx.rollback().await.unwrap();
    match done {
        Ok(_) => Ok(()),
        Err(Failure::User(error)) => Err(error),
        Err(Failure::Other(error)) => panic!("{line}: {error:?}"),
    }
}

fn is_forbidden(done: &Result<(), UserError>) -> bool {
    matches!(done, Err(error) if error.fault == Fault::Forbidden)
}
