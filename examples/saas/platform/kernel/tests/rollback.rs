//! The database was migrated by another version of the application than the one that runs.

use std::{
    io,
    sync::{Arc, Mutex},
};

use kernel::{
    Module,
    database::{self, Migration},
};
use testkit::TestApp;
use tracing::Level;

const FIRST: Migration =
    Migration { version: 1, name: "create books", sql: "CREATE TABLE books (title TEXT NOT NULL)" };
const SECOND: Migration =
    Migration { version: 2, name: "add authors", sql: "ALTER TABLE books ADD COLUMN author TEXT" };
const THIRD: Migration = Migration { version: 3, name: "add years", sql: "ALTER TABLE books ADD COLUMN year TEXT" };

fn books(migrations: &'static [Migration]) -> [Module; 1] {
    [Module::new("books").migrations(migrations)]
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn one_can_go_back_to_the_version_before() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(Level::WARN).with_ansi(false);
    let _guard = tracing::subscriber::set_default(subscriber.with_writer(move || writer.clone()).finish());

    let app = TestApp::start(books(&[FIRST, SECOND]).into()).await;
    database::check_migrated(app.db(), &books(&[FIRST])).await.unwrap();
    database::migrate(app.db(), &books(&[FIRST])).await.unwrap();
    let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        said.contains("a newer version of the application has run this migration") && said.contains("books"),
        "{said}"
    );

    // And forward again, past the one that came in between.
    database::migrate(app.db(), &books(&[FIRST, SECOND, THIRD])).await.unwrap();
    database::check_migrated(app.db(), &books(&[FIRST, SECOND, THIRD])).await.unwrap();
}

#[tokio::test]
async fn a_migration_that_was_changed_afterwards_is_named() {
    const CHANGED: Migration = Migration { sql: "CREATE TABLE books (title TEXT)", ..FIRST };
    let app = TestApp::start(books(&[FIRST]).into()).await;
    let error = database::migrate(app.db(), &books(&[CHANGED])).await.unwrap_err().to_string();
    assert!(error.contains("\"create books\" of `books` was changed after it had run"), "{error}");
}

#[tokio::test]
async fn a_module_without_migrations_gets_no_table() {
    let app = TestApp::start(vec![Module::new("talk")]).await;
    sqlx::query("SELECT * FROM _migrations_talk").execute(app.db()).await.unwrap_err();
    sqlx::query("SELECT * FROM _migrations__jobs").execute(app.db()).await.unwrap();
}
