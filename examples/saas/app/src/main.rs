//! The one binary: the server, the worker, and the commands to operate them.

mod health;

use std::process::ExitCode;

use anyhow::Context;
use app::modules;
use clap::{Parser, Subcommand};
use kernel::{Application, Config, config::Environment, database, logging};
use mimalloc::MiMalloc;
use tokio::net::TcpListener;

/// A request is many small allocations, some of which another thread frees. The system's allocator does that more slowly.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Runs and operates the application. Without a command, it serves.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve requests and run background jobs
    Serve {
        /// Leave the jobs to `app worker` processes
        #[arg(long)]
        without_worker: bool,
    },
    /// Run background jobs only
    Worker,
    /// Bring the tables of the database up to date
    Migrate,
    /// Print the description of the API, for clients and tools
    Openapi,
    /// Ask the running application whether it can do its work, as the health check of the container does
    Health,
    /// Find what keeps the application from its work, without changing anything
    Doctor,
    /// Look into the queue of jobs, and mend what is stuck
    Jobs {
        #[command(subcommand)]
        command: job_commands::Command,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Cli::parse().command.unwrap_or(Command::Serve { without_worker: false });
    match run(command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve { without_worker } => serve(!without_worker).await,
        Command::Worker => worker().await,
        Command::Migrate => migrate().await,
        Command::Openapi => {
            println!("{}", kernel::openapi(&modules()).to_pretty_json()?);
            Ok(())
        }
        Command::Health => health::ask(),
        Command::Doctor => {
            let modules = modules();
            doctor::run(Config::load(&modules), modules).await
        }
        Command::Jobs { command } => {
            let db = database::connect(&Config::load(&modules())?).await?;
            print!("{}", job_commands::run(&db, command).await?);
            Ok(())
        }
    }
}

async fn serve(with_worker: bool) -> anyhow::Result<()> {
    let application = start().await?;
    let config = &application.state.config;
    let listener = TcpListener::bind((config.host, config.port)).await.with_context(|| {
        format!("{}:{} cannot be listened on: is the port taken? Set PORT to another one", config.host, config.port)
    })?;
    tracing::info!("listening on http://{}", listener.local_addr()?);

    let stop = kernel::stop_on_signal();
    let work = async { if with_worker { application.worker.run(stop.clone()).await } else { Ok(()) } };
    tokio::try_join!(application.serve(listener, stop.clone()), work)?;
    application.state.db.close().await;
    tracing::info!("stopped");
    Ok(())
}

async fn worker() -> anyhow::Result<()> {
    let application = start().await?;
    tracing::info!("running jobs");
    application.worker.run(kernel::stop_on_signal()).await?;
    application.state.db.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// In development, starting brings the database up to date. In production that is a step of the deployment, so that
/// several processes may start at once.
async fn start() -> anyhow::Result<Application> {
    let modules = modules();
    let config = Config::load(&modules)?;
    logging::init(&config);
    let db = if config.environment == Environment::Development {
        database::prepare(&config, &modules).await?
    } else {
        let db = database::connect(&config).await?;
        database::check_migrated(&db, &modules).await?;
        db
    };
    Ok(Application::build(config, db, modules))
}

async fn migrate() -> anyhow::Result<()> {
    let modules = modules();
    let config = Config::load(&modules)?;
    logging::init(&config);
    database::prepare(&config, &modules).await?;
    tracing::info!("the database is up to date");
    Ok(())
}
