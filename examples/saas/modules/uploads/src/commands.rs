//! `app files` looks into what is stored.

use std::{
    collections::HashSet,
    fmt::Write,
    time::{Duration, SystemTime},
};

use anyhow::ensure;
use clap::{Parser, Subcommand};
use kernel::{AppState, Program};
use uuid::Uuid;

use crate::{file::readable, jobs, receive, store::Storage};

/// A file that is not in the table may be on its way there.
const YOUNG: Duration = Duration::from_hours(24);

/// How many owners are listed.
const OWNERS: i64 = 50;

#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Show how much is stored, and by whom
    Usage,
    /// Compare the table of files with what is stored, and change nothing
    Verify,
    /// Remove what was left behind, and stored files older than a day that no row of the table knows
    Clean {
        /// Say what would be removed, and keep it
        #[arg(long)]
        dry_run: bool,
    },
}

/// Look into the files that people have uploaded: usage, verify, clean
#[derive(Parser)]
#[command(name = "files")]
pub struct Files {
    #[command(subcommand)]
    command: Command,
}

impl kernel::Command for Files {
    async fn run(self, program: Program) -> anyhow::Result<()> {
        let state = program.start().await?.state;
        kernel::print(&run(&state, self.command).await?)
    }
}

/// Does what the command says, and returns what to print.
///
/// # Errors
///
/// Fails when files are missing, or the store does not answer.
pub async fn run(state: &AppState, command: Command) -> anyhow::Result<String> {
    let mut text = String::new();
    match command {
        Command::Usage => {
            let query = "SELECT user_id, bytes, files FROM file_usage WHERE files > 0 ORDER BY bytes DESC LIMIT $1";
            let owners: Vec<(Uuid, i64, i64)> = sqlx::query_as(query).bind(OWNERS).fetch_all(&state.db).await?;
            writeln!(text, "{:<36}  {:>12}  {:>8}", "OWNER", "SIZE", "FILES")?;
            for (owner, bytes, files) in owners {
                writeln!(text, "{owner:<36}  {:>12}  {files:>8}", readable(bytes))?;
            }
        }
        Command::Verify => {
            let Found { missing, unknown } = compare(state).await?;
            for id in &unknown {
                writeln!(text, "{id} is stored, and no row knows it")?;
            }
            for id in &missing {
                writeln!(text, "{id} is not stored")?;
            }
            ensure!(missing.is_empty(), "{text}files are missing");
            writeln!(text, "all files of the table are stored")?;
        }
        Command::Clean { dry_run } => {
            let unknown = compare(state).await?.unknown;
            let verb = if dry_run { "would be removed" } else { "removed" };
            for id in jobs::left_behind(state).await? {
                if !dry_run {
                    receive::discard(state, id).await?;
                }
                writeln!(text, "{id} {verb}: it was left behind")?;
            }
            for id in unknown {
                if !dry_run {
                    state.service::<Storage>().0.delete(state, id).await?;
                }
                writeln!(text, "{id} {verb}: no row knows it")?;
            }
            if text.is_empty() {
                writeln!(text, "there is nothing to remove")?;
            }
        }
    }
    Ok(text)
}

struct Found {
    missing: Vec<Uuid>,
    unknown: Vec<Uuid>,
}

/// Compares the table with the store. The store is read first: what comes meanwhile has a row before it has a byte.
async fn compare(state: &AppState) -> anyhow::Result<Found> {
    let stored: HashSet<Uuid> = state.service::<Storage>().0.list(state).await?.into_iter().collect();
    let rows: Vec<(Uuid, String)> = sqlx::query_as("SELECT id, state FROM files").fetch_all(&state.db).await?;
    let known: HashSet<Uuid> = rows.iter().map(|(id, _)| *id).collect();
    let is_missing = |(id, state): &(Uuid, String)| (state == "stored" && !stored.contains(id)).then_some(*id);
    let mut missing: Vec<Uuid> = rows.iter().filter_map(is_missing).collect();
    let now = SystemTime::from(state.clock.now());
    let mut unknown: Vec<Uuid> = stored.difference(&known).copied().filter(|id| is_old(*id, now)).collect();
    missing.sort();
    unknown.sort();
    // What has been stored since the store was read is there now.
    if !missing.is_empty() {
        let stored: HashSet<Uuid> = state.service::<Storage>().0.list(state).await?.into_iter().collect();
        missing.retain(|id| !stored.contains(id));
    }
    Ok(Found { missing, unknown })
}

/// An id of version 7 tells when it was made.
fn is_old(id: Uuid, now: SystemTime) -> bool {
    let Some(made) = id.get_timestamp() else { return false };
    let (seconds, nanoseconds) = made.to_unix();
    let made = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
    now.duration_since(made).is_ok_and(|age| age > YOUNG)
}
