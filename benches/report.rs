//! How long the daily digest and the statistics of a month take on a desk with a million tickets, five million
//! comments and ten million events. `REPORT_TICKETS` makes the desk smaller for a quick look.
//!
//! Laying such a desk takes minutes; what is measured is each report, three times, the slowest shown.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark may fail loudly"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use frontdesk::config::{self, Settings};
use frontdesk::db::{self, embedded::Cluster};
use frontdesk::plot;
use frontdesk::report::digest::{self, Request};
use frontdesk::report::period::Period;
use frontdesk::report::subscription::DigestKind;
use frontdesk::report::{Dimension, Filter, stats};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

const END: &str = "2026-11-20T07:00:00Z";

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let wanted = std::env::var("REPORT_TICKETS")
        .ok()
        .and_then(|count| count.parse().ok());
    let tickets: u32 = wanted.unwrap_or(1_000_000);
    let folder = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o711))
        .tempdir()
        .unwrap();
    let cluster = Cluster::start(&folder.path().join("postgres"))
        .await
        .unwrap();
    let pool = db::connect(&cluster.url, 2).await.unwrap();
    db::migrate(&pool).await.unwrap();
    let begun = Instant::now();
    lay(&pool, tickets).await;
    println!(
        "{tickets} tickets laid in {:.0} s",
        begun.elapsed().as_secs_f64()
    );

    let settings = settings();
    let now: DateTime<Utc> = END.parse().unwrap();
    let request = Request {
        kind: DigestKind::Daily,
        zone: settings.desk.zone,
        slot: now,
        teams: Vec::new(),
        unassigned_hours: 24,
        agent: None,
    };
    let mut conn = pool.acquire().await.unwrap();
    let mut slowest = [Duration::ZERO; 4];
    for _ in 0..3 {
        let begun = Instant::now();
        let digest = digest::compute(&mut conn, &settings, &request, now)
            .await
            .unwrap();
        let computed = begun.elapsed();
        for picture in &digest.charts {
            plot::png(&picture.chart).unwrap();
        }
        let drawn = begun.elapsed();
        let month = stats_of_a_month(&mut conn, &settings, now, None).await;
        let by_team = stats_of_a_month(&mut conn, &settings, now, Some(Dimension::Team)).await;
        for (slowest, took) in slowest.iter_mut().zip([computed, drawn, month, by_team]) {
            *slowest = (*slowest).max(took);
        }
    }
    for (what, took) in [
        "the daily digest computed (goal: 2 s)",
        "computed and drawn",
        "stats of a month (goal: 1 s)",
        "stats of a month by team",
    ]
    .iter()
    .zip(slowest)
    {
        println!("{what}: {:.2} s", took.as_secs_f64());
    }
    drop(conn);
    pool.close().await;
    cluster.stop().await.unwrap();
}

async fn stats_of_a_month(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    by: Option<Dimension>,
) -> Duration {
    let begun = Instant::now();
    let month = Period::parse("last-month", now, settings.desk.zone).unwrap();
    let filter = Filter::default();
    stats::compute(conn, &settings.desk, &month, &filter, by, now)
        .await
        .unwrap();
    begun.elapsed()
}

async fn lay(pool: &PgPool, tickets: u32) {
    let statements = include_str!("year.sql")
        .replace("COUNT", &tickets.to_string())
        .replace("END'", &format!("{END}'"));
    sqlx::raw_sql(AssertSqlSafe(statements))
        .execute(pool)
        .await
        .unwrap();
    sqlx::raw_sql("VACUUM ANALYZE").execute(pool).await.unwrap();
}

fn settings() -> Settings {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo.toml");
    config::load(&path, &|_| {
        Some("a key of at least thirty-two bytes".to_owned())
    })
    .unwrap()
}
