//! Where the demo lies: a folder that it empties and fills again.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::config::service::Database;
use crate::config::{self, Settings};
use crate::db::{self, embedded};

/// The configuration, as it stands in config/.
const CONFIGURATION: &str = include_str!("../../../config/demo.toml");

/// The desk that the configuration names.
const DESK: &str = include_str!("../../../config/desks/saas.toml");

/// A mail for the visitor to send.
const SAMPLE: &str = include_str!("samples/visitor.eml");

/// The file by which the demo knows a folder as its own.
const MARK: &str = ".frontdesk-demo";

/// The database on a server that somebody else runs.
const DATABASE: &str = "frontdesk_demo";

/// The folder.
#[derive(Debug)]
pub(super) struct Place {
    root: PathBuf,
}

impl Place {
    /// Makes the folder, or empties it if an earlier demo left it.
    pub(super) async fn prepare(wanted: Option<&Path>) -> anyhow::Result<Self> {
        let user = nix::unistd::geteuid();
        let default = || std::env::temp_dir().join(format!("frontdesk-demo-{user}"));
        let wanted = wanted.map_or_else(default, Path::to_owned);
        let place = Self {
            root: embedded::reachable_folder(&wanted)?,
        };
        place.empty().await?;
        place.fill()?;
        Ok(place)
    }

    async fn empty(&self) -> anyhow::Result<()> {
        let Ok(found) = fs::symlink_metadata(&self.root) else {
            return Ok(());
        };
        let root = self.root.display();
        if !found.is_dir() || found.uid() != nix::unistd::geteuid().as_raw() {
            bail!("{root} is not ours; give another folder with --folder");
        }
        let is_empty = fs::read_dir(&self.root)?.next().is_none();
        if !is_empty && !self.root.join(MARK).exists() {
            bail!("{root} holds something else; give an empty or a new folder with --folder");
        }
        self.stop_what_was_left().await?;
        for part in ["config", "data"] {
            match fs::remove_dir_all(self.root.join(part)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("cannot empty {root}"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Stops the server of a demo that was killed.
    async fn stop_what_was_left(&self) -> anyhow::Result<()> {
        let folder = self.postgres();
        let pid_file = folder.join("data/postmaster.pid");
        if !pid_file.exists() {
            return Ok(());
        }
        embedded::Cluster::start(&folder).await?.stop().await?;
        if pid_file.exists() {
            bail!(
                "another demo runs in {}; end it, or give another folder with --folder",
                self.root.display()
            );
        }
        Ok(())
    }

    fn fill(&self) -> anyhow::Result<()> {
        // Root's PostgreSQL runs as another user, who must be able to pass.
        let is_root = nix::unistd::geteuid().is_root();
        let mode = if is_root { 0o711 } else { 0o700 };
        let folder = |path: &Path| {
            let made = fs::DirBuilder::new()
                .recursive(true)
                .mode(mode)
                .create(path);
            made.with_context(|| format!("cannot make {}", path.display()))
        };
        for part in ["config/desks", "data/outgoing"] {
            folder(&self.root.join(part))?;
        }
        for part in ["new", "cur", "tmp"] {
            folder(&self.maildir().join(part))?;
        }
        for (name, text) in [
            (MARK, ""),
            ("config/demo.toml", CONFIGURATION),
            ("config/desks/saas.toml", DESK),
            ("data/mail-to-try.eml", SAMPLE),
        ] {
            let path = self.root.join(name);
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    /// The configuration, with a key of this run's own; on the server that `DATABASE_URL` names, where it names one.
    pub(super) async fn settings(&self) -> anyhow::Result<Settings> {
        let key = format!("{}{}", uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
        let mut settings = config::load(&self.root.join("config/demo.toml"), &|name| match name {
            "FRONTDESK_DEMO_REPLY_KEY" => Some(key.clone()),
            _ => None,
        })?;
        if let Ok(url) = std::env::var("DATABASE_URL")
            && !url.is_empty()
        {
            let own = db::lay_anew(&url, DATABASE).await;
            let own = own.context("DATABASE_URL names a server that the demo cannot use")?;
            settings.database = Database::Url(own.into());
        }
        Ok(settings)
    }

    /// The folder itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Where mail is dropped in.
    pub(super) fn maildir(&self) -> PathBuf {
        self.root.join("data/maildir")
    }

    /// Where outgoing mail is written.
    pub(super) fn outgoing(&self) -> PathBuf {
        self.root.join("data/outgoing")
    }

    /// Where the private cluster lies.
    pub(super) fn postgres(&self) -> PathBuf {
        self.root.join("data/postgres")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    #[tokio::test]
    async fn a_folder_that_holds_something_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("thesis.txt");
        fs::write(&file, "years of work").unwrap();
        let place = Place {
            root: folder.path().to_owned(),
        };
        let error = place.empty().await.unwrap_err();
        assert!(
            error.to_string().contains("holds something else"),
            "{error}"
        );
        assert!(file.exists());
    }
}
