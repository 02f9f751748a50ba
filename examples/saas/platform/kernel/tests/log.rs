//! What ends up in the log, and what does not. It belongs to the whole process: each test reads that of a child.

use std::{collections::HashMap, env, process::Command};

use axum::routing::get;
use kernel::{Module, Policy, TrustsPeer, config::Environment, logging};
use serde_json::Value;
use testkit::TestApp;
use utoipa_axum::router::OpenApiRouter;

/// Runs one of the ignored tests below, and returns the lines of its log that are JSON.
fn log_of(child: &str, level: &str) -> Vec<Value> {
    text_of(child, level).lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn text_of(child: &str, level: &str) -> String {
    let arguments = ["--exact", child, "--ignored", "--nocapture"];
    let run = Command::new(env::current_exe().unwrap()).args(arguments).env("LOG", level).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    String::from_utf8(run.stderr).unwrap()
}

async fn start(modules: Vec<Module>) -> TestApp {
    let variables: HashMap<_, _> = env::vars().collect();
    let settings = [("LOG", variables["LOG"].as_str()), ("SLOW_QUERY_MILLISECONDS", "20")];
    let app = TestApp::start_with(modules, &settings).await;
    let mut config = (*app.application.state.config).clone();
    config.environment = Environment::Production;
    logging::init(&config, &[]);
    app
}

#[tokio::test]
#[ignore = "run by the test below"]
async fn child_that_panics() {
    let api = OpenApiRouter::new().route("/panic", get(async || -> () { panic!("out of paper") }));
    let app = start(vec![Module::new("office").api(Policy::PUBLIC, api).add(TrustsPeer(|_, _| true))]).await;
    let request = hyper::Request::get("/api/v1/panic").header("x-request-id", "the-request");
    assert_eq!(app.send(request, String::new()).await.status, 500);
}

#[test]
fn a_panic_is_one_line_with_the_id_of_its_request() {
    let log = log_of("child_that_panics", "info");
    let lines: Vec<_> = log.iter().filter(|line| line["message"].as_str().unwrap().contains("panicked at")).collect();
    assert_eq!(lines.len(), 1, "{log:?}");
    assert_eq!(lines[0]["level"], "ERROR");
    assert!(lines[0]["message"].as_str().unwrap().contains("log.rs"));
    assert!(lines[0]["spans"].as_array().unwrap().iter().any(|span| span["id"] == "the-request"), "{log:?}");
}

#[tokio::test]
#[ignore = "run by the test below"]
async fn child_in_development() {
    let app = TestApp::start(Vec::new()).await;
    logging::init(&app.application.state.config, &[]);
    tracing::info!("all is well");
}

#[test]
fn a_log_that_is_no_terminal_has_no_colours() {
    let log = text_of("child_in_development", "info");
    assert!(log.contains("all is well") && !log.contains('\u{1b}'), "{log:?}");
}

#[test]
fn a_request_is_one_line() {
    let log = log_of("child_that_panics", "info");
    let lines: Vec<_> = log.iter().filter(|line| line["message"] == "answered").collect();
    assert_eq!(lines.len(), 1, "{log:?}");
    assert_eq!(lines[0]["id"], "the-request");
    assert_eq!([&lines[0]["method"], &lines[0]["path"]], ["GET", "/api/v1/panic"]);
    assert_eq!(lines[0]["status"], 500);
    assert!(lines[0]["microseconds"].as_u64().unwrap() > 0, "{log:?}");
}

#[tokio::test]
#[ignore = "run by the test below"]
async fn child_with_a_slow_query() {
    let app = start(Vec::new()).await;
    sqlx::query("SELECT 'ordinary'").execute(app.db()).await.unwrap();
    let slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) \
                SELECT count(*) FROM n WHERE $1 = $1";
    let _: i64 = sqlx::query_scalar(slow).bind("hunter2").fetch_one(app.db()).await.unwrap();
}

#[test]
fn a_slow_query_is_logged_without_its_values() {
    let log = log_of("child_with_a_slow_query", "warn,sqlx=trace");
    let lines: Vec<_> = log.iter().filter(|line| line["target"] == "sqlx::query").collect();
    let is_ordinary = |line: &&Value| line["level"] != "WARN" && line.to_string().contains("'ordinary'");
    assert!(!lines.iter().any(is_ordinary), "only slow queries are logged: {log:?}");
    let names_it = |line: &&&Value| line["db.statement"].as_str().unwrap_or_default().contains("WITH RECURSIVE");
    let line = lines.iter().find(names_it).unwrap_or_else(|| panic!("the slow query is missing in {log:?}"));
    assert!(line["elapsed_secs"].as_f64().unwrap() >= 0.02, "{line}");
    assert!(!format!("{log:?}").contains("hunter2"), "{log:?}");
}
