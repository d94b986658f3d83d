//! Signals, sent to a process of their own: the test starts its own program again to have one.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Stdio},
    time::Duration,
};

use frontdesk::supervise::{Life, Signals, Supervisor};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// Tells the started program which service to be: one whose task ends when it is asked to, or one whose
/// task does not.
const SERVICE: &str = "FRONTDESK_TEST_SERVICE";

/// Not a test when it is run as one; the tests below run it with the variable set.
#[tokio::test]
async fn service() {
    let Ok(kind) = std::env::var(SERVICE) else {
        return;
    };
    let supervisor = Supervisor::new();
    let signals = Signals::listen().unwrap();
    supervisor.spawn("task", move |life: Life| {
        let deaf = kind == "deaf";
        async move {
            println!("\nready");
            life.shutdown().cancelled().await;
            println!("\nasked");
            if deaf {
                std::future::pending::<()>().await;
            }
            Ok(())
        }
    });
    let late = supervisor.run(signals, Duration::from_secs(600)).await;
    std::process::exit(if late.is_empty() { 0 } else { 1 });
}

struct Service {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Service {
    fn start(kind: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "supervise::service", "--nocapture"])
            .env(SERVICE, kind)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn wait_for(&mut self, word: &str) {
        assert!(
            self.lines.any(|line| line.unwrap() == word),
            "it ended without saying {word}"
        );
    }

    fn send(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// The exit code; none if a signal ended it.
    fn end(mut self) -> Option<i32> {
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), None);
        status.code()
    }
}

#[test]
fn the_first_signal_drains() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut service = Service::start("swift");
        service.wait_for("ready");
        service.send(signal);
        service.wait_for("asked");
        assert_eq!(service.end(), Some(0), "{signal}");
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130)] {
        let mut service = Service::start("deaf");
        service.wait_for("ready");
        service.send(Signal::SIGTERM);
        service.wait_for("asked");
        service.send(signal);
        assert_eq!(service.end(), Some(code), "{signal}");
    }
}
