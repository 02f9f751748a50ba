//! Smoke tests one after the other, each as one step of a list, with the time that is left.

use std::time::Duration;

use super::Out;
use super::progress::Progress;
use crate::smoke::{Failure, Observer, Outcome, Report, Step, StepKind, StepReport};

/// Shows the list. While a smoke test runs, it observes it.
pub struct Course {
    progress: Progress,
    /// The step of the running smoke test.
    inner: String,
    /// What has run.
    reports: Vec<StepReport>,
    count: usize,
}

impl Course {
    /// Will show smoke tests of these names with `progress`.
    #[must_use]
    pub fn new(mut progress: Progress, names: &[&str]) -> Self {
        let steps: Vec<Step> = names.iter().map(|name| step(name)).collect();
        progress.planned(&steps);
        Self { progress, inner: String::new(), reports: Vec::new(), count: steps.len() }
    }

    /// The next smoke test begins.
    pub fn begin(&mut self, name: &str) {
        let seconds: Vec<f64> = self.reports.iter().map(|report| report.seconds).collect();
        self.progress.set_left(left(&seconds, self.count - seconds.len()));
        self.progress.started(&step(name));
    }

    /// The smoke test ended with this report.
    pub fn end(&mut self, name: &str, report: &Report) {
        let failed = report.steps.iter().find_map(|step| match &step.outcome {
            Outcome::Failed(failure) => Some((failure, step)),
            Outcome::Passed | Outcome::Skipped(_) => None,
        });
        let outcome = failed.map_or(Outcome::Passed, |(failure, step)| {
            let message = format!("`{}` {}", step.step.name, failure.message);
            Outcome::Failed(Failure { message, ..failure.clone() })
        });
        let log = failed.and_then(|(_, step)| step.log.clone());
        let report = StepReport { step: step(name), outcome, seconds: report.seconds, log };
        self.progress.finished(&report);
        self.reports.push(report);
    }

    /// Ends the list with one line.
    pub fn conclude(mut self, what: &str, out: &mut Out) {
        let seconds = self.reports.iter().map(|report| report.seconds).sum();
        let passed = self.reports.iter().all(|report| matches!(report.outcome, Outcome::Passed));
        self.progress.conclude(what, &Report { passed, seconds, steps: self.reports });
        if self.progress.is_live() {
            out.say("");
        }
    }
}

impl Observer for Course {
    fn started(&mut self, step: &Step) {
        self.inner.clone_from(&step.name);
        self.progress.line(&step.name);
    }

    fn line(&mut self, line: &str) {
        if !line.trim().is_empty() {
            self.progress.line(&format!("{}: {}", self.inner, line.trim_start()));
        }
    }

    fn tick(&mut self) {
        self.progress.tick();
    }

    fn columns(&self) -> u16 {
        let name = u16::try_from(self.inner.chars().count() + 2).unwrap_or(u16::MAX);
        self.progress.columns().saturating_sub(name)
    }
}

fn step(name: &str) -> Step {
    Step { name: name.to_owned(), kind: StepKind::Command }
}

/// How long as many smoke tests take as wait, by the median of those that have run: the first one builds what all share.
fn left(seconds: &[f64], waiting: usize) -> Option<Duration> {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let median = sorted.get(sorted.len() / 2)?;
    u32::try_from(waiting).ok().map(|waiting| Duration::from_secs_f64(*median) * waiting)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::left;

    #[test]
    fn the_time_left_is_told_by_what_has_run() {
        assert_eq!(left(&[], 4), None);
        assert_eq!(left(&[180.0], 4), Some(Duration::from_mins(12)));
        // The first one, which built everything, does not count for more than the others.
        assert_eq!(left(&[180.0, 31.0, 29.0, 30.0, 28.0], 4), Some(Duration::from_mins(2)));
    }
}
