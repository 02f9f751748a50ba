//! What is particular to `PostgreSQL`.

use std::{str::FromStr, time::Duration};

use anyhow::ensure;
use sqlx::{
    PgConnection, PgPool, Postgres, Transaction,
    migrate::MigrateDatabase,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// The database that the application is built for.
pub type Backend = Postgres;

/// One connection, as handlers and jobs see it.
pub type Connection = PgConnection;

pub const URL_SHAPE: &str = "a URL such as `postgres://user:password@127.0.0.1:5432/app`";

#[cfg(test)]
pub const EXAMPLE_URL: &str = "postgres://user:password@127.0.0.1:5432/app";

pub const UNOPENED: &str = "does its server run, and did `app migrate` make the database?";

pub const TABLE_EXISTS: &str = "SELECT to_regclass($1) IS NOT NULL";

/// How far the server's clock is ahead of the time $1.
pub const SECONDS_AHEAD: &str = "SELECT extract(epoch FROM clock_timestamp())::float8 - $1";

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
        ensure!(options.get_database().is_some(), "no database is named");
        Ok(Self { url: url.to_owned(), options })
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

/// A replica answers, but takes no changes.
pub async fn check_writable(db: &PgPool) -> anyhow::Result<()> {
    let read_only: bool =
        sqlx::query_scalar("SELECT current_setting('transaction_read_only')::bool").fetch_one(db).await?;
    ensure!(!read_only, "the server takes no changes: DATABASE_URL must point to the primary");
    Ok(())
}

pub async fn connect(url: &Url, connections: u32) -> Result<PgPool, sqlx::Error> {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(url.options.clone())
        .await
}

pub async fn create_if_missing(Url { url, .. }: &Url) -> anyhow::Result<()> {
    if !Postgres::database_exists(url).await? {
        Postgres::create_database(url).await?;
    }
    Ok(())
}
