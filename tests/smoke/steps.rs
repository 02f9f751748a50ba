//! Commands, their output and their logs.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use neoforge::interrupt::Interrupt;
use neoforge::smoke::{Error, Limits, Observer, Proof, Step, StepReport};
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
    let project = Project::new()
        .steps(vec![script("Unit tests", "seq 99; echo bad >&2; echo 100; exit 42"), script("next", "exit 0")]);
    let report = project.run();
    assert!(!report.passed);
    assert_eq!(outcomes(&report), ["failed Unit tests", "skipped next"]);
    let failure = failure(&report, "Unit tests");
    assert_eq!(failure.exit_code, Some(42));
    assert_eq!(failure.message, "ended with status 42");
    assert_eq!(failure.tail.len(), 30);
    assert_eq!(failure.tail[27..], ["99", "bad", "100"], "the two streams lost their order");
    let log = report.steps[0].log.as_deref().expect("a log");
    assert_eq!(log, project.path("target/neoforge-smoke/unit-tests.log"));
    let log = project.log("unit-tests");
    assert!(log.starts_with("$ sh -c 'seq 99; echo bad >&2; echo 100; exit 42'\n"), "{log}");
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
fn the_project_does_not_see_the_build_of_this_tool() {
    assert!(std::env::var_os("CARGO_PKG_NAME").is_some(), "run it with cargo");
    let names = script("names", "! env | grep -E '^(CARGO|CARGO_PKG_NAME|CARGO_MANIFEST_DIR|RUSTUP_TOOLCHAIN)='");
    let report = Project::new().steps(vec![names]).run();
    assert!(report.passed, "{report:?}");
}

#[test]
fn the_report_serialises_wherever_the_project_is() {
    let mut project = Project::new().steps(vec![script("ok", "exit 0")]);
    let folder = project.path("").join(OsStr::from_bytes(b"caf\xe9"));
    fs::create_dir(&folder).expect("a folder");
    project.proof.root = folder;
    let json = serde_json::to_value(project.run()).expect("JSON");
    let log = json["steps"][0]["log"].as_str().expect("a path");
    assert!(log.ends_with("caf\u{fffd}/target/neoforge-smoke/ok.log"), "{log}");
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

#[test]
fn a_log_that_cannot_be_written_is_named() {
    let project = Project::new().steps(vec![script("build", "exit 0")]);
    let log = project.path("target/neoforge-smoke/build.log");
    fs::create_dir_all(log.parent().expect("a folder")).expect("a folder");
    std::os::unix::fs::symlink("/dev/full", &log).expect("a link");
    let error = neoforge::smoke::run(&project.proof, &mut (), &Interrupt::new()).expect_err("a full disk");
    assert!(matches!(&error, Error::Log { path, .. } if *path == log), "{error}");
}

/// A package with one program, which prints `text`.
fn write_package(project: &Project, text: &str) {
    let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";
    write(project, "Cargo.toml", manifest);
    write(project, "src/main.rs", &format!("fn main() {{ println!({text:?}) }}\n"));
}

fn write(project: &Project, path: &str, text: &str) {
    let path = project.path(path);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, text).expect("a file");
}

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host").to_owned()
}

/// A package whose program cargo builds, and which then runs.
fn package(says: &str) -> Project {
    let mut project =
        Project::new().steps(vec![step("build", &["cargo", "build"]), step("run", &["target/debug/app"])]);
    let target = project.path("target").display().to_string();
    project.proof.env.insert("CARGO_TARGET_DIR".into(), target);
    write_package(&project, says);
    project
}

#[test]
fn the_program_is_the_one_that_cargo_has_just_built() {
    let mut project = package("the first");
    assert!(project.run().passed);
    assert!(project.log("run").contains("the first"), "{}", project.log("run"));

    write_package(&project, "the second");
    project.proof.env.insert("CARGO_BUILD_TARGET".into(), host());
    assert!(project.run().passed);
    assert!(project.log("run").contains("the second"), "an old program ran: {}", project.log("run"));

    write_package(&project, "the third");
    project.proof.env.remove("CARGO_BUILD_TARGET");
    write(&project, ".cargo/config.toml", &format!("[build]\ntarget = [{:?}]\n", host()));
    assert!(project.run().passed);
    assert!(project.log("run").contains("the third"), "an old program ran: {}", project.log("run"));
}

#[test]
fn a_program_that_cargo_does_not_build_any_more_is_missed() {
    let project = package("the first");
    assert!(project.run().passed);

    let manifest = fs::read_to_string(project.path("Cargo.toml")).expect("a file");
    write(&project, "Cargo.toml", &manifest.replace("\"app\"", "\"server\""));
    let report = project.run();
    assert_eq!(
        failure(&report, "run").message,
        "`target/debug/app` was not found; no `cargo build` before this step has made it; compare its name with `[[bin]]` \
         in Cargo.toml"
    );
}

#[test]
fn a_lock_file_that_lacks_a_dependency_says_what_to_do() {
    let project = Project::new().steps(vec![step("build", &["cargo", "build", "--offline", "--locked"])]);
    write_package(&project, "hello");
    write(&project, "Cargo.lock", "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n");
    assert!(project.run().passed);

    write(&project, "more/Cargo.toml", "[package]\nname = \"more\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    write(&project, "more/src/lib.rs", "");
    let manifest = fs::read_to_string(project.path("Cargo.toml")).expect("a file");
    write(&project, "Cargo.toml", &format!("{manifest}[dependencies]\nmore = {{ path = \"more\" }}\n"));
    let report = project.run();
    let failure = failure(&report, "build");
    assert_eq!(
        failure.message,
        "ended with status 101: Cargo.lock is behind the manifests; run `cargo build` once, which brings it up to date, and \
         commit it"
    );
    assert_eq!(failure.exit_code, Some(101));
}

/// A project with a `cargo` of its own, which does what the script says.
fn fake_cargo(script: &str, silence: Duration) -> Project {
    let mut build = step("build", &["cargo", "build"]);
    let path = std::env::var("PATH").expect("a PATH");
    let mut project = Project::new();
    build.env.insert("PATH".into(), format!("{}:{path}", project.path("bin").display()));
    project.proof.steps = vec![build];
    project.proof.limits = Limits { silence, ..Limits::default() };
    write(&project, "bin/cargo", &format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(project.path("bin/cargo"), fs::Permissions::from_mode(0o755)).expect("permissions");
    project
}

#[test]
fn a_slow_machine_has_all_the_time_that_it_needs() {
    let silence = Duration::from_secs(2);
    let lines = "for n in 1 2 3 4 5; do sleep 0.25; echo \"   Compiling part-$n v1.0.0\"; done";
    let bar = "for n in 1 2 3 4 5; do sleep 0.25; printf '    Building [==>  ] %s/9: last\\r' $n; done";
    let report = fake_cargo(&format!("{lines}; {bar}"), silence).run();
    assert!(report.passed, "{report:?}");
    assert!(report.seconds > silence.as_secs_f64(), "it was too fast to prove anything");
}

#[test]
fn a_build_that_hangs_is_killed_and_not_blamed() {
    let report = fake_cargo("echo '   Compiling first v1.0.0'; exec sleep 1000", Duration::from_secs(1)).run();
    let failure = failure(&report, "build");
    assert_eq!(failure.message, "printed nothing for 1 s and was killed: it hangs, or waits for something");
    assert_eq!(failure.tail, ["   Compiling first v1.0.0"]);
    assert!(report.only_hung());
}

#[test]
fn cargo_always_tells_how_far_it_is() {
    let report = fake_cargo("test \"$CARGO_TERM_PROGRESS_WHEN-$CARGO_TERM_PROGRESS_WIDTH\" = always-80", Duration::MAX);
    assert!(report.run().passed);
}
