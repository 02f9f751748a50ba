//! Jobs run, survive failures, and belong to the transaction that accepted them.

use kernel::{
    AppState, Job, Module,
    database::{self, Migration},
    jobs,
};
use serde::{Deserialize, Serialize};
use testkit::TestApp;

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "create the table of marks", sql: "CREATE TABLE marks (word TEXT NOT NULL)" }];

/// Leaves a mark in the database.
#[derive(Serialize, Deserialize)]
struct Mark {
    word: String,
}

impl Job for Mark {
    const NAME: &'static str = "marks.make";

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        sqlx::query("INSERT INTO marks (word) VALUES ($1)").bind(&self.word).execute(&state.db).await?;
        match self.word.as_str() {
            "fail" => anyhow::bail!("not today"),
            "panic" => panic!("not today either"),
            _ => Ok(()),
        }
    }
}

fn marks() -> Module {
    Module::new("marks").migrations(MIGRATIONS).job::<Mark>()
}

async fn enqueue(app: &TestApp, word: &str) {
    let job = Mark { word: word.to_owned() };
    let mut transaction = database::begin(app.db()).await.unwrap();
    jobs::enqueue(&mut transaction, &job).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn words(app: &TestApp) -> Vec<String> {
    sqlx::query_scalar("SELECT word FROM marks ORDER BY word").fetch_all(app.db()).await.unwrap()
}

#[tokio::test]
async fn jobs_run_once_each() {
    let app = TestApp::start(vec![marks()]).await;
    for word in ["a", "b", "c"] {
        enqueue(&app, word).await;
    }
    assert_eq!(jobs::due(app.db()).await.unwrap(), 3);
    app.run_jobs().await;
    assert_eq!(words(&app).await, ["a", "b", "c"]);

    app.run_jobs().await;
    assert_eq!(words(&app).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_job_vanishes_with_its_transaction() {
    let app = TestApp::start(vec![marks()]).await;
    let mut transaction = database::begin(app.db()).await.unwrap();
    let job = Mark { word: "never".to_owned() };
    jobs::enqueue(&mut transaction, &job).await.unwrap();
    transaction.rollback().await.unwrap();

    assert_eq!(jobs::due(app.db()).await.unwrap(), 0);
    app.run_jobs().await;
    assert!(words(&app).await.is_empty());
}

#[tokio::test]
async fn failures_wait_for_another_attempt_and_stop_nobody() {
    let app = TestApp::start(vec![marks()]).await;
    for word in ["fail", "panic", "succeed"] {
        enqueue(&app, word).await;
    }
    app.run_jobs().await;
    assert_eq!(words(&app).await, ["fail", "panic", "succeed"]);
}

#[tokio::test]
async fn a_job_that_no_module_handles_stops_nobody() {
    let app = TestApp::start(vec![Module::new("marks").migrations(MIGRATIONS)]).await;
    enqueue(&app, "orphan").await;
    app.run_jobs().await;
    assert!(words(&app).await.is_empty());
}
