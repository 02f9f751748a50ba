//! The report tells operators more than the probes do, and strangers not too much.

use std::time::{Duration, Instant};

use kernel::Module;
use serde_json::Value;
use testkit::{Response, TestApp};

async fn report(more: Module) -> Response {
    TestApp::start(vec![health_report::module(), more]).await.get("/health").await
}

#[tokio::test]
async fn tells_how_each_check_does() {
    let response = report(Module::new("nothing")).await;
    assert_eq!(response.status, 200);
    let report: Value = response.json();
    assert_eq!(report["status"], "ok");
    assert_eq!(report["environment"], "development");
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    assert!(report["uptime_seconds"].is_u64());
    assert_eq!(report["checks"]["database"]["status"], "ok");
    assert!(report["checks"]["database"]["milliseconds"].is_f64());
}

#[tokio::test]
async fn one_failing_check_fails_the_report() {
    let module = Module::new("cautious").check("disk", |_| Box::pin(async { anyhow::bail!("/dev/sda is full") }));
    let response = report(module).await;
    assert_eq!(response.status, 503);
    let report: Value = response.json();
    assert_eq!(report["status"], "failing");
    assert_eq!(report["checks"]["disk"]["status"], "failing");
    assert_eq!(report["checks"]["disk"]["error"], "/dev/sda is full");
    assert_eq!(report["checks"]["database"]["status"], "ok");
}

#[tokio::test]
async fn a_failing_detail_is_told_and_stops_no_traffic() {
    let detail = |name, run| Module::new(name).add(health_report::Detail { name, run });
    let failing = detail("smtp", |_| Box::pin(async { anyhow::bail!("the password is wrong") }));
    let fine = detail("cache", |_| Box::pin(async { Ok(()) }));
    let app = TestApp::start(vec![health_report::module(), failing, fine]).await;
    let response = app.get("/health").await;
    assert_eq!(response.status, 200);
    let report: Value = response.json();
    assert_eq!((&report["status"], &report["checks"]["smtp"]["status"]), (&"degraded".into(), &"failing".into()));
    assert_eq!(report["checks"]["smtp"]["error"], "the password is wrong");
    assert_eq!(report["checks"]["cache"]["status"], "ok");
    assert_eq!(app.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn checks_that_hang_are_given_up_together() {
    let hanging = ["first", "second", "third"];
    let module = hanging
        .into_iter()
        .fold(Module::new("hanging"), |module, name| module.check(name, |_| Box::pin(std::future::pending())));
    let started = Instant::now();
    let report: Value = report(module).await.json();
    assert!(started.elapsed() < Duration::from_secs(5), "they wait for their limit of 2 s one after another");
    for name in hanging {
        assert_eq!(report["checks"][name]["error"], "no answer in time: deadline has elapsed");
    }
}
