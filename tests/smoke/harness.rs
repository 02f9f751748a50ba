//! Projects in a temporary folder, and what to ask about them afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use neoforge::interrupt::Interrupt;
use neoforge::smoke::{Failure, Observer, Outcome, Proof, Report, StepReport};
use neoforge::template::manifest::{Probe, SmokeApp, SmokeLevel, SmokeService, SmokeStep};
use tempfile::TempDir;
use toml::Spanned;

pub(crate) struct Project {
    folder: TempDir,
    pub(crate) proof: Proof,
}

impl Project {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let proof = Proof::new(folder.path());
        Self { folder, proof }
    }

    pub(crate) fn steps(mut self, steps: Vec<SmokeStep>) -> Self {
        self.proof.steps = steps;
        self
    }

    pub(crate) fn app(mut self, manner: &str, probes: Vec<Probe>) -> Self {
        let pairs = [("FIXTURE_APP", manner), ("PORT", "{port}"), ("FIXTURE_SCRATCH", "{scratch}")];
        self.proof.app = Some(SmokeApp {
            run: crate::fixture::command("app"),
            ready: "/health/ready".into(),
            env: pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        });
        self.proof.probes = probes;
        self
    }

    pub(crate) fn service(mut self, script: &str) -> Self {
        self.proof.services.push(SmokeService { name: "The Database".into(), run: sh(script), unless: None });
        self
    }

    pub(crate) fn run(&self) -> Report {
        self.observe(&mut ())
    }

    pub(crate) fn observe(&self, observer: &mut dyn Observer) -> Report {
        neoforge::smoke::run(&self.proof, observer, &Interrupt::new()).expect("a report")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn log(&self, step: &str) -> String {
        self.read(&format!("target/neoforge-smoke/{step}.log"))
    }

    pub(crate) fn is_alive(&self, pid_file: &str) -> bool {
        is_alive(&self.path(pid_file))
    }
}

/// Whether a process runs; one that has ended but that nobody has reaped does not.
pub(crate) fn is_alive(pid_file: &Path) -> bool {
    let pid = fs::read_to_string(pid_file).expect("a file with the number of a process");
    let Ok(status) = fs::read_to_string(format!("/proc/{}/stat", pid.trim())) else { return false };
    let state = status.rsplit(") ").next().and_then(|rest| rest.chars().next());
    !matches!(state, Some('Z' | 'X'))
}

pub(crate) fn text(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}

pub(crate) fn sh(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).to_vec()
}

pub(crate) fn step(name: &str, run: &[&str]) -> SmokeStep {
    let run = run.iter().map(|word| (*word).to_owned()).collect();
    SmokeStep { name: name.into(), run, env: BTreeMap::new(), level: SmokeLevel::Quick }
}

pub(crate) fn script(name: &str, script: &str) -> SmokeStep {
    step(name, &["sh", "-c", script])
}

pub(crate) fn get(path: &str, status: u16) -> Probe {
    Probe {
        get: Some(Spanned::new(0..0, path.into())),
        post: None,
        body: None,
        headers: BTreeMap::new(),
        status,
        contains: None,
        header: BTreeMap::new(),
    }
}

/// `passed build`, `failed test`, …
pub(crate) fn outcomes(report: &Report) -> Vec<String> {
    let word = |step: &StepReport| match step.outcome {
        Outcome::Passed => "passed",
        Outcome::Failed(_) => "failed",
        Outcome::Skipped(_) => "skipped",
    };
    report.steps.iter().map(|step| format!("{} {}", word(step), step.step.name)).collect()
}

pub(crate) fn failure<'a>(report: &'a Report, name: &str) -> &'a Failure {
    let step = report.steps.iter().find(|step| step.step.name == name && matches!(step.outcome, Outcome::Failed(_)));
    match step.map(|step| &step.outcome) {
        Some(Outcome::Failed(failure)) => failure,
        _ => panic!("{name} did not fail: {:?}", outcomes(report)),
    }
}
