//! What the queue has to do differently for `PostgreSQL`.

use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::time::sleep;

use super::{RESTART_PAUSE, queue::WAKE};
use crate::{AppState, database::Migration};

pub const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "create the queue of jobs", sql: include_str!("queue.sql") }];

/// Workers pass over the jobs that another one is about to claim.
pub const CLAIM: &str = "WITH next AS MATERIALIZED (SELECT id FROM _jobs WHERE state = 'waiting' \
     ORDER BY priority DESC, id LIMIT $3 FOR UPDATE SKIP LOCKED) \
     UPDATE _jobs SET state = 'running', locked_by = $1, run_at = (SELECT ms FROM _clock) + $2 \
     FROM next WHERE _jobs.id = next.id \
     RETURNING _jobs.id, kind, payload, attempts, max_attempts, request";

/// The trigger of the table tells all processes when the transaction is committed.
pub const fn accepted() {}

/// Wakes the worker when a job was accepted, wherever that was. It has a connection of its own, outside of the pool.
pub async fn listen(state: AppState) {
    loop {
        if let Err(error) = hear(&state).await {
            tracing::debug!("jobs are only looked for now and then: {error}");
        }
        sleep(RESTART_PAUSE).await;
    }
}

async fn hear(state: &AppState) -> Result<(), sqlx::Error> {
    let options = state.config.database_url.expose().options(&state.config);
    let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None).connect_lazy_with(options);
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen("_jobs").await?;
    loop {
        WAKE.notify_waiters();
        listener.recv().await?;
    }
}
