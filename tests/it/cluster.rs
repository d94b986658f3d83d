//! The private cluster: started, shared, taken over, stopped, and its errors.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use frontdesk::db::{self, embedded::Cluster};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// A folder that PostgreSQL's user can reach when the tests run as root.
fn folder() -> TempDir {
    tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o711))
        .tempdir()
        .unwrap()
}

fn server_pid(folder: &Path) -> u32 {
    try_server_pid(folder).expect("a server that runs")
}

fn try_server_pid(folder: &Path) -> Option<u32> {
    let file = fs::read_to_string(folder.join("data/postmaster.pid")).ok()?;
    file.lines().next()?.parse().ok()
}

/// The fields of /proc/PID/stat after the name: state, parent, process group, …
fn stat(pid: u32) -> Vec<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let after_name = stat.rsplit_once(") ").unwrap().1;
    after_name.split(' ').map(str::to_owned).collect()
}

fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid.try_into().unwrap()), signal).unwrap();
}

async fn setting(cluster: &Cluster, name: &str) -> String {
    let pool = db::connect(&cluster.url, 1).await.unwrap();
    let value = sqlx::query_scalar("SELECT current_setting($1)")
        .bind(name)
        .fetch_one(&pool)
        .await
        .unwrap();
    pool.close().await;
    value
}

#[tokio::test]
async fn a_cluster_is_private_and_safe() {
    let folder = folder();
    let cluster = Cluster::start(folder.path()).await.unwrap();
    assert_eq!(setting(&cluster, "listen_addresses").await, "");
    assert_eq!(setting(&cluster, "fsync").await, "on");
    assert_eq!(setting(&cluster, "synchronous_commit").await, "on");
    assert_eq!(setting(&cluster, "server_encoding").await, "UTF8");
    let socket = folder.path().join("socket");
    assert_eq!(
        fs::metadata(socket).unwrap().permissions().mode() & 0o777,
        0o700
    );
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_ctrl_c_does_not_reach_the_server_first() {
    let folder = folder();
    let cluster = Cluster::start(folder.path()).await.unwrap();
    let server = stat(server_pid(folder.path()))[2].clone();
    assert_ne!(server, stat(std::process::id())[2]);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn what_was_written_is_there_after_a_stop_and_a_start() {
    let folder = folder();
    let cluster = Cluster::start(folder.path()).await.unwrap();
    let pool = db::connect(&cluster.url, 1).await.unwrap();
    db::migrate(&pool).await.unwrap();
    sqlx::query("INSERT INTO number_counter VALUES ('TICK-', 7)")
        .execute(&pool)
        .await
        .unwrap();
    let pid = server_pid(folder.path());
    cluster.stop().await.unwrap(); // with a connection still open
    assert!(!Path::new(&format!("/proc/{pid}")).exists());

    let cluster = Cluster::start(folder.path()).await.unwrap();
    let pool = db::connect(&cluster.url, 1).await.unwrap();
    let last: i64 = sqlx::query_scalar("SELECT last FROM number_counter")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(last, 7);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_whose_user_was_killed_is_taken_over_and_stopped() {
    let folder = folder();
    drop(Cluster::start(folder.path()).await.unwrap()); // as a kill does: nothing is stopped
    let pid = server_pid(folder.path());
    let cluster = Cluster::start(folder.path()).await.unwrap();
    assert_eq!(server_pid(folder.path()), pid);
    cluster.stop().await.unwrap();
    assert!(!folder.path().join("data/postmaster.pid").exists());
}

#[tokio::test]
async fn the_last_user_stops_the_server_and_no_other() {
    let folder = folder();
    let service = Cluster::start(folder.path()).await.unwrap();
    let command = Cluster::start(folder.path()).await.unwrap();
    assert_eq!(service.url, command.url);
    command.stop().await.unwrap();
    assert!(service.is_running().await.unwrap());
    service.stop().await.unwrap();
    assert!(!folder.path().join("data/postmaster.pid").exists());
}

#[tokio::test]
async fn users_who_come_together_share_one_server() {
    let folder = folder();
    let starts = (0..4).map(|_| Cluster::start(folder.path()));
    let clusters: Vec<Cluster> = futures::future::try_join_all(starts).await.unwrap();
    for cluster in clusters {
        cluster.stop().await.unwrap();
    }
    assert!(!folder.path().join("data/postmaster.pid").exists());
}

#[tokio::test]
async fn a_server_that_was_killed_is_revived() {
    let folder = folder();
    let mut cluster = Cluster::start(folder.path()).await.unwrap();
    signal(server_pid(folder.path()), Signal::SIGKILL);
    while cluster.is_running().await.unwrap() {
        tokio::task::yield_now().await;
    }
    cluster.revive().await.unwrap();
    assert_eq!(setting(&cluster, "fsync").await, "on");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_ends_by_itself_is_started_again_while_somebody_watches() {
    let folder = folder();
    let mut cluster = Cluster::start(folder.path()).await.unwrap();
    let pool = db::connect(&cluster.url, 1).await.unwrap();
    let end = CancellationToken::new();
    let watch = {
        let end = end.clone();
        tokio::spawn(async move {
            cluster.keep_running(&end).await;
            cluster
        })
    };
    let first = server_pid(folder.path());
    signal(first, Signal::SIGINT);
    // The pool loses its connections and makes new ones as soon as there is a server again.
    let is_another = |pid: Option<u32>| pid.is_some_and(|pid| pid != first);
    while !is_another(try_server_pid(folder.path())) {
        tokio::task::yield_now().await;
    }
    while sqlx::query("SELECT 1").execute(&pool).await.is_err() {}
    end.cancel();
    watch.await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_pid_file_that_names_another_process_does_not_stand_in_the_way() {
    let folder = folder();
    let cluster = Cluster::start(folder.path()).await.unwrap();
    let pid_file = folder.path().join("data/postmaster.pid");
    let left_behind = fs::read_to_string(&pid_file).unwrap();
    let pid = server_pid(folder.path());
    cluster.stop().await.unwrap();
    let here = std::process::id().to_string();
    fs::write(&pid_file, left_behind.replacen(&pid.to_string(), &here, 1)).unwrap();

    let cluster = Cluster::start(folder.path()).await.unwrap();
    assert!(cluster.is_running().await.unwrap());
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_half_laid_cluster_is_laid_anew() {
    let folder = folder();
    fs::create_dir(folder.path().join("data.new")).unwrap();
    fs::write(folder.path().join("data.new/PG_VERSION"), "15\n").unwrap();
    let cluster = Cluster::start(folder.path()).await.unwrap();
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_with_a_long_name_works() {
    let folder = folder();
    let deep = folder
        .path()
        .join("a folder, with \"quotes\" & more ".repeat(5));
    let cluster = Cluster::start(&deep).await.unwrap();
    assert_eq!(setting(&cluster, "fsync").await, "on");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_cannot_start_says_what_its_log_says() {
    let folder = folder();
    let settings = [("shared_preload_libraries", "no_such_library")];
    let error = Cluster::start_with(folder.path(), &settings)
        .await
        .unwrap_err();
    assert!(
        format!("{error:#}").contains("no_such_library"),
        "{error:#}"
    );
}

#[tokio::test]
async fn data_of_another_version_names_the_package_to_install() {
    let folder = folder();
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("data/PG_VERSION"), "9\n").unwrap();
    let error = Cluster::start(folder.path()).await.unwrap_err();
    assert!(format!("{error:#}").contains("postgresql-9"), "{error:#}");
}
