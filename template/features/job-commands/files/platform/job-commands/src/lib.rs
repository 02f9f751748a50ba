//! `app jobs` looks into the queue and helps what is stuck.

mod entry;

use anyhow::{Context, ensure};
use clap::{Args, Parser, Subcommand};
use kernel::{Db, Module, Program, database, jobs};
use serde::Serialize;
use sqlx::{AssertSqlSafe, error::DatabaseError};

pub use crate::entry::Entry;

const UNCHANGED: &str = "nothing was changed";

const SELECT: &str = "SELECT id, kind, description, attempts, max_attempts, run_at, last_error, request, \
     CASE WHEN state = 'scheduled' AND attempts > 0 THEN 'failed' WHEN state = 'scheduled' THEN 'waiting' \
     ELSE state END AS state FROM _jobs";

/// As the index of ended jobs has it.
const DEAD: &str = "WHERE state = 'dead' AND finished_at IS NOT NULL";

/// Jobs that neither run nor are done get all of their attempts again.
const RETRY: &str = "UPDATE _jobs SET state = 'waiting', attempts = 0, run_at = (SELECT ms FROM _clock), \
     finished_at = NULL WHERE id = $1 AND state NOT IN ('running', 'done')";

/// The worker that has the job stops it as soon as it notices.
const REQUEUE: &str = "UPDATE _jobs SET state = 'waiting', locked_by = NULL WHERE id = $1 AND state = 'running'";

const DISCARD: &str = "DELETE FROM _jobs WHERE id = $1 AND state NOT IN ('running', 'done')";

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
    /// Show what became of a job, and why it failed
    Show {
        id: i64,
        /// Print its data as well: there may be secrets in it
        #[arg(long)]
        payload: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Give jobs all of their attempts again, from now on
    Retry(Selection),
    /// Take jobs from the workers that run them, and let others start them again
    Requeue(Running),
    /// Let jobs not start, or stop them, and keep them in the list
    Cancel(Running),
    /// Remove jobs that neither run nor are done
    Discard(Selection),
}

/// Some jobs by their ids, or all that failed for good.
#[derive(Args, Clone, Debug)]
pub struct Selection {
    #[arg(required_unless_present = "dead")]
    pub ids: Vec<i64>,
    /// All that failed for good
    #[arg(long, conflicts_with = "ids")]
    pub dead: bool,
}

/// Some jobs by their ids.
#[derive(Args, Clone, Debug)]
pub struct Running {
    #[arg(required = true)]
    pub ids: Vec<i64>,
}

/// Look into the queue of jobs: list, retry, requeue, cancel, discard
#[derive(Parser)]
#[command(name = "jobs")]
struct Jobs {
    #[command(subcommand)]
    command: Command,
}

impl kernel::Command for Jobs {
    async fn run(self, program: Program) -> anyhow::Result<()> {
        let db = database::connect(&program.config()?).await?;
        kernel::print(&run(&db, self.command).await?)
    }
}

/// The commands.
pub fn module() -> Module {
    Module::new("job_commands").command::<Jobs>()
}

/// Does what the command says, and returns what to print.
///
/// # Errors
///
/// Says which job there is not, or why nothing can be done about it.
pub async fn run(db: &Db, command: Command) -> anyhow::Result<String> {
    match command {
        Command::List { dead, limit, json } => {
            let entries = select(db, dead, limit).await?;
            if json { to_json(&entries) } else { Ok(entry::table(&entries)) }
        }
        Command::Show { id, payload, json } => {
            let mut entry = find(db, id).await?;
            if payload {
                let query = sqlx::query_scalar("SELECT payload FROM _jobs WHERE id = $1");
                entry.payload = Some(query.bind(id).fetch_one(db).await.context("its data cannot be read")?);
            }
            if json { to_json(&entry) } else { Ok(entry.to_string()) }
        }
        Command::Retry(selection) => change(db, selection.ids(db).await?, RETRY, "will run again").await,
        Command::Requeue(Running { ids }) => change(db, ids, REQUEUE, "requeued").await,
        Command::Cancel(Running { ids }) => {
            let mut transaction = database::begin(db).await?;
            for &id in &ids {
                ensure!(
                    jobs::cancel(&mut transaction, id).await?,
                    "the job {id} is not there, or has ended; {UNCHANGED}"
                );
            }
            transaction.commit().await?;
            Ok(report(&ids, "cancelled"))
        }
        Command::Discard(selection) => change(db, selection.ids(db).await?, DISCARD, "discarded").await,
    }
}

impl Selection {
    async fn ids(self, db: &Db) -> anyhow::Result<Vec<i64>> {
        if !self.dead {
            return Ok(self.ids);
        }
        Ok(sqlx::query_scalar(AssertSqlSafe(format!("SELECT id FROM _jobs {DEAD} ORDER BY id"))).fetch_all(db).await?)
    }
}

/// The newest jobs.
async fn select(db: &Db, dead: bool, limit: u32) -> anyhow::Result<Vec<Entry>> {
    let query = format!("{SELECT} {} ORDER BY id DESC LIMIT $1", if dead { DEAD } else { "" });
    let rows = sqlx::query(AssertSqlSafe(query)).bind(i64::from(limit)).fetch_all(db).await?;
    rows.iter().map(Entry::of).collect()
}

async fn find(db: &Db, id: i64) -> anyhow::Result<Entry> {
    let query = AssertSqlSafe(format!("{SELECT} WHERE id = $1"));
    let row = sqlx::query(query).bind(id).fetch_optional(db).await?;
    Entry::of(&row.with_context(|| format!("there is no job {id}"))?)
}

/// Changes all of the jobs, or none.
async fn change(db: &Db, ids: Vec<i64>, query: &'static str, done: &str) -> anyhow::Result<String> {
    let mut transaction = database::begin(db).await?;
    for id in &ids {
        let changed = sqlx::query(query).bind(id).execute(&mut *transaction).await.map_err(|error| {
            let taken = error.as_database_error().is_some_and(DatabaseError::is_unique_violation);
            let error = anyhow::Error::from(error);
            if taken {
                error.context(format!("another job with the key of {id} is unfinished; {UNCHANGED}"))
            } else {
                error
            }
        })?;
        ensure!(
            changed.rows_affected() > 0,
            "`app jobs show {id}` finds no job, or one in a state that this is not for; {UNCHANGED}"
        );
    }
    transaction.commit().await?;
    Ok(report(&ids, done))
}

fn report(ids: &[i64], done: &str) -> String {
    ids.iter().map(|id| format!("{id} {done}\n")).collect::<Vec<_>>().concat()
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> anyhow::Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(value)?))
}
