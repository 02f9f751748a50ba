//! Jobs at fixed times.
//!
//! A job that implements [`Schedule`] and that its module lists with [`ModuleExt::schedule`] is accepted whenever its
//! time has come: once, however many processes run. Times that pass while none runs are made up for by a single job.
//!
//! ```
//! # use kernel::{AppState, Job, Module};
//! # use serde::{Deserialize, Serialize};
//! use schedules::{ModuleExt as _, Schedule};
//! use time::OffsetDateTime;
//!
//! /// Forgets what nobody needs any more.
//! #[derive(Serialize, Deserialize)]
//! struct CleanUp;
//!
//! impl Schedule for CleanUp {
//!     const CRON: &'static str = "30 3 * * *";
//!
//!     fn due(_: OffsetDateTime) -> Self {
//!         Self
//!     }
//! }
//! # impl Job for CleanUp {
//! #     const NAME: &'static str = "notes.clean_up";
//! #     async fn run(self, _: AppState) -> anyhow::Result<()> { Ok(()) }
//! # }
//!
//! pub fn module() -> Module {
//!     Module::new("notes").schedule::<CleanUp>()
//! }
//! ```

mod cron;

use std::time::Duration;

use anyhow::Context;
use kernel::{
    AppState, Job, Module,
    database::{self, Migration},
    jobs,
};
use time::OffsetDateTime;
use tokio::time::sleep;

pub use crate::cron::Cron;

/// How often the clock is looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "create schedules",
    sql: "CREATE TABLE schedules (job TEXT NOT NULL PRIMARY KEY, due BIGINT NOT NULL)",
}];

/// A job at fixed times.
pub trait Schedule: Job {
    /// When, in UTC: minute, hour, day of the month, month, day of the week, as in `30 3 * * MON-FRI`.
    const CRON: &'static str;

    /// The job for one of these times.
    fn due(at: OffsetDateTime) -> Self;
}

/// Schedules for modules.
pub trait ModuleExt: Sized {
    /// A kind of job that this module can run, and that is due at fixed times.
    ///
    /// # Panics
    ///
    /// When the times cannot be understood.
    #[must_use]
    fn schedule<S: Schedule>(self) -> Self;
}

impl ModuleExt for Module {
    fn schedule<S: Schedule>(self) -> Self {
        if let Err(error) = S::CRON.parse::<Cron>() {
            panic!("the schedule of {} is malformed: {error:#}", S::NAME);
        }
        self.job::<S>().background(|state| Box::pin(keep::<S>(state)))
    }
}

/// The table that remembers what was due last.
pub fn module() -> Module {
    Module::new("schedules").migrations(MIGRATIONS)
}

/// Accepts the job whenever it is due.
async fn keep<S: Schedule>(state: AppState) {
    let mut seen = None;
    loop {
        // Other processes may have been faster, but there is nothing to ask the database for before the next time.
        let latest = latest::<S>(state.clock.now()).ok();
        if latest != seen {
            match accept_due::<S>(&state).await {
                Ok(_) => seen = latest,
                Err(error) => tracing::error!(job = S::NAME, "the schedule cannot be kept: {error:#}"),
            }
        }
        sleep(LOOK_INTERVAL).await;
    }
}

/// Accepts the job if a time has come since the last call, of this process or of another one. Returns whether it did. The
/// first call ever only takes note of the time.
///
/// # Errors
///
/// Fails when the database does.
pub async fn accept_due<S: Schedule>(state: &AppState) -> anyhow::Result<bool> {
    let due = latest::<S>(state.clock.now())?;
    let seconds = due.unix_timestamp();
    let mut transaction = database::begin(&state.db).await?;
    let query = "INSERT INTO schedules (job, due) VALUES ($1, $2) ON CONFLICT (job) DO NOTHING";
    sqlx::query(query).bind(S::NAME).bind(seconds).execute(&mut *transaction).await?;
    let query = "UPDATE schedules SET due = $1 WHERE job = $2 AND due < $1";
    let come = sqlx::query(query).bind(seconds).bind(S::NAME).execute(&mut *transaction).await?.rows_affected() > 0;
    if come {
        jobs::enqueue(&mut transaction, &S::due(due)).await?;
    }
    transaction.commit().await?;
    Ok(come)
}

/// The latest time of the schedule that is not in the future.
fn latest<S: Schedule>(now: OffsetDateTime) -> anyhow::Result<OffsetDateTime> {
    let cron: Cron = S::CRON.parse()?;
    cron.latest(now).context("the clock is out of range")
}
