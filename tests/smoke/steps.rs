//! Commands, their output and their logs.

use std::fs;

use neoforge::interrupt::Interrupt;
use neoforge::smoke::{Error, Observer, Proof, Step, StepReport};
use neoforge::template::manifest::SmokeLevel;

use crate::harness::{Project, failure, outcomes, script, step};

#[derive(Default)]
struct Story(Vec<String>);

impl Observer for Story {
    fn planned(&mut self, steps: &[Step]) {
        self.0.push(format!("{} steps", steps.len()));
    }

    fn started(&mut self, step: &Step) {
        self.0.push(format!("start {}", step.name));
    }

    fn line(&mut self, line: &str) {
        self.0.push(line.to_owned());
    }

    fn finished(&mut self, report: &StepReport) {
        self.0.push(format!("end {}", report.step.name));
    }
}

#[test]
fn steps_of_the_level_run_in_order_in_the_folder_of_the_project() {
    let mut lint = script("lint", "exit 1");
    lint.level = SmokeLevel::Full;
    let mut project = Project::new().steps(vec![
        script("make", "echo made > made.txt; echo done"),
        lint,
        script("use", "cat made.txt; echo $SHARED; test -d {scratch} && test -z \"$(ls {scratch})\""),
    ]);
    project.proof.env.insert("SHARED".into(), "at {scratch}".into());
    let mut story = Story::default();
    let report = project.observe(&mut story);
    assert!(report.passed);
    assert_eq!(outcomes(&report), ["passed make", "passed use"]);
    let scratch = story.0[6].strip_prefix("at ").expect("the value of SHARED").to_owned();
    story.0[6].clear();
    assert_eq!(story.0, ["2 steps", "start make", "done", "end make", "start use", "made", "", "end use"]);
    assert!(!fs::exists(scratch).expect("an answer"), "the scratch folder is left");

    project.proof.level = SmokeLevel::Full;
    assert_eq!(outcomes(&project.run()), ["passed make", "failed lint", "skipped use"]);
}

#[test]
fn a_failing_step_tells_its_last_thirty_lines_its_exit_code_and_its_log() {
    let project =
        Project::new().steps(vec![script("Unit tests", "seq 100; echo bad >&2; exit 42"), script("next", "exit 0")]);
    let report = project.run();
    assert!(!report.passed);
    assert_eq!(outcomes(&report), ["failed Unit tests", "skipped next"]);
    let failure = failure(&report, "Unit tests");
    assert_eq!(failure.exit_code, Some(42));
    assert_eq!(failure.message, "ended with status 42");
    assert_eq!(failure.tail.len(), 30);
    assert!(failure.tail.contains(&"bad".to_owned()), "{:?}", failure.tail);
    assert!(failure.tail.contains(&"100".to_owned()), "{:?}", failure.tail);
    let log = report.steps[0].log.as_deref().expect("a log");
    assert_eq!(log, project.path("target/neoforge-smoke/unit-tests.log"));
    let log = project.log("unit-tests");
    assert!(log.starts_with("$ sh -c 'seq 100; echo bad >&2; exit 42'\n"), "{log}");
    assert!((1..=100).all(|n| log.contains(&format!("\n{n}\n"))) && log.contains("\nbad\n"), "{log}");
}

#[test]
fn keep_going_runs_the_other_steps() {
    let mut project =
        Project::new().steps(vec![script("a", "exit 1"), script("b", "exit 0"), script("c", "kill -9 $$")]);
    project.proof.keep_going = true;
    let report = project.run();
    assert_eq!(outcomes(&report), ["failed a", "passed b", "failed c"]);
    assert_eq!(failure(&report, "c").message, "ended with signal 9");
    assert_eq!(failure(&report, "c").exit_code, None);
}

#[test]
fn ten_megabytes_of_output_pass_through() {
    let project = Project::new().steps(vec![
        script("lines", "yes 'a line of some length, as a compiler would print it' | head -c 10000000"),
        script("one line", "head -c 10000000 /dev/zero | tr '\\0' x; exit 1"),
    ]);
    let report = project.run();
    assert_eq!(outcomes(&report), ["passed lines", "failed one line"]);
    let size = |name: &str| {
        let log = project.log(name);
        log.len() - log.find('\n').expect("a first line") - 1
    };
    assert_eq!(size("lines"), 10_000_000);
    assert_eq!(size("one-line"), 10_000_000);
    let shown: usize = failure(&report, "one line").tail.iter().map(String::len).sum();
    assert!(shown <= 30 * 8192, "{shown}");
}

#[test]
fn output_need_not_be_text() {
    let project = Project::new().steps(vec![script("bytes", "printf 'caf\\351 \\377\\n\\000\\033[31mred'; exit 1")]);
    let report = project.run();
    assert_eq!(failure(&report, "bytes").tail, ["caf\u{fffd} \u{fffd}", "\0\u{1b}[31mred"]);
    let log = fs::read(project.path("target/neoforge-smoke/bytes.log")).expect("a log");
    assert!(log.ends_with(b"\ncaf\xe9 \xff\n\0\x1b[31mred"), "{log:?}");
}

#[test]
fn standard_input_is_empty() {
    assert!(Project::new().steps(vec![script("read", "test -z \"$(cat)\"")]).run().passed);
}

#[test]
fn a_program_that_does_not_start_fails_its_step() {
    let mut project = Project::new().steps(vec![
        step("missing", &["no-such-program-anywhere"]),
        step("not executable", &["./plain.txt"]),
        step("nothing", &[]),
    ]);
    project.proof.keep_going = true;
    fs::write(project.path("plain.txt"), "text").expect("a file");
    let report = project.run();
    let message = |name| failure(&report, name).message.clone();
    assert_eq!(
        message("missing"),
        "`no-such-program-anywhere` was not found; install it and see that it is on the PATH"
    );
    assert!(message("not executable").starts_with("cannot start `./plain.txt`: Permission denied"));
    assert!(message("nothing").starts_with("the template names no program here"));
}

#[test]
fn target_stands_for_the_target_directory_of_cargo() {
    let mut project = Project::new().steps(vec![step("run", &["target/debug/app"])]);
    project.proof.env.insert("CARGO_TARGET_DIR".into(), "nowhere".into());
    let report = project.run();
    assert_eq!(
        failure(&report, "run").message,
        "`target/debug/app` was not found; a step before this one must build it"
    );

    if std::env::var_os("CARGO_TARGET_DIR").is_some() {
        return; // it would win over the configuration file
    }
    project.proof.env.clear();
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    let app = elsewhere.path().join("debug/app");
    fs::create_dir_all(app.parent().expect("a parent")).expect("a folder");
    std::os::unix::fs::symlink("/bin/true", &app).expect("a link");
    let manifest = "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[lib]\npath = \"x.rs\"\n";
    fs::write(project.path("Cargo.toml"), manifest).expect("a file");
    fs::create_dir(project.path(".cargo")).expect("a folder");
    let config = format!("[build]\ntarget-dir = {:?}\n", elsewhere.path());
    fs::write(project.path(".cargo/config.toml"), config).expect("a file");
    let report = project.run();
    assert!(report.passed, "{report:?}");
}

#[test]
fn without_a_project_there_is_no_report() {
    let project = Project::new();
    let proof = Proof::new(&project.path("nowhere"));
    let error = neoforge::smoke::run(&proof, &mut (), &Interrupt::new()).expect_err("no project");
    assert!(matches!(error, Error::Root { .. }), "{error}");
    assert!(error.to_string().contains("nowhere"), "{error}");
}
