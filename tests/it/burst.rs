//! Many mails at once on a desk that has hardly any rows: PostgreSQL plans the workers' statements then, and keeps those
//! plans while thousands of mails come in.

use sqlx::PgPool;

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
