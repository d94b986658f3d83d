//! Finding PostgreSQL's programs and the user to run them as.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::db::OLDEST_MAJOR;

/// A folder with PostgreSQL's programs.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    pub(super) folder: PathBuf,
    pub(super) major: u32,
}

impl Binaries {
    /// Finds the programs: on the PATH, where `pg_config` says, then the newest of Debian's. Where a data
    /// folder exists already, `wanted` is the major version that made it, and no other will do.
    pub(super) fn find(wanted: Option<u32>) -> Result<Self> {
        let found: Vec<Self> = candidates().into_iter().filter_map(Self::at).collect();
        let fits = |binaries: &&Self| match wanted {
            Some(major) => binaries.major == major,
            None => binaries.major >= OLDEST_MAJOR,
        };
        if let Some(binaries) = found.iter().find(fits) {
            return Ok(binaries.clone());
        }
        let seen: Vec<String> = found
            .iter()
            .map(|binaries| format!("{} in {}", binaries.major, binaries.folder.display()))
            .collect();
        let seen = if seen.is_empty() {
            "none was found on the PATH, by pg_config or in /usr/lib/postgresql".to_owned()
        } else {
            format!("found were {}", seen.join(", "))
        };
        match wanted {
            Some(major) => bail!(
                "the data folder was made by PostgreSQL {major}, and its programs are missing ({seen}). \
                 Install that version (Debian: apt-get install postgresql-{major}), or move the data to \
                 another one as docs/operations.md tells"
            ),
            None => bail!(
                "PostgreSQL's programs (version {OLDEST_MAJOR} or newer) are missing: {seen}. Install \
                 them (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server; \
                 macOS: brew install postgresql), or give the URL of a server"
            ),
        }
    }

    fn at(folder: PathBuf) -> Option<Self> {
        let complete = ["initdb", "postgres", "pg_ctl"]
            .iter()
            .all(|program| folder.join(program).is_file());
        if !complete {
            return None;
        }
        let output = Command::new(folder.join("postgres"))
            .arg("--version")
            .output()
            .ok()?;
        let major = parse_major(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { folder, major })
    }
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, or `17beta1`.
fn parse_major(version: &str) -> Option<u32> {
    let number = version.split("(PostgreSQL) ").nth(1)?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Folders that may hold the programs, the best first.
fn candidates() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Some(path) = std::env::var_os("PATH") {
        for folder in std::env::split_paths(&path) {
            // A link such as /usr/local/bin/initdb leads to the folder that holds all of them.
            if let Ok(initdb) = folder.join("initdb").canonicalize() {
                folders.extend(initdb.parent().map(Path::to_owned));
            }
        }
    }
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output()
        && output.status.success()
    {
        folders.push(String::from_utf8_lossy(&output.stdout).trim().into());
    }
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let major = entry.file_name().to_str()?.parse().ok()?;
            Some((major, entry.path().join("bin")))
        })
        .collect();
    debian.sort();
    folders.extend(debian.into_iter().rev().map(|(_, folder)| folder));
    folders.dedup();
    folders
}

/// A user and group to run the server as, where it is not the present one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RunAs {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) name: String,
}

/// PostgreSQL refuses to run as root. Root therefore starts it as whoever owns the data, else the
/// folder, else as `postgres`, else as `nobody`; everybody else starts it as themselves.
pub(super) fn server_user(folder: &Path, data: &Path) -> Result<Option<RunAs>> {
    let me = nix::unistd::geteuid();
    let owner = |path: &Path| fs::metadata(path).ok().map(|meta| (meta.uid(), meta.gid()));
    let data_owner = owner(data);
    if !me.is_root() {
        if let Some((uid, _)) = data_owner.filter(|(uid, _)| *uid != me.as_raw()) {
            bail!(
                "{} belongs to {}, and Frontdesk runs as {}; start it as the owner or as root",
                data.display(),
                user_name(uid),
                user_name(me.as_raw())
            );
        }
        return Ok(None);
    }
    let owner = data_owner
        .or_else(|| owner(folder))
        .filter(|(uid, _)| *uid != 0);
    if let Some((uid, gid)) = owner {
        let name = user_name(uid);
        return Ok(Some(RunAs { uid, gid, name }));
    }
    for name in ["postgres", "nobody"] {
        let user = nix::unistd::User::from_name(name)
            .with_context(|| format!("cannot look up the user {name}"))?;
        if let Some(user) = user {
            return Ok(Some(RunAs {
                uid: user.uid.as_raw(),
                gid: user.gid.as_raw(),
                name: user.name,
            }));
        }
    }
    bail!("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody");
}

fn user_name(uid: u32) -> String {
    nix::unistd::User::from_uid(uid.into())
        .ok()
        .flatten()
        .map_or_else(|| format!("user {uid}"), |user| user.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_distributions_print() {
        for (line, major) in [
            (
                "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)",
                Some(15),
            ),
            ("postgres (PostgreSQL) 17beta1", Some(17)),
            ("postgres (PostgreSQL) 16.4 (Homebrew)", Some(16)),
            ("mariadb 11", None),
        ] {
            assert_eq!(parse_major(line), major, "{line}");
        }
    }
}
