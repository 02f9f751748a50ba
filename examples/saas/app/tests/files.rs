//! Files and the people who have uploaded them.

use auth::commands::{self, Command};
use hyper::Request;
use kernel::Inspect;
use serde_json::{Value, json};
use testkit::{Browser, TestApp};
use uploads::commands::{self as files, Command as Files};

const PASSWORD: &str = "many winds by the sea";

async fn account<'a>(app: &'a TestApp, email: &str, admin: bool) -> Browser<'a> {
    let create = Command::Create { email: email.to_owned(), name: None, admin };
    let printed = commands::run(&app.application.state, create).await.unwrap();
    let (_, token) = printed.trim().split_once("?token=").unwrap();
    let reset = json!({ "token": token, "password": PASSWORD });
    assert_eq!(app.post_json("/api/v1/auth/password/reset", &reset).await.status, 204);
    let mut browser = app.browser();
    let form = browser.get("/login").await.form("main form").set("email", email).set("password", PASSWORD);
    assert_eq!(browser.submit(&form).await.status, 303);
    browser
}

async fn upload(browser: &mut Browser<'_>, content: &'static str) {
    let request = Request::post("/api/v1/files?name=a.txt").header("content-type", "application/octet-stream");
    let answer = browser.send(request, content).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

async fn names(browser: &mut Browser<'_>) -> usize {
    browser.get("/api/v1/files").await.json::<Value>()["items"].as_array().map_or(0, Vec::len)
}

/// How many rows there are, and what all people use.
async fn traces(app: &TestApp) -> (i64, i64) {
    let rows = sqlx::query_scalar("SELECT count(*) FROM files").fetch_one(app.db()).await.unwrap();
    let used: Vec<i64> = sqlx::query_scalar("SELECT bytes FROM file_usage").fetch_all(app.db()).await.unwrap();
    (rows, used.into_iter().sum())
}

#[tokio::test]
async fn files_go_with_their_owner() {
    let app = TestApp::start(app::modules()).await;
    let (mut ann, mut bob) =
        (account(&app, "ann@example.com", false).await, account(&app, "bob@example.com", false).await);
    upload(&mut ann, "two bottles").await;
    upload(&mut bob, "bread").await;
    assert_eq!((names(&mut ann).await, names(&mut bob).await, traces(&app).await), (1, 1, (2, 16)));
    let export: Value = ann.get("/account/export").await.json();
    assert_eq!((&export["files"][0]["name"], export["files"].as_array().unwrap().len()), (&json!("a.txt"), 1));

    let delete = Command::Delete { email: "ann@example.com".to_owned(), yes: true };
    commands::run(&app.application.state, delete).await.unwrap();
    assert_eq!(traces(&app).await, (2, 5));
    app.run_jobs().await;
    assert_eq!((names(&mut bob).await, traces(&app).await), (1, (1, 5)));
    assert!(files::run(&app.application.state, Files::Verify).await.is_ok());
}

/// Those from the time before there were accounts, with the room that they take.
#[tokio::test]
async fn files_of_nobody_go_to_whom_somebody_names() {
    let app = TestApp::start(app::modules()).await;
    let mut ann = account(&app, "ann@example.com", false).await;
    upload(&mut ann, "two bottles").await;
    upload(&mut ann, "bread").await;
    let nobody = "UPDATE files SET user_id = $1 WHERE size = 5";
    sqlx::query(nobody).bind(uuid::Uuid::nil()).execute(app.db()).await.unwrap();
    let split = "UPDATE file_usage SET bytes = 11, files = 1";
    sqlx::query(split).execute(app.db()).await.unwrap();
    let inspect = async || {
        let mut found = Vec::new();
        for Inspect(look) in app.application.state.all() {
            found.extend(look(app.application.state.clone()).await.unwrap());
        }
        found.into_iter().filter(|line| line.contains("files")).collect::<Vec<_>>()
    };
    assert_eq!(inspect().await, ["of the files, 1 belong to nobody: `app user adopt EMAIL` gives them to somebody"]);
    assert_eq!(names(&mut ann).await, 1);
    let adopt = Command::Adopt { email: "ann@example.com".to_owned() };
    commands::run(&app.application.state, adopt).await.unwrap();
    assert_eq!((names(&mut ann).await, traces(&app).await), (2, (2, 16)));
    assert!(inspect().await.is_empty());
}
