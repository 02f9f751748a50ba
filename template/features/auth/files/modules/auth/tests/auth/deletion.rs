use std::time::Duration;

use auth::{Export, UserDeleted};
use kernel::{Module, database::Migration};
use mailer::Kind;
use serde_json::{Value, json};
use testkit::TestApp;

use crate::{
    ANN, PASSWORD, account, account_with, api, browser, count, login, mail_to, modules, path, run, sign_in, start,
    status,
};

async fn clean_up(app: &TestApp) {
    schedules::accept_due::<auth::CleanUp>(&app.application.state).await.unwrap();
    app.run_jobs().await;
}

async fn delete(app: &TestApp) {
    let mut browser = browser(app, ANN).await;
    let form = browser.get("/account/delete").await.form("main form");
    let refused = browser.submit(&form.clone().set("email", "bob@example.com")).await;
    assert_eq!(refused.status, 422);
    let done = browser.submit(&form.set("email", "Ann@Example.com")).await;
    assert_eq!((done.header("location"), browser.cookie("session")), ("/login", None));
}

#[tokio::test]
async fn a_deleted_account_can_be_kept_for_a_while() {
    let app = start().await;
    account(&app, ANN).await;
    let mut other = browser(&app, ANN).await;
    delete(&app).await;
    assert_eq!((status(&mut other, "/account").await, login(&app, ANN, PASSWORD).await.status.as_u16()), (303, 401));
    let text = mail_to(&app, ANN).content.text;
    clean_up(&app).await;
    app.clock().advance(Duration::from_hours(13 * 24));
    clean_up(&app).await;
    let mut browser = app.browser();
    let opened = browser.get(path(&text)).await;
    let form = browser.follow(&opened).await.form("main form");
    assert_eq!(login(&app, ANN, PASSWORD).await.status, 401, "to look changes nothing");
    assert_eq!(browser.submit(&form).await.header("location"), "/login");
    app.clock().advance(Duration::from_hours(2 * 24));
    clean_up(&app).await;
    assert_eq!(sign_in(&mut browser, ANN, PASSWORD).await.status, 303);
}

#[tokio::test]
async fn a_deleted_account_goes_with_all_that_belongs_to_it() {
    const MIGRATIONS: &[Migration] =
        &[Migration { version: 1, name: "create pets", sql: "CREATE TABLE pets (owner TEXT NOT NULL)" }];
    let pets = Module::new("pets").migrations(MIGRATIONS).on::<UserDeleted>(|_, connection, event| {
        Box::pin(async move {
            let query = sqlx::query("DELETE FROM pets WHERE owner = $1").bind(event.user.to_string());
            query.execute(connection).await?;
            Ok(())
        })
    });
    let app = TestApp::start(modules().into_iter().chain([pets]).collect()).await;
    account(&app, ANN).await;
    let id: uuid::Uuid = sqlx::query_scalar("SELECT id FROM users").fetch_one(app.db()).await.unwrap();
    sqlx::query("INSERT INTO pets VALUES ($1), ('somebody else')")
        .bind(id.to_string())
        .execute(app.db())
        .await
        .unwrap();
    clean_up(&app).await;
    delete(&app).await;
    app.clock().advance(Duration::from_hours(15 * 24));
    clean_up(&app).await;
    assert_eq!((count(&app, "users").await, count(&app, "pets").await), (0, 1));
    for table in ["sessions", "links", "activity", "api_tokens"] {
        assert_eq!(count(&app, table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn an_export_has_what_all_modules_know() {
    let pets = Module::new("pets").on::<Export>(|_, _, export| Box::pin(async move { export.add("pets", &["Polly"]) }));
    let app = TestApp::start(modules().into_iter().chain([pets]).collect()).await;
    account(&app, ANN).await;
    let mut browser = browser(&app, ANN).await;
    let file = browser.get("/account/export").await;
    assert!(file.header("content-disposition").contains("account.json"));
    let export: Value = file.json();
    assert_eq!((&export["account"]["email"], &export["pets"]), (&json!(ANN), &json!(["Polly"])));
    assert_eq!(export["activity"].as_array().unwrap().len(), 2);
    assert!(!file.body.contains("argon2"));
    assert_eq!(browser.get("/api/v1/account/export").await.json::<Value>()["pets"], export["pets"]);
}

#[tokio::test]
async fn the_last_admin_cannot_delete_the_account() {
    let app = start().await;
    account_with(&app, ANN, true).await;
    let mut browser = browser(&app, ANN).await;
    let body = json!({ "email": ANN }).to_string();
    let refused = api(&mut browser, "DELETE", "/api/v1/account", &body).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("last administrator"));
    account_with(&app, "bob@example.com", true).await;
    assert_eq!(api(&mut browser, "DELETE", "/api/v1/account", &body).await.status, 204);
    let demote = auth::commands::Command::Demote { email: "bob@example.com".to_owned() };
    assert!(run(&app, demote).await.is_err(), "who is deactivated does not count");
}

#[tokio::test]
async fn every_mail_can_be_written() {
    let app = start().await;
    let kinds: Vec<_> = app.application.state.all::<&'static Kind>().to_vec();
    assert_eq!(kinds.len(), 8);
    for kind in kinds {
        let content = (kind.write)(&(kind.sample)().unwrap(), &app.application.state).unwrap();
        assert!(content.subject.chars().count() <= 70, "{}", content.subject);
        let (link, leads) = (content.text.contains("https://app.test/"), content.html.contains("https://app.test/"));
        assert!(link && leads && content.text.len() < 2000, "{}", content.text);
        assert_eq!(kind.is_secret, content.text.contains("token="), "{}", kind.name);
    }
}
