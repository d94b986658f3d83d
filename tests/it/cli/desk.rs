//! A desk that the program works on: a configuration, a database, and the program's own binary.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use frontdesk::app::App;
use frontdesk::clock::Clock;
use frontdesk::config;
use tempfile::TempDir;

use crate::db::TestDb;

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// What a run of the program gave.
#[derive(Debug)]
pub struct Ran {
    /// The exit status.
    pub status: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    pub fn of(output: &Output) -> Self {
        Self {
            status: output.status.code().unwrap(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// What it printed, if it went well.
    #[track_caller]
    pub fn good(self) -> String {
        assert_eq!(self.status, 0, "{self:#?}");
        self.out
    }
}

/// The desk.
pub struct CliDesk {
    pub folder: TempDir,
    db: TestDb,
    url: String,
}

impl CliDesk {
    /// With a mailbox at support@desk.test that mail is handed in to.
    pub async fn new() -> Self {
        Self::with(
            r#"
[[mailbox]]
name = "support"
address = "support@desk.test"
pipe = true
plus_addressing = true
"#,
        )
        .await
    }

    /// With these mailboxes and other settings.
    pub async fn with(more: &str) -> Self {
        let db = TestDb::new().await;
        let desk = Self {
            folder: TempDir::new().unwrap(),
            url: db.url().to_owned(),
            db,
        };
        desk.configure(more);
        desk
    }

    /// Writes the configuration anew.
    pub fn configure(&self, more: &str) {
        let desks = concat!(env!("CARGO_MANIFEST_DIR"), "/config/desks");
        let text = format!(
            r#"
desk = "{desks}/saas.toml"

[database]
url = {{ env = "DATABASE" }}

[[reply_key]]
id = 1
secret = {{ env = "KEY" }}

[outgoing]
folder = "outgoing"

[notify]
undo_seconds = 0
burst_seconds = 0

{more}
"#
        );
        std::fs::write(self.config(), text).unwrap();
    }

    pub fn config(&self) -> PathBuf {
        self.folder.path().join("frontdesk.toml")
    }

    /// Points the program at a database that does not answer.
    pub fn lose_the_database(&mut self) {
        let nowhere = self.folder.path().join("nowhere");
        self.url = format!("postgres://nobody@localhost/x?host={}", nowhere.display());
    }

    /// The program on this desk.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command
            .env("FRONTDESK_CONFIG", self.config())
            .env("DATABASE", &self.url)
            .env("KEY", KEY);
        command
    }

    /// Runs the program with nothing on standard input.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(
            &self
                .command(arguments)
                .stdin(Stdio::null())
                .output()
                .unwrap(),
        )
    }

    /// Runs the program with this on standard input.
    pub fn pipe(&self, arguments: &[&str], input: &[u8]) -> Ran {
        piped(self.command(arguments), input)
    }

    /// Hands a mail in.
    pub fn deliver(&self, mail: &str) {
        self.pipe(&["deliver"], mail.as_bytes()).good();
    }

    /// The same desk, opened within the test.
    pub async fn app(&self) -> App {
        let settings = config::load(&self.config(), &|name| match name {
            "DATABASE" => Some(self.url.clone()),
            "KEY" => Some(KEY.to_owned()),
            _ => None,
        });
        App::open(settings.unwrap(), Clock::default())
            .await
            .unwrap()
    }

    /// Works what waits.
    pub async fn process(&self) {
        let app = self.app().await;
        while app.processor().step().await.unwrap() > 0 {}
        app.close().await.unwrap();
    }

    /// Sends what is due.
    pub async fn send(&self) {
        let app = self.app().await;
        app.deliverer().unwrap().step().await.unwrap();
        app.close().await.unwrap();
    }

    /// One value from the database.
    pub async fn number(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query)
            .fetch_one(self.db.pool())
            .await
            .unwrap()
    }

    /// Changes the database by hand.
    pub async fn sql(&self, query: &'static str) {
        sqlx::query(query).execute(self.db.pool()).await.unwrap();
    }
}

/// The program, with an environment that holds nothing of the machine's.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("COLUMNS", "100");
    command
}

/// Runs a command with this on standard input.
pub fn piped(mut command: Command, input: &[u8]) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses before it reads closes the pipe.
    child.stdin.take().unwrap().write_all(input).ok();
    Ran::of(&child.wait_with_output().unwrap())
}

/// A plain mail.
pub fn mail(from: &str, subject: &str, body: &str) -> String {
    let id: String = subject
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    format!(
        "From: {from}\r\nTo: support@desk.test\r\nSubject: {subject}\r\nMessage-ID: <{id}@mail.test>\r\n\
         Date: Fri, 20 Nov 2026 08:59:00 +0000\r\n\r\n{body}\r\n"
    )
}

/// A text in which times, ids of tickets and folders are replaced, so that it is the same at each run.
pub fn redacted(text: &str, folder: &Path) -> String {
    let text = text.replace(&*folder.to_string_lossy(), "/desk");
    let rules = [
        (r"\d{4}-\d\d-\d\d \d\d:\d\d", "YYYY-MM-DD HH:MM"),
        (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "YYYY-MM-DDTHH:MM:SSZ"),
        (r"TKT-\d{8}-", "TKT-YYYYMMDD-"),
        (r"\d+ (second|minute)s? ago", "N seconds ago"),
        (r"support\+[0-9A-Za-z._~-]+@", "support+TOKEN@"),
        (r"[0-9A-Za-z._~+-]{20,}@desk\.test", "ID@desk.test"),
    ];
    rules.iter().fold(text, |text, (pattern, to)| {
        regex::Regex::new(pattern)
            .unwrap()
            .replace_all(&text, *to)
            .into_owned()
    })
}
