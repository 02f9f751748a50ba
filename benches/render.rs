//! How long the built-in template takes in memory: loading it, and rendering its `full` preset.
//!
//! Run with `cargo bench --bench render`. It fails where the median of a render is above its budget of 10 ms.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use neoforge::answers::record::{BUILT_IN, Record, TemplateId};
use neoforge::embedded;
use neoforge::gather::{Defaults, Given, gather};
use neoforge::render::render;
use neoforge::template::load;

const RUNS: usize = 101;
const BUDGET: Duration = Duration::from_millis(10);

fn main() -> ExitCode {
    let tree = embedded::template();
    let template = load(&tree).expect("the built-in template loads");
    let given = Given { name: Some("my-app".into()), preset: Some("full".into()), ..Given::default() };
    let answers = gather(&template, &given, &mut Defaults).expect("complete answers").answers;
    let id =
        TemplateId { source: BUILT_IN.into(), version: embedded::TEMPLATE_VERSION.into(), commit: None, content: None };
    let record = Record { template: id, answers };

    let loading = median(|| drop(load(&tree).expect("the built-in template loads")));
    let rendering = median(|| drop(render(&template, &record).expect("the full preset renders")));
    let files = render(&template, &record).expect("the full preset renders").len();
    println!("load the built-in template: {loading:.2?}");
    println!("render `full`, {files} files: {rendering:.2?} (budget {BUDGET:?})");
    if rendering <= BUDGET { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The median of [`RUNS`] runs.
fn median(run: impl Fn()) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}
