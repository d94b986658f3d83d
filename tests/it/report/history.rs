//! A generated year of a desk: in memory, and the same in the database.

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::ids::{OrganizationId, PersonId};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::PgPool;

const STATUSES: [(&str, &str); 6] = [
    ("open", "new"),
    ("in_progress", "open"),
    ("waiting_on_customer", "waiting"),
    ("resolved", "resolved"),
    ("closed", "closed"),
    ("reopened", "open"),
];

/// A change of status.
#[derive(Debug, Clone)]
pub struct Move {
    pub at: DateTime<Utc>,
    pub old: &'static str,
    pub new: &'static str,
}

/// Of a promise when it was kept, and when it was or would be missed.
pub type Clock = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// A ticket and all that reports look at.
#[derive(Debug, Clone)]
pub struct Past {
    pub opened_at: DateTime<Utc>,
    pub first_responded_at: Option<DateTime<Utc>>,
    pub moves: Vec<Move>,
    pub merged: bool,
    pub clocks: Vec<Clock>,
    /// When it was rated, and how.
    pub ratings: Vec<(DateTime<Utc>, i16)>,
    pub team: Option<&'static str>,
    pub category: Option<&'static str>,
    pub ticket_type: Option<&'static str>,
    pub priority: &'static str,
    pub agent: Option<PersonId>,
    pub organization: Option<OrganizationId>,
    pub mailbox: Option<&'static str>,
}

impl Past {
    /// The status just before the moment.
    pub fn status_at(&self, at: DateTime<Utc>) -> &'static str {
        let earlier = self.moves.iter().rev().find(|step| step.at < at);
        earlier.map_or("open", |step| step.new)
    }
}

/// A desk's year.
pub struct History {
    pub tickets: Vec<Past>,
    pub agents: Vec<PersonId>,
    pub organizations: Vec<OrganizationId>,
    pub rng: StdRng,
}

pub fn first_day() -> DateTime<Utc> {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

impl History {
    /// Makes `count` tickets up and writes them into the database. The seed is printed, and taken from
    /// `REPORT_SEED` to see a failure again.
    pub async fn generate(pool: &PgPool, count: usize) -> Self {
        let given = std::env::var("REPORT_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok());
        let seed: u64 = given.unwrap_or_else(rand::random);
        println!("REPORT_SEED={seed}");
        let mut history = Self {
            tickets: Vec::new(),
            agents: people(pool).await,
            organizations: organizations(pool).await,
            rng: StdRng::seed_from_u64(seed),
        };
        for _ in 0..count {
            let ticket = history.one();
            history.tickets.push(ticket);
        }
        history.write(pool).await;
        history
    }

    fn one(&mut self) -> Past {
        let rng = &mut self.rng;
        // Some moments lie on the edges of days and hours, where half-open periods are easily got wrong.
        let opened_at = first_day()
            + match rng.random_range(0..5) {
                0 => TimeDelta::hours(rng.random_range(0..365 * 24)),
                _ => TimeDelta::microseconds(rng.random_range(0..365 * 86_400 * 1_000_000)),
            };
        let span = |rng: &mut StdRng| {
            let longest = *[300, 3_600, 86_400, 20 * 86_400].choose(rng).unwrap();
            TimeDelta::seconds(rng.random_range(1..longest))
        };
        let answered = rng.random_bool(0.8);
        let first_responded_at = answered.then(|| opened_at + span(rng));
        let mut moves: Vec<Move> = Vec::new();
        let mut at = opened_at;
        while rng.random_bool(0.7) && moves.len() < 9 {
            at += span(rng);
            let old = moves.last().map_or("open", |step| step.new);
            let (new, _) = *STATUSES.choose(rng).unwrap();
            if new != old {
                moves.push(Move { at, old, new });
            }
        }
        let clocks = (0..rng.random_range(0..3)).map(|_| {
            let (one, other) = (opened_at + span(rng), opened_at + span(rng));
            match rng.random_range(0..4) {
                0 => (None, None),
                1 => (Some(one), None),
                2 => (None, Some(one)),
                _ => (Some(one.max(other)), Some(one.min(other))),
            }
        });
        let clocks = clocks.collect();
        let ratings = (0..rng.random_range(0..3))
            .map(|_| (opened_at + span(rng), rng.random_range(1..=5)))
            .collect();
        let teams = [None, Some("support"), Some("billing"), Some("engineering")];
        let categories = [None, Some("billing"), Some("account"), Some("bug_report")];
        Past {
            opened_at,
            first_responded_at,
            moves,
            merged: rng.random_bool(0.03),
            clocks,
            ratings,
            team: *teams.choose(rng).unwrap(),
            category: *categories.choose(rng).unwrap(),
            ticket_type: *[None, Some("incident"), Some("question")]
                .choose(rng)
                .unwrap(),
            priority: ["urgent", "high", "medium", "low"].choose(rng).unwrap(),
            agent: rng
                .random_bool(0.6)
                .then(|| *self.agents.choose(rng).unwrap()),
            organization: rng
                .random_bool(0.5)
                .then(|| *self.organizations.choose(rng).unwrap()),
            mailbox: *[None, Some("support"), Some("sales")].choose(rng).unwrap(),
        }
    }

    async fn write(&self, pool: &PgPool) {
        let mut tx = pool.begin().await.unwrap();
        let requester: i64 = sqlx::query_scalar(
            "INSERT INTO person (name, role, created_at) VALUES ('Jane', 'customer', now()) RETURNING id",
        )
        .fetch_one(&mut *tx)
        .await
        .unwrap();
        let root: i64 = sqlx::query_scalar(
            "INSERT INTO ticket (number, subject, priority, status, status_kind, requester_id, source, opened_at, updated_at)
             VALUES ('ROOT', 'x', 'low', 'closed', 'closed', $1, 'mail', '2020-01-01Z', '2020-01-01Z') RETURNING id",
        )
        .bind(requester)
        .fetch_one(&mut *tx)
        .await
        .unwrap();
        for (number, ticket) in self.tickets.iter().enumerate() {
            let status = ticket.moves.last().map_or("open", |step| step.new);
            let (_, kind) = STATUSES.iter().find(|(key, _)| *key == status).unwrap();
            let id: i64 = sqlx::query_scalar(
                "INSERT INTO ticket (number, subject, ticket_type, category, priority, status, status_kind, requester_id,
                     organization_id, team, assignee_id, mailbox, source, opened_at, updated_at, first_responded_at, merged_into_id)
                 VALUES ($1, 'A matter', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'mail', $12, $12, $13, $14) RETURNING id",
            )
            .bind(format!("T-{number}"))
            .bind(ticket.ticket_type)
            .bind(ticket.category)
            .bind(ticket.priority)
            .bind(status)
            .bind(kind)
            .bind(requester)
            .bind(ticket.organization.map(|id| id.0))
            .bind(ticket.team)
            .bind(ticket.agent.map(|id| id.0))
            .bind(ticket.mailbox)
            .bind(ticket.opened_at)
            .bind(ticket.first_responded_at)
            .bind(ticket.merged.then_some(root))
            .fetch_one(&mut *tx)
            .await
            .unwrap();
            let column =
                |of: fn(&Move) -> &'static str| ticket.moves.iter().map(of).collect::<Vec<_>>();
            sqlx::query(
                "INSERT INTO event (ticket_id, at, kind, field, old, new)
                 SELECT $1, at, 'status_changed', 'status', old, new
                 FROM unnest($2::timestamptz[], $3::text[], $4::text[]) AS step (at, old, new)",
            )
            .bind(id)
            .bind(ticket.moves.iter().map(|step| step.at).collect::<Vec<_>>())
            .bind(column(|step| step.old))
            .bind(column(|step| step.new))
            .execute(&mut *tx)
            .await
            .unwrap();
            sqlx::query(
                "INSERT INTO ticket_clock (ticket_id, kind, started_at, target_minutes, met_at, due_at, marks, marks_at)
                 SELECT $1, 'next_response', '2026-01-01Z'::timestamptz + number * interval '1 minute', 60, met, due, '{}', '{}'
                 FROM unnest($2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS clock (met, due, number)",
            )
            .bind(id)
            .bind(ticket.clocks.iter().map(|(met, _)| *met).collect::<Vec<_>>())
            .bind(ticket.clocks.iter().map(|(_, due)| *due).collect::<Vec<_>>())
            .execute(&mut *tx)
            .await
            .unwrap();
            sqlx::query(
                "INSERT INTO rating (ticket_id, person_id, round, score, created_at)
                 SELECT $1, $2, number, score, at
                 FROM unnest($3::timestamptz[], $4::smallint[]) WITH ORDINALITY AS given (at, score, number)",
            )
            .bind(id)
            .bind(requester)
            .bind(ticket.ratings.iter().map(|(at, _)| *at).collect::<Vec<_>>())
            .bind(ticket.ratings.iter().map(|(_, score)| *score).collect::<Vec<_>>())
            .execute(&mut *tx)
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
    }
}

async fn people(pool: &PgPool) -> Vec<PersonId> {
    sqlx::query_scalar(
        "INSERT INTO person (name, role, handle, created_at)
         SELECT name, 'agent', lower(name), now() FROM unnest('{Ada,Ben,Cleo}'::text[]) AS name RETURNING id",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

async fn organizations(pool: &PgPool) -> Vec<OrganizationId> {
    sqlx::query_scalar(
        "INSERT INTO organization (name, created_at)
         SELECT name, now() FROM unnest('{Acme,Globex}'::text[]) AS name RETURNING id",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}
