//! Is the stand-in for Discord honest? A client that is not ours, discord.py, is run against it and does what Frontdesk's
//! wire does. What it sees is what it would see of Discord. `make fakes-honest` runs it.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly, and uses a part of the stand-ins"
)]

#[path = "../it/fakes/mod.rs"]
mod fakes;

use std::process::Stdio;
use std::time::Duration;

use fakes::discord::Discord;
use fakes::discord::state::{GUILD, TOKEN};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{ChildStdout, Command};

/// Far more than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the other client says.
struct Other(Lines<BufReader<ChildStdout>>);

impl Other {
    /// Waits for a line that begins with this, and gives the rest of it.
    async fn says(&mut self, what: &str) -> String {
        loop {
            let line = tokio::time::timeout(PATIENCE, self.0.next_line()).await;
            let line = line
                .expect("a line in time")
                .unwrap()
                .expect("one more line");
            println!("discord.py: {line}");
            if let Some(rest) = line.strip_prefix(what) {
                return rest.trim().to_owned();
            }
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let python = std::env::var("PYTHON").expect("PYTHON names an interpreter that has discord.py");
    let fake = Discord::start().await;
    // The house's own rules are not Discord's, and not discord.py's.
    fake.change(|state| state.house_rules = false);
    let channel = fake.channel("support");
    let ada = fake.member("Ada");
    let mut child = Command::new(python)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/honest/discordpy.py"
        ))
        .args([&fake.url(), TOKEN, &GUILD.to_string(), &channel])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut other = Other(BufReader::new(child.stdout.take().unwrap()).lines());

    let history = other.says("history").await;
    assert_eq!(
        history, "A ticket, edited",
        "the newest first, what was deleted not"
    );
    let card = other.says("ready").await;
    let posts = fake.posts_in(&channel);
    assert_eq!(posts[0].card.as_ref().unwrap().0, "TKT-7");
    assert!(fake.thread(&card).archived);
    assert_eq!(fake.posts_in(&card)[0].files, ["log.txt"]);

    let post = ada.posts(&channel, "hello");
    assert_eq!(other.says("message").await, "Ada hello");
    ada.edits(&post, "hello again");
    assert_eq!(other.says("edited").await, "hello again");
    ada.reacts(&post, "✅");
    assert_eq!(other.says("marked").await, "✅");

    let typed = ada.types(&channel, "/note ticket:TKT");
    assert_eq!(fake.choices(&typed).await[0].0, "TKT-1");
    let asked = ada.runs(&channel, "/note ticket:TKT-1 text:call back");
    assert_eq!(other.says("command").await, "TKT-1 call back");
    assert_eq!(fake.answer(&asked).await, "noted");
    let pressed = ada.presses(&card, "take:7");
    assert_eq!(other.says("button").await, "Ada");
    assert_eq!(fake.answer(&pressed).await, "taken");
    let form = ada.presses(&card, "reply:7");
    assert_eq!(fake.form(&form).await, "Reply");
    let sent = ada.submits(&form, &[("text", "it works")]);
    assert_eq!(other.says("form").await, "it works");
    assert_eq!(fake.answer(&sent).await, "sent");

    fake.drop_gateway();
    ada.posts(&channel, "during");
    assert_eq!(other.says("message").await, "Ada during");
    other.says("resumed").await;
    ada.posts(&channel, "farewell");
    let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
    assert!(ended.expect("it ends in time").unwrap().success());
    println!("The stand-in for Discord is honest with discord.py.");
}
