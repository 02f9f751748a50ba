//! What a smoke test found out: values that a display renders and that serialise for `--json`.

use std::fmt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use serde::{Serialize, Serializer};

/// How many lines of output a failure carries.
pub const TAIL: usize = 30;

/// The result of a whole smoke test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Whether nothing failed.
    pub passed: bool,
    /// How long it took.
    pub seconds: f64,
    /// Every step in the order in which it was run or skipped.
    pub steps: Vec<StepReport>,
}

impl Report {
    /// Whether nothing is known to be wrong with the project: all that failed are steps that hung.
    #[must_use]
    pub fn only_hung(&self) -> bool {
        let hung = |outcome: &Outcome| match outcome {
            Outcome::Failed(failure) => matches!(failure.reason, Reason::Silent { .. }),
            Outcome::Passed | Outcome::Skipped(_) => true,
        };
        !self.passed && self.steps.iter().all(|step| hung(&step.outcome))
    }

    /// How many steps passed, failed and were skipped.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |wanted: fn(&Outcome) -> bool| self.steps.iter().filter(|step| wanted(&step.outcome)).count();
        (
            count(|outcome| matches!(outcome, Outcome::Passed)),
            count(|outcome| matches!(outcome, Outcome::Failed(_))),
            count(|outcome| matches!(outcome, Outcome::Skipped(_))),
        )
    }
}

/// A step as it is announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What people read.
    pub name: String,
    /// What happens in it.
    pub kind: StepKind,
}

/// What happens in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// A service is started, or did not keep running.
    Service,
    /// A command must succeed.
    Command,
    /// The app is started and becomes ready.
    Start,
    /// The app answers a request.
    Probe,
    /// The app stops when it is asked to.
    Stop,
}

/// A step and how it went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepReport {
    /// Which step.
    #[serde(flatten)]
    pub step: Step,
    /// How it went.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How long it took; 0 when it was skipped.
    pub seconds: f64,
    /// Where everything that it printed stands; for a probe, the app's log.
    #[serde(serialize_with = "lossy")]
    pub log: Option<PathBuf>,
}

/// How a step went.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// As it should.
    Passed,
    /// Not as it should.
    Failed(Failure),
    /// It was not run.
    Skipped(Skip),
}

/// Why a step was not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum Skip {
    /// An earlier step failed.
    #[error("an earlier step failed")]
    EarlierFailure,
    /// The environment has what the service would provide.
    #[error("{variable} is set")]
    AlreadySet {
        /// The variable that is set.
        variable: String,
    },
    /// The app could not be probed or stopped, because it does not run.
    #[error("the app is not running")]
    NotRunning,
    /// There is no such signal on this platform.
    #[error("this platform has no SIGTERM")]
    NoSignals,
}

/// Why a step failed, and what it said last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failure {
    /// What went wrong.
    pub reason: Reason,
    /// The reason in words.
    pub message: String,
    /// The exit code of the process, where it ended by itself.
    pub exit_code: Option<i32>,
    /// The last [`TAIL`] lines that it printed.
    pub tail: Vec<String>,
}

impl Failure {
    pub(super) fn new(reason: Reason, tail: Vec<String>) -> Self {
        let exit_code = match &reason {
            Reason::Failed { exit }
            | Reason::LockBehind { exit }
            | Reason::EarlyExit { exit }
            | Reason::UncleanStop { exit } => exit.code,
            _ => None,
        };
        Self { message: reason.to_string(), reason, exit_code, tail }
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Self::new(reason, Vec::new())
    }
}

/// What went wrong in a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Reason {
    /// The program is not installed.
    #[error("`{program}` was not found; {hint}")]
    Missing {
        /// The program as the template names it.
        program: String,
        /// What to do about it.
        hint: String,
    },
    /// The program exists but does not start.
    #[error("cannot start `{program}`: {cause}")]
    Unstartable {
        /// The program as the template names it.
        program: String,
        /// What the system says.
        cause: String,
    },
    /// No command at all.
    #[error("the template names no program here; give its `run` at least one word")]
    Empty,
    /// Cargo does not tell what it builds, or where.
    #[error("cannot find out where cargo builds: {cause}")]
    TargetUnknown {
        /// What cargo says.
        cause: String,
    },
    /// There is no free port.
    #[error("cannot find a free port on 127.0.0.1: {cause}")]
    NoPort {
        /// What the system says.
        cause: String,
    },
    /// A command ended, but not with success.
    #[error("ended with {exit}")]
    Failed {
        /// How it ended.
        exit: Exit,
    },
    /// The lock file lacks what a manifest names, and the command must not change it.
    #[error(
        "ended with {exit}: Cargo.lock is behind the manifests; run `cargo build` once, which brings it up to date, and \
         commit it"
    )]
    LockBehind {
        /// How it ended.
        exit: Exit,
    },
    /// A command showed no sign of life for too long.
    #[error("printed nothing for {} and was killed: it hangs, or waits for something", Span(*.seconds))]
    Silent {
        /// The limit.
        seconds: u64,
    },
    /// A service or the app ended before it was ready, or while it was needed.
    #[error("ended by itself with {exit}")]
    EarlyExit {
        /// How it ended.
        exit: Exit,
    },
    /// A service or the app never said that it is ready.
    #[error("was not ready within {} and was killed: {last}", Span(*.seconds))]
    NotReady {
        /// The limit.
        seconds: u64,
        /// What it was waited for, or the last answer.
        last: String,
    },
    /// The app answers, but not as the probe wants.
    #[error("{}", Lines(.mismatches))]
    Mismatch {
        /// Everything that differs.
        mismatches: Vec<Mismatch>,
    },
    /// The app did not stop.
    #[error("was still running {} after SIGTERM and was killed; it must end by itself", Span(*.seconds))]
    Unstoppable {
        /// The limit.
        seconds: u64,
    },
    /// The app stopped, but not with status 0.
    #[error("ended with {exit} after SIGTERM; it must end by itself with status 0")]
    UncleanStop {
        /// How it ended.
        exit: Exit,
    },
}

/// How a process ended: with an exit code, or on unix by a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Exit {
    /// The exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
}

impl Exit {
    pub(super) fn is_success(self) -> bool {
        self.code == Some(0)
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        #[cfg(unix)]
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        #[cfg(not(unix))]
        let signal = None;
        Self { code: status.code(), signal }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => write!(f, "status {code}"),
            (None, Some(signal)) => write!(f, "signal {signal}"),
            (None, None) => write!(f, "an unknown status"),
        }
    }
}

/// One thing that differs between the answer and what a probe wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "part", rename_all = "kebab-case")]
pub enum Mismatch {
    /// There is no answer.
    #[error("no answer: {cause}")]
    NoAnswer {
        /// What happened instead.
        cause: String,
    },
    /// The status.
    #[error("expected status {expected}, got {got}")]
    Status {
        /// What the probe wants.
        expected: u16,
        /// What came.
        got: u16,
    },
    /// A header.
    #[error("expected header `{name}` to start with `{expected}`, got {}", Quoted(.got.as_deref()))]
    Header {
        /// The header's name.
        name: String,
        /// What the value must start with.
        expected: String,
        /// The value that came, if any.
        got: Option<String>,
    },
    /// The body.
    #[error("expected a body that contains `{expected}`, got `{got}`")]
    Body {
        /// What the body must contain.
        expected: String,
        /// The beginning of the body that came.
        got: String,
    },
}

struct Quoted<'a>(Option<&'a str>);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(text) => write!(f, "`{text}`"),
            None => write!(f, "none"),
        }
    }
}

struct Lines<'a>(&'a [Mismatch]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mismatch) in self.0.iter().enumerate() {
            write!(f, "{}{mismatch}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

struct Span(u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            whole if whole >= 60 && whole % 60 == 0 => write!(f, "{} min", whole / 60),
            seconds => write!(f, "{seconds} s"),
        }
    }
}

/// JSON is UTF-8, and a path need not be: a strange name must not cost the whole report.
#[expect(clippy::ref_option, reason = "what serde calls it with")]
fn lossy<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_ref().map(|path| path.to_string_lossy()).serialize(serializer)
}

/// Seconds to the millisecond: more digits would be noise in the JSON.
pub(super) fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::{Exit, Failure, Mismatch, Outcome, Reason, Report, Skip, Step, StepKind, StepReport};

    #[test]
    fn reasons_read_on_after_the_name_of_the_step() {
        let exit = Exit { code: Some(101), signal: None };
        assert_eq!(Reason::Failed { exit }.to_string(), "ended with status 101");
        let exit = Exit { code: None, signal: Some(9) };
        assert_eq!(Reason::EarlyExit { exit }.to_string(), "ended by itself with signal 9");
        assert_eq!(
            Reason::NotReady { seconds: 1200, last: "x".into() }.to_string(),
            "was not ready within 20 min and was killed: x"
        );
        assert_eq!(
            Reason::NotReady { seconds: 90, last: "x".into() }.to_string(),
            "was not ready within 90 s and was killed: x"
        );
        let mismatches = vec![
            Mismatch::Status { expected: 200, got: 500 },
            Mismatch::Header { name: "content-type".into(), expected: "text/html".into(), got: None },
        ];
        assert_eq!(
            Reason::Mismatch { mismatches }.to_string(),
            "expected status 200, got 500\nexpected header `content-type` to start with `text/html`, got none"
        );
    }

    #[test]
    fn the_json_is_flat_and_complete() {
        let step = |name: &str, outcome| StepReport {
            step: Step { name: name.into(), kind: StepKind::Command },
            outcome,
            seconds: 1.5,
            log: Some("target/x.log".into()),
        };
        let exit = Exit { code: Some(2), signal: None };
        let report = Report {
            passed: false,
            seconds: 3.0,
            steps: vec![
                step("build", Outcome::Passed),
                step("test", Outcome::Failed(Failure::new(Reason::Failed { exit }, vec!["oh no".into()]))),
                step("lint", Outcome::Skipped(Skip::EarlierFailure)),
            ],
        };
        assert_eq!(report.counts(), (1, 1, 1));
        let json = serde_json::to_value(&report).expect("it serialises");
        assert_eq!(
            json["steps"][0],
            serde_json::json!({"name": "build", "kind": "command", "outcome": "passed", "seconds": 1.5, "log": "target/x.log"})
        );
        assert_eq!(json["steps"][1]["outcome"], "failed");
        assert_eq!(json["steps"][1]["exit_code"], 2);
        assert_eq!(json["steps"][1]["reason"]["kind"], "failed");
        assert_eq!(json["steps"][1]["message"], "ended with status 2");
        assert_eq!(json["steps"][1]["tail"][0], "oh no");
        assert_eq!(json["steps"][2]["because"], "earlier-failure");
    }
}
