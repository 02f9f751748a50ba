//! `app jobs` looks into the queue and mends what is stuck. Jobs that are done are removed after a while.

mod backend;
mod entry;

use std::{fmt::Write as _, time::Duration};

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use kernel::{
    AppState, Db, Module,
    config::{Reader, Settings},
    database,
};
use serde::Serialize;
use tokio::time::interval;

pub use crate::entry::Entry;
use crate::entry::Row;

const HOUR: Duration = Duration::from_hours(1);

#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// List jobs, the newest first
    List {
        /// Only those that failed for good
        #[arg(long)]
        dead: bool,
        /// How many at most
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Show all about a job: its data, and why it failed
    Show {
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Give jobs all of their attempts again, from now on
    Retry(Selection),
    /// Remove jobs
    Discard(Selection),
}

/// Some jobs by their ids, or all that failed for good.
#[derive(Args, Clone, Debug)]
pub struct Selection {
    #[arg(required_unless_present = "dead")]
    pub ids: Vec<String>,
    /// All that failed for good
    #[arg(long, conflicts_with = "ids")]
    pub dead: bool,
}

#[derive(Clone, Debug)]
struct Keep {
    days: u16,
}

impl Settings for Keep {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self { days: reader.positive("JOBS_KEEP_DAYS", 7) })
    }
}

/// Removes what is done.
pub fn module() -> Module {
    Module::new("job_commands").settings::<Keep>().background(|state| Box::pin(keep_tidy(state)))
}

async fn keep_tidy(state: AppState) {
    let mut hours = interval(HOUR);
    loop {
        hours.tick().await;
        let days = state.config.settings::<Keep>().days;
        match prune(&state.db, 24 * HOUR * u32::from(days)).await {
            Ok(0) => {}
            Ok(jobs) => tracing::info!(jobs, "removed jobs that were done long ago"),
            Err(error) => tracing::error!("jobs that are done cannot be removed: {error}"),
        }
    }
}

/// Removes the jobs that have been done for that long, and returns how many these were.
///
/// # Errors
///
/// Fails when the database does.
pub async fn prune(db: &Db, age: Duration) -> anyhow::Result<u64> {
    let seconds = i64::try_from(age.as_secs())?;
    Ok(sqlx::query(backend::PRUNE).bind(seconds).execute(db).await?.rows_affected())
}

/// Does what the command says, and returns what to print.
///
/// # Errors
///
/// Says which job there is not, or why nothing can be done about it.
pub async fn run(db: &Db, command: Command) -> anyhow::Result<String> {
    match command {
        Command::List { dead, limit, json } => {
            let entries = select(db, None, dead, limit).await?;
            if json { to_json(&entries) } else { Ok(entry::table(&entries)) }
        }
        Command::Show { id, json } => {
            let entries = select(db, Some(&id), false, 1).await?;
            let entry = entries.first().with_context(|| format!("there is no job {id}"))?;
            if json { to_json(entry) } else { Ok(entry.to_string()) }
        }
        Command::Retry(selection) => change(db, selection, backend::RETRY, "will run again").await,
        Command::Discard(selection) => change(db, selection, backend::DISCARD, "discarded").await,
    }
}

async fn select(db: &Db, id: Option<&str>, dead: bool, limit: u32) -> anyhow::Result<Vec<Entry>> {
    let query = sqlx::query_as(backend::SELECT).bind(id).bind(dead.then_some("dead")).bind(i64::from(limit));
    let rows: Vec<Row> = query.fetch_all(db).await?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// Changes all of the jobs, or none.
async fn change(db: &Db, selection: Selection, query: &'static str, done: &str) -> anyhow::Result<String> {
    let mut ids = selection.ids;
    if selection.dead {
        ids.extend(select(db, None, true, u32::MAX).await?.into_iter().map(|entry| entry.id));
    }
    let mut report = String::new();
    let mut transaction = database::begin(db).await?;
    for id in ids {
        let changed = sqlx::query(query).bind(&id).execute(&mut *transaction).await?.rows_affected();
        ensure!(changed > 0, "there is no job {id} that waits or has failed; nothing was changed");
        writeln!(report, "{id} {done}")?;
    }
    transaction.commit().await?;
    Ok(report)
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> anyhow::Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(value)?))
}
