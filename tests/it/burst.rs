//! Many mails at once on a desk that has hardly any rows: PostgreSQL plans the workers' statements then, and keeps those
//! plans while thousands of mails come in.

use chrono::TimeDelta;
use frontdesk::db;
use frontdesk::inbound::store;
use sqlx::{Acquire as _, ConnectOptions as _, PgConnection, PgPool};
use uuid::Uuid;

use crate::harness::Desk;

const MAILS: usize = 40;

#[tokio::test]
async fn a_mail_in_a_burst_reads_no_more_rows_than_the_ones_before_it() {
    let desk = Desk::open_with("[caps]\nanswers_per_minute = 10000\n").await;
    desk.agent("ann", Some("support")).await;
    receive(&desk, 0).await;
    let before = rows_read(&desk).await;
    receive(&desk, 1).await;
    let first = rows_read(&desk).await - before;
    for round in 2..5 {
        receive(&desk, round).await;
    }
    let before = rows_read(&desk).await;
    receive(&desk, 5).await;
    let last = rows_read(&desk).await - before;
    assert!(first > 0);
    assert!(
        last <= first + first / 4,
        "{MAILS} mails read {first} rows, and four times as many mails later {last}"
    );
}

async fn receive(desk: &Desk, round: usize) {
    for number in 0..MAILS {
        let id = round * MAILS + number;
        let eml = format!(
            "From: Customer <c{id}@customer.test>\nTo: support@desk.test\nSubject: Export {id} is empty\n\
             Message-ID: <{id}@customer.test>\n\nIt is empty.\n"
        );
        desk.store(&eml).await;
    }
    desk.process().await;
}

/// How many rows were read so far for the sake of tickets, by whatever plan.
async fn rows_read(desk: &Desk) -> i64 {
    flush(&desk.app.workers).await;
    sqlx::query_scalar(
        "SELECT (sum(seq_tup_read) + sum(coalesce(idx_tup_fetch, 0)))::bigint FROM pg_stat_user_tables
         WHERE relname IN ('ticket', 'comment', 'event', 'outbox', 'person', 'person_address', 'thread_reference')",
    )
    .fetch_one(&desk.app.pool)
    .await
    .unwrap()
}

/// Has each of the workers' connections hand in what it has counted: PostgreSQL does so once a second otherwise.
async fn flush(workers: &PgPool) {
    let mut held = Vec::new();
    for _ in 0..workers.size() {
        let mut connection = workers.acquire().await.unwrap();
        sqlx::query("SELECT pg_stat_force_next_flush()")
            .execute(&mut *connection)
            .await
            .unwrap();
        held.push(connection);
    }
}

#[tokio::test]
async fn a_long_queue_that_was_empty_a_moment_ago_is_claimed_without_reading_all_of_it_for_each_mail()
 {
    let desk = Desk::open().await;
    let url = desk.app.pool.connect_options().to_url_lossy();
    let claims = db::connect_claims(url.as_str()).await.unwrap();
    let mut conn = claims.acquire().await.unwrap();
    assert_eq!(claim(&desk, &mut conn).await, 0, "it is planned by now");
    for round in 0..10 {
        for number in 0..MAILS {
            let id = round * MAILS + number;
            desk.store(&format!(
                "From: c{id}@customer.test\nMessage-ID: <{id}@customer.test>\n\nIt is empty.\n"
            ))
            .await;
        }
    }
    // What was counted before is handed in, so that only this transaction's reading is left.
    sqlx::query("SELECT pg_stat_force_next_flush()")
        .execute(&mut *conn)
        .await
        .unwrap();
    let mut tx = conn.begin().await.unwrap();
    assert_eq!(claim(&desk, &mut tx).await, MAILS);
    let read = rows_read_in_transaction(&mut tx).await;
    tx.rollback().await.unwrap();
    let rows = i64::try_from(MAILS).unwrap();
    assert!(read >= rows, "the count is taken");
    assert!(
        read <= 4 * rows,
        "{rows} mails of {} were claimed by reading {read} rows",
        10 * rows
    );
}

async fn claim(desk: &Desk, conn: &mut PgConnection) -> usize {
    let until = desk.now() + TimeDelta::seconds(20);
    let most = i64::try_from(MAILS).unwrap();
    let claimed = store::claim(conn, Uuid::from_u128(7), desk.now(), until, most).await;
    claimed.unwrap().len()
}

/// How many rows of the queue the transaction read so far.
async fn rows_read_in_transaction(conn: &mut PgConnection) -> i64 {
    sqlx::query_scalar(
        "SELECT (seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_xact_user_tables
         WHERE relname = 'inbound_mail'",
    )
    .fetch_one(conn)
    .await
    .unwrap()
}
