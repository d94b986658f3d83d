//! How long a new mail takes from the IMAP server's notice of it to its post in the ticket's thread.
//!
//! The whole service runs as it would, between a real Dovecot and the tests' stand-in for Discord. A relay before Dovecot
//! tells when it says `EXISTS`: it waits about half a second before it gives notice, which is its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    reason = "a benchmark may fail loudly, and uses a part of the tests' mail system and chat"
)]

#[path = "../../tests/it/fakes/mod.rs"]
mod fakes;
#[path = "../../tests/stack/mod.rs"]
mod stack;

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use fakes::discord::{Discord, state};
use fakes::door::Logged as _;
use frontdesk::db::embedded::Cluster;
use stack::{MailStack, StackOptions};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

const MAILS: usize = 300;
const ADDRESS: &str = "support@example.org";
const PASSWORD: &str = "a password";

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let folder = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o711))
        .tempdir()
        .unwrap();
    let cluster = Cluster::start(&folder.path().join("postgres"))
        .await
        .unwrap();
    let stack = MailStack::start(StackOptions::imap_only());
    stack.add_user(ADDRESS, PASSWORD);
    let relay = Relay::start(stack.ports.imap).await;
    let chat = Discord::start().await;
    let channel = chat.channel("support");
    let configuration = configure(folder.path(), &cluster.url, relay.port, &chat, &channel);
    let service = Service::start(&configuration);
    chat.connected().await;
    relay.idles().await;

    let mut took = Vec::new();
    let mut known = 0;
    for number in 0..MAILS {
        let words = format!("case {number} of today");
        stack.put(ADDRESS, mail(number, &words).as_bytes());
        let found = chat.until("the mail's post", |state| {
            let log = state.log();
            let posted = |at: &usize| {
                let one = &log[*at];
                one.method == "POST"
                    && one.path.ends_with("/messages")
                    && one.body.to_string().contains(&words)
            };
            (known..log.len()).find(posted)
        });
        known = found.await + 1;
        took.push(relay.notice().elapsed());
    }
    drop(service);
    took.sort();
    let at = |share: f64| {
        let place = (took.len() as f64 * share) as usize;
        took[place.min(took.len() - 1)].as_secs_f64() * 1000.0
    };
    println!(
        "{MAILS} mails from the server's notice to the post in the ticket's thread: p50 {:.0} ms, p99 {:.0} ms (goal: 300), \
         slowest {:.0} ms",
        at(0.5),
        at(0.99),
        at(1.0)
    );
    cluster.stop().await.unwrap();
}

/// Passes bytes between the service and Dovecot, and knows when the last notice of new mail went by.
struct Relay {
    port: u16,
    notice: Arc<Mutex<Instant>>,
    idle: tokio::sync::watch::Receiver<bool>,
}

impl Relay {
    async fn start(to: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let notice = Arc::new(Mutex::new(Instant::now()));
        let (tell, idle) = tokio::sync::watch::channel(false);
        let noted = notice.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await.unwrap();
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                tokio::spawn(pass(client, server, noted.clone(), tell.clone()));
            }
        });
        Self { port, notice, idle }
    }

    async fn idles(&self) {
        let waiting = self.idle.clone().wait_for(|idle| *idle).await.is_ok();
        assert!(waiting);
    }

    fn notice(&self) -> Instant {
        *self.notice.lock().unwrap()
    }
}

async fn pass(
    client: TcpStream,
    server: TcpStream,
    notice: Arc<Mutex<Instant>>,
    idle: tokio::sync::watch::Sender<bool>,
) {
    let (mut from_client, mut to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let up = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let mut lines = BufReader::new(from_server);
    let mut line = Vec::new();
    while lines
        .read_until(b'\n', &mut line)
        .await
        .is_ok_and(|read| read > 0)
    {
        if line.trim_ascii_end().ends_with(b" EXISTS") {
            *notice.lock().unwrap() = Instant::now();
        }
        if line.starts_with(b"+ idling") {
            let _ = idle.send(true);
        }
        if to_client.write_all(&line).await.is_err() {
            break;
        }
        line.clear();
    }
    up.abort();
}

/// The program as users run it.
struct Service(Child);

impl Service {
    fn start(configuration: &Path) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
            .args(["run", "--config"])
            .arg(configuration)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(self.0.id().try_into().unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        self.0.wait().unwrap();
    }
}

fn configure(folder: &Path, database: &str, imap: u16, chat: &Discord, channel: &str) -> PathBuf {
    let path = folder.join("frontdesk.toml");
    let secret = |name: &str, text: &str| {
        let file = folder.join(name);
        fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let text = format!(
        r#"
desk = "{desk}"

[database]
url = {{ file = "{url}" }}

[[reply_key]]
id = 1
secret = {{ file = "{key}" }}

[[mailbox]]
name = "support"
address = "{ADDRESS}"

[mailbox.imap]
host = "localhost"
port = {imap}
tls = "none"

[mailbox.imap.login]
user = "{ADDRESS}"
password = {{ file = "{password}" }}

[outgoing]
folder = "outgoing"

[[chat]]
name = "chat"

[chat.discord]
token = {{ file = "{token}" }}
server = "{server}"
api_url = "{api}"

[[chat.place]]
id = "{channel}"

[log]
filter = "warn"
"#,
        desk = concat!(env!("CARGO_MANIFEST_DIR"), "/config/desks/saas.toml"),
        url = secret("url", database),
        key = secret("key", "0123456789abcdef0123456789abcdef"),
        password = secret("password", PASSWORD),
        token = secret("token", state::TOKEN),
        server = state::GUILD,
        api = chat.url(),
    );
    fs::write(&path, text).unwrap();
    path
}

fn mail(number: usize, words: &str) -> String {
    format!(
        "From: Customer {number} <customer{number}@customers.example>\r\nTo: {ADDRESS}\r\nSubject: Export {number} is empty\r\n\
         Message-ID: <{number}@customers.example>\r\nDate: Fri, 20 Nov 2026 09:00:00 +0000\r\n\r\n\
         The export of last night is empty again, {words}.\r\n"
    )
}
