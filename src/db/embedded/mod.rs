//! A private PostgreSQL cluster in a folder, for those who run no server: laid on first use, reached
//! over a Unix socket only, stopped by whoever uses it last.
//!
//! The folder holds `data/`, `socket/`, `log` and two lock files. Each process that uses the cluster
//! holds a shared lock on `users.lock`, which the kernel lets go whatever ends the process; so a command
//! that runs beside the service neither stops the service's server nor leaves one behind. A server whose
//! users were all killed keeps running, and the next [`Cluster::start`] takes it over.

mod binaries;
mod lock;
mod place;
mod server;

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::{process::Child, time::sleep};
use tokio_util::sync::CancellationToken;

use lock::Lock;
use place::Place;
pub use place::reachable_folder;
use server::{GOING, Server};

/// The role and the database that Frontdesk uses in a cluster of its own.
const NAME: &str = "frontdesk";

/// How long the server may take to start (after a crash it reads its log first) and to stop.
const DEADLINE: Duration = Duration::from_secs(60);

/// How often a server that another process started is looked after.
const LOOK_AFTER: Duration = Duration::from_secs(5);

/// A running private cluster.
///
/// Dropping it leaves the server running, as a killed process does; [`Cluster::stop`] is the proper end.
#[derive(Debug)]
pub struct Cluster {
    /// The database's URL, for [`crate::db::connect`].
    pub url: String,
    server: Server,
    users: Lock,
    child: Option<Child>,
}

impl Cluster {
    /// Starts the cluster in `folder`, laying it on first use, or takes part in the one that runs there.
    ///
    /// # Errors
    /// PostgreSQL's programs are missing or of another major version than the data, the folder cannot be
    /// written or belongs to another user, or the server does not come up within a minute; then the
    /// message holds the end of its log.
    pub async fn start(folder: &Path) -> Result<Self> {
        Self::start_with(folder, &[]).await
    }

    /// As [`Cluster::start`], with server settings such as `("fsync", "off")` for a test's cluster.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub async fn start_with(folder: &Path, settings: &[(&str, &str)]) -> Result<Self> {
        Self::attempt(folder, settings).await.with_context(|| {
            format!(
                "cannot start the private PostgreSQL in {}",
                folder.display()
            )
        })
    }

    async fn attempt(folder: &Path, settings: &[(&str, &str)]) -> Result<Self> {
        let place = Place::prepare(folder)?;
        let turn = Lock::exclusive(&place.start_lock(), DEADLINE * 2).await?;
        let users = Lock::shared(&place.users_lock(), DEADLINE).await?;
        let server = Server::new(place, settings)?;
        if let Some(user) = &server.run_as {
            turn.give_to(user)?;
            users.give_to(user)?;
        }
        let child = server.ensure_running().await?;
        server.ensure_database().await?;
        Ok(Self {
            url: server.place.url(NAME, NAME),
            server,
            users,
            child,
        })
    }

    /// The file that the server writes its log to.
    #[must_use]
    pub fn log_path(&self) -> PathBuf {
        self.server.place.log()
    }

    /// Whether the server runs.
    ///
    /// # Errors
    /// `pg_ctl` cannot be started.
    pub async fn is_running(&self) -> Result<bool> {
        self.server.is_running().await
    }

    /// Starts the server again where it has ended by itself; otherwise does nothing. The URL stays.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub async fn revive(&mut self) -> Result<()> {
        let _turn = Lock::exclusive(&self.server.place.start_lock(), DEADLINE * 2).await?;
        if let Some(child) = self.child.as_mut()
            && !self.server.is_running().await?
        {
            // A dead child keeps its number, and with it the pid file's lock, until it is waited for.
            tokio::time::timeout(GOING, child.wait()).await.ok();
        }
        if let Some(child) = self.server.ensure_running().await? {
            self.child = Some(child);
        }
        Ok(())
    }

    /// Revives the server whenever it ends by itself, until `end` is cancelled. Runs beside the service's
    /// tasks, which wait for the database meanwhile; it ends after they have.
    pub async fn keep_running(&mut self, end: &CancellationToken) {
        while !end.is_cancelled() {
            let ended = async {
                match self.child.as_mut() {
                    Some(child) => drop(child.wait().await),
                    None => sleep(LOOK_AFTER).await, // somebody else's child
                }
            };
            tokio::select! {
                () = end.cancelled() => return,
                () = ended => {}
            }
            if self.is_running().await.unwrap_or(false) {
                self.child = None; // another process was faster; its child is not ours to wait for
                continue;
            }
            tracing::error!("The private PostgreSQL ended by itself; starting it again.");
            if let Err(error) = self.revive().await {
                tracing::error!(
                    error = format!("{error:#}"),
                    "The private PostgreSQL does not start again: {error:#}."
                );
                sleep(LOOK_AFTER).await;
            }
        }
    }

    /// Ends this use of the cluster, and stops the server unless another process uses it too: it breaks
    /// off open transactions, writes everything to disk and ends.
    ///
    /// # Errors
    /// The server does not end within a minute.
    pub async fn stop(self) -> Result<()> {
        let Self {
            server,
            users,
            child,
            ..
        } = self;
        let _turn = Lock::exclusive(&server.place.start_lock(), DEADLINE * 2).await?;
        let Some(_alone) = users.upgrade()? else {
            return Ok(());
        };
        server.stop().await?;
        fs::remove_dir(&server.place.socket).ok(); // it may lie in the system's temporary folder
        if let Some(mut child) = child {
            child
                .wait()
                .await
                .context("cannot wait for the server's end")?;
        }
        Ok(())
    }
}

/// The owner of a path, if it is there.
fn owner(path: &Path) -> Option<(u32, u32)> {
    fs::metadata(path).ok().map(|meta| (meta.uid(), meta.gid()))
}
