//! `frontdesk chat`, by lines on standard input.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

use super::desk::{CliDesk, mail};

/// A desk with Ann, and Carla's ticket.
async fn desk() -> (CliDesk, String) {
    let desk = CliDesk::new().await;
    desk.run(&[
        "agent",
        "add",
        "ann",
        "ann@agents.test",
        "--name",
        "Ann Lee",
        "--team",
        "support",
    ])
    .good();
    desk.deliver(&mail(
        "Carla <carla@customer.test>",
        "The export is empty",
        "Since *last* night.",
    ));
    desk.process().await;
    let list = desk.run(&["ticket", "list"]).good();
    let number = list
        .lines()
        .nth(1)
        .and_then(|line| line.split_whitespace().next());
    let number = number.unwrap().to_owned();
    (desk, number)
}

fn chat(desk: &CliDesk, lines: &str) -> String {
    desk.pipe(&["chat"], lines.as_bytes()).good()
}

#[tokio::test]
async fn a_ticket_is_worked_in_its_thread_and_every_line_has_its_answer() {
    let (desk, number) = desk().await;
    let said = chat(
        &desk,
        &format!(
            "#{number}\n/take\nAn internal thought.\n>> Hello Carla\n/back\nshow {number}\ntak\n"
        ),
    );
    let said = said.as_str();
    let places: Vec<Option<usize>> = [
        format!("┌ {number} The export is empty"),
        "Requester Carla (carla@customer.test)".to_owned(),
        "[a1] Take  [a2] Reply  [a3] Note  [a4] Resolve".to_owned(),
        "Carla wrote:".to_owned(),
        "Since *last* night.".to_owned(),
        format!("ann has {number} now"),
        "Status In progress".to_owned(),
        "It goes to carla@customer.test".to_owned(),
        "Did you mean".to_owned(),
    ]
    .iter()
    .map(|words| said.find(words.as_str()))
    .collect();
    assert!(places.iter().all(Option::is_some), "{places:?}\n{said}");
    assert!(places.is_sorted(), "{places:?}\n{said}");

    let shown = desk
        .run(&["do", "show --all", "--ticket", &number, "--json"])
        .good();
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let comments = shown["data"]["comments"].as_array().unwrap();
    let told: Vec<(&str, bool)> = comments
        .iter()
        .map(|comment| {
            (
                comment["body"].as_str().unwrap().trim(),
                comment["kind"] == "note",
            )
        })
        .collect();
    let wanted = [
        ("Since *last* night.", false),
        ("An internal thought.", true),
        ("Hello Carla", false),
    ];
    assert_eq!(told, wanted);
}

#[tokio::test]
async fn a_button_is_pressed_by_its_key_and_a_form_asked_field_by_field() {
    let (desk, number) = desk().await;
    let settings = fs::read_to_string(desk.config()).unwrap();
    fs::write(
        desk.config(),
        settings.replace("undo_seconds = 0", "undo_seconds = 60"),
    )
    .unwrap();
    let said = chat(
        &desk,
        &format!("#{number}\n/a2\nHello Carla,\nit is back.\n.\n/b1\n/z9\n/back\nshow {number}\n"),
    );
    assert!(said.contains("Reply: What the customer reads"), "{said}");
    assert!(said.contains("[b1] Undo"), "{said}");
    assert!(said.contains("There is no key z9"), "{said}");
    let shown = desk.run(&["do", "show --all", "--ticket", &number]).good();
    assert!(
        !shown.contains("it is back."),
        "the reply was taken back\n{shown}"
    );

    let dropped = chat(&desk, &format!("#{number}\n/a3\n.\n"));
    assert!(dropped.contains("Nothing was sent."), "{dropped}");
}

#[tokio::test]
async fn files_come_by_path_and_are_saved_by_key() {
    let (desk, number) = desk().await;
    let folder = desk.folder.path();
    fs::write(folder.join("trace.txt"), "line 42").unwrap();
    fs::create_dir(folder.join("saved")).unwrap();
    let lines = format!(
        "#{number}\n/file {0}/trace.txt see the trace\n/reply --file {0}/trace.txt Here is what we saw\n/file {0}/none.txt x\n\
         /transcript\n/d1\n/d1\n",
        folder.display()
    );
    let mut command = desk.command(&["chat", "--as", "ann"]);
    command.current_dir(folder.join("saved"));
    let said = super::desk::piped(command, lines.as_bytes()).good();
    assert!(said.contains("none.txt cannot be read"), "{said}");
    let shown = desk.run(&["do", "show --all", "--ticket", &number]).good();
    assert_eq!(shown.matches("- trace.txt (7 bytes)").count(), 2, "{shown}");
    let saved = fs::read_to_string(folder.join(format!("saved/{number}.md")))
        .unwrap_or_else(|_| panic!("{said}"));
    assert!(saved.contains("see the trace"), "{saved}");
    assert!(
        folder.join(format!("saved/{number}-1.md")).exists(),
        "nothing is overwritten"
    );
}

#[tokio::test]
async fn who_sits_there_is_an_agent_who_may_work() {
    let (desk, number) = desk().await;
    let ran = desk.pipe(&["chat", "--as", "bob"], b"list\n");
    assert_eq!(ran.status, 1);
    assert!(ran.err.contains("no agent `bob`"), "{ran:#?}");
    desk.run(&["agent", "add", "max", "max@agents.test", "--role", "admin"])
        .good();
    let said = chat(&desk, &format!("take {number}\nwhoami\n"));
    assert!(said.contains(&format!("max has {number} now")), "{said}");
    for handle in ["ann", "max"] {
        desk.run(&["agent", "disable", handle]).good();
    }
    let ran = desk.pipe(&["chat", "--as", "ann"], b"list\n");
    assert_eq!(ran.status, 77, "{ran:#?}");
    let ran = desk.pipe(&["chat"], b"list\n");
    assert!(ran.err.contains("frontdesk agent add"), "{ran:#?}");
}

#[tokio::test]
async fn the_thread_of_no_ticket_is_not_entered() {
    let (desk, number) = desk().await;
    let said = chat(&desk, "#999\nthread 999\nlist\n");
    assert_eq!(said.matches("There is no ticket 999").count(), 2, "{said}");
    assert!(said.contains(&number), "lines are commands still\n{said}");
}

#[tokio::test]
async fn sigterm_ends_it_gently() {
    let (desk, _) = desk().await;
    let mut child = desk
        .command(&["chat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut typed = child.stdin.take().unwrap();
    typed.write_all(b"whoami\n").unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let answered = said.find(|line| line.as_ref().unwrap().contains("Ann Lee"));
    assert!(answered.is_some());
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    signal::kill(pid, Signal::SIGTERM).unwrap();
    // There would be more lines.
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drop(typed);
}
