//! What is particular to `PostgreSQL`.

use std::{str::FromStr, time::Duration};

use anyhow::{Context, ensure};
use log::LevelFilter;
use sqlx::{
    ConnectOptions, Executor, PgConnection, PgPool, Postgres, Transaction,
    error::DatabaseError,
    migrate::{Migrate, MigrateDatabase, Migration},
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::Db;
use crate::Config;

/// The database that the application is built for.
pub type Backend = Postgres;

/// Whether times are kept as texts, and compared so.
pub const TIMES_ARE_TEXTS: bool = false;

/// One connection, as handlers and jobs see it.
pub type Connection = PgConnection;

pub const URL_SHAPE: &str = "a URL such as `postgres://user:password@127.0.0.1:5432/app`: this is built for PostgreSQL";

#[cfg(test)]
pub const EXAMPLE_URL: &str = "postgres://user:password@127.0.0.1:5432/app";

pub const UNOPENED: &str = "does its server run, and did `app migrate` make the database?";

pub const TABLE_EXISTS: &str = "SELECT to_regclass($1) IS NOT NULL";

pub const CONNECTIONS: u16 = 10;

/// Of all connections, jobs may take one each and one for the queue; pages need some, too.
pub const fn least_connections(worker_concurrency: u16) -> u16 {
    worker_concurrency.saturating_add(2)
}

/// The password of `.env.example`.
pub const DEVELOPMENT_ONLY: &str = "postgres:postgres@";

/// A `DATABASE_URL` that has been understood.
#[derive(Clone, Debug)]
pub struct Url {
    url: String,
    options: PgConnectOptions,
}

impl FromStr for Url {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let options: PgConnectOptions = url.parse()?;
        // sqlx takes any scheme.
        ensure!(
            url.starts_with("postgres") && options.get_database().is_some(),
            "not the URL of a PostgreSQL database"
        );
        Ok(Self { url: url.to_owned(), options })
    }
}

impl Url {
    pub fn options(&self, config: &Config) -> PgConnectOptions {
        // The text of the statement is logged, and never the values that are bound to it.
        let options = self.options.clone().log_statements(LevelFilter::Off);
        options.log_slow_statements(LevelFilter::Warn, config.slow_query)
    }
}

/// Starts a transaction that may write.
///
/// # Errors
///
/// Fails when no connection is free in time.
pub async fn begin(db: &Db) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    db.pages.writer().begin().await
}

/// The name of the constraint that a row has broken.
pub fn constraint(error: &dyn DatabaseError) -> Option<String> {
    error.constraint().map(ToOwned::to_owned)
}

/// Whether the same may succeed when it is tried again: transactions waited for each other, or came in each other's way.
pub fn will_pass(error: &dyn DatabaseError) -> bool {
    matches!(error.code().as_deref(), Some("40P01" | "40001"))
}

/// Any connection may write.
#[derive(Clone, Debug)]
pub struct Pools(PgPool);

impl Pools {
    pub const fn reader(&self) -> &PgPool {
        &self.0
    }

    pub const fn writer(&self) -> &PgPool {
        &self.0
    }
}

/// Divides the connections between pages and jobs.
pub async fn connect(config: &Config) -> anyhow::Result<Db> {
    let options = config.database_url.expose().options(config);
    let pool = |connections| {
        let pool = PgPoolOptions::new().max_connections(connections).test_before_acquire(false);
        let pool = pool.acquire_timeout(Duration::from_secs(5));
        // Instead of that test: a transaction that was dropped while it began is open still (launchbadge/sqlx#4393).
        pool.before_acquire(|connection, _| {
            Box::pin(async { connection.execute("BEGIN; ROLLBACK").await.map(|_| true) })
        })
    };
    let share = u32::try_from(config.worker_concurrency)? + 1;
    let pages = pool(config.database_connections - share).connect_with(options.clone()).await?;
    let jobs = pool(share).connect_lazy_with(options);
    Ok(Db { pages: Pools(pages), jobs: Pools(jobs) })
}

pub async fn create_if_missing(config: &Config) -> anyhow::Result<()> {
    let Url { url, .. } = config.database_url.expose();
    if !Postgres::database_exists(url).await? {
        Postgres::create_database(url).await?;
    }
    Ok(())
}

/// Runs a migration, and records it: in one transaction, unless it must be outside.
pub async fn apply(connection: &mut PgConnection, table: &str, step: &Migration) -> anyhow::Result<()> {
    connection.apply(table, step).await?;
    Ok(())
}

/// What goes wrong needs no more words.
pub const fn explain(error: sqlx::Error) -> sqlx::Error {
    error
}

impl Db {
    /// Makes sure that the tables can be read, and that the server takes changes.
    pub(crate) async fn check(&self) -> anyhow::Result<()> {
        let query = "SELECT current_setting('transaction_read_only')::bool FROM _migrations__jobs LIMIT 1";
        let read_only: bool = sqlx::query_scalar(query).fetch_one(self).await.context("the tables cannot be read")?;
        ensure!(!read_only, "it takes no changes: DATABASE_URL must point to the primary");
        Ok(())
    }
}
