//! Are the stand-ins honest? Clients that are not ours, discord.py and Slack's own Bolt, are run against them and do what
//! Frontdesk's wires do. What they see is what they would see of Discord and of Slack. `make fakes-honest` runs it.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly, and uses a part of the stand-ins"
)]

mod discord;
#[path = "../it/fakes/mod.rs"]
mod fakes;
mod slack;

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// Far more than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Another client, and what it says.
struct Other {
    name: &'static str,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Other {
    /// Starts a script beside this file.
    fn start(name: &'static str, script: &str, arguments: &[&str]) -> Self {
        let python = std::env::var("PYTHON").expect("PYTHON names an interpreter that has them");
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/honest/");
        let mut child = Command::new(python)
            .arg(format!("{folder}{script}"))
            .args(arguments)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { name, child, lines }
    }

    /// Waits until it ends, as it should.
    async fn ends(mut self) {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        assert!(ended.expect("it ends in time").unwrap().success());
        println!("The stand-in is honest with {}.", self.name);
    }

    /// Waits for a line that begins with this, and gives the rest of it.
    async fn says(&mut self, what: &str) -> String {
        loop {
            let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
            let line = line
                .expect("a line in time")
                .unwrap()
                .expect("one more line");
            println!("{}: {line}", self.name);
            if let Some(rest) = line.strip_prefix(what) {
                return rest.trim().to_owned();
            }
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    discord::check().await;
    slack::check().await;
}
