//! Jobs leave connections to pages.

use axum::{extract::State, routing::get};
use kernel::{AppState, Job, Module, Policy, Result, Routes, database, jobs};
use serde::{Deserialize, Serialize};
use sqlx::Connection;
use testkit::TestApp;
use tokio::{
    sync::Semaphore,
    task::{AbortHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

const WORKERS: u16 = 4;

static HELD: Semaphore = Semaphore::const_new(0);
static ENOUGH: Semaphore = Semaphore::const_new(0);

/// Takes connections for as long as there are any, and keeps a transaction open on each.
#[derive(Serialize, Deserialize)]
struct Greedy;

impl Job for Greedy {
    const NAME: &'static str = "tests.greedy";

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let hold = async || {
            let mut connection = state.db.reader().acquire().await?;
            let mut transaction = connection.begin().await?;
            sqlx::query("SELECT 1").execute(&mut *transaction).await?;
            HELD.add_permits(1);
            ENOUGH.acquire().await?.forget();
            anyhow::Ok(())
        };
        tokio::try_join!(hold(), hold(), hold())?;
        Ok(())
    }
}

async fn page(State(state): State<AppState>) -> Result<String> {
    let answer: i64 = sqlx::query_scalar("SELECT CAST(42 AS BIGINT)").fetch_one(&state.db).await?;
    Ok(answer.to_string())
}

#[tokio::test]
async fn pages_get_a_connection_while_jobs_hold_all_they_can() {
    let pages = Routes::new().route("/page", get(page));
    let module = Module::new("tests").pages(Policy::PUBLIC, pages).job::<Greedy>();
    // The fewest connections that are allowed on a server.
    let (workers, connections) = (WORKERS.to_string(), (WORKERS + 2).to_string());
    let variables = [("WORKER_CONCURRENCY", &*workers), ("DATABASE_CONNECTIONS", &*connections)];
    let app = TestApp::start_with(vec![module], &variables).await;
    let mut transaction = database::begin(app.db()).await.unwrap();
    for _ in 0..WORKERS {
        jobs::enqueue(&mut transaction, &Greedy).await.unwrap();
    }
    transaction.commit().await.unwrap();

    let stop = CancellationToken::new();
    let mut running = JoinSet::new();
    let (worker, stopping) = (app.application.worker.clone(), stop.clone());
    let _: AbortHandle = running.spawn(async move { worker.run(stopping).await });
    // All that they can get: one for each of them, and the one that the queue can do without for a while.
    HELD.acquire_many(u32::from(WORKERS) + 1).await.unwrap().forget();
    let response = app.get("/page").await;
    assert_eq!((response.status.as_u16(), &*response.body), (200, "42"));
    assert_eq!(app.get("/health/ready").await.status, 200);

    ENOUGH.add_permits(3 * usize::from(WORKERS));
    stop.cancel();
    for outcome in running.join_all().await {
        outcome.unwrap();
    }
}
