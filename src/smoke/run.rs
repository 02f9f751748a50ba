//! The order of a smoke test: services, steps, app; and what each step is reported with.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use tempfile::TempDir;

use super::app::{self, App};
use super::command::{self, Values};
use super::error::Error;
use super::logs::Logs;
use super::process::{Process, Role, SpawnError};
use super::report::{Failure, Outcome, Report, Skip, Step, StepKind, StepReport, seconds};
use super::service::{self, Service};
use super::{Limits, Observer, Proof, probe, step};
use crate::interrupt::{Abort, Interrupt};
use crate::template::manifest::{SmokeApp, SmokeStep};

/// How a step went, and where its output stands.
pub(super) struct Verdict<T> {
    pub(super) result: Result<T, Failure>,
    pub(super) log: Option<PathBuf>,
}

impl<T> Verdict<T> {
    /// A failure before there was any output.
    pub(super) fn failed(failure: Failure) -> Self {
        Self { result: Err(failure), log: None }
    }
}

/// The folder that `{scratch}` stands for; it goes when the run does, and also when the program exits at once.
struct Scratch(TempDir);

impl Scratch {
    fn create() -> Result<Self, Error> {
        let folder = tempfile::Builder::new().prefix("neoforge-smoke-").tempdir();
        folder.map(Self).map_err(|source| Error::Scratch { path: env::temp_dir(), source })
    }
}

impl Abort for Scratch {
    fn abort(&self) {
        let _ = fs::remove_dir_all(self.0.path());
    }
}

/// A smoke test while it runs.
pub(super) struct Run<'a> {
    pub(super) root: PathBuf,
    pub(super) limits: &'a Limits,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) interrupt: &'a Interrupt,
    /// For the steps and the app; services add to it.
    pub(super) env: BTreeMap<String, String>,
    /// The `cargo build` steps that have passed.
    pub(super) builds: Vec<SmokeStep>,
    /// Which files programs in `target/` are.
    pub(super) programs: BTreeMap<String, PathBuf>,
    /// The app's port, once it has one.
    pub(super) port: Option<u16>,
    scratch: Arc<Scratch>,
    logs: Logs,
    keep_going: bool,
    reports: Vec<StepReport>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        proof: &'a Proof,
        observer: &'a mut dyn Observer,
        interrupt: &'a Interrupt,
    ) -> Result<Self, Error> {
        let root = std::path::absolute(&proof.root).and_then(|root| {
            if fs::metadata(&root)?.is_dir() { Ok(root) } else { Err(io::ErrorKind::NotADirectory.into()) }
        });
        let root = root.map_err(|source| Error::Root { path: proof.root.clone(), source })?;
        let logs = Logs::create(&root.join(&proof.log_dir))?;
        let scratch = interrupt.guard(Scratch::create)?;
        let env = Values { scratch: scratch.0.path(), port: None }.fill_all(&proof.env);
        Ok(Self {
            root,
            limits: &proof.limits,
            observer,
            interrupt,
            env,
            builds: Vec::new(),
            programs: BTreeMap::new(),
            port: None,
            scratch,
            logs,
            keep_going: proof.keep_going,
            reports: Vec::new(),
        })
    }

    /// Runs everything. Services are dropped, and with that stopped, before the scratch folder goes.
    pub(super) fn all(mut self, proof: &Proof) -> Result<Report, Error> {
        let start = Instant::now();
        self.observer.planned(&proof.plan());
        let mut services = self.services(proof)?;
        let steps: Vec<&SmokeStep> = proof.steps_of_level().collect();
        let mut built = true;
        for step in steps {
            let announced = Step { name: step.name.clone(), kind: StepKind::Command };
            if self.is_over() {
                self.skip(announced, Skip::EarlierFailure);
            } else if self.step(announced, |run| step::run(run, step))?.is_some() {
                self.builds.extend(is_build(step).then(|| step.clone()));
            } else {
                built &= !is_build(step);
            }
        }
        if let Some(app) = &proof.app {
            self.app(app, proof, built)?;
        }
        self.stop_services(&mut services)?;
        Ok(Report { passed: !self.has_failed(), seconds: seconds(start.elapsed()), steps: self.reports })
    }

    fn services(&mut self, proof: &Proof) -> Result<Vec<Service>, Error> {
        let mut services = Vec::new();
        for service in &proof.services {
            let announced = Step { name: service.name.clone(), kind: StepKind::Service };
            if self.is_over() {
                self.skip(announced, Skip::EarlierFailure);
            } else if let Some(variable) = service::unless(service, &self.env) {
                self.skip(announced, Skip::AlreadySet { variable: variable.to_owned() });
            } else {
                services.extend(self.step(announced, |run| service::start(run, service))?);
            }
        }
        Ok(services)
    }

    /// Reports services that ended too early, then stops the others, all of them asked before the first is waited for.
    fn stop_services(&mut self, services: &mut Vec<Service>) -> Result<(), Error> {
        for service in &*services {
            if let Some(exit) = service.ended()? {
                let announced = Step { name: service.name.clone(), kind: StepKind::Service };
                self.step(announced, |_| Ok(service.verdict(exit)))?;
            }
        }
        for service in services.iter_mut().rev() {
            service.ask_to_stop();
        }
        while let Some(mut service) = services.pop() {
            service.stop(self.interrupt, self.limits.stop)?;
        }
        Ok(())
    }

    fn app(&mut self, app: &SmokeApp, proof: &Proof, built: bool) -> Result<(), Error> {
        let start = Proof::start_step();
        let mut running = None;
        if self.is_over() || !built {
            self.skip(start, Skip::EarlierFailure);
        } else {
            running = self.step(start, |run| app::start(run, app))?;
        }
        for probe in &proof.probes {
            let announced = Step { name: probe::name(probe), kind: StepKind::Probe };
            match &mut running {
                Some(_) if self.is_over() => self.skip(announced, Skip::EarlierFailure),
                Some(app) if !app.has_ended()? => {
                    self.step(announced, |run| app.probe(run, probe))?;
                }
                _ => self.skip(announced, Skip::NotRunning),
            }
        }
        self.stop_app(running)
    }

    #[cfg(unix)]
    fn stop_app(&mut self, running: Option<App>) -> Result<(), Error> {
        match running {
            Some(_) if self.is_over() => self.skip(Proof::stop_step(), Skip::EarlierFailure),
            Some(app) if !app.has_ended()? => {
                self.step(Proof::stop_step(), |run| app.stop(run))?;
            }
            _ => self.skip(Proof::stop_step(), Skip::NotRunning),
        }
        Ok(())
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "the unix version can fail")]
    fn stop_app(&mut self, running: Option<App>) -> Result<(), Error> {
        drop(running);
        self.skip(Proof::stop_step(), Skip::NoSignals);
        Ok(())
    }

    /// Announces a step, runs it, reports it. `None` when it failed.
    fn step<T>(
        &mut self,
        step: Step,
        body: impl FnOnce(&mut Self) -> Result<Verdict<T>, Error>,
    ) -> Result<Option<T>, Error> {
        self.interrupt.check()?;
        self.observer.started(&step);
        let start = Instant::now();
        let verdict = body(self)?;
        let (outcome, value) = match verdict.result {
            Ok(value) => (Outcome::Passed, Some(value)),
            Err(failure) => (Outcome::Failed(failure), None),
        };
        self.report(StepReport { step, outcome, seconds: seconds(start.elapsed()), log: verdict.log });
        Ok(value)
    }

    fn skip(&mut self, step: Step, skip: Skip) {
        self.report(StepReport { step, outcome: Outcome::Skipped(skip), seconds: 0.0, log: None });
    }

    fn report(&mut self, report: StepReport) {
        self.observer.finished(&report);
        self.reports.push(report);
    }

    fn has_failed(&self) -> bool {
        self.reports.iter().any(|report| matches!(report.outcome, Outcome::Failed(_)))
    }

    fn is_over(&self) -> bool {
        !self.keep_going && self.has_failed()
    }

    pub(super) fn values(&self) -> Values<'_> {
        Values { scratch: self.scratch.0.path(), port: self.port }
    }

    /// Starts a process in the project's folder with a log named after the step.
    pub(super) fn spawn(
        &mut self,
        name: &str,
        words: &[String],
        env: &BTreeMap<String, String>,
        role: Role,
    ) -> Result<Result<Process, Failure>, Error> {
        let words: Vec<String> = words.iter().map(|word| self.values().fill(word)).collect();
        let command = match command::command(&self.root, &self.programs, &words, env) {
            Ok(command) => command,
            Err(reason) => return Ok(Err(reason.into())),
        };
        let log = self.logs.path(name);
        match Process::spawn(command, &command::title(&words), role, &log, self.interrupt) {
            Ok(process) => Ok(Ok(process)),
            Err(SpawnError::Start(error)) => Ok(Err(command::spawn_failure(&words, &error).into())),
            Err(SpawnError::Run(error)) => Err(error),
        }
    }
}

/// Whether the app could be an old one, or missing, after this step failed. A project whose tests or lints fail may still
/// have an app that is worth probing.
fn is_build(step: &SmokeStep) -> bool {
    matches!(step.run.as_slice(), [cargo, build, ..] if cargo == "cargo" && matches!(build.as_str(), "build" | "b"))
}
