//! How long the daily digest and the statistics of a month take on a desk with a million tickets, five million
//! comments and ten million events. `REPORT_TICKETS` makes the desk smaller for a quick look, `REPORT_FOLDER` keeps it.
//!
//! What is measured is each report, three times, the slowest shown.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark may fail loudly"
)]

#[path = "laid/mod.rs"]
mod laid;

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use frontdesk::config::{self, Settings};
use frontdesk::plot;
use frontdesk::report::digest::{self, Request};
use frontdesk::report::period::Period;
use frontdesk::report::subscription::DigestKind;
use frontdesk::report::{Dimension, Filter, stats};
use laid::Laid;
use sqlx::PgConnection;

const END: &str = "2026-11-20T07:00:00Z";

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let tickets = laid::tickets("REPORT_TICKETS");
    let statements = include_str!("year.sql")
        .replace("COUNT", &tickets.to_string())
        .replace("END'", &format!("{END}'"));
    let laid = Laid::open("REPORT_FOLDER", &statements).await;

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
    let mut conn = laid.pool.acquire().await.unwrap();
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
    laid.close().await;
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

fn settings() -> Settings {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo.toml");
    config::load(&path, &|_| {
        Some("a key of at least thirty-two bytes".to_owned())
    })
    .unwrap()
}
