//! The queue in `PostgreSQL`: the schema `apalis`, which belongs to apalis.

use std::time::Duration;

use apalis::prelude::{Task, TaskId};
use apalis_postgres::{Config, PostgresStorage, queries::push_tasks};
use sqlx::{PgConnection, PgPool, migrate::Migrator};

use super::Envelope;

const QUEUE: &str = "default";

pub(super) fn migrations() -> Migrator {
    PostgresStorage::migrations()
}

pub(super) fn storage(db: &PgPool) -> PostgresStorage<Envelope> {
    PostgresStorage::new(db).with_config(Config::default().queue(QUEUE))
}

pub(super) async fn push(connection: &mut PgConnection, task: Task<Vec<u8>>) -> Result<(), apalis_postgres::Error> {
    push_tasks(connection, QUEUE, vec![task]).await
}

/// apalis takes a failed job up again as soon as its time has come: this moves that time.
pub(super) async fn postpone(db: &PgPool, id: &TaskId, pause: Duration) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE apalis.jobs SET run_at = now() + make_interval(secs => $1) WHERE id = $2")
        .bind(pause.as_secs_f64())
        .bind(id.to_string())
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn due(db: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT count(*) FROM apalis.jobs WHERE status IN ('Queued', 'Running') OR (run_at <= now() \
         AND (status = 'Pending' OR (status = 'Failed' AND attempts < max_attempts)))",
    )
    .fetch_one(db)
    .await
}
