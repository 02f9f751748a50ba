//! What is particular to `PostgreSQL`.

use std::{str::FromStr, time::Duration};

use anyhow::ensure;
use log::LevelFilter;
use sqlx::{
    ConnectOptions, Executor, PgConnection, PgPool, Postgres, Transaction,
    error::DatabaseError,
    migrate::MigrateDatabase,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::Config;

/// The database that the application is built for.
pub type Backend = Postgres;

/// One connection, as handlers and jobs see it.
pub type Connection = PgConnection;

pub const URL_SHAPE: &str = "a URL such as `postgres://user:password@127.0.0.1:5432/app`: this is built for PostgreSQL";

#[cfg(test)]
pub const EXAMPLE_URL: &str = "postgres://user:password@127.0.0.1:5432/app";

pub const UNOPENED: &str = "does its server run, and did `app migrate` make the database?";

pub const TABLE_EXISTS: &str = "SELECT to_regclass($1) IS NOT NULL";

pub const CONNECTIONS: u16 = 10;

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
pub async fn begin(db: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    db.begin().await
}

/// The name of the constraint that a row has broken.
pub fn constraint(error: &dyn DatabaseError) -> Option<String> {
    error.constraint().map(ToOwned::to_owned)
}

pub fn pool(config: &Config) -> PgPoolOptions {
    let pool = PgPoolOptions::new().max_connections(config.database_connections).test_before_acquire(false);
    let pool = pool.acquire_timeout(Duration::from_secs(5));
    // Instead of that test: a transaction that was dropped while it began is open still (launchbadge/sqlx#4393).
    pool.before_acquire(|connection, _| Box::pin(async { connection.execute("BEGIN; ROLLBACK").await.map(|_| true) }))
}

pub async fn create_if_missing(config: &Config) -> anyhow::Result<()> {
    let Url { url, .. } = config.database_url.expose();
    if !Postgres::database_exists(url).await? {
        Postgres::create_database(url).await?;
    }
    Ok(())
}
