//! Every module keeps its own record of what has run.

use kernel::{
    Module,
    database::{self, Migration},
};
use testkit::TestApp;

const FIRST: Migration =
    Migration { version: 1, name: "create the table of authors", sql: "CREATE TABLE authors (name TEXT NOT NULL)" };

fn authors(migrations: &'static [Migration]) -> Module {
    Module::new("authors").migrations(migrations)
}

#[tokio::test]
async fn modules_come_and_go() {
    const BOOKS: Migration =
        Migration { version: 1, name: "create the table of books", sql: "CREATE TABLE books (title TEXT NOT NULL)" };
    let app = TestApp::start(vec![authors(&[FIRST])]).await;
    let without_authors = [Module::new("books").migrations(&[BOOKS])];
    database::migrate(app.db(), &without_authors).await.unwrap();
    database::migrate(app.db(), &[authors(&[FIRST])]).await.unwrap();
}

#[tokio::test]
async fn a_broken_migration_names_its_module() {
    const BROKEN: Migration = Migration { version: 1, name: "a typing mistake", sql: "CREATE TABEL x (y TEXT)" };
    let app = TestApp::start(Vec::new()).await;
    let error = database::migrate(app.db(), &[Module::new("typist").migrations(&[BROKEN])]).await.unwrap_err();
    assert!(error.to_string().contains("`typist`"), "{error}");
}
