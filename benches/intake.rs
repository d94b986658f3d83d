//! How fast mail goes from a real Dovecot to committed tickets, and how much memory the service takes.
//!
//! The whole service runs as it would: it fetches over IMAPS, writes down, moves each message to another
//! folder on the server, opens the tickets, and sends the acknowledgements as they come. Time counts from the
//! start of the program to the commit of the last ticket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    reason = "a benchmark may fail loudly, and uses a part of the tests' mail system"
)]

#[path = "../tests/stack/mod.rs"]
mod stack;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use frontdesk::db::{self, embedded::Cluster};
use sqlx::PgPool;
use stack::{MailStack, StackOptions};
use tempfile::TempDir;

const MAILS: u32 = 6_000;
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
    let pool = db::connect(&cluster.url, 2).await.unwrap();
    db::migrate(&pool).await.unwrap();
    let stack = MailStack::start(StackOptions::imap_only());
    stack.add_user(ADDRESS, PASSWORD);
    let configuration = write_configuration(&folder, &stack, &cluster.url);

    let service = Service::start(&configuration);
    until(
        &pool,
        "SELECT count(*) FROM mailbox WHERE last_success_at IS NOT NULL",
        1,
    )
    .await;
    let idle = service.resident_megabytes();
    drop(service);

    for number in 0..MAILS {
        stack.put(ADDRESS, mail(number).as_bytes());
    }
    let begun = Instant::now();
    let service = Service::start(&configuration);
    let mut peak = 0.0_f64;
    loop {
        peak = peak.max(service.resident_megabytes());
        let tickets: i64 = count(&pool, "SELECT count(*) FROM ticket").await;
        if tickets >= i64::from(MAILS) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let spent = begun.elapsed();
    let acknowledgements = count(
        &pool,
        "SELECT count(*) FROM outbox WHERE template = 'ticket_opened_customer'",
    )
    .await;
    until(
        &pool,
        "SELECT count(*) FROM outbox WHERE state = 'sent' AND audience = 'customer'",
        i64::from(MAILS),
    )
    .await;
    let sent = begun.elapsed();
    drop(service);

    let rate = f64::from(MAILS) / spent.as_secs_f64();
    println!(
        "{MAILS} mails from Dovecot to committed tickets: {:.2} s, {rate:.0}/s",
        spent.as_secs_f64()
    );
    println!("acknowledgements in the outbox by then: {acknowledgements}");
    println!(
        "all acknowledgements sent (into a folder): {:.2} s",
        sent.as_secs_f64()
    );
    println!("resident memory: {idle:.0} MB idle, {peak:.0} MB at the most under load");
    pool.close().await;
    cluster.stop().await.unwrap();
}

async fn count(pool: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
}

async fn until(pool: &PgPool, query: &'static str, wanted: i64) {
    while count(pool, query).await < wanted {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
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

    fn resident_megabytes(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS"))
            .unwrap();
        let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kilobytes / 1024.0
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(self.0.id().try_into().unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        self.0.wait().unwrap();
    }
}

fn write_configuration(folder: &TempDir, stack: &MailStack, database: &str) -> PathBuf {
    let path = folder.path().join("frontdesk.toml");
    let secret = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
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
plus_addressing = true
after = {{ move = "Processed" }}

[mailbox.imap]
host = "localhost"
port = {port}
tls = "tls"
ca_file = "{ca}"

[mailbox.imap.login]
user = "{ADDRESS}"
password = {{ file = "{password}" }}

[outgoing]
folder = "outgoing"

[caps]
answers_per_minute = 1000000
mails_per_sender_per_hour = 1000000

[log]
filter = "warn"
"#,
        desk = concat!(env!("CARGO_MANIFEST_DIR"), "/config/desks/saas.toml"),
        url = secret("url", database),
        key = secret("key", "0123456789abcdef0123456789abcdef"),
        password = secret("password", PASSWORD),
        port = stack.ports.imaps,
        ca = stack.ca_file().display(),
    );
    fs::write(&path, text).unwrap();
    path
}

/// A request as customers write it: every third one as text and HTML, every tenth one with a file.
fn mail(number: u32) -> String {
    let words = "The export of last night is empty again, and the report that should follow it did not come. \
                 Could you look into it before noon? Our own people need it for the meeting.\r\n";
    let text = words.repeat(4);
    let head = format!(
        "From: Customer {number} <customer{number}@customers.example>\r\nTo: {ADDRESS}\r\n\
         Subject: Export {number} is empty\r\nMessage-ID: <{number}@customers.example>\r\n\
         Date: Fri, 20 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    );
    let plain = format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{text}");
    if number.is_multiple_of(3) {
        let html = format!("<html><body><p>{text}</p><p><b>Customer</b></p></body></html>");
        format!(
            "{head}Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n{plain}\r\n--b\r\n\
             Content-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--b--\r\n"
        )
    } else if number.is_multiple_of(10) {
        let file = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=\r\n".repeat(400);
        format!(
            "{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{plain}\r\n--b\r\n\
             Content-Type: application/pdf; name=report.pdf\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename=report-{number}.pdf\r\n\r\n{file}--b--\r\n"
        )
    } else {
        format!("{head}{plain}")
    }
}
