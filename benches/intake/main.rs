//! How fast mail goes from a real Dovecot to committed tickets with their acknowledgements in the outbox, how fast
//! those leave, how fast mail is understood, and how much memory the service takes.
//!
//! The whole service runs as it would: it fetches over IMAPS, writes down, moves each message to another folder on the
//! server, opens the tickets, and sends the acknowledgements. The first stretch counts from the start of the program
//! to the commit of the last ticket; the mail server for what goes out keeps its clients waiting until then. The
//! second one counts from there to the last acknowledgement that is settled as sent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    reason = "a benchmark may fail loudly, and uses a part of the tests' mail system"
)]

mod cost;
mod sink;
#[path = "../../tests/stack/mod.rs"]
mod stack;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use frontdesk::db::{self, embedded::Cluster};
use sink::Sink;
use sqlx::PgPool;
use stack::{MailStack, StackOptions};
use tempfile::TempDir;

const MAILS: u32 = 6_000;
const ADDRESS: &str = "support@example.org";
const PASSWORD: &str = "a password";

/// How often the database is asked how far it is; asking costs time too.
const LOOK: Duration = Duration::from_millis(100);

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let folder = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o711))
        .tempdir()
        .unwrap();
    inspect(&folder);
    let place = folder.path().join("postgres");
    let cluster = Cluster::start(&place).await.unwrap();
    let data = place.join("data");
    let pool = db::connect(&cluster.url, 2).await.unwrap();
    db::migrate(&pool).await.unwrap();
    let stack = MailStack::start(StackOptions::imap_only());
    stack.add_user(ADDRESS, PASSWORD);
    let sink = Sink::start().await;
    let configuration = write_configuration(&folder, &stack, &sink, &cluster.url);

    let service = Service::start(&configuration);
    until(
        &pool,
        "SELECT count(*) FROM mailbox WHERE last_success_at IS NOT NULL",
        1,
    )
    .await;
    let idle = cost::resident_megabytes(service.pid());
    drop(service);

    for number in 0..MAILS {
        stack.put(ADDRESS, mail(number).as_bytes());
    }
    let stretch = Stretch::begin(&data, 0.0);
    let service = Service::start(&configuration);
    let mut peak = 0.0_f64;
    while count(&pool, "SELECT count(*) FROM ticket").await < i64::from(MAILS) {
        peak = peak.max(cost::resident_megabytes(service.pid()));
        tokio::time::sleep(LOOK).await;
    }
    stretch.end(
        "from Dovecot to committed tickets",
        cost::seconds(service.pid()),
    );
    let acknowledgements = count(
        &pool,
        "SELECT count(*) FROM outbox WHERE template = 'ticket_opened_customer'",
    )
    .await;
    println!("acknowledgements in the outbox by then: {acknowledgements}");

    let stretch = Stretch::begin(&data, cost::seconds(service.pid()));
    sink.open();
    until(
        &pool,
        "SELECT count(*) FROM outbox WHERE state = 'sent' AND audience = 'customer'",
        i64::from(MAILS),
    )
    .await;
    stretch.end(
        "from the outbox to a mail server",
        cost::seconds(service.pid()),
    );
    drop(service);

    println!("resident memory: {idle:.0} MB idle, {peak:.0} MB at the most while mail comes in");
    pool.close().await;
    cluster.stop().await.unwrap();
}

/// A stretch of the way, and what it costs per mail. Processor time tells more than the rate where the machine has
/// other work.
struct Stretch {
    data: PathBuf,
    begun: Instant,
    frontdesk: f64,
    postgres: f64,
}

impl Stretch {
    /// Begins now; `frontdesk` is the processor time that the service has spent before.
    fn begin(data: &Path, frontdesk: f64) -> Self {
        Self {
            begun: Instant::now(),
            frontdesk,
            postgres: cost::postgres_seconds(data),
            data: data.to_owned(),
        }
    }

    fn end(self, way: &str, frontdesk: f64) {
        let spent = self.begun.elapsed().as_secs_f64();
        let mails = f64::from(MAILS);
        let own = (frontdesk - self.frontdesk) / mails * 1e3;
        let postgres = (cost::postgres_seconds(&self.data) - self.postgres) / mails * 1e3;
        println!(
            "{MAILS} mails {way}: {spent:.2} s, {:.0}/s; processor time per mail: {own:.2} ms, and {postgres:.2} ms \
             of PostgreSQL",
            mails / spent
        );
    }
}

/// How fast one process understands mail, with neither network nor database.
fn inspect(folder: &TempDir) {
    let mails = folder.path().join("mails");
    fs::create_dir(&mails).unwrap();
    for number in 0..MAILS {
        fs::write(mails.join(format!("{number:05}.eml")), mail(number)).unwrap();
    }
    let begun = Instant::now();
    let done = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
        .args(["mail", "inspect", "--json"])
        .arg(&mails)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(done.success());
    let spent = begun.elapsed().as_secs_f64();
    println!(
        "{MAILS} mails through `frontdesk mail inspect --json`, on one core: {spent:.2} s, {:.0}/s",
        f64::from(MAILS) / spent
    );
}

async fn count(pool: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
}

async fn until(pool: &PgPool, query: &'static str, wanted: i64) {
    while count(pool, query).await < wanted {
        tokio::time::sleep(LOOK).await;
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

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(self.0.id().try_into().unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        self.0.wait().unwrap();
    }
}

fn write_configuration(
    folder: &TempDir,
    stack: &MailStack,
    sink: &Sink,
    database: &str,
) -> PathBuf {
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

[[outgoing.smtp]]
host = "localhost"
port = {smtp}
tls = "none"
timeout_seconds = 600

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
        smtp = sink.port,
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
