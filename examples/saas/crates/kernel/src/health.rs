//! `/health/live` says that the process runs, `/health/ready` that it can do its work.

use std::{collections::BTreeMap, pin::Pin, time::Duration};

use anyhow::Context;
use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde::Serialize;

use crate::AppState;

/// The future that a [`CheckFn`] returns.
pub type CheckFuture = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// Asks one thing that the application depends on whether it is well.
pub type CheckFn = fn(AppState) -> CheckFuture;

/// A check that hangs must not make the probe hang.
const LIMIT: Duration = Duration::from_secs(2);

#[derive(Clone, Copy)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) run: CheckFn,
}

#[derive(Serialize)]
struct Report {
    status: &'static str,
    checks: BTreeMap<&'static str, &'static str>,
}

impl Check {
    /// The check that every application has.
    pub(crate) const DATABASE: Self = Self { name: "database", run: |state| Box::pin(database(state)) };

    pub(crate) async fn outcome(&self, state: &AppState) -> anyhow::Result<()> {
        let answer = (self.run)(state.clone());
        tokio::time::timeout(LIMIT, answer).await.context("no answer in time").flatten()
    }
}

pub(crate) fn routes(mut checks: Vec<Check>) -> Router<AppState> {
    checks.push(Check::DATABASE);
    Router::new()
        .route("/health/live", get(async || "ok"))
        .route("/health/ready", get(async move |State(state): State<AppState>| ready(state, &checks).await))
}

async fn ready(state: AppState, checks: &[Check]) -> (StatusCode, Json<Report>) {
    let mut report = Report { status: "ok", checks: BTreeMap::new() };
    let mut status = StatusCode::OK;
    for check in checks {
        let outcome = check.outcome(&state).await;
        if let Err(error) = &outcome {
            tracing::error!(check = check.name, "health check failed: {error:#}");
            report.status = "failing";
            status = StatusCode::SERVICE_UNAVAILABLE;
        }
        let word = if outcome.is_ok() { "ok" } else { "failing" };
        report.checks.insert(check.name, word);
    }
    (status, Json(report))
}

async fn database(state: AppState) -> anyhow::Result<()> {
    sqlx::query("SELECT 1").execute(&state.db).await?;
    Ok(())
}
