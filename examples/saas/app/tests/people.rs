//! Notes and the people who have written them.

use auth::commands::{self, Command};
use kernel::Inspect;
use serde_json::{Value, json};
use testkit::{Browser, TestApp};

const PASSWORD: &str = "many winds by the sea";

async fn account(app: &TestApp, email: &str, admin: bool) {
    let state = &app.application.state;
    let create = Command::Create { email: email.to_owned(), name: None, admin };
    let printed = commands::run(state, create).await.unwrap();
    let (_, token) = printed.trim().split_once("?token=").unwrap();
    let reset = json!({ "token": token, "password": PASSWORD });
    assert_eq!(app.post_json("/api/v1/auth/password/reset", &reset).await.status, 204);
}

async fn browser<'a>(app: &'a TestApp, email: &str) -> Browser<'a> {
    let mut browser = app.browser();
    let asked = browser.get("/notes").await;
    let form = browser.follow(&asked).await.form("main form").set("email", email).set("password", PASSWORD);
    assert_eq!(browser.submit(&form).await.header("location"), "/notes");
    browser
}

async fn write(browser: &mut Browser<'_>, title: &str) {
    let form = browser.get("/notes/new").await.form("main form").set("title", title);
    assert_eq!(browser.submit(&form).await.status, 303);
}

#[tokio::test]
async fn people_have_notes_of_their_own() {
    let app = TestApp::start(app::modules()).await;
    account(&app, "ann@example.com", false).await;
    account(&app, "bob@example.com", false).await;
    let (mut ann, mut bob) = (browser(&app, "ann@example.com").await, browser(&app, "bob@example.com").await);
    write(&mut ann, "Milk").await;
    write(&mut bob, "Bread").await;
    let page = ann.get("/notes").await.body;
    assert!(page.contains(">Milk</a>") && !page.contains("Bread"), "{page}");
    let export: Value = ann.get("/account/export").await.json();
    assert_eq!((export["notes"].as_array().unwrap().len(), &export["notes"][0]["title"]), (1, &json!("Milk")));

    let delete = Command::Delete { email: "ann@example.com".to_owned(), yes: true };
    commands::run(&app.application.state, delete).await.unwrap();
    let left: Vec<String> = sqlx::query_scalar("SELECT title FROM notes").fetch_all(app.db()).await.unwrap();
    assert_eq!(left, ["Bread"]);
}

/// Writes a note as it is before there are accounts.
async fn write_for_nobody(app: &TestApp, title: &str) {
    let old = "INSERT INTO notes (id, title, body, created_at) SELECT $1, $2, '', $3";
    let (id, now) = (app.as_user().visitor.unwrap().id, app.clock().now());
    sqlx::query(old).bind(id).bind(title).bind(now).execute(app.db()).await.unwrap();
}

/// What is pointed out about notes.
async fn inspect(app: &TestApp) -> Vec<String> {
    let mut found = Vec::new();
    for Inspect(look) in app.application.state.all() {
        found.extend(look(app.application.state.clone()).await.unwrap());
    }
    found.into_iter().filter(|line| line.contains("notes")).collect()
}

#[tokio::test]
async fn notes_from_before_go_to_the_first_admin() {
    let app = TestApp::start(app::modules()).await;
    write_for_nobody(&app, "Old").await;
    account(&app, "ann@example.com", false).await;
    assert!(!browser(&app, "ann@example.com").await.get("/notes").await.body.contains(">Old</a>"));
    account(&app, "admin@example.com", true).await;
    assert!(browser(&app, "admin@example.com").await.get("/notes").await.body.contains(">Old</a>"));
    assert!(inspect(&app).await.is_empty());
}

/// There are administrators already when accounts come back: then somebody says whose the notes are.
#[tokio::test]
async fn notes_of_nobody_go_to_whom_somebody_names() {
    let app = TestApp::start(app::modules()).await;
    account(&app, "admin@example.com", true).await;
    account(&app, "ann@example.com", false).await;
    let mut ann = browser(&app, "ann@example.com").await;
    write(&mut ann, "Own").await;
    write_for_nobody(&app, "Old").await;
    assert_eq!(
        inspect(&app).await,
        ["of the notes, 1 belong to nobody: `app user adopt EMAIL` gives them to somebody"]
    );
    let adopt = |email: &str| {
        let email = email.to_owned();
        commands::run(&app.application.state, Command::Adopt { email })
    };
    assert!(adopt("eve@example.com").await.is_err());
    assert_eq!(adopt("ann@example.com").await.unwrap(), "ann@example.com has what belonged to nobody\n");
    let page = ann.get("/notes").await.body;
    assert!(page.contains(">Old</a>") && page.contains(">Own</a>"), "{page}");
    assert!(inspect(&app).await.is_empty());
}
