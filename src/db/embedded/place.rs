//! Where a private cluster lies on disk.

use std::{
    fs,
    io::{Read, Seek, SeekFrom},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    },
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use nix::fcntl::OFlag;
use sha2::{Digest, Sha256};

use super::{
    binaries::{RunAs, server_user},
    owner,
};

/// The number in the socket's name. Nothing listens on the network.
pub(super) const PORT: &str = "5432";

/// The longest path of a Unix socket, in bytes (`sun_path` less the closing zero; unix(7)).
const LONGEST_SOCKET: usize = 107;

/// How much of the server's log an error message quotes, in bytes.
const LOG_TAIL: u64 = 4_000;

/// The size from which a start begins a new log, in bytes.
const LONG_LOG: u64 = 10 << 20;

/// The cluster's folder and what lies in it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) folder: PathBuf,
    /// The folder of the socket: in the cluster's, or a short one in the system's temporary folder.
    pub(super) socket: PathBuf,
}

impl Place {
    /// Makes the folder where it is missing.
    pub(super) fn prepare(folder: &Path) -> Result<Self> {
        if !folder.exists() {
            // Root's server runs as another user, who must be able to pass; what lies inside is closed.
            let mode = if nix::unistd::geteuid().is_root() {
                0o711
            } else {
                0o700
            };
            fs::DirBuilder::new()
                .recursive(true)
                .mode(mode)
                .create(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let folder = folder
            .canonicalize()
            .with_context(|| format!("cannot find {}", folder.display()))?;
        let socket = socket_folder(&folder, &std::env::temp_dir());
        Ok(Self { folder, socket })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) fn draft(&self) -> PathBuf {
        self.folder.join("data.new")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    pub(super) fn start_lock(&self) -> PathBuf {
        self.folder.join("start.lock")
    }

    pub(super) fn users_lock(&self) -> PathBuf {
        self.folder.join("users.lock")
    }

    pub(super) fn pid_file(&self) -> PathBuf {
        self.data().join("postmaster.pid")
    }

    /// The URL of a database of this cluster.
    pub(super) fn url(&self, user: &str, database: &str) -> String {
        let host: String = self
            .socket
            .as_os_str()
            .as_bytes()
            .iter()
            .map(|&byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                    char::from(byte).to_string()
                }
                _ => format!("%{byte:02X}"),
            })
            .collect();
        format!("postgres://{user}@localhost:{PORT}/{database}?host={host}")
    }

    /// Lets the server's user reach the folder, and makes the socket's folder.
    pub(super) fn open_to(&self, user: Option<&RunAs>) -> Result<()> {
        if let Some(user) = user
            && let Some(closed) = closed_folder(&self.folder, user)
        {
            bail!(
                "{} is closed to the user {}, whom PostgreSQL runs as since it refuses to run as root; \
                 choose a folder that this user can reach, such as /var/lib/frontdesk/postgres",
                closed.display(),
                user.name
            );
        }
        self.make_private(&self.socket, user)
    }

    /// Makes a folder that only the server's user and root can enter, or checks that one is such.
    pub(super) fn make_private(&self, folder: &Path, user: Option<&RunAs>) -> Result<()> {
        let uid = user.map_or_else(|| nix::unistd::geteuid().as_raw(), |user| user.uid);
        match fs::DirBuilder::new().mode(0o700).create(folder) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                let meta = fs::symlink_metadata(folder)
                    .with_context(|| format!("cannot look at {}", folder.display()))?;
                // In a temporary folder that all may write, somebody else may have been first.
                let ours = [uid, nix::unistd::geteuid().as_raw()].contains(&meta.uid());
                if !meta.is_dir() || !ours {
                    bail!("{} is not ours; remove it", folder.display());
                }
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot make {}", folder.display()));
            }
        }
        // By the opened folder, not by its name: in somebody else's folder a name may turn into a link.
        let open = fs::File::options()
            .read(true)
            .custom_flags((OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW).bits())
            .open(folder)
            .with_context(|| format!("cannot open {}", folder.display()))?;
        if let Some(user) = user {
            fchown(&open, Some(user.uid), Some(user.gid))
                .with_context(|| format!("cannot give {} to {}", folder.display(), user.name))?;
        }
        open.set_permissions(fs::Permissions::from_mode(0o700))
            .with_context(|| format!("cannot close {}", folder.display()))
    }

    /// Whether the server says that it takes connections; with `pid`, whether that very process does.
    pub(super) fn ready(&self, pid: Option<u32>) -> bool {
        let Ok(text) = fs::read_to_string(self.pid_file()) else {
            return false;
        };
        let mut lines = text.lines();
        let first = lines
            .next()
            .and_then(|line| line.trim().parse::<u32>().ok());
        let status = lines.nth(6).map(str::trim);
        status == Some("ready") && pid.is_none_or(|pid| first == Some(pid))
    }

    /// Whether the process of `postmaster.pid` is certainly not the server of this folder. After a crash its
    /// number may belong to another process, in a container it often does; a server works in its data folder.
    pub(super) fn pid_is_stale(&self) -> bool {
        let Some(pid) = self.pid() else { return false };
        match fs::read_link(format!("/proc/{pid}/cwd")) {
            Ok(folder) => folder != self.data(),
            Err(error) => not_found(error) && Path::new("/proc/self/cwd").exists(),
        }
    }

    /// Whether a dead server is not quite gone: its process waits to be waited for, or a backend goes on.
    pub(super) fn is_going(&self) -> bool {
        let dying = |pid: u32| {
            let process = PathBuf::from(format!("/proc/{pid}"));
            process.exists() && process.join("cwd").read_link().is_err_and(not_found)
        };
        self.pid().is_some_and(dying) || self.is_worked_in()
    }

    /// Removes a stale `postmaster.pid` whose number belongs to another process now: PostgreSQL itself
    /// would not dare, and refuse to start. It stays while a process of the dead server still works on
    /// the data, and where the number is free, since PostgreSQL sees to both.
    pub(super) fn remove_stale_pid_file(&self) -> Result<()> {
        if self.pid_is_stale() && !self.is_worked_in() {
            fs::remove_file(self.pid_file())
                .with_context(|| format!("cannot remove {}", self.pid_file().display()))?;
        }
        Ok(())
    }

    /// Whether any process, such as a backend that outlived its server, has the data as its folder.
    fn is_worked_in(&self) -> bool {
        let data = self.data();
        fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .flatten()
            .any(|entry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == data))
    }

    /// The server's process, by the first line of `postmaster.pid`.
    fn pid(&self) -> Option<u32> {
        let text = fs::read_to_string(self.pid_file()).ok()?;
        text.lines().next()?.trim().parse().ok()
    }

    /// Begins a new log where the old one has grown long; the one before it is kept as `log.old`.
    pub(super) fn turn_log(&self) -> Result<()> {
        let long = fs::metadata(self.log()).is_ok_and(|meta| meta.len() > LONG_LOG);
        if long {
            fs::rename(self.log(), self.folder.join("log.old"))
                .with_context(|| format!("cannot rename {}", self.log().display()))?;
        }
        Ok(())
    }

    /// The end of the server's log.
    pub(super) fn log_tail(&self) -> String {
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = fs::File::open(self.log())?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL)))?;
            let mut tail = Vec::new();
            file.read_to_end(&mut tail)?;
            Ok(tail)
        };
        let tail = read().unwrap_or_default();
        String::from_utf8_lossy(&tail).trim().to_owned()
    }
}

/// `wanted`, or a folder in the system's temporary one where PostgreSQL could not be run in it, as in root's
/// home. For what may be thrown away, such as a demonstration.
///
/// # Errors
/// Neither can be used.
pub fn reachable_folder(wanted: &Path) -> Result<PathBuf> {
    let wanted =
        std::path::absolute(wanted).with_context(|| format!("cannot find {}", wanted.display()))?;
    let Some(user) = server_user(&wanted, &wanted.join("data"))? else {
        return Ok(wanted);
    };
    if closed_folder(&wanted, &user).is_none() {
        return Ok(wanted);
    }
    let folder = std::env::temp_dir().join(short_name(&wanted));
    // All may write there, so somebody else may have been first.
    if owner(&folder).is_some_and(|(uid, _)| uid != nix::unistd::geteuid().as_raw()) {
        bail!("{} is not ours; remove it", folder.display());
    }
    Ok(folder)
}

/// The folder on the way to `folder` that the user may not pass, if there is one.
fn closed_folder(folder: &Path, user: &RunAs) -> Option<PathBuf> {
    let closed = |ancestor: &&Path| {
        fs::metadata(ancestor)
            .is_ok_and(|meta| !may_pass(meta.mode(), (meta.uid(), meta.gid()), user))
    };
    folder.ancestors().find(closed).map(Path::to_owned)
}

/// A short name that is always the same for this folder and no other.
fn short_name(folder: &Path) -> String {
    let hash = Sha256::digest(folder.as_os_str().as_bytes());
    let hash: String = hash
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("frontdesk-{hash}")
}

/// The folder for the socket: `socket` in the cluster's folder, unless its path is too long, or holds
/// what the server's list of folders or the URL gives a meaning to.
fn socket_folder(folder: &Path, temporary: &Path) -> PathBuf {
    let own = folder.join("socket");
    if fits(&own) {
        return own;
    }
    let name = format!("{}-socket", short_name(folder));
    let in_temporary = temporary.join(&name);
    if fits(&in_temporary) {
        in_temporary
    } else {
        Path::new("/tmp").join(name)
    }
}

fn not_found(error: std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound
}

fn fits(folder: &Path) -> bool {
    let bytes = folder.as_os_str().as_bytes();
    let name = format!("/.s.PGSQL.{PORT}");
    bytes.len() + name.len() <= LONGEST_SOCKET
        && folder
            .to_str()
            .is_some_and(|path| !path.contains([',', '"', '\'', '\\']) && path.trim() == path)
}

/// Whether a user may pass through a folder of this mode and owner (path_resolution(7)).
fn may_pass(mode: u32, (uid, gid): (u32, u32), user: &RunAs) -> bool {
    let bit = if uid == user.uid {
        0o100
    } else if gid == user.gid {
        0o010
    } else {
        0o001
    };
    mode & bit != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(socket: &str) -> Place {
        Place {
            folder: "/srv/desk".into(),
            socket: socket.into(),
        }
    }

    #[test]
    fn a_socket_stays_in_the_folder_while_its_path_is_short_enough() {
        // "/.s.PGSQL.5432" is 14 bytes, so "<folder>/socket" may have 93 of the 107.
        let folder = format!("/{}", "d".repeat(85));
        let own = socket_folder(Path::new(&folder), Path::new("/tmp"));
        assert_eq!(own, Path::new(&folder).join("socket"));
        let folder = format!("/{}", "d".repeat(86));
        let short = socket_folder(Path::new(&folder), Path::new("/tmp"));
        assert!(short.starts_with("/tmp/"), "{}", short.display());
    }

    #[test]
    fn a_folder_with_a_comma_gets_its_socket_elsewhere() {
        let short = socket_folder(Path::new("/srv/a,b"), Path::new("/tmp"));
        assert!(short.starts_with("/tmp/"), "{}", short.display());
    }

    #[test]
    fn an_url_escapes_the_folder() {
        assert_eq!(
            place("/srv/my desk/socket").url("frontdesk", "postgres"),
            "postgres://frontdesk@localhost:5432/postgres?host=%2Fsrv%2Fmy%20desk%2Fsocket"
        );
    }

    #[test]
    fn a_folder_below_a_closed_one_cannot_be_reached() {
        let folder = tempfile::tempdir()
            .map(|folder| folder.keep())
            .unwrap_or_default();
        let stranger = RunAs {
            uid: 64_001,
            gid: 64_001,
            name: "stranger".to_owned(),
        };
        let below = folder.join("a/b");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).ok();
        assert_eq!(closed_folder(&below, &stranger), Some(folder.clone()));
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o711)).ok();
        assert_eq!(closed_folder(&below, &stranger), None);
        fs::remove_dir(&folder).ok();
    }

    #[test]
    fn passing_follows_owner_then_group_then_others() {
        let user = RunAs {
            uid: 105,
            gid: 110,
            name: "postgres".to_owned(),
        };
        assert!(!may_pass(0o700, (0, 0), &user));
        assert!(may_pass(0o711, (0, 0), &user));
        assert!(may_pass(0o710, (0, 110), &user));
        assert!(!may_pass(0o701, (0, 110), &user));
        assert!(may_pass(0o700, (105, 110), &user));
    }
}
