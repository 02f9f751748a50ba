//! A job that leaves a trace when it starts and another one when it is done, so that nothing can be lost unnoticed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use kernel::{AppState, Db, Job, Module, database::Migration};
use serde::{Deserialize, Serialize};
use tokio::{sync::Semaphore, time::sleep};

/// Every trace tells which process left it, and when.
const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "create the tables of traces",
    sql: "CREATE TABLE starts (number BIGINT NOT NULL, process BIGINT NOT NULL, at_ms BIGINT NOT NULL);
        CREATE TABLE ends (number BIGINT NOT NULL, process BIGINT NOT NULL, at_ms BIGINT NOT NULL);",
}];

/// The module that `app` runs.
pub fn module() -> Module {
    Module::new("proof").migrations(MIGRATIONS).job::<Work>().job::<Nothing>()
}

/// Takes its time between two traces.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Work {
    pub number: i64,
    pub millis: u64,
}

impl Job for Work {
    const NAME: &'static str = "proof.work";

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        leave("INSERT INTO starts (number, process, at_ms) VALUES ($1, $2, $3)", self.number, &state.db).await?;
        sleep(Duration::from_millis(self.millis)).await;
        leave("INSERT INTO ends (number, process, at_ms) VALUES ($1, $2, $3)", self.number, &state.db).await
    }
}

/// How many jobs that do nothing have started.
pub static STARTED: Semaphore = Semaphore::const_new(0);

/// Measures what the queue costs by itself.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Nothing;

impl Job for Nothing {
    const NAME: &'static str = "proof.nothing";

    async fn run(self, _: AppState) -> anyhow::Result<()> {
        STARTED.add_permits(1);
        Ok(())
    }
}

async fn leave(query: &'static str, number: i64, db: &Db) -> anyhow::Result<()> {
    sqlx::query(query).bind(number).bind(i64::from(std::process::id())).bind(now_ms()?).execute(db).await?;
    Ok(())
}

/// Milliseconds since 1970.
///
/// # Errors
///
/// Fails when the clock is nonsense.
pub fn now_ms() -> anyhow::Result<i64> {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    Ok(i64::try_from(elapsed.as_millis())?)
}
