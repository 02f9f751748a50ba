//! The queue in `PostgreSQL`: the schema `apalis`, which belongs to apalis.

use std::time::Duration;

use apalis::prelude::TaskId;
use apalis_postgres::{Config, PostgresStorage};
use sqlx::{PgConnection, PgPool, migrate::Migrator};
use ulid::Ulid;

use super::Envelope;
use crate::database::begin;

const QUEUE: &str = "default";

pub fn migrations() -> Migrator {
    PostgresStorage::migrations()
}

pub(super) fn storage(db: &PgPool, heartbeat: Duration) -> PostgresStorage<Envelope> {
    let config = Config::default()
        .queue(QUEUE)
        // One at a time: a worker that holds jobs back sends no heartbeats and does not record what is done.
        .batch_size(1)
        // A job that was fetched is as good as running.
        .lock_tasks(false)
        .heartbeat_interval(heartbeat)
        // Never: apalis would count the death of a worker as a failure of its jobs. See `bury`.
        .missed_heartbeats(1_000_000);
    PostgresStorage::new(db).with_config(config)
}

/// A finished job gives its key, and its row, to the next one. Returns whether the job was accepted.
pub(super) async fn push(
    connection: &mut PgConnection,
    job: &[u8],
    attempts: u16,
    delay: Duration,
    key: Option<String>,
) -> Result<bool, sqlx::Error> {
    let query = sqlx::query(
        "INSERT INTO apalis.jobs AS old (id, job_type, job, max_attempts, run_at, idempotency_key) \
         VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5), $6) \
         ON CONFLICT (job_type, idempotency_key) DO UPDATE SET \
         id = excluded.id, job = excluded.job, max_attempts = excluded.max_attempts, run_at = excluded.run_at, \
         status = 'Pending', attempts = 0, last_result = NULL, lock_at = NULL, lock_by = NULL, done_at = NULL \
         WHERE old.status IN ('Done', 'Killed') OR (old.status = 'Failed' AND old.attempts >= old.max_attempts)",
    );
    let query = query.bind(Ulid::generate().to_string()).bind(QUEUE).bind(job).bind(i32::from(attempts));
    let done = query.bind(delay.as_secs_f64()).bind(key).execute(connection).await?;
    Ok(done.rows_affected() > 0)
}

/// Takes the unfinished jobs of `worker`, and of workers that have missed six heartbeats, and forgets these workers.
/// One that lives nevertheless notices it at its next heartbeat, and starts afresh.
pub(super) async fn bury(db: &PgPool, heartbeat: Duration, worker: Option<&str>) -> Result<(), sqlx::Error> {
    let mut transaction = begin(db).await?;
    // The lock keeps a worker that is being buried from fetching another job.
    let query = sqlx::query_scalar(
        "SELECT id FROM apalis.workers WHERE id = $1 OR last_seen < now() - make_interval(secs => 6 * $2) \
         FOR UPDATE SKIP LOCKED",
    );
    let dead: Vec<String> = query.bind(worker).bind(heartbeat.as_secs_f64()).fetch_all(&mut *transaction).await?;
    for query in [
        "UPDATE apalis.jobs SET lock_by = NULL, lock_at = NULL, \
         status = CASE WHEN status IN ('Queued', 'Running') THEN 'Pending' ELSE status END WHERE lock_by = ANY($1)",
        "DELETE FROM apalis.workers WHERE id = ANY($1)",
    ] {
        sqlx::query(query).bind(&dead).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// apalis takes a failed job up again as soon as its time has come: this moves that time.
pub(super) async fn postpone(db: &PgPool, id: &TaskId, pause: Duration) -> Result<(), sqlx::Error> {
    let query = sqlx::query("UPDATE apalis.jobs SET run_at = now() + make_interval(secs => $1) WHERE id = $2");
    query.bind(pause.as_secs_f64()).bind(id.to_string()).execute(db).await?;
    Ok(())
}

/// How many jobs run now or could run now. Those that wait for another attempt do not count.
///
/// # Errors
///
/// Fails when the database cannot be asked.
pub async fn due(db: &PgPool) -> Result<i64, sqlx::Error> {
    let query = sqlx::query_scalar(
        "SELECT count(*) FROM apalis.jobs WHERE status IN ('Queued', 'Running') OR (run_at <= now() \
         AND (status = 'Pending' OR (status = 'Failed' AND attempts < max_attempts)))",
    );
    query.fetch_one(db).await
}
