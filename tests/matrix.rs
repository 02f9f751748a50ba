//! `neoforge template matrix` and `neoforge template test`, from the outside.

#![cfg(unix)]

mod support;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{Ran, Sandbox};

/// A template whose smoke test runs a script of the project: `mail` makes it fail, and so does what the project before has
/// left, or a file that is written anew although it is the same in each.
fn template(sandbox: &Sandbox) -> String {
    let template = sandbox.template();
    let manifest = sandbox.read("template/template.toml");
    let step = "\n[[smoke.step]]\nname = \"check\"\nrun = [\"sh\", \"run\"]\nlevel = \"full\"\n";
    sandbox.write("template/template.toml", manifest + step);
    sandbox.write(
        "template/base/files/run",
        "#!/bin/sh\nset -eu\nmkdir -p \"$CARGO_TARGET_DIR\"\nmark=$CARGO_TARGET_DIR/mark\n\
         if [ ! -e \"$mark\" ]; then touch \"$mark\"; elif [ raw.yml -nt \"$mark\" ]; then exit 8; fi\n\
         test ! -e left || exit 9\ntouch left\n# @slot checks\n",
    );
    let mail = sandbox.read("template/features/mail/feature.toml");
    let check = "\n[[insert]]\ninto = \"run\"\nslot = \"checks\"\ntext = \"echo the mail is lost; exit 7\"\n";
    sandbox.write("template/features/mail/feature.toml", mail + check);
    template
}

fn names(json: &Value) -> Vec<&str> {
    let combinations = json["combinations"].as_array().expect("a list");
    combinations.iter().map(|combination| combination["name"].as_str().expect("a name")).collect()
}

#[test]
fn the_matrix_lists_combinations_with_the_commands_that_make_them() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let ran = sandbox.run(&format!("template matrix --each {template}")).expect(0);
    let new = format!("neoforge new my-app --template {template} --preset");
    let expected = format!(
        "none/lite       {new} minimal --set database=lite --yes\n\
         only-jobs/lite  {new} minimal --with jobs --set database=lite --yes\n\
         only-mail/lite  {new} full --set database=lite --yes\n\
         none/big        {new} minimal --set database=big --yes\n\
         only-jobs/big   {new} minimal --with jobs --set database=big --yes\n\
         only-mail/big   {new} full --set database=big --yes\n"
    );
    assert_eq!((ran.out, ran.err.as_str()), (expected, "6 combinations\n"));

    let json = sandbox.run(&format!("template matrix --all --json {template}")).expect(0).json();
    assert_eq!(json["combinations"][1]["features"], serde_json::json!(["jobs", "lite"]));
    for combination in json["combinations"].as_array().expect("a list") {
        let command = combination["command"].as_str().expect("a command").trim_start_matches("neoforge ");
        let into = combination["name"].as_str().expect("a name").replace('/', "-");
        let made = sandbox.run(&format!("{command} --json --no-git --into {into}")).expect(0).json();
        assert_eq!(made["features"], combination["features"], "{command}");
    }
}

#[test]
fn the_matrix_of_the_built_in_template_is_the_same_each_time_and_small() {
    let sandbox = Sandbox::new();
    let matrix = |cover: &str| sandbox.run(&format!("template matrix --json {cover}")).expect(0).json();
    let [pairwise, each, all] = ["", "--each", "--all"].map(matrix);
    assert_eq!(pairwise, matrix("--pairwise"));
    assert!(names(&pairwise).len() <= 16, "{:?}", names(&pairwise));
    let union: BTreeSet<&str> = names(&pairwise).into_iter().chain(names(&each)).collect();
    assert_eq!(union, names(&all).into_iter().collect());
    let ran = sandbox.run("template matrix --each --all");
    assert_eq!(ran.code, 2, "{}", ran.err);
}

fn test(sandbox: &Sandbox, rest: &str) -> Ran {
    sandbox.run(&format!("template test {} --trust --target-dir built {rest}", template(sandbox)))
}

#[test]
fn the_combinations_are_proved_one_after_the_other_and_failures_are_named() {
    let sandbox = Sandbox::new();
    let ran = test(&sandbox, "--each").expect(4);
    let results: Vec<Vec<&str>> =
        ran.out.lines().skip(2).map(|line| line.split('|').map(str::trim).collect()).collect();
    let results: Vec<(&str, &str)> = results.iter().map(|cells| (cells[1], cells[3])).collect();
    let expected = [
        ("none/lite", "passed"),
        ("only-jobs/lite", "passed"),
        ("only-mail/lite", "failed: check"),
        ("none/big", "passed"),
        ("only-jobs/big", "passed"),
        ("only-mail/big", "failed: check"),
    ];
    assert_eq!(results, expected);
    assert!(ran.err.contains("`check` ended with status 7\n    the mail is lost\n"), "{}", ran.err);
    assert!(ran.err.contains("[2/6, about 1 min left] only-jobs/lite … ok"), "{}", ran.err);
    assert!(ran.err.contains("the matrix failed: 4 passed, 2 failed in"), "{}", ran.err);
    assert!(ran.err.contains(" --only only-mail/lite,only-mail/big --keep failed\n"), "{}", ran.err);
    assert!(!ran.err.contains("the whole log"), "it is gone: {}", ran.err);
}

#[test]
fn projects_that_failed_are_kept_with_their_logs() {
    let sandbox = Sandbox::new();
    let ran = test(&sandbox, "--only none/big,only-mail/big --keep kept").expect(4);
    assert_eq!(sandbox.names("work/kept"), ["only-mail-big"]);
    assert!(ran.err.contains("the whole log: kept/only-mail-big/target/neoforge-smoke/check.log"), "{}", ran.err);
    assert_eq!(sandbox.read("work/kept/only-mail-big/target/neoforge-smoke/check.log"), "$ sh run\nthe mail is lost\n");
}

#[test]
fn a_project_finds_nothing_of_the_one_before_and_its_files_keep_their_age() {
    let sandbox = Sandbox::new();
    test(&sandbox, "--only none/lite,only-jobs/lite,only-jobs/big").expect(0);
    assert!(sandbox.path("work/built/mark").exists(), "the script never ran");
}

#[test]
fn machines_read_the_outcome_as_json() {
    let sandbox = Sandbox::new();
    let json = test(&sandbox, "--each --fail-fast --json").expect(4).json();
    assert_eq!(json["passed"], false);
    let combinations = json["combinations"].as_array().expect("a list");
    assert_eq!(combinations.len(), 6);
    assert_eq!(combinations[0]["report"]["passed"], true);
    assert_eq!(combinations[2]["failed"], "check");
    assert_eq!(combinations[2]["report"]["steps"][0]["exit_code"], 7);
    assert_eq!(combinations[3]["report"], Value::Null, "the first failure ends the run");
    assert!(combinations[3]["command"].as_str().is_some_and(|command| command.contains("--preset minimal")));
}

#[test]
fn shards_share_the_work() {
    let sandbox = Sandbox::new();
    let proved = |rest: &str| -> Vec<String> {
        let json = test(&sandbox, &format!("--each --json {rest}")).json();
        names(&json).into_iter().map(str::to_owned).collect()
    };
    let parts: Vec<String> =
        ["1/4", "2/4", "3/4", "4/4"].iter().flat_map(|part| proved(&format!("--shard {part}"))).collect();
    assert_eq!(parts, proved(""));
}

#[test]
fn wrong_use_is_told() {
    let sandbox = Sandbox::new();
    let ran = test(&sandbox, "--only only-mial/lite").expect(2);
    assert!(
        ran.err.contains(
            "no combination `only-mial/lite`\nhint: did you mean `only-mail/lite`? `neoforge template matrix --all` names"
        ),
        "{}",
        ran.err
    );
    let ran = test(&sandbox, "--shard 5/4").expect(2);
    assert!(
        ran.err.contains("`5/4` is no part of the matrix\nhint: write which one and of how many, as in"),
        "{}",
        ran.err
    );
    let ran = sandbox.run(&format!("template test {}", template(&sandbox))).expect(1);
    assert!(
        ran.err.contains("this would run the code of [HERE]/template\nhint: look at it, then add `--trust`"),
        "{}",
        ran.err
    );
}

#[test]
fn an_interruption_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    let template = template(&sandbox);
    sandbox.write(
        "template/base/files/run",
        "mkdir -p \"$CARGO_TARGET_DIR\"; touch \"$CARGO_TARGET_DIR/runs\"; sleep 600\n# @slot checks\n",
    );
    std::fs::create_dir(sandbox.path("tmp")).expect("a folder");
    let mut command = sandbox.neoforge(["template", "test", &template, "--trust", "--target-dir", "built"]);
    let child = command.env("TMPDIR", sandbox.path("tmp")).stderr(Stdio::piped()).spawn().expect("it starts");
    let limit = Instant::now() + Duration::from_mins(1);
    while !sandbox.path("work/built/runs").exists() {
        assert!(Instant::now() < limit, "the first combination never ran");
        thread::sleep(Duration::from_millis(10));
    }
    let signal = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(signal.success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(sandbox.names("tmp"), [""; 0]);
}
