//! Which file a program in `target/` is.
//!
//! Where cargo puts what it builds depends on its configuration and on the environment, and what an earlier build has left
//! stays where it is. So cargo itself tells which file it has built.

use std::collections::BTreeMap;
use std::env::{self, consts::EXE_SUFFIX};
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::command;
use super::error::Error;
use super::process::Role;
use super::report::{Failure, Reason};
use super::run::Run;
use super::step;
use crate::template::manifest::SmokeStep;

/// One of the messages in which cargo tells what it has built.
#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Metadata {
    target_directory: PathBuf,
}

/// Finds the program that the words begin with and tells `run`, if it is one in `target/`.
pub(super) fn find(run: &mut Run<'_>, words: &[String]) -> Result<Result<(), Failure>, Error> {
    let Some((program, inside)) = words.first().and_then(|word| Some((word, word.strip_prefix("target/")?))) else {
        return Ok(Ok(()));
    };
    let found = if run.builds.is_empty() { in_target_directory(run, inside)? } else { built(run, program, inside)? };
    Ok(found.map(|path| {
        run.programs.insert(program.clone(), path);
    }))
}

/// Has the last build step that made the program say where it is.
fn built(run: &mut Run<'_>, program: &str, inside: &str) -> Result<Result<PathBuf, Failure>, Error> {
    for build in run.builds.clone().iter().rev() {
        let messages: Vec<Message> = match ask_build(run, build)? {
            Ok(messages) => messages,
            Err(failure) => return Ok(Err(failure)),
        };
        let name = format!("{inside}{EXE_SUFFIX}");
        // For another target than the host there is a folder between.
        let mut executables = messages.into_iter().filter_map(|message| message.executable);
        if let Some(path) = executables.find(|path| path.ends_with(&name)) {
            return Ok(Ok(path));
        }
    }
    let hint =
        "no `cargo build` before this step has made it; compare its name with `[[bin]]` in Cargo.toml".to_owned();
    Ok(Err(Reason::Missing { program: program.to_owned(), hint }.into()))
}

/// Builds once more, which has nothing left to do, with messages.
fn ask_build(run: &mut Run<'_>, build: &SmokeStep) -> Result<Result<Vec<Message>, Failure>, Error> {
    let mut words = build.run.clone();
    words.insert(2, "--message-format=json-render-diagnostics".to_owned());
    let mut env = run.env.clone();
    env.extend(run.values().fill_all(&build.env));
    ask(run, &words, &env)
}

/// Where cargo builds, for a template whose build step is not cargo's own: asks the environment, then cargo, which knows its
/// configuration files.
fn in_target_directory(run: &mut Run<'_>, inside: &str) -> Result<Result<PathBuf, Failure>, Error> {
    let given = run.env.get("CARGO_TARGET_DIR").map(PathBuf::from);
    let given = given.or_else(|| env::var_os("CARGO_TARGET_DIR").map(PathBuf::from));
    if let Some(target) = given.filter(|target| !target.as_os_str().is_empty()) {
        return Ok(Ok(run.root.join(target).join(inside)));
    }
    let words = ["cargo", "metadata", "--no-deps", "--format-version", "1"].map(str::to_owned);
    let answers = ask::<Metadata>(run, &words, &run.env.clone())?;
    Ok(answers.and_then(|answers| match answers.first() {
        Some(Metadata { target_directory }) => Ok(target_directory.join(inside)),
        None => Err(Reason::TargetUnknown { cause: "it does not say".to_owned() }.into()),
    }))
}

/// Runs a cargo command and reads what it prints as JSON, one value a line.
fn ask<T: DeserializeOwned>(
    run: &mut Run<'_>,
    words: &[String],
    env: &BTreeMap<String, String>,
) -> Result<Result<Vec<T>, Failure>, Error> {
    // A process like every other: rustup may install a toolchain first, which takes time and can be interrupted.
    let mut process = match run.spawn(&words[..2].join(" "), words, env, Role::Command)? {
        Ok(process) => process,
        Err(failure) => return Ok(Err(failure)),
    };
    if let Err(reason) = step::finish(run, &mut process)? {
        let reason = Reason::TargetUnknown { cause: format!("`{}` {reason}", command::title(words)) };
        return Ok(Err(Failure::new(reason, process.tail())));
    }
    let log = fs::read(process.log()).map_err(|source| Error::Log { path: process.log().to_owned(), source })?;
    Ok(Ok(log.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()))
}
