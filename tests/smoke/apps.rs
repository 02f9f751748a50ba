//! The app: readiness, probes, a graceful stop.

use std::time::Duration;

use neoforge::smoke::{Limits, Outcome, Skip};
use neoforge::template::manifest::Probe;
use toml::Spanned;

use crate::harness::{Project, failure, get, outcomes, script, sh, step};

#[test]
fn an_app_is_started_probed_and_stopped() {
    let page = Probe {
        contains: Some("hello".into()),
        header: [("Content-Type".to_owned(), "text/html".to_owned())].into(),
        ..get("/hello", 200)
    };
    let post = Probe {
        get: None,
        post: Some(Spanned::new(0..0, "/echo".into())),
        body: Some("body".into()),
        headers: [("x-token".to_owned(), "token".to_owned())].into(),
        contains: Some("token body".into()),
        ..get("", 201)
    };
    let mut project = Project::new().app("good", vec![page, post, get("/old", 303), get("/nothing", 404)]);
    project.proof.env.insert("FIXTURE_SAYS".into(), "{scratch}".into());
    let report = project.run();
    assert_eq!(
        outcomes(&report),
        [
            "passed start the app",
            "passed GET /hello",
            "passed POST /echo -> 201",
            "passed GET /old -> 303",
            "passed GET /nothing -> 404",
            "passed stop the app"
        ]
    );
    assert!(report.passed);
    assert!(project.log("app").contains("goodbye"), "{}", project.log("app"));
    assert!(report.steps.iter().all(|step| step.log.is_some()));
}

#[test]
fn an_app_that_exits_at_once_is_noticed() {
    let mut project = Project::new().app("good", vec![get("/hello", 200)]);
    let app = project.proof.app.as_mut().expect("an app");
    app.run = sh("echo cannot open the database >&2; exit 7");
    let report = project.run();
    assert_eq!(outcomes(&report), ["failed start the app", "skipped GET /hello", "skipped stop the app"]);
    let failure = failure(&report, "start the app");
    assert_eq!(failure.message, "ended by itself with status 7");
    assert_eq!(failure.tail, ["cannot open the database"]);
}

#[test]
fn an_app_that_is_never_ready_is_killed() {
    let mut project = Project::new().app("never-ready", vec![get("/hello", 200)]);
    project.proof.limits = Limits { ready: Duration::from_secs(1), ..Limits::default() };
    let report = project.run();
    assert_eq!(
        failure(&report, "start the app").message,
        "was not ready within 1 s and was killed: /health/ready answered 503 instead of 200"
    );
}

#[test]
fn a_mismatch_names_what_was_expected_and_what_came() {
    let probe = Probe { contains: Some("good morning".into()), ..get("/hello", 204) };
    let project = Project::new().app("good", vec![probe, get("/old", 303)]);
    let report = project.run();
    assert_eq!(
        outcomes(&report),
        ["passed start the app", "failed GET /hello -> 204", "skipped GET /old -> 303", "skipped stop the app"]
    );
    assert_eq!(
        failure(&report, "GET /hello -> 204").message,
        "expected status 204, got 200\nexpected a body that contains `good morning`, got `<h1>hello, world</h1>`"
    );
}

#[test]
fn keep_going_sends_the_other_probes() {
    let mut project = Project::new().app("good", vec![get("/hello", 500), get("/old", 303)]);
    project.proof.keep_going = true;
    assert_eq!(
        outcomes(&project.run()),
        ["passed start the app", "failed GET /hello -> 500", "passed GET /old -> 303", "passed stop the app"]
    );
}

#[test]
fn keep_going_does_not_probe_an_app_that_was_not_built() {
    let mut project = Project::new()
        .app("good", vec![get("/hello", 200)])
        .steps(vec![step("build", &["cargo", "build", "--no-such-flag"]), script("other", "exit 0")]);
    project.proof.keep_going = true;
    let report = project.run();
    assert_eq!(
        outcomes(&report),
        ["failed build", "passed other", "skipped start the app", "skipped GET /hello", "skipped stop the app"]
    );
    assert_eq!(report.steps[3].outcome, Outcome::Skipped(Skip::NotRunning));
}

#[test]
fn an_app_that_ignores_sigterm_fails_and_is_killed() {
    let mut project = Project::new().app("stubborn", vec![]);
    project.proof.limits = Limits { stop: Duration::from_secs(1), ..Limits::default() };
    let report = project.run();
    let failure = failure(&report, "stop the app");
    assert_eq!(failure.message, "was still running 1 s after SIGTERM and was killed; it must end by itself");
    assert!(failure.tail.contains(&"I stay".to_owned()), "{:?}", failure.tail);
}

#[test]
fn an_app_that_stops_with_another_status_fails() {
    let report = Project::new().app("unclean", vec![]).run();
    let failure = failure(&report, "stop the app");
    assert_eq!(failure.message, "ended with status 3 after SIGTERM; it must end by itself with status 0");
    assert_eq!(failure.exit_code, Some(3));
}

#[test]
fn an_app_that_dies_during_a_probe_is_noticed() {
    let mut project = Project::new().app("good", vec![get("/die", 200), get("/hello", 200)]);
    project.proof.keep_going = true;
    let report = project.run();
    assert_eq!(
        outcomes(&report),
        ["passed start the app", "failed GET /die", "skipped GET /hello", "skipped stop the app"]
    );
}

#[test]
fn an_app_may_print_more_than_a_pipe_holds_while_it_answers() {
    let project = Project::new().app("good", vec![Probe { contains: Some("done".into()), ..get("/talk", 200) }]);
    let report = project.run();
    assert!(report.passed, "{report:?}");
    assert!(project.log("app").len() > 2_000_000);
}

#[test]
fn a_service_runs_as_long_as_the_test_and_gives_its_variables() {
    let project = Project::new()
        .service("echo starting; echo FIXTURE_SAYS=from the service; echo ready; cat; echo stopped > stopped.txt")
        .steps(vec![script("ask", "test ! -e stopped.txt && test \"$FIXTURE_SAYS\" = 'from the service'")])
        .app("good", vec![Probe { contains: Some("from the service".into()), ..get("/env", 200) }]);
    let report = project.run();
    assert!(report.passed, "{report:?}");
    assert_eq!(outcomes(&report)[0], "passed The Database");
    assert_eq!(project.read("stopped.txt"), "stopped\n");
    assert!(project.log("the-database").contains("starting\n"));
}

#[test]
fn a_service_is_stopped_after_a_failure_too() {
    let project =
        Project::new().service("echo ready; cat; echo stopped > stopped.txt").steps(vec![script("fail", "exit 1")]);
    assert_eq!(outcomes(&project.run()), ["passed The Database", "failed fail"]);
    assert_eq!(project.read("stopped.txt"), "stopped\n");
}

#[test]
fn a_service_may_print_while_nobody_listens() {
    let project = Project::new()
        .service("echo ready; yes | head -c 1000000 >&2; echo done > talked.txt; cat")
        .steps(vec![script("wait", "until test -e talked.txt; do sleep 0.01; done")]);
    assert!(project.run().passed);
    assert!(project.log("the-database").len() > 1_000_000);
}

#[test]
fn a_service_that_does_not_stop_is_killed() {
    let mut project = Project::new().service("echo $$ > pid; echo ready; sleep 1000");
    project.proof.limits = Limits { stop: Duration::from_secs(1), ..Limits::default() };
    assert!(project.run().passed);
    assert!(!project.is_alive("pid"));
}

#[test]
fn a_service_that_ends_or_is_never_ready_fails() {
    let report = Project::new().service("echo no port; exit 2").steps(vec![script("next", "exit 0")]).run();
    assert_eq!(outcomes(&report), ["failed The Database", "skipped next"]);
    assert_eq!(failure(&report, "The Database").message, "ended by itself with status 2");
    assert_eq!(failure(&report, "The Database").tail, ["no port"]);

    let mut project = Project::new().service("echo ready >&2; cat");
    project.proof.limits = Limits { ready: Duration::from_secs(1), ..Limits::default() };
    let message = failure(&project.run(), "The Database").message.clone();
    assert_eq!(message, "was not ready within 1 s and was killed: it did not print `ready` on its standard output");

    let report = Project::new()
        .service("echo $$ > pid; echo ready; until test -e go; do sleep 0.01; done; exit 5")
        .steps(vec![script("wait", "touch go; until grep -q ') Z' /proc/$(cat pid)/stat; do sleep 0.01; done")])
        .run();
    assert_eq!(outcomes(&report), ["passed The Database", "passed wait", "failed The Database"]);
    assert_eq!(failure(&report, "The Database").exit_code, Some(5));
}

#[test]
fn a_service_is_skipped_where_its_variable_is_set() {
    let mut project = Project::new().service("exit 1");
    project.proof.services[0].unless = Some("HOME".into());
    let report = project.run();
    assert!(report.passed);
    assert_eq!(report.steps[0].outcome, Outcome::Skipped(Skip::AlreadySet { variable: "HOME".into() }));
}
