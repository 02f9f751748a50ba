//! What happens to the file of the database: it is full, deleted, replaced, emptied, cannot be written to.

use std::{collections::HashMap, fs};

use kernel::{
    Config, Module,
    database::{self, Migration},
    health,
};
use testkit::TestApp;

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "create the files", sql: "CREATE TABLE files (content BLOB NOT NULL)" }];

const SMALL: &str = "INSERT INTO files VALUES ('x')";
const LARGE: &str = "INSERT INTO files VALUES (zeroblob(1000000))";

async fn start() -> TestApp {
    let app = TestApp::start(vec![Module::new("files").migrations(MIGRATIONS)]).await;
    assert_eq!(app.get("/health/ready").await.status, 200);
    app
}

/// Writes in a transaction, as handlers do.
async fn write(app: &TestApp, sql: &'static str) -> anyhow::Result<()> {
    let mut transaction = database::begin(app.db()).await?;
    sqlx::query(sql).execute(&mut *transaction).await?;
    Ok(transaction.commit().await?)
}

/// No file grows any more: what the connection that writes meets on a full disk.
async fn fill_disk(app: &TestApp) {
    for sql in ["VACUUM", "PRAGMA max_page_count = 1"] {
        sqlx::query(sql).execute(app.db()).await.unwrap();
    }
}

/// Why the application is not ready, and stays like that.
async fn failure(app: &TestApp) -> String {
    assert_eq!(app.get("/health/ready").await.status, 503);
    examine(app).await
}

async fn examine(app: &TestApp) -> String {
    let findings = health::examine(&app.application.state).await;
    format!("{:#}", findings.into_iter().find_map(|finding| finding.outcome.err()).unwrap())
}

#[tokio::test]
async fn after_a_full_disk_all_changes_pass_at_once() {
    let app = start().await;
    for _ in 0..5 {
        fill_disk(&app).await;
        let error = write(&app, LARGE).await.unwrap_err().to_string();
        assert!(error.contains("database or disk is full"), "{error}");
        // There is room again.
        sqlx::query("PRAGMA max_page_count = 1000000").execute(app.db()).await.unwrap();
        for _ in 0..10 {
            write(&app, SMALL).await.unwrap();
        }
    }
    assert_eq!(app.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn a_full_disk_is_noticed() {
    let app = start().await;
    fill_disk(&app).await;
    // Until the last page has no room left.
    while sqlx::query(SMALL).execute(app.db()).await.is_ok() {}
    let failure = examine(&app).await;
    assert!(failure.contains("takes no changes") && failure.contains("database or disk is full"), "{failure}");
    // There is room again.
    sqlx::query("PRAGMA max_page_count = 1000000").execute(app.db()).await.unwrap();
    assert_eq!(app.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn a_database_that_cannot_be_written_to_is_noticed() {
    let app = start().await;
    sqlx::query("PRAGMA query_only = ON").execute(app.db()).await.unwrap();
    write(&app, SMALL).await.unwrap_err();
    let failure = failure(&app).await;
    assert!(failure.contains("takes no changes") && failure.contains("readonly"), "{failure}");

    // The same, from the start on.
    let url = format!("sqlite://{}?mode=ro", app.db().file().display());
    let variables = HashMap::from([("DATABASE_URL".to_owned(), url)]);
    let config = Config::from_variables(&variables, &[]).unwrap();
    let db = database::connect(&config).await.unwrap();
    let state = kernel::Application::build(config, db, Vec::new()).unwrap().state;
    let failure = health::examine(&state).await.into_iter().find_map(|finding| finding.outcome.err()).unwrap();
    assert!(format!("{failure:#}").contains("takes no changes"), "{failure:#}");
}

#[tokio::test]
async fn a_deleted_file_is_noticed() {
    let app = start().await;
    fs::remove_file(app.db().file()).unwrap();
    assert!(failure(&app).await.contains("its file is gone"));
}

#[tokio::test]
async fn a_replaced_file_is_noticed() {
    let app = start().await;
    let (file, other) = (app.db().file(), app.db().file().with_extension("other"));
    fs::copy(file, &other).unwrap();
    fs::rename(other, file).unwrap();
    assert!(failure(&app).await.contains("replaced while it was in use: restart the application"));
}

#[tokio::test]
async fn an_emptied_file_is_noticed() {
    let app = start().await;
    fs::File::options().write(true).truncate(true).open(app.db().file()).unwrap();
    assert!(failure(&app).await.contains("emptied"));
}

#[tokio::test]
async fn a_file_that_holds_something_else_is_noticed() {
    let app = start().await;
    // Else, the tables would be read from the log.
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(app.db()).await.unwrap();
    let length = fs::metadata(app.db().file()).unwrap().len();
    fs::write(app.db().file(), vec![b'x'; usize::try_from(length).unwrap()]).unwrap();
    assert!(failure(&app).await.contains("the tables cannot be read"));
}

#[tokio::test]
async fn a_change_that_returns_rows_needs_a_transaction() {
    let app = start().await;
    let query = || sqlx::query_scalar::<_, String>("INSERT INTO files VALUES ('x') RETURNING content");
    let error = query().fetch_one(app.db()).await.unwrap_err().to_string();
    assert!(error.contains("kernel::database::begin"), "{error}");
    let error = query().fetch_all(app.db()).await.unwrap_err().to_string();
    assert!(error.contains("kernel::database::begin"), "{error}");
    let mut transaction = database::begin(app.db()).await.unwrap();
    assert_eq!(query().fetch_one(&mut *transaction).await.unwrap(), "x");
    transaction.commit().await.unwrap();
}

#[test]
fn a_database_in_memory_is_refused() {
    let read = |url: &str| {
        let variables = [("APP_ENV", "production"), ("PUBLIC_URL", "https://app.test"), ("DATABASE_URL", url)];
        Config::from_variables(&variables.map(|(key, value)| (key.to_owned(), value.to_owned())).into(), &[])
    };
    for url in [
        "sqlite:",
        "sqlite://",
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite:%3Amemory%3A",
        "sqlite:file::memory:",
        "sqlite:file:app.db%3Fmode=memory",
        "sqlite://app.db?mode=memory",
        "sqlite://app.db?mode=%6Demory",
        "sqlite://app.db?mode=rw&mode=memory",
        "sqlite://app.db?vfs=memdb",
        "sqlite://app.db?",
    ] {
        let error = read(url).unwrap_err().to_string();
        assert!(error.contains("DATABASE_URL is malformed: it expects the path of a file"), "{url}: {error}");
    }
    for url in ["sqlite:app.db", "sqlite:///data/app.db", "sqlite://data/a%20b.db?mode=rwc"] {
        read(url).unwrap();
    }
}

/// A table is built anew, as `SQLite` requires it for most changes of a column.
mod rebuild {
    use super::*;

    const AUTHORS: Migration = Migration {
        version: 1,
        name: "create authors and books",
        sql: "CREATE TABLE authors (id INTEGER PRIMARY KEY, age TEXT); \
              CREATE TABLE books (author INTEGER NOT NULL REFERENCES authors ON DELETE CASCADE); \
              INSERT INTO authors VALUES (1, '36'), (2, '41'); INSERT INTO books VALUES (1), (1), (2)",
    };

    const REBUILD: Migration = Migration {
        version: 2,
        name: "make ages numbers",
        sql: "-- no-transaction\n\
              CREATE TABLE new (id INTEGER PRIMARY KEY, age INTEGER NOT NULL); \
              INSERT INTO new SELECT id, age FROM authors; DROP TABLE authors; ALTER TABLE new RENAME TO authors",
    };

    const LOSS: Migration =
        Migration { version: 2, sql: "-- no-transaction\nDELETE FROM authors WHERE id = 1", ..REBUILD };

    fn authors(migrations: &'static [Migration]) -> [Module; 1] {
        [Module::new("authors").migrations(migrations)]
    }

    async fn count(app: &TestApp, table: &'static str) -> i64 {
        sqlx::query_scalar(table).fetch_one(app.db()).await.unwrap()
    }

    #[tokio::test]
    async fn keeps_the_rows_that_refer_to_its_own() {
        let app = TestApp::start(authors(&[AUTHORS]).into()).await;
        database::migrate(app.db(), &authors(&[AUTHORS, REBUILD])).await.unwrap();
        assert_eq!(count(&app, "SELECT count(*) FROM books").await, 3);
        assert_eq!(count(&app, "SELECT sum(age) FROM authors").await, 77);
        // From now on, they are deleted with it as before.
        sqlx::query("DELETE FROM authors WHERE id = 1").execute(app.db()).await.unwrap();
        assert_eq!(count(&app, "SELECT count(*) FROM books").await, 1);
        database::check_migrated(app.db(), &authors(&[AUTHORS, REBUILD])).await.unwrap();
    }

    #[tokio::test]
    async fn leaves_no_row_that_refers_to_nothing() {
        let app = TestApp::start(authors(&[AUTHORS]).into()).await;
        let error = database::migrate(app.db(), &authors(&[AUTHORS, LOSS])).await.unwrap_err();
        assert!(format!("{error:#}").contains("books"), "{error:#}");
        assert_eq!(count(&app, "SELECT count(*) FROM authors").await, 2);
        database::check_migrated(app.db(), &authors(&[AUTHORS, LOSS])).await.unwrap_err();
        // The connection checks references as before.
        sqlx::query("INSERT INTO books VALUES (3)").execute(app.db()).await.unwrap_err();
    }
}
