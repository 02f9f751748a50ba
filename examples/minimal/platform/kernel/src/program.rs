//! The application's program: its commands, and what they begin with.

use std::{ffi::OsString, fmt::Write, process::ExitCode};

use anyhow::{Context, ensure};
use clap::{ArgMatches, Parser};

use crate::{
    APP_DESCRIPTION, Application, BoxFuture, Command, Config, Module, Seed,
    config::{Environment, Origin},
    database, logging,
};

/// The modules as a program. Its commands are those below and those of the modules; without one, it serves.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    modules: fn() -> Vec<Module>,
}

/// A command, with its type erased.
pub struct Entry {
    pub(crate) command: clap::Command,
    run: Run,
}

type Running = BoxFuture<'static, anyhow::Result<()>>;

type Run = fn(&ArgMatches, Program) -> Result<Running, clap::Error>;

impl Entry {
    pub fn of<C: Command>() -> Self {
        Self { command: C::command(), run: |matches, program| Ok(Box::pin(C::from_arg_matches(matches)?.run(program))) }
    }
}

impl Program {
    #[must_use]
    pub const fn new(modules: fn() -> Vec<Module>) -> Self {
        Self { modules }
    }

    /// Does what the arguments of this process say.
    pub async fn run(self) -> ExitCode {
        let arguments: Vec<OsString> = std::env::args_os().collect();
        match self.run_with(arguments).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                if let Some(usage) = error.downcast_ref::<clap::Error>() {
                    usage.exit();
                }
                eprintln!("error: {error:#}");
                ExitCode::FAILURE
            }
        }
    }

    /// Does what these arguments say; the first one is the name of the program.
    ///
    /// # Errors
    ///
    /// Fails with a [`clap::Error`] where they make no sense, or as the command does.
    pub async fn run_with(self, arguments: Vec<OsString>) -> anyhow::Result<()> {
        let own = [
            Entry::of::<Serve>(),
            Entry::of::<Worker>(),
            Entry::of::<Migrate>(),
            Entry::of::<SeedAll>(),
            Entry::of::<ShowConfig>(),
            Entry::of::<ShowRoutes>(),
            Entry::of::<Openapi>(),
        ];
        let entries: Vec<Entry> =
            own.into_iter().chain(self.modules().into_iter().flat_map(|it| it.commands)).collect();
        let mut cli = clap::Command::new("app").version(env!("CARGO_PKG_VERSION")).about(APP_DESCRIPTION);
        for Entry { command, .. } in &entries {
            let name = command.get_name();
            ensure!(cli.find_subcommand(name).is_none(), "the command `{name}` is there twice: rename one");
            cli = cli.subcommand(command.clone());
        }
        let matches = cli.try_get_matches_from(arguments)?;
        let Some((name, matches)) = matches.subcommand() else {
            return Serve { without_worker: false }.run(self).await;
        };
        let entry = entries.iter().find(|entry| entry.command.get_name() == name).context("clap knows the commands")?;
        (entry.run)(matches, self)?.await
    }

    #[must_use]
    pub fn modules(&self) -> Vec<Module> {
        (self.modules)()
    }

    /// Reads the configuration.
    ///
    /// # Errors
    ///
    /// Names all that is wrong with it.
    pub fn config(&self) -> anyhow::Result<Config> {
        Config::load(&self.modules())
    }

    /// Puts the application together, with its log and its database. In development, this brings the database up to date. In
    /// production that is a step of the deployment, so that several processes may start at once.
    ///
    /// # Errors
    ///
    /// Says what keeps the application from its work.
    pub async fn start(&self) -> anyhow::Result<Application> {
        let modules = self.modules();
        let config = Config::load(&modules)?;
        logging::init(&config, &modules);
        let db = if config.environment == Environment::Development {
            database::prepare(&config, &modules).await?
        } else {
            let db = database::connect(&config).await?;
            database::check_migrated(&db, &modules).await?;
            db
        };
        Application::build(config, db, modules)
    }
}

/// Serve requests and run background jobs
#[derive(Parser)]
#[command(name = "serve")]
struct Serve {
    /// Leave the jobs to `app worker` processes
    #[arg(long)]
    without_worker: bool,
}

impl Command for Serve {
    async fn run(self, program: Program) -> anyhow::Result<()> {
        let application = program.start().await?;
        let listener = crate::listen(&application.state.config).await?;
        let stop = crate::stop_on_signal();
        let _everywhere = application.everywhere();
        let work = async { if self.without_worker { Ok(()) } else { application.worker.run(stop.clone()).await } };
        tokio::try_join!(application.serve(listener, stop.clone()), work)?;
        application.state.db.close().await;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Run background jobs only
#[derive(Parser)]
#[command(name = "worker")]
struct Worker;

impl Command for Worker {
    async fn run(self, program: Program) -> anyhow::Result<()> {
        let application = program.start().await?;
        tracing::info!("running jobs");
        crate::notify("READY=1");
        let _everywhere = application.everywhere();
        application.worker.run(crate::stop_on_signal()).await?;
        application.state.db.close().await;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Bring the tables of the database up to date
#[derive(Parser)]
#[command(name = "migrate")]
struct Migrate;

impl Command for Migrate {
    async fn run(self, program: Program) -> anyhow::Result<()> {
        let modules = program.modules();
        let config = Config::load(&modules)?;
        logging::init(&config, &modules);
        database::prepare(&config, &modules).await?;
        tracing::info!("the database is up to date");
        Ok(())
    }
}

/// Fill the database with data to develop with
#[derive(Parser)]
#[command(name = "seed")]
struct SeedAll;

impl Command for SeedAll {
    async fn run(self, program: Program) -> anyhow::Result<()> {
        let state = program.start().await?.state;
        ensure!(
            state.config.environment == Environment::Development,
            "data to develop with has no place in production"
        );
        for Seed(fill) in state.all() {
            fill(state.clone()).await?;
        }
        Ok(())
    }
}

/// Show the configuration that is in force, and where each value comes from; secrets stay hidden
#[derive(Parser)]
#[command(name = "config")]
struct ShowConfig;

impl Command for ShowConfig {
    async fn run(self, program: Program) -> anyhow::Result<()> {
        let mut lines = String::new();
        for entry in program.config()?.entries {
            let value = entry.value.unwrap_or_default();
            let origin = match entry.origin {
                Origin::Environment => "environment",
                Origin::File => ".env",
                Origin::Default => "default",
            };
            writeln!(lines, "{origin:<12} {}={value}", entry.key)?;
        }
        crate::print(&lines)
    }
}

/// List all routes: who may use them, their limits, and the layers around them
#[derive(Parser)]
#[command(name = "routes")]
struct ShowRoutes;

impl Command for ShowRoutes {
    async fn run(self, program: Program) -> anyhow::Result<()> {
        let application = program.start().await?;
        let mut lines = String::new();
        for route in application.routes().await {
            writeln!(lines, "{route}")?;
        }
        writeln!(lines)?;
        for (stage, module) in &*application.layers {
            writeln!(lines, "{stage:<8?} {module}")?;
        }
        crate::print(&lines)
    }
}

/// Print the description of the API, for clients and tools
#[derive(Parser)]
#[command(name = "openapi")]
struct Openapi;

impl Command for Openapi {
    async fn run(self, program: Program) -> anyhow::Result<()> {
        crate::print(&format!("{}\n", crate::openapi(&program.modules()).to_pretty_json()?))
    }
}
