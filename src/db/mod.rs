//! The way to PostgreSQL: pools, migrations, and a private cluster for those who run no server.

pub mod embedded;

use std::{str::FromStr, time::Duration};

use anyhow::{Context, Result, bail};
use sqlx::{
    Connection, PgConnection, PgPool,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// The oldest major version that Frontdesk is tested with.
pub const OLDEST_MAJOR: u32 = 15;

/// The schema, from the first migration to the newest.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How long a task waits for a free connection, and for a server that does not answer yet.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// What holds for every statement of the service. A statement or a transaction that hangs would hold its
/// locks for all others; none of ours comes near these spans. None runs long enough for its plan to be compiled first.
const SESSION: &str = "SET statement_timeout = '30s'; SET lock_timeout = '10s'; \
                       SET idle_in_transaction_session_timeout = '60s'; SET jit = off; SET work_mem = '16MB'";

/// Opens a pool of at most `max` connections to the database at `url` (`postgres://user@host/name`, or
/// `postgres://user@localhost/name?host=%2Ffolder` for a Unix socket) and makes the first one.
///
/// # Errors
/// The URL is malformed, or no connection came about within ten seconds. The message names the server
/// and never the password.
pub async fn connect(url: &str, max: u32) -> Result<PgPool> {
    open(url, max, "frontdesk", "", Duration::ZERO).await
}

/// How long a worker's connection may have lain idle and still be used without asking whether it lives. Asking would be
/// one more round trip for each piece of work, and what a worker does is tried again if the connection is lost.
const FRESH: Duration = Duration::from_millis(250);

/// What holds on the connections of the workers. Starting helpers for a look-up takes longer than the look-up.
const WORKING: &str = "; SET max_parallel_workers_per_gather = 0; SET plan_cache_mode = force_generic_plan; SET enable_hashjoin = off; SET enable_mergejoin = off; \
                       SET enable_seqscan = off; SET enable_material = off";

/// What holds on the connections that rows are claimed on.
const CLAIMING: &str = "; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; \
                        SET enable_hashjoin = off; SET enable_mergejoin = off; SET synchronous_commit = off";

/// What a worker's connection plans as any other, until its transaction ends.
const FOR_VALUES: &str = "SELECT set_config(name, value, true) FROM (VALUES ('plan_cache_mode', 'auto'), ('enable_hashjoin', 'on'), \
                          ('enable_mergejoin', 'on'), ('enable_seqscan', 'on'), ('enable_material', 'on')) AS plain (name, value)";

/// Has what follows in this transaction planned for the values at hand: lists and searches, whose best way depends
/// on which values are rare. On connections that are not a worker's it changes nothing.
///
/// # Errors
/// If the database does not answer.
pub async fn plan_for_values(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(FOR_VALUES).execute(conn).await?;
    Ok(())
}

/// As [`plan_for_values`], and by several processes at once: figures that are counted over a whole desk.
///
/// # Errors
/// If the database does not answer.
pub async fn plan_for_figures(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    plan_for_values(conn).await?;
    sqlx::query("SELECT set_config('max_parallel_workers_per_gather', '2', true)")
        .execute(conn)
        .await?;
    Ok(())
}

/// Opens the pool of the workers that settle mail and empty the outbox, of at most `max` connections.
///
/// They run the same few dozen statements over and over, each of which touches a handful of rows by their keys. Planning
/// them for the values at hand costs PostgreSQL as much as running them, so that here each is planned once a connection,
/// and by its indexes, however few rows the tables have at that moment. A statement that wants another plan for other
/// values (`$1 IS NULL OR …`) does not belong here.
///
/// # Errors
/// As [`connect`].
pub async fn connect_workers(url: &str, max: u32) -> Result<PgPool> {
    open(url, max, "frontdesk-workers", WORKING, FRESH).await
}

/// Opens the small pool that the workers claim rows of the queues on, each claim a statement and a transaction of its
/// own. Nothing else may be done on it.
///
/// A queue is short most of the time and then long at once, so PostgreSQL's statistics of it are always those of
/// another hour: it sorts the whole backlog, or joins it with itself, for each few rows that are claimed. Without
/// those ways it walks the index of what is due and stops after as many rows as were asked for. `OFFSET 0` in the question
/// whether an earlier row of the same conversation waits keeps that question a look-up for each row: planned while the
/// queue was empty, a join would read the whole backlog for each.
///
/// The claim need not reach the disk by itself: whoever claims writes more, and that carries the claim along.
/// If the server dies before, the rows are as they were.
///
/// # Errors
/// As [`connect`].
pub async fn connect_claims(url: &str) -> Result<PgPool> {
    open(url, 2, "frontdesk-claims", CLAIMING, FRESH).await
}

/// Opens the small pool that ticket numbers are drawn from. Its commits do not wait for the disk: the
/// ticket that uses a number is committed later and to the disk, and the log before it goes along.
///
/// # Errors
/// As [`connect`].
pub async fn connect_numbers(url: &str) -> Result<PgPool> {
    open(
        url,
        2,
        "frontdesk-numbers",
        "; SET synchronous_commit = off",
        FRESH,
    )
    .await
}

/// Opens a pool under the deadlines and what `more` sets; a connection that was idle for less than `fresh` is not asked
/// whether it lives.
async fn open(
    url: &str,
    max: u32,
    name: &str,
    more: &'static str,
    fresh: Duration,
) -> Result<PgPool> {
    let mut options = options(url)?;
    if options.get_application_name().is_none() {
        options = options.application_name(name);
    }
    let place = describe(&options);
    PgPoolOptions::new()
        .max_connections(max.max(1))
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(Duration::from_secs(10 * 60))
        .max_lifetime(Duration::from_secs(60 * 60))
        .test_before_acquire(false)
        .before_acquire(move |connection, meta| {
            Box::pin(async move { Ok(meta.idle_for < fresh || connection.ping().await.is_ok()) })
        })
        .after_connect(move |connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(SESSION).execute(&mut *connection).await?;
                sqlx::raw_sql(more).execute(connection).await?;
                Ok(())
            })
        })
        .connect_with(options)
        .await
        .with_context(|| format!("cannot reach PostgreSQL {place}"))
}

/// Reads a database URL.
fn options(url: &str) -> Result<PgConnectOptions> {
    // The parser's own message may quote the URL, and the URL may hold a password.
    let Ok(options) = PgConnectOptions::from_str(url) else {
        bail!(
            "the database URL is malformed; it looks like postgres://user:password@host/name, \
             or postgres://user@localhost/name?host=%2Fvar%2Frun%2Fpostgresql for a Unix socket"
        );
    };
    Ok(options)
}

/// Where a connection leads, for messages.
fn describe(options: &PgConnectOptions) -> String {
    let place = match options.get_socket() {
        Some(socket) => format!("at the socket in {}", socket.display()),
        None if options.get_host().starts_with('/') => {
            format!("at the socket in {}", options.get_host())
        }
        None => format!("at {}:{}", options.get_host(), options.get_port()),
    };
    let database = options
        .get_database()
        .unwrap_or_else(|| options.get_username());
    format!(
        "{place}, database {database}, as {}",
        options.get_username()
    )
}

/// Makes the database `name` anew on the server of `url`, whatever it held before, and gives its URL. For what may
/// be thrown away, such as a demonstration; the role needs the right to create databases.
///
/// # Errors
/// The URL is malformed, the server does not answer, or the role lacks the right.
pub async fn lay_anew(url: &str, name: &'static str) -> Result<String> {
    let mut connection = PgConnection::connect_with(&options(url)?)
        .await
        .context("cannot reach PostgreSQL")?;
    let statements = [
        format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"),
        format!("CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'"),
    ];
    for statement in statements {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(&mut connection)
            .await?;
    }
    connection.close().await?;
    let mut own = url::Url::parse(url).context("the database URL is malformed")?;
    own.set_path(name);
    Ok(own.into())
}

/// Brings the schema up to date. Copies that start together take turns by an advisory lock.
///
/// # Errors
/// PostgreSQL is too old, the database was laid by a newer Frontdesk, a migration that was applied has
/// changed since, or one of them fails. A migration that fails leaves nothing behind.
pub async fn migrate(pool: &PgPool) -> Result<()> {
    // A connection of its own, closed afterwards: migrations, and the wait for another copy's, may take
    // longer than a statement of the service may.
    let mut connection = pool
        .acquire()
        .await
        .context("cannot reach PostgreSQL to bring the schema up to date")?
        .detach();
    let outcome = migrate_on(&mut connection, &MIGRATIONS).await;
    connection.close().await.ok();
    outcome
}

/// Applies `migrations` on a connection whose deadlines are lifted first.
async fn migrate_on(connection: &mut PgConnection, migrations: &Migrator) -> Result<()> {
    sqlx::raw_sql("SET statement_timeout = 0; SET lock_timeout = 0")
        .execute(&mut *connection)
        .await?;
    let version: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::int")
        .fetch_one(&mut *connection)
        .await?;
    let major = u32::try_from(version / 10_000).unwrap_or(0);
    if major < OLDEST_MAJOR {
        bail!("the server is PostgreSQL {major}; Frontdesk needs {OLDEST_MAJOR} or newer");
    }
    let newest = migrations
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0);
    match migrations.run(&mut *connection).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(version)) if version > newest => bail!(
            "the database is newer than this program: it has migration {version}, and this program \
             knows those up to {newest}. Start the newer Frontdesk again, or restore a backup that was \
             taken before the upgrade"
        ),
        Err(MigrateError::VersionMissing(version) | MigrateError::VersionMismatch(version)) => {
            bail!(
                "migration {version} of the database is not the one this program knows. The database \
             was laid by another build of Frontdesk; use that one, or restore a backup"
            )
        }
        Err(error) => Err(error).context("cannot bring the database's schema up to date"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    #[test]
    fn a_malformed_url_is_refused_without_showing_it() {
        let error = options("postgres://desk:hunter2@host:port/x").unwrap_err();
        assert!(!format!("{error:#}").contains("hunter2"));
    }

    #[test]
    fn a_place_is_described_without_the_password() {
        let url = options("postgres://desk:hunter2@db.example.com:5433/tickets").unwrap();
        assert_eq!(
            describe(&url),
            "at db.example.com:5433, database tickets, as desk"
        );
        let url = options("postgres://desk@localhost/tickets?host=%2Frun%2Fpg").unwrap();
        assert_eq!(
            describe(&url),
            "at the socket in /run/pg, database tickets, as desk"
        );
    }
}
