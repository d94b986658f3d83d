//! Locks between processes, which the kernel lets go when their holder ends, however it ends.

use std::{
    fs::{File, TryLockError},
    os::unix::fs::{OpenOptionsExt, fchown},
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use nix::fcntl::OFlag;
use tokio::time::{Instant, sleep};

use super::binaries::RunAs;

/// How often a lock that somebody else holds is tried again.
const LOOK: Duration = Duration::from_millis(20);

/// A held lock on a file.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Waits at most `patience` for a lock that nobody else holds in any way.
    pub(super) async fn exclusive(path: &Path, patience: Duration) -> Result<Self> {
        acquire(path, patience, File::try_lock).await
    }

    /// Waits at most `patience` for a lock that others may share.
    pub(super) async fn shared(path: &Path, patience: Duration) -> Result<Self> {
        acquire(path, patience, File::try_lock_shared).await
    }

    /// Makes the file the server's user's: root may be the first to come, and that user the next.
    pub(super) fn give_to(&self, user: &RunAs) -> Result<()> {
        fchown(&self.0, Some(user.uid), Some(user.gid))
            .with_context(|| format!("cannot give a lock file to {}", user.name))
    }

    /// Turns a shared lock into an exclusive one, if nobody shares it; else lets it go.
    pub(super) fn upgrade(self) -> Result<Option<Self>> {
        match self.0.try_lock() {
            Ok(()) => Ok(Some(self)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(error).context("cannot lock the cluster's users")
            }
        }
    }
}

async fn acquire(
    path: &Path,
    patience: Duration,
    attempt: impl Fn(&File) -> Result<(), TryLockError>,
) -> Result<Lock> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .custom_flags(OFlag::O_NOFOLLOW.bits()) // root may work in somebody else's folder
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    let until = Instant::now() + patience;
    loop {
        match attempt(&file) {
            Ok(()) => return Ok(Lock(file)),
            Err(TryLockError::WouldBlock) if Instant::now() < until => sleep(LOOK).await,
            Err(TryLockError::WouldBlock) => bail!(
                "another process has held {} for {} seconds",
                path.display(),
                patience.as_secs()
            ),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
    }
}
