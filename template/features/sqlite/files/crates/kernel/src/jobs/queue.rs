//! The queue in `SQLite`: the tables `Jobs` and `Workers`, which belong to apalis.

use std::time::Duration;

use apalis::prelude::TaskId;
use apalis_sqlite::{Config, SqliteStorage};
use sqlx::{SqliteConnection, SqlitePool, migrate::Migrator};
use ulid::Ulid;

use super::Envelope;
use crate::database::begin;

const QUEUE: &str = "default";

pub(super) fn migrations() -> Migrator {
    SqliteStorage::migrations()
}

pub(super) fn storage(db: &SqlitePool, heartbeat: Duration) -> SqliteStorage<Envelope> {
    let config = Config::default()
        .queue(QUEUE)
        // One at a time: a worker that holds jobs back sends no heartbeats and does not record what is done.
        .batch_size(1)
        // A job that was fetched is as good as running.
        .lock_tasks(false)
        .heartbeat_interval(heartbeat)
        // Never: apalis would count the death of a worker as a failure of its jobs. See `bury`.
        .missed_heartbeats(1_000_000);
    SqliteStorage::new(db).with_config(config)
}

/// Returns false when there is an unfinished job with this key.
pub(super) async fn push(
    connection: &mut SqliteConnection,
    job: &[u8],
    attempts: u16,
    delay: Duration,
    key: Option<String>,
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "UPDATE Jobs SET idempotency_key = NULL WHERE job_type = $1 AND idempotency_key = $2 \
         AND (status IN ('Done', 'Killed') OR (status = 'Failed' AND attempts >= max_attempts))",
    )
    .bind(QUEUE)
    .bind(&key)
    .execute(&mut *connection)
    .await?;
    let inserted = sqlx::query(
        "INSERT INTO Jobs (id, job_type, job, max_attempts, run_at, idempotency_key) \
         VALUES ($1, $2, $3, $4, unixepoch() + $5, $6) ON CONFLICT (job_type, idempotency_key) DO NOTHING",
    )
    .bind(Ulid::generate().to_string())
    .bind(QUEUE)
    .bind(job)
    .bind(attempts)
    .bind(delay.as_secs().cast_signed())
    .bind(key)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() > 0)
}

/// Takes the unfinished jobs of workers that have been silent for that long, and of `worker`, and forgets these workers.
/// One that lives nevertheless notices it at its next heartbeat, and starts afresh.
pub(super) async fn bury(db: &SqlitePool, silence: Duration, worker: Option<&str>) -> Result<(), sqlx::Error> {
    let mut transaction = begin(db).await?;
    for query in [
        "UPDATE Jobs SET lock_by = NULL, lock_at = NULL, \
         status = CASE WHEN status IN ('Queued', 'Running') THEN 'Pending' ELSE status END \
         WHERE lock_by IN (SELECT id FROM Workers WHERE id = $1 OR last_seen <= unixepoch() - $2)",
        "DELETE FROM Workers WHERE id = $1 OR last_seen <= unixepoch() - $2",
    ] {
        let seconds = silence.as_secs().cast_signed();
        sqlx::query(query).bind(worker).bind(seconds).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

pub(super) async fn clean(db: &SqlitePool, kept: Duration) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM Jobs WHERE status = 'Done' AND done_at < unixepoch() - $1")
        .bind(kept.as_secs().cast_signed())
        .execute(db)
        .await?;
    Ok(())
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
