//! What is particular to `SQLite`.

use std::{
    fs::{self, Metadata},
    io,
    path::Path,
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use log::LevelFilter;
use sqlx::{
    ConnectOptions, Connection as _, Error, Executor, Sqlite, SqliteConnection, SqlitePool, Transaction,
    error::DatabaseError,
    migrate::{Migrate, Migration},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::time::timeout;

use super::Db;
use crate::Config;

/// The database that the application is built for.
pub type Backend = Sqlite;

/// Whether times are kept as texts, and compared so.
pub const TIMES_ARE_TEXTS: bool = true;

/// One connection, as handlers and jobs see it.
pub type Connection = SqliteConnection;

pub const URL_SHAPE: &str = "the path of a file such as `sqlite://data/app.db`: this is built for SQLite";

#[cfg(test)]
pub const EXAMPLE_URL: &str = "sqlite://data/app.db";

pub const UNOPENED: &str = "is the file there (`app migrate` makes it) and undamaged, and is its folder writable?";

const READ_ONLY: &str =
    "it takes no changes: is there room on the disk, and may the file and its folder be written to?";

pub const TABLE_EXISTS: &str = "SELECT count(*) > 0 FROM sqlite_schema WHERE name = $1";

/// Few: more of them read no faster than the processors of a small machine.
pub const CONNECTIONS: u16 = 4;

/// Jobs have theirs beside those.
pub const fn least_connections(_: u16) -> u16 {
    1
}

/// A database in memory is refused by [`Url`] in every environment. A file that is called like one is a mistake, too.
pub const DEVELOPMENT_ONLY: &str = ":memory:";

/// A `DATABASE_URL` that has been understood.
#[derive(Clone, Debug)]
pub struct Url(SqliteConnectOptions);

impl FromStr for Url {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        ensure!(url.starts_with("sqlite:"), "not the URL of a SQLite database");
        // Others would open a database in memory, or without its locks.
        let settings = url.split_once('?').map_or("mode=rw", |(_, settings)| settings);
        ensure!(["mode=ro", "mode=rw", "mode=rwc"].contains(&settings), "unknown settings");
        let options: SqliteConnectOptions = url.parse()?;
        let file = options.get_filename().to_str().unwrap_or_default();
        ensure!(!matches!(file, "" | ":memory:") && !file.starts_with("file:"), "not the path of a file");
        Ok(Self(options.create_if_missing(false)))
    }
}

impl Url {
    /// The file of the database.
    #[must_use]
    pub fn file(&self) -> &Path {
        self.0.get_filename()
    }

    fn options(&self, config: &Config) -> SqliteConnectOptions {
        let Self(options) = self.clone();
        options
            // Readers go on while somebody writes, and a writer waits for its turn instead of failing: longer than a
            // request may take, so that no request ever learns that the database is locked.
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(config.request_timeout * 2)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            // 8 MiB for each connection; what does not fit into a sort or a join stays in memory too.
            .pragma("cache_size", "-8192")
            .pragma("temp_store", "memory")
            // A log that has grown large for once is cut back.
            .pragma("journal_size_limit", "67108864")
            // The text of the statement is logged, and never the values that are bound to it.
            .log_statements(LevelFilter::Off)
            .log_slow_statements(LevelFilter::Warn, config.slow_query)
    }
}

/// Starts a transaction that may write.
///
/// It takes the write lock at once: a transaction that reads first and writes later fails with "database is locked"
/// when somebody else has written in between.
///
/// # Errors
///
/// Fails when the connection that writes is not free in time, or the lock is not.
pub async fn begin(db: &Db) -> Result<Transaction<'static, Sqlite>, Error> {
    let Pools { writer, probe, .. } = &db.pages;
    writer.begin_with("BEGIN IMMEDIATE").await.inspect_err(|_| *probe.proven() = None)
}

/// The name of the constraint that a row has broken: for one that is unique, `<table>_<columns>_key`.
pub fn constraint(error: &dyn DatabaseError) -> Option<String> {
    let (_, constraint) = error.message().split_once(" constraint failed: ")?;
    if let Some(index) = constraint.strip_prefix("index '") {
        return Some(index.trim_end_matches('\'').to_owned());
    }
    let Some((table, _)) = constraint.split_once('.') else { return Some(constraint.to_owned()) };
    let columns: Vec<_> = constraint.split(", ").filter_map(|it| Some(it.split_once('.')?.1)).collect();
    Some(format!("{table}_{}_key", columns.join("_")))
}

/// Whether the same may succeed when it is tried again: somebody else was writing.
pub fn will_pass(error: &dyn DatabaseError) -> bool {
    let code = error.code().and_then(|code| code.parse::<u32>().ok());
    // In the lower byte of a code is what its variants have in common: SQLITE_BUSY.
    code.is_some_and(|code| code & 0xff == 5)
}

/// There may be one writer only: it has a pool of its own, in which writers wait in the order in which they came.
#[derive(Clone, Debug)]
pub struct Pools {
    reader: SqlitePool,
    writer: SqlitePool,
    probe: Probe,
}

impl Pools {
    pub const fn reader(&self) -> &SqlitePool {
        &self.reader
    }

    pub const fn writer(&self) -> &SqlitePool {
        &self.writer
    }
}

/// One connection writes, and the others only read.
pub async fn connect(config: &Config) -> anyhow::Result<Db> {
    let url = config.database_url.expose();
    let (options, probe) = (url.options(config), Probe::of(url.file())?);
    let pool = |connections| {
        // A file does not hang up as a server does: to ask before each use would be half of the work of a small query.
        let pool = SqlitePoolOptions::new().max_connections(connections).test_before_acquire(false);
        pool.acquire_timeout(config.request_timeout * 2).after_release(|connection, _| {
            Box::pin(async {
                if connection.is_in_transaction() {
                    // It may be ending.
                    connection.ping().await?;
                }
                // On a full disk, SQLite ends the transaction by itself. sqlx goes on counting it, and starts no other
                // one on this connection: it must go.
                Ok(!connection.is_in_transaction())
            })
        })
    };
    let doubt = probe.clone();
    let writer = pool(1).after_connect(move |connection, _| {
        let doubt = doubt.clone();
        Box::pin(async move {
            connection.lock_handle().await?.set_rollback_hook(move || *doubt.proven() = None);
            // Keeps the statistics fresh that queries are planned with.
            connection.execute("PRAGMA optimize = 0x10002").await.ok();
            Ok(())
        })
    });
    let writer = writer.connect_with(options.clone()).await?;
    let options = options.read_only(true);
    let reader = pool(config.database_connections).connect_with(options.clone()).await?;
    let jobs = pool(u32::try_from(config.worker_concurrency)? + 1).connect_lazy_with(options);
    let jobs = Pools { reader: jobs, writer: writer.clone(), probe: probe.clone() };
    Ok(Db { pages: Pools { reader, writer, probe }, jobs })
}

pub async fn create_if_missing(config: &Config) -> anyhow::Result<()> {
    let options = config.database_url.expose().options(config).create_if_missing(true);
    if let Some(folder) = options.get_filename().parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(options.connect().await?.close().await?)
}

/// Runs a migration, and records it, in one transaction.
pub async fn apply(connection: &mut SqliteConnection, table: &str, step: &Migration) -> anyhow::Result<()> {
    if step.no_tx {
        connection.execute("PRAGMA foreign_keys = OFF").await?;
    }
    let attempt = async {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        transaction.apply(table, step).await?;
        if step.no_tx {
            let broken = sqlx::query_scalar("SELECT \"table\" FROM pragma_foreign_key_check");
            let broken: Option<String> = broken.fetch_optional(&mut *transaction).await?;
            ensure!(broken.is_none(), "a row of {broken:?} would refer to one that does not exist");
        }
        Ok(transaction.commit().await?)
    };
    let outcome = attempt.await;
    connection.execute("PRAGMA foreign_keys = ON").await?;
    outcome
}

/// Says what to do about a change that was sent to a connection that only reads.
pub fn explain(error: Error) -> Error {
    const HINT: &str =
        "this changes the database and returns rows: run it in a transaction of `kernel::database::begin`";
    if error.as_database_error().and_then(DatabaseError::code).as_deref() == Some("8") {
        return Error::InvalidArgument(HINT.to_owned());
    }
    error
}

/// Knows which file was opened, and when it was proven that changes can be made. What fails to start or is rolled
/// back is a reason to doubt that.
#[derive(Clone, Debug)]
struct Probe {
    file: Arc<Path>,
    identity: (u64, u64),
    proven: Arc<Mutex<Option<Instant>>>,
}

impl Probe {
    fn of(file: &Path) -> io::Result<Self> {
        Ok(Self { file: file.into(), identity: identity(&fs::metadata(file)?), proven: Arc::default() })
    }

    fn proven(&self) -> MutexGuard<'_, Option<Instant>> {
        self.proven.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_proven(&self) -> bool {
        self.proven().is_some_and(|at| at.elapsed() < Duration::from_mins(1))
    }
}

#[cfg(unix)]
fn identity(file: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (file.dev(), file.ino())
}

/// An open file can be neither deleted nor replaced.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

impl Db {
    /// The file of the database.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.pages.probe.file
    }

    /// Makes sure that the file is the one that was opened, that it can be read, and that it takes changes.
    pub(crate) async fn check(&self) -> anyhow::Result<()> {
        let file =
            fs::metadata(self.file()).context("its file is gone: restore a backup, and restart the application")?;
        let probe = &self.pages.probe;
        let is_same = file.len() > 0 && identity(&file) == probe.identity;
        ensure!(is_same, "its file was emptied or replaced while it was in use: restart the application");
        // From the file, and not from what the connection remembers.
        let history = sqlx::raw_sql("PRAGMA shrink_memory; SELECT version FROM _migrations__jobs LIMIT 1");
        history.fetch_one(self.reader()).await.context("the tables cannot be read")?;
        if probe.is_proven() {
            return Ok(());
        }
        // Whoever holds the lock for that long makes changes.
        let Ok(attempt) = timeout(Duration::from_secs(1), begin(self)).await else { return Ok(()) };
        let mut attempt = attempt.context(READ_ONLY)?;
        attempt.execute("CREATE TABLE _probe (x INTEGER); DROP TABLE _probe").await.context(READ_ONLY)?;
        attempt.commit().await.context(READ_ONLY)?;
        *probe.proven() = Some(Instant::now());
        Ok(())
    }
}
