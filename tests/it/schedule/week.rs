//! Two copies work a week side by side, and at random moments the server ends the connection on which one of them works:
//! its transaction is gone as if the process had been killed. Each digest, reminder and warning is written once.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use frontdesk::app::App;
use frontdesk::config::sla::{SlaTarget, SlaWatch};
use frontdesk::notify::By;
use frontdesk::report::store as subscriptions;
use frontdesk::report::subscription::{DigestKind, NewSubscription};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::PgPool;

use super::{number, question, time};
use crate::harness::Desk;

/// How far the clock goes at a time.
const STEP: TimeDelta = TimeDelta::minutes(30);
/// Seven days from Friday, 09:00 UTC.
const STEPS: usize = 7 * 48;

/// A copy looks at the clock while another connection ends the one that it works on; what it was about to do it tries
/// again with its next look.
async fn look(app: &App) {
    if let Err(error) = app.ticker().step().await {
        let words = format!("{error:#}");
        let killed = [
            "terminating connection",
            "closed",
            "EOF",
            "reset",
            "broken pipe",
            "communicating",
        ];
        assert!(killed.iter().any(|one| words.contains(one)), "{words}");
    }
}

/// Ends up to `count` connections that are in a transaction just now.
async fn kill(pool: &PgPool, rng: &mut SmallRng, count: usize) -> usize {
    let mut killed = 0;
    for _ in 0..count {
        for _ in 0..rng.random_range(0..400) {
            tokio::task::yield_now().await;
        }
        let at_work: Vec<i32> = sqlx::query_scalar(
            "SELECT pid FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'frontdesk'
               AND state IN ('active', 'idle in transaction') ORDER BY pid",
        )
        .fetch_all(pool)
        .await
        .unwrap();
        if at_work.is_empty() {
            continue;
        }
        let victim = at_work[rng.random_range(0..at_work.len())];
        let ended: bool = sqlx::query_scalar("SELECT pg_terminate_backend($1)")
            .bind(victim)
            .fetch_one(pool)
            .await
            .unwrap();
        killed += usize::from(ended);
    }
    killed
}

async fn subscribe(desk: &Desk, digest: DigestKind) {
    let ann = desk.person("ann@agents.test").await;
    let new = NewSubscription {
        person: ann.id,
        digest,
        teams: &[],
        hour: 8,
        zone: None,
        even_if_empty: true,
        unassigned_hours: 24,
        by: By::Mail,
        place: None,
    };
    let mut conn = desk.app.pool.acquire().await.unwrap();
    subscriptions::subscribe(&mut conn, desk.now(), &new)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_copies_with_random_kills_write_each_digest_reminder_and_warning_once() {
    let seed: u64 = match std::env::var("FRONTDESK_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => rand::random(),
    };
    println!("FRONTDESK_SEED={seed}");
    let mut rng = SmallRng::seed_from_u64(seed);
    let mut desk = Desk::open().await;
    let settings = &mut Arc::make_mut(&mut desk.app.settings).desk;
    settings.sla = vec![SlaTarget {
        first_response_minutes: Some(600),
        ..SlaTarget::default()
    }];
    settings.sla_watch.escalate.clear();
    // Those of the last day do not wait for the morning after the week.
    settings.sla_watch.calendar = Some(SlaWatch::ALWAYS.to_owned());
    let ann = desk.agent("ann", Some("support")).await;
    for digest in [DigestKind::Daily, DigestKind::Weekly, DigestKind::Mine] {
        subscribe(&desk, digest).await;
    }
    for line in [
        "remind --every hour drink",
        "remind --every \"weekday 9:00\" look at the queue",
        "remind tomorrow 9am once",
        "remind 2026-11-25 12:00 pay",
    ] {
        desk.command(&ann, line).await.unwrap();
    }
    let other = App::open((*desk.app.settings).clone(), desk.app.clock.clone())
        .await
        .unwrap();
    let watcher = frontdesk::db::connect_numbers(&url(&desk)).await.unwrap();
    let (mut killed, mut opened) = (0, 0_i64);
    for step in 0..STEPS {
        if step % 8 == 0 && step < STEPS - 48 {
            desk.receive(&question(
                "carla@customer.test",
                &format!("Question {step}"),
            ))
            .await;
            opened += 1;
        }
        desk.advance(STEP);
        let kills = if rng.random_bool(0.4) { 2 } else { 0 };
        let ((), (), ended) = tokio::join!(
            look(&desk.app),
            look(&other),
            kill(&watcher, &mut rng, kills)
        );
        killed += ended;
        // Whoever was killed starts again and looks before the next half hour is over.
        tokio::time::timeout(Duration::from_secs(60), look(&other))
            .await
            .unwrap();
    }
    // What failed last is tried again after a pause that grows.
    for _ in 0..12 {
        desk.advance(TimeDelta::minutes(2));
        look(&desk.app).await;
        look(&other).await;
    }
    println!("{killed} connections were ended, {opened} tickets opened");
    assert!(killed > 20, "the test killed next to nothing: {killed}");

    // From Friday 20 November 09:00 to Friday 27 November 09:24.
    let digests = "SELECT count(*) FROM outbox WHERE dedupe_key LIKE 'digest:daily:%'";
    assert_eq!(number(&desk, digests).await, 7, "daily digests");
    let weekly = "SELECT count(*) FROM outbox WHERE dedupe_key LIKE 'digest:weekly:%'";
    assert_eq!(number(&desk, weekly).await, 1, "weekly digests");
    let mine = "SELECT count(*) FROM outbox WHERE dedupe_key LIKE 'digest:mine:%'";
    assert_eq!(number(&desk, mine).await, 7, "lists of one's own");
    for (text, times) in [
        ("drink", 168),
        ("look at the queue", 5),
        ("once", 1),
        ("pay", 1),
    ] {
        let told: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM outbox, jsonb_array_elements(draft -> 'reminders') AS line
             WHERE template = 'reminder' AND line ->> 'text' = $1",
        )
        .bind(text)
        .fetch_one(&desk.app.pool)
        .await
        .unwrap();
        assert_eq!(told, times, "{text}");
    }
    let moments =
        "SELECT count(*) - count(DISTINCT created_at) FROM outbox WHERE template = 'reminder'";
    assert_eq!(
        number(&desk, moments).await,
        0,
        "due together is one message"
    );
    for kind in ["target_near", "target_missed"] {
        let told: Vec<i64> = sqlx::query_scalar(
            "SELECT count(outbox.id) FROM ticket LEFT JOIN outbox ON ticket_id = ticket.id AND template = $1
             GROUP BY ticket.id",
        )
        .bind(kind)
        .fetch_all(&desk.app.pool)
        .await
        .unwrap();
        assert_eq!(told.len(), usize::try_from(opened).unwrap());
        assert!(told.iter().all(|count| *count == 1), "{kind}: {told:?}");
    }
    assert_eq!(time("2026-11-27T09:24:00Z"), desk.now());
}

fn url(desk: &Desk) -> String {
    use secrecy::ExposeSecret as _;
    match &desk.app.settings.database {
        frontdesk::config::service::Database::Url(url) => url.expose_secret().to_owned(),
        other => panic!("{other:?}"),
    }
}
