//! What happens when somebody else writes.

use std::time::Duration;

use axum::routing::get;
use kernel::{Module, Policy, Result, Routes, database};
use sqlx::{Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};
use testkit::TestApp;
use tokio::sync::OnceCell;

static URL: OnceCell<String> = OnceCell::const_new();

/// A connection that does not wait, as none of the application.
async fn write() -> Result<()> {
    let options: SqliteConnectOptions = URL.get().map_or("", String::as_str).parse()?;
    let mut connection = SqliteConnection::connect_with(&options.busy_timeout(Duration::ZERO)).await?;
    connection.execute("BEGIN IMMEDIATE").await?;
    Ok(())
}

#[tokio::test]
async fn who_finds_the_database_locked_is_told_to_come_back() {
    let module = Module::new("writing").pages(Policy::PUBLIC, Routes::new().route("/write", get(write)));
    let app = TestApp::start(vec![module]).await;
    URL.set(app.database_url().to_owned()).unwrap();
    assert_eq!(app.get("/write").await.status, 200);
    let transaction = database::begin(app.db()).await.unwrap();
    let refused = app.get("/write").await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "1"));
    transaction.rollback().await.unwrap();
    assert_eq!(app.get("/write").await.status, 200);
}
