//! The table `_jobs`. Times are milliseconds since 1970 by the clock of the database, so that all processes share one.
//!
//! | state | `run_at` | goes on as |
//! |---|---|---|
//! | `scheduled` | when its time comes | `waiting` |
//! | `waiting` | when its time came | `running` |
//! | `running` | when its lease ends | `waiting`, if its worker is silent until then |
//! | `done`, `dead`, `cancelled` | | |

use std::time::{Duration, Instant};

use sqlx::{FromRow, Row};
use tokio::{
    sync::Notify,
    time::{interval, sleep, timeout},
};

use super::{Job, backend};
use crate::{AppState, Db, database::Connection, logging};

/// A job may have been accepted.
pub(super) static WAKE: Notify = Notify::const_new();

/// A job was cancelled in this process.
static CANCELLED: Notify = Notify::const_new();

/// After how many silent heartbeats a worker's jobs are given to others.
const LEASE: u32 = 6;

pub(super) async fn push<J: Job>(connection: &mut Connection, job: &J, delay: Duration) -> anyhow::Result<Option<i64>> {
    let query = sqlx::query_scalar(
        "INSERT INTO _jobs (kind, description, payload, unique_key, priority, max_attempts, request, state, run_at, \
         created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $8 > 0 THEN 'scheduled' ELSE 'waiting' END, \
         (SELECT ms FROM _clock) + $8, (SELECT ms FROM _clock)) ON CONFLICT DO NOTHING RETURNING id",
    );
    let query = query.bind(J::NAME).bind(job.describe()).bind(serde_json::to_string(job)?).bind(job.key());
    let query = query.bind(i64::from(J::PRIORITY)).bind(i64::from(J::ATTEMPTS)).bind(logging::current_request_id());
    let id = query.bind(millis(delay)).fetch_optional(connection).await?;
    backend::accepted();
    Ok(id)
}

/// Cancels a job, and returns whether there was one that had not ended.
///
/// One that waits never starts; one that runs is stopped where it waits for something: at once if it runs in this process,
/// else at the next heartbeat.
///
/// # Errors
///
/// Fails when the database does.
pub async fn cancel(connection: &mut Connection, id: i64) -> Result<bool, sqlx::Error> {
    let query = sqlx::query(
        "UPDATE _jobs SET state = 'cancelled', locked_by = NULL, finished_at = (SELECT ms FROM _clock) \
         WHERE id = $1 AND finished_at IS NULL",
    );
    let cancelled = query.bind(id).execute(connection).await?.rows_affected() > 0;
    CANCELLED.notify_waiters();
    Ok(cancelled)
}

/// How many jobs run now or could run now. Those that wait for another attempt do not count.
///
/// # Errors
///
/// Fails when the database cannot be asked.
pub async fn due(db: &Db) -> Result<i64, sqlx::Error> {
    let query = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM _jobs WHERE state = 'waiting') + (SELECT count(*) FROM _jobs \
         WHERE state IN ('scheduled', 'running') AND (state = 'running' OR run_at <= (SELECT ms FROM _clock)))",
    );
    query.fetch_one(db).await
}

/// Removes the jobs that have been done or cancelled for that long, and returns how many these were.
///
/// # Errors
///
/// Fails when the database does.
pub async fn prune(db: &Db, age: Duration) -> Result<u64, sqlx::Error> {
    let query =
        "DELETE FROM _jobs WHERE state IN ('done', 'cancelled') AND finished_at <= (SELECT ms FROM _clock) - $1";
    Ok(sqlx::query(query).bind(millis(age)).execute(db).await?.rows_affected())
}

/// Prunes every hour.
pub(super) async fn keep_tidy(state: AppState) {
    let mut hours = interval(Duration::from_hours(1));
    loop {
        hours.tick().await;
        match prune(&state.db, state.config.jobs_keep).await {
            Ok(0) => {}
            Ok(jobs) => tracing::info!(jobs, "removed jobs that were done long ago"),
            Err(error) => tracing::error!("jobs that are done cannot be removed: {error}"),
        }
    }
}

/// A job that somebody has claimed.
#[derive(Debug, FromRow)]
pub struct Claimed {
    pub id: i64,
    pub kind: String,
    pub payload: String,
    pub attempts: i64,
    pub max_attempts: i64,
    pub request: Option<String>,
}

/// What became of an attempt.
#[derive(Debug)]
pub(super) enum Outcome {
    Done,
    /// Comes again after a while.
    Failed(String, Duration),
    Dead(String),
    /// Comes again, because it was not the job that failed.
    Disturbed(String, Duration),
}

/// The jobs that one worker has claimed. They are its own for six heartbeats, and for as long as it renews that.
#[derive(Clone, Debug)]
pub struct Lease {
    db: Db,
    holder: String,
    heartbeat: Duration,
}

impl Lease {
    #[must_use]
    pub fn new(state: &AppState, holder: String) -> Self {
        Self { db: state.db.clone(), holder, heartbeat: state.config.worker_heartbeat }
    }

    /// Makes those jobs ready whose time has come, and those whose worker has died.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub async fn tend(&self) -> Result<(), sqlx::Error> {
        let query = "UPDATE _jobs SET state = 'waiting', locked_by = NULL \
             WHERE state IN ('scheduled', 'running') AND run_at <= (SELECT ms FROM _clock)";
        sqlx::query(query).execute(&self.db).await?;
        Ok(())
    }

    /// Claims at most `limit` jobs: those of the highest priority, and of these the oldest.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, sqlx::Error> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let query = sqlx::query(backend::CLAIM).bind(&self.holder).bind(millis(LEASE * self.heartbeat));
        let rows =
            query.bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(&mut *self.db.acquire().await?).await?;
        let mut jobs = Vec::with_capacity(rows.len());
        for row in rows {
            match Claimed::from_row(&row) {
                Ok(job) => jobs.push(job),
                // It must not keep the others from running.
                Err(error) => {
                    let (id, error) = (row.try_get("id")?, format!("the job cannot be read: {error}"));
                    tracing::error!(id, "{error}");
                    self.settle(id, &Outcome::Dead(error)).await?;
                }
            }
        }
        Ok(jobs)
    }

    /// Sends heartbeats for a job, and returns when it no longer belongs to this worker: because it was cancelled, because
    /// the worker was silent for too long and another one has it, or because others will soon believe so.
    pub(super) async fn lost(&self, id: i64) {
        let mut renewed = Instant::now();
        while renewed.elapsed() < (LEASE - 1) * self.heartbeat {
            tokio::select! {
                () = sleep(self.heartbeat) => {}
                () = CANCELLED.notified() => {}
            }
            let query = "UPDATE _jobs SET run_at = (SELECT ms FROM _clock) + $3 WHERE id = $1 AND locked_by = $2";
            let query = sqlx::query(query).bind(id).bind(&self.holder).bind(millis(LEASE * self.heartbeat));
            match timeout(self.heartbeat, query.execute(&self.db)).await {
                Ok(Ok(renewal)) if renewal.rows_affected() == 0 => return,
                Ok(Ok(_)) => renewed = Instant::now(),
                failure => tracing::warn!("no heartbeat for the job: {failure:?}"),
            }
        }
    }

    /// Writes down what became of a job. Returns whether it still belonged to this worker.
    pub(super) async fn settle(&self, id: i64, outcome: &Outcome) -> Result<bool, sqlx::Error> {
        let (state, attempts, error, pause) = match outcome {
            Outcome::Done => ("done", 1, None, Duration::ZERO),
            Outcome::Failed(error, pause) => ("scheduled", 1, Some(error), *pause),
            Outcome::Dead(error) => ("dead", 1, Some(error), Duration::ZERO),
            Outcome::Disturbed(error, pause) => ("scheduled", 0, Some(error), *pause),
        };
        let query = sqlx::query(
            "UPDATE _jobs SET state = $3, attempts = attempts + $4, last_error = $5, locked_by = NULL, \
             run_at = (SELECT ms FROM _clock) + $6, \
             finished_at = CASE WHEN $3 <> 'scheduled' THEN (SELECT ms FROM _clock) END \
             WHERE id = $1 AND locked_by = $2",
        );
        let query = query.bind(id).bind(&self.holder).bind(state).bind(attempts).bind(error).bind(millis(pause));
        Ok(query.execute(&self.db).await?.rows_affected() > 0)
    }

    /// Gives back all that is unfinished. It does not count as an attempt.
    pub(super) async fn release(&self) -> Result<(), sqlx::Error> {
        let query = "UPDATE _jobs SET state = 'waiting', locked_by = NULL \
             WHERE state IN ('scheduled', 'running') AND locked_by = $1";
        sqlx::query(query).bind(&self.holder).execute(&self.db).await?;
        Ok(())
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
