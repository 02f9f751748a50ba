//! What people do to a project in real life, and then change it: a table of cases over the built-in template.
//!
//! A case is a folder of `cases/`: `case.toml` says in one sentence what somebody did, and how; `files/` are files of their
//! own. Each edited project is then changed four times from the same commit (add, remove, set, update) and once by all four in
//! a row, and each result must be what the case expects: merged with every line of the person and every line of the
//! template in its place, or in conflict in the files that it names.
//!
//! `scripts/prove-edits` compiles the results.

mod case;
mod compile;
mod later;
mod order;
mod project;
mod verdict;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use case::Case;
use project::{Outcome, Project};

/// The least number of cases.
const CASES: usize = 60;

/// One change of one edited project.
struct Run<'a> {
    case: &'a Case,
    line: &'a str,
    outcome: Outcome,
}

impl Run<'_> {
    /// What was done, without the names: up to the conflict, if there is one.
    fn verbs(&self) -> String {
        let verbs: Vec<&str> = self.outcome.steps.iter().map(|step| step.verb.as_str()).collect();
        verbs.join(" then ")
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the share is what people ask for")]
fn edits_of_real_life_survive_every_change() {
    let mut cases = case::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/edits/cases"));
    assert!(cases.len() >= CASES, "{} cases are no table of {CASES}", cases.len());
    let only = compile::only();
    cases.retain(|case| only.is_empty() || only.iter().any(|name| case.name.starts_with(name.as_str())));
    let (runs, failures) = run(&cases);
    assert!(failures.is_empty(), "{} problems:\n\n{}", failures.len(), failures.join("\n\n"));

    let all: Vec<&Run<'_>> = runs.iter().collect();
    let meeting: Vec<&Run<'_>> = runs.iter().filter(|run| run.outcome.meets()).collect();
    println!("{} cases", cases.len());
    for (what, runs) in [("runs", &all), ("of those, that change a file which the person has changed", &meeting)] {
        let clean = runs.iter().filter(|run| run.outcome.is_clean()).count();
        println!("{} {what}: {clean} merge without conflict, {:.1}%", runs.len(), percent(clean, runs.len()));
    }
    for run in all.iter().filter(|run| !run.outcome.is_clean()) {
        let reason = run.case.because.as_deref().unwrap_or_default();
        println!("  {}, {}: {} in conflict. {reason}", run.case.name, run.verbs(), run.outcome.conflicts().join(", "));
    }
    compile::when_asked(&runs);
}

/// Runs all cases, several at a time, and tells what went in another way than they expect.
fn run(cases: &[Case]) -> (Vec<Run<'_>>, Vec<String>) {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let told = run_case(case);
            done.lock().expect("no case panics while it tells").push((&case.name, told));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().expect("all cases were run");
    done.sort_by_key(|(name, _)| *name);
    let (runs, failures): (Vec<_>, Vec<_>) = done.into_iter().map(|(_, told)| told).unzip();
    (runs.into_iter().flatten().collect(), failures.into_iter().flatten().collect())
}

fn run_case(case: &Case) -> (Vec<Run<'_>>, Vec<String>) {
    let edited = match Project::new(&case.start, &case.answers).edited(case) {
        Ok(edited) => edited,
        Err(problem) => return (Vec::new(), vec![format!("{}: {problem}", case.name)]),
    };
    let mut failures = Vec::new();
    let runs = case.runs.iter().map(|line| {
        let outcome = edited.run(line);
        let problems = verdict::problems(case, line, &outcome);
        failures.extend(problems.into_iter().map(|problem| format!("{} ({})\n{line}: {problem}", case.name, case.did)));
        Run { case, line, outcome }
    });
    (runs.collect(), failures)
}

#[expect(clippy::cast_precision_loss, reason = "hundreds of runs")]
fn percent(part: usize, whole: usize) -> f64 {
    part as f64 * 100.0 / whole as f64
}
