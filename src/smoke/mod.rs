//! The smoke test: it proves that a project builds, passes its tests, starts, answers and stops.
//!
//! ```text
//! services ──► steps of the level ──► app: start ──► ready ──► every probe ──► SIGTERM ──► status 0
//!    │            one process group each, killed as a whole on failure, time limit,
//!    └─────────── interruption and panic; stdout and stderr go to one log each
//! ```
//!
//! [`run()`] tells an [`Observer`] what happens and returns a [`Report`]. It prints nothing itself.
//!
//! A process that leaves its group on purpose (`setsid`, a daemon) is out of reach; a service must not do that.

mod app;
mod command;
mod error;
mod group;
mod logs;
mod output;
mod probe;
mod process;
mod report;
mod run;
mod service;
mod step;
mod target;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use self::error::Error;
pub use self::report::{Exit, Failure, Mismatch, Outcome, Reason, Report, Skip, Step, StepKind, StepReport, TAIL};
use crate::interrupt::Interrupt;
use crate::template::manifest::{Probe, SmokeApp, SmokeLevel, SmokeService, SmokeStep};

/// What to prove about a project, and how.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The project's folder; everything runs there.
    pub root: PathBuf,
    /// Steps above this level are left out.
    pub level: SmokeLevel,
    /// Run later steps even though one failed.
    pub keep_going: bool,
    /// Commands that must succeed, in this order.
    pub steps: Vec<SmokeStep>,
    /// Programs that run meanwhile.
    pub services: Vec<SmokeService>,
    /// Environment variables for all of them; may use `{scratch}`.
    pub env: BTreeMap<String, String>,
    /// The program that is started and probed after the steps.
    pub app: Option<SmokeApp>,
    /// Requests to the app, in this order.
    pub probes: Vec<Probe>,
    /// How long things may take.
    pub limits: Limits,
    /// Where the logs go, relative to `root` or absolute; a `.gitignore` in it keeps them out of commits.
    pub log_dir: PathBuf,
}

impl Proof {
    /// A proof of nothing yet, at the quick level, with the default limits and the logs in `target/neoforge-smoke/`: ignored
    /// by git, and gone with `cargo clean`.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            level: SmokeLevel::Quick,
            keep_going: false,
            steps: Vec::new(),
            services: Vec::new(),
            env: BTreeMap::new(),
            app: None,
            probes: Vec::new(),
            limits: Limits::default(),
            log_dir: PathBuf::from("target/neoforge-smoke"),
        }
    }

    /// Everything that [`run()`] would report, in its order.
    #[must_use]
    pub fn plan(&self) -> Vec<Step> {
        let mut plan: Vec<Step> = Vec::new();
        let step = |name: &str, kind| Step { name: name.to_owned(), kind };
        plan.extend(self.services.iter().map(|service| step(&service.name, StepKind::Service)));
        plan.extend(self.steps_of_level().map(|command| step(&command.name, StepKind::Command)));
        if self.app.is_some() {
            plan.push(Self::start_step());
            plan.extend(self.probes.iter().map(|probe| step(&probe::name(probe), StepKind::Probe)));
            plan.push(Self::stop_step());
        }
        plan
    }

    fn steps_of_level(&self) -> impl Iterator<Item = &SmokeStep> {
        self.steps.iter().filter(|step| step.level <= self.level)
    }

    fn start_step() -> Step {
        Step { name: "start the app".to_owned(), kind: StepKind::Start }
    }

    fn stop_step() -> Step {
        Step { name: "stop the app".to_owned(), kind: StepKind::Stop }
    }
}

/// How long things may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// A command, from one sign of life to the next: 30 minutes. One that goes on printing may take as long as it needs.
    pub silence: Duration,
    /// The app or a service, until it is ready: 60 seconds.
    pub ready: Duration,
    /// A probe, until its whole answer is there: 10 seconds.
    pub probe: Duration,
    /// The app or a service, from being asked to stop to its end: 30 seconds.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            silence: Duration::from_mins(30),
            ready: Duration::from_mins(1),
            probe: Duration::from_secs(10),
            stop: Duration::from_secs(30),
        }
    }
}

/// Is told what happens while it happens. Every method does nothing unless it is implemented.
pub trait Observer {
    /// What is going to be run; called once, first.
    fn planned(&mut self, steps: &[Step]) {
        let _ = steps;
    }

    /// A step begins.
    fn started(&mut self, step: &Step) {
        let _ = step;
    }

    /// The running step printed a line, or a progress bar that overwrites the one before. It may hold escape sequences.
    fn line(&mut self, line: &str) {
        let _ = line;
    }

    /// The running command goes on; called many times a second.
    fn tick(&mut self) {}

    /// How many columns cargo's progress bar may take in [`Observer::line`].
    fn columns(&self) -> u16 {
        80
    }

    /// A step ended, or was skipped without having begun.
    fn finished(&mut self, report: &StepReport) {
        let _ = report;
    }
}

/// Observes nothing.
impl Observer for () {}

/// Runs a smoke test. Every process that it starts has ended when it returns.
///
/// # Errors
/// When there is no result: somebody interrupted it, there is no project at `root`, a log cannot be written. A project that
/// fails is a [`Report`] that says so.
pub fn run(proof: &Proof, observer: &mut dyn Observer, interrupt: &Interrupt) -> Result<Report, Error> {
    run::Run::new(proof, observer, interrupt)?.all(proof)
}
