//! What happens when transactions come in each other's way.

use std::sync::Arc;

use axum::extract::{Path, State};
use kernel::{
    AppState, Module, Policy, Result, Routes,
    database::{self, Migration},
};
use testkit::TestApp;
use tokio::sync::Barrier;

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "create seats",
    sql: "CREATE TABLE seats (id BIGINT PRIMARY KEY); INSERT INTO seats VALUES (1), (2)",
}];

/// Takes one seat, and the other when somebody else has that.
async fn take(State(state): State<AppState>, Path(seat): Path<i64>, both: Arc<Barrier>) -> Result<()> {
    let mut transaction = database::begin(&state.db).await?;
    let query = "UPDATE seats SET id = id WHERE id = $1";
    sqlx::query(query).bind(seat).execute(&mut *transaction).await?;
    both.wait().await;
    sqlx::query(query).bind(3 - seat).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

#[tokio::test]
async fn who_waits_in_a_circle_is_told_to_come_back() {
    let both = Arc::new(Barrier::new(2));
    let route = axum::routing::get(move |state: State<AppState>, seat: Path<i64>| take(state, seat, both.clone()));
    let seats = Module::new("seats").migrations(MIGRATIONS);
    let seats = seats.pages(Policy::PUBLIC, Routes::new().route("/seats/{seat}", route));
    let app = TestApp::start(vec![seats]).await;
    let answers = tokio::join!(app.get("/seats/1"), app.get("/seats/2"));
    let (refused, served) = if answers.0.status == 200 { (answers.1, answers.0) } else { answers };
    assert_eq!((refused.status.as_u16(), refused.header("retry-after"), served.status.as_u16()), (503, "1", 200));
}
