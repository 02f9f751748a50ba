//! Where cargo builds, which `target/` at the beginning of a program stands for.

use std::env;
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;

use super::error::Error;
use super::process::{Event, Input, Watched};
use super::report::{Failure, Reason};
use super::run::Run;

#[derive(Deserialize)]
struct Metadata {
    target_directory: PathBuf,
}

/// Whether the caller of [`find`] needs to call it.
pub(super) fn is_needed(words: &[String]) -> bool {
    words.first().is_some_and(|program| program.starts_with("target/"))
}

/// Asks the environment, then cargo, which knows its configuration files.
pub(super) fn find(run: &mut Run<'_>) -> Result<Result<PathBuf, Failure>, Error> {
    if let Some(target) = &run.target {
        return Ok(Ok(target.clone()));
    }
    let given = run.env.get("CARGO_TARGET_DIR").map(PathBuf::from);
    let found = match given.or_else(|| env::var_os("CARGO_TARGET_DIR").map(PathBuf::from)) {
        Some(target) if !target.as_os_str().is_empty() => Ok(run.root.join(target)),
        _ => ask_cargo(run)?,
    };
    if let Ok(target) = &found {
        run.target = Some(target.clone());
    }
    Ok(found)
}

/// A process like every other: rustup may install a toolchain first, which takes time and can be interrupted.
fn ask_cargo(run: &mut Run<'_>) -> Result<Result<PathBuf, Failure>, Error> {
    let words = ["cargo", "metadata", "--no-deps", "--format-version", "1"].map(str::to_owned);
    let env = run.env.clone();
    let mut process = match run.spawn("cargo metadata", &words, &env, Input::Null)? {
        Ok(process) => process,
        Err(failure) => return Ok(Err(failure)),
    };
    let limit = run.limits.step;
    let cause = match process.watch(run.interrupt, limit, |_: Event<'_>| None::<()>)? {
        Watched::Exited(exit) if exit.is_success() => {
            let log =
                fs::read(process.log()).map_err(|source| Error::Log { path: process.log().to_owned(), source })?;
            let json = log.split(|byte| *byte == b'\n').find(|line| line.starts_with(b"{")).unwrap_or_default();
            match serde_json::from_slice::<Metadata>(json) {
                Ok(metadata) => return Ok(Ok(metadata.target_directory)),
                Err(error) => error.to_string(),
            }
        }
        Watched::Exited(exit) => format!("`cargo metadata` ended with {exit}"),
        Watched::Done(()) | Watched::TimedOut => format!("`cargo metadata` took more than {} s", limit.as_secs()),
    };
    process.kill();
    Ok(Err(Failure::new(Reason::TargetUnknown { cause }, process.tail())))
}
