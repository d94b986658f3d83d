//! A private PostgreSQL in which a large desk is laid. Laying takes many minutes and gigabytes, so the folder that a
//! variable of the environment names is kept, and what is laid in it is measured again at the next call.
#![allow(dead_code, reason = "each benchmark uses a part")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Instant;

use frontdesk::db::{self, embedded::Cluster};
use sqlx::{AssertSqlSafe, PgPool};
use tempfile::TempDir;

pub struct Laid {
    pub folder: PathBuf,
    pub pool: PgPool,
    cluster: Cluster,
    _temporary: TempDir,
}

impl Laid {
    /// The desk of these statements, laid if it is not there yet.
    pub async fn open(variable: &str, statements: &str) -> Self {
        let temporary = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o711))
            .tempdir()
            .unwrap();
        let folder = match std::env::var_os(variable) {
            Some(folder) => PathBuf::from(folder),
            None => temporary.path().to_owned(),
        };
        fs::create_dir_all(&folder).unwrap();
        let settings = [
            ("shared_buffers", "512MB"),
            ("max_wal_size", "2GB"),
            ("effective_cache_size", "2GB"),
        ];
        let cluster = Cluster::start_with(&folder.join("postgres"), &settings)
            .await
            .unwrap();
        let pool = db::connect(&cluster.url, 2).await.unwrap();
        db::migrate(&pool).await.unwrap();
        let people: i64 = sqlx::query_scalar("SELECT count(*) FROM person")
            .fetch_one(&pool)
            .await
            .unwrap();
        if people == 0 {
            lay(&pool, statements).await;
        }
        Self {
            folder,
            pool,
            cluster,
            _temporary: temporary,
        }
    }

    pub fn url(&self) -> &str {
        &self.cluster.url
    }

    pub async fn close(self) {
        self.pool.close().await;
        self.cluster.stop().await.unwrap();
    }
}

async fn lay(pool: &PgPool, statements: &str) {
    let begun = Instant::now();
    let mut conn = pool.acquire().await.unwrap().detach();
    let statements = format!("SET statement_timeout = 0; {statements}");
    sqlx::raw_sql(AssertSqlSafe(statements))
        .execute(&mut conn)
        .await
        .unwrap();
    sqlx::raw_sql("VACUUM ANALYZE")
        .execute(&mut conn)
        .await
        .unwrap();
    println!("laid in {:.0} s", begun.elapsed().as_secs_f64());
}

/// How many tickets are laid: a million, or as many as the variable says.
pub fn tickets(variable: &str) -> u32 {
    let wanted = std::env::var(variable).ok();
    wanted.map_or(1_000_000, |count| count.parse().unwrap())
}
