//! How the application does, in detail.

use std::{
    collections::BTreeMap,
    sync::LazyLock,
    time::{Duration, Instant},
};

use anyhow::Context;
use axum::{Json, extract::State, http::StatusCode, routing::get};
use kernel::{
    AppState, Module, Policy, Routes,
    config::Environment,
    health::{self, CheckFn, Finding},
};
use serde::Serialize;
use tokio::{task::JoinSet, time::timeout};

/// A detail that hangs must not make the report hang.
const LIMIT: Duration = Duration::from_secs(5);

/// Something to look at that the application can do without for a while, such as a mail server: it stands in the report, and
/// traffic keeps coming where it fails. `Module::add(Detail { … })`.
#[derive(Clone, Copy, Debug)]
pub struct Detail {
    pub name: &'static str,
    pub run: CheckFn,
}

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The report at `/health`.
pub fn module() -> Module {
    LazyLock::force(&START);
    Module::new("health_report").pages(Policy::PUBLIC, Routes::new().route("/health", get(report)))
}

#[derive(Serialize)]
struct Report {
    status: Status,
    version: &'static str,
    environment: String,
    uptime_seconds: u64,
    checks: BTreeMap<&'static str, Check>,
}

#[derive(Serialize)]
struct Check {
    status: Status,
    milliseconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    /// Only details fail.
    Degraded,
    Failing,
}

async fn report(State(state): State<AppState>) -> (StatusCode, Json<Report>) {
    let in_development = state.config.environment == Environment::Development;
    let (findings, details) = tokio::join!(health::examine(&state), examine_details(&state));
    let well = |findings: &[Finding]| findings.iter().all(|finding| finding.outcome.is_ok());
    let status = match (well(&findings), well(&details)) {
        (true, true) => Status::Ok,
        (true, false) => Status::Degraded,
        (false, _) => Status::Failing,
    };
    let findings = findings.into_iter().chain(details);
    let checks = findings.map(|finding| (finding.name, describe(finding, in_development))).collect();
    let report = Report {
        status,
        version: env!("CARGO_PKG_VERSION"),
        environment: format!("{:?}", state.config.environment).to_lowercase(),
        uptime_seconds: START.elapsed().as_secs(),
        checks,
    };
    (if status == Status::Failing { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, Json(report))
}

async fn examine_details(state: &AppState) -> Vec<Finding> {
    let mut running = JoinSet::new();
    for Detail { name, run } in state.all().iter().copied() {
        let (answer, started) = (run(state.clone()), Instant::now());
        running.spawn(async move {
            let outcome = timeout(LIMIT, answer).await.context("no answer in time").flatten();
            Finding { name, outcome, elapsed: started.elapsed() }
        });
    }
    running.join_all().await
}

/// What is wrong may tell strangers too much: the kernel has logged it.
fn describe(Finding { outcome, elapsed, .. }: Finding, in_development: bool) -> Check {
    Check {
        status: if outcome.is_ok() { Status::Ok } else { Status::Failing },
        milliseconds: (elapsed.as_secs_f64() * 1e4).round() / 10.0,
        error: outcome.err().filter(|_| in_development).map(|error| format!("{error:#}")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn causes_of_failures_are_shown_in_development_only() {
        let error = |in_development| {
            let outcome = Err(anyhow::anyhow!("the disk is full").context("backup"));
            describe(Finding { name: "disk", outcome, elapsed: Duration::ZERO }, in_development).error
        };
        assert_eq!(error(true).as_deref(), Some("backup: the disk is full"));
        assert_eq!(error(false), None);
    }
}
