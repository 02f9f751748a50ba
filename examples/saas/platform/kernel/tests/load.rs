//! Many clients at once.

use axum::{extract::State, routing::get};
use kernel::{
    AppState, Module, Policy, Result, Routes,
    database::{self, Migration},
};
use testkit::TestApp;
use tokio::task::JoinSet;

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "create the counters",
    sql: "CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL); \
          INSERT INTO counters VALUES ('shared', 0); \
          CREATE TABLE visits (path TEXT NOT NULL)",
}];

fn counter() -> Module {
    let pages = Routes::new().route("/counter", get(read).post(increment).put(visit));
    Module::new("counter").migrations(MIGRATIONS).pages(Policy::PUBLIC, pages)
}

async fn read(State(state): State<AppState>) -> Result<String> {
    let (value, visits): (i64, i64) =
        sqlx::query_as("SELECT value, (SELECT count(*) FROM visits) FROM counters").fetch_one(&state.db).await?;
    Ok(format!("{value} {visits}"))
}

/// Reads and then writes, which is what transactions are bad at that take the lock late.
async fn increment(State(state): State<AppState>) -> Result<()> {
    let mut transaction = database::begin(&state.db).await?;
    sqlx::query("UPDATE counters SET value = value").execute(&mut *transaction).await?;
    let value: i64 = sqlx::query_scalar("SELECT value FROM counters").fetch_one(&mut *transaction).await?;
    sqlx::query("UPDATE counters SET value = $1").bind(value + 1).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

/// Writes without a transaction of its own.
async fn visit(State(state): State<AppState>) -> Result<()> {
    sqlx::query("INSERT INTO visits (path) VALUES ('/counter')").execute(&state.db).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_hears_that_the_database_is_locked() {
    const CLIENTS: usize = 300;
    let app = std::sync::Arc::new(TestApp::start(vec![counter()]).await);
    let mut requests = JoinSet::new();
    for client in 0..CLIENTS {
        let app = std::sync::Arc::clone(&app);
        let method = ["GET", "POST", "PUT"][client % 3];
        requests.spawn(async move {
            let request = hyper::Request::builder().method(method).uri("/counter");
            app.send(request, String::new()).await.status
        });
    }
    for status in requests.join_all().await {
        assert_eq!(status, 200);
    }
    assert_eq!(app.get("/counter").await.body, format!("{0} {0}", CLIENTS / 3));
}
