//! Each migration is applied to a database that its predecessors laid and that holds data already, since
//! that is how an operator meets it. A new migration needs its rows in `SAMPLES`.

use frontdesk::db;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::db::TestDb;

/// Rows as they stood right after each migration. They are never changed later: they stand for the data of
/// an operator who runs that version.
const SAMPLES: &[(i64, &str)] = &[
    (1, include_str!("migrations/0001_people.sql")),
    (2, include_str!("migrations/0002_tickets.sql")),
    (3, include_str!("migrations/0003_inbound.sql")),
    (4, include_str!("migrations/0004_outbox.sql")),
    (5, include_str!("migrations/0005_inbound_accepted.sql")),
    (7, include_str!("migrations/0007_search.sql")),
    (8, include_str!("migrations/0008_team_work.sql")),
    (9, include_str!("migrations/0009_undo.sql")),
    (10, include_str!("migrations/0010_chat.sql")),
    (13, include_str!("migrations/0013_schedules.sql")),
    (14, include_str!("migrations/0014_reminders.sql")),
    (15, include_str!("migrations/0015_ticket_clocks.sql")),
    (16, include_str!("migrations/0016_reports.sql")),
    (17, include_str!("migrations/0017_outbox_by_address.sql")),
    (21, include_str!("migrations/0021_customers_in_chat.sql")),
    (22, include_str!("migrations/0022_close_requests.sql")),
    (23, include_str!("migrations/0023_bulk.sql")),
    (25, include_str!("migrations/0025_told_by_chat.sql")),
    (26, include_str!("migrations/0026_snoozed.sql")),
    (27, include_str!("migrations/0027_presence.sql")),
    (
        28,
        include_str!("migrations/0028_senders_of_settled_mail.sql"),
    ),
    (29, include_str!("migrations/0029_login_ends.sql")),
    (30, include_str!("migrations/0030_reports_by_index.sql")),
];

/// One question to the last schema for each of the samples, with its answer.
const READ_BACK: &[(&str, &str)] = &[
    (
        "SELECT number || ': ' || reason FROM bulk_ticket JOIN ticket ON id = ticket_id WHERE state = 'failed'",
        "TICK-1: It is closed.",
    ),
    (
        "SELECT number || ' closes in ' || extract(days FROM closes_at - asked_at) FROM close_request
         JOIN ticket ON ticket.id = ticket_id WHERE answered_at IS NULL",
        "TICK-1 closes in 3",
    ),
    (
        "SELECT number || ' in ' || customer_thread.place || ' beside ' || post FROM customer_thread
         JOIN ticket ON ticket.id = ticket_id JOIN chat_panel USING (platform)",
        "TICK-1 in 200 beside 202",
    ),
    (
        "SELECT schedule || ' stands for ' || missed FROM schedule_slot JOIN schedule ON name = schedule AND last_at = slot_at",
        "follow_ups stands for 2",
    ),
    (
        "SELECT string_agg(handle || ': ' || text || ' by ' || told_by, ', ' ORDER BY reminder.id)
         FROM reminder JOIN person ON person.id = person_id WHERE state = 'set'",
        "grete: Ask the farm by mail, grete: Look at the queue by both",
    ),
    (
        "SELECT number FROM ticket WHERE snoozed_until > '2026-11-30'",
        "TICK-1",
    ),
    (
        "SELECT team || ': ' || handle FROM team_turn JOIN person ON person.id = person_id WHERE away_until > away_since",
        "vfx: grete",
    ),
    (
        "SELECT digest || ' in ' || place FROM digest_subscription WHERE told_by = 'chat'",
        "monthly in c-managers",
    ),
    (
        "SELECT number FROM ticket JOIN ticket_nudge ON ticket_id = id WHERE nudged_at > waiting_since",
        "TICK-1",
    ),
    (
        "SELECT name FROM organization JOIN organization_domain ON id = organization_id WHERE domain = 'kanal9.example'",
        "Kanal 9 Film",
    ),
    (
        "SELECT name FROM person JOIN person_address ON id = person_id WHERE address = 'ada@kanal9.example'",
        "Ada Brandt",
    ),
    (
        "SELECT string_agg(team, ',') FROM team_member JOIN person ON id = person_id WHERE handle = 'grete'",
        "vfx",
    ),
    (
        "SELECT subject FROM ticket WHERE number = 'TICK-1'",
        "Renders of shot 40 are black",
    ),
    (
        "SELECT string_agg(number, ',' ORDER BY id) FROM ticket WHERE search @@ to_tsquery('simple', 'geräusche | shot')",
        "TICK-1,TICK-0042",
    ),
    (
        "SELECT string_agg(name, ',') FROM canned_reply JOIN chat_account ON person_id = author_id",
        "received",
    ),
    (
        "SELECT words FROM rating JOIN blocked_sender USING (ticket_id) CROSS JOIN connect_code",
        "Quick!",
    ),
    (
        "SELECT body FROM comment WHERE search @@ to_tsquery('simple', 'licence')",
        "Looks like the licence server.",
    ),
    (
        "SELECT string_agg(body, ' | ' ORDER BY id) FROM comment",
        "They are black since noon. | Looks like the licence server.",
    ),
    (
        "SELECT convert_from(content, 'UTF8') FROM attachment JOIN file_content USING (sha256)",
        "render log",
    ),
    (
        "SELECT string_agg(kind, ',' ORDER BY id) FROM event",
        "opened,commented,undone,status_changed",
    ),
    (
        "SELECT convert_from(raw, 'UTF8') FROM inbound_mail JOIN thread_reference USING (message_id)",
        "Message-ID: <1@kanal9.example>",
    ),
    (
        "SELECT name FROM mailbox WHERE login_ends_at > last_success_at",
        "support",
    ),
    (
        "SELECT reason FROM inbound_mail WHERE sender = 'away@kanal9.example'",
        "an automatic answer",
    ),
    (
        "SELECT message_id FROM inbound_mail WHERE accepted",
        "spam@kanal9.example",
    ),
    (
        "SELECT position FROM inbound_delivery JOIN mailbox ON mailbox = name WHERE last_uid = 17",
        "3857529045:17",
    ),
    (
        "SELECT kind FROM ticket_clock JOIN ticket ON id = ticket_id WHERE number = 'TICK-1' AND target_minutes = 240",
        "resolution",
    ),
    ("SELECT fingerprint FROM ticket_clock_settings", "5eed"),
    (
        "SELECT dedupe_key FROM outbox WHERE address = 'operator@desk.example' AND created_at > '2026-11-20 09:00Z'",
        "report:17",
    ),
    (
        "SELECT draft ->> 'number' FROM outbox JOIN person ON recipient_id = person.id WHERE name = 'Ada Brandt'",
        "TICK-1",
    ),
    (
        "SELECT comment.body FROM chat_thread JOIN chat_post USING (ticket_id) JOIN comment ON comment.id = comment_id
         JOIN chat_event ON chat_event.ticket_id = chat_thread.ticket_id JOIN chat_seen ON chat_seen.post = key",
        "They are black since noon.",
    ),
    (
        "SELECT missing ->> 0 FROM chat_standing WHERE platform = 'discord'",
        "Send Messages",
    ),
    (
        "SELECT name FROM digest_subscription JOIN person ON person.id = person_id WHERE teams = '{vfx}' AND hour = 7",
        "Grete Holm",
    ),
];

#[tokio::test]
async fn each_migration_applies_to_the_data_of_the_one_before() {
    let db = TestDb::bare().await;
    let mut connection = PgConnection::connect(db.url()).await.unwrap();
    for migration in db::MIGRATIONS.iter() {
        let version = migration.version;
        db::MIGRATIONS
            .run_to(version, &mut connection)
            .await
            .unwrap();
        let sample = SAMPLES.iter().find(|(sample, _)| *sample == version);
        let (_, rows) = sample.unwrap_or_else(|| panic!("migration {version} has no sample rows"));
        sqlx::raw_sql(*rows).execute(&mut connection).await.unwrap();
    }
    for (question, answer) in READ_BACK {
        let found: String = sqlx::query_scalar(AssertSqlSafe(*question))
            .fetch_one(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{question}: {error}"));
        assert_eq!(found, *answer, "{question}");
    }
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let db = TestDb::new().await;
    sqlx::raw_sql(SAMPLES[0].1)
        .execute(db.pool())
        .await
        .unwrap();
    db::migrate(db.pool()).await.unwrap();
    let people: i64 = sqlx::query_scalar("SELECT count(*) FROM person")
        .fetch_one(db.pool())
        .await
        .unwrap();
    assert_eq!(people, 2);
}
