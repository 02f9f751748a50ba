//! What is particular to `SQLite`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use kernel::{Db, database};

/// How far the newest migration lies in the future at the time $1: a file has no other clock.
pub const SECONDS_AHEAD: &str =
    "SELECT coalesce(max(0.0, unixepoch(max(installed_on)) - $1), 0.0) FROM _migrations_jobs";

/// Writes and takes it back; `SQLite` needs files beside the database for that.
pub async fn check_writable(db: &Db) -> anyhow::Result<()> {
    let mut attempt = database::begin(db).await?;
    let outcome = sqlx::query("CREATE TABLE _attempt (id INTEGER)").execute(&mut *attempt).await;
    outcome.context("make the file and its folder writable")?;
    Ok(attempt.rollback().await?)
}

/// The folder whose disk fills up.
pub fn data_folder(db: &Db) -> PathBuf {
    let options = db.connect_options();
    match options.get_filename().parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
