//! `app backup` and `app restore`: copies of the database that are whole, and the way back.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use clap::Parser;
use kernel::{Command, Config, Module, Program};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

/// The commands.
pub fn module() -> Module {
    Module::new("backups").command::<Backup>().command::<Restore>()
}

/// Write a copy of the database, while it is in use
#[derive(Parser)]
#[command(name = "backup")]
struct Backup {
    /// Where to; a copy that stands there is replaced when the new one is complete
    file: PathBuf,
}

impl Command for Backup {
    async fn run(self, program: Program) -> anyhow::Result<()> {
        backup(&program.config()?, &self.file).await
    }
}

/// Put a copy in the place of the database; the application must not run
#[derive(Parser)]
#[command(name = "restore")]
struct Restore {
    /// A copy that `app backup` has written
    file: PathBuf,
}

impl Command for Restore {
    async fn run(self, program: Program) -> anyhow::Result<()> {
        restore(&program.config()?, &self.file).await
    }
}

/// Writes a copy of the database to `target`, while the database is in use. Until it is complete, a copy that stands there
/// already stays as it is.
///
/// # Errors
///
/// Fails when the database cannot be read in full, or the copy cannot be written.
pub async fn backup(config: &Config, target: &Path) -> anyhow::Result<()> {
    let source = config.database_url.expose().file();
    let copy = copy(source, target).await?;
    put_in_place(&copy, target)?;
    println!("{} is a copy of {}", target.display(), source.display());
    Ok(())
}

/// Puts a copy of `source` in the place of the database. What was there is set aside.
///
/// # Errors
///
/// Fails when `source` is no database of this application or is damaged, and when somebody uses the database. Nothing has
/// changed then.
pub async fn restore(config: &Config, source: &Path) -> anyhow::Result<()> {
    let target = config.database_url.expose().file();
    let copy = copy(source, target).await?;
    if target.try_exists()? {
        make_sure_that_nobody_uses(target).await?;
    }
    // A log that was left behind by another database would be taken for the log of this one.
    let aside = with_suffix(target, ".replaced");
    for suffix in ["", "-wal", "-shm"] {
        let (from, to) = (with_suffix(target, suffix), with_suffix(&aside, suffix));
        remove(&to)?;
        match fs::rename(&from, &to) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            outcome => outcome.with_context(|| format!("{} cannot be set aside", from.display()))?,
        }
    }
    put_in_place(&copy, target)?;
    println!("{} has the content of {}; what was there is in {}", target.display(), source.display(), aside.display());
    println!("Run `app migrate` before you start the application.");
    Ok(())
}

/// Writes a copy of the database `source` beside `target`, and looks it through.
async fn copy(source: &Path, target: &Path) -> anyhow::Result<PathBuf> {
    let copy = with_suffix(target, ".part");
    remove(&copy)?;
    let outcome = write_copy(source, &copy).await;
    if outcome.is_err() {
        remove(&copy)?;
    }
    outcome.with_context(|| format!("{} cannot be copied to {}", source.display(), copy.display()))?;
    Ok(copy)
}

async fn write_copy(source: &Path, copy: &Path) -> anyhow::Result<()> {
    let name = copy.to_str().context("the name of the file is not UTF-8")?;
    let mut connection = open(source, true).await?;
    sqlx::query("VACUUM INTO $1").bind(name).execute(&mut connection).await?;
    connection.close().await?;

    let mut connection = open(copy, true).await?;
    let faults: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut connection).await?;
    ensure!(faults == "ok", "it is damaged: {faults}");
    let history = sqlx::query("SELECT 1 FROM _migrations__jobs").execute(&mut connection).await;
    history.context("it is no database of this application")?;
    connection.close().await?;
    Ok(File::open(copy)?.sync_all()?)
}

/// Only who has the database for himself can leave the write-ahead log. Its content goes into the file then.
async fn make_sure_that_nobody_uses(file: &Path) -> anyhow::Result<()> {
    let attempt = async {
        let mut connection = open(file, false).await?;
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode = DELETE").fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(mode)
    };
    let is_busy = match attempt.await {
        Ok(mode) => mode != "delete",
        Err(sqlx::Error::Database(error)) => matches!(error.code().as_deref(), Some("5" | "261" | "517")),
        // What is damaged cannot be asked.
        Err(_) => false,
    };
    if is_busy {
        bail!("{} is in use: stop the application and all its workers first", file.display());
    }
    Ok(())
}

async fn open(file: &Path, read_only: bool) -> sqlx::Result<SqliteConnection> {
    let options = SqliteConnectOptions::new().filename(file).read_only(read_only);
    options.busy_timeout(Duration::from_secs(1)).connect().await
}

/// The other name is there in one step, also when the power fails.
fn put_in_place(copy: &Path, target: &Path) -> anyhow::Result<()> {
    fs::rename(copy, target).with_context(|| format!("{} cannot be replaced", target.display()))?;
    let folder = target.parent().filter(|folder| *folder != Path::new("")).unwrap_or_else(|| Path::new("."));
    // Not every system can do this.
    File::open(folder).and_then(|folder| folder.sync_all()).ok();
    Ok(())
}

fn remove(file: &Path) -> anyhow::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        outcome => outcome.with_context(|| format!("{} cannot be removed", file.display())),
    }
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    name.into()
}
