//! A desk with a few people around one ticket.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::config::{self, Settings};
use frontdesk::ids::{OutboxId, PersonId, TicketId};
use frontdesk::notify::{self, Happening, Published, StatusMove};
use frontdesk::outbox::store::{self, Claimed};
use frontdesk::outbox::{Audience, Channel};
use frontdesk::people::{self, Role, store::NewPerson};
use frontdesk::ticket::opening::{self, Entry, FirstComment, NewTicket};
use frontdesk::ticket::timeline::{self, NewComment};
use frontdesk::ticket::{Actor, Comment, Source, Ticket, Visibility, store as tickets};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::TestDb;

/// The moment at which everything begins.
pub fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

/// The settings of the demo, with a key of the tests' own.
pub fn settings() -> Settings {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo.toml");
    let secret = |_: &str| Some("a key of at least thirty-two bytes".to_owned());
    let mut settings = config::load(&folder, &secret).unwrap();
    settings.notify.undo_seconds = 10;
    settings.notify.burst_seconds = 60;
    settings
}

pub struct World {
    pub db: TestDb,
    pub settings: Settings,
    pub now: DateTime<Utc>,
    pub jane: PersonId,
    pub bob: PersonId,
    pub ada: PersonId,
    pub grete: PersonId,
    pub wil: PersonId,
    pub ivo: PersonId,
    pub ticket: Ticket,
}

impl World {
    /// Jane asked, Bob takes part, Ada and Grete are the team, Wil watches, and Ivo is staff elsewhere.
    pub async fn new() -> Self {
        let db = TestDb::new().await;
        let mut conn = db.pool().acquire().await.unwrap();
        let mut ids = Vec::new();
        for (name, domain, role) in [
            ("Jane", "customer.example", Role::Customer),
            ("Bob", "customer.example", Role::Customer),
            ("Ada", "staff.example", Role::Agent),
            ("Grete", "staff.example", Role::Manager),
            ("Wil", "staff.example", Role::Admin),
            ("Ivo", "staff.example", Role::Agent),
        ] {
            ids.push(person(&mut conn, name, domain, role).await);
        }
        for member in [ids[2], ids[3]] {
            people::store::join_team(&mut conn, member, "support", false)
                .await
                .unwrap();
        }
        let ticket = ticket(&mut conn, "TKT-1", ids[0], Some("support")).await;
        take_part(&mut conn, ticket.id, ids[1], "participant").await;
        take_part(&mut conn, ticket.id, ids[4], "watcher").await;
        drop(conn);
        Self {
            settings: settings(),
            now: start(),
            jane: ids[0],
            bob: ids[1],
            ada: ids[2],
            grete: ids[3],
            wil: ids[4],
            ivo: ids[5],
            ticket,
            db,
        }
    }

    pub async fn conn(&self) -> sqlx::pool::PoolConnection<sqlx::Postgres> {
        self.db.pool().acquire().await.unwrap()
    }

    pub fn later(&mut self, seconds: i64) {
        self.now += TimeDelta::seconds(seconds);
    }

    pub fn assign(&mut self, to: Option<PersonId>) {
        self.ticket.assignee_id = to;
    }

    pub async fn publish(&self, happening: &Happening<'_>) -> Published {
        let mut conn = self.conn().await;
        notify::publish(&mut conn, &self.settings, self.now, happening)
            .await
            .unwrap()
    }

    pub async fn comment(&self, by: PersonId, visibility: Visibility, body: &str) -> Comment {
        let mut conn = self.conn().await;
        let staff = people::store::get(&mut conn, by).await.unwrap();
        let new = NewComment {
            ticket_id: self.ticket.id,
            author_id: by,
            visibility,
            by_staff: staff.role.is_staff(),
            body,
            full_text: None,
            html: None,
            source: Source::Mail,
            created_at: self.now,
        };
        let id = timeline::add_comment(&mut conn, &new).await.unwrap();
        let comments = timeline::comments(&mut conn, self.ticket.id).await.unwrap();
        comments.into_iter().find(|c| c.id == id).unwrap()
    }

    /// The ticket is opened by Jane.
    pub async fn opened(&self) -> Published {
        let comment = self
            .comment(self.jane, Visibility::Public, "It is broken.")
            .await;
        self.publish(&Happening::Opened {
            ticket: &self.ticket,
            comment: &comment,
            actor: Actor::Person(self.jane),
            acknowledge: true,
            tell_actor: false,
        })
        .await
    }

    /// Somebody writes.
    pub async fn said(&self, by: PersonId, visibility: Visibility, body: &str) -> Published {
        let comment = self.comment(by, visibility, body).await;
        self.publish(&Happening::Commented {
            ticket: &self.ticket,
            comment: &comment,
            actor: Actor::Person(by),
            moved: None,
        })
        .await
    }

    /// The status goes from open to what the ticket has.
    pub async fn status(&self, actor: Actor) -> Published {
        self.publish(&Happening::StatusChanged {
            ticket: &self.ticket,
            from: "open",
            reason: Some("because"),
            actor,
        })
        .await
    }

    /// Everything in the outbox, in the order in which it was written.
    pub async fn rows(&self) -> Vec<Row> {
        let mut conn = self.conn().await;
        sqlx::query_as::<_, Row>(
            "SELECT id, audience, template, draft, address, recipient_id, message_id, automatic, state, due_at
             FROM outbox ORDER BY id",
        )
        .fetch_all(&mut *conn)
        .await
        .unwrap()
    }

    /// Claims whatever is due in an hour.
    pub async fn claim(&self) -> Vec<Claimed> {
        let mut conn = self.conn().await;
        let due = self.now + TimeDelta::hours(1);
        store::claim(&mut conn, Channel::Mail, Uuid::new_v4(), due, due, 100)
            .await
            .unwrap()
    }

    /// Says of every row that it was sent.
    pub async fn all_sent(&self) {
        let mut conn = self.conn().await;
        sqlx::query("UPDATE outbox SET state = 'sent', settled_at = $1 WHERE state <> 'sent'")
            .bind(self.now)
            .execute(&mut *conn)
            .await
            .unwrap();
    }
}

/// A row of the outbox, as far as these tests look.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Row {
    pub id: OutboxId,
    pub audience: String,
    pub template: String,
    pub draft: serde_json::Value,
    pub address: String,
    pub recipient_id: Option<PersonId>,
    pub message_id: String,
    pub automatic: bool,
    pub state: String,
    pub due_at: DateTime<Utc>,
}

/// Who is told, as `name: template`, in order.
pub fn told(published: &Published) -> Vec<String> {
    let mut told: Vec<String> = published
        .told
        .iter()
        .map(|told| {
            let name = told.address.split_once('@').map_or("", |(name, _)| name);
            let end = match told.audience {
                Audience::Customer => "customer",
                Audience::Staff => "staff",
                Audience::Operator => "operator",
            };
            assert!(!told.template.ends_with("_customer") || end == "customer");
            format!("{name}: {}", told.template)
        })
        .collect();
    told.sort();
    told
}

pub fn moved(from: &str) -> StatusMove<'_> {
    StatusMove { from, reason: None }
}

pub async fn person(conn: &mut PgConnection, name: &str, domain: &str, role: Role) -> PersonId {
    let handle = name.to_lowercase();
    let new = NewPerson {
        name,
        address: &format!("{handle}@{domain}"),
        role,
        handle: role.is_staff().then_some(handle.as_str()),
    };
    people::store::find_or_create(conn, start(), new)
        .await
        .unwrap()
        .id
}

pub async fn take_part(conn: &mut PgConnection, ticket: TicketId, person: PersonId, part: &str) {
    sqlx::query("INSERT INTO ticket_person VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
        .bind(ticket)
        .bind(person)
        .bind(part)
        .bind(start())
        .execute(conn)
        .await
        .unwrap();
}

pub async fn ticket(
    conn: &mut PgConnection,
    number: &str,
    requester: PersonId,
    team: Option<&str>,
) -> Ticket {
    let new = NewTicket {
        number,
        subject: "Re: The printer",
        ticket_type: None,
        category: None,
        priority: "medium",
        status: "in_progress",
        kind: config::desk::StatusKind::Open,
        requester_id: requester,
        organization_id: None,
        team,
        mailbox: Some("support"),
        due_at: None,
        tags: &[],
        fields: &Default::default(),
        source: Source::Mail,
        opened_at: start(),
    };
    let entry = Entry {
        ticket: new,
        comment: FirstComment {
            body: "It is broken.",
            ..FirstComment::default()
        },
        actor: Actor::Person(requester),
    };
    let written = opening::write(conn, &[entry]).await.unwrap();
    let (id, _) = written[0];
    tickets::get(conn, id).await.unwrap()
}
