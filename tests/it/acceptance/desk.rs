//! A desk between real servers: its configuration, its people, and the account that is taken of it at the end.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use chrono::Utc;
use frontdesk::config::service::TlsMode;
use frontdesk::people::{self, Role};
use sqlx::{Connection, PgConnection, PgPool};
use tempfile::TempDir;

use super::letters::Letter;
use super::service::Service;
use super::within_patience;
use crate::fakes::{discord, slack};
use crate::stack::{MailStack, StackOptions};

pub const SUPPORT: &str = "support@example.org";
pub const AGENT: &str = "ann@example.com";

/// How many mails a copy has on their way at once.
pub const CONCURRENCY: usize = 4;

/// How the desk reaches its mail servers.
pub struct Ways {
    pub imap: (TlsMode, u16),
    pub smtp: (TlsMode, u16),
    /// XOAUTH2 in place of a password.
    pub token: bool,
    pub poll_seconds: u32,
    pub smtp_timeout_seconds: u32,
    pub drain_seconds: u32,
    pub undo_seconds: u32,
    /// The chat platforms, as the configuration has them.
    pub chat: String,
}

impl Ways {
    /// TLS and a password on both ways.
    pub fn of(stack: &MailStack) -> Self {
        Self {
            imap: (TlsMode::Tls, stack.ports.imaps),
            smtp: (TlsMode::Tls, stack.ports.submissions),
            token: false,
            poll_seconds: 60,
            smtp_timeout_seconds: 10,
            drain_seconds: 60,
            undo_seconds: 0,
            chat: String::new(),
        }
    }
}

/// A desk and the servers it works with.
pub struct LiveDesk {
    pub stack: MailStack,
    pub pool: PgPool,
    url: String,
    folder: TempDir,
    started: AtomicU32,
}

/// Starts the mail servers with the desk's mailbox and the agent's.
pub fn mail_servers() -> MailStack {
    let stack = MailStack::start(StackOptions::default());
    stack.add_user(SUPPORT, "secret");
    stack.add_user(AGENT, "secret");
    stack.oauth.allow(SUPPORT, "refresh-me");
    stack
}

impl LiveDesk {
    /// Lays a desk with one agent into a database that has the schema.
    pub async fn lay(stack: MailStack, pool: PgPool, url: &str, ways: &Ways) -> Self {
        let folder = TempDir::new().unwrap();
        let text = configuration(&stack, ways);
        std::fs::write(folder.path().join("frontdesk.toml"), text).unwrap();
        let mut conn = pool.acquire().await.unwrap();
        let new = people::store::NewPerson {
            name: "Ann",
            address: AGENT,
            role: Role::Agent,
            handle: Some("ann"),
        };
        let ann = people::store::find_or_create(&mut conn, Utc::now(), new)
            .await
            .unwrap();
        people::store::join_team(&mut conn, ann.id, "support", false)
            .await
            .unwrap();
        drop(conn);
        Self {
            stack,
            pool,
            url: url.to_owned(),
            folder,
            started: AtomicU32::new(0),
        }
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("frontdesk.toml")
    }

    fn secrets(&self) -> [(&'static str, String); 7] {
        [
            ("DATABASE", self.url.clone()),
            ("KEY", "0123456789abcdef0123456789abcdef".to_owned()),
            ("PASSWORD", "secret".to_owned()),
            ("REFRESH", "refresh-me".to_owned()),
            ("DISCORD", discord::state::TOKEN.to_owned()),
            ("SLACK_BOT", slack::state::BOT_TOKEN.to_owned()),
            ("SLACK_APP", slack::state::APP_TOKEN.to_owned()),
        ]
    }

    /// Starts a copy of the service.
    pub fn start(&self) -> Service {
        let number = 1 + self.started.fetch_add(1, Ordering::Relaxed);
        let log = format!("copy-{number}.log");
        Service::start(
            &self.config(),
            self.folder.path().join(log),
            &self.secrets(),
        )
    }

    /// What `frontdesk status` says, and whether it finds that all is well.
    pub fn status(&self) -> (bool, String) {
        let said = std::process::Command::new(env!("CARGO_BIN_EXE_frontdesk"))
            .args(["status", "--config"])
            .arg(self.config())
            .envs(self.secrets())
            .output()
            .unwrap();
        let page = String::from_utf8_lossy(&said.stdout).into_owned()
            + &String::from_utf8_lossy(&said.stderr);
        (said.status.success(), page)
    }

    /// A connection that no pool takes back, for holding locks.
    pub async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// Asks until the answer is yes, and fails with all that is known.
    pub async fn eventually(&self, what: &str, question: impl AsyncFnMut() -> bool) {
        if !within_patience(question).await {
            panic!("not come true: {what}\n{}", self.account().await);
        }
    }

    /// Waits for one more mail in somebody's inbox than these, and adds it to them.
    pub async fn next(&self, address: &str, known: &mut Vec<Letter>) -> Letter {
        let what = format!("mail {} for {address}", known.len() + 1);
        self.eventually(&what, async || {
            self.stack.mails(address).len() > known.len()
        })
        .await;
        let mut new = self.letters(address);
        new.retain(|letter| known.iter().all(|known| known.id != letter.id));
        assert_eq!(new.len(), 1, "{what}: {new:#?}");
        known.extend(new.iter().cloned());
        new.remove(0)
    }

    /// The mails in somebody's inbox.
    pub fn letters(&self, address: &str) -> Vec<Letter> {
        let mails = self.stack.mails(address);
        mails.iter().map(|raw| Letter::read(raw)).collect()
    }

    /// Waits until a statement of the service that begins like this waits for a lock.
    pub async fn wait_blocked(&self, statement: &str) {
        let what = format!("`{statement}` waits for a lock");
        self.eventually(&what, async || {
            sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
                                AND wait_event_type = 'Lock'
                                AND starts_with(regexp_replace(query, '\\s+', ' ', 'g'), $1))",
            )
            .bind(statement)
            .fetch_one(&self.pool)
            .await
            .unwrap()
        })
        .await;
    }

    /// Waits until `mails` mails have come in and nothing waits any more, in either direction.
    pub async fn settle_down(&self, mails: usize) {
        let what = format!("{mails} mails are settled, and all answers have left");
        self.eventually(&what, async || {
            let (settled, waiting): (i64, i64) = sqlx::query_as(
                "SELECT (SELECT count(*) FROM inbound_mail WHERE state NOT IN ('received', 'processing')),
                        (SELECT count(*) FROM inbound_mail WHERE state IN ('received', 'processing'))
                        + (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending'))
                        + (SELECT count(*) FROM inbound_delivery WHERE acknowledged_at IS NULL)",
            )
            .fetch_one(&self.pool)
            .await
            .unwrap();
            waiting == 0 && usize::try_from(settled).unwrap() >= mails
        })
        .await;
    }

    /// Takes account: each of these mails came in once and became one comment; there is one ticket for each first
    /// one; whoever wrote one has one acknowledgement; what left is what the outbox says, and nothing left twice
    /// but under the same Message-ID after a second attempt. Gives the Message-IDs that left more than once.
    pub async fn audit(&self, requests: &[(String, String)], replies: &[String]) -> Vec<String> {
        let mut expected: Vec<String> = requests.iter().map(|(_, id)| id.clone()).collect();
        expected.extend(replies.iter().cloned());
        expected.sort();
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT message_id, state, count(DISTINCT comment_id) FROM inbound_mail GROUP BY 1, 2 ORDER BY 1",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        let wanted: Vec<(String, String, i64)> = expected
            .iter()
            .map(|id| (id.clone(), "processed".to_owned(), 1))
            .collect();
        assert_eq!(rows, wanted, "{}", self.account().await);
        let (mails, tickets, comments, taken): (i64, i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM inbound_mail), (SELECT count(*) FROM ticket), (SELECT count(*) FROM comment),
                    (SELECT count(*) FROM inbound_delivery WHERE acknowledged_at IS NOT NULL)",
        )
        .fetch_one(&self.pool)
        .await
        .unwrap();
        let counted =
            [mails, tickets, comments, taken].map(|count| usize::try_from(count).unwrap());
        let all = expected.len();
        let put_away = self.stack.mails_in(SUPPORT, "Archive").len();
        assert_eq!(counted, [all, requests.len(), all, put_away]);
        // A mail server that is stopped may deliver a mail twice.
        assert!(put_away >= all, "{put_away} of {all} mails were put away");
        assert!(self.stack.mails(SUPPORT).is_empty());
        self.audit_answers(requests).await
    }

    async fn audit_answers(&self, requests: &[(String, String)]) -> Vec<String> {
        self.eventually("Postfix has handed everything on", async || {
            self.stack.queue_is_empty()
        })
        .await;
        let rows: Vec<(String, String, String, String, i32)> = sqlx::query_as(
            "SELECT message_id, address, template, state, attempt FROM outbox ORDER BY id",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        for (customer, _) in requests {
            let to_customer = rows.iter().filter(|row| row.1 == *customer);
            let acknowledgements = to_customer.filter(|row| row.2 == "ticket_opened_customer");
            assert_eq!(
                acknowledgements.count(),
                1,
                "acknowledgements to {customer}"
            );
        }
        let addresses: BTreeSet<&str> = rows.iter().map(|row| row.1.as_str()).collect();
        let mut arrived: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        for address in addresses {
            for letter in self.letters(address) {
                let place = (address.to_owned(), letter.id);
                arrived.entry(place).or_default().insert(letter.queue_id);
            }
        }
        let mut twice = Vec::new();
        for (id, address, template, state, attempt) in rows {
            assert_eq!(state, "sent", "{template} to {address}");
            let place = (address.clone(), id.clone());
            let times = arrived.remove(&place).unwrap_or_default().len();
            assert!(times > 0, "{template} to {address} is lost");
            assert!(
                times <= usize::try_from(attempt).unwrap(),
                "{template} to {address} came {times} times in {attempt} attempts"
            );
            if times > 1 {
                twice.push(id);
            }
        }
        assert!(arrived.is_empty(), "nobody sent these: {arrived:#?}");
        twice
    }

    /// How things stand, for a test that fails.
    async fn account(&self) -> String {
        let queries = [
            "SELECT format('inbound %s %s: %s %s', state, count(*), max(reason), max(error)) FROM inbound_mail GROUP BY state",
            "SELECT format('outbox %s %s: %s', state, count(*), max(last_error)) FROM outbox GROUP BY state",
            "SELECT format('mailbox %s: %s', name, last_error) FROM mailbox",
            "SELECT format('waiting %s: %s', wait_event, query) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
        ];
        let mut text = String::new();
        for query in queries {
            let rows: Vec<String> = sqlx::query_scalar(query)
                .fetch_all(&self.pool)
                .await
                .unwrap_or_else(|error| vec![error.to_string()]);
            text.extend(rows.into_iter().map(|row| row + "\n"));
        }
        for number in 1..=self.started.load(Ordering::Relaxed) {
            let path = self.folder.path().join(format!("copy-{number}.log"));
            let log = std::fs::read_to_string(path).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let end = lines[lines.len().saturating_sub(30)..].join("\n");
            text.push_str(&format!("copy {number}:\n{end}\n"));
        }
        text.push_str(&self.stack.log());
        text
    }
}

fn configuration(stack: &MailStack, ways: &Ways) -> String {
    let desks = concat!(env!("CARGO_MANIFEST_DIR"), "/config/desks");
    let ca = stack.ca_file();
    let ca = ca.display();
    let tls = |mode| match mode {
        TlsMode::Tls => "tls",
        TlsMode::Starttls => "starttls",
        TlsMode::None => "none",
    };
    let login = |table: &str| {
        let secret = if ways.token {
            format!(
                "[{table}.token]\nendpoint = \"{}\"\nclient_id = \"frontdesk\"\nrefresh_token = {{ env = \"REFRESH\" }}",
                stack.oauth.token_endpoint()
            )
        } else {
            "password = { env = \"PASSWORD\" }".to_owned()
        };
        format!("[{table}]\nuser = \"{SUPPORT}\"\n{secret}")
    };
    let smtp_login = match ways.smtp.0 {
        TlsMode::None => String::new(),
        TlsMode::Tls | TlsMode::Starttls => login("outgoing.smtp.login"),
    };
    format!(
        r#"
desk = "{desks}/saas.toml"
drain_seconds = {drain_seconds}

[database]
url = {{ env = "DATABASE" }}

[[reply_key]]
id = 1
secret = {{ env = "KEY" }}

[[mailbox]]
name = "support"
address = "{SUPPORT}"
plus_addressing = true
after = {{ move = "Archive" }}
poll_seconds = {poll_seconds}

[mailbox.imap]
host = "localhost"
port = {imap_port}
tls = "{imap_tls}"
ca_file = "{ca}"
timeout_seconds = 20

{imap_login}

[outgoing]
concurrency = {CONCURRENCY}

[[outgoing.smtp]]
host = "localhost"
port = {smtp_port}
tls = "{smtp_tls}"
ca_file = "{ca}"
timeout_seconds = {smtp_timeout}

{smtp_login}

# Three hundred customers write within a minute here.
[caps]
answers_per_minute = 100000
mails_per_sender_per_hour = 100000

[notify]
undo_seconds = {undo_seconds}
burst_seconds = 1

[log]
json = true

{chat}
"#,
        undo_seconds = ways.undo_seconds,
        chat = ways.chat,
        drain_seconds = ways.drain_seconds,
        poll_seconds = ways.poll_seconds,
        imap_port = ways.imap.1,
        imap_tls = tls(ways.imap.0),
        imap_login = login("mailbox.imap.login"),
        smtp_port = ways.smtp.1,
        smtp_tls = tls(ways.smtp.0),
        smtp_timeout = ways.smtp_timeout_seconds,
    )
}
