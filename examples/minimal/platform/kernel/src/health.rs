//! `/health/live` says that the process runs, `/health/ready` that it can do its work.

use std::{
    collections::BTreeMap,
    iter,
    pin::Pin,
    time::{Duration, Instant},
};

use anyhow::Context;
use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::timeout};

use crate::AppState;

/// The future that a [`CheckFn`] returns.
pub type CheckFuture = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// Asks one thing that the application depends on whether it is well.
pub type CheckFn = fn(AppState) -> CheckFuture;

/// A check that hangs must not make the probe hang.
const LIMIT: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug)]
pub struct Check {
    pub(crate) name: &'static str,
    pub(crate) run: CheckFn,
}

/// What a check has found, and how long it took.
#[derive(Debug)]
pub struct Finding {
    pub name: &'static str,
    pub outcome: anyhow::Result<()>,
    pub elapsed: Duration,
}

impl Check {
    /// The check that every application has.
    pub(crate) const DATABASE: Self =
        Self { name: "database", run: |state| Box::pin(async move { state.db.check().await }) };
}

/// Runs all checks at the same time. What they find is sorted by name; the causes of failures also go to the log.
pub async fn examine(state: &AppState) -> Vec<Finding> {
    let mut running = JoinSet::new();
    for Check { name, run } in iter::once(&Check::DATABASE).chain(state.all()).copied() {
        let (answer, started) = (run(state.clone()), Instant::now());
        running.spawn(async move {
            let outcome = timeout(LIMIT, answer).await.context("no answer in time").flatten();
            Finding { name, outcome, elapsed: started.elapsed() }
        });
    }
    let mut findings = running.join_all().await;
    findings.sort_by_key(|finding| finding.name);
    for Finding { name, outcome, .. } in &findings {
        if let Err(error) = outcome {
            tracing::error!(check = name, "health check failed: {error:#}");
        }
    }
    findings
}

pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/health/live", get(async || "ok")).route("/health/ready", get(ready))
}

async fn ready(State(state): State<AppState>) -> (StatusCode, Json<Value>) {
    let findings = examine(&state).await;
    let well = findings.iter().all(|finding| finding.outcome.is_ok());
    let code = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = |well| if well { "ok" } else { "failing" };
    let checks: BTreeMap<_, _> = findings.iter().map(|it| (it.name, word(it.outcome.is_ok()))).collect();
    (code, Json(json!({ "status": word(well), "checks": checks })))
}
