//! Programs that run as long as the smoke test, such as a database server.

use std::collections::BTreeMap;
use std::env;
use std::time::Duration;

use super::error::Error;
use super::output::Stream;
use super::process::{Event, Input, Process, Watched};
use super::report::{Exit, Failure, Reason};
use super::run::{Run, Verdict};
use crate::interrupt::Interrupt;
use crate::template::manifest::SmokeService;

/// How long a service may take to stop when the smoke test ends early, by Ctrl-C or a panic.
const HASTE: Duration = Duration::from_secs(3);

/// A service that said `ready`. Dropping it asks it to stop and kills it if it does not.
pub(super) struct Service {
    pub(super) name: String,
    process: Process,
}

/// The variable that makes the service unnecessary, if it is set.
pub(super) fn unless<'a>(service: &'a SmokeService, env: &BTreeMap<String, String>) -> Option<&'a str> {
    let key = service.unless.as_deref()?;
    let set = env.contains_key(key) || env::var_os(key).is_some_and(|value| !value.is_empty());
    set.then_some(key)
}

/// Starts the service, waits until it says `ready`, and takes over the variables that it names.
pub(super) fn start(run: &mut Run<'_>, service: &SmokeService) -> Result<Verdict<Service>, Error> {
    let env = run.env.clone();
    let process = match run.spawn(&service.name, &service.run, &env, Input::Held)? {
        Ok(process) => process,
        Err(failure) => return Ok(Verdict::failed(failure)),
    };
    let log = Some(process.log().to_owned());
    let mut started = Service { name: service.name.clone(), process };
    let limit = run.limits.ready;
    let mut variables = BTreeMap::new();
    let observer = &mut *run.observer;
    let watched = started.process.watch(run.interrupt, limit, |event| {
        let Event::Line(line) = event else { return None };
        observer.line(&line.text);
        if line.stream == Stream::Out {
            if line.text.trim() == "ready" {
                return Some(());
            }
            variables.extend(variable(&line.text));
        }
        None
    })?;
    let reason = match watched {
        Watched::Done(()) => {
            started.process.detach_output();
            run.env.extend(variables);
            return Ok(Verdict { result: Ok(started), log });
        }
        Watched::Exited(exit) => Reason::EarlyExit { exit },
        Watched::TimedOut => Reason::NotReady {
            seconds: limit.as_secs(),
            last: "it did not print `ready` on its standard output".to_owned(),
        },
    };
    started.process.kill();
    Ok(Verdict { result: Err(Failure::new(reason, started.process.tail())), log })
}

/// `KEY=VALUE`, where the key could be a variable; anything else is talk for the log.
fn variable(line: &str) -> Option<(String, String)> {
    let (key, value) = line.split_once('=')?;
    let is_name = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
    let named = key.bytes().all(is_name) && key.bytes().next().is_some_and(|first| !first.is_ascii_digit());
    named.then(|| (key.to_owned(), value.to_owned()))
}

impl Service {
    /// How the service ended, if it did although nobody asked it to.
    pub(super) fn ended(&self) -> Result<Option<Exit>, Error> {
        self.process.exit()
    }

    /// A report of that.
    pub(super) fn verdict(&self, exit: Exit) -> Verdict<()> {
        Verdict {
            result: Err(Failure::new(Reason::EarlyExit { exit }, self.process.tail())),
            log: Some(self.process.log().to_owned()),
        }
    }

    /// Closes the service's input, which asks it to stop, without waiting for it.
    pub(super) fn ask_to_stop(&mut self) {
        self.process.close_input();
    }

    /// Asks the service to stop, waits for it, and kills whatever is left.
    pub(super) fn stop(&mut self, interrupt: &Interrupt, limit: Duration) -> Result<(), Error> {
        self.ask_to_stop();
        self.process.watch(interrupt, limit, |_| None::<()>)?;
        self.process.kill();
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // An interrupt of its own: the one of the run is likely set, and a database server should still tidy up.
        // Whatever goes wrong here, the process is killed when its own drop comes.
        let _ = self.stop(&Interrupt::new(), HASTE);
    }
}

#[cfg(test)]
mod tests {
    use super::variable;

    #[test]
    fn only_variables_are_taken_over() {
        let pair = |key: &str, value: &str| Some((key.to_owned(), value.to_owned()));
        assert_eq!(variable("DATABASE_URL=postgres://x/y?a=b"), pair("DATABASE_URL", "postgres://x/y?a=b"));
        assert_eq!(variable("EMPTY="), pair("EMPTY", ""));
        assert_eq!(variable("starting with a=b"), None);
        assert_eq!(variable("=x"), None);
        assert_eq!(variable("1A=x"), None);
        assert_eq!(variable("ready"), None);
    }
}
