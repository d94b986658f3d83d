//! PostgreSQL's programs, run on one cluster's folder.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::{OpenOptionsExt, fchown},
    process::{Output, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use nix::fcntl::OFlag;
use sqlx::{Connection, PgConnection};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep},
};

use super::{
    DEADLINE, NAME,
    binaries::{Binaries, RunAs, server_user},
    place::{self, Place},
};

/// How long a killed server may take to be gone.
pub(super) const GOING: Duration = Duration::from_secs(10);

/// How often a starting server is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// How to run the cluster's programs.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) place: Place,
    binaries: Binaries,
    pub(super) run_as: Option<RunAs>,
    settings: Vec<(String, String)>,
}

impl Server {
    pub(super) fn new(place: Place, settings: &[(&str, &str)]) -> Result<Self> {
        let data = place.data();
        let made_by = fs::read_to_string(data.join("PG_VERSION"))
            .ok()
            .and_then(|version| version.trim().parse().ok());
        let binaries = Binaries::find(made_by)?;
        let run_as = server_user(&place.folder, &data)?;
        let settings = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        place.open_to(run_as.as_ref())?;
        Ok(Self {
            place,
            binaries,
            run_as,
            settings,
        })
    }

    /// Lays and starts what is missing. Gives the child where this call started it.
    pub(super) async fn ensure_running(&self) -> Result<Option<Child>> {
        if !self.place.data().join("PG_VERSION").exists() {
            self.lay().await?;
        }
        if self.is_running().await? {
            self.wait_until_ready(None).await?;
            return Ok(None);
        }
        // A server that was killed takes a moment to go with its last backend; a new one would refuse.
        let until = Instant::now() + GOING;
        while self.place.is_going() && Instant::now() < until {
            sleep(LOOK).await;
        }
        self.place.remove_stale_pid_file()?;
        let mut child = self.spawn()?;
        self.wait_until_ready(Some(&mut child)).await?;
        Ok(Some(child))
    }

    /// Runs `initdb` beside the final folder and renames, so that a kill leaves no half-laid cluster.
    async fn lay(&self) -> Result<()> {
        let data = self.place.data();
        let draft = self.place.draft();
        if draft.exists() {
            fs::remove_dir_all(&draft)
                .with_context(|| format!("cannot remove the half-laid {}", draft.display()))?;
        }
        let mut last = String::new();
        // C.UTF-8 sorts and folds the same on every machine; systems without it have C at least.
        for locale in ["C.UTF-8", "C"] {
            self.place.make_private(&draft, self.run_as.as_ref())?;
            let mut initdb = self.program("initdb");
            initdb
                .args(["--username", NAME, "--auth=trust", "--encoding=UTF8"])
                .arg(format!("--locale={locale}"))
                .arg("-D")
                .arg(&draft);
            if self.setting("fsync") == Some("off") {
                initdb.arg("--no-sync");
            }
            let output = run(initdb, "initdb").await?;
            if output.status.success() {
                return fs::rename(&draft, &data)
                    .with_context(|| format!("cannot rename {}", draft.display()));
            }
            last = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            fs::remove_dir_all(&draft).ok();
        }
        bail!("initdb failed: {last}")
    }

    fn spawn(&self) -> Result<Child> {
        self.place.turn_log()?;
        let log = fs::File::options()
            .create(true)
            .append(true)
            .custom_flags(OFlag::O_NOFOLLOW.bits()) // root may work in somebody else's folder
            .open(self.place.log())
            .with_context(|| format!("cannot write {}", self.place.log().display()))?;
        if let Some(user) = &self.run_as {
            fchown(&log, Some(user.uid), Some(user.gid)).context("cannot give the log away")?;
        }
        let mut postgres = self.program("postgres");
        postgres.arg("-D").arg(self.place.data());
        for (name, value) in [
            ("listen_addresses", ""),
            ("port", place::PORT),
            ("unix_socket_permissions", "0700"),
            ("fsync", "on"),
        ] {
            if self.setting(name).is_none() {
                postgres.arg("-c").arg(format!("{name}={value}"));
            }
        }
        let mut socket = OsString::from("unix_socket_directories=");
        socket.push(&self.place.socket);
        postgres.arg("-c").arg(socket);
        for (name, value) in &self.settings {
            postgres.arg("-c").arg(format!("{name}={value}"));
        }
        postgres
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("cannot share the log file")?)
            .stderr(log)
            // A Ctrl-C goes to the terminal's foreground group: it must reach Frontdesk, which then
            // drains and stops the server, and not the server first.
            .process_group(0);
        postgres.spawn().context("cannot run postgres")
    }

    /// Waits until the server takes connections: it says so in the eighth line of `postmaster.pid`.
    async fn wait_until_ready(&self, mut child: Option<&mut Child>) -> Result<()> {
        let until = Instant::now() + DEADLINE;
        let pid = child.as_ref().and_then(|child| child.id());
        loop {
            if self.place.ready(pid) {
                return Ok(());
            }
            let ended = match child.as_deref_mut() {
                Some(child) => child
                    .try_wait()
                    .context("cannot look after postgres")?
                    .is_some(),
                None => !self.is_running().await?,
            };
            if ended {
                bail!(
                    "the server ended at once; its log says:\n{}",
                    self.place.log_tail()
                );
            }
            if Instant::now() > until {
                bail!(
                    "the server is not ready after {} seconds; its log says:\n{}",
                    DEADLINE.as_secs(),
                    self.place.log_tail()
                );
            }
            sleep(LOOK).await;
        }
    }

    pub(super) async fn is_running(&self) -> Result<bool> {
        if !self.place.pid_file().exists() || self.place.pid_is_stale() {
            return Ok(false);
        }
        let mut status = self.program("pg_ctl");
        status
            .args(["status", "--silent", "-D"])
            .arg(self.place.data());
        Ok(run(status, "pg_ctl").await?.status.success())
    }

    pub(super) async fn stop(&self) -> Result<()> {
        if !self.is_running().await? {
            return Ok(());
        }
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "--silent", "--wait", "--mode=fast"])
            .arg(format!("--timeout={}", DEADLINE.as_secs()))
            .arg("-D")
            .arg(self.place.data());
        let output = run(stop, "pg_ctl").await?;
        // It may have ended by itself between the look and the stop.
        if output.status.success() || !self.is_running().await? {
            return Ok(());
        }
        bail!(
            "the private PostgreSQL in {} does not stop: {}",
            self.place.folder.display(),
            String::from_utf8_lossy(&output.stderr).trim()
        )
    }

    pub(super) async fn ensure_database(&self) -> Result<()> {
        let url = self.place.url(NAME, "postgres");
        let mut connection = PgConnection::connect(&url)
            .await
            .context("cannot reach the private server just started")?;
        let exists: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
                .bind(NAME)
                .fetch_one(&mut connection)
                .await?;
        if !exists {
            sqlx::raw_sql("CREATE DATABASE frontdesk")
                .execute(&mut connection)
                .await?;
        }
        connection.close().await?;
        Ok(())
    }

    fn setting(&self, name: &str) -> Option<&str> {
        self.settings
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// One of PostgreSQL's programs, as the server's user, in a folder that this user can see, and free of
    /// the environment that would point it elsewhere.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.folder.join(name));
        command.current_dir("/").stdin(Stdio::null());
        for (key, _) in std::env::vars_os() {
            if key.to_string_lossy().starts_with("PG") {
                command.env_remove(key);
            }
        }
        command.env("LC_MESSAGES", "C").env_remove("LC_ALL");
        if let Some(RunAs { uid, gid, .. }) = &self.run_as {
            command.uid(*uid).gid(*gid);
        }
        command
    }
}

/// Runs one of PostgreSQL's programs to its end.
async fn run(mut command: Command, name: &str) -> Result<Output> {
    command.kill_on_drop(true);
    tokio::time::timeout(DEADLINE * 2, command.output())
        .await
        .with_context(|| format!("{name} hangs"))?
        .with_context(|| format!("cannot run {name}"))
}
