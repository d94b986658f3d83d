//! `frontdesk run` as a process.

use std::{
    fs::{self, File},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};
use serde_json::Value;

use super::PATIENCE;

/// A running service; it is killed when the value goes.
pub struct Service {
    child: Child,
    log: PathBuf,
}

impl Service {
    /// Starts it. The kernel ends it with the test's process.
    pub fn start(config: &Path, log: PathBuf, secrets: &[(&str, String)]) -> Self {
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(env!("CARGO_BIN_EXE_frontdesk"))
            .arg("run")
            .arg("--config")
            .arg(config)
            .envs(secrets.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    /// The lines of its log so far.
    pub fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.log).unwrap();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// How many lines have this message.
    pub fn count(&self, message: &str) -> usize {
        let lines = self.lines();
        let same = lines.iter().filter(|line| line["message"] == message);
        same.count()
    }

    /// Waits until it has opened.
    pub fn wait_open(&mut self) {
        self.wait_for("it is open", |service| {
            service.count("Frontdesk is open") > 0
        });
    }

    /// Waits until something is true of it.
    pub fn wait_for(&mut self, what: &str, question: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !question(self) {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("it ended ({status}) before {what}:\n{}", self.text());
            }
            assert!(start.elapsed() < PATIENCE, "{what}:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for `count` lines of the log, or for a while if it has not that much to say.
    pub fn wait_for_lines(&self, count: usize, at_most: Duration) {
        let start = Instant::now();
        while self.lines().len() < count && start.elapsed() < at_most {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        assert_eq!(
            self.child.try_wait().unwrap(),
            None,
            "it ended by itself:\n{}",
            self.text()
        );
        self.child.kill().unwrap();
        assert_eq!(self.child.wait().unwrap().signal(), Some(9));
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap());
        signal::kill(pid, Signal::SIGTERM).unwrap();
    }

    /// Waits for its end.
    pub fn ended(mut self) -> (ExitStatus, Vec<Value>) {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, self.lines());
            }
            assert!(
                start.elapsed() < PATIENCE,
                "it does not end:\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it gently, which it has to do with nothing cut off.
    pub fn close(self) {
        self.terminate();
        let (status, lines) = self.ended();
        let last = lines.last().cloned().unwrap_or_default();
        assert_eq!(status.code(), Some(0), "{last}");
        assert_eq!(last["message"], "Frontdesk is closed");
        assert_eq!(last["cut_off"], "");
    }

    /// The end of its log.
    pub fn text(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}
