//! Proves that the queue loses nothing: kills workers in the middle of jobs, or watches a server for long.

mod kills;
mod redis;
mod soak;
mod throughput;
mod traces;

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, ensure};
use clap::{Parser, Subcommand};
use kernel::{Config, Db, database};
use uuid::Uuid;

use crate::redis::Redis;

#[derive(Parser)]
struct Cli {
    /// The program `app` of this project
    #[arg(long)]
    app: PathBuf,
    /// Let a Redis server with its data in this folder hand out the jobs, and kill it now and then, too
    #[arg(long, value_name = "FOLDER")]
    redis: Option<PathBuf>,
    #[command(subcommand)]
    proof: Proof,
}

#[derive(Subcommand)]
enum Proof {
    /// Kill workers with SIGKILL in the middle of jobs
    Kills { times: usize },
    /// Watch how long jobs wait in a server that runs for long
    Soak { minutes: u64 },
    /// Measure how many jobs are done in a second, and how soon
    Throughput { jobs: usize },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let modules = [proof::module()];
    let config = Config::load(&modules)?;
    let db = database::prepare(&config, &modules).await?;
    let mut redis = match cli.redis {
        Some(folder) => Some(Redis::start(folder).await?),
        None => None,
    };
    let app = App { program: cli.app, redis_url: redis.as_ref().map(Redis::url).unwrap_or_default() };
    match cli.proof {
        Proof::Kills { times } => kills::prove(&db, &app, times, redis.as_mut()).await,
        Proof::Soak { minutes } => soak::prove(&db, &app, Duration::from_secs(60 * minutes)).await,
        Proof::Throughput { jobs } => throughput::prove(config, &db, jobs).await,
    }
}

/// The program `app`, and the Redis server that it uses, if any.
struct App {
    program: PathBuf,
    redis_url: String,
}

/// A process of the application. It does not outlive this value.
struct Process(Child);

impl Process {
    fn spawn(app: &App, arguments: &[&str], variables: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut command = Command::new(&app.program);
        command.args(arguments).env("LOG", "warn").env("REDIS_URL", &app.redis_url);
        command.envs(variables.iter().copied()).stdin(Stdio::null());
        Ok(Self(command.spawn().with_context(|| format!("{} cannot be run", app.program.display()))?))
    }

    fn id(&self) -> i64 {
        self.0.id().into()
    }

    /// Ends it with SIGKILL.
    fn kill(mut self) -> anyhow::Result<()> {
        ensure!(self.0.try_wait()?.is_none(), "a worker ended by itself");
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }

    /// Asks it to stop, as a service manager does, and expects that it does so well.
    fn stop(mut self) -> anyhow::Result<()> {
        Command::new("kill").args(["-TERM", &self.id().to_string()]).status()?;
        let status = self.0.wait()?;
        ensure!(status.success(), "the process stopped with {status}");
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It fails for a process that has ended, and that is just as well.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A number below `limit`, in no order.
fn random(limit: u64) -> u64 {
    Uuid::new_v4().as_u64_pair().1 % limit
}

/// How many jobs are in the queue in which state.
async fn states(db: &Db) -> anyhow::Result<Vec<(String, i64)>> {
    let query = "SELECT state, count(*) FROM _jobs GROUP BY state ORDER BY state";
    Ok(sqlx::query_as(query).fetch_all(db).await?)
}
