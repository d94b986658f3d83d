//! How long a look at the clock takes where nothing is due, and how long until 50,000 reminders and 50,000 marks of service
//! levels that are due in the same minute are all in the outbox, and what memory that takes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark may fail loudly"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::app::App;
use frontdesk::clock::Clock;
use frontdesk::config;
use frontdesk::config::service::Database;
use frontdesk::db::embedded::Cluster;
use secrecy::SecretString;

/// How many looks are measured; half of them take no longer than what is shown, and the slowest is shown too.
const LOOKS: usize = 200;

/// Reminders for a thousand agents, and tickets whose first response is about to be missed, all due in one minute.
const DUE: &str = "
SET session_replication_role = replica;
INSERT INTO person (name, role, handle, created_at)
SELECT 'Agent ' || n, 'agent', 'agent' || n, now() FROM generate_series(1, 1000) AS n;
INSERT INTO person_address (address, person_id, is_primary, created_at)
SELECT handle || '@agents.test', id, true, now() FROM person WHERE role = 'agent';
INSERT INTO team_member (team, person_id) SELECT 'support', id FROM person WHERE handle IN ('agent1', 'agent2');
INSERT INTO person (name, role, created_at) VALUES ('Carla', 'customer', now());
INSERT INTO ticket (number, subject, priority, status, status_kind, requester_id, team, assignee_id, source, opened_at, updated_at)
SELECT 'T-' || n, 'One of many', 'medium', 'open', 'new', 1001, 'support', 1 + n % 1000, 'mail',
       'AT'::timestamptz - interval '3 hours', 'AT'::timestamptz - interval '3 hours'
FROM generate_series(1, 50000) AS n;
INSERT INTO ticket_clock (ticket_id, kind, started_at, target_minutes, due_at, marks, marks_at, next_mark_at)
SELECT id, 'first_response', opened_at, 240, opened_at + interval '4 hours', '{share,breach}',
       ARRAY['AT'::timestamptz, 'AT'::timestamptz + interval '1 hour'], 'AT'::timestamptz
FROM ticket;
INSERT INTO reminder (ticket_id, person_id, set_by, text, zone, due_at, created_at)
SELECT id, assignee_id, assignee_id, 'Look at it', 'UTC', 'AT'::timestamptz + (id % 60) * interval '1 second', opened_at
FROM ticket;
SET session_replication_role = DEFAULT;
";

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
    let at: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo.toml");
    let mut settings = config::load(&path, &|_| {
        Some("a key of at least thirty-two bytes".to_owned())
    })
    .unwrap();
    settings.database = Database::Url(SecretString::from(cluster.url.clone()));
    let clock = Clock::manual(at - TimeDelta::minutes(2));
    let app = App::open(settings, clock.clone()).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(DUE.replace("AT'", &format!("{at}'"))))
        .execute(&app.pool)
        .await
        .unwrap();
    sqlx::raw_sql("VACUUM ANALYZE")
        .execute(&app.pool)
        .await
        .unwrap();
    let ticker = app.ticker();
    for _ in 0..5 {
        ticker.step().await.unwrap();
    }
    let mut looks = Vec::new();
    for _ in 0..LOOKS {
        let begun = Instant::now();
        ticker.step().await.unwrap();
        looks.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    looks.sort_by(f64::total_cmp);
    println!(
        "a look with nothing due: {:.1} ms, the slowest of {LOOKS} {:.1} ms (goal: 5 ms)",
        looks.get(LOOKS / 2).unwrap(),
        looks.last().unwrap()
    );
    clock.advance(TimeDelta::minutes(3));
    let before = memory();
    let begun = Instant::now();
    ticker.step().await.unwrap();
    let spent = begun.elapsed().as_secs_f64();
    let (reminders, marks): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM outbox, jsonb_array_elements(draft -> 'reminders') WHERE template = 'reminder'),
                (SELECT count(*) FROM outbox WHERE template = 'target_near')",
    )
    .fetch_one(&app.pool)
    .await
    .unwrap();
    println!(
        "{reminders} reminders and {marks} marks in the outbox after {spent:.1} s (goal: 30 s); memory {before} kB before, {} kB \
         at the most",
        peak()
    );
    drop(app);
    cluster.stop().await.unwrap();
}

fn memory() -> u64 {
    status("VmRSS:")
}

fn peak() -> u64 {
    status("VmHWM:")
}

/// A line of what Linux says of this process.
fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}
