//! What is particular to `SQLite`.

use std::{fs, str::FromStr};

use anyhow::ensure;
use log::LevelFilter;
use sqlx::{
    ConnectOptions, Connection as _, Sqlite, SqliteConnection, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::Config;

/// The database that the application is built for.
pub type Backend = Sqlite;

/// One connection, as handlers and jobs see it.
pub type Connection = SqliteConnection;

pub const URL_SHAPE: &str = "a path such as `sqlite://data/app.db`: this is built for SQLite";

#[cfg(test)]
pub const EXAMPLE_URL: &str = "sqlite://data/app.db";

pub const UNOPENED: &str = "did `app migrate` make the file, and is its folder writable?";

pub const TABLE_EXISTS: &str = "SELECT count(*) > 0 FROM sqlite_schema WHERE name = $1";

/// Few: writers then wait for a connection, in the order in which they came, and not for the lock, where they would poll.
pub const CONNECTIONS: u16 = 4;

/// Every connection would have a database of its own, and it would vanish at the end.
pub const DEVELOPMENT_ONLY: &str = ":memory:";

/// A `DATABASE_URL` that has been understood.
#[derive(Clone, Debug)]
pub struct Url(SqliteConnectOptions);

impl FromStr for Url {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        ensure!(url.starts_with("sqlite:"), "not the URL of a SQLite database");
        let options: SqliteConnectOptions = url.parse()?;
        Ok(Self(options))
    }
}

impl Url {
    pub fn options(&self, config: &Config) -> SqliteConnectOptions {
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
            // Keeps the statistics fresh that queries are planned with.
            .optimize_on_close(true, None)
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
/// Fails when no connection is free in time, or the lock is not.
pub async fn begin(db: &SqlitePool) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    db.begin_with("BEGIN IMMEDIATE").await
}

pub fn pool(config: &Config) -> SqlitePoolOptions {
    // A file does not hang up as a server does: to ask before each use would be half of the work of a small query.
    SqlitePoolOptions::new().max_connections(config.database_connections).test_before_acquire(false)
}

pub async fn create_if_missing(config: &Config) -> anyhow::Result<()> {
    let options = config.database_url.expose().options(config).create_if_missing(true);
    if let Some(folder) = options.get_filename().parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(options.connect().await?.close().await?)
}
