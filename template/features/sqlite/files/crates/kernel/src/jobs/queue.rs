//! The queue in `SQLite`: the tables `Jobs` and `Workers`, which belong to apalis.

use std::time::Duration;

use apalis::prelude::{Task, TaskId};
use apalis_sqlite::{Config, SqliteStorage, queries::push_tasks};
use sqlx::{SqliteConnection, SqlitePool, migrate::Migrator};

use super::Envelope;

const QUEUE: &str = "default";

pub(super) fn migrations() -> Migrator {
    SqliteStorage::migrations()
}

pub(super) fn storage(db: &SqlitePool) -> SqliteStorage<Envelope> {
    SqliteStorage::new(db).with_config(Config::default().queue(QUEUE))
}

pub(super) async fn push(connection: &mut SqliteConnection, task: Task<Vec<u8>>) -> Result<(), apalis_sqlite::Error> {
    push_tasks(connection, QUEUE, &[task]).await
}

/// apalis takes a failed job up again as soon as its time has come: this moves that time.
pub(super) async fn postpone(db: &SqlitePool, id: &TaskId, pause: Duration) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE Jobs SET run_at = unixepoch() + $1 WHERE id = $2")
        .bind(pause.as_secs().cast_signed())
        .bind(id.to_string())
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn due(db: &SqlitePool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT count(*) FROM Jobs WHERE status IN ('Queued', 'Running') OR (run_at <= unixepoch() \
         AND (status = 'Pending' OR (status = 'Failed' AND attempts < max_attempts)))",
    )
    .fetch_one(db)
    .await
}
