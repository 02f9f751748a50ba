//! The doctor says what is wrong with the file of the database.

use std::{
    fs::File,
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use doctor::Level;
use kernel::{
    Config, Module,
    database::{self, Migration},
};
use testkit::TestApp;

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "create books", sql: "CREATE TABLE books (title TEXT NOT NULL)" }];

fn modules() -> Vec<Module> {
    vec![Module::new("books").migrations(MIGRATIONS)]
}

/// A database that nobody uses, with so many rows that they fill some pages.
async fn database(app: &TestApp) -> PathBuf {
    let file = app.db().file().with_file_name("examined.db");
    let config = config(&file, "");
    let db = database::prepare(&config, &modules()).await.unwrap();
    let rows = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) \
         INSERT INTO books SELECT 'a title that takes some room' FROM n";
    sqlx::query(rows).execute(&db).await.unwrap();
    db.close().await;
    file
}

fn config(file: &Path, settings: &str) -> Config {
    let variables = [("DATABASE_URL", format!("sqlite://{}{settings}", file.display())), ("PORT", "0".to_owned())];
    Config::from_variables(&variables.map(|(key, value)| (key.to_owned(), value)).into(), &[]).unwrap()
}

/// What fails, a line each.
async fn failures(config: Config) -> String {
    let findings = doctor::examine(Ok(config), modules()).await;
    let failed = findings.iter().filter(|finding| finding.level == Level::Fail && finding.check != "disk");
    failed.map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn nothing_is_wrong_with_a_sound_one() {
    let app = TestApp::start(Vec::new()).await;
    assert_eq!(failures(config(&database(&app).await, "")).await, "");
}

#[tokio::test]
async fn a_file_that_is_no_database() {
    let app = TestApp::start(Vec::new()).await;
    let file = app.db().file().with_file_name("scrap.db");
    std::fs::write(&file, "x".repeat(10_000)).unwrap();
    let failures = failures(config(&file, "")).await;
    assert!(failures.contains("file is not a database"), "{failures}");
}

#[tokio::test]
async fn a_file_with_a_damaged_part() {
    let app = TestApp::start(Vec::new()).await;
    let path = database(&app).await;
    let mut file = File::options().write(true).open(&path).unwrap();
    let length = file.seek(SeekFrom::End(0)).unwrap();
    file.seek(SeekFrom::Start(length / 4096 / 2 * 4096)).unwrap();
    file.write_all(&[b'x'; 4096]).unwrap();
    let failures = failures(config(&path, "")).await;
    assert!(failures.contains("fail  data: restore a backup: "), "{failures}");
}

#[tokio::test]
async fn a_file_that_was_cut_off() {
    let app = TestApp::start(Vec::new()).await;
    let path = database(&app).await;
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(file.metadata().unwrap().len() - 4096).unwrap();
    let failures = failures(config(&path, "")).await;
    assert!(failures.contains("malformed") || failures.contains("data: restore a backup: "), "{failures}");
}

#[tokio::test]
async fn a_file_that_takes_no_changes() {
    let app = TestApp::start(Vec::new()).await;
    let failures = failures(config(&database(&app).await, "?mode=ro")).await;
    assert!(failures.contains("fail  writing: make the file and its folder writable"), "{failures}");
    assert!(failures.contains("fail  database: it takes no changes"), "{failures}");
}
