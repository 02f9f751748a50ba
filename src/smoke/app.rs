//! The app itself: it starts, becomes ready, answers every probe and stops when it is asked to.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc::TryRecvError;

use super::error::Error;
use super::probe;
use super::process::{Event, Process, Role, Watched};
use super::report::{Failure, Mismatch, Reason};
use super::run::{Run, Verdict};
use super::target;
use crate::template::manifest::{Probe, SmokeApp};

/// The app while it runs.
pub(super) struct App {
    process: Process,
    port: u16,
}

/// Starts the app on a free port and waits until it answers 200 on its readiness path.
pub(super) fn start(run: &mut Run<'_>, app: &SmokeApp) -> Result<Verdict<App>, Error> {
    if let Err(failure) = target::find(run, &app.run)? {
        return Ok(Verdict::failed(failure));
    }
    let port = match free_port() {
        Ok(port) => port,
        Err(error) => return Ok(Verdict::failed(Reason::NoPort { cause: error.to_string() }.into())),
    };
    run.port = Some(port);
    let mut env = run.values().fill_all(&run.env);
    env.extend(run.values().fill_all(&app.env));
    let mut process = match run.spawn("app", &app.run, &env, Role::Command)? {
        Ok(process) => process,
        Err(failure) => return Ok(Verdict::failed(failure)),
    };
    let log = Some(process.log().to_owned());
    let limit = run.limits.ready;
    let answers = probe::poll(&app.ready, run.values());
    let mut last = format!("nothing answered on {}", app.ready);
    let observer = &mut *run.observer;
    let watched = process.watch(run.interrupt, limit, |event| match event {
        Event::Line(line) => {
            observer.line(&line.text);
            None
        }
        Event::Tick => match answers.try_recv().ok()? {
            Ok(200) => Some(()),
            Ok(status) => {
                last = format!("{} answered {status} instead of 200", app.ready);
                None
            }
            Err(cause) => {
                last = format!("{} gave no answer, {cause}", app.ready);
                None
            }
        },
    })?;
    let reason = match watched {
        Watched::Done(()) => return Ok(Verdict { result: Ok(App { process, port }), log }),
        Watched::Exited(exit) => Reason::EarlyExit { exit },
        Watched::TimedOut => {
            process.kill();
            Reason::NotReady { seconds: limit.as_secs(), last }
        }
    };
    Ok(Verdict { result: Err(Failure::new(reason, process.tail())), log })
}

/// A port that was free a moment ago. Should somebody take it before the app does, the app ends and its log says why.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

impl App {
    /// Sends a probe and compares the answer.
    pub(super) fn probe(&mut self, run: &mut Run<'_>, probe: &Probe) -> Result<Verdict<()>, Error> {
        run.port = Some(self.port);
        let limit = run.limits.probe;
        let answer = probe::send(probe, run.values(), limit);
        let no_answer = |cause: String| vec![Mismatch::NoAnswer { cause }];
        let observer = &mut *run.observer;
        let watched = self.process.watch(run.interrupt, limit, |event| match event {
            Event::Line(line) => {
                observer.line(&line.text);
                None
            }
            Event::Tick => match answer.try_recv() {
                Ok(mismatches) => Some(mismatches),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => Some(no_answer("the request could not be sent".to_owned())),
            },
        })?;
        let reason = match watched {
            Watched::Done(mismatches) if mismatches.is_empty() => {
                return Ok(Verdict { result: Ok(()), log: Some(self.process.log().to_owned()) });
            }
            Watched::Done(mismatches) => Reason::Mismatch { mismatches },
            Watched::Exited(exit) => Reason::EarlyExit { exit },
            Watched::TimedOut => Reason::Mismatch { mismatches: no_answer(format!("within {} s", limit.as_secs())) },
        };
        Ok(self.failed(reason))
    }

    /// Whether the app ended by itself; then there is nothing to send or to stop any more.
    pub(super) fn has_ended(&self) -> Result<bool, Error> {
        Ok(self.process.exit()?.is_some())
    }

    /// Asks the app to stop; it must do so with status 0 within the limit.
    #[cfg(unix)]
    pub(super) fn stop(mut self, run: &mut Run<'_>) -> Result<Verdict<()>, Error> {
        self.process.terminate()?;
        let limit = run.limits.stop;
        let observer = &mut *run.observer;
        let watched = self.process.watch(run.interrupt, limit, |event| {
            if let Event::Line(line) = event {
                observer.line(&line.text);
            }
            None::<()>
        })?;
        let reason = match watched {
            Watched::Exited(exit) if exit.is_success() => {
                return Ok(Verdict { result: Ok(()), log: Some(self.process.log().to_owned()) });
            }
            Watched::Exited(exit) => Reason::UncleanStop { exit },
            Watched::Done(()) | Watched::TimedOut => {
                self.process.kill();
                Reason::Unstoppable { seconds: limit.as_secs() }
            }
        };
        Ok(self.failed(reason))
    }

    fn failed(&self, reason: Reason) -> Verdict<()> {
        Verdict { result: Err(Failure::new(reason, self.process.tail())), log: Some(self.process.log().to_owned()) }
    }
}
