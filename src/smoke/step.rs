//! A command that must succeed.

use std::time::{Duration, Instant};

use super::error::Error;
use super::process::{Event, Process, Role, Watched};
use super::report::{Failure, Reason};
use super::run::{Run, Verdict};
use super::target;
use crate::template::manifest::SmokeStep;

/// Runs the command to its end, for as long as it shows signs of life.
pub(super) fn run(run: &mut Run<'_>, step: &SmokeStep) -> Result<Verdict<()>, Error> {
    if let Err(failure) = target::find(run, &step.run)? {
        return Ok(Verdict::failed(failure));
    }
    let mut env = run.env.clone();
    // Without a terminal cargo would only tell what it begins to compile, and be silent while a slow machine links.
    env.insert("CARGO_TERM_PROGRESS_WHEN".to_owned(), "always".to_owned());
    env.insert("CARGO_TERM_PROGRESS_WIDTH".to_owned(), run.observer.columns().to_string());
    env.extend(run.values().fill_all(&step.env));
    let mut process = match run.spawn(&step.name, &step.run, &env, Role::Command)? {
        Ok(process) => process,
        Err(failure) => return Ok(Verdict::failed(failure)),
    };
    let result = finish(run, &mut process)?.map_err(|reason| match reason {
        Reason::Failed { exit } if lock_is_behind(step, &process.tail()) => Reason::LockBehind { exit },
        reason => reason,
    });
    Ok(Verdict {
        result: result.map_err(|reason| Failure::new(reason, process.tail())),
        log: Some(process.log().to_owned()),
    })
}

/// Waits for a command. One that goes on printing has all the time in the world: a small machine needs it.
pub(super) fn finish(run: &mut Run<'_>, process: &mut Process) -> Result<Result<(), Reason>, Error> {
    let limit = run.limits.silence;
    let mut heard = Instant::now();
    let observer = &mut *run.observer;
    let watched = process.watch(run.interrupt, Duration::MAX, |event| match event {
        Event::Line(line) => {
            heard = Instant::now();
            // Else it is a message of cargo's for programs.
            if !line.text.starts_with('{') {
                observer.line(&line.text);
            }
            None
        }
        Event::Tick => {
            observer.tick();
            (heard.elapsed() >= limit).then_some(())
        }
    })?;
    Ok(match watched {
        Watched::Exited(exit) if exit.is_success() => Ok(()),
        Watched::Exited(exit) => Err(Reason::Failed { exit }),
        Watched::Done(()) | Watched::TimedOut => {
            process.kill();
            Err(Reason::Silent { seconds: limit.as_secs() })
        }
    })
}

/// Whether cargo refused to add to the lock file what somebody has added to a manifest.
fn lock_is_behind(step: &SmokeStep, tail: &[String]) -> bool {
    step.run.iter().any(|word| word == "--locked")
        && tail.iter().any(|line| line.contains("lock file") && line.contains("--locked was passed"))
}
