//! The queue in `SQLite`: the tables `Jobs` and `Workers`, which belong to apalis.

use std::time::Duration;

use apalis::prelude::TaskId;
use apalis_sqlite::{Config, SqliteStorage};
use sqlx::{SqliteConnection, SqlitePool, migrate::Migrator};
use ulid::Ulid;

use super::Envelope;
use crate::database::begin;

const QUEUE: &str = "default";

pub fn migrations() -> Migrator {
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

/// A finished job gives its key, and its row, to the next one. Returns whether the job was accepted.
pub(super) async fn push(
    connection: &mut SqliteConnection,
    job: &[u8],
    attempts: u16,
    delay: Duration,
    key: Option<String>,
) -> Result<bool, sqlx::Error> {
    let query = sqlx::query(
        "INSERT INTO Jobs (id, job_type, job, max_attempts, run_at, idempotency_key) \
         VALUES ($1, $2, $3, $4, unixepoch() + $5, $6) ON CONFLICT (job_type, idempotency_key) DO UPDATE SET \
         id = excluded.id, job = excluded.job, max_attempts = excluded.max_attempts, run_at = excluded.run_at, \
         status = 'Pending', attempts = 0, last_result = NULL, lock_at = NULL, lock_by = NULL, done_at = NULL \
         WHERE status IN ('Done', 'Killed') OR (status = 'Failed' AND attempts >= Jobs.max_attempts)",
    );
    let query = query.bind(Ulid::generate().to_string()).bind(QUEUE).bind(job).bind(attempts);
    let done = query.bind(delay.as_secs().cast_signed()).bind(key).execute(connection).await?;
    Ok(done.rows_affected() > 0)
}

/// Takes the unfinished jobs of `worker`, and of workers that have missed six heartbeats, and forgets these workers.
/// One that lives nevertheless notices it at its next heartbeat, and starts afresh.
pub(super) async fn bury(db: &SqlitePool, heartbeat: Duration, worker: Option<&str>) -> Result<(), sqlx::Error> {
    let mut transaction = begin(db).await?;
    let limit = sqlx::query_scalar("SELECT unixepoch() - 6 * $1").bind(heartbeat.as_secs().cast_signed());
    let limit: i64 = limit.fetch_one(&mut *transaction).await?;
    for query in [
        "UPDATE Jobs SET lock_by = NULL, lock_at = NULL, \
         status = CASE WHEN status IN ('Queued', 'Running') THEN 'Pending' ELSE status END \
         WHERE lock_by IN (SELECT id FROM Workers WHERE id = $1 OR last_seen < $2)",
        "DELETE FROM Workers WHERE id = $1 OR last_seen < $2",
    ] {
        sqlx::query(query).bind(worker).bind(limit).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// apalis takes a failed job up again as soon as its time has come: this moves that time.
pub(super) async fn postpone(db: &SqlitePool, id: &TaskId, pause: Duration) -> Result<(), sqlx::Error> {
    let query = sqlx::query("UPDATE Jobs SET run_at = unixepoch() + $1 WHERE id = $2");
    query.bind(pause.as_secs().cast_signed()).bind(id.to_string()).execute(db).await?;
    Ok(())
}

/// How many jobs run now or could run now. Those that wait for another attempt do not count.
///
/// # Errors
///
/// Fails when the database cannot be asked.
pub async fn due(db: &SqlitePool) -> Result<i64, sqlx::Error> {
    let query = sqlx::query_scalar(
        "SELECT count(*) FROM Jobs WHERE status IN ('Queued', 'Running') OR (run_at <= unixepoch() \
         AND (status = 'Pending' OR (status = 'Failed' AND attempts < max_attempts)))",
    );
    query.fetch_one(db).await
}
