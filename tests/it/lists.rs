//! Listing, searching and finding tickets.

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::config::desk::StatusKind;
use frontdesk::ids::{OrganizationId, PersonId};
use frontdesk::ticket::find::{self, Found};
use frontdesk::ticket::query::{self, Count, PAGE, Sight, Sort, TicketFilter};
use sqlx::PgConnection;

use crate::field::request;
use crate::harness::Desk;

const SORTS: [Sort; 5] = [
    Sort::Updated,
    Sort::Opened,
    Sort::Due,
    Sort::Priority,
    Sort::Oldest,
];

/// Twenty thousand tickets of two hundred customers, most of them closed, each with two comments.
async fn crowd(conn: &mut PgConnection, now: DateTime<Utc>) {
    let rows = [
        "INSERT INTO organization (name, created_at) SELECT 'Org ' || n, $1 FROM generate_series(1, 40) AS n",
        "INSERT INTO person (name, role, handle, organization_id, created_at)
         SELECT 'Customer ' || n, 'customer', NULL, (SELECT min(id) FROM organization) + n % 40, $1
         FROM generate_series(1, 200) AS n",
        "INSERT INTO person (name, role, handle, created_at)
         SELECT 'Agent ' || n, 'agent', 'agent' || n, $1 FROM generate_series(1, 20) AS n",
        "INSERT INTO person_address (address, person_id, is_primary, created_at)
         SELECT lower(replace(name, ' ', '')) || '@crowd.test', id, true, $1 FROM person",
        "INSERT INTO ticket (number, subject, ticket_type, category, priority, status, status_kind, requester_id,
                             organization_id, team, assignee_id, due_at, tags, fields, source, opened_at, updated_at)
         SELECT 'TKT-' || to_char($1::timestamptz - n * interval '5 minutes', 'YYYYMMDD') || '-' || lpad(n::text, 5, '0'),
                'Subject about thing' || n % 500,
                (ARRAY['bug', 'wish', 'question'])[1 + n % 3],
                (ARRAY['billing', 'account', 'other', 'bug_report'])[1 + n % 4],
                (ARRAY['urgent', 'high', 'medium', 'medium', 'medium', 'low'])[1 + n % 6],
                CASE WHEN n % 50 = 0 THEN 'open' WHEN n % 50 = 1 THEN 'in_progress' ELSE 'closed' END,
                CASE WHEN n % 50 = 0 THEN 'new' WHEN n % 50 = 1 THEN 'open' ELSE 'closed' END,
                (SELECT min(id) FROM person WHERE role = 'customer') + n % 200,
                (SELECT min(id) FROM organization) + n % 40,
                (ARRAY['support', 'billing', 'product', 'engineering'])[1 + n % 4],
                CASE WHEN n % 3 > 0 THEN (SELECT min(id) FROM person WHERE role = 'agent') + n % 20 END,
                CASE WHEN n % 10 = 0 THEN $1::timestamptz + (n - 10000) * interval '1 hour' END,
                ARRAY['tag' || n % 100], jsonb_build_object('project', 'P' || n % 100), 'mail',
                $1::timestamptz - n * interval '5 minutes', $1::timestamptz - n * interval '3 minutes'
         FROM generate_series(1, 20000) AS n",
        "INSERT INTO comment (ticket_id, author_id, visibility, by_staff, body, source, created_at)
         SELECT ticket.id, requester_id, (ARRAY['public', 'internal'])[which], which = 2,
                'word' || ticket.id % 1000 || repeat(' These are the plain words of a mail.', 25), 'mail', opened_at
         FROM ticket, generate_series(1, 2) AS which",
        "INSERT INTO ticket_clock (ticket_id, kind, started_at, target_minutes, due_at, marks, marks_at)
         SELECT id, 'resolution', opened_at, 60,
                CASE WHEN status_kind = 'open' THEN $1::timestamptz + ((id - (SELECT min(id) FROM ticket) + 1) % 100 - 51) * interval '1 hour' END,
                '{}', '{}'
         FROM ticket",
        "INSERT INTO ticket_person (ticket_id, person_id, part, created_at)
         SELECT id, (SELECT min(id) FROM person WHERE role = 'agent') + id % 20, 'watcher', $1
         FROM ticket WHERE id % 20 = 0",
        "INSERT INTO ticket_person (ticket_id, person_id, part, created_at)
         SELECT id, (SELECT min(id) FROM person WHERE role = 'customer') + (id + 7) % 200, 'participant', $1
         FROM ticket WHERE id % 20 = 1",
    ];
    for statement in rows {
        if statement.contains("$1") {
            sqlx::query(statement)
                .bind(now)
                .execute(&mut *conn)
                .await
                .unwrap();
        } else {
            sqlx::query(statement).execute(&mut *conn).await.unwrap();
        }
    }
    sqlx::query("ANALYZE").execute(conn).await.unwrap();
}

async fn first(conn: &mut PgConnection, role: &str) -> PersonId {
    let id: i64 = sqlx::query_scalar("SELECT min(id) FROM person WHERE role = $1")
        .bind(role)
        .fetch_one(conn)
        .await
        .unwrap();
    PersonId(id)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// One filter each, by name.
async fn filters(conn: &mut PgConnection, now: DateTime<Utc>) -> Vec<(&'static str, TicketFilter)> {
    let customer = first(conn, "customer").await;
    let agent = first(conn, "agent").await;
    let organization: i64 = sqlx::query_scalar("SELECT min(id) FROM organization")
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    let none = TicketFilter::default;
    vec![
        ("nothing", none()),
        ("active", TicketFilter::active()),
        (
            "status",
            TicketFilter {
                statuses: words(&["in_progress"]),
                ..none()
            },
        ),
        (
            "kind",
            TicketFilter {
                kinds: vec![StatusKind::New],
                ..none()
            },
        ),
        (
            "done",
            TicketFilter {
                kinds: vec![StatusKind::Closed],
                ..none()
            },
        ),
        (
            "priority",
            TicketFilter {
                priorities: words(&["urgent", "high"]),
                ..none()
            },
        ),
        (
            "category",
            TicketFilter {
                categories: words(&["billing"]),
                ..none()
            },
        ),
        (
            "type",
            TicketFilter {
                types: words(&["bug"]),
                ..none()
            },
        ),
        (
            "team",
            TicketFilter {
                teams: words(&["product"]),
                ..none()
            },
        ),
        (
            "assignee",
            TicketFilter {
                assignee: Some(agent),
                ..none()
            },
        ),
        (
            "unassigned",
            TicketFilter {
                unassigned: true,
                ..TicketFilter::active()
            },
        ),
        (
            "requester",
            TicketFilter {
                requester: Some(customer),
                ..none()
            },
        ),
        (
            "organization",
            TicketFilter {
                organization: Some(OrganizationId(organization)),
                ..none()
            },
        ),
        (
            "tag",
            TicketFilter {
                tags: words(&["tag7"]),
                ..none()
            },
        ),
        (
            "field",
            TicketFilter {
                fields: [("project".to_owned(), "P7".to_owned())].into(),
                ..none()
            },
        ),
        (
            "due",
            TicketFilter {
                due_from: Some(now),
                due_before: Some(now + TimeDelta::days(7)),
                ..none()
            },
        ),
        (
            "overdue",
            TicketFilter {
                overdue_at: Some(now),
                ..none()
            },
        ),
        (
            "never due",
            TicketFilter {
                never_due: true,
                kinds: vec![StatusKind::Open],
                ..none()
            },
        ),
        (
            "without a word",
            TicketFilter {
                text: Some("-word77".to_owned()),
                ..none()
            },
        ),
        (
            "watching",
            TicketFilter {
                watcher: Some(agent),
                ..none()
            },
        ),
        (
            "participant",
            TicketFilter {
                participant: Some(customer),
                ..none()
            },
        ),
        (
            "sight",
            TicketFilter {
                sight: Sight::Customer(customer),
                ..none()
            },
        ),
        (
            "text",
            TicketFilter {
                text: Some("word77".to_owned()),
                ..none()
            },
        ),
        (
            "text in sight",
            TicketFilter {
                text: Some("word77".to_owned()),
                sight: Sight::Customer(customer),
                ..none()
            },
        ),
    ]
}

#[tokio::test]
async fn no_filter_and_no_order_reads_all_tickets_or_all_comments() {
    let desk = Desk::open().await;
    let mut conn = desk.app.pool.acquire().await.unwrap();
    crowd(&mut conn, desk.now()).await;
    let mut wrong = Vec::new();
    for (name, filter) in filters(&mut conn, desk.now()).await {
        for sort in SORTS {
            let plan = query::plan(&mut conn, &desk.app.settings.desk, &filter, sort)
                .await
                .unwrap();
            let reads_all = |line: &String| {
                line.contains("Seq Scan on ticket") || line.contains("Seq Scan on comment")
            };
            if plan.iter().any(reads_all) {
                wrong.push(format!("{name}, {sort:?}:\n{}", plan.join("\n")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    desk.close().await;
}

#[tokio::test]
async fn every_filter_gives_what_fits_and_nothing_else() {
    let desk = Desk::open().await;
    let mut conn = desk.app.pool.acquire().await.unwrap();
    crowd(&mut conn, desk.now()).await;
    let now = desk.now();
    // What each filter means, in words that have nothing of the statement under test.
    let meant = |name: &str| match name {
        "nothing" | "done" => None,
        "active" => Some("n % 50 IN (0, 1)"),
        "status" => Some("n % 50 = 1"),
        "kind" => Some("n % 50 = 0"),
        "priority" => Some("n % 6 IN (0, 1)"),
        "category" => Some("n % 4 = 0"),
        "team" => Some("n % 4 = 2"),
        "type" => Some("n % 3 = 0"),
        "unassigned" => Some("n % 3 = 0 AND n % 50 IN (0, 1)"),
        "assignee" => Some("n % 3 > 0 AND n % 20 = 0"),
        "requester" => Some("n % 200 = 0"),
        "organization" => Some("n % 40 = 0"),
        "tag" | "field" => Some("n % 100 = 7"),
        "due" => Some("n % 10 = 0 AND n BETWEEN 10000 AND 10167"),
        // By the due time, or by a promise that is past: of the open ones every second.
        "overdue" => Some("n % 50 = 0 AND n < 10000 OR n % 100 = 1"),
        "never due" => Some("n % 50 = 1 AND n % 10 > 0"),
        _ => None,
    };
    for (name, filter) in filters(&mut conn, now).await {
        let Some(meant) = meant(name) else { continue };
        let expected: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "SELECT count(*) FROM generate_series(1, 20000) AS n WHERE {meant}"
        )))
        .fetch_one(&mut *conn)
        .await
        .unwrap();
        let counted = match expected > 1_000 {
            true => Count::MoreThan(1_000),
            false => Count::Exactly(expected),
        };
        assert_eq!(
            query::count(&mut conn, &filter).await.unwrap(),
            counted,
            "{name}"
        );
        for sort in SORTS {
            let page = query::list(&mut conn, &desk.app.settings.desk, &filter, sort, 1)
                .await
                .unwrap();
            let shown = i64::try_from(page.tickets.len()).unwrap();
            assert_eq!(shown, expected.min(i64::from(PAGE)), "{name}, {sort:?}");
            assert_eq!(page.more, expected > i64::from(PAGE), "{name}, {sort:?}");
        }
    }
    let all = TicketFilter::default();
    assert_eq!(
        query::count(&mut conn, &all).await.unwrap(),
        Count::MoreThan(1_000)
    );
    let settings = &desk.app.settings.desk;
    let urgent = query::list(&mut conn, settings, &all, Sort::Priority, 1)
        .await
        .unwrap();
    assert!(
        urgent
            .tickets
            .iter()
            .all(|listed| listed.ticket.priority == "urgent")
    );
    let one = query::list(&mut conn, settings, &all, Sort::Updated, 1)
        .await
        .unwrap();
    let two = query::list(&mut conn, settings, &all, Sort::Updated, 2)
        .await
        .unwrap();
    let newest = |page: &query::Page| page.tickets[0].ticket.updated_at;
    assert_eq!(
        newest(&one) - newest(&two),
        TimeDelta::minutes(3 * i64::from(PAGE))
    );
    desk.close().await;
}

async fn found(desk: &Desk, text: &str, sight: Sight) -> Vec<String> {
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let filter = TicketFilter {
        text: Some(text.to_owned()),
        sight,
        ..TicketFilter::default()
    };
    let page = query::list(&mut conn, &desk.app.settings.desk, &filter, Sort::Opened, 1)
        .await
        .unwrap();
    let count = query::count(&mut conn, &filter).await.unwrap();
    assert_eq!(
        count,
        Count::Exactly(i64::try_from(page.tickets.len()).unwrap())
    );
    page.tickets
        .into_iter()
        .map(|listed| listed.ticket.subject)
        .collect()
}

#[tokio::test]
async fn words_are_found_wherever_they_stand_and_a_note_by_staff_only() {
    let desk = Desk::open().await;
    let (ticket, ann) = super::desk::asked(&desk).await;
    let dora = request(
        "Dora Müller <dora@else.test>",
        "d@else.test",
        "Rechnung 4711",
        "Bitte prüfen",
    );
    desk.receive(&dora).await;
    desk.take_mail().await;
    super::desk::note(
        &desk,
        &ann,
        ticket.id,
        "Their licence is unpaid; don't say so.",
    )
    .await;
    let staff = Sight::Staff;
    let (import, bill) = (
        vec!["The import fails".to_owned()],
        vec!["Rechnung 4711".to_owned()],
    );
    assert_eq!(found(&desk, "impo", staff).await, import);
    assert_eq!(found(&desk, "ROW stops", staff).await, import);
    assert_eq!(found(&desk, "licence", staff).await, import);
    assert_eq!(found(&desk, "müller", staff).await, bill);
    assert_eq!(found(&desk, "else.test", staff).await, bill);
    assert_eq!(found(&desk, "dora@else.test", staff).await, bill);
    assert_eq!(
        found(&desk, "prüfen -bitte", staff).await,
        Vec::<String>::new()
    );
    assert_eq!(found(&desk, "-bitte", staff).await, import);
    assert_eq!(found(&desk, "-licence", staff).await, bill);
    assert_eq!(
        found(&desk, "' | ! & <-> \\", staff).await,
        Vec::<String>::new()
    );
    let number = desk.tickets().await[1].number.clone();
    assert_eq!(found(&desk, &number.to_lowercase(), staff).await, bill);
    assert_eq!(found(&desk, "2", staff).await, bill);
    let carla = Sight::Customer(ticket.requester_id);
    assert_eq!(found(&desk, "row", carla).await, import);
    assert_eq!(found(&desk, "licence", carla).await, Vec::<String>::new());
    assert_eq!(found(&desk, "-licence", carla).await, import);
    assert_eq!(found(&desk, "rechnung", carla).await, Vec::<String>::new());
    assert_eq!(found(&desk, "2", carla).await, Vec::<String>::new());
    desk.close().await;
}

#[tokio::test]
async fn a_number_is_found_by_its_end_and_never_across_the_line_of_sight() {
    let desk = Desk::open().await;
    for n in 1..=3 {
        let from = if n == 3 {
            "Dora <dora@else.test>"
        } else {
            super::desk::CARLA
        };
        desk.receive(&request(from, &format!("{n}@x.test"), "Help", "Please"))
            .await;
    }
    desk.advance(TimeDelta::days(1));
    desk.receive(&request(super::desk::CARLA, "4@x.test", "Help", "Please"))
        .await;
    desk.take_mail().await;
    let tickets = desk.tickets().await;
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let mut by = async |sight, given: &str| find::by_number(&mut conn, sight, given).await.unwrap();
    let staff = Sight::Staff;
    assert_eq!(by(staff, "2").await, Found::One(tickets[1].id));
    assert_eq!(by(staff, "#0002").await, Found::One(tickets[1].id));
    assert_eq!(
        by(staff, &tickets[1].number).await,
        Found::One(tickets[1].id)
    );
    let several = Found::Several(vec![tickets[3].number.clone(), tickets[0].number.clone()]);
    assert_eq!(by(staff, "1").await, several);
    assert_eq!(by(staff, "1121-1").await, Found::One(tickets[3].id));
    assert_eq!(by(staff, "9").await, Found::Nothing);
    assert_eq!(by(staff, "%").await, Found::Nothing);
    assert_eq!(by(staff, "").await, Found::Nothing);
    let carla = Sight::Customer(tickets[0].requester_id);
    assert_eq!(by(carla, "2").await, Found::One(tickets[1].id));
    assert_eq!(by(carla, "3").await, Found::Nothing);
    assert_eq!(by(carla, &tickets[2].number).await, Found::Nothing);
    desk.close().await;
}

#[tokio::test]
async fn a_very_long_comment_can_be_stored_and_found_by_its_beginning() {
    let desk = Desk::open().await;
    let (ticket, ann) = super::desk::asked(&desk).await;
    let body: String = (0..200_000).map(|n| format!("w{n}\n")).collect();
    super::desk::note(&desk, &ann, ticket.id, &body).await;
    assert_eq!(
        found(&desk, "w77", Sight::Staff).await,
        ["The import fails"]
    );
    assert_eq!(
        found(&desk, "w199999", Sight::Staff).await,
        Vec::<String>::new()
    );
    desk.close().await;
}
