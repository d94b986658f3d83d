#![allow(clippy::panic, clippy::unwrap_used, reason = "a test may fail loudly")]
// The clock is tokio's own, paused: it jumps to the next timer whenever nothing else is left to do.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::mpsc;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

/// A task that sends the moment of each start and then does what `then` says.
fn starts<W>(
    supervisor: &Supervisor,
    then: impl Fn(u32) -> W + Send + 'static,
) -> mpsc::UnboundedReceiver<Instant>
where
    W: Future<Output = Result<()>> + Send + 'static,
{
    let (send, receive) = mpsc::unbounded_channel();
    let count = AtomicU32::new(0);
    supervisor.spawn("poller", move |_| {
        send.send(Instant::now()).ok();
        then(count.fetch_add(1, Ordering::Relaxed))
    });
    receive
}

#[tokio::test(start_paused = true)]
async fn a_task_that_fails_starts_again_later_and_later_up_to_a_minute() {
    let supervisor = Supervisor::new();
    let mut starts = starts(&supervisor, async |_| Err(anyhow!("no route to host")));
    let mut last = starts.recv().await.unwrap();
    for full in [1, 2, 4, 8, 16, 32, 60, 60] {
        let start = starts.recv().await.unwrap();
        let (pause, full) = (start - last, Duration::from_secs(full));
        assert!(
            pause >= full / 2 && pause <= full + Duration::from_millis(2),
            "{pause:?} of {full:?}"
        );
        last = start;
    }
    let report = supervisor.tasks().remove(0);
    assert_eq!(report.restarts, 8);
    assert_eq!(report.last_error.as_deref(), Some("no route to host"));
}

#[tokio::test(start_paused = true)]
async fn a_healthy_spell_makes_the_next_failure_the_first() {
    let supervisor = Supervisor::new();
    let mut starts = starts(&supervisor, async |start| {
        if start == 5 {
            sleep(2 * MINUTE).await;
        }
        Err(anyhow!("connection reset"))
    });
    for _ in 0..5 {
        starts.recv().await.unwrap();
    }
    let healthy = starts.recv().await.unwrap();
    let next = starts.recv().await.unwrap();
    assert!(next - healthy <= 2 * MINUTE + Duration::from_millis(1_002));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_panics_starts_again() {
    let supervisor = Supervisor::new();
    let mut starts = starts(&supervisor, async |start| {
        assert!(start > 0, "index out of bounds");
        Ok(())
    });
    starts.recv().await.unwrap();
    starts.recv().await.unwrap();
    let error = supervisor.tasks().remove(0).last_error.unwrap();
    assert_eq!(error, "it panicked: index out of bounds");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_done_is_not_started_again() {
    let supervisor = Supervisor::new();
    let mut starts = starts(&supervisor, async |_| Ok(()));
    starts.recv().await.unwrap();
    assert!(starts.recv().await.is_none());
}

// FIELD: a poller hangs silently, and people restart it every two hours.
#[tokio::test(start_paused = true)]
async fn a_task_that_hangs_is_broken_off_and_started_again() {
    let supervisor = Supervisor::new();
    let (send, mut starts) = mpsc::unbounded_channel();
    supervisor.spawn_watched("poller", 5 * MINUTE, move |life| {
        send.send(Instant::now()).ok();
        async move {
            for _ in 0..10 {
                sleep(4 * MINUTE).await;
                life.sign();
            }
            std::future::pending().await
        }
    });
    let first = starts.recv().await.unwrap();
    let second = starts.recv().await.unwrap();
    let alive = 40 * MINUTE;
    assert!(second - first >= alive + 5 * MINUTE, "{:?}", second - first);
    assert!(second - first <= alive + 6 * MINUTE, "{:?}", second - first);
    let error = supervisor.tasks().remove(0).last_error.unwrap();
    assert_eq!(error, "it gave no sign of life for 300 seconds");
}

#[tokio::test(start_paused = true)]
async fn one_task_that_fails_does_not_hold_up_another() {
    let supervisor = Supervisor::new();
    supervisor.spawn("broken", async |_| Err(anyhow!("always")));
    let (send, mut rounds) = mpsc::unbounded_channel();
    supervisor.spawn("sound", move |life| {
        let send = send.clone();
        async move {
            while !life.shutdown().is_cancelled() {
                sleep(Duration::from_secs(1)).await;
                send.send(()).ok();
            }
            Ok(())
        }
    });
    for _ in 0..100 {
        rounds.recv().await.unwrap();
    }
    assert_eq!(supervisor.drain(MINUTE).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_work_in_hand() {
    let supervisor = Supervisor::new();
    let (send, mut done) = mpsc::unbounded_channel();
    supervisor.spawn("delivery", move |life| {
        let send = send.clone();
        async move {
            life.shutdown().cancelled().await;
            sleep(Duration::from_secs(20)).await; // the mail on its way
            send.send(()).ok();
            Ok(())
        }
    });
    tokio::task::yield_now().await;
    assert_eq!(
        supervisor.drain(Duration::from_secs(30)).await,
        Vec::<String>::new()
    );
    assert!(done.recv().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_in_time_and_names_who_was_late() {
    let supervisor = Supervisor::new();
    supervisor.spawn("deaf", async |_| std::future::pending().await);
    supervisor.spawn("swift", async |life: Life| {
        life.shutdown().cancelled().await;
        Ok(())
    });
    tokio::task::yield_now().await;
    let start = Instant::now();
    assert_eq!(supervisor.drain(Duration::from_secs(30)).await, ["deaf"]);
    assert!(start.elapsed() < Duration::from_secs(33));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_waits_for_its_next_start_ends_with_the_drain() {
    let supervisor = Supervisor::new();
    let mut starts = starts(&supervisor, async |_| Err(anyhow!("no route to host")));
    for _ in 0..8 {
        starts.recv().await.unwrap();
    }
    let start = Instant::now();
    supervisor.drain(MINUTE).await;
    assert!(start.elapsed() < Duration::from_secs(1));
}
