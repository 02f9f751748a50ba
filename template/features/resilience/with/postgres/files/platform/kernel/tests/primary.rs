//! What is particular to `PostgreSQL`: its limits, and migrations outside of a transaction.

use std::collections::HashMap;

use kernel::{
    Config, Module,
    database::{self, Migration},
    health,
};
use testkit::TestApp;

const BOOKS: Migration =
    Migration { version: 1, name: "create books", sql: "CREATE TABLE books (title TEXT NOT NULL)" };

const INDEX: Migration = Migration {
    version: 2,
    name: "find books by their titles",
    sql: "-- no-transaction\nCREATE INDEX CONCURRENTLY books_title ON books (title)",
};

#[test]
fn jobs_must_leave_connections_to_pages() {
    let read = |connections: &str| {
        let variables = [
            ("DATABASE_URL", "postgres://me@127.0.0.1/app"),
            ("WORKER_CONCURRENCY", "8"),
            ("DATABASE_CONNECTIONS", connections),
        ];
        let variables = variables.map(|(key, value)| (key.to_owned(), value.to_owned()));
        Config::from_variables(&HashMap::from(variables), &[])
    };
    let error = read("9").unwrap_err().to_string();
    assert!(error.contains("with a WORKER_CONCURRENCY of 8 it must be at least 10"), "{error}");
    read("10").unwrap();
}

#[tokio::test]
async fn an_index_is_made_while_the_table_is_in_use() {
    let books = |migrations| [Module::new("books").migrations(migrations)];
    let app = TestApp::start(books(&[BOOKS]).into()).await;
    database::migrate(app.db(), &books(&[BOOKS, INDEX])).await.unwrap();
    let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'books_title'::regclass";
    assert!(sqlx::query_scalar::<_, bool>(valid).fetch_one(app.db()).await.unwrap());
    database::check_migrated(app.db(), &books(&[BOOKS, INDEX])).await.unwrap();
}

#[tokio::test]
async fn a_server_that_takes_no_changes_is_noticed() {
    let app = TestApp::start(Vec::new()).await;
    assert_eq!(app.get("/health/ready").await.status, 200);
    // As on a replica: for all connections that are opened from now on.
    let read_only = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', \
         current_database()); END $$";
    sqlx::query(read_only).execute(app.db()).await.unwrap();
    let config = (*app.application.state.config).clone();
    let db = database::connect(&config).await.unwrap();
    let state = kernel::Application::build(config, db.clone(), Vec::new()).unwrap().state;
    let failure = health::examine(&state).await.into_iter().find_map(|finding| finding.outcome.err()).unwrap();
    assert!(format!("{failure:#}").contains("takes no changes"), "{failure:#}");
    db.close().await;
}
