//! A desk in a box: the real parts on a real database, stepped by hand under a clock that stands still.
//!
//! At its end it looks for what a test overlooked: an unread mail, a row that is stuck, a mail that failed.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::app::App;
use frontdesk::chat::{ChatEvent, Platforms};
use frontdesk::clock::Clock;
use frontdesk::command::{self, Caller, Failure, Reply, UserError};
use frontdesk::config;
use frontdesk::config::service::MailLimits;
use frontdesk::conversation::{Handler, Listener};
use frontdesk::delivery::{Deliverer, Poster};
use frontdesk::ids::TicketId;
use frontdesk::inbound::accept;
use frontdesk::mail::message::UnderstoodMail;
use frontdesk::mail::source::{FetchedMail, Position};
use frontdesk::people::{self, Person, Role};
use frontdesk::ticket::{self, Source, Ticket};
use tempfile::TempDir;

use crate::db::TestDb;
use crate::fakes::slack;
use crate::recording::{Deed, Recording};

/// A Friday morning.
pub fn start() -> DateTime<Utc> {
    "2026-11-20T09:00:00Z".parse().unwrap()
}

/// A mail that left, as its reader gets it.
#[derive(Debug)]
pub struct Sent {
    /// The address it went to.
    pub to: String,
    /// The whole of it.
    pub raw: Vec<u8>,
    /// What it says.
    pub mail: UnderstoodMail,
}

impl Sent {
    /// The address that an answer goes to.
    pub fn reply_to(&self) -> &str {
        &self.mail.mail.reply_to[0].address
    }

    pub fn subject(&self) -> &str {
        &self.mail.mail.subject
    }

    pub fn text(&self) -> &str {
        &self.mail.mail.text
    }

    pub fn message_id(&self) -> &str {
        self.mail.mail.message_id.as_deref().unwrap()
    }

    /// The value of a header field as it stands in the message.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = String::from_utf8_lossy(&self.raw);
        let head = head.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        head.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field
                .eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })
    }
}

/// The box.
pub struct Desk {
    pub app: App,
    _db: TestDb,
    clock: Clock,
    deliverer: Deliverer,
    chat: Arc<Recording>,
    poster: Poster,
    listeners: Vec<Listener>,
    handler: Handler,
    folder: TempDir,
}

impl Desk {
    /// A desk like the one for software services, with a mailbox at `support@desk.test`.
    pub async fn open() -> Self {
        Self::open_with("").await
    }

    /// The same with more lines in its configuration.
    pub async fn open_with(more: &str) -> Self {
        Self::of("saas", more).await
    }

    /// A desk from `config/desks`.
    pub async fn of(desk: &str, more: &str) -> Self {
        Self::sending_by("folder = \"outgoing\"", desk, more).await
    }

    /// The desk for software services in another zone.
    pub async fn in_zone(zone: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let shipped = include_str!("../../config/desks/saas.toml");
        let text = shipped.replacen("zone = \"UTC\"", &format!("zone = \"{zone}\""), 1);
        std::fs::write(folder.path().join("desk.toml"), text).unwrap();
        let desk = folder.path().join("desk");
        Self::of(desk.to_str().unwrap(), "").await
    }

    /// A desk from `config/desks`, or by the whole path without its ending, with its own `[outgoing]`.
    pub async fn sending_by(outgoing: &str, desk: &str, more: &str) -> Self {
        let db = TestDb::new().await;
        let folder = TempDir::new().unwrap();
        let clock = Clock::manual(start());
        let path = folder.path().join("frontdesk.toml");
        std::fs::write(&path, configuration(outgoing, desk, more)).unwrap();
        let settings = config::load(&path, &|name| match name {
            "DATABASE" => Some(db.url().to_owned()),
            "CHAT" => Some("token".to_owned()),
            "SLACK_BOT" => Some(slack::state::BOT_TOKEN.to_owned()),
            "SLACK_APP" => Some(slack::state::APP_TOKEN.to_owned()),
            "KEY" => Some("0123456789abcdef0123456789abcdef".to_owned()),
            _ => None,
        });
        let settings = settings.unwrap_or_else(|problems| panic!("{problems}"));
        let app = App::open(settings, clock.clone()).await.unwrap();
        let chat = Arc::new(Recording::default());
        let mut platforms = Platforms::new();
        for settings in &app.settings.chats {
            platforms.insert(settings.name.clone(), chat.clone());
        }
        let platforms = Arc::new(platforms);
        Self {
            deliverer: app.deliverer().unwrap(),
            listeners: app
                .settings
                .chats
                .iter()
                .map(|settings| app.listener(settings, chat.clone()))
                .collect(),
            handler: app.handler(platforms.clone()),
            poster: app.poster(platforms).unwrap(),
            chat,
            app,
            _db: db,
            clock,
            folder,
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Lets time pass.
    pub fn advance(&self, span: TimeDelta) {
        self.clock.advance(span);
    }

    /// A mail arrives and is processed.
    pub async fn receive(&self, eml: &str) {
        self.store(eml).await;
        self.process().await;
    }

    /// A mail arrives and is written down, no more.
    pub async fn store(&self, eml: &str) {
        self.store_in("support", eml).await;
    }

    /// A mail arrives in another mailbox.
    pub async fn store_in(&self, mailbox: &str, eml: &str) {
        let raw = eml.replace('\n', "\r\n").into_bytes();
        self.store_bytes(mailbox, raw, true).await;
    }

    /// A mail as it stands, byte for byte, arrives; `answering` as in [`accept::handed_in`].
    pub async fn store_bytes(&self, mailbox: &str, raw: Vec<u8>, answering: bool) {
        let mut tx = self.app.pool.begin().await.unwrap();
        accept::handed_in(&mut tx, self.now(), mailbox, raw, answering)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Mails are fetched from a mailbox by IMAP, at these UIDs of one UIDVALIDITY.
    pub async fn fetch(&self, mailbox: &str, uid_validity: u32, mails: &[(u32, &str)]) {
        let fetched = mails.iter().map(|&(uid, eml)| {
            let raw = eml.replace('\n', "\r\n").into_bytes();
            FetchedMail {
                position: Position::Imap { uid_validity, uid },
                size: u64::try_from(raw.len()).unwrap(),
                raw,
                truncated: false,
                received_at: Some(self.now()),
            }
        });
        let fetched = fetched.collect();
        let mut tx = self.app.pool.begin().await.unwrap();
        accept::fetched(&mut tx, self.now(), mailbox, fetched)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Everything that waits to be processed is.
    pub async fn process(&self) {
        let processor = self.app.processor();
        while processor.step().await.unwrap() > 0 {}
    }

    /// Everything that is due leaves.
    pub async fn drain_outbox(&self) {
        self.deliverer.step().await.unwrap();
        self.poster.step().await.unwrap();
    }

    /// The chat platform, for a listener of a test's own.
    pub fn platform(&self) -> Arc<dyn frontdesk::chat::ChatPlatform> {
        self.chat.clone()
    }

    /// The chat platform, where the configuration has one.
    pub fn chat(&self) -> &Recording {
        &self.chat
    }

    /// Somebody does something in chat, and it is handled.
    pub async fn hear(&self, event: ChatEvent) {
        self.listen(&event).await;
        self.handle().await;
    }

    /// Somebody does something in chat, and it is written down, no more.
    pub async fn listen(&self, event: &ChatEvent) {
        for listener in &self.listeners {
            listener.hear(event).await.unwrap();
        }
    }

    /// Everything that was done in chat is handled.
    pub async fn handle(&self) {
        self.handler.step().await.unwrap();
    }

    /// Links an account in chat to a person.
    pub async fn link(&self, person: &Person, user: &str) {
        sqlx::query("INSERT INTO chat_account (platform, user_id, person_id, created_at) VALUES ('chat', $1, $2, $3)")
            .bind(user)
            .bind(person.id.0)
            .bind(self.now())
            .execute(&self.app.pool)
            .await
            .unwrap();
    }

    /// The mails that left already and nobody took.
    pub fn unread(&self) -> Vec<Sent> {
        self.taken()
    }

    /// What was done in chat since the last look, once everything that is due has left.
    pub async fn take_posts(&self) -> Vec<Deed> {
        self.drain_outbox().await;
        self.chat.take()
    }

    /// The clock of a desk that is open goes to `at`, and what is due then is run.
    pub async fn tick_at(&self, at: DateTime<Utc>) {
        let ticker = self.app.ticker();
        ticker.step().await.unwrap();
        self.advance(at - self.now());
        ticker.step().await.unwrap();
    }

    /// The mails that left and were not taken before, by time and address. Two minutes pass first, so that all
    /// that waits for its undo time or for company has left.
    pub async fn take_mail(&self) -> Vec<Sent> {
        self.advance(TimeDelta::minutes(2));
        self.drain_outbox().await;
        self.taken()
    }

    /// The mails that left and were not taken before, without letting time pass.
    pub fn take_now(&self) -> Vec<Sent> {
        self.taken()
    }

    /// The one mail that left.
    pub async fn take_one(&self) -> Sent {
        let mut mails = self.take_mail().await;
        assert_eq!(mails.len(), 1, "one mail: {mails:#?}");
        mails.remove(0)
    }

    fn outgoing(&self) -> PathBuf {
        self.folder.path().join("outgoing")
    }

    fn taken(&self) -> Vec<Sent> {
        let Ok(entries) = std::fs::read_dir(self.outgoing()) else {
            return Vec::new();
        };
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
        paths.sort();
        paths.into_iter().map(take).collect()
    }

    /// An agent with `handle@desk.test`, in the team.
    pub async fn agent(&self, handle: &str, team: Option<&str>) -> Person {
        let mut conn = self.app.pool.acquire().await.unwrap();
        let address = format!("{handle}@agents.test");
        let new = people::store::NewPerson {
            name: handle,
            address: &address,
            role: Role::Agent,
            handle: Some(handle),
        };
        let person = people::store::find_or_create(&mut conn, self.now(), new)
            .await
            .unwrap();
        if let Some(team) = team {
            people::store::join_team(&mut conn, person.id, team, false)
                .await
                .unwrap();
        }
        person
    }

    /// The person of an address.
    pub async fn person(&self, address: &str) -> Person {
        let mut conn = self.app.pool.acquire().await.unwrap();
        let found = people::store::by_address(&mut conn, address).await.unwrap();
        found.unwrap_or_else(|| panic!("nobody has the address {address}"))
    }

    /// Somebody gives a command outside any thread.
    pub async fn command(&self, who: &Person, line: &str) -> Result<Reply, UserError> {
        self.command_in(who, None, line).await
    }

    /// Somebody gives a command, in a ticket's own thread where one is given. A failure that is not the user's fails
    /// the test.
    pub async fn command_in(
        &self,
        who: &Person,
        ticket: Option<TicketId>,
        line: &str,
    ) -> Result<Reply, UserError> {
        let caller = Caller {
            person: Some(who),
            role: who.role,
            source: Source::Chat,
            ticket,
            account: None,
            files: &[],
        };
        self.command_of(&caller, line).await
    }

    /// The same for any caller.
    pub async fn command_of(&self, caller: &Caller<'_>, line: &str) -> Result<Reply, UserError> {
        let mut tx = self.app.pool.begin().await.unwrap();
        let done = command::run(&mut tx, &self.app.scene(), caller, line).await;
        tx.commit().await.unwrap();
        match done {
            Ok(reply) => Ok(reply),
            Err(Failure::User(error)) => Err(error),
            Err(Failure::Other(error)) => panic!("{line}: {error:?}"),
        }
    }

    /// All tickets, in the order in which they were opened.
    pub async fn tickets(&self) -> Vec<Ticket> {
        let mut conn = self.app.pool.acquire().await.unwrap();
        let mut tickets = ticket::store::newest(&mut conn, true, 10_000)
            .await
            .unwrap();
        tickets.sort_by_key(|ticket| ticket.id);
        tickets
    }

    /// The only ticket.
    pub async fn ticket(&self) -> Ticket {
        let mut tickets = self.tickets().await;
        assert_eq!(tickets.len(), 1, "one ticket: {tickets:#?}");
        tickets.remove(0)
    }

    /// A ticket's comments as `public customer: text` or `internal staff: text`.
    pub async fn comments(&self, ticket: TicketId) -> Vec<String> {
        let mut conn = self.app.pool.acquire().await.unwrap();
        let comments = ticket::timeline::comments(&mut conn, ticket).await.unwrap();
        comments
            .iter()
            .map(|comment| {
                let sight = format!("{:?}", comment.visibility).to_lowercase();
                let side = if comment.by_staff {
                    "staff"
                } else {
                    "customer"
                };
                format!("{sight} {side}: {}", comment.body.trim())
            })
            .collect()
    }

    /// A ticket's events as `kind field=new (reason)`.
    pub async fn events(&self, ticket: TicketId) -> Vec<String> {
        let mut conn = self.app.pool.acquire().await.unwrap();
        let events = ticket::timeline::events(&mut conn, ticket).await.unwrap();
        events
            .iter()
            .map(|event| {
                let mut line = event.kind.clone();
                if let Some(new) = &event.new {
                    line.push_str(&format!(" {}={new}", event.field.as_deref().unwrap_or("")));
                }
                if let Some(reason) = &event.reason {
                    line.push_str(&format!(" ({reason})"));
                }
                line
            })
            .collect()
    }

    /// What became of each mail, in order: `state: reason`.
    pub async fn fates(&self) -> Vec<String> {
        let rows: Vec<(String, Option<String>, Option<String>)> =
            sqlx::query_as("SELECT state, reason, error FROM inbound_mail ORDER BY id")
                .fetch_all(&self.app.pool)
                .await
                .unwrap();
        rows.into_iter()
            .map(|(state, reason, error)| match reason.or(error) {
                Some(reason) => format!("{state}: {reason}"),
                None => state,
            })
            .collect()
    }

    /// Ends the test: nothing may be left that nobody looked at.
    pub async fn close(self) {
        let unread = self.taken();
        assert!(unread.is_empty(), "mail that nobody took: {unread:#?}");
        let unseen = self.chat.take();
        assert!(
            unseen.is_empty(),
            "posts that nobody looked at: {unseen:#?}"
        );
        let stuck: Vec<(String, String, Option<String>)> = sqlx::query_as(
            "SELECT 'inbound', state, error FROM inbound_mail WHERE state IN ('received', 'processing', 'failed')
             UNION ALL
             SELECT 'chat', state, error FROM chat_event WHERE state IN ('received', 'processing', 'failed')
             UNION ALL
             SELECT 'outbox', state, last_error FROM outbox
             WHERE state <> 'sent' AND last_error IS DISTINCT FROM 'taken back'",
        )
        .fetch_all(&self.app.pool)
        .await
        .unwrap();
        assert!(stuck.is_empty(), "rows that are stuck: {stuck:#?}");
    }
}

/// The one mail among these that went to the address.
pub fn to<'a>(mails: &'a [Sent], address: &str) -> &'a Sent {
    let mut found = mails.iter().filter(|mail| mail.to == address);
    let one = found.next();
    let more = found.next();
    match (one, more) {
        (Some(mail), None) => mail,
        _ => panic!("one mail to {address} in {mails:#?}"),
    }
}

fn take(path: PathBuf) -> Sent {
    let raw = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let head = String::from_utf8_lossy(&raw);
    let to = head
        .lines()
        .find_map(|line| line.strip_prefix("Delivered-To: "));
    let to = to.unwrap().to_owned();
    let mail = frontdesk::mail::understand(&raw, &MailLimits::default());
    Sent { to, raw, mail }
}

fn configuration(outgoing: &str, desk: &str, more: &str) -> String {
    let desks = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/config/desks"));
    let desk = desks.join(format!("{desk}.toml"));
    let desk = desk.display();
    format!(
        r#"
desk = "{desk}"

[database]
url = {{ env = "DATABASE" }}

[[reply_key]]
id = 1
secret = {{ env = "KEY" }}

[[mailbox]]
name = "support"
address = "support@desk.test"
pipe = true
plus_addressing = true
trusted_authserv = ["mx.desk.test"]

[outgoing]
{outgoing}

[notify]
operators = ["operator@desk.test"]

{more}
"#
    )
}
