//! Slots: each once, by whichever copy, whatever happens to it.

use frontdesk::app::App;
use frontdesk::schedule::store;

use super::{number, question, set_status, time};
use crate::harness::Desk;

/// The digests stay out of the way until the new year.
const NO_DIGESTS: &str = r#"
[[schedule]]
name = "digests"
cron = "0 0 1 1 *"
job = "digests"
"#;

const DAILY: &str = r#"
[[schedule]]
name = "digests"
cron = "0 0 1 1 *"
job = "digests"

[[schedule]]
name = "daily"
cron = "0 10 * * *"
job = "follow_ups"
"#;

/// Slots as `moment outcome, missed`.
async fn slots(desk: &Desk) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT to_char(slot_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI ') || coalesce(outcome, 'open') || ', ' || missed
         FROM schedule_slot ORDER BY slot_at",
    )
    .fetch_all(&desk.app.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_slot_runs_once_when_its_time_has_come() {
    let desk = Desk::open_with(DAILY).await;
    desk.tick_at(time("2026-11-20T09:59:59Z")).await;
    assert!(slots(&desk).await.is_empty());
    desk.tick_at(time("2026-11-20T10:00:00Z")).await;
    desk.tick_at(time("2026-11-20T10:00:05Z")).await;
    desk.tick_at(time("2026-11-21T10:00:03Z")).await;
    assert_eq!(
        slots(&desk).await,
        ["11-20 10:00 ran, 0", "11-21 10:00 ran, 0"]
    );
    desk.close().await;
}

#[tokio::test]
async fn slots_that_were_missed_are_caught_up_once() {
    let desk = Desk::open_with(DAILY).await;
    desk.tick_at(time("2026-11-20T09:30:00Z")).await;
    desk.advance(time("2026-11-23T12:00:00Z") - desk.now());
    let ticker = desk.app.ticker();
    assert_eq!(ticker.step().await.unwrap(), 1);
    assert_eq!(ticker.step().await.unwrap(), 0);
    assert_eq!(slots(&desk).await, ["11-23 10:00 ran, 3"]);
    desk.close().await;
}

#[tokio::test]
async fn slots_that_were_missed_are_passed_over_where_the_schedule_says_so() {
    let desk = Desk::open_with(&format!("{DAILY}missed = \"skip\"\n")).await;
    desk.tick_at(time("2026-11-20T09:30:00Z")).await;
    let ticker = desk.app.ticker();
    desk.advance(time("2026-11-21T10:10:01Z") - desk.now());
    ticker.step().await.unwrap();
    desk.advance(time("2026-11-22T10:10:00Z") - desk.now());
    ticker.step().await.unwrap();
    assert_eq!(
        slots(&desk).await,
        ["11-21 10:00 skipped, 1", "11-22 10:00 ran, 0"]
    );
    desk.close().await;
}

/// A week of both copies ticking at the same moments: each slot has one row, and each ticket one mail.
#[tokio::test]
async fn d2_two_copies_run_each_slot_once() {
    let desk = Desk::open_with(NO_DIGESTS).await;
    let ann = desk.agent("ann", Some("support")).await;
    for subject in ["one", "two", "three"] {
        desk.receive(&question("carla@customer.test", subject))
            .await;
    }
    for ticket in desk.tickets().await {
        set_status(&desk, &ticket, &ann, "resolved").await;
    }
    desk.take_mail().await;
    let settings = (*desk.app.settings).clone();
    let other = App::open(settings, desk.app.clock.clone()).await.unwrap();
    let (here, there) = (desk.app.ticker(), other.ticker());
    let mut worked = 0;
    for _ in 0..600 {
        let (one, two) = tokio::join!(here.step(), there.step());
        worked += one.unwrap() + two.unwrap();
        desk.advance(chrono::TimeDelta::minutes(5));
    }
    // The first tick begins to watch; each later one is a slot.
    assert_eq!(worked, 599);
    assert_eq!(
        number(&desk, "SELECT count(*) FROM schedule_slot").await,
        599
    );
    let closed = desk.take_mail().await;
    assert_eq!(closed.len(), 3, "{closed:#?}");
    other.close().await.unwrap();
    desk.close().await;
}

/// Another copy has taken the slot and dies before it commits: whoever waited for it runs the slot.
#[tokio::test]
async fn a_slot_whose_copy_dies_is_run_by_another() {
    let desk = Desk::open_with(DAILY).await;
    desk.tick_at(time("2026-11-20T09:30:00Z")).await;
    let slot = time("2026-11-20T10:00:00Z");
    desk.advance(slot - desk.now());
    let mut dying = desk.app.pool.begin().await.unwrap();
    assert!(
        store::take(&mut dying, "daily", slot, 0, slot)
            .await
            .unwrap()
    );
    let ticker = desk.app.ticker();
    let (worked, died) = tokio::join!(ticker.step(), async {
        tokio::task::yield_now().await;
        dying.rollback().await
    });
    died.unwrap();
    assert_eq!(worked.unwrap(), 1);
    assert_eq!(slots(&desk).await, ["11-20 10:00 ran, 0"]);
    desk.close().await;
}

/// What fails is tried again, later each time; then it is given up and the operators are told.
#[tokio::test]
async fn a_schedule_that_fails_is_tried_again_and_then_told() {
    let desk = Desk::open_with(DAILY).await;
    desk.receive(&question("carla@customer.test", "one")).await;
    let ann = desk.agent("ann", Some("support")).await;
    set_status(&desk, &desk.ticket().await, &ann, "resolved").await;
    desk.take_mail().await;
    desk.tick_at(time("2026-11-20T11:00:00Z")).await;
    sqlx::raw_sql("ALTER TABLE ticket RENAME COLUMN closed_at TO gone_at")
        .execute(&desk.app.pool)
        .await
        .unwrap();
    let ticker = desk.app.ticker();
    for minute in 0..30 {
        let minute = chrono::TimeDelta::minutes(minute);
        desk.advance(time("2026-11-23T10:00:00Z") + minute - desk.now());
        assert_eq!(ticker.step().await.unwrap(), 0);
    }
    assert_eq!(slots(&desk).await.last().unwrap(), "11-23 10:00 failed, 2");
    sqlx::raw_sql("ALTER TABLE ticket RENAME COLUMN gone_at TO closed_at")
        .execute(&desk.app.pool)
        .await
        .unwrap();
    let alarm = desk.take_one().await;
    assert_eq!(alarm.to, "operator@desk.test");
    assert!(
        alarm.text().contains("The schedule daily failed 5 times"),
        "{}",
        alarm.text()
    );
    // The next slot is tried afresh.
    desk.tick_at(time("2026-11-24T10:00:00Z")).await;
    assert_eq!(desk.ticket().await.status, "closed");
    desk.take_one().await;
    desk.close().await;
}

/// A schedule that is new, or whose time was changed, runs nothing that lies before.
#[tokio::test]
async fn a_changed_schedule_begins_anew() {
    let mut desk = Desk::open_with(DAILY).await;
    desk.tick_at(time("2026-11-20T09:30:00Z")).await;
    desk.advance(time("2026-11-21T12:00:00Z") - desk.now());
    let settings = std::sync::Arc::make_mut(&mut desk.app.settings);
    let daily = settings
        .schedules
        .iter_mut()
        .find(|one| one.name == "daily");
    daily.unwrap().zone = chrono_tz::Tz::Asia__Tokyo;
    assert_eq!(desk.app.ticker().step().await.unwrap(), 0);
    desk.tick_at(time("2026-11-22T01:00:00Z")).await;
    assert_eq!(slots(&desk).await, ["11-22 01:00 ran, 0"]);
    desk.close().await;
}
