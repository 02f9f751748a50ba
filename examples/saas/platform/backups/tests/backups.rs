//! A copy can be made again and again while the database is in use, and leads back to what it holds.

use std::{fs, path::PathBuf};

use kernel::{
    Config, Db, Module,
    database::{self, Migration},
};
use testkit::TestApp;

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "create the notes", sql: "CREATE TABLE notes (title TEXT NOT NULL)" }];

async fn start() -> TestApp {
    TestApp::start(vec![Module::new("notes").migrations(MIGRATIONS)]).await
}

fn config(app: &TestApp) -> &Config {
    &app.application.state.config
}

/// A file beside the database, which goes away with it.
fn beside(app: &TestApp, name: &str) -> PathBuf {
    app.db().file().with_file_name(name)
}

async fn add(db: &Db, title: &'static str) {
    sqlx::query("INSERT INTO notes VALUES ($1)").bind(title).execute(db).await.unwrap();
}

async fn titles(db: &Db) -> Vec<String> {
    sqlx::query_scalar("SELECT title FROM notes ORDER BY title").fetch_all(db).await.unwrap()
}

/// Leaves the files as they are when the process is killed: with what was written last in the log only.
fn kill(app: &TestApp, survivors: &str) -> PathBuf {
    let file = app.db().file();
    let copy = file.with_file_name(survivors);
    for suffix in ["", "-wal"] {
        fs::copy(format!("{}{suffix}", file.display()), format!("{}{suffix}", copy.display())).unwrap();
    }
    copy
}

/// The configuration of an application whose database is `file`.
fn config_of(file: &std::path::Path) -> Config {
    let variables = [("DATABASE_URL".to_owned(), format!("sqlite://{}", file.display()))];
    Config::from_variables(&variables.into(), &[]).unwrap()
}

#[tokio::test]
async fn copies_again_and_again_while_somebody_writes() {
    let app = start().await;
    let copy = beside(&app, "backup.db");
    add(app.db(), "a").await;
    backups::backup(config(&app), &copy).await.unwrap();

    let mut transaction = database::begin(app.db()).await.unwrap();
    sqlx::query("INSERT INTO notes VALUES ('b')").execute(&mut *transaction).await.unwrap();
    backups::backup(config(&app), &copy).await.unwrap();
    let db = database::connect(&config_of(&copy)).await.unwrap();
    assert_eq!(titles(&db).await, ["a"]);
    db.close().await;

    transaction.commit().await.unwrap();
    backups::backup(config(&app), &copy).await.unwrap();
    let db = database::connect(&config_of(&copy)).await.unwrap();
    assert_eq!(titles(&db).await, ["a", "b"]);
    db.close().await;
}

#[tokio::test]
async fn a_database_in_use_is_not_replaced() {
    let app = start().await;
    let copy = beside(&app, "backup.db");
    backups::backup(config(&app), &copy).await.unwrap();
    add(app.db(), "kept").await;
    let error = backups::restore(config(&app), &copy).await.unwrap_err().to_string();
    assert!(error.contains("is in use: stop the application"), "{error}");
    add(app.db(), "later").await;
    assert_eq!(titles(app.db()).await, ["kept", "later"]);
    assert_eq!(app.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn a_log_that_was_left_behind_does_not_get_into_the_copy() {
    let app = start().await;
    let copy = beside(&app, "backup.db");
    add(app.db(), "before").await;
    backups::backup(config(&app), &copy).await.unwrap();
    add(app.db(), "after").await;

    let file = kill(&app, "killed.db");
    let config = config_of(&file);
    for _ in 0..2 {
        backups::restore(&config, &copy).await.unwrap();
        let db = database::connect(&config).await.unwrap();
        assert_eq!(titles(&db).await, ["before"]);
        add(&db, "new").await;
        db.close().await;
    }
    // What was there before is set aside in full.
    let db = database::connect(&config_of(&beside(&app, "killed.db.replaced"))).await.unwrap();
    assert_eq!(titles(&db).await, ["before", "new"]);
    db.close().await;
}

#[tokio::test]
async fn a_damaged_database_can_be_restored() {
    let app = start().await;
    let copy = beside(&app, "backup.db");
    add(app.db(), "before").await;
    backups::backup(config(&app), &copy).await.unwrap();

    // Else, the log still has the pages that are lost from the file.
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(app.db()).await.unwrap();
    let file = kill(&app, "damaged.db");
    fs::write(&file, "scrap").unwrap();
    let config = config_of(&file);
    backups::restore(&config, &copy).await.unwrap();
    let db = database::connect(&config).await.unwrap();
    assert_eq!(titles(&db).await, ["before"]);
    db.close().await;
    assert_eq!(fs::read_to_string(beside(&app, "damaged.db.replaced")).unwrap(), "scrap");
}

#[tokio::test]
async fn what_is_no_copy_is_refused_and_changes_nothing() {
    let app = start().await;
    add(app.db(), "kept").await;
    let file = kill(&app, "stopped.db");
    let config = config_of(&file);
    let (missing, scrap, foreign) = (beside(&app, "missing.db"), beside(&app, "scrap.db"), beside(&app, "foreign.db"));
    fs::write(&scrap, "x".repeat(10_000)).unwrap();
    fs::write(&foreign, "").unwrap();
    for source in [missing, scrap, foreign] {
        let error = backups::restore(&config, &source).await.unwrap_err().to_string();
        assert!(error.contains(&format!("{} cannot be copied", source.display())), "{error}");
    }
    let db = database::connect(&config).await.unwrap();
    assert_eq!(titles(&db).await, ["kept"]);
    db.close().await;
    assert!(!beside(&app, "stopped.db.part").exists());
}
