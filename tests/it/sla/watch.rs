//! The watch tells those concerned, each once.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::config::Settings;
use frontdesk::config::sla::{EscalateTo, Escalation, SlaTarget, SlaWatch};
use frontdesk::ids::PersonId;
use frontdesk::people;
use frontdesk::people::Role;
use frontdesk::sla;
use frontdesk::ticket::Visibility;

use super::{becomes, clock, minutes, writes};
use crate::desk::{CARLA, act, asked};
use crate::field::request;
use crate::harness::{Desk, Sent};

/// Everything that is due is told, in batches.
async fn watch(desk: &Desk) -> usize {
    let mut looked_at = 0;
    loop {
        let mut tx = desk.app.pool.begin().await.unwrap();
        let count = sla::due(&mut tx, &desk.app.settings, desk.now(), 2)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        looked_at += count;
        if count < 2 {
            return looked_at;
        }
    }
}

/// What was sent, as `address: subject`.
async fn heard(desk: &Desk) -> Vec<String> {
    watch(desk).await;
    desk.drain_outbox().await;
    let mut heard: Vec<String> = desk.take_now().iter().map(line).collect();
    heard.sort();
    heard
}

fn line(mail: &Sent) -> String {
    let subject = mail.subject();
    let subject = subject.split_once("] ").map_or(subject, |(_, rest)| rest);
    let (name, _) = mail.to.split_once('@').unwrap();
    format!("{name}: {subject}")
}

/// Lets time pass until so many minutes after a moment.
fn pass_to(desk: &Desk, from: DateTime<Utc>, after: i64) {
    desk.advance(from + minutes(after) - desk.now());
}

async fn lead(desk: &Desk, handle: &str, team: &str) -> PersonId {
    let person = desk.agent(handle, None).await;
    let mut conn = desk.app.pool.acquire().await.unwrap();
    people::store::join_team(&mut conn, person.id, team, true)
        .await
        .unwrap();
    person.id
}

/// A desk whose settings were changed.
async fn desk_with(change: impl FnOnce(&mut Settings)) -> Desk {
    let mut desk = Desk::open().await;
    change(Arc::make_mut(&mut desk.app.settings));
    desk
}

#[tokio::test]
async fn the_assignee_is_warned_and_the_lead_hears_of_the_breach_each_once() {
    let desk = Desk::open().await;
    lead(&desk, "lea", "support").await;
    let (ticket, ann) = asked(&desk).await;
    desk.agent("bob", Some("support")).await;
    act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        frontdesk::desk::assign(conn, ctx, ticket, Some(&ann)).await
    })
    .await
    .unwrap();
    desk.take_mail().await;

    // 75 per cent of the 240 minutes to the first response.
    pass_to(&desk, ticket.opened_at, 179);
    assert!(heard(&desk).await.is_empty());
    pass_to(&desk, ticket.opened_at, 180);
    let warned = ["ann: First response due in 1 h: The import fails"];
    assert_eq!(heard(&desk).await, warned);
    assert!(heard(&desk).await.is_empty());

    pass_to(&desk, ticket.opened_at, 240);
    assert_eq!(
        heard(&desk).await,
        ["lea: First response overdue: The import fails"]
    );
    assert!(heard(&desk).await.is_empty());
    let events = desk.events(ticket.id).await;
    let told: Vec<_> = events
        .iter()
        .filter(|event| event.starts_with("target"))
        .collect();
    assert_eq!(
        told,
        [
            "target_near first_response=2026-11-20T13:00:00Z",
            "target_missed first_response=2026-11-20T13:00:00Z"
        ]
    );
    desk.close().await;
}

#[tokio::test]
async fn the_team_is_warned_where_nobody_is_assigned_and_hears_where_nobody_leads() {
    let desk = Desk::open().await;
    let (ticket, _) = asked(&desk).await;
    desk.agent("bob", Some("support")).await;
    desk.agent("eve", Some("billing")).await;
    pass_to(&desk, ticket.opened_at, 180);
    let warned = [
        "ann: First response due in 1 h: The import fails",
        "bob: First response due in 1 h: The import fails",
    ];
    assert_eq!(heard(&desk).await, warned);
    pass_to(&desk, ticket.opened_at, 240);
    let missed = [
        "ann: First response overdue: The import fails",
        "bob: First response overdue: The import fails",
    ];
    assert_eq!(heard(&desk).await, missed);
    desk.close().await;
}

#[tokio::test]
async fn a_chain_follows_the_breach_until_somebody_answers() {
    let desk = desk_with(|settings| {
        let step = |after_minutes, to| Escalation { after_minutes, to };
        settings.desk.sla_watch.escalate =
            vec![step(30, EscalateTo::Managers), step(60, EscalateTo::Admins)];
    })
    .await;
    let (ticket, ann) = asked(&desk).await;
    for (handle, role) in [("mia", Role::Manager), ("ada", Role::Admin)] {
        let person = desk.agent(handle, None).await;
        let mut conn = desk.app.pool.acquire().await.unwrap();
        people::store::set_role(&mut conn, person.id, role, None, None)
            .await
            .unwrap();
    }
    pass_to(&desk, ticket.opened_at, 240);
    heard(&desk).await;
    pass_to(&desk, ticket.opened_at, 270);
    let missed = ["mia: First response overdue: The import fails"];
    assert_eq!(heard(&desk).await, missed);
    writes(&desk, ticket.id, &ann, Visibility::Public).await;
    pass_to(&desk, ticket.opened_at, 400);
    let answered = heard(&desk).await;
    assert_eq!(answered.len(), 1, "the answer to Carla alone: {answered:?}");
    desk.close().await;
}

#[tokio::test]
async fn after_an_outage_everybody_hears_once_and_of_the_last() {
    let desk = Desk::open().await;
    lead(&desk, "lea", "support").await;
    let (ticket, _) = asked(&desk).await;
    pass_to(&desk, ticket.opened_at, 900);
    // The warning and the breach have both passed.
    let missed = [
        "ann: First response overdue: The import fails",
        "lea: First response overdue: The import fails",
    ];
    assert_eq!(heard(&desk).await, missed);
    assert_eq!(watch(&desk).await, 0);
    desk.close().await;
}

#[tokio::test]
async fn d3_notices_leave_in_working_hours() {
    let desk = desk_with(|settings| {
        settings.desk.calendar = vec![frontdesk::config::desk::Calendar {
            key: "office".to_owned(),
            zone: chrono_tz::Tz::Europe__Berlin,
            hours: vec!["mon-fri 09:00-11:00".to_owned()],
            holidays: vec!["2026-11-23".to_owned()],
        }];
        settings.desk.sla_watch.calendar = Some("office".to_owned());
    })
    .await;
    // Opened on Friday at 10:00 in Berlin: the office closes at 11:00, and Monday is a holiday.
    let (ticket, _) = asked(&desk).await;
    pass_to(&desk, ticket.opened_at, 2 * 24 * 60);
    assert!(heard(&desk).await.is_empty());
    let tuesday: DateTime<Utc> = "2026-11-24T08:00:00Z".parse().unwrap();
    desk.advance(tuesday - desk.now() - TimeDelta::seconds(1));
    assert!(heard(&desk).await.is_empty());
    desk.advance(TimeDelta::seconds(1));
    let missed = [
        "ann: First response overdue: The import fails",
        "ann: Resolution overdue: The import fails",
    ];
    assert_eq!(heard(&desk).await, missed);
    desk.close().await;
}

/// The desk as it is shipped: its targets count every hour, and nobody is woken by them.
#[tokio::test]
async fn d3_notices_wait_for_the_day_where_no_calendar_is_named() {
    let desk = Desk::open().await;
    desk.advance(TimeDelta::hours(12));
    let (ticket, _) = asked(&desk).await;
    // It is 21:00; the warning would be due at midnight, the breach at one.
    pass_to(&desk, ticket.opened_at, 11 * 60 - 1);
    assert!(heard(&desk).await.is_empty());
    pass_to(&desk, ticket.opened_at, 11 * 60);
    let missed = ["ann: First response overdue: The import fails"];
    assert_eq!(heard(&desk).await, missed);
    desk.close().await;
}

#[tokio::test]
async fn a_desk_that_is_awake_at_night_is_told_at_any_hour() {
    let desk = desk_with(|settings| {
        settings.desk.sla_watch.calendar = Some(SlaWatch::ALWAYS.to_owned());
    })
    .await;
    desk.advance(TimeDelta::hours(12));
    let (ticket, _) = asked(&desk).await;
    pass_to(&desk, ticket.opened_at, 180);
    let warned = ["ann: First response due in 1 h: The import fails"];
    assert_eq!(heard(&desk).await, warned);
    desk.close().await;
}

#[tokio::test]
async fn nobody_is_told_of_a_ticket_that_waits_or_was_just_answered() {
    let desk = desk_with(|settings| {
        settings.desk.sla = vec![SlaTarget {
            resolution_minutes: Some(100),
            ..SlaTarget::default()
        }];
    })
    .await;
    let (ticket, ann) = asked(&desk).await;
    pass_to(&desk, ticket.opened_at, 74);
    writes(&desk, ticket.id, &ann, Visibility::Public).await;
    desk.take_mail().await;
    // The warning was due at 75; the answer of minute 74 puts it off by 15 minutes.
    pass_to(&desk, ticket.opened_at, 88);
    assert!(heard(&desk).await.is_empty());
    pass_to(&desk, ticket.opened_at, 89);
    assert_eq!(
        heard(&desk).await,
        ["ann: Resolution due in 11 min: The import fails"]
    );
    becomes(&desk, ticket.id, &ann, "in_progress").await;
    becomes(&desk, ticket.id, &ann, "waiting_on_customer").await;
    desk.take_mail().await;
    pass_to(&desk, ticket.opened_at, 5_000);
    assert!(heard(&desk).await.is_empty());
    desk.close().await;
}

#[tokio::test]
async fn a_customer_never_hears_of_targets() {
    let desk = Desk::open().await;
    let mail = request(CARLA, "a@customer.test", "The import fails", "It stops.");
    desk.receive(&mail).await;
    desk.take_mail().await;
    let ticket = desk.ticket().await;
    // Carla lost her rights as an agent, say, and still has the ticket.
    sqlx::query("UPDATE ticket SET assignee_id = requester_id")
        .execute(&desk.app.pool)
        .await
        .unwrap();
    pass_to(&desk, ticket.opened_at, 10_000);
    assert!(heard(&desk).await.is_empty());
    let events = desk.events(ticket.id).await;
    let withheld = "withheld =carla@customer.test (the person is not staff)".to_owned();
    assert!(events.contains(&withheld), "{events:?}");
    desk.close().await;
}

#[tokio::test]
async fn two_watches_side_by_side_tell_each_once() {
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    for at in 0..12 {
        let id = format!("{at}@customer.test");
        let from = format!("c{at}@customer.test");
        desk.receive(&request(&from, &id, "The import fails", "It stops."))
            .await;
    }
    desk.take_mail().await;
    desk.advance(minutes(181));
    let other = sqlx::PgPool::connect_with((*desk.app.pool.connect_options()).clone())
        .await
        .unwrap();
    let run = async |pool: &sqlx::PgPool| {
        loop {
            let mut tx = pool.begin().await.unwrap();
            let count = sla::due(&mut tx, &desk.app.settings, desk.now(), 3)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            if count == 0 {
                return;
            }
        }
    };
    tokio::join!(run(&desk.app.pool), run(&other), run(&desk.app.pool));
    other.close().await;
    // Whatever one of them passed over because another held it is told by the next look.
    watch(&desk).await;
    desk.drain_outbox().await;
    assert_eq!(desk.take_now().len(), 12);
    desk.close().await;
}

#[tokio::test]
async fn a_watch_that_dies_before_its_commit_has_told_nothing() {
    let desk = Desk::open().await;
    let (ticket, _) = asked(&desk).await;
    pass_to(&desk, ticket.opened_at, 180);
    let mut tx = desk.app.pool.begin().await.unwrap();
    assert_eq!(
        sla::due(&mut tx, &desk.app.settings, desk.now(), 10)
            .await
            .unwrap(),
        1
    );
    tx.rollback().await.unwrap(); // a dropped one is rolled back some time later
    assert_eq!(
        heard(&desk).await,
        ["ann: First response due in 1 h: The import fails"]
    );
    desk.close().await;
}

#[tokio::test]
async fn other_settings_count_the_open_tickets_anew() {
    let mut desk = Desk::open().await;
    let (ticket, _) = asked(&desk).await;
    let refresh = async |desk: &Desk| {
        let mut tx = desk.app.pool.begin().await.unwrap();
        let count = sla::refresh(&mut tx, &desk.app.settings.desk, 10)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        count
    };
    assert_eq!(refresh(&desk).await, 1);
    assert_eq!(refresh(&desk).await, 0);
    Arc::make_mut(&mut desk.app.settings).desk.sla = vec![SlaTarget {
        first_response_minutes: Some(10),
        ..SlaTarget::default()
    }];
    assert_eq!(refresh(&desk).await, 1);
    assert_eq!(refresh(&desk).await, 0);
    let first = clock(&desk, ticket.id, "first_response").await;
    assert_eq!(first.due_at, Some(ticket.opened_at + minutes(10)));
    Arc::make_mut(&mut desk.app.settings).desk.sla.clear();
    assert_eq!(refresh(&desk).await, 1);
    assert_eq!(super::clocks(&desk, ticket.id).await, []);
    desk.close().await;
}

/// Many tickets due in one minute, as on the morning after a quiet night. `FRONTDESK_MARKS` asks for another number,
/// and the time it took is printed.
#[tokio::test]
async fn many_marks_in_one_minute_are_all_told_in_batches() {
    let count = std::env::var("FRONTDESK_MARKS").ok();
    let count: i64 = count.and_then(|count| count.parse().ok()).unwrap_or(1_000);
    let desk = Desk::open().await;
    desk.agent("ann", Some("support")).await;
    desk.receive(&request(
        CARLA,
        "a@customer.test",
        "The import fails",
        "It stops.",
    ))
    .await;
    desk.take_mail().await;
    let at = desk.now();
    let mut tx = desk.app.pool.begin().await.unwrap();
    sqlx::query(
        "INSERT INTO ticket (number, subject, priority, status, status_kind, requester_id, team, source, opened_at, updated_at)
         SELECT 'MANY-' || n, 'One of many', 'medium', 'open', 'new', (SELECT max(requester_id) FROM ticket), 'support',
                'mail', $2, $2
         FROM generate_series(1, $1) AS n",
    )
    .bind(count)
    .bind(at)
    .execute(&mut *tx)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO ticket_clock (ticket_id, kind, started_at, target_minutes, due_at, marks, marks_at, next_mark_at)
         SELECT id, 'first_response', $1, 240, $1 + interval '240 minutes', '{share,breach}',
                ARRAY[$1 + interval '180 minutes', $1 + interval '240 minutes'], $1 + interval '180 minutes'
         FROM ticket WHERE number LIKE 'MANY-%'",
    )
    .bind(at)
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    desk.advance(minutes(180));

    let begun = std::time::Instant::now();
    let mut told = 0;
    loop {
        let mut tx = desk.app.pool.begin().await.unwrap();
        let batch = sla::due(&mut tx, &desk.app.settings, desk.now(), 500)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        told += i64::try_from(batch).unwrap();
        if batch < 500 {
            break;
        }
    }
    println!("{told} marks told in {:?}", begun.elapsed());
    // Carla's own ticket is among them.
    assert_eq!(told, count + 1);
    let rows: i64 = sqlx::query_scalar(
        "SELECT count(DISTINCT (ticket_id, recipient_id)) FROM outbox WHERE template = 'target_near'",
    )
    .fetch_one(&desk.app.pool)
    .await
    .unwrap();
    assert_eq!(rows, count + 1);
    // They are many mails to write, and writing mails is another test's matter.
    sqlx::query("UPDATE outbox SET state = 'sent' WHERE template = 'target_near'")
        .execute(&desk.app.pool)
        .await
        .unwrap();
    desk.close().await;
}
