//! A server's master process, which ends with its value or with the test's process.

use std::{
    fs::{self, File},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

pub(super) struct Master(Child);

impl Master {
    /// A command that the kernel ends when the thread that starts it is gone. It leads a process group of
    /// its own, so that its children can be told from everybody else's.
    pub(super) fn command(program: &str) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "TERM", "--"])
            .arg(program)
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .process_group(0);
        command
    }

    pub(super) fn start(mut command: Command, log: &Path) -> Self {
        let out = File::options().create(true).append(true).open(log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self(child)
    }

    pub(super) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Ends the master as an administrator does. Dropping it ends it and its children without a warning.
    pub(super) fn stop(mut self) {
        // Said again: a master that is still starting may not hear it.
        for _ in 0..50 {
            self.signal("TERM", false);
            if super::within(Duration::from_millis(100), || self.has_ended()) {
                break;
            }
        }
        // A child that is killed while it writes into a mailbox leaves Dovecot's lock on its list of UIDs behind, and
        // the next one waits two minutes for it. So the children may finish what they are at, as under an init system;
        // those of waiting clients would stay for good.
        super::within(Duration::from_secs(2), || !self.has_children());
    }

    fn has_children(&self) -> bool {
        self.signal("0", true)
    }

    /// Whether there was anybody to be signalled.
    fn signal(&self, name: &str, group: bool) -> bool {
        let pid = self.0.id();
        let target = if group {
            format!("-{pid}")
        } else {
            pid.to_string()
        };
        // It may have ended by itself.
        Command::new("kill")
            .args(["-s", name, "--", &target])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        // Children that outlived their master as well.
        self.signal("KILL", true);
        let _ = self.0.wait();
    }
}

pub(super) fn user_id() -> u32 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("Uid:"));
    let id = line.unwrap().split_whitespace().nth(2);
    id.unwrap().parse().unwrap()
}

/// The numbers of a system user and its group.
pub(super) fn system_user(name: &str) -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let line = users
        .lines()
        .find(|line| line.split(':').next() == Some(name))
        .unwrap_or_else(|| panic!("no user {name}: run .ci/install-test-servers"));
    let mut fields = line.split(':').skip(2).map(|field| field.parse().unwrap());
    (fields.next().unwrap(), fields.next().unwrap())
}

/// The number of a system group.
pub(super) fn system_group(name: &str) -> u32 {
    let groups = fs::read_to_string("/etc/group").unwrap();
    let line = groups
        .lines()
        .find(|line| line.split(':').next() == Some(name))
        .unwrap_or_else(|| panic!("no group {name}: run .ci/install-test-servers"));
    line.split(':').nth(2).unwrap().parse().unwrap()
}
