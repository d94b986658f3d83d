//! A database of its own for each test, in one private cluster for all of them.
//!
//! The test runner may give each test a process of its own, so the cluster is found by its folder: the
//! first test lays and starts it, each holds a shared lock on it while it runs, and a small watcher stops
//! and removes it once nobody has used it for half a minute. A killed test leaves a database behind that nobody
//! uses and that goes with the cluster.

use std::{
    fs,
    os::unix::{fs::DirBuilderExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::Result;
use frontdesk::db::{self, embedded::Cluster};
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection, PgPool};

/// A database with the newest schema, empty, and gone at the end of the test.
pub struct TestDb {
    url: String,
    pool: PgPool,
    name: String,
    admin_url: String,
    cluster: Option<Cluster>,
}

impl TestDb {
    /// Makes one.
    pub async fn new() -> Self {
        let cluster = shared_cluster().await.expect("the tests' own PostgreSQL");
        let template = template(&cluster.url)
            .await
            .expect("a template with the schema");
        Self::copy_of(cluster, &template)
            .await
            .expect("a database from the template")
    }

    /// Makes one without any schema.
    pub async fn bare() -> Self {
        let cluster = shared_cluster().await.expect("the tests' own PostgreSQL");
        Self::copy_of(cluster, "template0")
            .await
            .expect("an empty database")
    }

    async fn copy_of(cluster: Cluster, template: &str) -> Result<Self> {
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        let mut admin = PgConnection::connect(&cluster.url).await?;
        execute(
            &mut admin,
            format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"),
        )
        .await?;
        admin.close().await?;
        let url = with_database(&cluster.url, &name);
        Ok(Self {
            pool: db::connect(&url, 8).await?,
            url,
            name,
            admin_url: cluster.url.clone(),
            cluster: Some(cluster),
        })
    }

    /// The pool, as the service opens it.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The URL, for a second pool or for the program itself.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let drop_database = {
            let (admin_url, name) = (self.admin_url.clone(), self.name.clone());
            async move {
                let mut admin = PgConnection::connect(&admin_url).await?;
                execute(
                    &mut admin,
                    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
                )
                .await?;
                anyhow::Ok(admin.close().await?)
            }
        };
        // A drop cannot wait for the test's own runtime.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(drop_database).ok(); // it goes with the cluster at the latest
        })
        .join()
        .ok();
        drop(self.cluster.take());
    }
}

/// SQL that is put together from names of our own.
async fn execute(connection: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(connection)
        .await?;
    Ok(())
}

fn with_database(url: &str, name: &str) -> String {
    let (before, host) = url
        .split_once("/frontdesk?")
        .expect("an URL of a private cluster");
    format!("{before}/{name}?{host}")
}

/// Where this working copy's test cluster lies: the server's user must be able to reach it, and it may
/// not see into the working copy.
fn folder() -> PathBuf {
    let here = Sha256::digest(env!("CARGO_TARGET_TMPDIR").as_bytes());
    let here = hex(&here);
    let user = nix::unistd::geteuid();
    std::env::temp_dir().join(format!("frontdesk-test-{user}-{here}"))
}

/// Starts the cluster, or takes part in it. What is kept in it is worth nothing, so it need not reach the disk.
async fn shared_cluster() -> Result<Cluster> {
    let folder = folder();
    let mode = if nix::unistd::geteuid().is_root() {
        0o711
    } else {
        0o700
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(&folder)?;
    let settings = [
        ("fsync", "off"),
        ("full_page_writes", "off"),
        ("max_connections", "200"),
        ("shared_buffers", "64MB"),
        ("autovacuum", "off"),
    ];
    let cluster = Cluster::start_with(&folder, &settings).await?;
    watch(&folder)?;
    Ok(cluster)
}

/// The database with the newest schema that the others are copied from; made by the first who needs it,
/// and made anew when a migration has changed.
async fn template(url: &str) -> Result<String> {
    const LOCK: i64 = 0x6672_6f6e_7464_6573; // any number that nobody else takes
    let mut hash = Sha256::new();
    for migration in db::MIGRATIONS.iter() {
        hash.update(migration.version.to_be_bytes());
        hash.update(&migration.checksum);
    }
    let hash = hex(&hash.finalize());
    let (name, draft) = (format!("template_{hash}"), format!("draft_{hash}"));
    let mut admin = PgConnection::connect(url).await?;
    if !exists(&mut admin, &name).await? {
        sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(LOCK)
            .execute(&mut admin)
            .await?;
        if !exists(&mut admin, &name).await? {
            execute(
                &mut admin,
                format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)"),
            )
            .await?;
            execute(&mut admin, format!("CREATE DATABASE {draft}")).await?;
            let pool = db::connect(&with_database(url, &draft), 1).await?;
            db::migrate(&pool).await?;
            pool.close().await;
            execute(
                &mut admin,
                format!("ALTER DATABASE {draft} RENAME TO {name}"),
            )
            .await?;
        }
    }
    admin.close().await?; // lets the lock go
    Ok(name)
}

async fn exists(admin: &mut PgConnection, name: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(admin)
        .await
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Starts the watcher unless there is one: it ends the cluster half a minute after its last use.
fn watch(folder: &Path) -> Result<()> {
    const WATCHER: &str = include_str!("watch-cluster.sh");
    Command::new("sh")
        .args(["-c", WATCHER, "watch-cluster"])
        .arg(folder)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    Ok(())
}

#[tokio::test]
async fn a_new_database_has_the_schema_and_nothing_in_it() {
    let db = TestDb::new().await;
    let people: i64 = sqlx::query_scalar("SELECT count(*) FROM person")
        .fetch_one(db.pool())
        .await
        .unwrap();
    assert_eq!(people, 0);
}

#[tokio::test]
async fn two_databases_know_nothing_of_each_other() {
    let (one, other) = (TestDb::new().await, TestDb::new().await);
    sqlx::query("INSERT INTO number_counter VALUES ('TICK-', 7)")
        .execute(one.pool())
        .await
        .unwrap();
    let counters: i64 = sqlx::query_scalar("SELECT count(*) FROM number_counter")
        .fetch_one(other.pool())
        .await
        .unwrap();
    assert_eq!(counters, 0);
}

#[tokio::test]
async fn a_database_is_gone_after_its_test() {
    let db = TestDb::new().await;
    let stays = TestDb::bare().await;
    let name = db.name.clone();
    drop(db);
    let mut admin = PgConnection::connect(stays.url()).await.unwrap();
    assert!(!exists(&mut admin, &name).await.unwrap());
}

#[tokio::test]
async fn copies_that_start_together_migrate_once() {
    let db = TestDb::bare().await;
    let copies: Vec<_> = (0..4).map(|_| db::migrate(db.pool())).collect();
    futures::future::try_join_all(copies).await.unwrap();
    let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations")
        .fetch_one(db.pool())
        .await
        .unwrap();
    assert_eq!(applied, db::MIGRATIONS.iter().count() as i64);
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_in_plain_words() {
    let db = TestDb::new().await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'from the future', true, '', 0)",
    )
    .execute(db.pool())
    .await
    .unwrap();
    let error = db::migrate(db.pool()).await.unwrap_err().to_string();
    assert!(error.contains("newer than this program"), "{error}");
    assert!(error.contains("9999"), "{error}");
}

#[tokio::test]
async fn statements_have_a_deadline_and_numbers_and_claims_do_not_wait_for_the_disk() {
    let db = TestDb::bare().await;
    let setting = async |pool: &PgPool, name: &str| -> String {
        let value = sqlx::query_scalar("SELECT current_setting($1)").bind(name);
        value.fetch_one(pool).await.unwrap()
    };
    assert_eq!(setting(db.pool(), "statement_timeout").await, "30s");
    assert_eq!(setting(db.pool(), "synchronous_commit").await, "on");
    assert_eq!(setting(db.pool(), "application_name").await, "frontdesk");
    let numbers = db::connect_numbers(db.url()).await.unwrap();
    assert_eq!(setting(&numbers, "statement_timeout").await, "30s");
    assert_eq!(setting(&numbers, "synchronous_commit").await, "off");
    assert_eq!(setting(&numbers, "enable_sort").await, "on");
    let workers = db::connect_workers(db.url(), 1).await.unwrap();
    assert_eq!(setting(&workers, "statement_timeout").await, "30s");
    assert_eq!(setting(&workers, "synchronous_commit").await, "on");
    let claims = db::connect_claims(db.url()).await.unwrap();
    assert_eq!(setting(&claims, "statement_timeout").await, "30s");
    assert_eq!(setting(&claims, "synchronous_commit").await, "off");
    assert_eq!(setting(&claims, "enable_sort").await, "off");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_the_password() {
    let url = "postgres://desk:hunter2@localhost/tickets?host=%2Fno%2Fsuch%2Ffolder";
    let error = format!("{:#}", db::connect(url, 1).await.unwrap_err());
    assert!(error.contains("/no/such/folder"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}
