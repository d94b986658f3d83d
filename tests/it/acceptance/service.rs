//! `frontdesk run` as a process.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread,
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
    log: Arc<Log>,
}

/// What a service has said so far.
#[derive(Default)]
struct Log {
    said: Mutex<Said>,
    bell: Condvar,
}

#[derive(Default)]
struct Said {
    lines: Vec<String>,
    /// It will say nothing more: it has ended.
    ended: bool,
}

impl Log {
    /// Listens on a thread of its own, and keeps what is said in a file as well.
    fn listen(stderr: ChildStderr, file: &Path) -> Arc<Self> {
        let log = Arc::<Self>::default();
        let mut file = File::create(file).unwrap();
        let heard = log.clone();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                writeln!(file, "{line}").unwrap();
                heard.said.lock().unwrap().lines.push(line);
                heard.bell.notify_all();
            }
            heard.said.lock().unwrap().ended = true;
            heard.bell.notify_all();
        });
        log
    }

    /// Waits until something is true of what was said, or it has ended; gives false when patience ends.
    fn wait(&self, at_most: Duration, question: impl Fn(&Said) -> bool) -> bool {
        let said = self.said.lock().unwrap();
        let waiting = |said: &mut Said| !said.ended && !question(said);
        let (said, _) = self
            .bell
            .wait_timeout_while(said, at_most, waiting)
            .unwrap();
        question(&said)
    }
}

impl Service {
    /// Starts it. The kernel ends it with the test's process.
    pub fn start(config: &Path, log: PathBuf, secrets: &[(&str, String)]) -> Self {
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(env!("CARGO_BIN_EXE_frontdesk"))
            .arg("run")
            .arg("--config")
            .arg(config)
            .envs(secrets.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Log::listen(child.stderr.take().unwrap(), &log);
        Self { child, log }
    }

    /// The lines of its log so far.
    pub fn lines(&self) -> Vec<Value> {
        let said = self.log.said.lock().unwrap();
        let lines = said.lines.iter();
        lines
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

    /// Waits until something is true of what it said.
    pub fn wait_for(&mut self, what: &str, question: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        loop {
            let known = self.log.said.lock().unwrap().lines.len();
            if question(self) {
                return;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("it ended ({status}) before {what}:\n{}", self.text());
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{what}:\n{}", self.text());
            self.log.wait(left, |said| said.lines.len() > known);
        }
    }

    /// Waits for `count` lines of the log, or for a while if it has not that much to say.
    pub fn wait_for_lines(&self, count: usize, at_most: Duration) {
        self.log.wait(at_most, |said| said.lines.len() >= count);
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
        let ended = self.log.wait(PATIENCE, |said| said.ended);
        assert!(ended, "it does not end:\n{}", self.text());
        let status = self.child.wait().unwrap();
        (status, self.lines())
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
        let said = self.log.said.lock().unwrap();
        said.lines[said.lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}
