//! The commands: each gathers, makes one pure call, confirms, applies, and reports.

mod adopt;
mod change;
mod docs;
mod error;
mod list;
mod lock;
mod merge_driver;
mod new;
mod smoke;
mod snapshot;
mod source;
mod status;
mod suggest;
mod template;

use std::fmt::Display;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use self::change::Intent;
use self::error::{Advice, is_interruption};
pub use self::error::{CommandError, ErrorKind};
pub use self::suggest::with_suggestion;
use crate::cli::{AddCommand, Cli, Command, RemoveCommand, TemplateCommand};
use crate::foreign;
use crate::interrupt::{self, Interrupt};
use crate::ui::{Out, Terminal};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Failed; the reason was told.
    Failed,
    /// Wrong use; the reason was told.
    Usage,
    /// Done, but for conflicts that a person has to resolve.
    Conflicts,
    /// The smoke test failed.
    SmokeFailed,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Conflicts => 3,
            Exit::SmokeFailed => 4,
            Exit::Interrupted => interrupt::EXIT_STATUS,
        })
    }
}

/// Runs a command.
///
/// # Errors
/// What kept it from its end.
pub fn run(cli: Cli, out: &mut Out, interrupt: &Interrupt) -> Result<Exit, CommandError> {
    Ok(dispatch(cli.command, out, interrupt)?)
}

fn dispatch(command: Command, out: &mut Out, interrupt: &Interrupt) -> Result<Exit> {
    match command {
        Command::New(args) => new::run(&args, out, interrupt),
        Command::Add(AddCommand::Feature { names, set, change }) => {
            change::run(&change, &Intent::Add { names, set }, out, interrupt)
        }
        Command::Remove(RemoveCommand::Feature { names, drop_tables, change }) => {
            change::run(&change, &Intent::Remove { names, drop_tables }, out, interrupt)
        }
        Command::Set { pairs, change } => change::run(&change, &Intent::Set(pairs), out, interrupt),
        Command::Update { to, set, change } => change::run(&change, &Intent::Update { to, set }, out, interrupt),
        Command::Status { project, json } => status::status(&project, json, out, interrupt),
        Command::Diff { path, exit_code, project } => {
            status::diff(&project, path.as_deref(), exit_code, out, interrupt)
        }
        Command::Adopt(args) => adopt::run(&args, out, interrupt),
        Command::Smoke(args) => smoke::run(&args, out, interrupt),
        Command::List(args) => list::run(&args, out, interrupt),
        Command::Snapshot(args) => snapshot::run(&args, out, interrupt),
        Command::Template(TemplateCommand::Check { path, json }) => {
            template::check(path.as_deref(), json, out, interrupt)
        }
        Command::Template(TemplateCommand::Matrix { path, cover, json }) => {
            template::matrix(path.as_deref(), &cover, json, out, interrupt)
        }
        Command::Template(TemplateCommand::Test(args)) => template::test(&args, out, interrupt),
        Command::Template(TemplateCommand::Freeze { into }) => template::freeze(&into, out),
        Command::Template(TemplateCommand::Lock { path, update, check }) => {
            lock::run(&path, update, check, out, interrupt)
        }
        Command::Template(TemplateCommand::Schema { manifest }) => template::schema(manifest, out),
        Command::Completions { shell } => docs::completions(shell, out),
        Command::Man { into } => docs::man(into.as_deref(), out),
        Command::MergeDriver(args) => merge_driver::run(&args, out),
        Command::CargoGenerate { request } => Ok(foreign::serve(&request).map(|()| Exit::Done)?),
        Command::Reference => docs::reference(out),
    }
}

/// Whether somebody can be asked: answers come from a terminal, and questions are seen in one.
fn prompts() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Prints what would be done, which is all that a dry run does.
fn show(as_json: bool, plan: &impl Display, json: impl FnOnce() -> serde_json::Value, out: &mut Out) -> Result<Exit> {
    if as_json {
        out.json(&json())?;
    } else {
        out.data(plan)?;
    }
    Ok(Exit::Done)
}

/// Whether somebody says yes; tells what no means.
fn agrees(question: &str, otherwise: &str, out: &mut Out) -> Result<bool> {
    let agrees = Terminal::new().confirm(question, true)?;
    if !agrees {
        out.say(otherwise);
    }
    Ok(agrees)
}

/// What to say about workflows among the `paths` of a project that is a part of a repository.
fn idle_workflows<'a>(mut paths: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    paths.any(|path| path.starts_with(".github/workflows/")).then_some(
        "GitHub runs workflows only from the top of a repository: move what is in the project's .github there, and let its steps \
         run in the project's folder (`defaults: run: working-directory:`)",
    )
}

/// A temporary folder, which goes when it is dropped.
fn scratch_folder() -> Result<TempDir> {
    tempfile::tempdir().context("failed to make a temporary folder; set TMPDIR to a folder that you may write to")
}
