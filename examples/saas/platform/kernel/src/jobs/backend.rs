//! What the queue has to do differently for `SQLite`.

use super::queue::WAKE;
use crate::{AppState, database::Migration};

pub const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "create the queue of jobs", sql: include_str!("queue.sql") }];

/// `SQLite` has one writer at a time, so that no job can be claimed twice.
pub const CLAIM: &str = "UPDATE _jobs SET state = 'running', locked_by = $1, run_at = (SELECT ms FROM _clock) + $2 \
     WHERE id IN (SELECT id FROM _jobs WHERE state = 'waiting' ORDER BY priority DESC, id LIMIT $3) \
     RETURNING id, kind, payload, attempts, max_attempts, request";

/// Wakes the worker of this process. It waits for the write lock, and so for the end of the transaction that has the job.
pub fn accepted() {
    WAKE.notify_waiters();
}

/// Other processes are not heard.
pub async fn listen(_: AppState) {
    std::future::pending::<()>().await;
}
