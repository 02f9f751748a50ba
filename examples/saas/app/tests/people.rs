//! Notes and the people who have written them.

use auth::commands::{self, Command};
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

#[tokio::test]
async fn notes_from_before_go_to_the_first_admin() {
    let app = TestApp::start(app::modules()).await;
    let old = "INSERT INTO notes (id, title, body, created_at) SELECT $1, 'Old', '', $2";
    let (id, now) = (app.as_user().visitor.unwrap().id, app.clock().now());
    sqlx::query(old).bind(id).bind(now).execute(app.db()).await.unwrap();
    account(&app, "ann@example.com", false).await;
    assert!(!browser(&app, "ann@example.com").await.get("/notes").await.body.contains(">Old</a>"));
    account(&app, "admin@example.com", true).await;
    assert!(browser(&app, "admin@example.com").await.get("/notes").await.body.contains(">Old</a>"));
}
