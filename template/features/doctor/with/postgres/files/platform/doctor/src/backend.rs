//! What is particular to `PostgreSQL`.

use std::path::PathBuf;

use anyhow::ensure;
use kernel::Db;

/// How far the server's clock is ahead of the time $1.
pub const SECONDS_AHEAD: &str = "SELECT extract(epoch FROM clock_timestamp())::float8 - $1";

/// The server sees to that itself.
pub const INTEGRITY: Option<&str> = None;

/// A replica answers, but takes no changes.
pub async fn check_writable(db: &Db) -> anyhow::Result<()> {
    let read_only: bool =
        sqlx::query_scalar("SELECT current_setting('transaction_read_only')::bool").fetch_one(db).await?;
    ensure!(!read_only, "the server takes no changes: DATABASE_URL must point to the primary");
    Ok(())
}

/// The data lies elsewhere: this looks at what the application itself can fill.
pub fn data_folder(_: &Db) -> PathBuf {
    PathBuf::from(".")
}
