//! A command that must succeed.

use super::error::Error;
use super::process::{Event, Input, Watched};
use super::report::{Failure, Reason};
use super::run::{Run, Verdict};
use super::target;
use crate::template::manifest::SmokeStep;

/// Runs the command to its end, or to the time limit.
pub(super) fn run(run: &mut Run<'_>, step: &SmokeStep) -> Result<Verdict<()>, Error> {
    if target::is_needed(&step.run)
        && let Err(failure) = target::find(run)?
    {
        return Ok(Verdict::failed(failure));
    }
    let mut env = run.env.clone();
    env.extend(run.values().fill_all(&step.env));
    let mut process = match run.spawn(&step.name, &step.run, &env, Input::Null)? {
        Ok(process) => process,
        Err(failure) => return Ok(Verdict::failed(failure)),
    };
    let limit = run.limits.step;
    let observer = &mut *run.observer;
    let watched = process.watch(run.interrupt, limit, |event| {
        if let Event::Line(line) = event {
            observer.line(&line.text);
        }
        None::<()>
    })?;
    let result = match watched {
        Watched::Exited(exit) if exit.is_success() => Ok(()),
        Watched::Exited(exit) => Err(Reason::Failed { exit }),
        Watched::Done(()) | Watched::TimedOut => {
            process.kill();
            Err(Reason::TimeLimit { seconds: limit.as_secs() })
        }
    };
    Ok(Verdict {
        result: result.map_err(|reason| Failure::new(reason, process.tail())),
        log: Some(process.log().to_owned()),
    })
}
