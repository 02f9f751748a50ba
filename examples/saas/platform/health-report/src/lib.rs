//! How the application does, in detail.

use std::{collections::BTreeMap, sync::LazyLock, time::Instant};

use axum::{Json, extract::State, http::StatusCode, routing::get};
use kernel::{
    AppState, Module, Policy, Routes,
    config::Environment,
    health::{self, Finding},
};
use serde::Serialize;

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
    Failing,
}

async fn report(State(state): State<AppState>) -> (StatusCode, Json<Report>) {
    let in_development = state.config.environment == Environment::Development;
    let findings = health::examine(&state).await;
    let checks = findings.into_iter().map(|finding| (finding.name, describe(finding, in_development)));
    let checks: BTreeMap<_, _> = checks.collect();
    let well = checks.values().all(|check| check.status == Status::Ok);
    let report = Report {
        status: if well { Status::Ok } else { Status::Failing },
        version: env!("CARGO_PKG_VERSION"),
        environment: format!("{:?}", state.config.environment).to_lowercase(),
        uptime_seconds: START.elapsed().as_secs(),
        checks,
    };
    (if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(report))
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
