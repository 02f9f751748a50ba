//! What is particular to `SQLite`.

use std::{fs, str::FromStr, time::Duration};

use anyhow::{Context, ensure};
use sqlx::{
    Sqlite, SqliteConnection, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

/// The database that the application is built for.
pub type Backend = Sqlite;

/// One connection, as handlers and jobs see it.
pub type Connection = SqliteConnection;

pub const URL_SHAPE: &str = "a path such as `sqlite://data/app.db`";

#[cfg(test)]
pub const EXAMPLE_URL: &str = "sqlite://data/app.db";

pub const UNOPENED: &str = "did `app migrate` make the file, and is its folder writable?";

pub const TABLE_EXISTS: &str = "SELECT count(*) > 0 FROM sqlite_schema WHERE name = $1";

/// How far the newest migration lies in the future at the time $1: a file has no other clock.
pub const SECONDS_AHEAD: &str =
    "SELECT coalesce(max(0.0, unixepoch(max(installed_on)) - $1), 0.0) FROM _migrations_jobs";

/// A `DATABASE_URL` that has been understood.
#[derive(Clone, Debug)]
pub struct Url(SqliteConnectOptions);

impl FromStr for Url {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        ensure!(url.starts_with("sqlite:"), "not the URL of a SQLite database");
        let options: SqliteConnectOptions = url.parse()?;
        Ok(Self(
            options
                // Readers go on while somebody writes, and a writer waits for its turn instead of failing.
                .journal_mode(SqliteJournalMode::Wal)
                .busy_timeout(Duration::from_secs(5))
                .synchronous(SqliteSynchronous::Normal)
                .foreign_keys(true),
        ))
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

/// Writes and takes it back; `SQLite` needs files beside the database for that.
pub async fn check_writable(db: &SqlitePool) -> anyhow::Result<()> {
    let mut attempt = begin(db).await?;
    let outcome = sqlx::query("CREATE TABLE _attempt (id INTEGER)").execute(&mut *attempt).await;
    outcome.context("make the file and its folder writable")?;
    Ok(attempt.rollback().await?)
}

pub async fn connect(Url(options): &Url, connections: u32) -> Result<SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new().max_connections(connections).connect_with(options.clone()).await
}

pub async fn create_if_missing(Url(options): &Url) -> anyhow::Result<()> {
    if let Some(folder) = options.get_filename().parent() {
        fs::create_dir_all(folder)?;
    }
    connect(&Url(options.clone().create_if_missing(true)), 1).await?.close().await;
    Ok(())
}
