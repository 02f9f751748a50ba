//! What is particular to `SQLite`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use kernel::{Db, database};

/// How far the newest migration lies in the future at the time $1: a file has no other clock.
pub const SECONDS_AHEAD: &str =
    "SELECT coalesce(max(0.0, unixepoch(max(installed_on)) - $1), 0.0) FROM _migrations__jobs";

/// Finds pages that are damaged, or missing.
pub const INTEGRITY: Option<&str> = Some("PRAGMA quick_check(1)");

/// Makes a change that leaves nothing behind. To take it back instead would not need room on the disk.
pub async fn check_writable(db: &Db) -> anyhow::Result<()> {
    let mut attempt = database::begin(db).await.context(ADVICE)?;
    let query = sqlx::raw_sql("CREATE TABLE _attempt (id INTEGER); DROP TABLE _attempt");
    query.execute(&mut *attempt).await.context(ADVICE)?;
    attempt.commit().await.context(ADVICE)
}

const ADVICE: &str = "make the file and its folder writable, and room on the disk";

/// The folder whose disk fills up.
pub fn data_folder(db: &Db) -> PathBuf {
    match db.file().parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
