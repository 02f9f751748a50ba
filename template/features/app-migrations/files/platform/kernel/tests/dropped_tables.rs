//! What a module has made can be dropped by a migration that runs first, and made again, on every database that there may be.

use kernel::{
    Db, Module,
    database::{self, Migration},
};
use testkit::TestApp;

const DROP: Migration = Migration {
    version: 1,
    name: "drop books",
    sql: "DROP TABLE IF EXISTS books; DROP TABLE IF EXISTS _migrations_books;",
};

const CREATE: Migration =
    Migration { version: 1, name: "create books", sql: "CREATE TABLE books (title TEXT NOT NULL)" };

fn first() -> Module {
    Module::new("first").migrations(&[DROP])
}

fn books() -> Module {
    Module::new("books").migrations(&[CREATE])
}

async fn add_book(db: &Db) {
    sqlx::query("INSERT INTO books (title) VALUES ('Emma')").execute(db).await.unwrap();
}

/// The number of books; nothing where there is no table of them.
async fn count(db: &Db) -> Option<i64> {
    sqlx::query_scalar("SELECT count(*) FROM books").fetch_one(db).await.ok()
}

#[tokio::test]
async fn a_module_goes_with_its_tables_and_comes_back_with_empty_ones() {
    let app = TestApp::start(vec![books()]).await;
    add_book(app.db()).await;
    assert_eq!(count(app.db()).await, Some(1));
    database::migrate(app.db(), &[first()]).await.unwrap();
    assert_eq!(count(app.db()).await, None);
    database::migrate(app.db(), &[first(), books()]).await.unwrap();
    assert_eq!(count(app.db()).await, Some(0));
    add_book(app.db()).await;
    database::migrate(app.db(), &[first(), books()]).await.unwrap();
    assert_eq!(count(app.db()).await, Some(1), "what has run once does not run again");
}

#[tokio::test]
async fn a_database_that_has_missed_the_release_between_gets_empty_tables_too() {
    let app = TestApp::start(vec![books()]).await;
    add_book(app.db()).await;
    database::migrate(app.db(), &[first(), books()]).await.unwrap();
    assert_eq!(count(app.db()).await, Some(0));
}

#[tokio::test]
async fn a_new_database_has_nothing_to_drop() {
    let app = TestApp::start(vec![first(), books()]).await;
    assert_eq!(count(app.db()).await, Some(0));
}
