//! `app doctor` looks for what keeps the application from its work, and changes nothing.

mod backend;

use std::{
    env, fmt, fs,
    io::{self, ErrorKind},
    net::SocketAddr,
    path::Path,
    time::SystemTime,
};

use anyhow::{Context, ensure};
use clap::Parser;
use kernel::{Advice, Application, Command, Config, Db, Inspect, Module, Program, database, health};
use tokio::net::TcpListener;
use uuid::Uuid;

const MIB: u64 = 1024 * 1024;
const SCARCE: u64 = 1024 * MIB;
const FULL: u64 = 100 * MIB;

/// The command.
pub fn module() -> Module {
    Module::new("doctor").command::<Doctor>()
}

/// Find what keeps the application from its work, without changing anything
#[derive(Parser)]
#[command(name = "doctor")]
struct Doctor;

impl Command for Doctor {
    async fn run(self, program: Program) -> anyhow::Result<()> {
        run(program.config(), program.modules()).await
    }
}

/// What a check has found, and what to do about it.
#[derive(Debug)]
pub struct Finding {
    pub level: Level,
    pub check: &'static str,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Ok,
    /// It works, but not for long or not as meant.
    Warn,
    /// The application cannot do its work.
    Fail,
}

impl Finding {
    fn new(level: Level, check: &'static str, message: impl Into<String>) -> Self {
        Self { level, check, message: message.into() }
    }

    /// All is well with `message`, unless something failed.
    fn from_outcome(check: &'static str, outcome: anyhow::Result<()>, message: impl Into<String>) -> Self {
        match outcome {
            Ok(()) => Self::new(Level::Ok, check, message),
            Err(error) => Self::new(Level::Fail, check, format!("{error:#}")),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "fail",
        };
        write!(formatter, "{level:<5} {}: {}", self.check, self.message)
    }
}

/// Prints a line for each finding, and fails when one of them keeps the application from its work.
async fn run(config: anyhow::Result<Config>, modules: Vec<Module>) -> anyhow::Result<()> {
    let findings = examine(config, modules).await;
    kernel::print(&findings.iter().map(|finding| format!("{finding}\n")).collect::<Vec<_>>().concat())?;
    ensure!(findings.iter().all(|finding| finding.level != Level::Fail), "not all is well");
    Ok(())
}

/// Checks all that can be checked.
pub async fn examine(config: anyhow::Result<Config>, modules: Vec<Module>) -> Vec<Finding> {
    let config = match config {
        Ok(config) => config,
        Err(error) => return vec![Finding::from_outcome("configuration", Err(error), "")],
    };
    let mut findings = vec![
        Finding::new(Level::Ok, "configuration", format!("complete, for {:?}", config.environment)),
        port(SocketAddr::new(config.host, config.port)).await,
        temporary_files(&env::temp_dir()),
    ];
    match database::connect(&config).await {
        Ok(db) => examine_application(config, &db, modules, &mut findings).await,
        Err(error) => findings.push(Finding::from_outcome("database", Err(error), "")),
    }
    findings
}

async fn examine_application(config: Config, db: &Db, modules: Vec<Module>, findings: &mut Vec<Finding>) {
    let migrated = database::check_migrated(db, &modules).await;
    let application = match Application::build(config, db.clone(), modules) {
        Ok(application) => application,
        Err(error) => return findings.push(Finding::from_outcome("modules", Err(error), "")),
    };
    let advice = application.state.all().iter().filter_map(|Advice(ask)| ask(&application.state.config));
    findings.extend(advice.map(|message| Finding::new(Level::Warn, "configuration", message)));
    for Inspect(look) in application.state.all() {
        match look(application.state.clone()).await {
            Ok(advice) => findings.extend(advice.map(|message| Finding::new(Level::Warn, "data", message))),
            Err(error) => findings.push(Finding::from_outcome("data", Err(error), "")),
        }
    }
    for health::Finding { name, outcome, elapsed } in health::examine(&application.state).await {
        findings.push(Finding::from_outcome(name, outcome, format!("answers in {elapsed:.1?}")));
    }
    findings.push(Finding::from_outcome("writing", backend::check_writable(db).await, "is possible"));
    if let Some(query) = backend::INTEGRITY {
        let outcome = check_integrity(db, query).await.context("restore a backup");
        findings.push(Finding::from_outcome("data", outcome, "is undamaged"));
    }
    let folder = backend::data_folder(db);
    findings.push(disk(&folder, fs4::available_space(&folder)));
    findings.push(Finding::from_outcome("migrations", migrated, "all have run"));
    findings.extend(clock(db).await.ok());
    db.close().await;
}

async fn check_integrity(db: &Db, query: &'static str) -> anyhow::Result<()> {
    let faults: String = sqlx::query_scalar(query).fetch_one(db).await?;
    ensure!(faults == "ok", "{faults}");
    Ok(())
}

async fn port(address: SocketAddr) -> Finding {
    match TcpListener::bind(address).await {
        Ok(_) => Finding::new(Level::Ok, "port", format!("{address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let message = format!("{address} is taken: if not by this application, change PORT");
            Finding::new(Level::Warn, "port", message)
        }
        Err(error) => Finding::new(Level::Fail, "port", format!("{address}: {error}: change HOST or PORT")),
    }
}

fn temporary_files(folder: &Path) -> Finding {
    let (file, folder) = (folder.join(format!("doctor-{}", Uuid::new_v4())), folder.display());
    let attempt = fs::write(&file, "").and_then(|()| fs::remove_file(&file));
    let outcome = attempt.with_context(|| format!("make {folder} writable"));
    Finding::from_outcome("temporary files", outcome, format!("{folder} is writable"))
}

fn disk(folder: &Path, free: io::Result<u64>) -> Finding {
    let folder = folder.display();
    let free = match free {
        Ok(bytes) => bytes,
        Err(error) => return Finding::new(Level::Warn, "disk", format!("{folder}: {error}")),
    };
    let (level, advice) = match free {
        ..FULL => (Level::Fail, ": make room"),
        FULL..SCARCE => (Level::Warn, ": make room soon"),
        SCARCE.. => (Level::Ok, ""),
    };
    Finding::new(level, "disk", format!("{} MiB are free in {folder}{advice}", free / MIB))
}

/// Nothing is found while the table that this looks at does not exist.
async fn clock(db: &Db) -> anyhow::Result<Finding> {
    let now = SystemTime::UNIX_EPOCH.elapsed()?.as_secs_f64();
    let ahead: f64 = sqlx::query_scalar(backend::SECONDS_AHEAD).bind(now).fetch_one(db).await?;
    Ok(match ahead.abs() {
        ..5.0 => Finding::new(Level::Ok, "clock", "agrees with the database"),
        _ => Finding::new(Level::Warn, "clock", format!("the database is {ahead:+.0} s from here: set this machine's")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_a_failure() {
        let level = |free| disk(Path::new("/data"), free).level;
        assert_eq!(level(Ok(99 * MIB)), Level::Fail);
        assert_eq!(level(Ok(1023 * MIB)), Level::Warn);
        assert_eq!(level(Ok(1024 * MIB)), Level::Ok);
        assert_eq!(level(Err(ErrorKind::Unsupported.into())), Level::Warn);
        assert_eq!(disk(Path::new("/data"), Ok(7 * MIB)).to_string(), "fail  disk: 7 MiB are free in /data: make room");
    }

    #[test]
    fn a_missing_folder_for_temporary_files_is_a_failure() {
        let finding = temporary_files(Path::new("/does/not/exist"));
        assert_eq!(finding.level, Level::Fail);
        assert!(finding.message.starts_with("make /does/not/exist writable"), "{finding}");
    }
}
